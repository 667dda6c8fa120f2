"""Requests that mean harm: rows A20 to A29 of spec/attacks.md, with raw sockets."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import logging
import zlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import pytest

from syncer import log
from syncer.store.engine import Store
from syncer.store.inbox import InboxState
from syncer.web.bodies import MIB, BodyLimits
from syncer.web.server import Limits
from tests.web.door import (
    GITHUB,
    PATIENCE,
    Door,
    answer_of,
    issue,
    open_door,
    request,
    signature,
    until,
)

PATH = f"/hooks/{GITHUB}"
SIGNATURE = "X-Hub-Signature-256"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What a request looks like does not depend on the database."""
    return sqlite_url


@pytest.fixture
async def door(store: Store) -> AsyncGenerator[Door]:
    async with open_door(store) as opened:
        yield opened


@asynccontextmanager
async def connected(door: Door) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    try:
        async with asyncio.timeout(PATIENCE):
            yield reader, writer
    finally:
        writer.close()


async def until_closed(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionError:
        return b""


# --- A20: how long a body is ----------------------------------------------------------------------


async def test_a20_the_longest_body_is_taken(door: Door) -> None:
    body = issue().ljust(5 * MIB)

    assert (await door.signed(body)).status == 202


async def test_f17_a20_a_body_that_says_it_is_longer_is_not_read(door: Door) -> None:
    head = request(PATH, ("Content-Length", str(100 * MIB)), length=False)

    async with connected(door) as (reader, writer):
        writer.write(head)  # and not one byte of the body
        answer = answer_of(await until_closed(reader))

    assert answer.status == 413


async def test_f17_a20_of_an_endless_body_no_more_than_the_limit_is_kept_in_memory(
    store: Store,
) -> None:
    async with open_door(store, bodies=BodyLimits(largest=MIB, seconds=60)) as door:
        head = request(PATH, ("Transfer-Encoding", "chunked"), length=False)
        chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        async with connected(door) as (reader, writer):
            writer.write(head)
            try:
                for _ in range(100 * MIB // 65536):
                    writer.write(chunk)
                    await writer.drain()
            except ConnectionError:
                pass
            answer = answer_of(await until_closed(reader))

    assert answer.status in {413, 0}
    assert door.outcomes == {("", "too large"): 1}
    assert door.seen == []


async def test_a20_what_all_bodies_take_is_bounded(store: Store) -> None:
    async with open_door(store, bodies=BodyLimits(in_all=MIB)) as door:
        async with connected(door) as (_, writer):
            writer.write(request(PATH, ("Content-Length", str(2 * MIB)), length=False))
            writer.write(b"x" * (MIB - 1))
            await writer.drain()
            body = issue()
            while (answer := await door.signed(body)).status != 503:
                assert answer.status == 202  # the first body was not yet read
        assert answer.header("retry-after") == "30"
        await until(lambda: door.outcomes["", "broken off"] == 1)
        assert (await door.signed(body)).status == 202


# --- A21: compressed bodies -----------------------------------------------------------------------

BOMB = gzip.compress(bytes(50 * MIB))


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", BOMB),
        ("gzip, gzip", gzip.compress(BOMB)),
        ("deflate", zlib.compress(bytes(50 * MIB))),
        ("br", b"\x0b\x02\x80"),
        ("zstd", b"\x28\xb5\x2f\xfd"),
        ("gzip", issue()),
        ("no-such", issue()),
    ],
    ids=["gzip", "nested", "deflate", "br", "zstd", "wrong", "unknown"],
)
async def test_a21_encoded_bodies_are_refused(door: Door, encoding: str, body: bytes) -> None:
    answer = await door.post(body, ("Content-Encoding", encoding), (SIGNATURE, signature(body)))

    assert answer.status == 415
    assert door.seen == []


async def test_a21_what_says_that_it_is_not_encoded_is_taken(door: Door) -> None:
    body = issue()

    answer = await door.post(body, ("Content-Encoding", "Identity"), (SIGNATURE, signature(body)))

    assert answer.status == 202


# --- A22 to A25: what a body holds, under a right signature ---------------------------------------

