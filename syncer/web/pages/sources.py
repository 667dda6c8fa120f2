"""What to do about a source that is not well, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from syncer.publish.digest.tracker_text import clean
from syncer.publish.digest.wording import counted
from syncer.web.pages.context import PageContext
from syncer.web.pages.reader import Container, Ledger, Source

_STALE: Final = timedelta(hours=24)
_LONG_WAIT: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """Something amiss and what to do about it; `grave` where colours suffer from it."""

    what: str
    do: str
    grave: bool = False


def advice(ledger: Ledger, page: PageContext) -> list[Advice]:
    """Everything amiss, the grave first."""
    found = [*_general(ledger), *(one for source in ledger.sources for one in _of(source, page))]
    return sorted(found, key=lambda one: not one.grave)


def _general(ledger: Ledger) -> Iterator[Advice]:
    if ledger.configuration_fault:
        yield Advice(
            what=f"The changed configuration was not taken: {ledger.configuration_fault}",
            do="Mend the file, try it with `syncer check`, and reload. The old one is in force.",
            grave=True,
        )
    oldest = ledger.inbox_oldest_at
    if oldest is not None and ledger.now - oldest > _LONG_WAIT:
        yield Advice(
            what="Webhook deliveries have waited for more than ten minutes.",
            do="See the log of the workers; the regular pull brings the same items.",
        )
    if ledger.inbox.get("quarantined"):
        number = counted(ledger.inbox["quarantined"], "delivery", "deliveries")
        yield Advice(what=f"{number} set aside.", do="Try them again with `syncer inbox replay`.")
    if ledger.quarantine:
        number = counted(len(ledger.quarantine), "item")
        yield Advice(
            what=f"{number} could not be read, so no figure counts them.",
            do="See the list below; every pull tries them again.",
        )


def _of(source: Source, page: PageContext) -> Iterator[Advice]:
    name = clean(source.name, 40)
    if source.error:
        yield Advice(
            what=f"{name}: {clean(source.error, 300)}",
            do=f"Run `syncer check`, which tries the connection {name} and names the fix.",
            grave=True,
        )
    elif source.last_success_at is None:
        yield Advice(what=f"{name} has never answered.", do="Run `syncer sync`.", grave=True)
    if source.hook is not None and source.hook.refused:
        yield Advice(
            what=f"{name}: {counted(source.hook.refused, 'delivery', 'deliveries')} refused "
            "for a wrong signature.",
            do="Set the same secret at the tracker and in the configuration.",
        )
    for container in source.containers:
        yield from _of_container(name, container, page)


def _of_container(name: str, container: Container, page: PageContext) -> Iterator[Advice]:
    state = container.state
    where = f"{name}:{clean(state.container, 40)}"
    last = state.last_success_at
    if last is None or page.current.now - last > _STALE:
        read = "was never read" if last is None else f"was last read {page.ago(last)} ago"
        yield Advice(
            what=f"{where} {read}.",
            do="Colours that need it turn unknown after 72 hours; run `syncer sync`.",
            grave=True,
        )
    if state.hidden:
        number = counted(state.hidden, "item")
        yield Advice(
            what=f"{where}: {number} no longer shown to our account.",
            do="Ask the tracker's administrator whether the account should see them.",
        )
    if state.missing_detail:
        yield Advice(
            what=f"{where}: missing {clean(', '.join(state.missing_detail), 120)}.",
            do="Give the account the permission; `syncer check` names it.",
        )
