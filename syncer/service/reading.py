"""Reads for the pages: one consistent reading of everything, made anew in the background."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from syncer.domain.change import Change
from syncer.domain.homes import by_key, homes
from syncer.domain.item import ItemState, WorkItem
from syncer.domain.portfolio import Portfolio
from syncer.domain.report import GroupResult, ItemMention, ProjectResult, Risk, Snapshot
from syncer.domain.statement import VerdictOverride
from syncer.domain.verdict import VerdictLevel
from syncer.errors import SyncerError
from syncer.log import get_logger
from syncer.publish.audience import AudienceView, Lens
from syncer.publish.audiences import Audience, audiences_of
from syncer.publish.digest.model import Digest
from syncer.publish.editions import draft, edition_before, published_edition
from syncer.publish.notices import AUDIENCE
from syncer.publish.snapshot import (
    Knowledge,
    Roller,
    SnapshotPair,
)
from syncer.publish.uncounted import without_restricted
from syncer.rollup.past.scope_ledger import ScopeLedger
from syncer.rollup.work.counting import Tree, countable
from syncer.service.core import Service
from syncer.service.reading_ledger import load_ledger
from syncer.service.reading_scope import ScopeLedgers
from syncer.store.editions import PublishedEdition, list_editions
from syncer.store.snapshots import load_snapshot
from syncer.store.verdicts import load_overrides
from syncer.sync.verdicts import verdicts_of
from syncer.web.pages.reader import (
    AudienceEntry,
    Current,
    Ledger,
    PastRisk,
    PastScope,
    PastWeek,
    Stock,
)

FRESH: Final = timedelta(minutes=1)
"""A reading older than this is made anew when a page asks for it."""
_REST: Final = 10
"""A reading is made at most for one part in so many of the time."""
_WEEKS: Final = 12
_LOG: Final = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What one pass found. `known` is all of it, `open` what may be shown item by item.

    `scopes` are the ledgers of what came into projects and left them.
    """

    current: Current
    roller: Roller
    known: Knowledge
    open: Mapping[str, Sequence[Change]]
    scopes: ScopeLedgers
    took: timedelta


