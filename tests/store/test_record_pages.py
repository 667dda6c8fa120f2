"""All records are read a page at a time, each decoded while the database finds the next."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from syncer.domain.change import ChangeField
from syncer.domain.item import ItemRecord
from syncer.store import items
from syncer.store.codec import encode
from syncer.store.engine import Store
from syncer.store.items import load_records, save_records
from syncer.store.rows import table_of
from syncer.store.tables import ItemRow
from tests.store.samples import NOON, record, rich_item, status_change

_ITEMS = table_of(ItemRow)
_MANY = 2 * items._PAGE_ROWS + 1


async def _save(session: AsyncSession, *records: ItemRecord) -> None:
    await save_records(session, [encode(one) for one in records], known={}, at=NOON)


async def test_pages_hold_every_record_once_in_the_order_of_uids(store: Store) -> None:
    given = [record(number, status_change(1)) for number in range(_MANY)]

    async with store.write() as session:
        await _save(session, *given)

    async with store.read() as session:
        found = await load_records(session)
    assert found == sorted(given, key=lambda one: one.item.uid)


async def test_there_may_be_none(store: Store) -> None:
    async with store.read() as session:
        assert await load_records(session) == []


async def test_a_history_that_names_an_unknown_field_is_read_with_all_beside_it(
    store: Store,
) -> None:
    """A newer syncer may have written it."""
    strange, plain, rich = (
        record(1, status_change(1), status_change(2)),
        record(2, status_change(1)),
        ItemRecord(item=rich_item(3)),
    )
    async with store.write() as session:
        await _save(session, strange, plain, rich)
        here = _ITEMS.c.uid == strange.item.uid
        told = await session.scalar(select(_ITEMS.c.history).where(here))
        newer = str(told).replace('"status"', '"mood"', 1)
        await session.execute(update(_ITEMS).where(here).values(history=newer))

    async with store.read() as session:
        first, *others = await load_records(session)
    assert first.item == strange.item
    assert [one.field for one in first.changes] == [ChangeField.OTHER, ChangeField.STATUS]
    assert others == [plain, rich]
