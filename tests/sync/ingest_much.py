"""Stores many states of the same items in an order of its own: `… ingest_much URL SEED`."""

from __future__ import annotations

import asyncio
import random
import sys
from datetime import timedelta

from syncer.domain.item import ItemRecord
from syncer.store.engine import Store
from syncer.sync.ingest import ingest
from tests.store.samples import NET, NOON, record, status_change

ITEMS = 20
STATES = 10


def states(seed: int) -> list[ItemRecord]:
    """Every state of every item, shuffled."""
    made = [
        record(
            number,
            status_change(1),
            key=f"NET-{number}-{state}",
            title=f"state {state}",
            updated_at=NOON + timedelta(seconds=state),
        )
        for number in range(ITEMS)
        for state in range(STATES)
    ]
    random.Random(seed).shuffle(made)
    return made


async def main(url: str, seed: int) -> None:
    async with Store(url) as store:
        waiting = states(seed)
        while waiting:
            batch, waiting = waiting[:10], waiting[10:]
            async with store.write() as session:
                await ingest(session, batch, container=NET, at=NOON)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
