"""Planted defects: what connectors do wrong, each as one that does just that and all else right.

The suite must fail every one of them (see `test_planted_defects`), else it shows nothing. Those
about webhooks and meaning lie beside.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import aiohttp

from syncer.clock import Clock
from syncer.connect.answers import Answer
from syncer.connect.protocol import Connector, Fetched, Identity, Page
from syncer.connect.rate import Sleep
from syncer.connect.testing.adapter import CONNECTION
from syncer.connect.testing.lab import LabClock
from syncer.connect.testing.sample.config import SampleConfig
from syncer.connect.testing.sample.conformance import SampleAdapter
from syncer.connect.testing.sample.connector import SampleConnector
from syncer.connect.walk import Mark, Position, Walk
from syncer.domain.cursor import Cursor
from syncer.domain.item import ItemRecord, Unreadable
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.errors import BadPayload, CursorExpired, RateLimited, Rejected

Mapped = tuple[tuple[ItemRecord, ...], tuple[Unreadable, ...]]


class Defective(SampleAdapter):
    """The sample's adapter with a connector that has a defect."""

    def __init__(self, make: Callable[..., Connector]) -> None:
        self.make = make

    def made(
        self, config: SampleConfig, session: aiohttp.ClientSession, *, clock: Clock, sleep: Sleep
    ) -> Connector:
        return self.make(CONNECTION, config, session, clock=clock, sleep=sleep)


# --- pages ----------------------------------------------------------------------------------------


class StopsAfterOnePage(SampleConnector):
    """Takes the first page for all of them."""

    async def changes(self, container: ContainerKey, since: Cursor | None) -> AsyncIterator[Page]:
        async for page in super().changes(container, since):
            yield page
            return


class SkipsAPage(SampleConnector):
    """Loses the second page, as one that counts from one where the tracker counts from nought."""

    async def changes(self, container: ContainerKey, since: Cursor | None) -> AsyncIterator[Page]:
        number = 0
        async for page in super().changes(container, since):
            number += 1
            if number != 2:
                yield page


