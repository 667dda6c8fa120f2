"""The demo's world behind the pages, made once."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from syncer.clock import FixedClock
from syncer.demo.clock import AS_OF
from syncer.demo.run import make_demo
from syncer.service.core import Service
from syncer.service.reading import StoreReader
from syncer.settings.load import load_settings
from tests.web.pages.site import served


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration of the demo's store, with two past editions."""
    folder = tmp_path_factory.mktemp("pages-demo")
    return asyncio.run(make_demo(folder / "demo", past_editions=2)).configuration


@pytest.fixture(scope="session")
def site(demo: Path) -> Iterator[str]:
    """The address of the demo's pages."""

    async def opened(stack: AsyncExitStack) -> StoreReader:
        service = Service(load_settings(demo, {}), clock=FixedClock(AS_OF))
        await stack.enter_async_context(service)
        reader = StoreReader(service)
        stack.push_async_callback(reader.aclose)
        return reader

    with served(opened) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a module: while it runs, asyncio's loop of this thread is Playwright's."""
    found = os.environ.get("SYNCER_TEST_CHROMIUM") or shutil.which("chromium") or ""
    if not found or not Path(found).exists():
        message = "no Chromium: install one, or name it in SYNCER_TEST_CHROMIUM"
        if os.environ.get("SYNCER_REQUIRE_BROWSER") == "1":
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()
