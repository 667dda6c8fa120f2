"""A door for webhooks in a process of its own: `python -m bench.hooks_server ours DATABASE`.

`ours` is the real listener, keeper and store; `floor` a bare aiohttp handler that checks the
signature and commits what came in meanwhile into the same table. Both answer after the commit.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from aiohttp import web
from pydantic import SecretStr
from sqlalchemy.dialects import postgresql, sqlite

from bench.configured import CONNECTION, ENDPOINT, ENVIRONMENT, SECRET
from connectors.jira.webhook import receive
from syncer.clock import SystemClock
from syncer.store.daemon_tables import InboxRow
from syncer.store.endpoints import ensure_endpoint
from syncer.store.engine import Store
from syncer.store.rows import table_of
from syncer.web.hooks import HookContext, hooks_app, open_endpoint
from syncer.web.keeping import Keeper
from syncer.web.metrics import Metrics
from syncer.web.server import Listener

_INBOX: Final = table_of(InboxRow)
_AT_ONCE: Final = 500

Row = dict[str, Any]


@contextmanager
def door(variant: str, database: str) -> Generator[str]:
    """The address of a door that is open during the block."""
    command = [sys.executable, "-m", "bench.hooks_server", variant]
    with subprocess.Popen(  # noqa: S603  our own module by our own interpreter
        [*command, database], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process.stdout.readline().strip() if process.stdout else ""
        finally:
            process.communicate()


async def ours(store: Store) -> None:
    """The hooks listener as the daemon opens it."""
    keeper, clock = Keeper(store, SystemClock()), SystemClock()
    async with store.write() as session:
        await ensure_endpoint(session, CONNECTION, configured=ENDPOINT, at=clock.now())
    endpoint = open_endpoint(
        CONNECTION,
        url=f"https://hooks.example.com/hooks/{ENDPOINT}",
        receive=partial(receive, CONNECTION),
        secrets=[SecretStr(ENVIRONMENT[SECRET])],
    )

    async def ready() -> bool:
        return True

    context = HookContext(
        endpoint={ENDPOINT: endpoint}.get,
        accept=keeper.accept,
        ready=ready,
        outcome=Metrics([CONNECTION], clock=clock).delivery,
        refused=keeper.refused,
    )
    async with Listener(hooks_app(context), "127.0.0.1:0") as listener:
        await _until_told(listener.address)


async def floor(store: Store) -> None:
    """A bare handler."""
    bare = _Bare(store)
    app = web.Application()
    app.router.add_post("/hooks/{endpoint}", bare.hook)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    writing = asyncio.create_task(bare.write())
    await _until_told("{}:{}".format(*runner.addresses[0][:2]))
    await runner.cleanup()
    writing.cancel()


class _Bare:
    """Signature, row, commit together, answer."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: asyncio.Queue[tuple[Row, asyncio.Future[None]]] = asyncio.Queue()
        insert = sqlite.insert if store.is_sqlite else postgresql.insert
        self._insert = insert(_INBOX).on_conflict_do_nothing()

    async def hook(self, request: web.Request) -> web.Response:
        """Answer one delivery once it is committed."""
        body = await request.read()
        right = hmac.digest(ENVIRONMENT[SECRET].encode(), body, hashlib.sha256).hex()
        told = request.headers.get("X-Hub-Signature", "")
        if not hmac.compare_digest(f"sha256={right}", told):
            return web.Response(status=401)
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        await self._waiting.put((_row(request, body), kept))
        await kept
        return web.Response(status=204)

    async def write(self) -> None:
        """Commit together what came in during the commit before."""
        while True:
            batch = [await self._waiting.get()]
            while not self._waiting.empty() and len(batch) < _AT_ONCE:
                batch.append(self._waiting.get_nowait())
            try:
                await self._keep([row for row, _ in batch])
            except BaseException as error:
                for _, kept in batch:
                    kept.set_exception(error)
                raise
            for _, kept in batch:
                kept.set_result(None)

    async def _keep(self, rows: Sequence[Row]) -> None:
        async with self._store.write() as session:
            await (await session.connection()).execute(self._insert, rows)


def _row(request: web.Request, body: bytes) -> Row:
    now = datetime.now(UTC)
    return {
        "connection": CONNECTION,
        "delivery_id": request.headers["X-Atlassian-Webhook-Identifier"],
        "body_sha256": hashlib.sha256(body).hexdigest(),
        "event": "",
        "received_at": now,
        "headers": {name.lower(): value for name, value in request.headers.items()},
        "body": body,
        "refs": [],
        "deleted": [],
        "containers": [],
        "state": "pending",
        "note": "",
        "tries": 0,
        "next_try_at": now,
        "claimed_by": "",
    }


async def _until_told(address: str) -> None:
    print(address, flush=True)
    await asyncio.to_thread(sys.stdin.read)


async def main(variant: str, database: str) -> None:
    """Serve until standard input ends."""
    async with Store(database) as store:
        await {"ours": ours, "floor": floor}[variant](store)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
