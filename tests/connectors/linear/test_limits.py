"""Limits and refusals in Linear's own dialect."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from connectors.linear.limits import asked_pause, codes_of, errors_of, is_limit, messages_of
from syncer.connect.testing.server import Fault, Handler, answer
from syncer.connect.testing.world import uniform_world
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.errors import BadPayload, RateLimited, Rejected, TooLong
from tests.connectors.linear.small_linear import (
    NOW,
    RAN,
    Still,
    read,
    records,
    running,
    small_world,
)

LIMITED = json.dumps({"errors": [{"message": "no", "extensions": {"code": "RATELIMITED"}}]})

ENDLESS = json.dumps(
    {
        "data": {
            "teams": {"nodes": [{"key": "RAN"}]},
            "issues": {"nodes": [], "pageInfo": {"hasNextPage": True}},
        }
    }
)


def ms(seconds: float) -> str:
    return str(round((NOW.timestamp() + seconds) * 1000))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"X-RateLimit-Requests-Reset": "soon"}, None),
        ({"X-RateLimit-Requests-Reset": ms(30)}, 30),
        ({"X-RateLimit-Requests-Reset": ms(-30)}, 1),
        ({"X-RateLimit-Requests-Reset": "9" * 15}, None),
        (
            {
                "X-RateLimit-Requests-Remaining": "0",
                "X-RateLimit-Requests-Reset": ms(30),
                "X-RateLimit-Complexity-Remaining": "5",
                "X-RateLimit-Complexity-Reset": ms(3000),
            },
            30,
        ),
        (
            {
                "X-RateLimit-Requests-Remaining": "7",
                "X-RateLimit-Requests-Reset": ms(30),
                "X-RateLimit-Complexity-Remaining": "5",
                "X-RateLimit-Complexity-Reset": ms(300),
            },
            300,
        ),
        (
            {
                "X-RateLimit-Endpoint-Requests-Remaining": "0",
                "X-RateLimit-Endpoint-Requests-Reset": ms(45),
            },
            45,
        ),
    ],
)
def test_the_exhausted_limit_tells_how_long_to_wait(
    headers: dict[str, str], seconds: float | None
) -> None:
    pause = asked_pause(headers, now=NOW)
    assert pause == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize("body", [None, [], {}, {"errors": 7}, {"errors": [7, None]}])
def test_bodies_without_errors_tell_of_none(body: object) -> None:
    assert errors_of(body) == ()
    assert not is_limit(errors_of(body))


def test_codes_and_types_are_both_read() -> None:
    errors = ({"extensions": {"type": "ratelimited", "code": 7}}, {"extensions": None})
    assert codes_of(errors) == {"RATELIMITED"}
    assert is_limit(errors)
    assert messages_of(({"message": "a", "extensions": {"userPresentableMessage": "b"}},)) == ("b",)


async def test_a_limit_that_lasts_long_is_told_with_its_end() -> None:
    headers = {"X-RateLimit-Requests-Remaining": "0", "X-RateLimit-Requests-Reset": ms(600)}
    async with running(small_world()) as (linear, connector):
        linear.server.fail(answer(400, body=LIMITED, headers=headers), times=None)
        with pytest.raises(RateLimited) as limited:
            await connector.probe()
    assert limited.value.retry_at >= NOW + timedelta(seconds=600)
    assert len(linear.server.requests) == 1


async def test_what_the_simulated_linear_grants_an_hour_is_waited_for() -> None:
    clock = Still()
    async with running(small_world(), clock=clock) as (linear, connector):
        linear.limits.requests = 2
        with pytest.raises(RateLimited) as limited:
            await read(connector)
        assert limited.value.retry_at <= NOW + timedelta(minutes=15)
        clock.instant += timedelta(hours=2)
        linear.limits.requests = 100
        assert set(records(await read(connector))) == {"RAN-1", "RAN-2", "RAN-3"}


async def test_a_first_pass_goes_on_where_a_limit_broke_it_off() -> None:
    """Hour after hour, as the quota is refilled, and without listing anything twice."""
    world, clock = uniform_world(count=200, container="BIG"), Still()
    seen: list[str] = []
    cursor, hours = None, 0
    async with running(world, clock=clock) as (linear, connector):
        linear.limits.complexity = 4_000
        while hours < 20:
            try:
                async for page in connector.changes(ContainerKey("li", "BIG"), cursor):
                    seen += [record.item.ref.id for record in page.records]
                    cursor = page.cursor
            except RateLimited:
                hours += 1
                clock.instant += timedelta(hours=1, minutes=1)
            else:
                break
    assert 1 < hours < 20
    assert sorted(set(seen)) == sorted(world.ids())
    assert len(seen) <= len(set(seen)) + hours + 2
    listings = [r for r in linear.server.requests if b"orderBy: updatedAt" in r.body]
    assert len(listings) <= hours + 3


async def test_a_query_that_is_too_complex_is_asked_in_halves() -> None:
    async with running(small_world()) as (linear, connector):

        async def too_many(request: web.Request, handler: Handler) -> web.StreamResponse:
            asked = json.loads(await request.read())["variables"]
            if len(asked.get("filter", {}).get("id", {}).get("in", ())) > 1:
                body = {"errors": [{"message": "Query too complex"}]}
                return web.json_response(body, status=400)
            return await handler(request)

        linear.server.fail(too_many, times=None)
        assert set(records(await read(connector))) == {"RAN-1", "RAN-2", "RAN-3"}


async def test_a_single_item_that_is_too_complex_is_told() -> None:
    async with running(small_world()) as (linear, connector):
        await connector.probe()
        body = '{"errors": [{"message": "Query too complex"}]}'
        linear.server.fail(answer(400, body=body), times=None)
        with pytest.raises(TooLong):
            await connector.fetch([ItemRef("li", "3", "RAN-1")])


async def test_an_id_that_linear_finds_odd_does_not_cost_the_others() -> None:
    async with running(small_world()) as (linear, connector):

        async def picky(request: web.Request, handler: Handler) -> web.StreamResponse:
            asked = json.loads(await request.read())["variables"]
            if "odd" in asked.get("filter", {}).get("id", {}).get("in", ()):
                body = {"errors": [{"message": "no UUID", "extensions": {"code": "INPUT_ERROR"}}]}
                return web.json_response(body, status=200)
            return await handler(request)

        linear.server.fail(picky, times=None)
        refs = [ItemRef("li", id_) for id_ in ("3", "odd", "4", "5")]
        fetched = await connector.fetch(refs)
    assert {one.item.ref.id for one in fetched.records} == {"3", "4", "5"}
    assert fetched.hidden == (refs[1],)


REFUSALS = {
    "a refusal": answer(400, body='{"message": "no"}'),
    "another schema": answer(
        400, body='{"errors": [{"extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}}]}'
    ),
    "input that is none": answer(
        200, body='{"errors": [{"message": "x", "extensions": {"code": "INPUT_ERROR"}}]}'
    ),
}


@pytest.mark.parametrize("fault", REFUSALS.values(), ids=REFUSALS)
async def test_a_refusal_hides_no_item(fault: Fault) -> None:
    refs = [ItemRef("li", f"9cfb482a-81e3-4154-b5b9-2c805e70a02{n}") for n in range(3)]
    async with running(small_world()) as (linear, connector):
        await connector.probe()
        linear.server.fail(fault, times=None)
        with pytest.raises(Rejected):
            await connector.fetch(refs)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ('{"errors": [{"message": "x", "extensions": {"code": "FORBIDDEN"}}]}', Rejected),
        (
            '{"errors": [{"message": "x", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}',
            Rejected,
        ),
        ('{"data": null}', BadPayload),
        ('{"data": {"teams": {}}}', BadPayload),
        ('{"data": {"teams": {"nodes": [{"key": "RAN"}]}, "issues": null}}', BadPayload),
        (ENDLESS, BadPayload),
        ('{"data": {"teams": {"nodes": []}, "issues": {"nodes": []}}}', Rejected),
    ],
)
async def test_half_answers_are_errors_and_never_no_items(body: str, error: Any) -> None:
    async with running(small_world()) as (linear, connector):
        await read(connector)
        linear.server.fail(answer(200, body=body), times=None)
        with pytest.raises(error):
            await read(connector)
        with pytest.raises(error):
            [ref async for ref in connector.inventory(RAN)]
