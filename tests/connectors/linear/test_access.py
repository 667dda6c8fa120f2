"""Keys and tokens, and an application that gets its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import aiohttp
import pytest

from connectors.linear.connector import LinearConnector
from connectors.linear.simulator import APPLICATION, LinearSimulator
from syncer.connect.testing.server import Fault, answer, rate_limited, reset
from syncer.errors import AuthFailed, BadPayload, RateLimited, SyncerError, Unreachable
from tests.connectors.linear.small_linear import NOW, Still, config_for, read, small_world

TOKEN = "/oauth/token"


@asynccontextmanager
async def application(
    clock: Still, *, secret: str = ""
) -> AsyncIterator[tuple[LinearSimulator, LinearConnector]]:
    async with LinearSimulator(small_world(), clock) as linear, aiohttp.ClientSession() as session:
        auth = {"client_id": APPLICATION, "client_secret_env": "T"}
        config = config_for(linear.url, secret=secret or linear.account.secret, auth=auth)
        connector = LinearConnector("li", config, session, clock=clock, sleep=clock.sleep)
        yield linear, connector


async def test_an_application_gets_a_token_and_keeps_it() -> None:
    clock = Still()
    async with application(clock) as (linear, connector):
        assert (await connector.probe()).account == "syncer-bot"
        await read(connector)
        assert linear.server.count(TOKEN) == 1
        clock.instant += timedelta(days=29, hours=23, minutes=30)
        await read(connector)
        assert linear.server.count(TOKEN) == 2
    sent = [r.headers["authorization"] for r in linear.server.requests if r.path != TOKEN]
    assert set(sent) == {"Bearer lin_oauth_made_up_1", "Bearer lin_oauth_made_up_2"}


async def test_the_secret_travels_in_the_body_alone() -> None:
    async with application(Still()) as (linear, connector):
        await connector.probe()
        (asked,) = [r for r in linear.server.requests if r.path == TOKEN]
    secret = linear.account.secret
    assert secret.encode() in asked.body
    assert secret not in f"{asked.path}{asked.query}{asked.headers}"
    others = [r for r in linear.server.requests if r.path != TOKEN]
    assert all(secret not in f"{r.headers}{r.body!r}" for r in others)


async def test_a_token_that_is_refused_is_not_used_for_ever() -> None:
    clock = Still()
    async with application(clock) as (linear, connector):
        await connector.probe()
        linear.server.admitted.clear()
        with pytest.raises(AuthFailed):
            await read(connector)
        clock.instant += timedelta(minutes=6)
        await read(connector)
        assert linear.server.count(TOKEN) == 2


async def test_a_refused_application_does_not_hammer() -> None:
    clock = Still()
    async with application(clock, secret="another-made-up-secret") as (linear, connector):
        for _ in range(3):
            with pytest.raises(AuthFailed, match="application"):
                await connector.probe()
        assert len(linear.server.requests) == 1
        clock.instant += timedelta(minutes=6)
        with pytest.raises(AuthFailed):
            await connector.probe()
        assert len(linear.server.requests) == 2


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (answer(500), Unreachable),
        (reset(), Unreachable),
        (rate_limited(90), RateLimited),
        (answer(302, headers={"Location": "https://evil.example/"}), AuthFailed),
        (answer(200, body="<html>"), BadPayload),
        (answer(200, body="[]"), BadPayload),
        (answer(200, body='{"access_token": 7}'), BadPayload),
        (answer(200, body='{"access_token": "a\\nb"}'), BadPayload),
    ],
)
async def test_whatever_comes_instead_of_a_token_is_told(
    fault: Fault, error: type[SyncerError]
) -> None:
    async with application(Still()) as (linear, connector):
        linear.server.fail(fault, times=None, path=TOKEN)
        with pytest.raises(error) as raised:
            await connector.probe()
        if isinstance(raised.value, RateLimited):
            assert raised.value.retry_at == NOW + timedelta(seconds=90)
        assert linear.account.secret not in str(raised.value)


@pytest.mark.parametrize("life", ["null", "-1", "true", '"long"', "1e99"])
async def test_a_token_of_unknown_life_is_renewed_within_hours(life: str) -> None:
    clock = Still()
    async with application(clock) as (linear, connector):
        token = linear.account.secret
        body = f'{{"access_token": "{token}", "expires_in": {life}}}'
        linear.server.fail(answer(200, body=body), times=2, path=TOKEN)
        await connector.probe()
        await connector.probe()
        assert linear.server.count(TOKEN) == 1
        clock.instant += timedelta(hours=2)
        await connector.probe()
        assert linear.server.count(TOKEN) == 2
