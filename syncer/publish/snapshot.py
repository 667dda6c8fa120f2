"""From the store to a stored snapshot: load, roll up, keep."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from syncer.domain.addresses import with_known_ends
from syncer.domain.change import Change
from syncer.domain.colour_change import ColourChange
from syncer.domain.item import ItemRecord
from syncer.domain.portfolio import Portfolio
from syncer.domain.report import Snapshot, SourceState
from syncer.domain.statement import Statements
from syncer.domain.verdict import Verdict
from syncer.errors import SyncerError
from syncer.rollup.calendar import WorkCalendar, report_date
from syncer.rollup.colours.causes import colour_changes
from syncer.rollup.evaluate import evaluate
from syncer.rollup.inputs import RollupInputs
from syncer.rollup.rules import HealthRules
from syncer.store.codec import no_collection
from syncer.store.editions import latest_edition, list_editions
from syncer.store.engine import Store
from syncer.store.items import load_records
from syncer.store.periods import list_periods
from syncer.store.snapshots import (
    SnapshotSort,
    load_snapshot,
    save_snapshot,
    snapshots_between,
)
from syncer.store.sources import load_sources
from syncer.store.verdicts import load_verdicts

_WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """All that the store knows about work, read in one transaction."""

    records: Sequence[ItemRecord]
    verdicts: Mapping[str, Verdict]
    sources: Sequence[SourceState]

    @property
    def changes(self) -> Mapping[str, Sequence[Change]]:
        """The history of each item, by uid."""
        return {record.item.uid: record.changes for record in self.records}


@dataclass(frozen=True, slots=True, kw_only=True)
class Roller:
    """Rolls up one store under one configuration.

    `rules` are the thresholds in force, `config_hash` tells which configuration a snapshot saw.
    """

    portfolio: Portfolio
    statements: Statements
    rules: HealthRules = field(default_factory=HealthRules)
    config_hash: str = ""

    def roll_up(
        self,
        known: Knowledge,
        *,
        as_of: datetime,
        now: datetime,
        previous: Snapshot | None = None,
    ) -> Snapshot:
        """The snapshot of an instant; one before `now` is marked as reconstructed.

        Raises:
            SyncerError: if the instant lies before the first thing known, with that date.
        """
        self._refuse_too_early(known, as_of)
        with no_collection():  # a million small values without cycles
            return evaluate(self.inputs(known, as_of=as_of, now=now, previous=previous))

    def inputs(
        self, known: Knowledge, *, as_of: datetime, now: datetime, previous: Snapshot | None = None
    ) -> RollupInputs:
        """What the snapshot of an instant is computed from."""
        return RollupInputs(
            as_of=as_of,
            items=[record.item for record in known.records],
            changes=known.changes,
            verdicts=known.verdicts,
            portfolio=self.portfolio,
            statements=self.statements,
            sources=known.sources,
            rules=self.rules,
            previous=previous,
            reconstructed=as_of < now,
            config_hash=self.config_hash,
            engine_version=engine_version(),
        )

    def _refuse_too_early(self, known: Knowledge, as_of: datetime) -> None:
        first = min((record.item.created_at for record in known.records), default=None)
        if first is not None and as_of < first:
            earliest = report_date(first, self.portfolio.timezone)
            raise SyncerError(
                "Nothing is known about that moment: it lies before the first known change.",
                fix=f"The earliest date is {earliest + timedelta(days=1)}.",
            )

    def week_before(self, known: Knowledge, *, as_of: datetime, now: datetime) -> Snapshot | None:
        """The snapshot of seven days earlier, from history; None where history does not reach."""
        earlier = as_of - _WEEK
        if not any(record.item.created_at <= earlier for record in known.records):
            return None
        return self.roll_up(known, as_of=earlier, now=now)

    def changes(self, now: Snapshot, previous: Snapshot | None) -> list[ColourChange]:
        """The colours that turned since the previous snapshot, with their causes."""
        calendar = WorkCalendar.of(self.portfolio.holidays, self.portfolio.freezes)
        return colour_changes(now, previous, calendar=calendar, rules=self.rules.colour)


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotPair:
    """A snapshot, the one it is compared with, and the colours that turned between them.

    `rules` are the thresholds in force, which evidence names.
    """

    current: Snapshot
    previous: Snapshot | None
    changes: Sequence[ColourChange]
    rules: HealthRules = field(default_factory=HealthRules)


def engine_version() -> str:
    """The installed version of syncer."""
    try:
        return version("program-syncer")
    except PackageNotFoundError:
        return "0"


async def load_knowledge(store: Store) -> Knowledge:
    """Read everything that a roll-up needs, as of one moment of the database."""
    async with store.read() as session:
        return await read_knowledge(session)


async def read_knowledge(session: AsyncSession) -> Knowledge:
    """Read everything that a roll-up needs in the caller's transaction."""
    return Knowledge(
        records=await asyncio.to_thread(_with_known_ends, await load_records(session)),
        verdicts=await load_verdicts(session),
        sources=await load_sources(session),
    )


def _with_known_ends(records: Sequence[ItemRecord]) -> list[ItemRecord]:
    items = with_known_ends([record.item for record in records])
    return [
        record if record.item is item else replace(record, item=item)
        for record, item in zip(records, items, strict=True)
    ]


async def previous_snapshot(store: Store, audience: str, *, before: datetime) -> Snapshot | None:
    """The snapshot of the audience's last published edition before an instant, None for none."""
    async with store.read() as session:
        edition = await latest_edition(session, audience, before=before)
        return await load_snapshot(session, edition.snapshot_id) if edition else None


async def stored_snapshot(
    store: Store, instant: datetime, *, audience: str | None
) -> Snapshot | None:
    """The snapshot that was taken at an instant for an audience (None: the one of everything).

    One made from history later does not count: it can be made anew, from what is known by now.
    Neither does another audience's, which may know of items that this one may not count.
    """
    async with store.read() as session:
        found = [
            one
            for one in await snapshots_between(session, instant, instant)
            if not one.reconstructed
        ]
        if audience is not None:
            own = await _own_snapshots(session, audience, instant)
            found = [one for one in found if one.id in own]
    return max(reversed(found), key=lambda one: one.restricted, default=None)


async def _own_snapshots(session: AsyncSession, audience: str, instant: datetime) -> set[str]:
    """The ids of the snapshots that were taken or published for an audience."""
    taken = await list_periods(session, snapshot_schedule(audience))
    later = instant + timedelta(microseconds=1)
    published = await list_editions(session, audience, before=later)
    return {one.note for one in taken} | {one.snapshot_id for one in published}


def snapshot_schedule(audience: str) -> str:
    """The schedule by which an audience's snapshots are taken; no audience can be called so."""
    return f"{audience}/snapshot"


async def keep_snapshot(
    session: AsyncSession, snapshot: Snapshot, *, at: datetime, weekly: bool
) -> None:
    """Store a snapshot; one that is stored already is left as it is."""
    sort = SnapshotSort.WEEKLY if weekly else SnapshotSort.ON_DEMAND
    if snapshot.reconstructed:
        sort = SnapshotSort.RECONSTRUCTED
    await save_snapshot(session, snapshot, sort=sort, at=at)