HOSTILE = {
    "A22 depth": b"[" * 100_000,
    "A22 depth of objects": b'{"a":' * 100_000,
    "A22 a million values": b"[" + b"1," * 1_000_000 + b"1]",
    "A22 half a million keys": b"{" + b",".join(b'"%d":1' % n for n in range(400_000)) + b"}",
    "A22 a long text": b'{"issue":"' + b"x" * (4 * MIB) + b'"}',
    "A23 not finite": b'{"issue":{"id":NaN,"number":Infinity}}',
    "A23 1e999": b'{"issue":{"id":1e999}}',
    "A23 5000 digits": b'{"issue":{"id":' + b"9" * 5000 + b"}}",
    "A24 half a pair": b'{"action":"\\ud800","issue":{"id":1}}',
    "A24 NUL": b'{"action":"\\u0000","issue":{"id":"\\u0000"}}',
    "A24 raw NUL": b'{"action":"\0"}',
    "A24 overlong": b'{"action":"\xc0\xaf"}',
    "A24 UTF-16": json.dumps({"action": "edited"}).encode("utf-16"),
    "A24 BOM": b"\xef\xbb\xbf" + issue(),
    "A25 prototype": b'{"__proto__":{"a":1},"__class__":"x","issue":{"__init__":1}}',
    "not JSON": b"<html>",
    "nothing": b"",
    "null": b"null",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
async def test_a22_to_a25_a_hostile_body_is_kept_and_set_aside(door: Door, body: bytes) -> None:
    answer = await door.signed(body)

    [delivery] = await door.kept()
    assert answer.status == 202
    assert delivery.state is InboxState.QUARANTINED
    assert delivery.note


async def test_a23_doubled_keys_are_harmless(door: Door) -> None:
    body = issue().replace(b'"action"', b'"action": "opened", "action"')

    assert (await door.signed(body)).status == 202
    [delivery] = await door.kept()
    assert delivery.event == "issues.edited"


async def test_a22_long_bodies_are_read_beside_the_loop(door: Door) -> None:
    loop = asyncio.get_running_loop()
    threads: list[bool] = []
    receive = door.endpoints[GITHUB].receive

    def watched(told: object) -> object:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            threads.append(True)
        else:
            threads.append(False)
        return receive(told)  # type: ignore[arg-type]

    assert loop.is_running()
    object.__setattr__(door.endpoints[GITHUB], "receive", watched)
    await door.signed(issue().ljust(100 * 1024), delivery="long")
    await door.signed(issue(), delivery="short")

    assert threads == [True, False]


# --- A26: requests that two readers would read differently ----------------------------------------

BODY = issue()
LENGTH = str(len(BODY))
SIGNED = (SIGNATURE, signature(BODY))
SMUGGLED = {
    "length and chunks": request(PATH, SIGNED, ("Transfer-Encoding", "chunked"), body=BODY),
    "chunks and length": request(
        PATH,
        ("Transfer-Encoding", "chunked"),
        ("Content-Length", LENGTH),
        length=False,
        body=BODY,
    ),
    "two lengths": request(PATH, SIGNED, ("Content-Length", "5"), body=BODY),
    "the same length twice": request(PATH, SIGNED, ("Content-Length", LENGTH), body=BODY),
    "length with a sign": request(PATH, SIGNED, ("Content-Length", "+5"), length=False, body=BODY),
    "negative length": request(PATH, SIGNED, ("Content-Length", "-5"), length=False, body=BODY),
    "length in words": request(PATH, SIGNED, ("Content-Length", "5, 5"), length=False, body=BODY),
    "carriage return": request(PATH, ("X", b"a\rContent-Length: 0"), SIGNED, body=BODY),
    "NUL": request(PATH, ("X", b"a\0b"), SIGNED, body=BODY),
    "folded": request(PATH, ("X", b"a\r\n b"), SIGNED, body=BODY),
    "no name": request(PATH, ("", "a"), SIGNED, body=BODY),
    "blank before the colon": request(PATH, ("X ", "a"), SIGNED, body=BODY),
    "20k headers": request(PATH, *[(f"X-{n}", "a") for n in range(20_000)], SIGNED, body=BODY),
    "a header of a megabyte": request(PATH, ("X", "a" * MIB), SIGNED, body=BODY),
    "a path of a megabyte": request("/hooks/" + "a" * MIB, SIGNED, body=BODY),
    "strange coding": request(PATH, ("Transfer-Encoding", "gzip"), length=False, body=BODY),
    "chunk size in words": request(PATH, ("Transfer-Encoding", "chunked"), length=False)
    + b"xyz\r\n",
    "TLS": bytes.fromhex("16030100c5010000c10303") + bytes(180),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "noise": b"\x00\xff" * 2000 + b"\r\n\r\n",
}


@pytest.mark.parametrize("raw", SMUGGLED.values(), ids=SMUGGLED)
async def test_a26_what_is_no_plain_request_is_refused_in_one_line_at_most(
    door: Door, raw: bytes
) -> None:
    said = io.StringIO()
    log.configure(form="json", level=logging.DEBUG, stream=said)
    try:
        answer = await door.send(raw)
    finally:
        log.configure()

    assert answer.status in {400, 0}
    assert door.seen == []
    # At this level the libraries of the event loop and the database talk too, whenever they like.
    lines = [line for line in said.getvalue().splitlines() if '"module":"syncer.' in line]
    assert len(lines) <= 1
    assert all(len(line) < 300 and "Traceback" not in line for line in lines)
    if answer.status:
        assert answer.body == b"400 Bad Request\n"


# --- A27: clients that are slow -------------------------------------------------------------------

HASTE = Limits(header_seconds=0.4, answer_seconds=0.4, linger_seconds=0.1)


@pytest.mark.parametrize(
    "start",
    [b"", b"POST /", b"POST / HTTP/1.1\r\nHost: a\r\nX-A: "],
    ids=["none", "line", "headers"],
)
async def test_f18_a27_headers_have_a_deadline(store: Store, start: bytes) -> None:
    async with open_door(store, limits=HASTE) as door, connected(door) as (reader, writer):
        writer.write(start)
        closed = asyncio.create_task(until_closed(reader))
        while not closed.done():  # a byte now and then does not buy time
            if start:
                writer.write(b"a")
            await asyncio.sleep(0.05)
        assert await closed == b""


async def test_a27_a_connection_that_idles_after_an_answer_is_closed(store: Store) -> None:
    async with open_door(store, limits=HASTE) as door, connected(door) as (reader, writer):
        writer.write(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
        assert answer_of(await until_closed(reader)).status == 200


@pytest.mark.parametrize(
    "limits",
    [BodyLimits(seconds=0.4), BodyLimits(patience=0.4, slowest=1_000_000)],
    ids=["deadline", "rate"],
)
async def test_f18_a27_bodies_have_a_deadline_and_a_least_rate(
    store: Store, limits: BodyLimits
) -> None:
    async with (
        open_door(store, limits=HASTE, bodies=limits) as door,
        connected(door) as (reader, writer),
    ):
        writer.write(request(PATH, ("Content-Length", "100000"), length=False))
        closed = asyncio.create_task(until_closed(reader))
        while not closed.done():
            writer.write(b"a")
            await asyncio.sleep(0.02)
        answer = answer_of(await closed)

    assert answer.status in {408, 0}
    assert door.outcomes == {("", "too slow"): 1}


async def test_a27_a_body_that_breaks_off_is_forgotten(door: Door) -> None:
    async with connected(door) as (_, writer):
        writer.write(request(PATH, ("Content-Length", "100000"), length=False) + b"a")
        await writer.drain()
    await until(lambda: bool(door.outcomes))

    assert door.outcomes == {("", "broken off"): 1}


async def test_f18_a27_idle_connections_from_one_address_do_not_fill_the_house(
    store: Store,
) -> None:
    limits = Limits(connections=40, per_address=20)
    async with open_door(store, limits=limits) as door:
        listener = door.listener
        assert listener is not None
        idle = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(20)]
        turned_away = await door.send(request("/livez", method="GET"))
        for _, writer in idle:
            writer.close()
        await until(lambda: listener.connections == 0)

        assert (turned_away.status, turned_away.header("retry-after")) == (503, "10")
        assert (await door.send(request("/livez", method="GET"))).status == 200


async def test_a27_a_thousand_idle_connections_do_not_stop_deliveries(store: Store) -> None:
    async with open_door(store, limits=Limits(connections=300, per_address=300)) as door:
        idle = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(290)]
        statuses = [(await door.signed(issue(n), delivery=str(n))).status for n in range(5)]
        for _, writer in idle:
            writer.close()

    assert statuses == [202] * 5


