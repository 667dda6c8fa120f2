"""Service hooks: which are there, which are missing or troubled, and registering them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from connectors.azure_devops.hooks import EVENTS
from connectors.azure_devops.simulator import AzureDevOpsSimulator
from syncer.connect.hooking import HookPlace, HookState, RegistersHooks, TellsHookSteps
from syncer.errors import Rejected
from tests.connectors.azure_devops.small_ado import running, small_world

URL = "https://hooks.example.com/hooks/e1"
SECRET = SecretStr("made-up-password")


def by_name(places: Any) -> dict[str, HookPlace]:
    return {place.where: place for place in places}


def sent(ado: AzureDevOpsSimulator, name: str) -> set[str]:
    return {one["consumerInputs"][name] for one in ado.hooks.kept.values()}


async def test_each_project_gets_one_subscription_for_each_event() -> None:
    async with running(small_world()) as (ado, connector):
        assert isinstance(connector, RegistersHooks)
        assert isinstance(connector, TellsHookSteps)
        places = await connector.hook_places(["acme"], URL)
        assert {p.where: (p.state, p.covers) for p in places} == {
            "Network": (HookState.MISSING, ("acme",)),
            "Smart Phone": (HookState.MISSING, ("acme",)),
        }
        assert ado.hooks.kept == {}
        for place in places:
            await connector.register_hook(place, URL, SECRET)
            await connector.register_hook(place, URL, SECRET)
        assert len(ado.hooks.kept) == 2 * len(EVENTS)
        assert sent(ado, "url") == {URL}
        assert sent(ado, "basicAuthPassword") == {SECRET.get_secret_value()}
        again = await connector.hook_places(["acme"], URL)
    assert {place.state for place in again} == {HookState.GOOD}
    assert {place.secret_set for place in again} == {True}


async def test_a_secret_with_a_user_signs_in_as_that_user() -> None:
    async with running(small_world(), projects=["Network"]) as (ado, connector):
        (place,) = await connector.hook_places(["acme"], URL)
        await connector.register_hook(place, URL, SecretStr("kim:made:up"))
        assert sent(ado, "basicAuthUsername") == {"kim"}
        assert sent(ado, "basicAuthPassword") == {"made:up"}


async def test_what_is_missing_or_troubled_is_said_and_mended() -> None:
    async with running(small_world()) as (ado, connector):
        (place, _) = await connector.hook_places(["acme"], URL)
        await connector.register_hook(place, URL, SECRET)
        first, second, *_ = ado.hooks.kept
        del ado.hooks.kept[first]
        ado.hooks.kept[second]["status"] = "disabledBySystem"
        ado.hooks.kept[second]["consumerInputs"].pop("basicAuthPassword")
        told = by_name(await connector.hook_places(["acme"], URL))["Network"]
        assert told.state is HookState.WRONG
        assert told.problems == (
            "it does not send workitem.created",
            "workitem.updated is disabledBySystem",
            "it has no secret",
        )
        assert (told.secret_set, told.last_result) == (False, "disabledBySystem")
        await connector.register_hook(told, URL, SECRET)
        mended = by_name(await connector.hook_places(["acme"], URL))
    assert mended["Network"].state is HookState.GOOD
    assert mended["Smart Phone"].state is HookState.MISSING


async def test_the_hooks_of_others_stay_and_are_none_of_ours() -> None:
    async with running(small_world()) as (ado, connector):
        other = {
            "eventType": "workitem.updated",
            "publisherId": "tfs",
            "consumerId": "webHooks",
            "consumerActionId": "httpRequest",
            "consumerInputs": {"url": "https://x.example"},
        }
        ado.hooks.kept["other"] = {"id": "other", "status": "enabled", **other}
        ado.hooks.kept["odd"] = {**other, "id": 7}
        (place, _) = await connector.hook_places(["acme"], URL)
        assert place.state is HookState.MISSING
        await connector.register_hook(place, URL, SECRET)
        assert ado.hooks.kept["other"]["consumerInputs"] == {"url": "https://x.example"}


@pytest.mark.parametrize(
    ("path", "says"),
    [("/_apis/hooks/subscriptions", "Edit subscriptions"), ("/_apis/projects", "Project and Team")],
)
async def test_where_nobody_may_look_a_person_is_told(path: str, says: str) -> None:
    async with running(small_world()) as (ado, connector):
        ado.quirks.refused = (path,)
        (place,) = await connector.hook_places(["acme"], URL)
    assert (place.where, place.state, place.covers) == ("acme", HookState.CLOSED, ("acme",))
    assert says in place.problems[0]
    assert len(connector.hook_steps()) == 3


async def test_a_refusal_to_register_is_an_error() -> None:
    async with running(small_world()) as (ado, connector):
        (place, _) = await connector.hook_places(["acme"], URL)
        ado.quirks.refused = ("/_apis/hooks/subscriptions",)
        with pytest.raises(Rejected):
            await connector.register_hook(place, URL, SECRET)
