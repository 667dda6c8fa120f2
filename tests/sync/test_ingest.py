from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import text

from syncer.connect.protocol import Fetched
from syncer.domain.item import ItemRecord, ItemState, StatusCategory, Unreadable, WorkItem
from syncer.domain.link import Link, LinkKind
from syncer.domain.ref import ItemRef
from syncer.store.engine import Store
from syncer.store.items import find_item, load_items, load_records
from syncer.store.quarantine import load_quarantine
from syncer.sync.ingest import Ingested, ingest, ingest_fetched
from tests.store.samples import NET, NOON, record, status_change

LATER = NOON + timedelta(hours=1)


async def _ingest(
    store: Store, records: Iterable[ItemRecord], unreadable: Sequence[Unreadable] = ()
) -> Ingested:
    async with store.write() as session:
        return await ingest(session, records, unreadable, container=NET, at=LATER)


async def _titles(store: Store) -> list[str]:
    async with store.read() as session:
        return [item.title for item in await load_items(session)]


async def _ingest_and_count(store: Store, records: Iterable[ItemRecord]) -> tuple[Ingested, int]:
    """What was done, and a number that is the same after a transaction that wrote nothing."""
    async with store.write() as session:
        before = await session.scalar(_WRITES[store.is_sqlite])
        done = await ingest(session, records, container=NET, at=LATER)
        after = await session.scalar(_WRITES[store.is_sqlite])
        return done, (after or 0) - (before or 0)


_WRITES = {
    True: text("SELECT total_changes()"),
    False: text("SELECT pg_current_xact_id_if_assigned()::text::bigint"),  # none until it writes
}


async def test_the_same_page_twice_writes_nothing(store: Store) -> None:
    page = [record(n, status_change(n)) for n in range(50)]
    first, written = await _ingest_and_count(store, page)
    second, then = await _ingest_and_count(store, page)

    assert (first, second) == (Ingested(stored=50), Ingested(unchanged=50))
    assert written > 0
    assert then == 0


async def test_only_what_changed_is_written(store: Store) -> None:
    await _ingest(store, [record(n) for n in range(50)])

    done = await _ingest(
        store, [record(n, title="new" if n == 7 else f"Item {n}") for n in range(50)]
    )

    assert done == Ingested(stored=1, unchanged=49)


async def test_a_new_change_alone_is_news(store: Store) -> None:
    await _ingest(store, [record(1)])

    assert (await _ingest(store, [record(1, status_change(1))])).stored == 1
    async with store.read() as session:
        [found] = await load_records(session)
    assert found.changes == (status_change(1),)


async def test_an_older_state_that_comes_late_is_ignored(store: Store) -> None:
    await _ingest(store, [record(1, title="new", updated_at=LATER)])

    done = await _ingest(store, [record(1, title="old", updated_at=NOON)])

    assert done == Ingested(outdated=1)
    assert await _titles(store) == ["new"]


@pytest.mark.parametrize("order", list(permutations(range(4))))
async def test_any_order_of_the_same_states_ends_the_same(
    store: Store, order: tuple[int, ...]
) -> None:
    states = [record(1, title=f"{n}", updated_at=NOON + timedelta(hours=n)) for n in range(4)]

    for n in order:
        await _ingest(store, [states[n]])

    assert await _titles(store) == ["3"]


async def test_the_newest_of_several_states_in_one_page_wins(store: Store) -> None:
    states = [record(1, title=f"{n}", updated_at=NOON + timedelta(hours=n)) for n in (2, 3, 1)]

    done = await _ingest(store, states)

    assert (done.stored, await _titles(store)) == (1, ["3"])


async def test_a_new_state_of_the_same_second_wins(store: Store) -> None:
    await _ingest(store, [record(1, title="first")])
    await _ingest(store, [record(1, title="second")])

    assert await _titles(store) == ["second"]


async def test_the_unreadable_is_quarantined_and_leaves_when_it_can_be_read(store: Store) -> None:
    broken = Unreadable(ref=record(1).item.ref, key="NET-1", reason="no summary", raw="{}")

    first = await _ingest(store, [record(2)], [broken])
    async with store.read() as session:
        [inside] = await load_quarantine(session)
    second = await _ingest(store, [record(1)])

    assert (first, inside.unreadable) == (Ingested(stored=1, unreadable=1), broken)
    assert second == Ingested(stored=1, cleared=1)
    async with store.read() as session:
        assert await load_quarantine(session) == []


async def test_an_item_that_becomes_unreadable_keeps_its_last_known_state(store: Store) -> None:
    await _ingest(store, [record(1)])
    broken = Unreadable(ref=record(1).item.ref, key="NET-1", reason="no summary", raw="{}")

    await _ingest(store, [], [broken])

    assert await _titles(store) == ["Item 1"]


