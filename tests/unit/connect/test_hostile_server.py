"""What a malicious or broken server may send: never a crash, never more than its share."""

from __future__ import annotations

import gzip

import pytest
from aiohttp import web

from syncer.connect.answers import Answer
from syncer.connect.exchange import Limits
from syncer.errors import (
    BadPayload,
    ConfigError,
    Rejected,
    SyncerError,
    TooLong,
    Unreachable,
)
from syncer.log import register_secret
from tests.unit.connect.servers import TOKEN, Reply, asking, says, sends

register_secret(TOKEN)


@pytest.mark.parametrize("location", ["http://[bad", "//[::1", "https://127.0.0.1:port/"])
async def test_a50_a_redirect_to_what_is_no_address_is_an_error_in_words(location: str) -> None:
    async with asking(says(status=302, Location=location)) as (client, script):
        with pytest.raises(ConfigError, match="points to"):
            await client.get("/x")
    assert len(script.asked) == 1


@pytest.mark.parametrize("reference", ["http://[bad", "https://127.0.0.1:99999/x"])
async def test_a51_a_next_link_that_is_no_address_is_not_asked(reference: str) -> None:
    async with asking(says()) as (client, script):
        with pytest.raises(Rejected, match="points to"):
            await client.get(reference)
    assert script.asked == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"errors":' * 1000 + b'"x"' + b"}" * 1000, id="A22 deep"),
        pytest.param(b"[" * 100_000, id="A22 too deep"),
        pytest.param(b'{"message": [' + b"[]," * 1_000_000 + b"1]}", id="A22 wide"),
    ],
)
async def test_a22_a_refusal_explained_at_any_depth_is_a_refusal(body: bytes) -> None:
    async with asking(sends(body, status=400)) as (client, _):
        with pytest.raises(Rejected) as raised:
            await client.get("/x")
    assert raised.value.status == 400
    assert len(raised.value.message) < 500


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" + b"{}," * 1_000_000 + b"{}]", id="objects"),
        pytest.param(b"[" + b"[]," * 1_000_000 + b"[]]", id="lists"),
        pytest.param(b"{" + b",".join(b'"%d":0' % n for n in range(1_000_002)) + b"}", id="keys"),
    ],
)
async def test_a22_few_bytes_that_would_become_much_memory_are_refused_at_once(
    body: bytes,
) -> None:
    async with asking(sends(body)) as (client, script):
        with pytest.raises(TooLong, match="values"):
            await client.get("/x")
    assert len(script.asked) == 1


@pytest.mark.parametrize("charset", ["punycode", "idna", "unicode_escape", "utf-7", "rot13", "hex"])
def test_a24_a_charset_whose_reading_takes_time_without_end_is_refused(charset: str) -> None:
    """Ends at all only where the codec is never asked: punycode takes the square of its input."""
    body = b"-" + b"a" * 10_000_000
    with pytest.raises(BadPayload, match=charset):
        _ = Answer(label="GET x", status=200, headers={}, body=body, charset=charset).data


def packed(body: bytes, encoding: str) -> Reply:
    headers = {"Content-Encoding": encoding, "Content-Type": "application/json"}
    return lambda _: web.Response(body=body, headers=headers)


async def test_a21_a_bomb_is_cut_off_where_it_is_unpacked() -> None:
    bomb = gzip.compress(b" " * 10_000_000)
    assert len(bomb) < 20_000
    limits = Limits(longest_answer=1_000_000)
    async with asking(packed(bomb, "gzip"), limits=limits) as (client, script):
        with pytest.raises(TooLong, match="1000000 bytes"):
            await client.get("/x")
    assert len(script.asked) == 1


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        pytest.param(gzip.compress(gzip.compress(b"{}")), "gzip, gzip", id="nested"),
        pytest.param(b"{}", "gzip", id="not packed at all"),
        pytest.param(gzip.compress(b"[" + b"0," * 999 + b"0]")[:-20], "gzip", id="cut"),
    ],
)
async def test_a21_what_cannot_be_unpacked_is_an_error(body: bytes, encoding: str) -> None:
    async with asking(packed(body, encoding)) as (client, _):
        with pytest.raises((BadPayload, Unreachable)):
            await client.get("/x")


async def test_a20_a_stream_without_end_is_cut_off() -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        while True:
            await response.write(b" " * 65_536)

    async with asking(endless, limits=Limits(longest_answer=1_000_000)) as (client, script):
        with pytest.raises(TooLong):
            await client.get("/x")
    assert len(script.asked) == 1


@pytest.mark.parametrize("header", ["X-Request-Id", "RateLimit-Reason", "Location"])
@pytest.mark.parametrize("status", [200, 302, 429])
async def test_a67_no_header_brings_the_token_into_an_error(status: int, header: str) -> None:
    async def echo(request: web.Request) -> web.Response:
        sent = request.headers["Authorization"]
        told = f"https://evil.example/{sent}" if header == "Location" else sent
        target = f"https://{TOKEN}.evil.example/"
        moved = {"Location": target} if status == 302 else {}
        return web.Response(body=b"nonsense", status=status, headers={header: told, **moved})

    async with asking(echo) as (client, _):
        with pytest.raises(SyncerError) as raised:
            await client.get("/x")
    assert TOKEN not in f"{raised.value!r}{raised.value}"
