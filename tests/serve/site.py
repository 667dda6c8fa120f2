"""A real Jira simulator, a real database, and `syncer serve` in processes of its own."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import aiohttp
from pydantic import SecretStr

from connectors.jira.simulator import JiraSimulator
from syncer.clock import SystemClock
from syncer.connect.testing.delivery import Delivery, HookAction, post_delivery
from syncer.connect.testing.world import World, uniform_world
from syncer.domain.item import ItemState, WorkItem
from syncer.store import inbox
from syncer.store.engine import Store
from syncer.store.items import load_items

ROOT: Final = Path(__file__).resolve().parents[2]
SECRET: Final = SecretStr("a-made-up-webhook-secret")
ENDPOINT: Final = "jira-endpoint-for-tests"
PATIENCE: Final = 120.0
"""Seconds that anything may take here: a bound for what hangs, no measure of speed."""

_READY: Final = re.compile(r"READY hooks (\S+), pages (\S+)")


@dataclass
class Serve:
    """One `syncer serve` under way; `said` is what it has printed on standard error."""

    process: Process
    said: list[str] = field(default_factory=list)
    hooks: str = ""
    pages: str = ""
    _reading: asyncio.Task[None] | None = None

    async def ready(self) -> Serve:
        """Wait until it serves; an error with its words if it ends before."""
        up = asyncio.Event()
        self._reading = asyncio.create_task(self._read(up))
        async with asyncio.timeout(PATIENCE):
            await up.wait()
        assert self.hooks, "\n".join(self.said)
        return self

    async def _read(self, up: asyncio.Event) -> None:
        assert self.process.stderr is not None
        async for raw in self.process.stderr:
            self.said.append(raw.decode().rstrip())
            if found := _READY.search(self.said[-1]):
                self.hooks, self.pages = found.groups()
                up.set()
        up.set()

    async def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; the exit code."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        async with asyncio.timeout(PATIENCE):
            code = await self.process.wait()
        if self._reading is not None:
            await self._reading
        return code


@dataclass
class Site:
    """A Jira with twenty issues in NET, and a folder with a configuration for it."""

    folder: Path
    jira: JiraSimulator
    database: str
    settings: str = "reconcile_minutes = 1440.0"
    environment: dict[str, str] = field(default_factory=dict)

    def configure(self, more: str = "") -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        text = f"""
            [service]
            {self.settings}
            hooks = {{ public_url = "https://hooks.example.com" }}

            [[connections]]
            name = "jira"
            kind = "jira"
            url = "{self.jira.url}"
            auth = {{ email = "{self.jira.account.user}", token_env = "JIRA_TOKEN" }}
            endpoint_id = "{ENDPOINT}"
            webhook_secret_env = "JIRA_SECRET"
            {more}
        """
        (self.folder / "syncer.toml").write_text(text, encoding="utf-8")

    async def start(self, *arguments: str) -> Process:
        kept = {name: text for name, text in os.environ.items() if not name.startswith("SYNCER_")}
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "syncer", *arguments),
            cwd=self.folder,
            env={
                **kept,
                "SYNCER_SERVICE__DATABASE_URL": self.database,
                "JIRA_TOKEN": self.jira.account.secret,
                "JIRA_SECRET": SECRET.get_secret_value(),
                "PYTHONPATH": str(ROOT),
                **self.environment,
            },
            stdin=asyncio.subprocess.DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
        )

    @asynccontextmanager
    async def serve(self) -> AsyncGenerator[Serve]:
        """A daemon that serves; killed at the end if it still runs."""
        listen = ("--hooks-listen", "127.0.0.1:0", "--pages-listen", "127.0.0.1:0")
        serving = Serve(await self.start("serve", *listen))
        try:
            yield await serving.ready()
        finally:
            await serving.end(signal.SIGKILL)

    # --- what happens at the tracker --------------------------------------------------------------

    def delivery(self, item_id: str, action: HookAction = "updated") -> Delivery:
        return self.jira.delivery(item_id, action, secret=SECRET)

    def rename(self, item_id: str, title: str) -> Delivery:
        self.jira.world.edit(item_id, datetime.now(UTC), title=title)
        return self.delivery(item_id)

    # --- what is stored ---------------------------------------------------------------------------

    async def items(self) -> dict[str, WorkItem]:
        async with Store(self.database) as store, store.read() as session:
            return {item.ref.id: item for item in await load_items(session)}

    async def title(self, item_id: str) -> str:
        items = await self.items()
        return items[item_id].title if item_id in items else ""

    async def state(self, item_id: str) -> ItemState | None:
        items = await self.items()
        return items[item_id].state if item_id in items else None

    async def deliveries(self) -> list[inbox.Delivery]:
        async with Store(self.database) as store, store.read() as session:
            return await inbox.list_deliveries(session)

    async def synced(self) -> None:
        """Wait until the first pull has stored everything."""
        count = len(list(self.jira.world.ids()))

        async def all_there() -> bool:
            return len(await self.items()) == count

        await until(all_there)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(PATIENCE):
        while not await holds():  # noqa: ASYNC110  another process changes it
            await asyncio.sleep(0.1)


async def post(serve: Serve, delivery: Delivery, endpoint: str = ENDPOINT) -> int:
    async with aiohttp.ClientSession() as session:
        return await post_delivery(session, f"{serve.hooks}/hooks/{endpoint}", delivery)


@asynccontextmanager
async def site(folder: Path, database: str, world: World | None = None) -> AsyncGenerator[Site]:
    """The simulator, running, and a configuration for it."""
    shown = world or uniform_world(count=20, container="NET")
    async with JiraSimulator(shown, SystemClock()) as jira:
        made = Site(folder, jira, database)
        made.configure()
        yield made
