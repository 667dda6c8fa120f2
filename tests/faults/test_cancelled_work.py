"""Work that is broken off at any instant, as at the end of a daemon, holds nothing on: F29."""

from __future__ import annotations

import asyncio

from syncer.store.engine import Store
from syncer.store.leases import current_holder
from syncer.sync.lease import held, this_process

INSTANTS = 60
STEP_SECONDS = 0.0005


async def _work(store: Store, *, seconds: float) -> None:
    async with held(store, "verdicts", this_process("serve")):
        await asyncio.sleep(seconds)


async def test_f29_whoever_is_broken_off_at_whatever_instant_gives_its_lease_back(
    store: Store,
) -> None:
    """While it takes the lease, holds it, or gives it back."""
    for instant in range(INSTANTS):
        work = asyncio.create_task(_work(store, seconds=0.005 if instant % 2 else 60))
        await asyncio.sleep(instant * STEP_SECONDS)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        async with store.read() as session:
            assert await current_holder(session, "verdicts") is None, f"after {instant} steps"
