"""The door for trackers' webhooks: `POST /hooks/<endpoint>`, `/livez`, `/readyz`, nothing else.

A delivery is answered with 2xx only once it is kept, and with 503 while it cannot be: never with a
4xx, which would make trackers give up (spec/reliability.md P1). Whatever cannot prove where it
comes from gets one and the same 401, after the same work, whether the endpoint exists or not; no
database is asked before that (spec/attacks.md A19, A72). The address in a request's headers is
believed by nobody: signatures count with the configured one (A17, A29).
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache, partial
from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web
from pydantic import SecretStr

from syncer.clock import Clock, SystemClock
from syncer.connect.protocol import HookReply, HookRequest
from syncer.connect.signing import signed_hex
from syncer.errors import ConfigError, SyncerError
from syncer.log import get_logger
from syncer.store.inbox import Arrival, InboxState
from syncer.web.bodies import (
    OLD_HTTP,
    Bodies,
    BodyLimits,
    Refusal,
    invite,
    lowered,
    refuse_malformed,
)
from syncer.web.server import BareApp, plain_answer, refuse_proxying

RETRY_AFTER: Final = 30
"""Seconds after which a tracker should try again what could not be kept."""

_LOG: Final = get_logger(__name__)
_HOOKS: Final = "/hooks/"
_READING: Final = (hdrs.METH_GET, hdrs.METH_HEAD)
_IN_LINE: Final = 64 * 1024
_READY_SECONDS: Final = 1
_TOLD: Final[Mapping[int, Mapping[str, str]]] = {
    503: {"Retry-After": str(RETRY_AFTER)},
    405: {"Allow": hdrs.METH_POST},
}
_SECRET: Final = re.compile("authorization|cookie|token|secret|password|api-key|jwt")
_NOBODY: Final = SecretStr(secrets.token_urlsafe(32))


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One connection's way in; made by `open_endpoint`.

    `url` is its public address as configured; `receive` verifies and reads one delivery, holding
    the secrets.
    """

    connection: str
    url: str
    receive: Callable[[HookRequest], HookReply]


