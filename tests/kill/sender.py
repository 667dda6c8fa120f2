"""The tracker's side of webhooks: signed, several in flight, sent again until acknowledged.

What is not answered with 2xx is sent again under the same id, as trackers do. Now and then a
delivery is sent twice at once, again after it was acknowledged, or (as by somebody who has caught
it) again under another id: the body is the same, and only the body is signed.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from typing import Final

import orjson

from tests.kill.issues import Issue, Site

LANES: Final = 32
"""Deliveries in flight."""

_ANSWER_SECONDS: Final = 5.0
_PAUSE: Final = 0.05
_TWICE: Final = 0.03
_AGAIN: Final = 0.03
_CAUGHT: Final = 0.02
_GOOD: Final = range(200, 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One webhook; a caught one bears the id of somebody else than the tracker."""

    id: str
    body: bytes
    signature: str
    caught: bool = False


@dataclass(kw_only=True)
class Sender:
    """Sends at least `wanted` deliveries to whichever of `doors` there are (`host:port`).

    No more are made than `allowed`. `acknowledged` are the bodies of deliveries, by id, that were
    answered with 2xx.
    """

    site: Site
    endpoint: str
    secret: bytes
    seed: int
    doors: list[str] = field(default_factory=list)
    wanted: int
    allowed: int = 0
    made: int = 0
    acknowledged: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)
        self._more: deque[Delivery] = deque()
        self._in_flight = 0

    @property
    def is_through(self) -> bool:
        """Whether all is acknowledged, and every copy with it."""
        most = max(self.wanted, self.made)
        return not (self._more or self._in_flight) and len(self.acknowledged) >= most

    @asynccontextmanager
    async def sending(self) -> AsyncGenerator[None]:
        """Send meanwhile."""
        lanes = [asyncio.create_task(self._lane()) for _ in range(LANES)]
        try:
            yield
        finally:
            for lane in lanes:
                lane.cancel()
            ended = await asyncio.gather(*lanes, return_exceptions=True)
        wrong = [one for one in ended if not isinstance(one, asyncio.CancelledError)]
        assert not wrong, wrong

    async def _lane(self) -> None:
        line = Line(self._door)
        try:
            while True:
                told = self._next()
                if told is None:
                    await asyncio.sleep(_PAUSE)
                    continue
                self._in_flight += 1
                try:
                    await self._send(told, line)
                finally:
                    self._in_flight -= 1
        finally:
            line.close()

    def _next(self) -> Delivery | None:
        if self._more:
            return self._more.popleft()
        if self.made >= self.allowed:
            return None
        self.made += 1
        word, issue = self.site.step()
        told = self._delivery(word, issue)
        if self._random.random() < _TWICE:
            self._more.append(told)
        return told

    def _delivery(self, word: str, issue: Issue) -> Delivery:
        body = orjson.dumps(
            {
                "timestamp": issue.updated_ms,
                "webhookEvent": f"jira:issue_{word}",
                "issue": {"id": issue.id, "key": issue.key, "fields": issue.fields()},
                "note": f"number {self.made}" + " of many" * 64,
            }
        )
        digest = hmac.digest(self.secret, body, hashlib.sha256).hex()
        return Delivery(id=f"delivery-{self.made}", body=body, signature=f"sha256={digest}")

    async def _send(self, told: Delivery, line: Line) -> None:
        """Until somebody says that it is kept."""
        while True:
            if await line.post(self._request(told)) in _GOOD:
                break
            await asyncio.sleep(_PAUSE)
        if told.caught:
            return
        self.acknowledged.setdefault(told.id, told.body)
        drawn = self._random.random()
        if drawn < _AGAIN:
            self._more.append(told)
        elif drawn < _AGAIN + _CAUGHT:
            caught = Delivery(
                id=f"caught-{told.id}", body=told.body, signature=told.signature, caught=True
            )
            self._more.append(caught)

    def _request(self, told: Delivery) -> bytes:
        head = (
            f"POST /hooks/{self.endpoint} HTTP/1.1\r\nHost: hooks.example.com\r\n"
            "Content-Type: application/json\r\nUser-Agent: Atlassian HTTP Client\r\n"
            f"X-Atlassian-Webhook-Identifier: {told.id}\r\n"
            f"X-Hub-Signature: {told.signature}\r\nContent-Length: {len(told.body)}\r\n\r\n"
        )
        return head.encode() + told.body

    def _door(self) -> str:
        return self._random.choice(self.doors) if self.doors else ""


class Line:
    """A connection that stays open, to one replica after the other."""

    def __init__(self, door: Callable[[], str]) -> None:
        self._door = door
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, request: bytes) -> int:
        """The status of the answer; 0 where none came."""
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                return await self._post(request)
        except (OSError, EOFError, TimeoutError):
            self.close()
            return 0

    async def _post(self, request: bytes) -> int:
        if self._open is None:
            door = self._door()
            if not door:
                return 0
            host, _, port = door.partition(":")
            self._open = await asyncio.open_connection(host, int(port))
        reader, writer = self._open
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        lines: Sequence[bytes] = head.split(b"\r\n")
        fields = dict(line.split(b": ", 1) for line in lines[1:] if line)
        await reader.readexactly(int(fields.get(b"content-length", b"0")))
        if fields.get(b"connection") == b"close":
            self.close()
        return int(lines[0].split()[1])

    def close(self) -> None:
        """Go to another replica next."""
        if self._open is not None:
            with suppress(OSError):
                self._open[1].close()
        self._open = None
