"""A connector over a simulated tracker, with a clock in hand and what the rules ask of both."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, cast

import aiohttp
import orjson
from aiohttp import web
from pydantic import SecretStr

from syncer.connect.protocol import Connector, Fetched, HookReply, HookRequest, Page
from syncer.connect.testing.adapter import CONNECTION, Adapter, Spoil, SuiteTracker
from syncer.connect.testing.delivery import Delivery, HookAction
from syncer.connect.testing.script import ItemState, Person, ScriptedItem
from syncer.connect.testing.server import Fault, Handler
from syncer.connect.testing.world import World
from syncer.domain.cursor import Cursor
from syncer.domain.item import ItemRecord, Unreadable
from syncer.domain.ref import ContainerKey, ItemRef

NOON: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)
"""When the labs' clocks start, unless a rule says otherwise."""

ACTOR: Final = "kim"
SECRET: Final = SecretStr("made-up-webhook-secret")
_FIRST_ID: Final = 1000


class LabClock:
    """A clock that moves only when it is told to, or when somebody sleeps by it."""

    def __init__(self, at: datetime) -> None:
        self.instant = at
        self.slept = 0.0

    def now(self) -> datetime:
        """The present instant of the tracker, in UTC."""
        return self.instant

    def pass_by(self, duration: timedelta) -> None:
        """Let some time pass."""
        self.instant += duration

    async def sleep(self, seconds: float) -> None:
        """Return at once, that much later."""
        self.slept += seconds
        self.instant += timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class SkewedClock:
    """Another machine's clock, which is wrong by a constant amount."""

    true: LabClock
    skew: timedelta

    def now(self) -> datetime:
        """What that clock shows, in UTC."""
        return self.true.now() + self.skew


@dataclass(frozen=True, slots=True)
class Reading:
    """The pages of one pass."""

    pages: tuple[Page, ...]

    @property
    def records(self) -> dict[str, ItemRecord]:
        """The last record of each item, by the item's id."""
        return {r.item.ref.id: r for page in self.pages for r in page.records}

    @property
    def unreadable(self) -> tuple[Unreadable, ...]:
        """What could not be read."""
        return tuple(one for page in self.pages for one in page.unreadable)

    @property
    def cursor(self) -> Cursor | None:
        """What the last page says is to be saved; None without a page."""
        return self.pages[-1].cursor if self.pages else None


@dataclass(slots=True, kw_only=True)
class Lab:
    """What a rule works with. `connect()` gives further connectors, as after a restart."""

    adapter: Adapter
    clock: LabClock
    world: World
    tracker: SuiteTracker
    session: aiohttp.ClientSession
    connector: Connector
    page: int
    skew: timedelta
    _count: int = field(default=0)

    # --- the tracker ------------------------------------------------------------------------------

    @property
    def home(self) -> ContainerKey:
        """The container that rules fill first."""
        return self._container(0)

    @property
    def abroad(self) -> ContainerKey:
        """The other container; home as well, where the tracker has one container only."""
        return self._container(1)

    def _container(self, place: int) -> ContainerKey:
        key = self.adapter.containers[place].key
        return ContainerKey(CONNECTION, self.adapter.container_key(key))

    def also(self, *item_ids: str) -> tuple[str, ...]:
        """Those of items of the other part that a container holds too: all, if it is the one."""
        return item_ids if self.home == self.abroad else ()

    def add(self, *, at: datetime | None = None, abroad: bool = False, **state: object) -> str:
        """Create an item, by default a story at home, now; gives its id."""
        self._count += 1
        where = self.adapter.containers[abroad].key
        initial: dict[str, object] = {"title": f"Mast {self._count}", **state}
        item = ScriptedItem(
            id=str(_FIRST_ID + self._count),
            created_at=at or self.clock.now(),
            reporter=ACTOR,
            initial=ItemState(
                container=where,
                key=self.adapter.key(where, self._count),
                **initial,  # type: ignore[arg-type]  # names of fields, which the state checks
            ),
        )
        self.world.create(item)
        return item.id

    def fill(self, count: int, *, apart: timedelta = timedelta(hours=1)) -> list[str]:
        """Items at home, the last one created two days ago and each one so long after the other."""
        begin = self.clock.now() - timedelta(days=2) - apart * count
        return [self.add(at=begin + apart * number) for number in range(count)]

    def edit(self, item_id: str, **changes: object) -> None:
        """Change an item now."""
        self.world.edit(item_id, self.clock.now(), actor=ACTOR, **changes)

    def move(self, item_id: str) -> str:
        """Move an item abroad now; gives the key that people know it by then."""
        where = self.adapter.containers[1].key
        key = self.adapter.key(where, 500 + self._count)
        self.world.move(item_id, self.clock.now(), container=where, key=key)
        return self.adapter.shown_key(item_id, key)

    def state(self, item_id: str) -> ItemState:
        """The truth about an item."""
        state = self.world.state(item_id, self.clock.now())
        if state is None:
            raise KeyError(item_id)
        return state

    def spoil(self, item_id: str, spoil: Spoil) -> None:
        """From now on every answer holds the item in a shape that it should not have."""
        self.tracker.server.fail(_spoiling(self.adapter, item_id, spoil), times=None)

    def put_rubbish(self, item_id: str, rubbish: object) -> None:
        """From now on every list holds something else in the place of the item."""
        self.tracker.server.fail(_exchanging(self.adapter, item_id, rubbish), times=None)

    # --- the connector ----------------------------------------------------------------------------

    def ref(self, item_id: str) -> ItemRef:
        """The ref of an item as somebody keeps it who has seen it where it is now."""
        state = self.state(item_id)
        return ItemRef(CONNECTION, item_id, state.key)

    def connect(self) -> Connector:
        """Another connector of the same connection, which remembers nothing."""
        return self.adapter.connect(
            self.tracker,
            self.session,
            clock=SkewedClock(self.clock, self.skew),
            sleep=self.clock.sleep,
            page=self.page,
        )

    async def read(
        self,
        since: Cursor | None = None,
        *,
        container: ContainerKey | None = None,
        most_pages: int | None = None,
    ) -> Reading:
        """One pass; it is left, as by a crash, after `most_pages` pages."""
        pages: list[Page] = []
        changes = self.connector.changes(container or self.home, since)
        async with aclosing(cast("AsyncGenerator[Page, None]", changes)) as told:
            async for page in told:
                pages.append(page)
                if len(pages) == most_pages:
                    break
        return Reading(tuple(pages))

    async def inventory(self, container: ContainerKey | None = None) -> list[str]:
        """The ids that a census gives, as often as it gives them."""
        return [ref.id async for ref in self.connector.inventory(container or self.home)]

    async def fetch(self, *item_ids: str) -> Fetched:
        """The items as the connector fetches them by the refs that they have now."""
        return await self.connector.fetch([self.ref(item_id) for item_id in item_ids])

    async def record(self, item_id: str) -> ItemRecord:
        """The one record that is fetched for an item; `LookupError` if there is none."""
        for record in (await self.fetch(item_id)).records:
            if record.item.ref.id == item_id:
                return record
        raise LookupError(item_id)

    def deliver(self, item_id: str, action: HookAction) -> HookReply:
        """What the connector makes of a genuine webhook about an item."""
        return self.receive(self.tracker.delivery(item_id, action, secret=SECRET))

    def receive(self, delivery: Delivery, secrets: Sequence[SecretStr] = (SECRET,)) -> HookReply:
        """What the connector makes of a webhook."""
        headers = {name.lower(): value for name, value in delivery.headers.items()}
        request = HookRequest(
            method="POST",
            url="https://hooks.example.com/hooks/x",
            headers=headers,
            body=delivery.body,
            received_at=self.clock.now(),
        )
        return self.connector.receive(request, secrets)


