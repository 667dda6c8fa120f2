"""Planted defects: what peers do wrong, each as a syncer that does just that and all else right.

The campaign must catch every one of them (see `test_planted_defects`), else it shows nothing.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

from connectors.jira.connector import JiraConnector
from connectors.jira.jql import all_ids
from syncer.connect.protocol import Connector, Fetched, Page
from syncer.domain.cursor import Cursor
from syncer.domain.item import ItemRecord
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.store import sources
from syncer.store.engine import Store
from tests.convergence.conditions import ACCESS, CRASHES, LIVE, PULL, SEARCH
from tests.convergence.process import CONNECTION, Syncer, Wire
from tests.convergence.site import Told

_SINCE: Final = re.compile(r"updated >= ([0-9]+)")
_ORDER: Final = " ORDER BY updated"
_MADE_UP: Final = 9_000_000

DAY: Final = timedelta(hours=24)
PULLS: Final[dict[str, Any]] = {"alone": PULL}
"""No other lane mends what a pull left out."""


# --- queries --------------------------------------------------------------------------------------


class Rewriting(Wire):
    """Asks another query than the connector meant."""

    def __init__(self, wire: Wire, rewrite: Callable[[str], str]) -> None:
        super().__init__(wire, wire.life)
        self._rewrite = rewrite

    def request(self, method: str, url: str, **how: Any) -> Any:
        body = how.get("json")
        if isinstance(body, dict) and "jql" in body:
            how["json"] = body | {"jql": self._rewrite(body["jql"])}
        return self._session.request(method, url, **how)


class UpperBound(Syncer):
    """Asks for what changed up to now, by its own clock."""

    conditions = PULLS | {"ours": -DAY, "theirs": timedelta()}

    def wire(self) -> Wire:
        def bounded(jql: str) -> str:
            now = round(self.around.clock.now().timestamp() * 1000)
            return jql.replace(_ORDER, f" AND updated <= {now}{_ORDER}")

        return Rewriting(super().wire(), bounded)


class LocalTime(Syncer):
    """Writes the instant as a date, which the tracker reads in the account's zone."""

    conditions = PULLS | {"zone": "Pacific/Pago_Pago"}

    def wire(self) -> Wire:
        def written(found: re.Match[str]) -> str:
            at = datetime.fromtimestamp(int(found[1]) / 1000, UTC)
            return f'updated >= "{at:%Y/%m/%d %H:%M}"'

        return Rewriting(super().wire(), lambda jql: _SINCE.sub(written, jql))


class NoOverlap(Syncer):
    """Goes on exactly where it ended, and never looks back.

    Queries that count whole minutes, as a Data Center's do, hide that from most examples, and so
    does a tracker whose clock is ahead of ours.
    """

    overlap_minutes = 0
    overlap_items = 0
    conditions = PULLS | {
        "trouble": SEARCH,
        "items": 5,
        "cloud": True,
        "theirs": timedelta(),
        "ours": timedelta(),
    }


# --- readings -------------------------------------------------------------------------------------


class _CursorFirst(JiraConnector):
    store: Store

    async def changes(self, container: ContainerKey, since: Cursor | None) -> AsyncGenerator[Page]:
        async for page in super().changes(container, since):
            async with self.store.write() as session:
                await sources.save_cursor(session, container, page.cursor)
            yield page


class CursorBeforeItems(Syncer):
    """Saves how far it has read before it saves what it has read, and hides that by no overlap."""

    overlap_minutes = 0
    overlap_items = 0
    conditions = PULLS | {"trouble": CRASHES, "lags": False, "items": 5}

    def connect(self) -> Connector:
        made = self.made(_CursorFirst)
        made.store = self.store
        return made


class _StopsEarly(JiraConnector):
    async def changes(self, container: ContainerKey, since: Cursor | None) -> AsyncGenerator[Page]:
        async for page in super().changes(container, since):
            yield page
            if not page.records and not page.unreadable:
                return

    async def inventory(self, container: ContainerKey) -> AsyncIterator[ItemRef]:
        client, token = await self._door.client(), None
        while True:
            found = await client.search(
                all_ids(container.key), fields=["id"], size=100, token=token
            )
            for raw in found.issues:
                yield ItemRef(CONNECTION, str(raw["id"]), str(raw.get("key") or ""))
            token = found.token
            if not found.issues or token is None:
                return


class StopsOnEmptyPage(Syncer):
    """Takes a page without issues for the last one."""

    conditions = PULLS | {"trouble": SEARCH, "cloud": True, "items": 5}

    def connect(self) -> Connector:
        return self.made(_StopsEarly)


# --- conclusions ----------------------------------------------------------------------------------


class _BuriesHidden(JiraConnector):
    async def fetch(self, refs: Sequence[ItemRef]) -> Fetched:
        found = await super().fetch(refs)
        return replace(found, gone=(*found.gone, *found.hidden), hidden=())


class DeletesOnRefusal(Syncer):
    """Takes what it may not see for deleted."""

    conditions: ClassVar[Mapping[str, Any]] = {"alone": LIVE, "trouble": ACCESS, "items": 5}

    def connect(self) -> Connector:
        return self.made(_BuriesHidden)


class _ByKey(JiraConnector):
    """`ids` are the identities by key; `real` are the true ids of those that were made up."""

    ids: dict[str, str]
    real: dict[str, str]

    async def changes(self, container: ContainerKey, since: Cursor | None) -> AsyncGenerator[Page]:
        async for page in super().changes(container, since):
            yield replace(page, records=tuple(map(self._by_key, page.records)))

    async def fetch(self, refs: Sequence[ItemRef]) -> Fetched:
        asked = [ItemRef(CONNECTION, self.real.get(ref.id, ref.id)) for ref in refs]
        found = await super().fetch(asked)
        named = {self.real.get(ref.id, ref.id): ref for ref in refs}
        hidden = tuple(named[ref.id] for ref in found.hidden)
        return replace(found, records=tuple(map(self._by_key, found.records)), hidden=hidden)

    async def inventory(self, container: ContainerKey) -> AsyncIterator[ItemRef]:
        async for ref in super().inventory(container):
            yield self._named(ref, ref.locator)

    def _by_key(self, record: ItemRecord) -> ItemRecord:
        item = record.item
        return replace(record, item=replace(item, ref=self._named(item.ref, item.key)))

    def _named(self, ref: ItemRef, key: str) -> ItemRef:
        if key not in self.ids:
            taken = ref.id in self.ids.values()
            self.ids[key] = str(_MADE_UP + len(self.ids)) if taken else ref.id
            self.real[self.ids[key]] = ref.id
        return ItemRef(ref.connection, self.ids[key], key)


class KeyAsIdentity(Syncer):
    """Takes an item that bears another key for another item."""

    def connect(self) -> Connector:
        made = self.made(_ByKey)
        made.ids, made.real = self.__dict__.setdefault("names", ({}, {}))
        return made


class AcknowledgesFirst(Syncer):
    """Answers a webhook before it is kept."""

    conditions: ClassVar[Mapping[str, Any]] = {"alone": LIVE, "trouble": CRASHES}

    async def receive(self, told: Told) -> None:
        self.promise(told)
        await self.keep(told)
