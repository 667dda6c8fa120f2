"""A listener that nobody can hold up: aiohttp's server with deadlines, caps and short words.

aiohttp closes a connection that stays idle, or whose request line and headers do not come to an
end, after its keep-alive time; that is the header deadline here. It has no bound on connections and
none on clients that do not read their answer, and it logs whole tracebacks for nonsense: those are
added (spec/reliability.md section 2).
"""

from __future__ import annotations

import asyncio
import resource
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address, ip_network
from types import TracebackType
from typing import Any, Final, Self

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from syncer.errors import ConfigError
from syncer.log import get_logger

_LOG: Final = get_logger(__name__)
SERVER: Final[Mapping[str, str]] = {"Server": "syncer"}
"""Instead of the versions of Python and aiohttp, which are nobody's business."""

_IPV6_CUSTOMER: Final = 64
_BACKLOG: Final = 128
_BUSY: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\nConnection: close\r\n"
    b"Content-Length: 0\r\n\r\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one listener bears. Times in seconds, sizes in bytes.

    `header_seconds`: until a request's headers must be there, and how long a connection may idle.
    `answer_seconds`: until a client must have read its answer. `linger_seconds`: how long the rest
    of a refused request is read and thrown away, so that the client sees the refusal.
    `connections`: in all, never more than half of the process's file descriptors; `per_address`:
    from one IPv4 address or IPv6 network of 64 bits. `stop_seconds`: what requests in work get at
    the end.
    """

    header_seconds: float = 10
    answer_seconds: float = 15
    linger_seconds: float = 1
    connections: int = 500
    per_address: int = 200
    stop_seconds: float = 5
    line_bytes: int = 8190
    headers: int = 100
    header_bytes: int = 8190


@dataclass(slots=True)
class _Open:
    """A connection that stands, and since when its answer waits to be read (None: it does not)."""

    transport: asyncio.Transport
    address: str
    waits_since: float | None = None


@dataclass(slots=True)
class _Door:
    """Who is connected, and who may yet come in."""

    limits: Limits
    headers: Mapping[str, str]
    connections: int
    open: dict[object, _Open] = field(default_factory=dict)
    per_address: Counter[str] = field(default_factory=Counter)

    def enter(self, who: object, transport: asyncio.Transport) -> bool:
        """Let a connection in, if there is room for it."""
        address = _customer(transport.get_extra_info("peername"))
        full = len(self.open) >= self.connections
        if full or self.per_address[address] >= self.limits.per_address:
            return False
        self.open[who] = _Open(transport, address)
        self.per_address[address] += 1
        return True

    def leave(self, who: object) -> None:
        """Forget a connection."""
        gone = self.open.pop(who, None)
        if gone is not None:
            self.per_address[gone.address] -= 1
            self.per_address += Counter()  # drops those at zero

    def end_stalled(self, now: float) -> None:
        """Break off connections whose client has not read its answer in time."""
        for one in list(self.open.values()):
            if not one.transport.get_write_buffer_size():
                one.waits_since = None
            elif one.waits_since is None:
                one.waits_since = now
            elif now - one.waits_since >= self.limits.answer_seconds:
                one.transport.abort()


def _customer(peer: Any) -> str:  # noqa: ANN401  depends on the family of the socket
    """What counts as one address: an IPv6 customer has a network of 64 bits."""
    host = str(peer[0]) if peer else ""
    with suppress(ValueError):
        address = ip_address(host.partition("%")[0])
        if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
            return str(ip_network((address, _IPV6_CUSTOMER), strict=False))
    return host


class _Connection(web.RequestHandler):
    """aiohttp's side of one connection, let in by the door and short of words."""

    __slots__ = ("_door",)

    def __init__(self, server: web.Server, door: _Door, loop: asyncio.AbstractEventLoop) -> None:
        limits = door.limits
        super().__init__(
            server,
            loop=loop,
            keepalive_timeout=limits.header_seconds,
            lingering_time=limits.linger_seconds,
            max_line_size=limits.line_bytes,
            max_headers=limits.headers,
            max_field_size=limits.header_bytes,
            access_log=None,  # type: ignore[arg-type]  # None turns it off
            auto_decompress=False,  # nobody sends us compressed bodies, and bombs are (A21)
        )
        self._door = door

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to serve, or turn away at once where there is no room."""
        if not isinstance(transport, asyncio.Transport) or not self._door.enter(self, transport):
            _turn_away(transport)
            return
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """End."""
        known = self in self._door.open
        self._door.leave(self)
        if known:
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless turned away."""
        if self in self._door.open:
            super().data_received(data)

    def handle_error(  # noqa: PLR0917  aiohttp's signature
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002  aiohttp's words repeat what was sent
    ) -> web.StreamResponse:
        """A constant answer, and one short line that repeats nothing of what was sent."""
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            _LOG.error("a request failed", path=request.path[:200], exc_info=exc)
        else:
            _LOG.debug("a request was not understood", status=status, error=type(exc).__name__)
        return plain_answer(status, headers=self._door.headers, close=True)

    def log_exception(self, *args: Any, **_: Any) -> None:  # noqa: ANN401  aiohttp's signature
        """One short line instead of a traceback."""
        _LOG.warning("a connection failed", what=str(args[0]) if args else "")


