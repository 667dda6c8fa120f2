from __future__ import annotations

import asyncio
from datetime import timedelta
from email.utils import format_datetime

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from syncer.connect.answers import Answer
from syncer.connect.exchange import Limits
from syncer.connect.http import HttpClient
from syncer.errors import (
    AuthFailed,
    BadPayload,
    ConfigError,
    RateLimited,
    Rejected,
    SyncerError,
    Unreachable,
)
from tests.unit.connect.servers import NOON, TOKEN, Reply, SleepingClock, asking, says, sends

LOGIN_PAGE = b"<!DOCTYPE html><html><body>Log in</body></html>"


async def test_an_answer_is_read_and_the_token_sent() -> None:
    async with asking(says({"a": 1})) as (client, script):
        answer = await client.get("/rest/x", {"q": "ä&b"})
    assert answer.object() == {"a": 1}
    assert script.asked[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert script.asked[0].query["q"] == "ä&b"


async def test_a_post_carries_its_body() -> None:
    async def echo(request: web.Request) -> web.Response:
        return web.json_response(await request.json())

    async with asking(echo) as (client, _):
        assert (await client.post("/x", {"jql": "a"})).object() == {"jql": "a"}


@pytest.mark.parametrize("content_type", ["text/html", "application/json"])
async def test_a_login_page_with_200_is_a_failed_login_asked_for_once(content_type: str) -> None:
    async with asking(sends(LOGIN_PAGE, content_type)) as (client, script):
        with pytest.raises(AuthFailed, match="login needed"):
            await client.get("/x")
    assert len(script.asked) == 1


async def test_401_is_asked_for_once_in_five_minutes() -> None:
    async with asking(says(status=401)) as (client, script):
        for _ in range(3):
            with pytest.raises(AuthFailed):
                await client.get("/x")
        assert len(script.asked) == 1
        script.clock.instant += timedelta(minutes=5)
        with pytest.raises(AuthFailed):
            await client.get("/x")
        assert len(script.asked) == 2


async def test_403_concerns_the_account_or_only_what_was_asked_for() -> None:
    async with asking(says({"errorMessages": ["No entry"]}, status=403)) as (client, script):
        with pytest.raises(AuthFailed, match="No entry"):
            await client.get("/x")
        with pytest.raises(Rejected) as refused:
            await client.get("/x", local=True)
    assert refused.value.status == 403
    assert len(script.asked) == 2


@pytest.mark.parametrize("status", [400, 404, 410, 422])
async def test_other_refusals_are_rejections_and_not_repeated(
    status: int,
) -> None:
    async with asking(says({"errorMessages": ["Not\nthere"]}, status=status)) as (client, script):
        with pytest.raises(Rejected) as refused:
            await client.get("/rest/x")
    assert refused.value.status == status
    assert "/rest/x" in refused.value.message
    assert "Not\\nthere" in refused.value.message
    assert len(script.asked) == 1


@pytest.mark.parametrize(
    ("retry_after", "pause"),
    [
        pytest.param("7", 7, id="seconds"),
        pytest.param(format_datetime(NOON + timedelta(seconds=30), usegmt=True), 30, id="date"),
        pytest.param("-3", 0, id="negative"),
        pytest.param("soon", 0, id="nonsense"),
    ],
)
async def test_429_pauses_as_long_as_it_says(retry_after: str, pause: int) -> None:
    now = format_datetime(NOON, usegmt=True)
    limited = says(status=429, Retry_After=retry_after, Date=now)
    async with asking(limited, says({"ok": True})) as (client, script):
        assert (await client.get("/x")).object() == {"ok": True}
    assert script.at[1] >= NOON + timedelta(seconds=pause)


async def test_a_date_is_meant_on_the_trackers_clock() -> None:
    theirs = NOON + timedelta(hours=9)
    limited = says(
        status=429,
        Date=format_datetime(theirs, usegmt=True),
        Retry_After=format_datetime(theirs + timedelta(seconds=20), usegmt=True),
    )
    async with asking(limited, says()) as (client, script):
        await client.get("/x")
    assert script.clock.slept == [20.0]


async def test_429_for_ever_without_a_hint_backs_off_and_gives_up() -> None:
    async with asking(says(status=429)) as (client, script):
        with pytest.raises(RateLimited):
            await client.get("/x")
    assert len(script.asked) == 5
    assert script.clock.slept == sorted(script.clock.slept)


@pytest.mark.parametrize("retry_after", ["1000000000", "901"])
async def test_a_long_pause_is_capped_and_nothing_is_asked_before_it_is_over(
    retry_after: str,
) -> None:
    async with asking(says(status=429, Retry_After=retry_after), says()) as (client, script):
        for _ in range(3):
            with pytest.raises(RateLimited) as limited:
                await client.get("/x")
        assert limited.value.retry_at == NOON + timedelta(minutes=15)
        assert len(script.asked) == 1
        script.clock.instant = limited.value.retry_at
        await client.get("/x")
    assert len(script.asked) == 2


async def test_a_pause_asked_for_with_200_holds_back_the_next_call() -> None:
    async with asking(says({"n": 1}, Retry_After="12")) as (client, script):
        await client.get("/x")
        await client.get("/y")
    assert script.at == [NOON, NOON + timedelta(seconds=12)]


async def test_the_pause_is_shared_by_calls_under_way() -> None:
    async with asking(says(status=429, Retry_After="9"), says()) as (client, script):
        await asyncio.gather(*(client.get(f"/{n}") for n in range(4)))
    late = [at for at in script.at if at > NOON]
    assert all(at >= NOON + timedelta(seconds=9) for at in late)


async def test_server_errors_are_tried_again_with_growing_waits() -> None:
    replies = [says(status=status) for status in (500, 502, 503)]
    async with asking(*replies, says({"ok": 1})) as (client, script):
        assert (await client.get("/x")).object() == {"ok": 1}
    assert script.clock.slept == [0.25, 0.5, 1.0]


async def test_lasting_server_errors_end_after_five_attempts() -> None:
    async with asking(says(status=503)) as (client, script):
        with pytest.raises(Unreachable, match="503"):
            await client.get("/x")
    assert len(script.asked) == 5


async def test_nobody_listening_is_unreachable() -> None:
    clock = SleepingClock()
    async with aiohttp.ClientSession() as session:
        client = HttpClient(
            session,
            f"http://127.0.0.1:{unused_port()}",
            auth=dict,
            clock=clock,
            sleep=clock.sleep,
        )
        with pytest.raises(Unreachable):
            await client.get("/x")
    assert len(clock.slept) == 4


async def test_a_failed_handshake_is_said_at_once() -> None:
    async with asking(says()) as (plain, script), aiohttp.ClientSession() as session:
        base = plain.origin.base.replace("http://", "https://")
        client = HttpClient(session, base, auth=dict, clock=script.clock, sleep=script.clock.sleep)
        with pytest.raises(Unreachable, match="encrypted") as failed:
            await client.get("/x")
    assert "ca_file" in failed.value.fix
    assert script.clock.slept == []


async def silence(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(60)
    return web.Response()


async def half_an_answer(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"issues": [')
    await asyncio.sleep(60)
    return response


@pytest.mark.parametrize("reply", [silence, half_an_answer])
async def test_a_hanging_answer_is_given_up(reply: Reply) -> None:
    limits = Limits(total=0.3, sock_read=0.15, attempts=2)
    async with asking(reply, limits=limits) as (client, script):
        with pytest.raises(Unreachable):
            await client.get("/x")
    assert len(script.asked) == 2


async def broken_off(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(
        headers={"Content-Type": "application/json", "Content-Length": "1000"}
    )
    await response.prepare(request)
    await response.write(b'{"a": 1')
    assert request.transport is not None
    request.transport.close()
    return response


async def test_a_connection_that_breaks_off_is_tried_again() -> None:
    async with asking(broken_off, says({"ok": 1})) as (client, _):
        assert (await client.get("/x")).object() == {"ok": 1}


async def test_truncated_json_is_tried_again() -> None:
    async with asking(sends(b'{"issues": [{"id"'), says({"ok": 1})) as (client, _):
        assert (await client.get("/x")).object() == {"ok": 1}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"issues": [{"id"', id="truncated"),
        pytest.param(b"", id="empty"),
        pytest.param(b"OK", id="no JSON"),
        pytest.param(b'{"a": NaN}', id="NaN"),
        pytest.param(b'{"a": 1e999}', id="infinite"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, id="too deep"),
        pytest.param(b'{"a": "\xff\xfe"}', id="no UTF-8"),
    ],
)
async def test_lasting_nonsense_is_a_bad_payload_that_names_the_path(body: bytes) -> None:
    async with asking(sends(body)) as (client, script):
        with pytest.raises(BadPayload, match="/rest/x"):
            await client.get("/rest/x", {"token": "query-secret"})
    assert len(script.asked) == 5


@pytest.mark.parametrize("value", [None, [], "text", 7])
async def test_another_shape_than_an_object_is_a_bad_payload(value: object) -> None:
    async with asking(lambda _: web.json_response(value)) as (client, _):
        answer = await client.get("/x")
    with pytest.raises(BadPayload):
        answer.object()


async def test_another_shape_than_a_list_is_a_bad_payload() -> None:
    async with asking(says({"a": 1})) as (client, _):
        answer = await client.get("/x")
    with pytest.raises(BadPayload, match="list"):
        answer.array()


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        pytest.param('{"a": "ä"}'.encode(), None, id="plain"),
        pytest.param('{"a": "ä"}'.encode("utf-8-sig"), None, id="byte order mark"),
        pytest.param('{"a": "ä"}'.encode("utf-16"), None, id="UTF-16"),
        pytest.param('{"a": "ä"}'.encode("latin-1"), "iso-8859-1", id="Latin 1"),
    ],
)
async def test_charsets_are_read(body: bytes, charset: str | None) -> None:
    async with asking(sends(body, charset=charset)) as (client, _):
        assert (await client.get("/x")).object() == {"a": "ä"}


async def test_an_unknown_charset_is_a_bad_payload() -> None:
    async with asking(sends(b"{}", charset="klingon")) as (client, _):
        with pytest.raises(BadPayload, match="klingon"):
            await client.get("/x")


async def test_half_a_surrogate_pair_costs_one_character_and_not_the_page() -> None:
    body = rb'["\ud83d\ude00", "\ud800", "\udc00x", "\\ud800"]'
    async with asking(sends(body)) as (client, _):
        assert (await client.get("/x")).array() == ["😀", "\ufffd", "\ufffdx", "\\ud800"]


async def test_an_answer_without_end_is_cut_off() -> None:
    limits = Limits(longest_answer=1000)
    async with asking(sends(b"[" + b" " * 2000 + b"]"), limits=limits) as (client, script):
        with pytest.raises(BadPayload, match="1000 bytes"):
            await client.get("/x")
    assert len(script.asked) == 1


async def test_a_redirect_within_the_origin_is_followed() -> None:
    async def moved(request: web.Request) -> web.Response:
        if request.path == "/new":
            return web.json_response({"new": True})
        raise web.HTTPFound("/new")

    async with asking(moved) as (client, script):
        assert (await client.get("/old", {"q": "1"})).object() == {"new": True}
    assert script.asked[1].headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    ("path", "error"), [("/elsewhere", ConfigError), ("/login?next=x", AuthFailed)]
)
async def test_a_redirect_to_another_host_is_not_followed(
    path: str, error: type[SyncerError]
) -> None:
    visitors: list[str] = []

    async def trap(request: web.Request) -> web.Response:
        visitors.append(request.path)
        return web.json_response({})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", trap)
    async with TestServer(app) as other:
        target = str(other.make_url(path))

        async def away(_: web.Request) -> web.Response:
            raise web.HTTPFound(target)

        async with asking(away) as (client, script):
            with pytest.raises(error):
                await client.get("/x")
    assert visitors == []
    assert len(script.asked) == 1


async def test_redirects_in_circles_end() -> None:
    async def round_and_round(_: web.Request) -> web.Response:
        raise web.HTTPFound("/x")

    async with asking(round_and_round) as (client, script):
        with pytest.raises(ConfigError, match="circles"):
            await client.get("/x")
    assert len(script.asked) == 6


@pytest.mark.parametrize("reference", ["https://evil.example/x", "//evil.example/x", "ftp://a/b"])
async def test_a_next_link_to_another_host_is_not_asked(reference: str) -> None:
    async with asking(says()) as (client, script):
        with pytest.raises(Rejected, match="another host"):
            await client.get(reference)
    assert script.asked == []


async def test_a_next_link_of_the_same_host_is_asked() -> None:
    async with asking(says({"n": 2})) as (client, _):
        link = f"{client.origin.base}/page?startAt=50"
        assert (await client.get(link)).object() == {"n": 2}


async def test_what_the_connector_finds_amiss_is_remembered_as_a_refusal() -> None:
    def refuse(answer: Answer) -> None:
        raise AuthFailed(f"{answer.label}: refused")

    async with asking(says(), examine=refuse) as (client, script):
        for _ in range(2):
            with pytest.raises(AuthFailed, match="refused"):
                await client.get("/x")
    assert len(script.asked) == 1


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 429, 500])
async def test_no_error_holds_the_token_or_the_query(status: int) -> None:
    reply = sends(b"nonsense", status=status)
    async with asking(reply) as (client, _):
        with pytest.raises(SyncerError) as raised:
            await client.get("/x", {"key": "query-secret"})
    told = f"{raised.value!r} {raised.value} {raised.value.__cause__!r}"
    assert TOKEN not in told
    assert "query-secret" not in told
