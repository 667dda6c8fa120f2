"""What changed, by id and time alone, so sought that nothing slips through while it is listed.

Linear lists by time of change, the latest first (linear.app/developers/pagination), and its cursors
are items, which move when they change. So each page asks for what lies beyond the last time of the
page before, and only items of one instant are paged by cursors. A server that lists the earliest
first is read as well. A pass promises what changed until it began; what changes meanwhile is found
by the next one. Where it stands is told by a place, which can be kept and gone on from.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

import orjson

from connectors.linear import queries
from connectors.linear.client import BadInput, Found, LinearClient, Told
from connectors.linear.mapping.site import Kind, is_id, key_of
from connectors.linear.mapping.times import wire_time
from syncer.connect.paging import TokenChain
from syncer.connect.rate import http_date
from syncer.connect.times import epoch_ms, utc_instant
from syncer.connect.unreadable import Unmappable
from syncer.errors import BadPayload, Rejected

_CENSUS_PAGE: Final = 250
"""The most that Linear gives at once."""

UNTOLD: Final = -1
"""In the place of the instant at which a pass began, before that is known."""

_MARGIN: Final = timedelta(minutes=1)
"""How far Linear's clocks may be apart, or its lists behind."""

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


@dataclass(frozen=True, slots=True)
class Edge:
    """How far a list has been read by time, and from which side: `gte` what follows, or `lte`."""

    side: str
    ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a pass stands: in the list of one kind, beyond an edge and a cursor.

    `until_ms` is the instant at which the pass began, on Linear's clock: what changed before it
    will have been seen at the end.
    """

    until_ms: int
    kind: Kind
    edge: Edge | None = None
    after: str | None = None

    def token(self) -> str:
        """The place as a text."""
        edge = self.edge and [self.edge.side, self.edge.ms]
        return orjson.dumps([self.until_ms, self.kind, edge, self.after]).decode()

    @classmethod
    def of(cls, token: str | None) -> Place | None:
        """The place that a text tells, None for any other text."""
        try:
            until, kind, edge, after = orjson.loads(token or "")
            found = None if edge is None else Edge(str(edge[0]), int(edge[1]))
            return cls(until_ms=int(until), kind=Kind(kind), edge=found, after=after)
        except (ValueError, TypeError, IndexError):
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some rows of a list, what was no row at all, and where a pass goes on; None at its end."""

    rows: tuple[Row, ...]
    strange: tuple[Any, ...]
    until_ms: int
    following: Place | None

    @property
    def times(self) -> list[int]:
        """The times of change that are told."""
        return [row.at_ms for row in self.rows if row.at_ms is not None]


