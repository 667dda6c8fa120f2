"""`syncer check`: the configuration, then a probe of every connection."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import typer

from syncer.cli.context import load, run
from syncer.errors import SyncerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from syncer.connect.protocol import Identity
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
    probes = run(ctx, _probe_all)
    if not any(probe.error is not None and probe.error.exit_code == _WRONG for probe in probes):
        write_lines([f"{settings.file}: no fault in the configuration."])
    write_lines(configuration_notes(settings))
    write_lines(line for probe in probes for line in probe_lines(probe))
    if not probes:
        write_lines(["There is no connection yet: add one with [[connections]]."])
    broken = {probe.connection for probe in probes if probe.error is not None}
    local = run(ctx, partial(_tell_local, broken=broken))
    mail = run(ctx, _probe_mail)
    write_lines(_mail_lines(mail))
    codes = [*map(_exit_code, probes), *([mail.exit_code] if isinstance(mail, SyncerError) else [])]
    raise typer.Exit(max([*codes, local]))


async def _tell_local(service: Service, *, broken: set[str]) -> int:
    """Tell what the store and the webhooks' settings show; gives the exit code of that."""
    from syncer.cli.output import printable, write_lines
    from syncer.service.checking import (
        door_lines,
        doorways,
        selecting,
        selecting_lines,
        unheard_lines,
    )

    doors = [door for door in await doorways(service) if door.connection not in broken]
    found = await selecting(service)
    write_lines(printable(line) for door in doors for line in door_lines(door))
    write_lines(printable(line) for one in found for line in selecting_lines(one))
    unheard = await service.unheard()
    write_lines(printable(line) for one in unheard for line in unheard_lines(one))
    if any(door.error is not None for door in doors):
        return _WRONG
    return 1 if any(one.error for one in found) else 0


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
        yield printable(f"mail: failed: {found.message}")
        yield from filter(None, [f"  {printable(found.fix)}" if found.fix else ""])
    elif found:
        yield printable(f"mail: {found}")


def configuration_notes(settings: Settings) -> Iterator[str]:
    """What is right but not yet used, or not wise."""
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
        yield f"{head}: failed: {printable(probe.error.message)}"
        if probe.error.fix:
            yield f"  {printable(probe.error.fix)}"
    if probe.identity is not None:
        yield from (printable(line) for line in _identity_lines(head, probe.identity))


def _identity_lines(head: str, identity: Identity) -> Iterator[str]:
    from syncer.cli.output import counted

    yield f"{head}: signed in at {identity.server} as {identity.account} ({identity.timezone})"
    yield f"  sees {counted(len(identity.containers), 'container')}: {_containers(identity)}"
    for finding in identity.findings:
        yield f"  {'fault' if finding.fatal else 'note'}: {finding.message} {finding.fix}".rstrip()


def _containers(identity: Identity, *, at_most: int = 12) -> str:
    names = [container.key.key for container in identity.containers]
    more = f" and {len(names) - at_most} more" if len(names) > at_most else ""
    return (", ".join(names[:at_most]) or "none") + more