def _turn_away(transport: asyncio.BaseTransport) -> None:
    if isinstance(transport, asyncio.WriteTransport):
        transport.write(_BUSY)
    transport.close()


def plain_answer(
    status: int, *, headers: Mapping[str, str] | None = None, close: bool = False
) -> web.Response:
    """An answer that says nothing but its status; `close` ends the connection with it."""
    body, told = _words(status)
    answer = web.Response(
        status=status, body=body, headers={**told, **headers} if headers else told
    )
    if close:
        answer.force_close()
    return answer


@cache
def _words(status: int) -> tuple[bytes | None, Mapping[str, str]]:
    """The body of such an answer, and its headers."""
    if status == HTTPStatus.NO_CONTENT:
        return None, SERVER
    kind = {"Content-Type": "text/plain; charset=utf-8"}
    return f"{status} {HTTPStatus(status).phrase}\n".encode(), {**SERVER, **kind}


@dataclass(frozen=True, slots=True, kw_only=True)
class BareApp:
    """An application without routes and middlewares: one handler, and what closes it.

    Where somebody waits for every answer, aiohttp's own way from request to handler costs too much.
    """

    handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
    close: Callable[[], Awaitable[None]]


def refuse_proxying(request: web.BaseRequest) -> web.Response | None:
    """The refusal to be a proxy (A28); None for a request that means ourselves."""
    if request.method == hdrs.METH_CONNECT:
        return plain_answer(HTTPStatus.METHOD_NOT_ALLOWED, close=True)
    if not request.raw_path.startswith("/"):
        return plain_answer(HTTPStatus.BAD_REQUEST, close=True)
    return None


@web.middleware
async def plainly(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The middleware that refuses to be a proxy, and says no more than needed (A28)."""
    refusal = refuse_proxying(request)
    if refusal is not None:
        return refusal
    try:
        return await handler(request)
    except web.HTTPException as error:
        allowed = error.headers.get(hdrs.ALLOW)
        return plain_answer(error.status, headers={"Allow": allowed} if allowed else None)


class Listener:
    """One application on one address, from `start` to `stop`.

    `listen` is `host:port`; with port 0 the system chooses one, told by `address`. `headers` stand
    on the answers to requests that no application sees, because they are no HTTP.
    """

    def __init__(
        self,
        app: web.Application | BareApp,
        listen: str,
        *,
        limits: Limits | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.limits = limits if limits is not None else Limits()
        host, _, port = listen.rpartition(":")
        self._host, self._port = host.strip("[]"), int(port)
        self._app = app
        self._runner: web.BaseRunner | None = None
        self._door = _Door(self.limits, headers or {}, _bearable(self.limits.connections))
        self._server: asyncio.Server | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port: once started, the real one."""
        if self._server is not None and self._server.sockets:
            return int(self._server.sockets[0].getsockname()[1])
        return self._port

    @property
    def address(self) -> str:
        """`host:port`, with the real port once started."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{host}:{self.port}"

    @property
    def connections(self) -> int:
        """How many connections stand."""
        return len(self._door.open)

    async def start(self) -> str:
        """Listen; returns the address. `ConfigError` where it is taken or not ours."""
        self._runner = runner = self._new_runner()
        await runner.setup()
        server, loop = runner.server, asyncio.get_running_loop()
        if server is None:
            raise RuntimeError("the application was not set up")
        try:
            self._server = await loop.create_server(
                lambda: _Connection(server, self._door, loop),
                self._host,
                self._port,
                # So many are accepted at one go, before those beyond the cap are closed again.
                backlog=max(1, min(_BACKLOG, self._door.connections // 4)),
            )
        except OSError as error:
            await self._close_app()
            raise ConfigError(
                f"Cannot listen on {self.address}: {error.strerror or 'no such address'}.",
                fix="Stop the program that has it, or set another `listen`.",
            ) from None
        self._watch = asyncio.create_task(self._end_stalled(), name=f"watch {self.address}")
        return self.address

    async def stop(self) -> None:
        """Take no more, let requests in work end, and close within `stop_seconds`."""
        if self._server is not None:
            self._server.close()
        await self._close_app()
        for one in list(self._door.open.values()):
            one.transport.abort()
        if self._watch is not None:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch

    def _new_runner(self) -> web.BaseRunner:
        seconds = self.limits.stop_seconds / 2
        if isinstance(self._app, BareApp):
            return web.ServerRunner(web.Server(self._app.handler), shutdown_timeout=seconds)
        return web.AppRunner(self._app, shutdown_timeout=seconds)

    async def _close_app(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        if isinstance(self._app, BareApp):
            await self._app.close()

    async def _end_stalled(self) -> None:
        pause = min(1.0, self.limits.answer_seconds / 4)
        while True:
            await asyncio.sleep(pause)
            self._door.end_stalled(asyncio.get_running_loop().time())

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()


def _bearable(wanted: int) -> int:
    """As many connections as wanted, but half of the descriptors are for files and databases."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return wanted if soft == resource.RLIM_INFINITY else min(wanted, soft // 2)
