"""`syncer check`: the configuration, then a probe of every connection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from syncer.cli.context import load, run
from syncer.errors import SyncerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from syncer.connect.protocol import Identity
    from syncer.publish.tracker_words import Unheard
    from syncer.service.checking import Doorway, Selecting
    from syncer.service.connections import Probe
    from syncer.service.core import Service
    from syncer.settings.root import Settings

_WRONG = 2
"""The exit code of what only a change of the configuration can mend."""
_OTHERS = 0o077
"""The permissions of a file's group and of everybody."""


def check(ctx: typer.Context) -> None:
    """Check the configuration and every connection.

    Every tracker is asked who we are and what we see, every selector what it picks, and each
    address is told that takes webhooks. Ends with 0 where all is well, warnings included, 1 where a
    tracker or its answer to a query is missing, 2 where the configuration is wrong.
    """
    from syncer.cli.output import write_lines

    settings = load(ctx)
    _use(settings)
    found = run(ctx, _look)
    lines, codes = list(found.lines()), found.codes()
    if _WRONG not in codes:
        write_lines([f"{settings.file}: no fault in the configuration."])
    write_lines(configuration_notes(settings))
    write_lines(lines)
    raise typer.Exit(max(codes, default=0))


@dataclass(frozen=True)
class _Found:
    """What the trackers, the store, the listeners' settings and the mail server said."""

    probes: list[Probe]
    doors: list[Doorway]
    selecting: list[Selecting]
    unheard: list[Unheard]
    pages: SyncerError | None
    mail: str | SyncerError

    def lines(self) -> Iterator[str]:
        """For people, each fault with its fix."""
        from syncer.cli.output import printable
        from syncer.service.checking import door_lines, selecting_lines, unheard_lines

        for probe in self.probes:
            yield from probe_lines(probe)
        if not self.probes:
            yield "There is no connection yet: add one with [[connections]]."
        for door in self.doors:
            yield from map(printable, door_lines(door))
        for one in self.selecting:
            yield from map(printable, selecting_lines(one))
        for unheard in self.unheard:
            yield from map(printable, unheard_lines(unheard))
        if self.pages is not None:
            yield from _error_lines("pages", self.pages)
        yield from _mail_lines(self.mail)

    def codes(self) -> list[int]:
        """The exit codes of what was found."""
        failed = [one for one in (self.pages, self.mail) if isinstance(one, SyncerError)]
        return [
            *map(_exit_code, self.probes),
            *(_WRONG for door in self.doors if door.error is not None),
            *(1 for one in self.selecting if one.error),
            *(error.exit_code for error in failed),
        ]


async def _look(service: Service) -> _Found:
    from syncer.service.checking import doorways, pages_fault, selecting

    probes = await _probe_all(service)
    broken = {probe.connection for probe in probes if probe.error is not None}
    return _Found(
        probes=probes,
        doors=[door for door in await doorways(service) if door.connection not in broken],
        selecting=await selecting(service),
        unheard=list(await service.unheard()),
        pages=pages_fault(service.settings),
        mail=await _probe_mail(service),
    )


def _use(settings: Settings) -> None:
    """Read what only a roll-up needs: thresholds, and holidays that may need an extra."""
    from syncer.settings.health import load_health_rules
    from syncer.settings.portfolio import to_portfolio

    load_health_rules(settings.folder)
    to_portfolio(settings)


def _exit_code(probe: Probe) -> int:
    if probe.error is not None:
        return probe.error.exit_code
    findings = probe.identity.findings if probe.identity else ()
    return 1 if any(finding.fatal for finding in findings) else 0


async def _probe_all(service: Service) -> list[Probe]:
    import asyncio

    names = service.connections.names
    return list(await asyncio.gather(*(service.connections.probe(name) for name in names)))


async def _probe_mail(service: Service) -> str | SyncerError:
    """What the mail server says to us; empty where none is configured."""
    from syncer.service.mailing import Mailing

    try:
        return await Mailing(service.settings).probe()
    except SyncerError as error:
        return error