class Unavailable(SyncerError):
    """A delivery cannot be kept now: the database is down, busy or full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HookContext:
    """Everything that the door is handed in.

    `endpoint` finds an endpoint by its id, None for unknown and disabled ones. `accept` keeps a
    delivery and returns once it is committed: True, or False where it was known; it raises
    `Unavailable` (or another `SyncerError`) where that cannot be. `ready` tells whether deliveries
    can be kept now. `outcome` is told each connection (empty: none) and what became of a request:
    accepted, known, ignored, unreadable, refused, unavailable, or a word of `Refusal`. `refused` is
    told the connection of each delivery with a wrong signature. Keeping a delivery may take
    `answer_seconds` (GitHub waits ten for the answer), and `most_waiting` may wait for it at one
    time. `clock` tells when a delivery came in, for signatures that expire.
    """

    endpoint: Callable[[str], Endpoint | None]
    accept: Callable[[Arrival], Awaitable[bool]]
    ready: Callable[[], Awaitable[bool]]
    outcome: Callable[[str, str], None] = lambda _connection, _word: None
    refused: Callable[[str], None] = lambda _connection: None
    limits: BodyLimits = field(default_factory=BodyLimits)
    answer_seconds: float = 8
    most_waiting: int = 200
    clock: Clock = field(default_factory=SystemClock)


def open_endpoint(
    connection: str,
    *,
    url: str,
    receive: Callable[[HookRequest, Sequence[SecretStr]], HookReply],
    secrets: Sequence[SecretStr],
) -> Endpoint:
    """The endpoint of a connection; `receive` is its connector's, `secrets` the newest first.

    `ConfigError` where no secret is configured: it would have to believe everybody (A6).
    """
    if not secrets or not all(secret.get_secret_value() for secret in secrets):
        raise ConfigError(
            f"The connection {connection} takes no webhooks: no webhook secret is configured.",
            fix="Set webhook_secret_env or webhook_secret_file, and the same at the tracker.",
        )
    known = tuple(secrets)
    return Endpoint(connection=connection, url=url, receive=lambda request: receive(request, known))


def hooks_app(context: HookContext) -> BareApp:
    """The application of the hooks listener."""
    door, readiness = _Door(context), _Readiness(context.ready)
    probes = {"/livez": _alive, "/readyz": readiness.answer}

    async def handle(request: web.BaseRequest) -> web.Response:
        refusal = refuse_proxying(request)
        if refusal is not None:
            return refusal
        path = request.raw_path.partition("?")[0]
        endpoint = path.removeprefix(_HOOKS)
        if endpoint and endpoint != path and "/" not in endpoint:
            return await door.hook(request, endpoint)
        if path not in probes:
            return plain_answer(404)
        if request.method not in _READING:
            return plain_answer(405, headers={"Allow": ",".join(_READING)})
        return await probes[path](request)

    return BareApp(handler=handle, close=door.close)


async def _alive(_: web.BaseRequest) -> web.Response:
    return plain_answer(200)


class _Readiness:
    """Answers whether deliveries can be kept, asking at most once a second whoever asks."""

    def __init__(self, ready: Callable[[], Awaitable[bool]]) -> None:
        self._ready = ready
        self._asking = asyncio.Lock()
        self._known: tuple[float, bool] | None = None

    async def answer(self, _: web.BaseRequest) -> web.Response:
        """200 or 503, without a reason: the door stands on the internet."""
        loop = asyncio.get_running_loop()
        async with self._asking:
            if self._known is None or loop.time() - self._known[0] > _READY_SECONDS:
                self._known = (loop.time(), await self._ready())
        return plain_answer(200 if self._known[1] else 503)


class _Door:
    """Takes deliveries in."""

    def __init__(self, context: HookContext) -> None:
        self._context = context
        self._bodies = Bodies(context.limits)
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="hooks")
        self._keeping: set[asyncio.Future[bool]] = set()
        self._shares: Counter[str] = Counter()
        self._most_of_one = -(-context.most_waiting * 3 // 4)
        self._patience = _Patience(context.answer_seconds)
        self._told_of_proxy = False

    async def close(self) -> None:
        """Let what is being kept be kept."""
        if self._keeping:
            await asyncio.wait(self._keeping, timeout=self._context.answer_seconds)
        self._threads.shutdown(wait=False)

    async def hook(self, request: web.BaseRequest, endpoint: str) -> web.Response:
        """Answer one request to the endpoint of this id."""
        try:
            refuse_malformed(request, self._context.limits)
            await invite(request)
            body = await self._bodies.read(request)
            try:
                return await self._delivery(request, endpoint, body)
            finally:
                self._bodies.free(body)
        except Refusal as refusal:
            self._context.outcome("", refusal.word)
            self._say(refusal)
            return _refused(refusal.status)

    def _say(self, refusal: Refusal) -> None:
        """A flood of refusals is no flood of lines; but a proxy's old HTTP is told once."""
        _LOG.debug("a request was refused", status=refusal.status, why=refusal.word)
        if refusal.word == OLD_HTTP and not self._told_of_proxy:
            self._told_of_proxy = True
            _LOG.warning(
                "webhooks come in as HTTP/1.0 and are refused: let the proxy before syncer speak "
                "HTTP/1.1 (nginx: proxy_http_version 1.1)"
            )

    async def _delivery(self, request: web.BaseRequest, identity: str, body: bytes) -> web.Response:
        endpoint = self._context.endpoint(identity)
        now = self._context.clock.now()
        told = HookRequest(
            method=hdrs.METH_POST,
            url=endpoint.url if endpoint is not None else "",
            headers=lowered(request),
            body=body,
            received_at=now,
        )
        reply = await self._verify(endpoint, told)
        if endpoint is None or not _is_good(reply.status):
            return self._forged(endpoint)
        arrival = arrival_of(endpoint.connection, told, reply, at=now)
        return await self._keep(arrival, reply)

    async def _verify(self, endpoint: Endpoint | None, told: HookRequest) -> HookReply:
        """What the connector says, or for nobody's endpoint the same work and a refusal."""
        receive = endpoint.receive if endpoint is not None else _refuse
        if len(told.body) <= _IN_LINE:
            return receive(told)
        # A long body takes longer than the loop should stand still.
        return await asyncio.get_running_loop().run_in_executor(self._threads, receive, told)

    def _forged(self, endpoint: Endpoint | None) -> web.Response:
        connection = endpoint.connection if endpoint is not None else ""
        self._context.outcome(connection, "refused")
        if endpoint is not None:
            self._context.refused(connection)
        return plain_answer(401)

    async def _keep(self, arrival: Arrival, reply: HookReply) -> web.Response:
        if reply.offered_secret is not None:  # nobody has asked for a handshake (A16)
            self._context.outcome(arrival.connection, "handshake")
            return plain_answer(403)
        try:
            new = await self._kept(arrival)
        except (SyncerError, TimeoutError) as error:
            self._context.outcome(arrival.connection, "unavailable")
            _LOG.warning("a delivery cannot be kept", connection=arrival.connection, why=str(error))
            return _refused(503)
        self._context.outcome(arrival.connection, _word(arrival) if new else "known")
        return _answered(reply)

    async def _kept(self, arrival: Arrival) -> bool:
        """Whether it was new. What takes too long is not broken off: it may yet be kept.

        No connection may have more than its share of those that wait, while others need theirs.
        """
        share = self._shares[arrival.connection]
        if len(self._keeping) >= self._context.most_waiting or share >= self._most_of_one:
            raise Unavailable("Too many deliveries are waiting to be kept.")
        keeping = asyncio.ensure_future(self._context.accept(arrival))
        self._keeping.add(keeping)
        self._shares[arrival.connection] += 1
        answer = self._patience.wait()
        keeping.add_done_callback(partial(self._done, arrival.connection, answer))
        return await answer

    def _done(
        self, connection: str, answer: asyncio.Future[bool], keeping: asyncio.Future[bool]
    ) -> None:
        self._keeping.discard(keeping)
        self._shares[connection] -= 1
        error = asyncio.CancelledError() if keeping.cancelled() else keeping.exception()
        if answer.done():  # whoever waited was told; nobody else needs to be
            return
        if error is None:
            answer.set_result(keeping.result())
        else:
            answer.set_exception(error)