async def test_a_naive_instant_is_quarantined_and_the_rest_goes_on(store: Store) -> None:
    naive = record(1, started_at=NOON.replace(tzinfo=None), title="\ud800")

    done = await _ingest(store, [naive, record(2)])

    assert done == Ingested(stored=1, unreadable=1)
    async with store.read() as session:
        [inside] = await load_quarantine(session)
    assert "without a zone" in inside.unreadable.reason


@pytest.mark.parametrize(
    "title",
    ["a\nb", "a\u2028b", "nul\0", "half \ud800", "\u202egnp", "<script>alert(1)</script>", ""],
)
async def test_hostile_titles_are_stored(store: Store, title: str) -> None:
    assert (await _ingest(store, [record(1, title=title)])).stored == 1

    [found] = await _titles(store)
    assert found == title.replace("\0", "\ufffd").replace("\ud800", "\ufffd")


async def test_a_new_key_keeps_the_old_one_as_an_alias(store: Store) -> None:
    await _ingest(store, [record(1)])
    await _ingest(store, [record(1, key="REG-7", updated_at=LATER)])

    async with store.read() as session:
        assert (await find_item(session, "NET-1")).key == "REG-7"


async def test_a_transferred_item_keeps_its_row_and_its_links(store: Store) -> None:
    old, new = record(1).item.ref, ItemRef("jira", "777", "acme/new#1")
    moved = record(1, ref=new, key="NEW-1", updated_at=LATER, status_category=StatusCategory.DONE)
    blocker = record(2, links=(Link(kind=LinkKind.BLOCKS, to=new),), parent=new)
    await _ingest(store, [record(1)])

    async with store.write() as session:
        await ingest_fetched(
            session, Fetched(records=(moved,), moved={old: new}), container=NET, at=LATER
        )
    await _ingest(store, [moved, blocker])

    async with store.read() as session:
        first, second = await load_items(session)
    assert (first.uid, first.key, first.ref.locator) == (old.uid, "NEW-1", "acme/new#1")
    assert second.links[0].to == second.parent == old


async def test_gone_and_hidden_items_stay_with_their_state(store: Store) -> None:
    gone, hidden, unknown = record(1).item.ref, record(2).item.ref, ItemRef("jira", "404")
    await _ingest(store, [record(1, status_change(1)), record(2)])

    async with store.write() as session:
        fetched = Fetched(gone=(gone, unknown), hidden=(hidden,))
        await ingest_fetched(session, fetched, container=NET, at=LATER)

    async with store.read() as session:
        found = await load_records(session)
    assert [r.item.state for r in found] == [ItemState.DELETED, ItemState.HIDDEN]
    assert found[0].changes == (status_change(1),)


async def test_a_hidden_item_that_is_seen_again_lives_again(store: Store) -> None:
    await _ingest(store, [record(1)])
    async with store.write() as session:
        hidden = Fetched(hidden=(record(1).item.ref,))
        await ingest_fetched(session, hidden, container=NET, at=LATER)

    await _ingest(store, [record(1)])

    async with store.read() as session:
        assert [item.state for item in await load_items(session)] == [ItemState.LIVE]


async def _item(store: Store) -> WorkItem:
    async with store.read() as session:
        return await find_item(session, record(1).item.uid)


async def test_f47_the_last_value_of_a_field_that_went_missing_is_kept_with_its_day(
    store: Store,
) -> None:
    known = {"custom": {"Program": "5G", "Site": "north"}, "customers": ("Acme",)}
    gone: dict[str, Any] = {
        "unread": dict.fromkeys(("custom.Program", "customers", "must_have")),
        "custom": {"Site": "south"},
        "customers": ("by label",),
    }
    await _ingest(store, [record(1, must_have=True, **known)])

    await _ingest(store, [record(1, updated_at=LATER, **gone)])
    assert (await _ingest(store, [record(1, updated_at=LATER, **gone)])).unchanged == 1

    kept = await _item(store)
    assert kept.unread == dict.fromkeys(gone["unread"], LATER)
    assert kept.custom == {"Program": "5G", "Site": "south"}
    assert kept.customers == ("by label", "Acme")
    assert kept.must_have

    await _ingest(store, [record(1, updated_at=LATER, custom={"Program": "6G"})])
    found = await _item(store)
    assert (found.custom, found.customers, found.unread) == ({"Program": "6G"}, (), {})


async def test_f47_what_was_never_read_stays_unknown(store: Store) -> None:
    gone = {"unread": {"custom.Program": None, "must_have": None}}
    await _ingest(store, [record(1, **gone)])
    await _ingest(store, [record(1, updated_at=LATER, **gone)])

    assert (await _item(store)).unread == gone["unread"]