class PagesByOffset(SampleConnector):
    """Counts items instead of holding on to one: what moves to the end lets another slip by."""

    async def changes(self, container: ContainerKey, since: Cursor | None) -> AsyncIterator[Page]:
        begin, offset, mark = Mark.of(since).start().from_ms or 0, 0, Mark.of(since)
        while True:
            asked = {"container": container.key, "size": str(self._config.page_size)}
            asked |= {"changed_from": str(begin // 1000), "offset": str(offset)}
            answer = await self._http.get("/api/items", asked, local=True)
            records, unreadable = self._mapped(answer.object()["items"])
            walk = Walk(mark=mark, overlap_ms=300_000, overlap_items=50)
            times = [round(r.item.updated_at.timestamp() * 1000) for r in records]
            mark = self._take(walk, times, token=None, answer=answer)
            offset += len(records)
            yield Page(records=records, unreadable=unreadable, cursor=mark.cursor())
            if answer.object()["next"] is None:
                return


class SkipsTheRestOfASecond(SampleConnector):
    """Goes on in the second after the last item's, though more items may bear that one."""

    async def _list(self, container: ContainerKey, position: Position) -> Answer:
        told = (position.token or "").partition(".")[0]
        if told:
            position = Position((int(told) + 1) * 1000)
        return await super()._list(container, position)


class NeverLooksBack(SampleConnector):
    """Asks for what is later than the last change that it saw, in whole seconds."""

    async def changes(self, container: ContainerKey, since: Cursor | None) -> AsyncIterator[Page]:
        mark = Mark.of(since)
        if mark.watermark is not None and mark.position is None:
            mark = replace(mark, overlap_from=mark.watermark + 1000)
        async for page in super().changes(container, mark.cursor() if since else None):
            yield page


class ReadsAllAlways(SampleConnector):
    """Knows no increments."""

    async def changes(
        self,
        container: ContainerKey,
        since: Cursor | None,  # noqa: ARG002  that is the defect
    ) -> AsyncIterator[Page]:
        async for page in super().changes(container, None):
            yield page


class CursorAhead(SampleConnector):
    """Gives with each page the cursor of the page after it."""

    async def changes(self, container: ContainerKey, since: Cursor | None) -> AsyncIterator[Page]:
        pages = [page async for page in super().changes(container, since)]
        cursors = [page.cursor for page in [*pages[1:], pages[-1]]]
        for page, cursor in zip(pages, cursors, strict=True):
            yield replace(page, cursor=cursor)


class TakesAnyCursor(SampleConnector):
    """Begins anew where it cannot read its cursor, and tells nobody."""

    async def changes(self, container: ContainerKey, since: Cursor | None) -> AsyncIterator[Page]:
        try:
            Mark.of(since)
        except CursorExpired:
            since = None
        async for page in super().changes(container, since):
            yield page


class TrustsTheClock(SampleConnector):
    """Asks for what changed since its own clock showed the end of the last pass."""

    async def changes(self, container: ContainerKey, since: Cursor | None) -> AsyncIterator[Page]:
        now = round(self._clock.now().timestamp() * 1000)
        async for page in super().changes(container, since):
            mark = Mark.of(page.cursor)
            yield replace(page, cursor=replace(mark, overlap_from=now).cursor())


# --- censuses and probes --------------------------------------------------------------------------


class CensusOfOnePage(SampleConnector):
    """Counts the first page of ids."""

    async def inventory(self, container: ContainerKey) -> AsyncIterator[ItemRef]:
        count = 0
        async for ref in super().inventory(container):
            count += 1
            if count <= 5:
                yield ref


class CountsTwice(SampleConnector):
    """Names an item again where pages overlap."""

    async def inventory(self, container: ContainerKey) -> AsyncIterator[ItemRef]:
        async for ref in super().inventory(container):
            yield ref
            yield ref


class CountsByOffset(SampleConnector):
    """Counts items in a census: what vanishes lets another one slip by."""

    async def inventory(self, container: ContainerKey) -> AsyncIterator[ItemRef]:
        offset = 0
        while True:
            asked = {"container": container.key, "size": "4", "offset": str(offset)}
            told = (await self._http.get("/api/items", asked, local=True)).object()["items"]
            for one in told:
                yield ItemRef(CONNECTION, str(one["id"]), one["key"])
            offset += len(told)
            if not told:
                return


class SeesHalf(SampleConnector):
    """Names the first container only."""

    async def probe(self) -> Identity:
        identity = await super().probe()
        return replace(identity, containers=identity.containers[:1])


# --- conclusions ----------------------------------------------------------------------------------


class ForgetsTheDeleted(SampleConnector):
    """Says nothing of what is gone."""

    async def fetch(self, refs: Sequence[ItemRef]) -> Fetched:
        return replace(await super().fetch(refs), gone=())


class BuriesTheHidden(SampleConnector):
    """Takes what it may not see for deleted."""

    async def fetch(self, refs: Sequence[ItemRef]) -> Fetched:
        found = await super().fetch(refs)
        return replace(found, gone=(*found.gone, *found.hidden), hidden=())


class LeavesOutTheAbsent(SampleConnector):
    """Gives what it finds, and no word of the rest."""

    async def fetch(self, refs: Sequence[ItemRef]) -> Fetched:
        return replace(await super().fetch(refs), hidden=())


class PastesIds(SampleConnector):
    """Puts whatever is called an id into an address."""

    async def fetch(self, refs: Sequence[ItemRef]) -> Fetched:
        for ref in refs:
            if ".." in ref.id:
                with suppress(Rejected):
                    await self._http.get(f"/api/items/{ref.id}", local=True)
        return await super().fetch(refs)


class Remapped(SampleConnector):
    """One that changes what it has read; `alter` says how."""

    def _mapped(self, raw: Sequence[object]) -> Mapped:
        records, unreadable = super()._mapped(raw)
        sent: dict[str, Any] = {str(one["id"]): one for one in raw if isinstance(one, dict)}
        return tuple(self.alter(r, sent[r.item.ref.id]) for r in records), unreadable

    def alter(self, record: ItemRecord, _raw: dict[str, Any]) -> ItemRecord:
        raise NotImplementedError


class KeyAsIdentity(Remapped):
    """Takes an item that bears another key for another item."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.ids: dict[str, str] = {}

    def alter(self, record: ItemRecord, _raw: dict[str, Any]) -> ItemRecord:
        item = record.item
        taken = item.ref.id in self.ids.values()
        id_ = self.ids.setdefault(item.key, f"9{item.ref.id}" if taken else item.ref.id)
        return replace(record, item=replace(item, ref=ItemRef(CONNECTION, id_, item.key)))


class FetchesLess(SampleConnector):
    """Maps single items by another way, which knows no labels."""

    async def fetch(self, refs: Sequence[ItemRef]) -> Fetched:
        found = await super().fetch(refs)
        records = (replace(r, item=replace(r.item, labels=())) for r in found.records)
        return replace(found, records=tuple(records))


class LocalTime(SampleConnector):
    """Reads instants as if they were in the zone of the machine."""

    def _mapped(self, raw: Sequence[object]) -> Mapped:
        return super()._mapped([_in_local_time(one) for one in raw])


def _in_local_time(raw: object) -> object:
    if not isinstance(raw, dict):
        return raw
    told = {name: datetime.fromisoformat(raw[name][:19]) for name in ("created", "changed")}
    return raw | {name: at.astimezone().isoformat() for name, at in told.items()}


# --- refusals -------------------------------------------------------------------------------------


class TakesRefusalsForNothing(SampleConnector):
    """Finds no items where it is turned away."""

    async def _list(self, container: ContainerKey, position: Position) -> Answer:
        try:
            return await super()._list(container, position)
        except Rejected as refused:
            return _empty(refused.message)


class TakesAnythingForAList(SampleConnector):
    """Takes an answer without a list for one with an empty list."""

    async def _list(self, container: ContainerKey, position: Position) -> Answer:
        answer = await super()._list(container, position)
        return answer if "items" in answer.object() else _empty(answer.label)


def _empty(label: str) -> Answer:
    return Answer(label=label, status=200, headers={}, body=b'{"items": [], "next": null}')


class EndsOnRefusal(SampleConnector):
    """Takes a refusal in the middle of a census for its end."""

    async def inventory(self, container: ContainerKey) -> AsyncIterator[ItemRef]:
        told = 0
        try:
            async for ref in super().inventory(container):
                told += 1
                yield ref
        except (Rejected, BadPayload):
            if not told:
                raise


class TakesALimitForTheEnd(SampleConnector):
    """Gives up where it is asked for patience, and calls that a reading."""

    async def changes(self, container: ContainerKey, since: Cursor | None) -> AsyncIterator[Page]:
        try:
            async for page in super().changes(container, since):
                yield page
        except RateLimited:
            yield Page(records=(), unreadable=(), cursor=since or Mark().cursor())


def hammers(
    connection: str, config: SampleConfig, session: aiohttp.ClientSession, **named: Any
) -> Connector:
    """Takes a pause for over at once: its own clock alone has moved."""
    own = LabClock(named["clock"].now())
    return SampleConnector(connection, config, session, clock=own, sleep=own.sleep)


class SwallowsTheBroken(SampleConnector):
    """Drops what it cannot read."""

    def _mapped(self, raw: Sequence[object]) -> Mapped:
        return super()._mapped(raw)[0], ()


class LeavesOutOddRows(SampleConnector):
    """Reads the rows that are objects, and no word of the rest."""

    def _mapped(self, raw: Sequence[object]) -> Mapped:
        return super()._mapped([one for one in raw if isinstance(one, dict)])


class DropsTheWholePage(SampleConnector):
    """Gives up a page for one item that it cannot read."""

    def _mapped(self, raw: Sequence[object]) -> Mapped:
        records, unreadable = super()._mapped(raw)
        return (() if unreadable else records), unreadable


READING: Final[Iterable[tuple[str, Callable[..., Connector]]]] = (
    ("pages_to_the_end", StopsAfterOnePage),
    ("pages_to_the_end", SkipsAPage),
    ("pages_under_drift", PagesByOffset),
    ("incremental_without_loss", NeverLooksBack),
    ("incremental_is_small", ReadsAllAlways),
    ("equal_timestamps", SkipsTheRestOfASecond),
    ("resumes_at_any_page", CursorAhead),
    ("cursors_of_others_expire", TakesAnyCursor),
    ("time_zones", LocalTime),
    ("trusts_no_clock", TrustsTheClock),
    ("inventory_is_whole", CensusOfOnePage),
    ("inventory_is_whole", CountsTwice),
    ("census_under_drift", CountsByOffset),
    ("probe_names_what_it_sees", SeesHalf),
    ("deleted", ForgetsTheDeleted),
    ("hidden_is_not_deleted", BuriesTheHidden),
    ("moved_keeps_identity", KeyAsIdentity),
    ("fetch_accounts_for_every_ref", LeavesOutTheAbsent),
    ("fetch_accounts_for_every_ref", PastesIds),
    ("fetch_agrees_with_changes", FetchesLess),
    ("refusals_are_no_emptiness", TakesRefusalsForNothing),
    ("refusals_are_no_emptiness", TakesAnythingForAList),
    ("refusals_midway_are_no_end", EndsOnRefusal),
    ("waits_when_limited", hammers),
    ("long_limits_are_told", TakesALimitForTheEnd),
    ("a_pause_of_nothing_backs_off", hammers),
    ("malformed_singly", SwallowsTheBroken),
    ("malformed_singly", LeavesOutOddRows),
    ("malformed_singly", DropsTheWholePage),
)
