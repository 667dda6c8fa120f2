"""A sender, a real door, a real store and the worker that takes in what was pushed."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import aiohttp
import orjson
from pydantic import SecretStr

from connectors.push.config import PushConfig
from connectors.push.connector import PushConnector
from syncer.domain.item import ItemRecord, ItemState, WorkItem
from syncer.domain.report import SourceState
from syncer.store.engine import Store
from syncer.store.inbox import Delivery, list_deliveries
from syncer.store.items import load_items, load_records
from syncer.store.quarantine import Quarantined, load_quarantine
from syncer.store.sources import load_sources
from syncer.sync.connection import Wanted
from syncer.sync.inbox import InboxWorker, Source
from syncer.web.hooks import HookContext, hooks_app, open_endpoint
from syncer.web.keeping import Keeper
from syncer.web.server import Listener

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ENDPOINT = "plant-endpoint-for-tests"
KEY, OLDER_KEY = b"k" * 32, b"o" * 24
Json = dict[str, Any]


def secret(key: bytes = KEY) -> SecretStr:
    return SecretStr("whsec_" + base64.b64encode(key).decode())


def at(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def item(id_: str = "1001", *, updated: datetime = NOON - HOUR, **more: Any) -> Json:
    """An item as it may be pushed, with the least that must be there."""
    return {
        "id": id_,
        "title": f"Order {id_}",
        "status_category": "TODO",
        "created_at": at(NOON - 240 * HOUR),
        "updated_at": at(updated),
        **more,
    }


def push(*items: Any, as_of: datetime = NOON, **more: Any) -> Json:
    return {"container": "line-2", "as_of": at(as_of), "items": list(items), **more}


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at


@dataclass
class Plant:
    """What the tests see: `told` is the sender's side, the rest ours."""

    store: Store
    clock: Hands
    worker: InboxWorker
    connector: PushConnector
    session: aiohttp.ClientSession
    url: str = ""
    wanted: Wanted = field(default_factory=Wanted)
    numbers: count[int] = field(default_factory=count)

    def headers(
        self,
        body: bytes,
        *,
        key: bytes = KEY,
        sent: datetime | None = None,
        id_: str = "",
    ) -> dict[str, str]:
        name = id_ or f"msg_{next(self.numbers)}"
        stamp = str(int((sent or self.clock.at).timestamp()))
        signed = b".".join([name.encode(), stamp.encode(), body])
        digest = hmac.digest(key, signed, hashlib.sha256)
        return {
            "webhook-id": name,
            "webhook-timestamp": stamp,
            "webhook-signature": "v1," + base64.b64encode(digest).decode(),
        }

    async def post(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        async with self.session.post(self.url, data=body, headers=headers) as answer:
            return answer.status, await answer.read()

    async def send(self, told: Json | bytes, **how: Any) -> Json:
        """Send a genuine delivery and have it worked off; what its sender is told."""
        answer = await self.drop(told, **how)
        await self.work()
        return answer

    async def drop(self, told: Json | bytes, **how: Any) -> Json:
        """Send a genuine delivery; what its sender is told."""
        body = told if isinstance(told, bytes) else orjson.dumps(told)
        status, answer = await self.post(body, self.headers(body, **how))
        assert status == 202, answer
        found: Json = orjson.loads(answer)
        return found

    async def work(self) -> None:
        while await self.worker.take():
            await self.worker.idle()

    async def items(self) -> dict[str, WorkItem]:
        async with self.store.read() as session:
            return {one.ref.id: one for one in await load_items(session)}

    async def states(self) -> dict[str, ItemState]:
        return {id_: one.state for id_, one in (await self.items()).items()}

    async def record(self, id_: str) -> ItemRecord:
        async with self.store.read() as session:
            [found] = [one for one in await load_records(session) if one.item.ref.id == id_]
        return found

    async def quarantined(self) -> list[Quarantined]:
        async with self.store.read() as session:
            return await load_quarantine(session)

    async def deliveries(self) -> Sequence[Delivery]:
        async with self.store.read() as session:
            return (await list_deliveries(session))[::-1]

    async def source(self) -> SourceState:
        async with self.store.read() as session:
            [source] = await load_sources(session)
        return source


@asynccontextmanager
async def plant(
    store: Store, *, containers: tuple[str, ...] = ("*",), keys: Sequence[bytes] = (KEY,)
) -> AsyncGenerator[Plant]:
    """Everything running; `keys` are the secrets that may sign, the newest first."""
    clock = Hands()
    config = PushConfig(name="plant", containers=containers, webhook_secret_env="S")
    async with aiohttp.ClientSession() as session:
        connector = PushConnector("plant", config, session)
        endpoint = open_endpoint(
            "plant",
            url=f"https://hooks.example.com/hooks/{ENDPOINT}",
            receive=connector.receive,
            secrets=[secret(key) for key in keys],
        )
        wanted = Wanted(include=containers)

        async def source(_name: str) -> Source:
            return Source(connector=connector, wanted=wanted)

        keeper = Keeper(store, clock)
        context = HookContext(
            endpoint={ENDPOINT: endpoint}.get, accept=keeper.accept, ready=_ready, clock=clock
        )
        worker = InboxWorker(store, source, clock=clock, owner="worker", longest_rest=0)
        made = Plant(store, clock, worker, connector, session, wanted=wanted)
        async with Listener(hooks_app(context), "127.0.0.1:0") as door:
            made.url = f"http://127.0.0.1:{door.port}/hooks/{ENDPOINT}"
            yield made


async def _ready() -> bool:
    return True
