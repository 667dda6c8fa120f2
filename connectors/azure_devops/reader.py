"""Items by their ids, with their histories, as records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypeVar

import msgspec

from connectors.azure_devops.catalogue import ABSENT, Catalogue
from connectors.azure_devops.client import AzureDevOpsClient, shaped
from connectors.azure_devops.config import AzureDevOpsConfig
from connectors.azure_devops.mapping import fields
from connectors.azure_devops.mapping.item import (
    NO_HISTORY,
    Extras,
    History,
    fold_path,
    record_of,
    standing_of,
)
from connectors.azure_devops.mapping.plan import iteration_of
from connectors.azure_devops.mapping.site import NOTHING_KNOWN, Known, Site, key_of
from connectors.azure_devops.mapping.status import status_of
from connectors.azure_devops.mapping.times import known_instant
from connectors.azure_devops.wire import Update, WorkItem
from syncer.clock import Clock
from syncer.connect.ahead import together
from syncer.connect.unreadable import Unmappable, unreadable
from syncer.domain.item import ItemRecord, Unreadable
from syncer.errors import Rejected, TooLong

_PATH: Final = fields.ITERATION
HISTORY: Final = "history"
RECYCLE_BIN: Final = "recycle bin"

T = TypeVar("T")


@dataclass(slots=True)
class Found:
    """What became of some ids. `absent` were not shown; `unwanted` are shown and left out.

    `missing` names details that Azure DevOps refused.
    """

    records: list[ItemRecord] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    absent: list[int] = field(default_factory=list)
    unwanted: list[int] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)


class Reader:
    """Reads items in batches, and the history of each."""

    def __init__(
        self,
        client: AzureDevOpsClient,
        site: Site,
        *,
        config: AzureDevOpsConfig,
        catalogue: Catalogue,
        clock: Clock,
    ) -> None:
        self._client = client
        self._site = site
        self._config = config
        self._catalogue = catalogue
        self._clock = clock

    async def read(self, ids: Sequence[int]) -> Found:
        """These items as they are now."""
        found = Found()
        size = self._config.batch_size
        for start in range(0, len(ids), size):
            await self._read(ids[start : start + size], found)
        found.missing |= self._catalogue.missing
        return found

    async def deleted(self, ids: Sequence[int], found: Found) -> set[int]:
        """Those of absent ids of which Azure DevOps says that they were deleted."""
        gone: set[int] = set()
        size = self._config.batch_size
        for start in range(0, len(ids), size):
            try:
                gone |= await self._client.in_recycle_bin(ids[start : start + size])
            except Rejected as refused:
                if refused.status not in ABSENT:
                    raise
                found.missing.add(RECYCLE_BIN)
        return gone

    def wants(self, values: fields.Values) -> bool:
        """Whether the configuration asks for items of this project and type, as far as told."""
        project, type_ = values.get(fields.PROJECT), values.get(fields.TYPE)
        elsewhere = isinstance(project, str) and project and not self._config.takes(project)
        skipped = isinstance(type_, str) and self._site.rules.skips(type_)
        return not (elsewhere or skipped)

    async def _read(self, ids: Sequence[int], found: Found) -> None:
        rows = [row for row in await self._rows(ids) if row is not None]
        read, broken = each(rows, lambda row: shaped(WorkItem, row), self._site.connection)
        found.unreadable += broken
        told = {one.id for one in read} | {number_in(row) for row in rows}
        found.absent += [id_ for id_ in ids if id_ not in told]
        found.unwanted += [one.id for one in read if not self.wants(one.fields)]
        wanted = [one for one in read if self.wants(one.fields)]
        await self._catalogue.know(_projects(wanted))
        await self._catalogue.look_again(_unheard(wanted, self._catalogue.known))
        histories = await together(self._history(one, found) for one in wanted)
        by_id = {id(one): past for one, past in zip(wanted, histories, strict=True)}
        raw_of = {number_in(row): row for row in rows}
        records, faulty = each(
            wanted,
            lambda one: self._record(one, by_id[id(one)]),
            self._site.connection,
            raw_of=lambda one: raw_of[one.id],
        )
        found.records += records
        found.unreadable += faulty

    async def _rows(self, ids: Sequence[int]) -> list[Any]:
        """The items as sent; in halves where their texts are too much for one answer."""
        try:
            return list(await self._client.items(ids))
        except TooLong:
            if len(ids) == 1:
                raise
        half = len(ids) // 2
        return [*await self._rows(ids[:half]), *await self._rows(ids[half:])]

    def _record(self, one: WorkItem, history: History) -> ItemRecord:
        extras = Extras(history=history, known=self._catalogue.known)
        return record_of(one, site=self._site, extras=extras)

    async def _history(self, one: WorkItem, found: Found) -> History:
        """The item's updates; without them where they are refused or in another shape.

        Of what ended long ago the dates alone are read (contracts.md 5).
        """
        if not self._config.history or self._is_long_over(one):
            return NO_HISTORY
        try:
            rows = await self._client.updates(one.id, last=one.rev or 0)
        except TooLong:
            rows = []
        except Rejected as refused:
            if refused.status not in ABSENT:
                raise
            rows = []
        updates, broken = each(rows, lambda row: shaped(Update, row), self._site.connection)
        if not updates:  # an item has one at least: that by which it was made
            found.missing.add(HISTORY)
            return NO_HISTORY
        return History(updates=updates, complete=not broken)

    def _is_long_over(self, one: WorkItem) -> bool:
        changed = known_instant(one.fields.get(fields.CHANGED))
        oldest = self._clock.now() - timedelta(days=self._config.history_days)
        if changed is None or changed >= oldest:
            return False
        project = one.fields.get(fields.PROJECT)
        known = self._catalogue.known.get(project) if isinstance(project, str) else None
        try:
            standing = standing_of(one.fields, known or NOTHING_KNOWN)
        except Unmappable:
            return False  # its record says what is wrong
        return not status_of(standing, self._site.rules).category.is_open


def each(
    rows: Iterable[Any],
    read: Callable[[Any], T],
    connection: str,
    *,
    raw_of: Callable[[Any], Any] = lambda row: row,
) -> tuple[list[T], list[Unreadable]]:
    """What could be read of the rows, and the rows that could not."""
    done: list[T] = []
    broken: list[Unreadable] = []
    for row in rows:
        try:
            done.append(read(row))
        except (msgspec.ValidationError, Unmappable) as error:  # neither tells what was sent
            raw = raw_of(row)
            number = number_in(raw)
            key = key_of(str(number)) if number else ""
            broken.append(unreadable(raw, connection=connection, key=key, reason=str(error)))
    return done, broken


def number_in(row: Any) -> int:  # noqa: ANN401  as sent
    """The id that a raw row tells, 0 for none."""
    id_ = row.get("id") if isinstance(row, dict) else None
    return id_ if isinstance(id_, int) and not isinstance(id_, bool) and id_ > 0 else 0


def _unheard(items: Iterable[WorkItem], known: Mapping[str, Known]) -> Iterator[tuple[str, str]]:
    """The projects of the items, with the states and iterations that are not known of them."""
    for one in items:
        told = [one.fields.get(x) for x in (fields.PROJECT, fields.TYPE, fields.STATE, _PATH)]
        project, type_, state, path = (x if isinstance(x, str) else "" for x in told)
        about = known.get(project, NOTHING_KNOWN)
        if about.states and state and not about.category(type_, state):
            yield project, f"{type_}/{state}"
        if about.iterations and iteration_of(path) and fold_path(path) not in about.iterations:
            yield project, path


def _projects(items: Iterable[WorkItem]) -> set[str]:
    named = (one.fields.get(fields.PROJECT) for one in items)
    return {name for name in named if isinstance(name, str) and name}
