"""A programmable fake tracker: a real HTTP server on loopback that misbehaves on demand.

A simulator gives it routes; a test scripts faults for the next requests and reads what was
asked. It knows no vendor and no test framework.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from fnmatch import fnmatchcase
from types import TracebackType
from typing import Final, Protocol, Self

from aiohttp import web
from pydantic import SecretStr

from syncer.clock import Clock, as_utc
from syncer.connect.testing.delivery import Delivery, HookAction
from syncer.connect.testing.world import World

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Fault = Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]
"""Answers a request instead of its handler, which it may still call."""

LOGIN_PAGE: Final = (
    "<!DOCTYPE html><html><head><title>Log in</title></head>"
    "<body><form action='/login' method='post'><input name='user'></form></body></html>"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The account whose credentials a fake tracker accepts; the values are made up.

    `schemes` are the ways in which they may be sent: `Basic` as user and secret, any other one
    (`Bearer`, `token`) as the secret alone.
    """

    user: str = "bot@example.com"
    secret: str = field(default="made-up-secret", repr=False)
    schemes: tuple[str, ...] = ("Basic",)

    def accepts(self, authorization: str) -> bool:
        """Whether an `Authorization` header holds exactly these credentials."""
        sent = authorization.encode("utf-8", "replace")
        return any(hmac.compare_digest(self._header(scheme), sent) for scheme in self.schemes)

    def _header(self, scheme: str) -> bytes:
        secret = self.secret.encode()
        if scheme == "Basic":
            secret = base64.b64encode(self.user.encode() + b":" + secret)
        return scheme.encode() + b" " + secret


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRequest:
    """One request as it came in. `route` is the pattern that it matched, empty for none."""

    method: str
    path: str
    route: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class _Script:
    """A fault with the requests that it is for; `left` None means: for ever."""

    fault: Fault
    when: Callable[[RecordedRequest], bool]
    left: int | None

    def claims(self, request: RecordedRequest) -> bool:
        """Use the fault up for this request, if it is meant for it and not yet used up."""
        if self.left == 0 or not self.when(request):
            return False
        if self.left is not None:
            self.left -= 1
        return True


