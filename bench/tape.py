"""What a tracker answered, kept, so that any client can be given the same again and at once.

Simulators are made to be true, not fast: measured beside one, every client would look alike. So a
full sync is recorded once through a proxy, and what is measured reads the recording.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import aiohttp
import msgspec
from aiohttp import web

_LEFT_OUT: Final = frozenset(
    {"connection", "content-encoding", "content-length", "date", "server", "transfer-encoding"}
)
_SENT: Final = frozenset(
    {"accept", "authorization", "content-type", "private-token", "x-redmine-api-key"}
)
_LARGEST: Final = 64 * 2**20


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Call(msgspec.Struct, frozen=True):
    """One request, and what was answered."""

    method: str
    path: str
    sent: bytes
    headers: dict[str, str]
    status: int
    told: dict[str, str]
    body: bytes


class Tape(msgspec.Struct):
    """All that was asked, in the order of the answers; `url` is where it is to be served."""

    url: str
    calls: list[Call]


def key_of(method: str, path: str, sent: bytes) -> str:
    """What tells one request from another; credentials play no part."""
    return f"{method} {path} {hashlib.blake2b(sent, digest_size=16).hexdigest()}"


@dataclass(slots=True)
class Recorder:
    """A proxy before a tracker that keeps what passes; `url` is where it answers."""

    session: aiohttp.ClientSession
    behind: str
    url: str = ""
    calls: list[Call] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        """Hand a request on, and keep the answer, in which the tracker's address is ours."""
        sent = await request.read()
        headers = {k: v for k, v in request.headers.items() if k.lower() in _SENT}
        async with self.session.request(
            request.method, f"{self.behind}{request.raw_path}", data=sent, headers=headers
        ) as answer:
            call = Call(
                method=request.method,
                path=request.raw_path,
                sent=sent,
                headers=headers,
                status=answer.status,
                told={k: self._ours(v) for k, v in answer.headers.items() if _is_kept(k)},
                body=(await answer.read()).replace(self.behind.encode(), self.url.encode()),
            )
        self.calls.append(call)
        return reply(call)

    def _ours(self, text: str) -> str:
        return text.replace(self.behind, self.url)


def _is_kept(header: str) -> bool:
    return header.lower() not in _LEFT_OUT


def reply(call: Call) -> web.Response:
    """The answer as it came."""
    return web.Response(status=call.status, headers=call.told, body=call.body)


@asynccontextmanager
async def recording(behind: str) -> AsyncGenerator[Recorder]:
    """A recorder before the tracker at an address."""
    async with aiohttp.ClientSession() as session:
        recorder = Recorder(session, behind)
        async with serving(recorder.answer) as recorder.url:
            yield recorder


@asynccontextmanager
async def serving(handler: Handler, *, port: int = 0) -> AsyncGenerator[str]:
    """A server on loopback that lets one handler answer everything; its address."""
    app = web.Application(client_max_size=_LARGEST)
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
