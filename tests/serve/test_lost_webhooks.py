"""Webhooks that never come: the pull repairs what they should have told, and they are counted."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
from sqlalchemy import func, select

from syncer.connect.testing.delivery import post_delivery
from syncer.connect.testing.world import uniform_world
from syncer.store.engine import Store
from syncer.store.lane_tables import GapRow
from syncer.store.rows import table_of
from syncer.store.sources import load_sources
from tests.serve.site import ENDPOINT, Serve, Site, site, until

COUNT = 200
DROPPED = COUNT // 20
"""Five in a hundred."""

_GAPS = table_of(GapRow)


async def _rename_all(
    place: Site, serve: Serve, ids: Collection[str], *, dropped: Collection[str], name: str
) -> None:
    """Each item once, its webhook sent at once unless it is dropped; a few at a time."""
    slots = asyncio.Semaphore(4)

    async def rename(session: aiohttp.ClientSession, item_id: str) -> None:
        async with slots:
            delivery = place.rename(item_id, f"{name} {item_id}")
            if item_id not in dropped:
                url = f"{serve.hooks}/hooks/{ENDPOINT}"
                assert await post_delivery(session, url, delivery) == 202

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(rename(session, item_id) for item_id in ids))


async def _equals_the_tracker(place: Site) -> bool:
    """Whether every item is stored as the tracker has it, and no other."""
    world, now = place.jira.world, datetime.now(UTC)
    there = {id_: state for id_ in world.ids() if (state := world.state(id_, now)) is not None}
    return {id_: (one.title, one.key) for id_, one in (await place.items()).items()} == {
        id_: (state.title, state.key) for id_, state in there.items()
    }


async def _suspected(place: Site) -> int:
    async with Store(place.database) as store, store.read() as session:
        return (await session.scalar(select(func.count()).select_from(_GAPS))) or 0


async def _counted(place: Site) -> int:
    async with Store(place.database) as store, store.read() as session:
        return sum(one.found_by_reconcile for one in await load_sources(session))


async def _counts(place: Site, number: int) -> bool:
    return await _counted(place) == number and await _suspected(place) == 0


async def test_f11_every_twentieth_webhook_lost_and_then_every_one(
    tmp_path: Path, database_url: str
) -> None:
    world = uniform_world(count=COUNT, container="NET")
    async with site(tmp_path / "site", database_url, world) as place:
        place.settings = "reconcile_minutes = 0.1\nwebhook_grace_minutes = 0.25"
        place.configure()
        ids = list(world.ids())
        dropped = random.Random(11).sample(ids, DROPPED)
        async with place.serve() as serve:
            await place.synced()

            await _rename_all(place, serve, ids, dropped=dropped, name="first")
            await until(lambda: _equals_the_tracker(place))
            await until(lambda: _counts(place, DROPPED))

            await _rename_all(place, serve, ids, dropped=ids, name="second")
            await until(lambda: _equals_the_tracker(place))
            await until(lambda: _counts(place, DROPPED + COUNT))
