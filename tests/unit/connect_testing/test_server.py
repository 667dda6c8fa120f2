from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from syncer.clock import FixedClock
from syncer.connect.signing import signed_hex
from syncer.connect.testing.delivery import Delivery, post_delivery, signature
from syncer.connect.testing.server import (
    Account,
    FakeTracker,
    answer,
    cut_off,
    hang,
    login_page,
    rate_limited,
    reset,
    truncated_json,
    with_headers,
)

BODY = {"items": list(range(100))}


async def _items(_request: web.Request) -> web.StreamResponse:
    return web.json_response(BODY)


@pytest.fixture
async def tracker() -> AsyncIterator[FakeTracker]:
    tracker = FakeTracker()
    tracker.route("GET POST", "/items/{name}", _items)
    async with tracker:
        yield tracker


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def get(
    session: aiohttp.ClientSession, tracker: FakeTracker, path: str = "/items/a"
) -> tuple[int, bytes]:
    async with session.get(tracker.url + path) as response:
        return response.status, await response.read()


async def test_requests_are_recorded_and_counted(
    tracker: FakeTracker, session: aiohttp.ClientSession
) -> None:
    async with session.post(f"{tracker.url}/items/a?x=1", data=b"{}") as response:
        assert response.status == 200
    await get(session, tracker, "/items/b")
    await get(session, tracker, "/nowhere")
    first = tracker.requests[0]
    assert (first.method, first.path, first.route) == ("POST", "/items/a", "/items/{name}")
    assert (dict(first.query), first.body) == ({"x": "1"}, b"{}")
    assert tracker.count("/items/{name}") == tracker.count("/items/*") == 2
    assert tracker.count("/items/*", method="GET") == 1
    assert tracker.count() == 3
    tracker.forget_requests()
    assert tracker.count() == 0


async def test_answers_bear_the_clocks_time_but_where_the_machines_is_asked_for(
    session: aiohttp.ClientSession,
) -> None:
    tracker = FakeTracker(clock=FixedClock(datetime(2001, 2, 3, 4, 5, tzinfo=UTC)))
    tracker.route("GET", "/items/{name}", _items)
    tracker.machine_time_paths.add("*/now")
    dates = {}
    async with tracker:
        for name in ("then", "now"):
            async with session.get(f"{tracker.url}/items/{name}") as answered:
                dates[name] = answered.headers["Date"]
    assert dates["then"] == "Sat, 03 Feb 2001 04:05:00 GMT"
    assert "2001" not in dates["now"]


async def test_a_fault_is_used_up_then_the_truth_is_told(
    tracker: FakeTracker, session: aiohttp.ClientSession
) -> None:
    tracker.fail(answer(503, body="down", headers={"X-Why": "maintenance"}), times=2)
    statuses = [(await get(session, tracker))[0] for _ in range(3)]
    assert statuses == [503, 503, 200]


async def test_a_fault_may_be_meant_for_some_requests_only(
    tracker: FakeTracker, session: aiohttp.ClientSession
) -> None:
    tracker.fail(answer(404), times=None, path="/items/b*")
    tracker.fail(answer(410), times=None, when=lambda request: request.query.get("page") == "2")
    paths = ("/items/a", "/items/b1", "/items/a?page=2", "/items/b1")
    assert [(await get(session, tracker, path))[0] for path in paths] == [200, 404, 410, 404]
    tracker.recover()
    assert (await get(session, tracker, "/items/b1"))[0] == 200


async def test_a_login_page_comes_with_status_200(
    tracker: FakeTracker, session: aiohttp.ClientSession
) -> None:
    tracker.fail(login_page())
    async with session.get(f"{tracker.url}/items/a") as response:
        assert response.status == 200
        assert response.content_type == "text/html"
        assert b"<form" in await response.read()


async def test_json_can_be_cut_in_half(
    tracker: FakeTracker, session: aiohttp.ClientSession
) -> None:
    tracker.fail(truncated_json())
    status, body = await get(session, tracker)
    assert status == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)
    assert json.loads((await get(session, tracker))[1]) == BODY


@pytest.mark.parametrize(
    ("retry_after", "header"),
    [
        (7, "7"),
        (datetime(2026, 11, 23, 4, 30, tzinfo=UTC), "Mon, 23 Nov 2026 04:30:00 GMT"),
        (None, None),
    ],
)
async def test_retry_after_in_both_forms_and_in_none(
    tracker: FakeTracker,
    session: aiohttp.ClientSession,
    retry_after: int | datetime | None,
    header: str | None,
) -> None:
    tracker.fail(rate_limited(retry_after))
    async with session.get(f"{tracker.url}/items/a") as response:
        assert (response.status, response.headers.get("Retry-After")) == (429, header)


