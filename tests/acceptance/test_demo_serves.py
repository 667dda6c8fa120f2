"""The demo that serves: a webhook changes a colour on the page, and Ctrl-C ends it cleanly."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Final

import aiohttp
import pytest
from pydantic import SecretStr

from syncer.cli.demo import is_served
from syncer.clock import SystemClock
from syncer.demo.portfolio.build import build_world
from syncer.demo.run import open_demo
from syncer.demo.story import STORY, Stage, tell_story
from syncer.demo.trackers import AZURE_DEVOPS, GITHUB
from syncer.domain.health import Health
from syncer.errors import SyncerError
from syncer.service.core import Service
from syncer.settings.load import load_settings
from syncer.store.inbox import list_deliveries

ROOT: Final = Path(__file__).resolve().parents[2]
PATIENCE: Final = 300.0
"""Seconds that anything may take here: a bound for what hangs, no measure of speed."""

_PAGES: Final = re.compile(r"The pages: (http://\S+)")


async def page_of(url: str) -> str:
    """The words of a page as one line."""
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.status == 200
        return " ".join(re.sub(r"<[^>]+>", " ", await answer.text()).split())


@asynccontextmanager
async def served(folder: Path, said: list[str]) -> AsyncGenerator[Stage]:
    async with (
        asyncio.timeout(PATIENCE),
        open_demo(folder, world=build_world(), past_editions=0) as demo,
        demo.served(said.append) as stage,
    ):
        yield stage


async def received(folder: Path) -> datetime:
    """When the newest delivery came in, by the inbox."""
    service = Service(load_settings(folder / "syncer.toml", {}), clock=SystemClock())
    async with service, service.store.read() as session:
        return max(one.received_at for one in await list_deliveries(session))


async def test_webhooks_of_two_trackers_change_the_colour_on_the_page(tmp_path: Path) -> None:
    said: list[str] = []
    async with served(tmp_path, said) as stage:
        page = f"{stage.daemon.pages_url}/products/phone"
        assert "5G Smartphone ▲ AMBER" in await page_of(page)
        assert [scene.tracker for scene in STORY] == [AZURE_DEVOPS, GITHUB]

        begun = stage.clock.now()
        await tell_story(stage, STORY[:1], pause=0)
        assert begun <= await received(tmp_path) <= stage.clock.now()
        assert said[-2].startswith("5G Smartphone: Amber → Green (")
        assert "5G Smartphone ● GREEN" in await page_of(page)

        await tell_story(stage, STORY[1:], pause=0)
        assert said[-2].startswith("5G Smartphone: Green → Amber (")
        assert said[-1] == f"Reload {page}"
        words = await page_of(page)
        assert "5G Smartphone ▲ AMBER" in words
        assert "Live-network demo 2 working days late (Site works North)" in words
        assert "differs from ours" not in await page_of(f"{stage.daemon.pages_url}/sources")
    assert sum("webhook was accepted (202)" in line for line in said) == len(STORY)


async def test_a_webhook_with_another_secret_changes_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    async with served(tmp_path, said) as stage:
        stage.trackers.webhook_secrets[AZURE_DEVOPS] = SecretStr("somebody-else's-secret")
        with pytest.raises(SyncerError, match="refused with 401"):
            await stage.play(STORY[0])
        assert (await stage.colour()).health is Health.AMBER


# --- as a process ---------------------------------------------------------------------------------


async def start(terminal: int, folder: Path) -> Process:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("SYNCER_")}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "syncer", "demo", "--folder", str(folder)),
        env={**kept, "PYTHONPATH": str(ROOT)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=terminal,
        stderr=PIPE,
    )


async def pages_address(process: Process, said: list[str]) -> str:
    """Read what it says until it names its pages; empty if it ends before."""
    assert process.stderr is not None
    async for raw in process.stderr:
        said.append(raw.decode())
        if found := _PAGES.search(said[-1]):
            return found[1]
    return ""


async def test_on_a_terminal_it_serves_until_an_interrupt_ends_it_with_0(tmp_path: Path) -> None:
    said: list[str] = []
    mine, theirs = os.openpty()
    reading = asyncio.create_task(asyncio.to_thread(all_of, mine))
    process = await start(theirs, tmp_path / "demo")
    os.close(theirs)
    try:
        async with asyncio.timeout(PATIENCE):
            address = await pages_address(process, said)
            assert address, "".join(said)
            assert "5G Infrastructure" in await page_of(address)
            process.send_signal(signal.SIGINT)
            assert process.stderr is not None
            said.append((await process.stderr.read()).decode())
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert "Subject: 5G Red: 30 % for 19 March" in await reading
    assert said[-1].endswith("Stopped.\n")
    assert "Traceback" not in "".join(said)


def all_of(terminal: int) -> str:
    """What is written to a terminal until its last writer is gone; Linux then says EIO."""
    found = b""
    try:
        while part := os.read(terminal, 65536):
            found += part
    except OSError:
        return found.decode()
    finally:
        os.close(terminal)
    return found.decode()


@pytest.mark.parametrize(("asked", "expected"), [(None, False), (True, True), (False, False)])
def test_in_a_pipe_it_serves_only_if_asked(asked: bool | None, expected: bool) -> None:
    assert is_served(asked, StringIO()) is expected
