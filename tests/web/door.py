"""A real door for webhooks over a real store, and raw sockets to knock at it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from pydantic import SecretStr

from connectors.github import webhook as github
from connectors.jira import webhook as jira
from syncer.clock import FixedClock
from syncer.connect.protocol import HookReply, HookRequest
from syncer.store.endpoints import ensure_endpoint
from syncer.store.engine import Store
from syncer.store.inbox import Arrival, Delivery, list_deliveries
from syncer.web.bodies import BodyLimits
from syncer.web.hooks import Endpoint, HookContext, hooks_app, open_endpoint
from syncer.web.keeping import Keeper
from syncer.web.server import Limits, Listener

AT = datetime(2026, 11, 23, 6, tzinfo=UTC)
SECRET = "it-is-a-secret-4711"
JIRA_SECRET = "another-secret-0815"
GITHUB = "github-endpoint-00000001"
JIRA = "jira-endpoint-000000001"
PATIENCE = 20

Header = tuple[str, str | bytes]


def issue(number: int = 12, **more: Any) -> bytes:
    """The body of a GitHub delivery about one issue."""
    told = {
        "id": 1000 + number,
        "number": number,
        "repository_url": "https://api.github.com/repos/acme/phone",
    }
    repository = {"full_name": "acme/phone"}
    return json.dumps(
        {"action": "edited", "issue": told, "repository": repository, **more}
    ).encode()


def signature(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.digest(secret.encode(), body, hashlib.sha256).hex()


@dataclass(frozen=True)
class Answer:
    """What came back: empty status 0 where the connection was closed without an answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        return dict(self.headers).get(name, "")

    @property
    def shape(self) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
        """Everything but the date."""
        return self.status, tuple(one for one in self.headers if one[0] != "date"), self.body


def answer_of(raw: bytes) -> Answer:
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    if not lines[0]:
        return Answer(0, (), b"")
    headers = (line.partition(": ") for line in lines[1:])
    return Answer(
        int(lines[0].split()[1]), tuple((name.lower(), value) for name, _, value in headers), body
    )


def request(
    path: str,
    *headers: Header,
    body: bytes = b"",
    method: str = "POST",
    version: str = "HTTP/1.1",
    length: bool = True,
) -> bytes:
    """The bytes of one request that asks for the end of the connection."""
    told: list[Header] = [("Host", "hooks.example.com"), ("Connection", "close"), *headers]
    if length:
        told.append(("Content-Length", str(len(body))))
    lines = [f"{method} {path} {version}".encode()]
    for name, value in told:
        encoded = value if isinstance(value, bytes) else value.encode()
        lines.append(name.encode() + b": " + encoded)
    return b"\r\n".join([*lines, b"", body])


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds; a long while, but not for ever."""
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110  what is waited for happens beyond a socket
            await asyncio.sleep(0.01)


async def exchange(port: int, raw: bytes) -> Answer:
    """Send bytes on a connection of their own and read until it ends."""
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            received = bytearray()
            try:
                writer.write(raw)
                await writer.drain()
            except ConnectionError:
                pass  # refused before all was sent
            try:
                while chunk := await reader.read(65536):
                    received += chunk
            except ConnectionError:
                pass
            return answer_of(bytes(received))
        finally:
            writer.close()


@dataclass
class Door:
    """A running hooks listener with an endpoint of GitHub and one of Jira."""

    store: Store
    keeper: Keeper
    endpoints: dict[str, Endpoint]
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    ready: bool = True
    open: asyncio.Event = field(default_factory=asyncio.Event)
    listener: Listener | None = None
    seen: list[HookRequest] = field(default_factory=list)
    incoming: list[Arrival] = field(default_factory=list)

    @property
    def port(self) -> int:
        assert self.listener is not None
        return self.listener.port

    def find(self, endpoint: str) -> Endpoint | None:
        return self.endpoints.get(endpoint)

    async def accept(self, arrival: Arrival) -> bool:
        self.incoming.append(arrival)
        await self.open.wait()
        return await self.keeper.accept(arrival)

    async def is_ready(self) -> bool:
        return self.ready

    def note(self, connection: str, outcome: str) -> None:
        self.outcomes[connection, outcome] += 1

    async def send(self, raw: bytes) -> Answer:
        return await exchange(self.port, raw)

    async def post(
        self,
        body: bytes,
        *headers: Header,
        endpoint: str = GITHUB,
        event: str = "issues",
        delivery: str = "guid-1",
    ) -> Answer:
        """A request to an endpoint with GitHub's headers but for the signature."""
        told: list[Header] = [
            ("Content-Type", "application/json"),
            ("X-GitHub-Event", event),
            ("X-GitHub-Delivery", delivery),
        ]
        return await self.send(request(f"/hooks/{endpoint}", *told, *headers, body=body))

    async def signed(self, body: bytes, **more: str) -> Answer:
        """A genuine delivery of GitHub's."""
        return await self.post(body, ("X-Hub-Signature-256", signature(body)), **more)

    async def kept(self) -> list[Delivery]:
        """All deliveries in the inbox, oldest first."""
        async with self.store.read() as session:
            return (await list_deliveries(session))[::-1]

    def genuine(self, kind: Any, connection: str, told: HookRequest, secrets: Any) -> HookReply:
        self.seen.append(told)
        reply: HookReply = kind.receive(connection, told, secrets)
        return reply


@asynccontextmanager
async def open_door(
    store: Store,
    *,
    limits: Limits | None = None,
    bodies: BodyLimits | None = None,
    headers: Mapping[str, str] | None = None,
    answer_seconds: float = 8,
    most_waiting: int = 200,
) -> AsyncGenerator[Door]:
    """The door on a port of its own, with the endpoints stored."""
    door = Door(store, Keeper(store, FixedClock(AT)), {})
    door.open.set()
    for name, kind, identity, secret in (
        ("github", github, GITHUB, SECRET),
        ("jira", jira, JIRA, JIRA_SECRET),
    ):
        async with store.write() as session:
            await ensure_endpoint(session, name, configured=identity, at=AT)
        door.endpoints[identity] = open_endpoint(
            name,
            url=f"https://hooks.example.com/hooks/{identity}",
            receive=partial(door.genuine, kind, name),
            secrets=[SecretStr(secret)],
        )
    context = HookContext(
        endpoint=door.find,
        accept=door.accept,
        ready=door.is_ready,
        outcome=door.note,
        refused=door.keeper.refused,
        limits=bodies or BodyLimits(),
        answer_seconds=answer_seconds,
        most_waiting=most_waiting,
        clock=FixedClock(AT),
    )
    async with Listener(hooks_app(context), "127.0.0.1:0", limits=limits, headers=headers) as one:
        door.listener = one
        yield door
