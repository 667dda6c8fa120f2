"""Shows the demo's editions in a browser, on this machine only."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from html import escape
from pathlib import Path
from typing import Final

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}


async def serve_editions(folder: Path, *, tell: Callable[[str], None]) -> None:
    """Serve the HTML editions of a folder on a free loopback port until cancelled."""
    app = web.Application()
    app.router.add_get("/", _index(folder))
    app.router.add_get("/{name}", _edition(folder))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        tell(f"The editions: http://127.0.0.1:{runner.addresses[0][1]}/ (end with Ctrl-C)")
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


def _names(folder: Path) -> list[str]:
    return sorted((path.stem for path in folder.glob("*.html")), reverse=True)


def _index(folder: Path) -> Handler:
    async def handler(_request: web.Request) -> web.StreamResponse:
        names = await asyncio.to_thread(_names, folder)
        rows = "".join(f'<li><a href="/{escape(n)}">{escape(n)}</a></li>' for n in names)
        return _page(f"<!DOCTYPE html><title>Editions</title><h1>Editions</h1><ul>{rows}</ul>")

    return handler


def _edition(folder: Path) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in await asyncio.to_thread(_names, folder):
            raise web.HTTPNotFound
        path = folder / f"{name}.html"
        return _page(await asyncio.to_thread(path.read_text, encoding="utf-8"))

    return handler


def _page(html: str) -> web.Response:
    return web.Response(text=html, content_type="text/html", headers=_HEADERS)
