"""The pages served from a thread of their own, so that a browser of this process can read them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager

from aiohttp import web

from syncer.web.pages.app import pages_app
from syncer.web.pages.reader import Reader

PATHS = ("/", "/?live=1", "/editions", "/items", "/sources", "/how-colours-work")

Opened = Callable[[AsyncExitStack], Awaitable[Reader]]


@contextmanager
def served(open_reader: Opened) -> Iterator[str]:
    """The address at which the pages of a reader answer; `open_reader` runs in their thread."""
    loop, ready, address = asyncio.new_event_loop(), threading.Event(), []
    stop = asyncio.Event()

    async def serve() -> None:
        async with AsyncExitStack() as stack:
            runner = web.AppRunner(pages_app(await open_reader(stack)), access_log=None)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            address.append(f"http://127.0.0.1:{runner.addresses[0][1]}")
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(120)
        yield address[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        loop.close()
