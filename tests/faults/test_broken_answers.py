"""Answers that hold something else than data: F5 and F6. The page is refused, the cursor stays."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from aiohttp import web

from syncer.connect.testing.proxy import End, Fate
from syncer.connect.testing.server import Fault, Handler, answer, login_page
from syncer.errors import AuthFailed, BadPayload, SyncerError
from syncer.store.engine import Store
from syncer.store.sources import container_state
from tests.faults.line import Line, line

REQUEST_ID = "id-of-this-request-0815"
SEARCH = "*/search*"
MUTATIONS = 40
_Bytes = Callable[[bytes, random.Random], bytes]


async def _error(one: Line, store: Store) -> SyncerError | None:
    done = await one.pull(store)
    failures = [done.failure, *(container.failure for container in done.containers)]
    return next((failure for failure in failures if failure is not None), None)


async def _cursor(one: Line, store: Store) -> object:
    async with store.read() as session:
        state = await container_state(session, one.container)
    return state and state.cursor


def _body(change: Callable[[bytes], bytes], headers: dict[str, str] | None = None) -> Fault:
    """The true answer with its body changed."""

    async def fault(request: web.Request, handler: Handler) -> web.StreamResponse:
        told = await handler(request)
        assert isinstance(told, web.Response)
        assert isinstance(told.body, bytes)
        return web.Response(
            body=change(told.body),
            content_type="application/json",
            headers={"X-Request-Id": REQUEST_ID, **(headers or {})},
        )

    return fault


@pytest.mark.parametrize("path", ["*/myself", SEARCH])
async def test_f5_a_login_page_with_200_is_a_failed_login_and_no_storm(
    sqlite_url: str, path: str
) -> None:
    async with Store(sqlite_url) as store, line() as one:
        assert await _error(one, store) is None
        one.edit("20001", "changed")
        cursor = await _cursor(one, store)
        one.jira.server.fail(login_page(), times=None, path=path)
        one.jira.server.forget_requests()
        failure = await _error(one, store)

        assert isinstance(failure, AuthFailed)
        assert "login needed" in str(failure)
        assert one.jira.server.count(path) <= 2  # once at the site, once at the gateway
        assert await _cursor(one, store) == cursor
        assert len(await one.stored(store)) == 20

        one.jira.server.recover()
        assert await _error(one, store) is None
        assert (await one.stored(store))["20001"].title == "changed"


BROKEN: dict[str, Fault] = {
    "nothing": answer(200),
    "null": answer(200, body="null"),
    "a text": answer(200, body='"issues"'),
    "a number": answer(200, body="0"),
    "a list": answer(200, body="[]"),
    "an empty object": answer(200, body="{}"),
    "words": answer(200, body="Service is restarting", content_type="text/plain"),
    "a mark of byte order alone": answer(200, body=b"\xef\xbb\xbf"),
    "bytes of no charset": _body(lambda body: body.replace(b"Check", b"\xff\xfe\xfd")),
    "another charset than it says": _body(lambda body: body.decode().encode("utf-16-le")[1:]),
    "half of it": _body(lambda body: body[: len(body) // 2]),
    "without its end": _body(lambda body: body[:-1]),
    "twice": _body(lambda body: body + body),
    "not a number": _body(lambda body: body.replace(b'"issues"', b'"x":NaN,"issues"', 1)),
    "too deep": answer(200, body=b"[" * 100_000),
}


@pytest.mark.parametrize("fault", BROKEN.values(), ids=BROKEN)
async def test_f6_what_cannot_be_read_is_refused_and_moves_no_cursor(
    sqlite_url: str, fault: Fault
) -> None:
    async with Store(sqlite_url) as store, line() as one:
        assert await _error(one, store) is None
        one.edit("20001", "changed")
        cursor = await _cursor(one, store)
        one.jira.server.fail(fault, times=None, path=SEARCH)
        failure = await _error(one, store)

        assert isinstance(failure, BadPayload), failure
        assert await _cursor(one, store) == cursor
        stored = await one.stored(store)
        assert (len(stored), stored["20001"].title != "changed") == (20, True)

        one.jira.server.recover()
        assert await _error(one, store) is None
        assert await one.is_equal(store)


async def test_f6_an_error_names_the_request(sqlite_url: str) -> None:
    async with Store(sqlite_url) as store, line() as one:
        one.jira.server.fail(_body(lambda body: body[:-1]), times=None, path=SEARCH)
        failure = await _error(one, store)
        assert REQUEST_ID in str(failure)
        assert one.jira.account.secret not in str(failure)


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", None])
async def test_f6_a_mark_of_byte_order_is_no_fault(sqlite_url: str, mark: bytes | None) -> None:
    def marked(body: bytes) -> bytes:
        return body.decode().encode("utf-16") if mark is None else mark + body

    async with Store(sqlite_url) as store, line() as one:
        one.jira.server.fail(_body(marked), times=None, path=SEARCH)
        assert await _error(one, store) is None
        assert await one.is_equal(store)


@pytest.mark.parametrize("after", [1, 200, 1_000])
async def test_f6_an_answer_cut_off_by_the_network_is_asked_for_anew(
    sqlite_url: str, after: int
) -> None:
    async with Store(sqlite_url) as store, line() as one:
        one.proxy.next(*[Fate(end=End.CLOSE, after=after)] * 2)
        assert await _error(one, store) is None
        assert one.proxy.counts[End.CLOSE] == 2
        assert await one.is_equal(store)


def _without_a_piece(body: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(body))
    return body[:at] + body[at + chance.randint(1, 200) :]


def _with_noise(body: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(body))
    return body[:at] + chance.randbytes(chance.randint(1, 9)) + body[at:]


def _with_a_value_changed(body: bytes, chance: random.Random) -> bytes:
    told = json.loads(body)
    key = chance.choice(list(told))
    told[key] = chance.choice([None, 0, -1, True, "", "x", [], {}, [None], {"a": []}, 1e300])
    return json.dumps(told).encode()


SORTS_OF_MUTATION: list[_Bytes] = [_without_a_piece, _with_noise, _with_a_value_changed]


async def test_f6_no_mutated_answer_loses_an_item_or_is_more_than_an_error(
    sqlite_url: str,
) -> None:
    """Every seed changes all answers of one path in its way; then the tracker is well again."""
    failed = 0
    async with Store(sqlite_url) as store, line() as one:
        assert await _error(one, store) is None
        paths = sorted({asked.path for asked in one.jira.server.requests})
        for seed in range(MUTATIONS):
            chance = random.Random(seed)
            mutate = SORTS_OF_MUTATION[seed % len(SORTS_OF_MUTATION)]
            one.edit("20001", f"title {seed}")
            one.jira.server.fail(
                _body(lambda body, m=mutate, c=chance: m(body, c)),  # type: ignore[misc]
                times=None,
                path=chance.choice(paths),
            )
            failure = await _error(one, store)
            failed += failure is not None
            assert failure is None or "failed on" not in str(failure), f"seed {seed}: {failure}"
            assert len(await one.stored(store)) == 20, f"seed {seed}"

            one.jira.server.recover()
            one.clock.instant += timedelta(minutes=20)
        await one.pull(store, full=True)
        assert await one.is_equal(store)
    assert failed > MUTATIONS / 4
