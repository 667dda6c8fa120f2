"""Nothing that is secret comes out, and nothing that comes in forges a line: A67, A69."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import AsyncGenerator, Generator

import pytest

from syncer import log
from syncer.connect.protocol import HookReply, HookRequest
from syncer.store.engine import Store
from syncer.store.inbox import load_delivery
from syncer.web.hooks import Endpoint
from tests.web.door import GITHUB, JIRA_SECRET, SECRET, Door, Header, issue, open_door, signature

CANARIES = ("canary-bearer", "canary-cookie", "canary-token", "canary-api-key")
BEARING: list[Header] = [
    ("Authorization", "Bearer canary-bearer"),
    ("Cookie", "session=canary-cookie"),
    ("X-Gitlab-Token", "canary-token"),
    ("X-Api-Key", "canary-api-key"),
]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
async def door(store: Store) -> AsyncGenerator[Door]:
    async with open_door(store) as opened:
        yield opened


@pytest.fixture
def said() -> Generator[io.StringIO]:
    stream = io.StringIO()
    log.configure(form="json", level=logging.DEBUG, stream=stream)
    yield stream
    log.configure()


async def test_a67_no_secret_is_logged_answered_or_kept(door: Door, said: io.StringIO) -> None:
    body = issue()
    answers = [
        await door.post(body, *BEARING),
        await door.post(body, *BEARING, ("Content-Encoding", "gzip")),
        await door.post(body, *BEARING, ("X", b"\0")),
        await door.post(body, *BEARING, ("X-Hub-Signature-256", signature(body))),
    ]
    [delivery] = await door.kept()
    async with door.store.read() as session:
        raw = await load_delivery(session, delivery.id)

    assert [one.status for one in answers] == [401, 415, 400, 202]
    told = "".join((said.getvalue(), repr(answers), repr(raw.headers), repr(door.endpoints)))
    for secret in (*CANARIES, SECRET, JIRA_SECRET):
        assert secret not in told


async def test_a67_a_fault_of_ours_tells_the_world_nothing(door: Door, said: io.StringIO) -> None:
    def breaks(_: HookRequest) -> HookReply:
        raise ZeroDivisionError(SECRET)

    log.register_secret(SECRET)
    door.endpoints[GITHUB] = Endpoint(connection="github", url="", receive=breaks)

    answer = await door.signed(issue())

    assert (answer.status, answer.body) == (500, b"500 Internal Server Error\n")
    assert SECRET not in said.getvalue()
    assert "ZeroDivisionError" in said.getvalue()


async def test_a69_what_comes_in_forges_no_line(door: Door, said: io.StringIO) -> None:
    def breaks(_: HookRequest) -> HookReply:
        raise ZeroDivisionError("\n2026-11-23 INFO all is well\x1b[2J")

    forging = b"\n2026-11-23 INFO all is well\x1b[2J" * 10_000
    await door.signed(b'{"action":"' + forging + b'"}')
    await door.post(forging, endpoint="%0a2026-11-23%20INFO%20all%20is%20well%1b%5b2J")
    await door.post(b"", ("Content-Encoding", b"\xe2\x80\xa8\x1b[2J" * 500))
    door.endpoints[GITHUB] = Endpoint(connection="github", url="", receive=breaks)
    await door.post(b"")

    events = [json.loads(line) for line in said.getvalue().splitlines()]
    ours = [one for one in events if one["module"].startswith("syncer.")]
    assert [one["event"] for one in ours][-1] == "a request failed"
    assert "\x1b" not in said.getvalue()
    assert all(len(json.dumps(one)) < 400 for one in ours[:-1])
