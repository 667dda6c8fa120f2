"""What a tracker told one replica, the others keep: through real databases and a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from syncer.connect.config import ConnectionConfig
from syncer.connect.exchange import Limits
from syncer.connect.http import HttpClient
from syncer.connect.passage import on_lane
from syncer.domain.lane import Lane
from syncer.errors import RateLimited, Unreachable
from syncer.service.traffic import Traffics
from syncer.store.engine import Store
from syncer.store.traffic import load_outages
from tests.unit.connect.servers import NOON, Reply, Script, asking, says

CONFIG = ConnectionConfig(name="jira", kind="jira")
ONCE = Limits(attempts=1)


class Replica:
    """One process: a store of its own on the shared database, and what it knows of limits."""

    def __init__(self, store: Store, script: Script, client: HttpClient, **options: Any) -> None:
        self.client = client
        self.traffics = Traffics(store, script.clock, **options)

    async def ask(self, lane: Lane = Lane.INCREMENTAL) -> Any:
        with on_lane(lane, traffic=self.traffics.of(CONFIG)):
            return (await self.client.get("/x")).data


@asynccontextmanager
async def two(url: str, *replies: Reply) -> AsyncIterator[tuple[Replica, Replica, Script]]:
    async with (
        Store(url) as first,
        Store(url) as second,
        asking(*replies, limits=ONCE) as (client, script),
    ):
        yield Replica(first, script, client), Replica(second, script, client), script


async def test_f1_a_pause_told_to_one_replica_is_kept_by_another(database_url: str) -> None:
    limited = says(status=429, Retry_After="600")
    async with two(database_url, limited, says({"a": 1})) as (first, second, script):
        with pytest.raises(RateLimited):
            await first.ask()
        with pytest.raises(RateLimited) as held:
            await second.ask()
        assert held.value.retry_at == NOON + timedelta(minutes=10)
        assert len(script.asked) == 1
        script.clock.instant += timedelta(minutes=10)
        assert await second.ask() == {"a": 1}


async def test_f1_a_pause_outlives_the_process(database_url: str) -> None:
    limited = says(status=429, Retry_After="1000000000")
    async with two(database_url, limited, says()) as (first, anew, script):
        with pytest.raises(RateLimited):
            await first.ask()
        script.clock.instant += timedelta(minutes=10)  # more is left than one waits for
        with pytest.raises(RateLimited) as held:
            await anew.ask()
        assert held.value.retry_at == NOON + timedelta(minutes=15)  # the longest that is believed


async def test_a_quota_that_runs_low_holds_back_the_backfills_of_all(database_url: str) -> None:
    low = says(X_RateLimit_Limit="100", X_RateLimit_Remaining="4", X_RateLimit_Reset="600")
    async with two(database_url, low) as (first, second, script):
        await first.ask()
        with pytest.raises(RateLimited, match="kept for news"):
            await second.ask(Lane.BACKFILL)
        await second.ask(Lane.LIVE)
        assert len(script.asked) == 2


async def test_f2_an_outage_is_known_to_all_and_ends_for_all(database_url: str) -> None:
    replies = [*[says(status=503)] * 3, says({"a": 1})]
    async with two(database_url, *replies) as (first, second, script):
        for _ in range(3):
            with pytest.raises(Unreachable):
                await first.ask()
        with pytest.raises(Unreachable, match="has not answered since"):
            await second.ask()
        assert len(script.asked) == 3
        script.clock.instant += timedelta(minutes=1)
        assert await second.ask() == {"a": 1}
        script.clock.instant += timedelta(seconds=5)
        assert await first.ask() == {"a": 1}


async def test_an_outage_is_told_with_since_when(store: Store) -> None:
    async with asking(says(status=503), limits=ONCE) as (client, script):
        replica = Replica(store, script, client)
        for _ in range(3):
            with pytest.raises(Unreachable):
                await replica.ask()
        async with store.read() as session:
            note = (await load_outages(session))["jira"]
    assert (note.since, note.paused_until) == (NOON, NOON + timedelta(minutes=1))
    assert "503" in note.why


async def test_another_account_has_limits_of_its_own_and_the_same_one_keeps_its_own(
    store: Store,
) -> None:
    async with asking(says()) as (_, script):
        traffics = Traffics(store, script.clock)
        before = traffics.of(CONFIG)
        assert traffics.of(CONFIG.model_copy(update={"concurrency": 3})) is before
        assert traffics.of(CONFIG.model_copy(update={"kind": "github"})) is not before