class Lister:
    """Lists what one container holds, in parts of which details can be asked for at once."""

    def __init__(self, client: LinearClient, box: Box, *, size: int, part: int) -> None:
        self._client = client
        self._box = box
        self._size = size
        self._part = part

    async def changed(self, since_ms: int | None, place: Place | None) -> AsyncIterator[Part]:
        """All that changed from an instant on (epoch milliseconds), or everything.

        With a place a pass goes on there. The last part has nothing that follows.
        """
        if place is not None and place.kind not in self._box.kinds:
            place = None
        begin = self._box.kinds.index(place.kind) if place else 0
        for kind in self._box.kinds[begin:]:
            if place is None or place.kind is not kind:
                place = Place(until_ms=place.until_ms if place else UNTOLD, kind=kind)
            async for part in self._of_kind(place, since_ms):
                place = part.following or place
                if part.rows or part.strange or part.following is None:
                    yield part

    async def _of_kind(self, place: Place, since_ms: int | None) -> AsyncIterator[Part]:
        """The list of one kind; its last part leads to the next kind."""
        chain, before, seeks = self._chain(place.kind), frozenset[Row](), True
        here: Place | None = place
        while here is not None and here.kind is place.kind:
            page = await self._at(here, since_ms)
            rows, strange = _rows(here.kind, page.rows)
            if here.until_ms == UNTOLD:
                here = replace(here, until_ms=_until(page, rows, since_ms))
            if _ignores(rows, here.edge):
                here, seeks = replace(here, edge=None), False
            edge = _beyond(rows, here.edge) if seeks else None
            following = self._following(here, page, edge=edge, chain=chain)
            fresh = tuple(row for row in rows if row not in before)
            for part in self._parts(fresh, edge, here=here, following=following):
                yield replace(part, strange=strange)
                strange = ()
            before, here = frozenset(rows), following

    async def _at(self, here: Place, since_ms: int | None) -> Found:
        """A page; from the edge on where its cursor leads nowhere any more."""
        filter_ = queries.within(here.kind, self._box.key) | _between(since_ms, here.edge)
        for after in (here.after, None):
            query = queries.changed(
                here.kind, filter_=filter_, owner=self._box.key, size=self._size, after=after
            )
            try:
                return self._page(await self._client.ask(query), here.kind)
            except BadInput:
                if after is None:
                    raise
        raise AssertionError("without a cursor it was answered or refused")

    def _following(
        self, here: Place, page: Found, *, edge: Edge | None, chain: TokenChain
    ) -> Place | None:
        """Where the next page begins: beyond the edge, behind the cursor, or with the next kind."""
        if page.next is None:
            at = self._box.kinds.index(here.kind) + 1
            left = self._box.kinds[at:]
            return Place(until_ms=here.until_ms, kind=left[0]) if left else None
        if edge is not None:
            return replace(here, edge=edge, after=None)
        return replace(here, after=chain.take(page.next, empty=not page.rows))

    def _parts(
        self, rows: tuple[Row, ...], edge: Edge | None, *, here: Place, following: Place | None
    ) -> Iterator[Part]:
        """A page in parts; within a page in order a pass can go on from the last row of any."""
        starts = range(0, max(len(rows), 1), self._part)
        for start in starts:
            some = rows[start : start + self._part]
            onward = following
            if start != starts[-1]:
                last = some[-1].at_ms
                told = None if edge is None or last is None else Edge(edge.side, last)
                onward = replace(here, edge=told, after=None) if told else here
            yield Part(rows=some, strange=(), until_ms=here.until_ms, following=onward)

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


def _between(since_ms: int | None, edge: Edge | None) -> queries.Json:
    """The filter from the begin to the edge; whatever is not told is left out, not null."""
    bounds: dict[str, str] = {}
    if since_ms is not None:
        bounds[_LATER] = wire_time(since_ms)
    if edge is not None:
        # Times may be kept more finely than they are told: within that millisecond lies more.
        bounds[edge.side] = wire_time(edge.ms + (edge.side == _EARLIER))
    return {"updatedAt": bounds} if bounds else {}


def _rows(kind: Kind, raw: Sequence[Any]) -> tuple[tuple[Row, ...], tuple[Any, ...]]:
    """The rows of a page in its order, and what is none."""
    read = [(_row(kind, one), one) for one in raw]
    return tuple(row for row, _ in read if row), tuple(one for row, one in read if not row)


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
        return epoch_ms(utc_instant(value)) if isinstance(value, str) else None
    except Unmappable:
        return None


def _until(page: Found, rows: Sequence[Row], since_ms: int | None) -> int:
    """When a pass began, on Linear's clock, a minute early; by its newest row if that is untold."""
    present = http_date(page.date)
    if present is not None:
        return epoch_ms(present - _MARGIN)
    return max((row.at_ms for row in rows if row.at_ms is not None), default=since_ms or 0)


def _ignores(rows: Sequence[Row], edge: Edge | None) -> bool:
    """Whether a server took no notice of an edge: then its cursors alone lead on."""
    first = next((row.at_ms for row in rows if row.at_ms is not None), None)
    if edge is None or first is None:
        return False
    return first > edge.ms + 1 if edge.side == _EARLIER else first < edge.ms


def _beyond(rows: Sequence[Row], edge: Edge | None) -> Edge | None:
    """Where the next page begins; None where only a cursor leads on."""
    times = [row.at_ms for row in rows if row.at_ms is not None]
    if len(times) < 2 or times[0] == times[-1]:  # noqa: PLR2004  two are needed to tell an order
        return None
    falls = times[-1] < times[0]
    side = _EARLIER if falls else _LATER
    if times != sorted(times, reverse=falls) or (edge and edge.side != side):
        return None
    if edge and (times[-1] >= edge.ms if falls else times[-1] <= edge.ms):
        return None
    return Edge(side, times[-1])
