"""Faults of the tracker's answers, at any request, by name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from aiohttp import web

from syncer.clock import Clock
from syncer.connect.testing.server import (
    Fault,
    Handler,
    RecordedRequest,
    answer,
    cut_off,
    login_page,
    rate_limited,
    reset,
    truncated_json,
    with_headers,
)
from tests.convergence.site import Site
from tests.convergence.tally import Tally

ANYWHERE: Final = "*"
PATHS: Final = (ANYWHERE, ANYWHERE, "*/search*", "*/issue/*", "*/project*", "*/myself")

_MADE: Final[dict[str, Callable[[Clock], Fault]]] = {
    "429": lambda _clock: rate_limited(2),
    "429 untold": lambda _clock: rate_limited(None),
    "429 date": lambda clock: rate_limited(clock.now() + timedelta(seconds=40)),
    "429 for ages": lambda _clock: rate_limited(1_000_000_000),
    "200 and wait": lambda _clock: with_headers({"Retry-After": "3"}),
    "500": lambda _clock: answer(500, body="{}"),
    "502 page": lambda _clock: answer(502, body="<html></html>", content_type="text/html"),
    "503": lambda _clock: answer(503, headers={"Retry-After": "1"}),
    "reset": lambda _clock: reset(),
    "truncated": lambda _clock: truncated_json(),
    "cut off": lambda _clock: cut_off(),
    "login page": lambda _clock: login_page(),
    "403": lambda _clock: answer(403, body='{"errorMessages":["No permission."]}'),
    "null": lambda _clock: answer(200, body="null"),
}
NAMES: Final = tuple(_MADE)


def strike(site: Site, name: str, *, skip: int, times: int, path: str, tally: Tally) -> None:
    """Let a fault answer `times` requests to a path, after `skip` that pass."""
    made = _MADE[name](site.clock)

    async def counted(request: web.Request, handler: Handler) -> web.StreamResponse:
        tally.count("fault", name)
        return await made(request, handler)

    passed = 0

    def late_enough(_request: RecordedRequest) -> bool:
        nonlocal passed
        passed += 1
        return passed > skip

    site.jira.server.fail(counted, times=times, path=path, when=late_enough)


def expire(site: Site, span: timedelta, tally: Tally) -> None:
    """Refuse the token for a while, by the tracker's own clock."""
    until = site.clock.now() + span
    refused = answer(401, body='{"message":"Client must be authenticated"}')

    async def counted(request: web.Request, handler: Handler) -> web.StreamResponse:
        tally.count("fault", "401")
        return await refused(request, handler)

    site.jira.server.fail(counted, times=None, when=lambda _request: site.clock.now() < until)
