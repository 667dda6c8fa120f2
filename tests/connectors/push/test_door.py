"""Pushed to a real door, taken in by the real worker, on both databases."""

from __future__ import annotations

import orjson
import pytest
from pydantic import SecretStr

from connectors.push.connector import PushConnector
from syncer.connect.protocol import CarriesItems, ChecksSecrets
from syncer.domain.item import ItemState
from syncer.domain.lane import Lane
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.errors import Rejected
from syncer.store.engine import Store
from syncer.store.inbox import InboxState
from syncer.sync.connection import pull_connection
from syncer.sync.reconcile import census_connection
from tests.connectors.push.plant import (
    HOUR,
    NOON,
    OLDER_KEY,
    item,
    plant,
    push,
    secret,
)


async def test_f7_one_bad_item_is_set_aside_alone_and_its_sender_is_told(store: Store) -> None:
    async with plant(store) as here:
        answer = await here.send(push(item("1"), item("2", prio=1), item("3"), name="Line 2"))
        assert answer == {
            "accepted": 2,
            "deleted": 0,
            "quarantined": [
                {
                    "place": "items[1]",
                    "id": "2",
                    "why": "prio: unknown field, did you mean priority?",
                }
            ],
            "error": None,
            "more": False,
        }
        assert set(await here.items()) == {"1", "3"}
        [aside] = await here.quarantined()
        assert aside.unreadable.ref == ItemRef("plant", "2")
        assert aside.container == ContainerKey("plant", "line-2")
        assert "prio: unknown field" in aside.unreadable.reason
        assert '"prio": 1' in aside.unreadable.raw
        source = await here.source()
        assert (source.last_success_at, source.quarantined, source.error) == (NOON, 1, "")
        assert source.detail.lanes[Lane.LIVE].stored == 2

        await here.send(push(item("2", priority=1)))
        assert await here.quarantined() == []
        assert set(await here.items()) == {"1", "2", "3"}


async def test_f6_what_cannot_be_read_as_a_whole_is_kept_and_told(lite: Store) -> None:
    async with plant(lite) as here:
        answer = await here.send(push(item(), complet=True))
        assert answer["error"] == "complet: unknown field, did you mean complete?"
        [kept] = await here.deliveries()
        assert (kept.state, kept.note) == (InboxState.QUARANTINED, answer["error"])
        assert await here.items() == {}


async def test_a_container_that_is_not_wanted_is_refused_by_name(lite: Store) -> None:
    async with plant(lite, containers=("line-1",)) as here:
        answer = await here.send(push(item()))
        assert answer["error"].startswith("container: line-2 is not one")
        [kept] = await here.deliveries()
        assert kept.state is InboxState.IGNORED


async def test_forged_and_old_deliveries_get_one_and_the_same_answer(lite: Store) -> None:
    async with plant(lite) as here:
        body = orjson.dumps(push(item()))
        good = here.headers(body)
        answers = {
            await here.post(body, {}),
            await here.post(body, good | {"webhook-signature": "v1,AAAA"}),
            await here.post(body + b" ", good),
            await here.post(body, good | {"webhook-id": "another"}),
            await here.post(body, here.headers(body, key=b"x" * 32)),
            await here.post(body, here.headers(body, sent=NOON - 301 * HOUR / 3600)),
            await here.post(body, here.headers(body, sent=NOON + 301 * HOUR / 3600)),
        }
        assert {status for status, _ in answers} == {401}
        assert len(answers) == 1
        assert await here.deliveries() == []
        status, _ = await here.post(body, here.headers(body, sent=NOON - 299 * HOUR / 3600))
        assert status == 202


async def test_f9_a_replay_has_one_effect_and_the_same_answer(lite: Store) -> None:
    async with plant(lite) as here:
        first = await here.send(push(item()), id_="msg_a")
        again = await here.send(push(item()), id_="msg_a")
        under_another_id = await here.send(push(item()), id_="msg_b")
        assert first == again == under_another_id
        assert len(await here.deliveries()) == 1


async def test_f12_two_secrets_are_accepted_while_one_is_changed(lite: Store) -> None:
    async with plant(lite, keys=(b"k" * 32, OLDER_KEY)) as here:
        await here.send(push(item("1")), key=OLDER_KEY)
        await here.send(push(item("2")))
        assert set(await here.items()) == {"1", "2"}


async def test_long_odd_and_hostile_texts_are_stored_harmless(store: Store) -> None:
    deep = b"[" * 90 + b"]" * 90
    items = [
        orjson.dumps(item("1", title="t" * 1_000_000)),
        orjson.dumps(item("2", title="TITLE")).replace(b"TITLE", b"a\\u0000b\\ud800<i>\\u202ec"),
        orjson.dumps(item("3", custom="DEEP")).replace(b'"DEEP"', deep),
    ]
    body = orjson.dumps(push("ITEMS")).replace(b'"ITEMS"', b",".join(items))
    async with plant(store) as here:
        answer = await here.send(body)
        stored = await here.items()
        assert set(stored) == {"1", "2"}
        assert len(stored["1"].title) == 500
        assert stored["2"].title == "a b\ufffd<i>c"
        [fault] = answer["quarantined"]
        assert (fault["id"], fault["why"].partition(":")[0]) == ("3", "custom")
        assert [one.unreadable.ref.id for one in await here.quarantined()] == ["3"]


async def test_nobody_is_asked_by_pulls_and_counts(lite: Store) -> None:
    async with plant(lite) as here:
        await here.send(push(item(), as_of=NOON - HOUR))
        here.clock.at = NOON + 30 * HOUR
        result = await pull_connection(
            lite, here.connector, connection="plant", clock=here.clock, wanted=here.wanted
        )
        assert result.ok
        assert result.containers == ()
        counted = await census_connection(
            lite,
            here.connector,
            connection="plant",
            clock=here.clock,
            wanted=here.wanted,
            due=lambda _state: True,
        )
        assert counted == []
        source = await here.source()
        assert (source.last_success_at, source.error) == (NOON - HOUR, "")
        assert source.detail.lost_since is None
        assert await here.states() == {"1001": ItemState.LIVE}


async def test_a_connection_that_nobody_has_pushed_to_is_known_and_never_fresh(lite: Store) -> None:
    async with plant(lite) as here:
        await pull_connection(lite, here.connector, connection="plant", clock=here.clock)
        source = await here.source()
        assert (source.container, source.last_success_at, source.error) == ("", None, "")


async def test_the_connector_says_that_it_cannot_be_asked(lite: Store) -> None:
    async with plant(lite) as here:
        assert isinstance(here.connector, CarriesItems)
        assert (await here.connector.fetch([])).records == ()
        with pytest.raises(Rejected, match="Nobody can be asked for plant:1"):
            await here.connector.fetch([ItemRef("plant", "1")])
        line = ContainerKey("plant", "line-2")
        with pytest.raises(Rejected, match="pushed to"):
            await anext(here.connector.changes(line, None))
        with pytest.raises(Rejected, match="pushed to"):
            await anext(here.connector.inventory(line))


@pytest.mark.parametrize(
    ("key", "fault"),
    [("plain", "form"), ("whsec_", "form"), ("whsec_c2hvcnQ=", "fewer than 24 bytes")],
)
def test_a_secret_that_cannot_sign_is_named(key: str, fault: str) -> None:
    assert isinstance(PushConnector, ChecksSecrets)
    assert fault in PushConnector.secret_fault(SecretStr(key))
    assert PushConnector.secret_fault(secret()) == ""