def _mail_lines(found: str | SyncerError) -> Iterator[str]:
    from syncer.cli.output import printable

    if isinstance(found, SyncerError):
        yield from _error_lines("mail", found)
    elif found:
        yield printable(f"mail: {found}")


def _error_lines(subject: str, error: SyncerError) -> Iterator[str]:
    from syncer.cli.output import printable

    first, *others = error.message.split("\n")  # the faults of a file, a line each
    yield printable(f"{subject}: failed: {first}")
    yield from (f"  {printable(line)}" for line in (*others, error.fix) if line)


def configuration_notes(settings: Settings) -> Iterator[str]:
    """What is right but not yet used, or not wise."""
    from syncer.settings.sources import unmatched_includes

    for pattern in unmatched_includes(settings.file):
        yield f"{settings.file.name}: warning: include {pattern!r} matches no file."
    yield from _unreached(settings)
    for index, connection in enumerate(settings.connections):
        url = str(settings.connection_table(index).get("url", ""))
        if url.startswith("http://") and not _is_loopback(url):
            place = settings.place("connections", index, "url")
            yield f"{place}: warning: {connection.name} is asked without encryption; use https."

        yield from _open_secrets(settings, index)


def _unreached(settings: Settings) -> Iterator[str]:
    """Recipients to whom nothing can be sent, and mail without a server."""
    from syncer.publish.audiences import audiences_of
    from syncer.publish.mail.address import envelope_address
    from syncer.settings.portfolio import to_portfolio

    indices = {table.key: index for index, table in enumerate(settings.audiences)}
    for audience in audiences_of(settings, to_portfolio(settings)):
        mails = [to for to in audience.recipients if to.channel == "email"]
        place = settings.place("audiences", indices.get(audience.family, 0), "channels")
        for to in mails:
            try:
                problem = to.problem or (envelope_address(to.address) and "")
            except SyncerError as error:
                problem = error.message
            if problem:
                yield f"{place}: warning: {audience.view.key}: {problem}"
        if mails and not settings.smtp.host:
            yield f"{place}: warning: {audience.view.key} gets no mail: set host in [smtp]."


def _open_secrets(settings: Settings, index: int) -> Iterator[str]:
    """Secret files that others on this machine may read."""
    from syncer.settings.secrets import secret_files

    for path, name in secret_files(settings.connection_table(index), ("connections", index)):
        file = settings.path(name)
        if file.is_file() and file.stat().st_mode & _OTHERS:
            place = settings.place(*path)
            yield f"{place}: warning: others may read {name}; run chmod 600 on it."


def _is_loopback(url: str) -> bool:
    from urllib.parse import urlsplit

    host = urlsplit(url).hostname or ""
    return host in {"localhost", "::1"} or host.startswith("127.")


def probe_lines(probe: Probe) -> Iterator[str]:
    """The answer of one connection, its faults each with its fix."""
    from syncer.cli.output import printable

    head = f"{probe.connection} ({probe.kind})"
    if probe.error is not None:
        yield from _error_lines(head, probe.error)
    if probe.identity is not None:
        yield from (printable(line) for line in _identity_lines(head, probe.identity))


def _identity_lines(head: str, identity: Identity) -> Iterator[str]:
    from syncer.cli.output import counted

    if not identity.server:
        yield f"{head}: takes what is pushed; nobody is asked"
        return
    yield f"{head}: signed in at {identity.server} as {identity.account} ({identity.timezone})"
    yield f"  sees {counted(len(identity.containers), 'container')}: {_containers(identity)}"
    for finding in identity.findings:
        yield f"  {'fault' if finding.fatal else 'note'}: {finding.message} {finding.fix}".rstrip()


def _containers(identity: Identity, *, at_most: int = 12) -> str:
    names = [container.key.key for container in identity.containers]
    more = f" and {len(names) - at_most} more" if len(names) > at_most else ""
    return (", ".join(names[:at_most]) or "none") + more
