"""The read-only pages: routes, headers, errors in the pages' own style."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from traceback import format_exception
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from syncer.errors import SyncerError
from syncer.log import get_logger
from syncer.web import security
from syncer.web.pages.handlers import READER, Pages
from syncer.web.pages.reader import Reader
from syncer.web.pages.render import FOLDER, render

HEADERS: Final = {
    **security.HEADERS,
    "X-Frame-Options": "DENY",
    "Cache-Control": "private, no-cache",
}
"""What every answer carries, unless it says otherwise itself."""

_LOG: Final = get_logger(__name__)
_STATIC: Final = {"pages.css": "text/css", "icon.svg": "image/svg+xml"}
OPEN_PATHS: Final = frozenset(f"/static/{name}" for name in _STATIC)
"""What tells nothing of anybody's work, and makes even a refusal readable."""
_WORDS: Final = {
    401: ("Please sign in", "These pages are not open to everybody."),
    403: ("Not for you", "You may not read this page."),
    404: ("There is no such page", "It may have been renamed, or it is not for these pages."),
    405: ("That cannot be done here", "These pages are only for reading."),
}


def pages_app(reader: Reader, *, middlewares: Sequence[Middleware] = ()) -> web.Application:
    """The pages over a reader, to be served by itself or beside other routes of one listener.

    `middlewares` (such as the one that asks for a token) work inside of ours, so that what they
    refuse is told in the pages' style and every answer carries `HEADERS`.
    """
    app = web.Application(middlewares=[_dressed, *middlewares])
    app[READER] = reader
    pages = Pages(reader)
    app.add_routes(
        [
            web.get("/", pages.home),
            web.get("/editions", pages.editions),
            web.get("/editions/{audience}/{edition}", pages.edition),
            web.get(r"/editions/{audience}/{edition}/v{version:[1-9]\d{0,5}}", pages.edition),
            web.get("/preview/{audience}", pages.preview),
            web.get("/programs/{key:.+}", pages.program),
            web.get("/products/{key:.+}", pages.product),
            web.get("/projects/{key:.+}", pages.project),
            web.get("/why/{scope:.+}", pages.why),
            web.get("/items", pages.items),
            web.get("/items/{uid:.+}", pages.item),
            web.get("/sources", pages.sources),
            web.get("/how-colours-work", pages.colours),
            web.get("/static/{name}", _static),
            web.get("/favicon.ico", _icon),
        ]
    )
    return app


@web.middleware
async def _dressed(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer errors in the pages' style, without a traceback, and put the headers on everything."""
    try:
        response = await handler(request)
        if response.status in _WORDS and response.content_type == "text/plain":
            response = _refusal(response)
    except web.HTTPException as error:
        response = _refusal(error)
    except SyncerError as error:  # it may name the database's place: that is for the log alone
        _LOG.error("pages.unreadable", path=request.path, error=str(error))
        response = error_page(
            503, "Nothing can be read just now", "The database does not answer. Try again soon."
        )
    except Exception as error:  # noqa: BLE001  the last resort: told in the log, never to a reader
        _LOG.error("pages.failed", path=request.path, error="".join(format_exception(error)))
        response = error_page(500, "Something went wrong here", "It has been noted in the log.")
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _refusal(error: web.StreamResponse) -> web.StreamResponse:
    """A refusal as a page; a redirect stays what it is."""
    if error.status < 400:  # noqa: PLR2004  redirects
        return web.Response(status=error.status, headers=error.headers)
    title, text = _WORDS.get(error.status, (error.reason or "Refused", ""))
    page = error_page(error.status, title, text)
    for name in ("WWW-Authenticate", "Allow", "Retry-After"):
        if name in error.headers:
            page.headers[name] = error.headers[name]
    return page


def error_page(status: int, title: str, text: str) -> web.Response:
    """An error in the pages' style: plain words, no detail of the inside."""
    html = render("error", status=status, title=title, words=text)
    return web.Response(status=status, text=html, content_type="text/html")


async def _static(request: web.Request) -> web.StreamResponse:
    """One of our own files by its very name; there is no way to any other."""
    name = request.match_info["name"]
    if name not in _STATIC:
        raise web.HTTPNotFound
    body = await asyncio.to_thread((FOLDER / "static" / name).read_text, encoding="utf-8")
    headers = {"Cache-Control": "public, max-age=300"}
    return web.Response(text=body, content_type=_STATIC[name], headers=headers)


async def _icon(_request: web.Request) -> web.StreamResponse:
    raise web.HTTPMovedPermanently("/static/icon.svg")
