"""The pages of one project's changed issues, sought so that none slips through."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from connectors.jira.chain import Bulk, Chain, ChainPlace, Disordered
from connectors.jira.client import MOST_RESTARTS, Found, JiraClient, Query, Shifted, never_still
from connectors.jira.cursor import Mark, Position, Walk
from connectors.jira.details import BulkRefused, Completed, Details
from connectors.jira.jql import changed_since, newest_first
from connectors.jira.mapping.site import Site
from connectors.jira.mapping.times import epoch_ms, instant
from connectors.jira.sent import project_of, updated, version_of
from connectors.jira.shapes import Version
from syncer.clock import Clock
from syncer.connect.ahead import Ask, Room, asked_ahead
from syncer.connect.paging import TokenChain
from syncer.connect.unreadable import Unmappable
from syncer.domain.ref import ContainerKey
from syncer.errors import Rejected, TooLong

_HORIZON: Final = timedelta(minutes=1)
_SHRINKS: Final = 4
_FEW_PAGES: Final = 3
"""So many changes are asked for page by page: a chain costs some requests of its own."""

_MOST_EXPIRED: Final = 10
"""So many tokens of pages of ids may be refused in one pass before it goes on page by page."""

_NEWEST: Final = 50
_MOST_AHEAD: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RawPage:
    """The raw issues of a page, and the mark to save with it.

    `asked_at` is when Jira was asked for it (UTC, our clock). `failed` are the ids of issues that
    Jira could not give.
    """

    completed: Completed
    mark: Mark
    asked_at: datetime
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """A page of a search, with the details that it leaves out, and when it was asked for."""

    found: Found
    completed: Completed
    asked_at: datetime


@dataclass(slots=True, kw_only=True)
class Pager:
    """Reads one project from where its walk stands.

    `wanted` tells of a project's key whether it is synced at all.

    A page begins at the instant at which the one before ended: what came there unchanged is left
    out. Issues too long to come together are asked for in smaller and smaller pages. What does not
    fit one page is asked for ahead, as far as there is `room`: pages of one list on Data Center,
    a chain of ids on Cloud. With `expected`, how many issues there were a moment ago, a list begins
    at once; that it was another number costs some requests and nothing else.
    """

    client: JiraClient
    details: Details
    room: Room
    container: ContainerKey
    walk: Walk
    site: Site
    wanted: Callable[[str], bool]
    fields: Sequence[str]
    size: int
    clock: Clock
    expected: int | None = None
    _resumed: bool = field(init=False)
    _shifts: int = 0
    _expired: int = 0
    _is_over: bool = False
    _is_long: bool = field(init=False)
    _chains: bool = field(init=False)
    _searches: int = 0
    _reach: int = _MOST_AHEAD
    _before: frozenset[Version] = frozenset()
    _tokens: TokenChain = field(init=False)
    _projects: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._resumed = self.walk.position.token is not None
        self._is_long = self.walk.mark.watermark is None or self.walk.mark.position is not None
        self._chains = self.client.issues_in_bulk
        self._tokens = TokenChain(label=self._label)

    @property
    def _label(self) -> str:
        return f"search of {self.container}"

    async def pages(self) -> AsyncGenerator[RawPage]:
        """All pages up to the end; `Rejected` if the project is gone or closed."""
        if self.expected is not None and self.expected > self.size > 1:
            async with aclosing(self._listed(self._supposed(self.expected))) as pages:
                async for page in pages:
                    yield page
            self._reach = _MOST_AHEAD
        while not self._is_over:
            place = ChainPlace.of(self.walk.position.token)
            some = self._searched() if place is None else self._chained(place)
            async with aclosing(some) as pages:
                async for page in pages:
                    yield page

    async def _searched(self) -> AsyncGenerator[RawPage]:
        """One page of a search, and what can be asked for ahead from there."""
        asked_at = self.clock.now()
        found = await self._next()
        if found is None or self.walk.was_ignored(self._times(found.issues)):
            return
        if self.walk.position.token is None:
            self._tokens = TokenChain(label=self._label)
        self._tokens.take(found.token, empty=not found.issues)
        self._searches += 1
        self._projects |= {id_ for one in found.issues if (id_ := project_of(one).id)}
        yield await self._page(found, asked_at)
        if self._is_over or self.walk.position.token is not None:
            return
        further = self._begun_chain() if self._can_chain else self._listed(found)
        async with aclosing(further) as pages:
            async for page in pages:
                yield page

    async def _page(self, found: Found, asked_at: datetime) -> RawPage:
        completed = await self.details.complete(found.issues, self.site)
        return self._taken(_Answer(found=found, completed=completed, asked_at=asked_at))

    def _taken(self, answer: _Answer, query: Position | None = None) -> RawPage:
        """What is new on a page, and the mark to save with it; `query` is where its list began."""
        found = answer.found
        mark = self.walk.take(
            self._times(found.issues),
            token=found.token,
            horizon_ms=self._horizon(found.date),
            query=query,
        )
        self._is_over = mark.position is None
        fresh = self._fresh(answer.completed)
        return RawPage(completed=fresh, mark=mark, asked_at=answer.asked_at)

    def _fresh(self, completed: Completed) -> Completed:
        """The issues without those that the page before showed in the same state."""
        before = self._before
        versions = [(one, version_of(one[0])) for one in completed.issues]
        self._before = frozenset(version for _, version in versions if version)
        return replace(
            completed, issues=tuple(one for one, version in versions if version not in before)
        )

    # --- pages of one list ------------------------------------------------------------------------

    async def _listed(self, found: Found) -> AsyncGenerator[RawPage]:
        """Pages from the walk's position on, for as long as each follows the one before it."""
        start, good, last = self.walk.position, 0, None
        asks = self._asks(found, start)
        try:
            async with aclosing(asked_ahead(asks, room=self.room)) as answers:
                async for answer in answers:
                    issues = answer.found.issues
                    if good and (last is None or answer.found.after != last):
                        self._reach = good  # the list changed: the next attempt is no longer
                        return
                    if not good and self.walk.was_ignored(self._times(issues)):
                        return
                    yield self._taken(answer, start)
                    if self._is_over or (answer.found.rest and len(issues) < found.length - 1):
                        return  # the end, or pages are smaller than was supposed
                    good, last = good + 1, version_of(issues[-1]) if issues else None
        except TooLong as too_long:
            self._shrink(too_long)
        else:
            self._reach = min(2 * self._reach, _MOST_AHEAD)

    def _supposed(self, expected: int) -> Found:
        """What would stand before a list of so many issues."""
        return Found(issues=(), token=None, date="", length=self.size, rest=expected)

    async def _asks(self, found: Found, start: Position) -> AsyncGenerator[Ask[_Answer]]:
        """Calls for what comes after a page, which itself told how much that is."""
        if found.length > 1:
            again = sum(ms == start.from_ms for ms in self._times(found.issues))
            pages = -(-(found.rest + again - 1) // (found.length - 1))
            query = self._query(start.from_ms)
            reach = min(pages, self._reach)
            for ask in self.client.ahead(query, pages=reach, length=found.length):
                yield partial(self._answer, ask)

    async def _answer(self, ask: Ask[Found]) -> _Answer:
        asked_at = self.clock.now()
        found = await ask()
        completed = await self.details.complete(found.issues, self.site)
        return _Answer(found=found, completed=completed, asked_at=asked_at)

    # --- a chain of ids ---------------------------------------------------------------------------

    @property
    def _can_chain(self) -> bool:
        return self._chains and (self._is_long or self._searches >= _FEW_PAGES)

    async def _begun_chain(self) -> AsyncGenerator[RawPage]:
        """A chain up to the latest change that there is now, if that lies ahead."""
        until_ms = await self._latest_change()
        if until_ms is None or until_ms <= (self.walk.position.from_ms or 0):
            self._chains = False
            return
        async with aclosing(self._chained(ChainPlace(until_ms))) as pages:
            async for page in pages:
                yield page

    async def _latest_change(self) -> int | None:
        """When an issue of the project last changed, by the tracker's own word.

        What claims to have changed in the future tells nothing; several may.
        """
        jql = newest_first(self.container.key)
        found = await self.client.search(jql, fields=["updated"], size=_NEWEST)
        now = epoch_ms(http_date(found.date) or self.clock.now())
        return max((ms for ms in self._times(found.issues) if ms <= now), default=None)

    async def _chained(self, place: ChainPlace) -> AsyncGenerator[RawPage]:
        start = self.walk.position.from_ms
        chain = Chain(
            client=self.client,
            details=self.details,
            site=self.site,
            fields=self.fields,
            clock=self.clock,
            project=self.container.key,
            from_ms=start,
            after=place.after,
            keeps=self._is_ours,
        )
        try:
            async with aclosing(asked_ahead(chain.asks(), room=self.room)) as bulks:
                async for bulk in bulks:
                    yield self._chain_page(bulk, place.until_ms)
        except (BulkRefused, Disordered):  # then page by page
            self._chains = False
            self.walk.position = Position(start)
        except Shifted:  # what is saved of the chain stays
            self._expired += 1
            if self._expired > _MOST_EXPIRED:
                self._chains = False
                self.walk.position = Position(start)

    def _chain_page(self, bulk: Bulk, until_ms: int) -> RawPage:
        times = self._times(one for one, _ in bulk.completed.issues)
        if bulk.last is None:
            mark = self.walk.arrive(times, until_ms=until_ms)
        else:
            token = ChainPlace(until_ms, bulk.last).token()
            mark = self.walk.stay(token, times, until_ms=until_ms)
        self._is_over = mark.position is None
        fresh = self._fresh(bulk.completed)
        return RawPage(completed=fresh, mark=mark, asked_at=bulk.asked_at, failed=bulk.failed)

    def _is_ours(self, raw: object) -> bool:
        """Whether an issue may be shown, which was the project's when it was found.

        A project may be renamed meanwhile, so its id tells as well.
        """
        project = project_of(raw)
        key = project.key or ""
        return key in {"", self.container.key} or (project.id in self._projects or self.wanted(key))

    # --- one page ---------------------------------------------------------------------------------

    def _query(self, from_ms: int | None) -> Query:
        jql = changed_since(self.container.key, from_ms)
        return Query(jql=jql, fields=self.fields, expand="changelog")

    async def _next(self) -> Found | None:
        """The page at the walk's place; None where it has to be asked for in another way."""
        query = self._query(self.walk.position.from_ms)
        try:
            found = await self.client.search(
                query.jql,
                fields=query.fields,
                size=self.size,
                token=self.walk.position.token,
                expand=query.expand,
            )
        except TooLong as too_long:
            self._shrink(too_long)
            return None
        except Shifted:
            self._count_shift()
            self.walk.token_was_refused()
            return None
        except Rejected as refused:
            if not self._resumed or refused.status != HTTPStatus.BAD_REQUEST:
                raise
            self._resumed = False
            self.walk.token_was_refused()
            return None
        self._resumed = False
        return found

    def _shrink(self, too_long: TooLong) -> None:
        """Ask for smaller pages, if there are any."""
        if self.size == 1:
            raise too_long
        self.size = max(1, self.size // _SHRINKS)

    def _count_shift(self) -> None:
        self._shifts += 1
        if self._shifts > MOST_RESTARTS:
            raise never_still(self._label)

    def _horizon(self, date: str) -> int:
        """The tracker's present in epoch milliseconds; ours where it does not tell."""
        return epoch_ms((http_date(date) or self.clock.now()) + _HORIZON)

    def _times(self, issues: Iterable[Any]) -> list[int]:
        """The times of change that can be read, as finely as this Jira compares them."""
        found = (instant_or_none(updated(one), self.site) for one in issues)
        step = self.client.instant_ms
        return [epoch_ms(at) // step * step for at in found if at is not None]


def instant_or_none(value: object, site: Site) -> datetime | None:
    """The instant, None where there is none that can be read."""
    if not isinstance(value, str):
        return None
    try:
        return instant(value, site.zone)
    except Unmappable:
        return None


def http_date(text: str) -> datetime | None:
    """The instant of a `Date` header, None where it is none."""
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, IndexError):
        return None
    return at if at.tzinfo else None