# --- A28, A29: other forms of requests ------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (request(PATH, SIGNED, method="TRACE"), 405),
        (request(PATH, SIGNED, body=BODY, method="PUT"), 405),
        (request("hooks.example.com:443", method="CONNECT"), 405),
        (request(PATH, method="CONNECT"), 405),
        (request(f"http://hooks.example.com{PATH}", SIGNED, body=BODY), 400),
        (request(f"http://evil.example.com{PATH}", SIGNED, body=BODY), 400),
        (request("*", method="OPTIONS"), 400),
        (request(PATH, SIGNED, body=BODY, version="HTTP/1.0"), 400),
        (request(PATH, SIGNED, body=BODY, version="HTTP/0.9"), 400),
        (request(PATH, SIGNED, body=BODY, version="HTTP/3.0"), 400),
    ],
    ids=[
        "TRACE",
        "PUT",
        "CONNECT",
        "CONNECT to a path",
        "absolute",
        "absolute elsewhere",
        "asterisk",
        "1.0",
        "0.9",
        "3",
    ],
)
async def test_a28_other_methods_targets_and_versions_are_refused(
    door: Door, raw: bytes, status: int
) -> None:
    answer = await door.send(raw)

    assert answer.status == status
    assert await door.kept() == []


async def test_a29_nobody_believes_who_a_request_says_it_comes_from(store: Store) -> None:
    async with open_door(store, limits=Limits(per_address=2)) as door:
        idle = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(2)]
        forged = ("X-Forwarded-For", "10.0.0.1")
        assert (await door.post(BODY, SIGNED, forged)).status == 503
        for _, writer in idle:
            writer.close()