class Simulator(Protocol):
    """What an entry point of the group `syncer.simulators` is.

    An asynchronous context manager that serves while it is open. `containers` are those of the
    world's containers that live on this tracker, None for all; `foreign_url` gives the address of
    an item that lives on another one. `url` and `account` tell a connector where to go and as whom.
    """

    def __init__(
        self,
        world: World,
        clock: Clock,
        *,
        containers: Collection[str] | None = None,
        foreign_url: Callable[[str], str] | None = None,
    ) -> None: ...

    @property
    def url(self) -> str:
        """The base URL, without a final slash."""
        ...

    @property
    def account(self) -> Account:
        """The credentials that are accepted."""
        ...

    def item_url(self, item_id: str) -> str:
        """The address at which people see an item of this tracker."""
        ...

    def delivery(self, item_id: str, action: HookAction, *, secret: SecretStr) -> Delivery:
        """The webhook that tells what just happened to an item, as this tracker would send it."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class FakeTracker:
    """A loopback server with routes, faults and a memory of what was asked.

    Use it as an asynchronous context manager. `account` None lets everybody in; paths in
    `open_paths` (globs) need no credentials; `admitted` are further `Authorization` headers that
    are let in, such as those of tokens that it gave out. `unauthorised` answers those who have
    none. With a `clock` every answer bears its time as `Date`, as a tracker's answers bear the
    tracker's; those to `machine_time_paths` (globs) bear the machine's time instead.
    """

    def __init__(
        self,
        *,
        account: Account | None = None,
        open_paths: tuple[str, ...] = (),
        clock: Clock | None = None,
    ) -> None:
        self.requests: list[RecordedRequest] = []
        self.on_request: list[Callable[[RecordedRequest], None]] = []
        self.unauthorised: Fault = answer(401, body='{"message":"Client must be authenticated"}')
        self.account = account
        self.admitted: set[str] = set()
        self.machine_time_paths: set[str] = set()
        self._clock = clock
        self._open_paths = open_paths
        self._faults: list[_Script] = []
        self._routes: list[tuple[str, str, Handler]] = []
        self._runner: web.AppRunner | None = None
        self._port = 0
        self._answering: set[asyncio.Future[web.StreamResponse]] = set()

    @property
    def url(self) -> str:
        """The base URL. `RuntimeError` before the server runs."""
        if not self._port:
            raise RuntimeError("the fake tracker is not running")
        return f"http://127.0.0.1:{self._port}"

    def route(self, methods: str, path: str, handler: Handler) -> None:
        """Serve a path (aiohttp's pattern) for space-separated methods. Call before the start."""
        self._routes += [(method, path, handler) for method in methods.split()]

    def fail(
        self,
        fault: Fault,
        *,
        times: int | None = 1,
        path: str = "*",
        when: Callable[[RecordedRequest], bool] | None = None,
    ) -> None:
        """Answer the next `times` requests (None: all) with a fault.

        Only requests count whose path matches the glob and for which `when` says yes. Faults
        are tried in the order in which they were scripted.
        """

        def matches(request: RecordedRequest) -> bool:
            return fnmatchcase(request.path, path) and (when is None or when(request))

        self._faults.append(_Script(fault, matches, times))

    def recover(self) -> None:
        """Forget all faults."""
        self._faults.clear()

    def count(self, path: str = "*", *, method: str = "*") -> int:
        """How many requests came to paths (or routes) that match the glob."""
        return sum(
            (fnmatchcase(r.path, path) or r.route == path) and fnmatchcase(r.method, method)
            for r in self.requests
        )

    def forget_requests(self) -> None:
        """Begin counting anew."""
        self.requests.clear()

    async def start(self, port: int = 0) -> None:
        """Listen on a free loopback port, or on the given one (to come back after a stop)."""

        @web.middleware
        async def receive(request: web.Request, handler: Handler) -> web.StreamResponse:
            return self._dated(request, await self._receive(request, handler))

        app = web.Application(middlewares=[receive])
        for method, path, handler in self._routes:
            app.router.add_route(method, path, handler)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self._port = int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Stop listening and drop what hangs."""
        for task in tuple(self._answering):
            task.cancel()
        if self._runner is not None:
            await self._runner.cleanup()
        self._runner, self._port = None, 0

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def _receive(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Record the request, then let a fault, the door or the handler answer it."""
        recorded = await _record(request)
        self.requests.append(recorded)
        for hook in self.on_request:
            hook(recorded)
        for script in self._faults:
            if script.claims(recorded):
                return await self._until_stop(script.fault(request, handler))
        if not self._lets_in(request):
            return await self.unauthorised(request, handler)
        return await handler(request)

    def _dated(self, request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        """The answer with the clock's time; where it has none, aiohttp puts in the machine's."""
        by_machine = any(fnmatchcase(request.path, path) for path in self.machine_time_paths)
        if self._clock is not None and not by_machine and not response.prepared:
            response.headers.setdefault("Date", format_datetime(self._clock.now(), usegmt=True))
        return response

    async def _until_stop(self, answering: Awaitable[web.StreamResponse]) -> web.StreamResponse:
        """Wait for an answer that may never come, but not beyond the server's stop."""
        task = asyncio.ensure_future(answering)
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)
        return await task

    def _lets_in(self, request: web.Request) -> bool:
        if self.account is None or any(fnmatchcase(request.path, p) for p in self._open_paths):
            return True
        sent = request.headers.get("Authorization", "")
        return sent in self.admitted or self.account.accepts(sent)


async def _record(request: web.Request) -> RecordedRequest:
    resource = request.match_info.route.resource
    return RecordedRequest(
        method=request.method,
        path=request.path,
        route=resource.canonical if resource is not None else "",
        query=dict(request.query),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=await request.read(),
    )


# --- faults ---------------------------------------------------------------------------------------


def answer(
    status: int,
    *,
    body: str | bytes = b"",
    headers: Mapping[str, str] | None = None,
    content_type: str = "application/json",
) -> Fault:
    """Answer with exactly this."""
    raw = body.encode() if isinstance(body, str) else body

    async def fault(_request: web.Request, _handler: Handler) -> web.StreamResponse:
        return web.Response(status=status, body=raw, headers=headers, content_type=content_type)

    return fault


def login_page(status: int = 200) -> Fault:
    """Answer with a login page, as single sign-on in front of a tracker does."""
    return answer(status, body=LOGIN_PAGE, content_type="text/html")


def rate_limited(
    retry_after: int | datetime | None = 1,
    *,
    status: int = 429,
    headers: Mapping[str, str] | None = None,
) -> Fault:
    """Ask for a pause: `Retry-After` as seconds, as an HTTP date, or not at all."""
    told = dict(headers or {})
    if isinstance(retry_after, datetime):
        told["Retry-After"] = format_datetime(as_utc(retry_after), usegmt=True)
    elif retry_after is not None:
        told["Retry-After"] = str(retry_after)
    return answer(status, body='{"errorMessages":["Rate limit exceeded."]}', headers=told)


def with_headers(headers: Mapping[str, str]) -> Fault:
    """Let the handler answer and add headers: `Retry-After` on a 200, for instance."""

    async def fault(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        response.headers.update(headers)
        return response

    return fault


def truncated_json() -> Fault:
    """Answer with the first half of the true body, in a well-formed HTTP answer."""

    async def fault(request: web.Request, handler: Handler) -> web.StreamResponse:
        whole = await _whole_body(request, handler)
        return web.Response(body=whole[: len(whole) // 2], content_type="application/json")

    return fault


def cut_off() -> Fault:
    """Promise the true body, send the first half and drop the connection."""

    async def fault(request: web.Request, handler: Handler) -> web.StreamResponse:
        whole = await _whole_body(request, handler)
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        response.content_length = len(whole)
        await response.prepare(request)
        await response.write(whole[: len(whole) // 2])
        _drop(request)
        return response

    return fault


def hang() -> Fault:
    """Never answer; the server's stop ends it."""

    async def fault(_request: web.Request, _handler: Handler) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError("nobody sets this event")

    return fault


def reset() -> Fault:
    """Drop the connection without an answer. Some clients then repeat a GET by themselves."""

    async def fault(request: web.Request, _handler: Handler) -> web.StreamResponse:
        _drop(request)
        return web.Response()

    return fault


async def _whole_body(request: web.Request, handler: Handler) -> bytes:
    response = await handler(request)
    if not isinstance(response, web.Response) or not isinstance(response.body, bytes):
        raise TypeError("only an answer with a plain body can be cut")
    return response.body


def _drop(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
