"""Webhooks registered at a simulated Linear by its own API."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from connectors.linear.hooks import RESOURCES
from syncer.connect.hooking import HookState, RegistersHooks, TellsHookSteps
from syncer.connect.testing.server import answer
from syncer.errors import RateLimited, Rejected
from tests.connectors.linear.small_linear import running, small_world

URL = "https://hooks.example.com/hooks/endpoint-of-tests"
SECRET = SecretStr("lin_wh_made_up")
KEYS = ("CORE", "RAN", "acme")


async def test_one_webhook_serves_all_public_teams_and_the_workspace() -> None:
    async with running(small_world()) as (linear, connector):
        assert isinstance(connector, RegistersHooks)
        (missing,) = await connector.hook_places(KEYS, URL)
        assert (missing.state, missing.covers) == (HookState.MISSING, KEYS)
        await connector.register_hook(missing, URL, SECRET)
        (good,) = await connector.hook_places(KEYS, URL)
        assert (good.state, good.problems) == (HookState.GOOD, ())
        await connector.register_hook(good, URL, SECRET)
    (kept,) = linear.hooks.kept
    assert kept["secret"] == SECRET.get_secret_value()
    assert kept["allPublicTeams"] is True
    assert set(kept["resourceTypes"]) == set(RESOURCES)


async def test_a_private_team_needs_one_of_its_own() -> None:
    async with running(small_world()) as (linear, connector):
        linear.private.add("CORE")
        for place in await connector.hook_places(KEYS, URL):
            await connector.register_hook(place, URL, SECRET)
        places = await connector.hook_places(KEYS, URL)
    told = {place.where: (place.state, place.covers) for place in places}
    assert told == {
        "all public teams": (HookState.GOOD, ("RAN", "acme")),
        "team CORE": (HookState.GOOD, ("CORE",)),
    }
    assert [one["team"] and one["team"]["key"] for one in linear.hooks.kept] == [None, "CORE"]


async def test_what_others_have_switched_on_stays_and_what_is_off_is_mended() -> None:
    async with running(small_world()) as (linear, connector):
        (missing,) = await connector.hook_places(KEYS, URL)
        await connector.register_hook(missing, URL, SECRET)
        linear.hooks.kept[0] |= {"enabled": False, "resourceTypes": ["Issue", "Cycle"]}
        (wrong,) = await connector.hook_places(KEYS, URL)
        assert wrong.state is HookState.WRONG
        assert ["disabled" in wrong.problems[0], "Comment" in wrong.problems[1]] == [True, True]
        await connector.register_hook(wrong, URL, SECRET)
        (good,) = await connector.hook_places(KEYS, URL)
    assert good.state is HookState.GOOD
    assert "Cycle" in linear.hooks.kept[0]["resourceTypes"]


async def test_a_webhook_for_one_team_is_not_enough_for_all() -> None:
    async with running(small_world()) as (linear, connector):
        linear.hooks.add(
            {"input": {"url": URL, "teamId": "11", "resourceTypes": list(RESOURCES)}},
            linear.site().teams(),
        )
        (place,) = await connector.hook_places(KEYS, URL)
    assert place.state is HookState.WRONG
    assert "one team alone" in place.problems[0]


async def test_without_the_right_a_person_is_told_what_to_do() -> None:
    async with running(small_world()) as (linear, connector):
        linear.hooks.closed = True
        (place,) = await connector.hook_places(KEYS, URL)
        assert isinstance(connector, TellsHookSteps)
        assert "Webhooks" in connector.hook_steps()[0]
    assert (place.state, place.covers) == (HookState.CLOSED, KEYS)


async def test_what_linear_refuses_or_does_not_take_is_told() -> None:
    limited = '{"errors": [{"message": "no", "extensions": {"code": "RATELIMITED"}}]}'
    async with running(small_world()) as (linear, connector):
        (missing,) = await connector.hook_places(KEYS, URL)
        for body, error in (
            ('{"data": {"webhookCreate": {"success": false}}}', Rejected),
            ('{"errors": [{"message": "no"}]}', Rejected),
            (limited, RateLimited),
        ):
            linear.server.fail(answer(200, body=body))
            with pytest.raises(error):
                await connector.register_hook(missing, URL, SECRET)
        assert linear.hooks.kept == []