class StoreReader:
    """A `Reader` over the store of a service.

    At most one reading is made at a time, its roll-up off the event loop; meanwhile pages get the
    last one. `configuration_fault` is shown until the caller empties it.
    """

    def __init__(self, service: Service) -> None:
        self.configuration_fault = ""
        self._service = service
        self._reading: _Reading | None = None
        self._making: asyncio.Task[_Reading] | None = None
        self._drafts: dict[str, tuple[datetime, Digest]] = {}
        self._fault = ""
        self._outdated = False

    def use(self, service: Service) -> None:
        """Read with another service from now on, after a configuration was taken.

        The last reading stays until the next page asks for a newer one.
        """
        self._service = service
        self._drafts.clear()
        self._outdated = True

    async def refresh(self) -> None:
        """Make a new reading now and wait for it: call it when the store has changed."""
        if self._making is not None:
            await asyncio.wait([self._making])
        await self._made()

    async def aclose(self) -> None:
        """Wait for what is being made, so that the store can be closed."""
        if self._making is not None:
            await asyncio.wait([self._making])

    async def current(self) -> Current:
        """The newest reading; one that is too old is made anew in the background."""
        last, now = self._reading, self._service.clock.now()
        if last is None:
            last = await self._made()
        elif self._is_old(last, now):
            self._begin()
        return replace(last.current, now=now, fault=self._fault)

    def _is_old(self, reading: _Reading, now: datetime) -> bool:
        age = now - reading.current.pair.current.as_of
        return self._outdated or age > max(FRESH, reading.took * _REST)

    def _begin(self) -> asyncio.Task[_Reading]:
        if self._making is None:
            self._making = asyncio.create_task(self._make())
            self._making.add_done_callback(self._done)
        return self._making

    async def _made(self) -> _Reading:
        return await asyncio.shield(self._begin())

    def _done(self, task: asyncio.Task[_Reading]) -> None:
        """Keep the reading; a failure is told on every page until one succeeds."""
        self._making = None
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._fault = str(error) if isinstance(error, SyncerError) else type(error).__name__
            _LOG.warning("pages.reading_failed", error=self._fault)
        elif not task.cancelled():
            self._reading, self._fault = task.result(), ""

    async def _make(self) -> _Reading:
        service, now = self._service, self._service.clock.now()
        self._outdated = False
        begun = asyncio.get_running_loop().time()
        loaded = await service.load()
        roller, known = await service.roller(as_of=now, ground=loaded.ground), loaded.known
        view = pages_view(audiences_of(service.settings, roller.portfolio))
        shown = known if view.count_restricted else await self._as_if_absent(known, roller)
        previous = await edition_before(service.store, view, before=now)
        pair = await asyncio.to_thread(_rolled, roller, shown, view, published=previous, now=now)
        stock, changes = await asyncio.to_thread(_stock, shown, roller.portfolio, view)
        current = Current(
            pair=pair,
            portfolio=roller.portfolio,
            rules=roller.rules,
            view=replace(view, key="pages"),
            stock=stock,
            past=await self._past(now),
            now=now,
            people_for=frozenset(service.settings.service.pages.people_for),
        )
        scopes = await asyncio.to_thread(_scopes, roller, shown, view, now=now)
        took = timedelta(seconds=asyncio.get_running_loop().time() - begun)
        return _Reading(
            current=current, roller=roller, known=known, open=changes, scopes=scopes, took=took
        )

    async def _as_if_absent(self, known: Knowledge, roller: Roller) -> Knowledge:
        """What is known, with the verdicts that would stand if no restricted item existed."""
        async with self._service.store.read() as session:
            overrides = await load_overrides(session)
        return await asyncio.to_thread(_rejudged, known, roller.portfolio, overrides)

    async def _past(self, now: datetime) -> tuple[PastWeek, ...]:
        """The published snapshots of the last weeks, oldest first, one for each instant."""
        async with self._service.store.read() as session:
            editions = await list_editions(session, before=now)
            chosen: dict[datetime, str] = {}
            for one in editions:
                if len(chosen) < _WEEKS or one.as_of in chosen:
                    chosen.setdefault(one.as_of, one.snapshot_id)
            return tuple([await self._week(session, chosen[at]) for at in sorted(chosen)])

    async def _week(self, session: AsyncSession, identity: str) -> PastWeek:
        known = {} if self._reading is None else self._known_weeks(self._reading)
        return known.get(identity) or _short(await load_snapshot(session, identity))

    @staticmethod
    def _known_weeks(reading: _Reading) -> dict[str, PastWeek]:
        return {week.snapshot: week for week in reading.current.past}

    async def audiences(self) -> Sequence[AudienceEntry]:
        """Every audience, as configured."""
        return [
            AudienceEntry(key=one.view.key, name=one.view.name, implicit=one.implicit)
            for one in await self._audiences()
        ]

    async def _audiences(self) -> list[Audience]:
        reading = self._reading or await self._made()
        return audiences_of(self._service.settings, reading.roller.portfolio)

    async def draft(self, audience: str) -> Digest | None:
        """What the audience's next edition would say, by the newest reading."""
        found = [one for one in await self._audiences() if one.view.key == audience]
        if not found:
            return None
        reading = self._reading or await self._made()
        as_of = reading.current.pair.current.as_of
        kept = self._drafts.get(audience)
        if kept is None or kept[0] != as_of:
            kept = as_of, await self._drafted(found[0], reading)
            self._drafts[audience] = kept
        return kept[1]

    async def _drafted(self, audience: Audience, reading: _Reading) -> Digest:
        as_of, view = reading.current.pair.current.as_of, audience.view
        previous = await edition_before(self._service.store, view, before=as_of)
        pair = await asyncio.to_thread(
            _rolled, reading.roller, reading.known, view, published=previous, now=as_of
        )
        return (await draft(self._service.store, audience, pair)).digest

    async def editions(self) -> Sequence[PublishedEdition]:
        """All published editions without their contents, newest first; no mail to one person."""
        async with self._service.store.read() as session:
            every = await list_editions(session)
        return [one for one in every if one.audience != AUDIENCE]

    async def edition(
        self, audience: str, edition: str, version: int | None
    ) -> PublishedEdition | None:
        """One published edition, None where there is none."""
        async with self._service.store.read() as session:
            return await published_edition(session, audience, edition, version=version)

    async def history(self, uid: str) -> Sequence[Change]:
        """The changes of an item that may be shown."""
        reading = self._reading or await self._made()
        return reading.open.get(uid, ())

    async def scope_ledger(self, project: str) -> ScopeLedger | None:
        """What came into a project and what left it, by the newest reading."""
        reading = self._reading or await self._made()
        return await reading.scopes.of(project)

    async def ledger(self) -> Ledger:
        """How complete the data is, read at this moment."""
        found = await load_ledger(self._service)
        return replace(found, configuration_fault=self.configuration_fault)


