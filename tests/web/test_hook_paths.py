"""What the door answers where, and to a client that asks before it sends its body."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from syncer.store.engine import Store
from tests.web.door import (
    GITHUB,
    JIRA,
    JIRA_SECRET,
    PATIENCE,
    Door,
    issue,
    open_door,
    request,
    signature,
    until,
)


@pytest.fixture
async def door(store: Store) -> AsyncGenerator[Door]:
    async with open_door(store) as opened:
        yield opened


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"),
    [
        ("GET", "/livez", 200, ""),
        ("HEAD", "/readyz", 200, ""),
        ("GET", "/readyz?who=me", 200, ""),
        ("POST", "/livez", 405, "GET,HEAD"),
        ("GET", f"/hooks/{GITHUB}", 405, "POST"),
        ("POST", "/hooks/", 404, ""),
        ("POST", "/hooks", 404, ""),
        ("POST", f"/hooks/{GITHUB}/more", 404, ""),
        ("POST", f"/hooks/{GITHUB}?a=1", 401, ""),
        ("POST", f"/Hooks/{GITHUB}", 404, ""),
        ("POST", "/hooks/nobody", 401, ""),
        ("GET", "/", 404, ""),
        ("GET", "/metrics", 404, ""),
    ],
)
async def test_the_door_has_three_paths(
    door: Door, method: str, path: str, status: int, allowed: str
) -> None:
    answer = await door.send(request(path, method=method))

    assert (answer.status, answer.header("allow")) == (status, allowed)
    assert answer.header("server") == "syncer"
    assert (answer.body == b"") is (method == "HEAD")


async def _expecting(door: Door, body: bytes, *, expected: str) -> tuple[bytes, bytes]:
    """The first line that comes before the body is sent, and the one after it."""
    raw = request(
        f"/hooks/{GITHUB}",
        ("Expect", expected),
        ("X-GitHub-Event", "issues"),
        ("X-Hub-Signature-256", signature(body)),
        body=body,
    )
    head, _, _ = raw.partition(b"\r\n\r\n")
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(head + b"\r\n\r\n")
        first = await reader.readuntil(b"\r\n\r\n")
        writer.write(body)
        rest = await reader.read()
        writer.close()
    return first.split(b"\r\n")[0], rest.split(b"\r\n")[0]


async def test_a_client_that_asks_first_is_told_to_send_its_body(door: Door) -> None:
    first, then = await _expecting(door, issue(), expected="100-Continue")

    assert first == b"HTTP/1.1 100 Continue"
    assert then == b"HTTP/1.1 202 Accepted"
    assert len(await door.kept()) == 1


async def test_a_client_that_expects_something_else_is_refused(door: Door) -> None:
    first, _ = await _expecting(door, issue(), expected="a miracle")

    assert first == b"HTTP/1.1 417 Expectation Failed"
    assert await door.kept() == []


async def test_a71_one_connection_cannot_take_all_places_of_those_that_wait(store: Store) -> None:
    async with open_door(store, most_waiting=4) as door:
        door.open.clear()
        loud = [asyncio.create_task(door.signed(issue(n), delivery=str(n))) for n in range(3)]
        await until(lambda: len(door.incoming) == 3)
        refused = await door.signed(issue(9), delivery="9")
        assert (refused.status, refused.header("retry-after")) == (503, "30")

        told = ("X-Hub-Signature", signature(b"{}", JIRA_SECRET))
        quiet = asyncio.create_task(door.send(request(f"/hooks/{JIRA}", told, body=b"{}")))
        await until(lambda: len(door.incoming) == 4)
        door.open.set()
        assert (await quiet).status == 202
        assert {(await one).status for one in loud} == {202}
