"""Verdicts on 100,000 items with their portfolio in one batch, against reading them from the store.

Also what is left of that where one item has changed. Seconds are the processor's. Run: `make bench
ARGS="--only classify"`.
"""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from time import process_time
from typing import Final, TypeVar

from bench.databases import SQLITE, databases
from bench.figures import Figure, Options, run
from bench.rollup_world import AS_OF, Company
from syncer.classify.changes import affected, reclassify
from syncer.classify.classifier import classify_portfolio
from syncer.classify.portfolio import Portfolio
from syncer.domain.item import ItemRecord, WorkItem
from syncer.store.codec import encode
from syncer.store.engine import Store
from syncer.store.items import load_items, save_records
from syncer.sync.classification import classifier_input

T = TypeVar("T")
USUAL: Final = 100_000
TINY: Final = 400
MOST_MS: Final = 1.0
_CHUNK: Final = 1000
_WORDS: Final = [
    "move",
    "the",
    "settings",
    "page",
    "to",
    "a",
    "new",
    "layout",
    "so",
    "that",
    "all",
    "teams",
    "can",
    "read",
    "their",
    "budget",
    "before",
    "an",
    "audit",
    "of",
    "each",
    "service",
    "by",
    "the",
    "regulator",
    "and",
    "fix",
    "what",
    "fails",
    "on",
    "small",
    "screens",
    "when",
    "users",
    "click",
]
_LENGTH: Final = 90
"""Words of a body: about what an issue has."""


def measure(options: Options) -> Iterator[Figure]:
    """Time per item, memory, the ratio to reading, and an incremental change."""
    company = Company(items=options.sized(USUAL, TINY), projects=options.sized(200, 20))
    records = [replace(one, item=_written(one.item, n)) for n, one in enumerate(company.records())]
    with databases((SQLITE,)) as fresh, fresh.fresh(SQLITE) as database:
        items, reading = asyncio.run(_read_back(database, records))
    portfolio, building = _timed(lambda: classifier_input(company.portfolio(), items, ()))
    before = _peak_mb()
    verdicts, judging = _timed(lambda: classify_portfolio(portfolio))
    yield Figure(
        what=f"verdicts on {len(items):,} items in one batch: each",
        value=1000 * judging / len(items),
        unit="ms",
        most=MOST_MS,
        beside=f"{judging:.1f} s; {1000 * judging / len(items):.2f} ms an item",
    )
    yield Figure(
        what="verdicts: peak memory beyond the items themselves",
        value=_peak_mb() - before,
        unit="MB",
        beside=f"{before:.0f} MB before",
    )
    yield Figure(
        what="verdicts against reading the items from the store",
        value=judging / reading,
        beside=f"reading {reading:.1f} s, making the portfolio {building:.1f} s",
    )
    after = _changed(portfolio)
    known, again = _timed(lambda: reclassify(portfolio, verdicts, after))
    yield Figure(
        what="verdicts after one item has changed, against all anew",
        value=again / judging,
        beside=f"{again:.2f} s, {len(affected(portfolio, after))} of {len(known):,} judged",
    )


def _written(item: WorkItem, number: int) -> WorkItem:
    """The item with a title and a body, which follow from its number."""
    words = [_WORDS[(number * 7 + n * (1 + number % 5)) % len(_WORDS)] for n in range(_LENGTH)]
    return replace(item, title=f"{' '.join(words[:6])} {number}", body=" ".join(words))


async def _read_back(
    database: str, records: Sequence[ItemRecord]
) -> tuple[Sequence[WorkItem], float]:
    """The items as the store gives them, and the seconds that this takes."""
    async with Store(database) as store:
        for start in range(0, len(records), _CHUNK):
            part = [encode(one) for one in records[start : start + _CHUNK]]
            async with store.write() as session:
                await save_records(session, part, known={}, at=AS_OF)
        started = process_time()
        async with store.read() as session:
            items = await load_items(session)
        return items, process_time() - started


def _changed(portfolio: Portfolio) -> Portfolio:
    first = portfolio.items[0].model_copy(update={"title": "Fix the button"})
    return portfolio.model_copy(update={"items": (first, *portfolio.items[1:])})


def _timed(job: Callable[[], T]) -> tuple[T, float]:
    started = process_time()
    return job(), process_time() - started


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    run(measure)
