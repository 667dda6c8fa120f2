from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.domain.item import ItemRecord, ItemState
from syncer.domain.ref import ContainerKey
from syncer.errors import NotFound
from syncer.store.codec import decode_item, encode
from syncer.store.engine import Store
from syncer.store.items import (
    count_items,
    find_item,
    keys_of,
    load_items,
    load_records,
    save_records,
    stored_states,
)
from syncer.store.types import to_json
from tests.store.samples import NET, NOON, item, record, rich_item, status_change


async def _save(store: Store, *records: ItemRecord, at: datetime = NOON) -> None:
    async with store.write() as session:
        known = await stored_states(session, [r.item.uid for r in records])
        await save_records(session, [encode(r) for r in records], known=known, at=at)


async def test_a_record_comes_back_as_it_went_in(store: Store) -> None:
    given_record = ItemRecord(item=rich_item(), changes=(status_change(1), status_change(2)))

    await _save(store, given_record)

    async with store.read() as session:
        assert await load_records(session) == [given_record]


async def test_changes_come_back_oldest_first_and_once(store: Store) -> None:
    late, early = status_change(9), status_change(3)

    await _save(store, record(1, late, early, late))
    await _save(store, record(1, early))

    async with store.read() as session:
        [found] = await load_records(session)
    assert found.changes == (early, late)


async def test_items_are_found_by_container_state_and_uid(store: Store) -> None:
    gone = record(2, state=ItemState.DELETED)
    elsewhere = record(3, container=ContainerKey("jira", "OUT"))
    await _save(store, record(1), gone, elsewhere)

    async with store.read() as session:
        live = await load_items(session, states={ItemState.LIVE}, container=NET)
        named = await load_items(session, uids=[gone.item.uid, "jira:0"])
        counts = await count_items(session), await count_items(session, live_only=False)

    assert live == [item(1)]
    assert named == [gone.item]
    assert counts == (2, 3)


async def test_a_former_key_still_finds_the_item(store: Store) -> None:
    later = NOON + timedelta(days=1)
    await _save(store, record(1))
    await _save(store, record(1, key="REG-7"), at=later)

    async with store.read() as session:
        for name in ("NET-1", "REG-7", "jira:NET-1", "jira:REG-7", "jira:10001"):
            assert (await find_item(session, name)).key == "REG-7"
        assert await keys_of(session, "jira:10001") == [
            ("NET-1", NOON, later),
            ("REG-7", later, None),
        ]


async def test_the_present_owner_of_a_key_wins_over_a_former_one(store: Store) -> None:
    await _save(store, record(1, key="NET-5"))
    await _save(store, record(1, key="NET-6"), record(2, key="NET-5"))

    async with store.read() as session:
        assert (await find_item(session, "NET-5")).uid == "jira:10002"


async def test_an_unknown_or_doubtful_name_is_a_clear_error(store: Store) -> None:
    await _save(store, record(1), record(2, key="NET-1"))

    async with store.read() as session:
        with pytest.raises(NotFound, match="No item"):
            await find_item(session, "NET-9")
        with pytest.raises(NotFound, match="2 items"):
            await find_item(session, "NET-1")


def test_text_that_a_database_refuses_is_cleaned() -> None:
    encoded = encode(record(1, title="a\0b\ud800c", labels=("x\0",)))

    assert encoded.record.item.title == "a\ufffdb\ufffdc"
    assert encoded.record.item.labels == ("x\ufffd",)


@pytest.mark.parametrize(
    "instant",
    [
        pytest.param(NOON.replace(tzinfo=None), id="naive"),
        pytest.param(datetime.fromisoformat("9999-12-31T23:59:59-05:00"), id="beyond the calendar"),
    ],
)
def test_an_instant_that_names_no_time_is_refused(instant: datetime) -> None:
    with pytest.raises(ValueError, match="a time"):
        encode(record(1, updated_at=instant))


@given(st.text(), st.text(), st.lists(st.text()), st.floats(allow_nan=False, allow_infinity=False))
def test_any_text_is_stored_or_cleaned(
    title: str, body: str, labels: list[str], estimate: float
) -> None:
    once = encode(record(1, title=title, body=body, labels=tuple(labels), estimate=estimate))

    assert decode_item(to_json(once.record.item)) == once.record.item
    assert encode(once.record).digest == once.digest