@asynccontextmanager
async def lab_of(
    adapter: Adapter,
    *,
    page: int = 4,
    zone: str = "Europe/Berlin",
    at: datetime = NOON,
    skew: timedelta = timedelta(),
) -> AsyncIterator[Lab]:
    """A lab with an empty world. `skew` is how wrong the connector's own clock is."""
    clock, world = LabClock(at), adapter.world()
    world.add_person(Person(id=ACTOR, name="Kim Lee", email="kim@example.com"))
    tracker = adapter.tracker(world, clock, zone=zone)
    async with tracker, aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        connector = adapter.connect(
            tracker, session, clock=SkewedClock(clock, skew), sleep=clock.sleep, page=page
        )
        yield Lab(
            adapter=adapter,
            clock=clock,
            world=world,
            tracker=tracker,
            session=session,
            connector=connector,
            page=page,
            skew=skew,
        )


@contextmanager
def machine_zone(name: str) -> Iterator[None]:
    """Let this process live in another time zone, for connectors that take it for the tracker's."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = name
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()


def _spoiling(adapter: Adapter, item_id: str, spoil: Spoil) -> Fault:
    def change(told: object) -> None:
        for raw in _objects(told):
            if adapter.is_item(raw, item_id):
                spoil(raw)

    return _changing(change)


def _exchanging(adapter: Adapter, item_id: str, rubbish: object) -> Fault:
    def change(told: object) -> None:
        for place in _lists(told):
            place[:] = [
                rubbish if isinstance(raw, dict) and adapter.is_item(raw, item_id) else raw
                for raw in place
            ]

    return _changing(change)


def _changing(change: Callable[[object], None]) -> Fault:
    """Let the handler answer, and change the JSON of its answer in place."""

    async def fault(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        body = response.body if isinstance(response, web.Response) else None
        if not isinstance(body, bytes) or response.content_type != "application/json":
            return response
        told = orjson.loads(body)
        change(told)
        headers = {k: v for k, v in response.headers.items() if k not in _OF_THE_BODY}
        return web.Response(status=response.status, body=orjson.dumps(told), headers=headers)

    return fault


_OF_THE_BODY: Final = frozenset({"Content-Length", "ETag"})


def _objects(value: object) -> Iterator[dict[str, object]]:
    """All objects within a piece of JSON, outer ones first."""
    if isinstance(value, dict):
        yield value
    if isinstance(value, dict | list):
        for one in list(value.values() if isinstance(value, dict) else value):
            yield from _objects(one)


def _lists(value: object) -> Iterator[list[object]]:
    """All lists within a piece of JSON, outer ones first."""
    if isinstance(value, list):
        yield value
    if isinstance(value, dict | list):
        for one in list(value.values() if isinstance(value, dict) else value):
            yield from _lists(one)