def pages_view(audiences: Sequence[Audience]) -> AudienceView:
    """What pages may show: all scopes in all detail, but no more than every audience may count.

    It has the key of the first audience: with its last edition the pages compare.
    """
    first = audiences[0].view
    return replace(
        first,
        name="Pages",
        lens=Lens.PROGRAM,
        programs=("*",),
        products=("*",),
        count_restricted=all(one.view.count_restricted for one in audiences),
    )


def _rolled(
    roller: Roller,
    known: Knowledge,
    view: AudienceView,
    *,
    published: Snapshot | None,
    now: datetime,
) -> SnapshotPair:
    """The roll-up for a view; restricted items that it may not count do not exist in it."""
    known = _countable_for(known, view)
    previous = published or roller.week_before(known, as_of=now, now=now)
    current = roller.roll_up(known, as_of=now, now=now, previous=previous)
    changes = roller.changes(current, previous)
    return SnapshotPair(current=current, previous=previous, changes=changes, rules=roller.rules)


def _countable_for(known: Knowledge, view: AudienceView) -> Knowledge:
    return known if view.count_restricted else without_restricted(known)


def _scopes(roller: Roller, known: Knowledge, view: AudienceView, *, now: datetime) -> ScopeLedgers:
    return ScopeLedgers(roller.inputs(_countable_for(known, view), as_of=now, now=now))


def _rejudged(
    known: Knowledge, portfolio: Portfolio, overrides: Sequence[VerdictOverride]
) -> Knowledge:
    """Verdicts as the items that may be shown give them; a level in force without a tie stays.

    A tie to a hidden item counts as evidence, and would show by a figure.
    """
    told = without_restricted(known)
    if told.records is known.records:
        return known
    before = {record.item.uid: record.item for record in known.records}
    tied = {one.item.uid for one in told.records if one.item != before[one.item.uid]}
    live = [record.item for record in told.records if record.item.state is ItemState.LIVE]
    found = {
        uid: verdict
        for uid, verdict in verdicts_of(portfolio, live, overrides).items()
        if uid in told.verdicts and (uid in tied or verdict.level is told.verdicts[uid].level)
    }
    return replace(known, verdicts={**known.verdicts, **found})


def _stock(
    known: Knowledge, portfolio: Portfolio, view: AudienceView
) -> tuple[Stock, Mapping[str, Sequence[Change]]]:
    """The items that may be shown, with nothing in them that names one that may not."""
    live = replace(known, records=[r for r in known.records if r.item.state is ItemState.LIVE])
    shown = without_restricted(live)
    items = sorted((record.item for record in shown.records), key=by_key)
    withheld = [_mention(one.item) for one in known.records if one.item.restricted]
    home = homes(portfolio, items)
    stock = Stock(
        items=items,
        verdicts=shown.verdicts,
        projects=home,
        counted=_counted([record.item for record in live.records], home),
        restricted=len(live.records) - len(items) if view.count_restricted else None,
        withheld=withheld,
    )
    return stock, shown.changes


def _counted(items: Sequence[WorkItem], home: Mapping[str, str]) -> frozenset[str]:
    """The items that count in the figures of their projects."""
    tree, mine = Tree(items), defaultdict(list)
    for item in items:
        mine[home.get(item.uid, "")].append(item)
    return frozenset(item.uid for some in mine.values() for item in countable(some, tree).items)


def _mention(item: WorkItem) -> ItemMention:
    return ItemMention(
        uid=item.uid,
        key=item.key,
        title=item.title,
        url="",
        project="",
        level=VerdictLevel.UNCLASSIFIED,
        restricted=True,
    )


def _short(snapshot: Snapshot) -> PastWeek:
    groups = {one.scope: _of_group(one) for one in (*snapshot.programs, *snapshot.products)}
    projects = {one.scope: _of_project(one) for one in snapshot.projects}
    return PastWeek(
        snapshot=snapshot.id,
        as_of=snapshot.as_of,
        scopes=groups | projects,
        risks={name: _of_risk(risk) for risk in snapshot.risks for name in (*risk.merged, risk.id)},
    )


def _of_risk(risk: Risk) -> PastRisk:
    return PastRisk(score=risk.score, band=risk.band, roam=risk.roam)


def _of_group(group: GroupResult) -> PastScope:
    return PastScope(
        health=group.shown.health,
        probability=group.probability,
        target=group.target,
        p85=group.p85,
    )


def _of_project(project: ProjectResult) -> PastScope:
    return PastScope(
        health=project.shown.health,
        probability=project.forecast.probability,
        target=project.target,
        p85=project.forecast.p85,
    )
