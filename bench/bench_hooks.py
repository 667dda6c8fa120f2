"""Intake of webhooks against a bare handler, and a burst that the daemon works off.

Bodies of about 6 KB, signed, 32 connections, each answered after its commit; the load comes from a
process of its own. Run: `make bench ARGS="--only hooks"`, with `--burst 50000` for the whole burst.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from time import monotonic, perf_counter, sleep
from typing import Final

from sqlalchemy import func, select

from bench.daemon import daemon
from bench.databases import BOTH, SQLITE, Databases, databases
from bench.figures import Figure, Options, run
from bench.hooks_load import PATIENCE, WARM, Load, load
from bench.hooks_server import door
from bench.tracker import Tracker, tracker
from syncer.store.daemon_tables import InboxRow
from syncer.store.engine import Store
from syncer.store.rows import table_of
from syncer.store.tables import ItemRow

DELIVERIES: Final = 5000
TINY: Final = 200
ITEMS: Final = 100
LEAST: Final = 0.8
MOST_P99: Final = 2.0
LEAST_COALESCED: Final = 10.0
OURS, FLOOR = "ours", "floor"
_INBOX: Final = table_of(InboxRow)
_ITEMS: Final = table_of(ItemRow)


def measure(options: Options) -> Iterator[Figure]:
    """All figures of webhooks."""
    kinds = (SQLITE,) if options.tiny else BOTH
    with databases(kinds) as fresh:
        for kind in kinds:
            yield from _intake(fresh, kind, options)
        for kind in kinds:
            yield _burst(fresh, kind, options)


def _intake(fresh: Databases, kind: str, options: Options) -> Iterator[Figure]:
    deliveries = options.sized(DELIVERIES, TINY)
    loads: dict[str, list[Load]] = {OURS: [], FLOOR: []}
    for number in range(options.repeats):
        for variant in (OURS, FLOOR) if number % 2 == 0 else (FLOOR, OURS):
            loads[variant].append(_loaded(fresh, kind, variant=variant, deliveries=deliveries))
    ours, floor = (min(loads[variant], key=_seconds) for variant in (OURS, FLOOR))
    yield Figure(
        what=f"webhook intake, {kind}: share of the floor's throughput",
        value=floor.seconds / ours.seconds,
        unit="%",
        least=LEAST,
        beside=(
            f"ours {deliveries / ours.seconds:,.0f}/s, floor {deliveries / floor.seconds:,.0f}/s"
        ),
    )
    ours, floor = (min(loads[variant], key=_p99) for variant in (OURS, FLOOR))
    yield Figure(
        what=f"webhook intake, {kind}: p99 against the floor's",
        value=ours.p99_ms / floor.p99_ms,
        most=MOST_P99,
        beside=f"ours {ours.p99_ms:.0f} ms, floor {floor.p99_ms:.0f} ms "
        f"(p50 {ours.p50_ms:.0f} and {floor.p50_ms:.0f} ms)",
    )


def _seconds(one: Load) -> float:
    return one.seconds


def _p99(one: Load) -> float:
    return one.p99_ms


def _loaded(fresh: Databases, kind: str, *, variant: str, deliveries: int) -> Load:
    with fresh.fresh(kind) as database:
        with door(variant, database) as address:
            done = load(address, deliveries=deliveries, items=ITEMS)
        kept = asyncio.run(_count(database, pending=False))
    if kept != WARM + deliveries:
        raise RuntimeError(f"{variant} answered {WARM + deliveries} deliveries and kept {kept}")
    return done


# --- a burst --------------------------------------------------------------------------------------


def _burst(fresh: Databases, kind: str, options: Options) -> Figure:
    """Many deliveries about few items, at the real daemon, until the inbox is empty."""
    deliveries = options.sized(options.burst, TINY)
    with (
        fresh.fresh(kind) as database,
        tracker("dc", issues=ITEMS) as one,
        daemon(one, database) as running,
    ):
        _wait(lambda: _items(database) == ITEMS)
        before = _fetched(one)
        begun = perf_counter()
        done = load(running.hooks, deliveries=deliveries, items=ITEMS)
        _wait(lambda: asyncio.run(_count(database, pending=True)) == 0)
        seconds = perf_counter() - begun
        kept, fetched = asyncio.run(_count(database, pending=False)), _fetched(one) - before
    if kept != WARM + deliveries:
        raise RuntimeError(f"{WARM + deliveries} deliveries were answered and {kept} kept")
    return Figure(
        what=f"burst of {deliveries:,} deliveries about {ITEMS} items, {kind}: one fetch serves",
        value=(WARM + deliveries) / max(fetched, 1),
        least=LEAST_COALESCED,
        beside=(
            f"{fetched} fetches; taken in at {deliveries / done.seconds:,.0f}/s while the daemon "
            f"works, inbox empty after {seconds:.1f} s"
        ),
    )


def _fetched(one: Tracker) -> int:
    return one.counts().get("issue", 0)


def _wait(holds: Callable[[], bool]) -> None:
    deadline = monotonic() + PATIENCE
    while not holds():
        if monotonic() > deadline:
            raise RuntimeError(f"not done after {PATIENCE:.0f} s")
        sleep(0.2)


def _items(database: str) -> int:
    async def count() -> int:
        async with Store(database) as store, store.read() as session:
            return await session.scalar(select(func.count()).select_from(_ITEMS)) or 0

    return asyncio.run(count())


async def _count(database: str, *, pending: bool) -> int:
    """How many deliveries are stored, or of them still wait."""
    query = select(func.count()).select_from(_INBOX)
    if pending:
        query = query.where(_INBOX.c.state == "pending")
    async with Store(database) as store, store.read() as session:
        return await session.scalar(query) or 0


if __name__ == "__main__":
    run(measure)