class _Patience:
    """Answers that are waited for, all equally long: one timer for all of them."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._due: deque[tuple[float, asyncio.Future[bool]]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def wait(self) -> asyncio.Future[bool]:
        """A future that fails with `Unavailable` unless it is done in time."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bool] = loop.create_future()
        self._due.append((loop.time() + self._seconds, answer))
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._look, loop)
        return answer

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Give up those that are due, and look again when the next one is."""
        self._timer, now = None, loop.time()
        while self._due and (self._due[0][0] <= now or self._due[0][1].done()):
            _, answer = self._due.popleft()
            if not answer.done():
                answer.set_exception(Unavailable("Keeping a delivery takes too long."))
        if self._due:
            self._timer = loop.call_at(self._due[0][0], self._look, loop)


def _refuse(told: HookRequest) -> HookReply:
    """The work of a wrong signature, for an endpoint that nobody has."""
    signed_hex(told.headers.get("x-hub-signature-256", ""), told.body, [_NOBODY])
    return HookReply(status=401)


def _answered(reply: HookReply) -> web.Response:
    """What the connector wants its sender to be told, which has proved who it is."""
    answer = plain_answer(reply.status, headers=reply.headers)
    if reply.answer:
        answer.headers[hdrs.CONTENT_TYPE] = "application/json"
        answer.body = reply.answer
    return answer


def _refused(status: int) -> web.Response:
    """A refusal, and the end of the connection: the rest of the request is not waited for."""
    return plain_answer(status, headers=_TOLD.get(status), close=True)


def _is_good(status: int) -> bool:
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def arrival_of(connection: str, told: HookRequest, reply: HookReply, *, at: datetime) -> Arrival:
    """What is to be kept of a genuine delivery that came in `at` (UTC), secrets left out."""
    state = InboxState.PENDING
    if reply.ignored:
        state = InboxState.IGNORED
    if reply.unreadable:
        state = InboxState.QUARANTINED
    return Arrival(
        connection=connection,
        delivery_id=reply.delivery_id,
        body=told.body,
        headers={name: value for name, value in told.headers.items() if _harmless(name)},
        event=reply.event,
        refs=reply.refs,
        deleted=reply.deleted,
        containers=reply.containers,
        state=state,
        note=reply.unreadable or reply.ignored,
        at=at,
    )


@lru_cache(maxsize=256)
def _harmless(name: str) -> bool:
    """Whether a header of this name holds no secret of anybody's."""
    return _SECRET.search(name) is None


def _word(arrival: Arrival) -> str:
    match arrival.state:
        case InboxState.IGNORED:
            return "ignored"
        case InboxState.QUARANTINED:
            return "unreadable"
        case _:
            return "accepted"
