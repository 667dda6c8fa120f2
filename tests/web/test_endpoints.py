from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from syncer.errors import ConfigError
from syncer.store.endpoints import (
    EndpointState,
    ensure_endpoint,
    load_endpoints,
    note_delivery,
    note_refusal,
)
from syncer.store.engine import Store

AT = datetime(2026, 11, 23, 6, tzinfo=UTC)


async def ensure(store: Store, connection: str, configured: str | None = None) -> str:
    async with store.write() as session:
        return await ensure_endpoint(session, connection, configured=configured, at=AT)


async def endpoint(store: Store) -> EndpointState:
    async with store.read() as session:
        [only] = await load_endpoints(session)
    return only


async def test_an_endpoint_is_drawn_once_and_kept(store: Store) -> None:
    drawn = await ensure(store, "jira")

    assert len(drawn) >= 128 / 6
    assert await ensure(store, "jira") == drawn
    assert await ensure(store, "github") != drawn


async def test_replicas_that_start_at_once_agree(store: Store) -> None:
    drawn = await asyncio.gather(*(ensure(store, "jira") for _ in range(4)))

    assert len(set(drawn)) == 1


async def test_a_configured_endpoint_wins_over_the_kept_one(store: Store) -> None:
    await ensure(store, "jira")

    assert await ensure(store, "jira", "our-own-endpoint") == "our-own-endpoint"
    assert await ensure(store, "jira", "our-own-endpoint") == "our-own-endpoint"
    assert await ensure(store, "jira") == "our-own-endpoint"


@pytest.mark.parametrize("hostile", ["", "short", "a/../../b", "a b c d e f", "x" * 129, "ä" * 20])
async def test_an_endpoint_that_cannot_stand_in_an_address_is_refused(
    store: Store, hostile: str
) -> None:
    with pytest.raises(ConfigError, match="endpoint_id of jira cannot stand in an address"):
        await ensure(store, "jira", hostile)


async def test_two_connections_cannot_share_an_endpoint(store: Store) -> None:
    await ensure(store, "jira", "our-own-endpoint")

    with pytest.raises(ConfigError, match="endpoint_id of github is that of jira already"):
        await ensure(store, "github", "our-own-endpoint")


async def test_f12_a_genuine_delivery_ends_the_count_of_refusals(store: Store) -> None:
    drawn = await ensure(store, "jira")
    async with store.write() as session:
        await note_refusal(session, "jira", at=AT)
        await note_refusal(session, "jira", at=AT + timedelta(minutes=1), count=3)
    refused = await endpoint(store)
    assert (refused.refused, refused.refused_at) == (4, AT + timedelta(minutes=1))

    async with store.write() as session:
        await note_delivery(session, "jira", event="x\0" * 300, at=AT + timedelta(hours=1))

    assert await endpoint(store) == EndpointState(
        connection="jira",
        endpoint_id=drawn,
        created_at=AT,
        last_delivery_at=AT + timedelta(hours=1),
        last_event="x\ufffd" * 100,
        refused=0,
        refused_at=None,
    )
