"""A standby that takes over without the last commits: F23.

The standby is a copy of the database as it was some commits ago, which is what asynchronous
replication leaves of it. A cursor is never ahead of its items, since both are one transaction:
what is lost is read again. An acknowledged webhook among it is made up for by the next pull.
"""

from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta

import pytest
from sqlalchemy.engine import make_url

from syncer.store.engine import Store
from tests.faults.line import line
from tests.postgres import PostgresServer


@pytest.fixture
def standby(postgres_server: PostgresServer, postgres_url: str) -> Generator[list[str]]:
    """Takes the addresses of copies, so that they are dropped."""
    copies: list[str] = []
    yield copies
    for url in copies:
        postgres_server._drop(make_url(url).database)


def _copied(server: PostgresServer, url: str, copies: list[str]) -> str:
    copies.append(server._create(make_url(url).database or ""))
    return copies[-1]


async def test_f23_what_a_standby_has_not_received_is_read_again(
    postgres_server: PostgresServer, postgres_url: str, standby: list[str]
) -> None:
    async with line() as one:
        async with Store(postgres_url) as primary:
            assert (await one.pull(primary)).ok
        taking_over = _copied(postgres_server, postgres_url, standby)
        async with Store(postgres_url) as primary:
            for number in range(5):
                one.clock.instant += timedelta(minutes=30)
                one.edit(f"2000{number + 1}", f"lost commit {number}")
                assert (await one.pull(primary)).ok
            assert await one.is_equal(primary)

        async with Store(taking_over) as promoted:
            assert not await one.is_equal(promoted)
            assert (await one.pull(promoted)).ok
            assert await one.is_equal(promoted)