async def test_headers_can_be_added_to_a_good_answer(
    tracker: FakeTracker, session: aiohttp.ClientSession
) -> None:
    tracker.fail(with_headers({"Retry-After": "3"}))
    async with session.get(f"{tracker.url}/items/a") as response:
        assert (response.status, response.headers["Retry-After"]) == (200, "3")
        assert await response.json() == BODY


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        pytest.param(reset(), aiohttp.ServerDisconnectedError, id="reset"),
        pytest.param(cut_off(), aiohttp.ClientPayloadError, id="cut off"),
    ],
)
async def test_connections_can_be_dropped(
    tracker: FakeTracker, session: aiohttp.ClientSession, fault: object, error: type[Exception]
) -> None:
    tracker.fail(fault)  # type: ignore[arg-type]  # parametrised
    with pytest.raises(error):
        async with session.post(f"{tracker.url}/items/a") as response:
            await response.read()
    assert (await get(session, tracker))[0] == 200


async def test_a_hanging_request_ends_with_the_server(session: aiohttp.ClientSession) -> None:
    tracker = FakeTracker()
    tracker.route("GET", "/items/{name}", _items)
    tracker.fail(hang())
    async with tracker:
        with pytest.raises(TimeoutError):
            await session.get(f"{tracker.url}/items/a", timeout=aiohttp.ClientTimeout(total=0.1))
    with pytest.raises(RuntimeError):
        assert tracker.url


async def test_credentials_are_asked_for_except_on_open_paths(
    session: aiohttp.ClientSession,
) -> None:
    account = Account(user="bot@example.com", secret="made-up")
    tracker = FakeTracker(account=account, open_paths=("/open/*",))
    tracker.route("GET", "/items/{name}", _items)
    tracker.route("GET", "/open/{name}", _items)
    right = {"Authorization": aiohttp.encode_basic_auth("bot@example.com", "made-up")}
    wrong = {"Authorization": aiohttp.encode_basic_auth("bot@example.com", "guess")}
    async with tracker:
        for path, headers, status in (
            ("/items/a", {}, 401),
            ("/items/a", wrong, 401),
            ("/items/a", {"Authorization": "Basic é"}, 401),
            ("/items/a", right, 200),
            ("/open/a", {}, 200),
        ):
            async with session.get(tracker.url + path, headers=headers) as response:
                assert response.status == status
    assert "made-up" not in repr(account)


async def test_a_server_can_come_back_on_its_port(session: aiohttp.ClientSession) -> None:
    tracker = FakeTracker()
    tracker.route("GET", "/items/{name}", _items)
    await tracker.start()
    url = tracker.url
    await tracker.stop()
    await tracker.start(port=int(url.rpartition(":")[2]))
    assert tracker.url == url
    assert (await get(session, tracker))[0] == 200
    await tracker.stop()


async def test_a_hook_sees_each_request_before_its_answer(
    tracker: FakeTracker, session: aiohttp.ClientSession
) -> None:
    seen: list[str] = []
    tracker.on_request.append(lambda request: seen.append(request.path))
    await get(session, tracker)
    assert seen == ["/items/a"]


async def test_credentials_may_come_in_several_schemes(session: aiohttp.ClientSession) -> None:
    tracker = FakeTracker(account=Account(secret="made-up", schemes=("Bearer", "token")))
    tracker.route("GET", "/items/{name}", _items)
    tracker.admitted.add("Bearer given-out")
    seen = {}
    async with tracker:
        for sent in ("Bearer made-up", "token made-up", "Bearer given-out", "Bearer x", "made-up"):
            headers = {"Authorization": sent}
            async with session.get(f"{tracker.url}/items/a", headers=headers) as response:
                seen[sent] = response.status
    assert list(seen.values()) == [200, 200, 200, 401, 401]


async def test_a_delivery_is_posted_as_it_is(session: aiohttp.ClientSession) -> None:
    async def take(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=202)

    body = b'{"a": 1}'
    signed = {"X-Hub-Signature-256": signature(SecretStr("made-up"), body)}
    tracker = FakeTracker()
    tracker.route("POST", "/hooks/e", take)
    async with tracker:
        delivery = Delivery(headers=signed, body=body)
        assert await post_delivery(session, f"{tracker.url}/hooks/e", delivery) == 202
        (posted,) = tracker.requests
    assert (posted.method, posted.body) == ("POST", body)
    assert signed_hex(posted.headers["x-hub-signature-256"], body, [SecretStr("made-up")])
