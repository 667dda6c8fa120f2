"""What changed, by id and time alone, so sought that nothing slips through while it is listed.

Linear lists by time of change, the latest first (linear.app/developers/pagination), and its cursors
are items, which move when they change. So each page asks for what lies beyond the last time of the
page before, and only items of one instant are paged by cursors. A server that lists the earliest
first is read as well. What changes meanwhile leaves its place for one that was read already: the
next pass finds it there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.linear import queries
from connectors.linear.client import Found, LinearClient, Told
from connectors.linear.mapping.faults import Unmappable
from connectors.linear.mapping.site import Kind, is_id, key_of
from connectors.linear.mapping.times import epoch_ms, instant, wire_time
from syncer.connect.paging import TokenChain
from syncer.errors import BadPayload, Rejected

_CENSUS_PAGE: Final = 250
"""The most that Linear gives at once."""

_LATER, _EARLIER = "gte", "lte"


@dataclass(frozen=True, slots=True)
class Box:
    """A container: the issues of a team by its key, or all else of a workspace by its key."""

    key: str
    kinds: tuple[Kind, ...]

    @property
    def is_team(self) -> bool:
        """Whether it is a team."""
        return self.kinds == (Kind.ISSUE,)


TEAM: Final = (Kind.ISSUE,)
WORKSPACE: Final = (Kind.PROJECT, Kind.INITIATIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An item that changed: its id, its key, and when, in epoch milliseconds if it is told."""

    kind: Kind
    id: str
    key: str
    at_ms: int | None


@dataclass(slots=True)
class Listed:
    """What a listing found: rows by id, what was no row at all, and Linear's clock at its begin."""

    rows: dict[str, Row] = field(default_factory=dict)
    strange: list[Any] = field(default_factory=list)
    date: str = ""

    def in_order(self) -> list[Row]:
        """The rows, those first whose time cannot be read, then the earliest change first."""
        known = [row.at_ms for row in self.rows.values() if row.at_ms is not None]
        first = min(known, default=0)
        return sorted(self.rows.values(), key=lambda row: (row.at_ms or first, row.id))


@dataclass(frozen=True, slots=True)
class _Edge:
    """How far a listing has come, and from which side."""

    side: str
    ms: int


class Lister:
    """Lists what one container holds."""

    def __init__(self, client: LinearClient, box: Box, *, size: int) -> None:
        self._client = client
        self._box = box
        self._size = size

    async def changed(self, since_ms: int | None) -> Listed:
        """All that changed from an instant on (epoch milliseconds), or everything."""
        listed = Listed()
        for kind in self._box.kinds:
            await self._changed(kind, since_ms, listed)
        return listed

    async def _changed(self, kind: Kind, since_ms: int | None, listed: Listed) -> None:
        edge: _Edge | None = None
        chain, after = self._chain(kind), None
        while True:
            told = await self._client.ask(
                queries.changed(
                    kind,
                    filter_=queries.within(kind, self._box.key) | _between(since_ms, edge),
                    owner=self._box.key,
                    size=self._size,
                    after=after,
                )
            )
            page = self._page(told, kind)
            listed.date = listed.date or page.date
            times = _keep(kind, page.rows, listed)
            if page.next is None:
                return
            beyond = _beyond(times, edge)
            if beyond is not None:
                edge, after, chain = beyond, None, self._chain(kind)
            else:
                after = chain.take(page.next, empty=not page.rows)

    async def every(self) -> AsyncIterator[Row]:
        """Everything that the container holds but what lies in the trash."""
        for kind in self._box.kinds:
            chain, after = self._chain(kind), None
            while True:
                told = await self._client.ask(
                    queries.every(kind, owner=self._box.key, size=self._most(), after=after)
                )
                page = self._page(told, kind)
                for raw in page.rows:
                    row = _row(kind, raw)
                    if row is None:
                        raise BadPayload("Linear's list of ids holds something else.")
                    if not raw.get("trashed"):
                        yield row
                after = chain.take(page.next, empty=not page.rows)
                if after is None:
                    break

    def _most(self) -> int:
        return _CENSUS_PAGE if self._size >= queries.USUAL_PAGE else self._size

    def _chain(self, kind: Kind) -> TokenChain:
        return TokenChain(label=f"{queries.FIELDS[kind]} of {self._box.key}")

    def _page(self, told: Told, kind: Kind) -> Found:
        """A page of the list; `Rejected` where the container itself is not shown."""
        if self._box.is_team:
            shown = [row.get("key") for row in told.page("teams").rows if isinstance(row, dict)]
        else:
            owner = told.data.get("organization")
            shown = [owner.get("urlKey")] if isinstance(owner, dict) else []
        if self._box.key not in shown:
            raise hidden(self._box.key)
        return told.page(queries.FIELDS[kind])


def hidden(key: str) -> Rejected:
    """A container that Linear does not show."""
    return Rejected(
        f"Linear shows no team or workspace {key!r} to this account.",
        status=404,
        fix="Correct the key, or make the account a member of the team.",
    )


def _between(since_ms: int | None, edge: _Edge | None) -> queries.Json:
    """The filter from the begin to the edge; whatever is not told is left out, not null."""
    bounds: dict[str, str] = {}
    if since_ms is not None:
        bounds[_LATER] = wire_time(since_ms)
    if edge is not None:
        # Times may be kept more finely than they are told: within that millisecond lies more.
        bounds[edge.side] = wire_time(edge.ms + (edge.side == _EARLIER))
    return {"updatedAt": bounds} if bounds else {}


def _keep(kind: Kind, rows: Sequence[Any], listed: Listed) -> list[int]:
    """Take the rows of a page into a listing; their times in the order of the page."""
    times = []
    for raw in rows:
        row = _row(kind, raw)
        if row is None:
            listed.strange.append(raw)
            continue
        before = listed.rows.get(row.id)
        if before is None or (before.at_ms or 0) <= (row.at_ms or 0):
            listed.rows[row.id] = row
        if row.at_ms is not None:
            times.append(row.at_ms)
    return times


def _row(kind: Kind, raw: Any) -> Row | None:  # noqa: ANN401  as sent
    """A row, None for what is none."""
    if not isinstance(raw, dict) or not is_id(raw.get("id")):
        return None
    name = raw.get("identifier") if kind is Kind.ISSUE else raw.get("slugId")
    named = name if isinstance(name, str) else ""
    key = named if kind is Kind.ISSUE else key_of(kind, named)
    return Row(kind=kind, id=raw["id"], key=key[:100], at_ms=_time(raw.get("updatedAt")))


def _time(value: object) -> int | None:
    try:
        return epoch_ms(instant(value)) if isinstance(value, str) else None
    except Unmappable:
        return None


def _beyond(times: Sequence[int], edge: _Edge | None) -> _Edge | None:
    """Where the next page begins; None where only a cursor leads on."""
    if len(times) < 2 or times[0] == times[-1]:  # noqa: PLR2004  two are needed to tell an order
        return None
    falls = times[-1] < times[0]
    side = _EARLIER if falls else _LATER
    if list(times) != sorted(times, reverse=falls) or (edge and edge.side != side):
        return None
    if edge and (times[-1] >= edge.ms if falls else times[-1] <= edge.ms):
        return None
    return _Edge(side, times[-1])
