"""Servers on loopback and a clock that only moves when somebody sleeps."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from syncer.connect.exchange import Limits
from syncer.connect.http import HttpClient

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
TOKEN = "tok-5b1c-secret"


@dataclass
class SleepingClock:
    """A clock that stands still but for what is slept."""

    instant: datetime = NOON
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.instant

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.instant += timedelta(seconds=seconds)


Reply = Callable[[web.Request], web.StreamResponse | Awaitable[web.StreamResponse]]


@dataclass
class Script:
    """Gives its replies one after the other, the last one for ever, and notes each request."""

    clock: SleepingClock
    replies: list[Reply]
    asked: list[web.Request] = field(default_factory=list)
    at: list[datetime] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        self.at.append(self.clock.now())
        reply = self.replies[min(len(self.asked), len(self.replies)) - 1](request)
        return reply if isinstance(reply, web.StreamResponse) else await reply


def says(value: Any = None, status: int = 200, **headers: str) -> Reply:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return lambda _: web.json_response(value or {}, status=status, headers=named)


def sends(
    body: bytes,
    content_type: str = "application/json",
    charset: str | None = None,
    status: int = 200,
) -> Reply:
    return lambda _: web.Response(
        body=body, content_type=content_type, charset=charset, status=status
    )


@asynccontextmanager
async def asking(
    *replies: Reply, limits: Limits | None = None, **options: Any
) -> AsyncIterator[tuple[HttpClient, Script]]:
    """A client of a scripted server."""
    script = Script(SleepingClock(), list(replies))
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", script.handle)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        yield (
            HttpClient(
                session,
                str(server.make_url("")).rstrip("/"),
                limits=limits,
                clock=script.clock,
                sleep=script.clock.sleep,
                jitter=lambda: 0.0,
                **{"auth": lambda: {"Authorization": f"Bearer {TOKEN}"}, **options},
            ),
            script,
        )
