"""What to do about a source that is not well, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from syncer.domain.completeness import Completeness
from syncer.domain.lane import Lane
from syncer.publish.digest.tracker_text import clean
from syncer.publish.digest.wording import counted
from syncer.web.pages.context import PageContext, age
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
    yield from _of_dispatches(ledger)
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


def _of_dispatches(ledger: Ledger) -> Iterator[Advice]:
    if held := ledger.dispatches.get("held"):
        number = counted(held, "message is", "messages are")
        yield Advice(
            what=f"{number} held: it is not known whether the recipient has it.",
            do="Ask the recipient; then `syncer dispatches resend` or `syncer dispatches cancel`.",
        )
    if failed := ledger.dispatches.get("failed"):
        number = counted(failed, "message")
        yield Advice(
            what=f"{number} could not be delivered.",
            do="See why with `syncer dispatches --state failed`; resend or cancel there.",
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
    yield from _beyond_freshness(where, container, page)
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


def _beyond_freshness(where: str, container: Container, page: PageContext) -> Iterator[Advice]:
    detail = container.state.detail
    if detail.lost_since is not None:
        yield Advice(
            what=f"Access lost to {where} since {page.moment(detail.lost_since)}.",
            do="Give the account the permission again. Its items are kept, neither done nor gone.",
            grave=True,
        )
    elif detail.census_note:
        yield Advice(what=clean(detail.census_note, 400), do="Look at the tracker before you do.")
    if detail.unmapped:
        number = counted(detail.unmapped, "item")
        yield Advice(
            what=f"{where}: {number} in a status that nobody has mapped.",
            do="Add the status to the connection's mapping; until then they count as open.",
        )
    if detail.former:
        yield Advice(
            what=f"{where} was called {clean(', '.join(detail.former), 80)} before.",
            do="Selectors by the old key still work; write the new one when you next edit them.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A container as the table shows it: what it is like, in words; `amiss` where it is not well.

    `coverage` compares the last census with what is stored.
    """

    container: Container
    condition: str
    notes: Sequence[str]
    coverage: str
    webhook_lag: str
    amiss: bool


def rows(source: Source, page: PageContext) -> list[Row]:
    """The containers of a connection, in their order."""
    return [_row(container, page) for container in source.containers]


def _row(container: Container, page: PageContext) -> Row:
    state, detail = container.state, container.state.detail
    condition, amiss = _condition(container, page)
    lag = detail.webhook_lag_seconds
    return Row(
        container=container,
        condition=condition,
        notes=[*_notes(container, page)],
        coverage=_coverage(detail),
        webhook_lag="" if lag is None else _span(lag),
        amiss=amiss or state.last_success_at is None,
    )


def _condition(container: Container, page: PageContext) -> tuple[str, bool]:
    """What is wrong, the gravest alone, with since when."""
    detail = container.state.detail
    if detail.lost_since is not None:
        return f"access lost since {page.moment(detail.lost_since)}", True
    if detail.degraded_since is not None:
        return f"no answer since {page.moment(detail.degraded_since)}", True
    if container.state.error:
        since = detail.failing_since
        return "failing" if since is None else f"failing since {page.moment(since)}", True
    if container.state.last_success_at is None:
        return "never read", True
    return "well", False


def _notes(container: Container, page: PageContext) -> Iterator[str]:
    """What stands below it in small."""
    state, detail = container.state, container.state.detail
    if state.error:
        yield page.text(state.error, 200)
    coming = detail.next_attempt(now=page.current.now)
    if coming is not None:
        why = f": {clean(coming[1], 120)}" if coming[1] else ""
        yield f"next try {page.moment(coming[0])}{why}"
    if state.missing_detail:
        yield f"missing {page.text(', '.join(state.missing_detail))}"


def _span(seconds: float) -> str:
    """A lag, to the second where it is short; a tracker's clock may make it less than none."""
    if seconds < 60:  # noqa: PLR2004  a minute
        return f"{max(0, round(seconds))} s"
    return age(timedelta(seconds=seconds))


def _coverage(detail: Completeness) -> str:
    if detail.census_at is None or detail.census_items is None:
        return ""
    if detail.is_covered():
        return f"all {detail.census_items} that were counted"
    return f"{detail.census_items} were counted"


LANES: Final = (
    (Lane.LIVE, "Webhooks"),
    (Lane.INCREMENTAL, "Pulls"),
    (Lane.LOOK_BACK, "Look-back"),
    (Lane.CENSUS, "Census"),
    (Lane.BACKFILL, "First reading"),
)
"""The lanes with the words for people, in the order of the columns."""
