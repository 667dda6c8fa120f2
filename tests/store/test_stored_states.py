"""What is stored of a page's items is looked up by one parameter, whatever stands in their ids."""

from __future__ import annotations

from syncer.domain.ref import ItemRef
from syncer.store.codec import encode
from syncer.store.engine import Store
from syncer.store.items import save_records, stored_states
from tests.store.samples import NOON, record

ODD = [
    "1'2",
    '1"2',
    "1\\2",
    "{1,2}",
    "[1]",
    "NULL",
    "",
    "1\n2",
    "täglich-日本語-😀",
    "1\u20282",
    "\\u0041",
]


async def _save(store: Store, ids: list[str]) -> None:
    every = [encode(record(n, ref=ItemRef("jira", id_))) for n, id_ in enumerate(ids)]
    async with store.write() as session:
        await save_records(session, every, known={}, at=NOON)


async def test_items_are_known_by_their_ids_to_the_letter(store: Store) -> None:
    await _save(store, ODD)
    async with store.read() as session:
        found = await stored_states(session, [f"jira:{id_}" for id_ in (*ODD, "A", "1", "12")])
    assert sorted(found) == sorted(f"jira:{id_}" for id_ in ODD)
    assert {state.uid for state in found.values()} == set(found)
    assert all(found[f"jira:{id_}"].key == f"NET-{n}" for n, id_ in enumerate(ODD))


async def test_many_items_are_looked_up_at_once(store: Store) -> None:
    ids = [str(n) for n in range(1700)]
    await _save(store, ids)
    async with store.read() as session:
        found = await stored_states(session, [f"jira:{n}" for n in range(-100, 1800)])
        assert await stored_states(session, []) == {}
    assert sorted(found) == sorted(f"jira:{id_}" for id_ in ids)
