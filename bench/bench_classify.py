"""Verdicts on 100,000 items with their portfolio in one batch, against reading them from the store.

Also what is left of that where one item has changed, and what items cost that are made to cost
much. Seconds are the processor's. Run: `make bench ARGS="--only classify"`.
"""

from __future__ import annotations

import asyncio
import gc
import resource
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from time import process_time
from typing import Final, TypeVar

from bench.databases import SQLITE, databases
from bench.figures import Figure, Options, run
from bench.hostile_items import CROWDS, LONG, alone, crowd
from bench.rollup_world import AS_OF, Company
from syncer.classify.changes import reclassify
from syncer.classify.classifier import classify_portfolio
from syncer.classify.graph import build_graph
from syncer.classify.portfolio import Portfolio
from syncer.classify.shipped import shipped_config
from syncer.classify.signals import index_evidence, structural_reasons
from syncer.domain.item import ItemRecord, WorkItem
from syncer.store.codec import encode
from syncer.store.engine import Store
from syncer.store.items import load_items, save_records
from syncer.sync.classification import classifier_input

T = TypeVar("T")
USUAL: Final = 100_000
TINY: Final = 400
MOST_MS: Final = 1.0
MOST_ALONE_MS: Final = 50.0
MOST_GROWTH: Final = 12.0
"""What ten times as many items may cost more: linear work with some noise."""
CROWD: Final = 2000
FAMILY: Final = 50_000
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
    known, _ = _timed(lambda: reclassify(None, portfolio))
    after, again = _timed(lambda: reclassify(known, _changed(portfolio)))
    yield Figure(
        what="verdicts after one item has changed, against all anew",
        value=again / judging,
        beside=f"{again:.2f} s, {after.judged} of {len(verdicts):,} judged",
    )
    ordinary = 1000 * judging / len(items)
    yield _alone(options, ordinary)
    yield from _families(options, ordinary)
    yield _growth(options)


def _alone(options: Options, ordinary: float) -> Figure:
    """The dearest of the items that are hostile by themselves; the best of the runs counts."""
    cases = alone(options.sized(LONG, LONG // 100))
    spent = {
        name: min(_timed(partial(classify_portfolio, one))[1] for _ in range(options.repeats))
        for name, one in cases.items()
    }
    worst = max(spent, key=lambda name: spent[name])
    return Figure(
        what=f"one item, the dearest of {len(cases)} that are hostile by themselves",
        value=1000 * spent[worst],
        unit="ms",
        most=MOST_ALONE_MS,
        beside=f"{worst}; {1000 * spent[worst] / ordinary:.0f} × an ordinary one",
    )


def _families(options: Options, ordinary: float) -> Iterator[Figure]:
    """What one item costs to which very many others are tied."""
    count, config = options.sized(FAMILY, TINY), shipped_config().structure
    for name in ("children", "items that one blocks"):
        evidence = index_evidence(build_graph(crowd(name, count)), config)
        spent = min(
            _timed(partial(structural_reasons, evidence, "A"))[1] for _ in range(options.repeats)
        )
        yield Figure(
            what=f"one item with {count:,} {name}",
            value=1000 * spent,
            unit="ms",
            most=MOST_ALONE_MS,
            beside=f"{1000 * spent / ordinary:.0f} × an ordinary one",
        )


def _growth(options: Options) -> Figure:
    """The hostile crowd that gets dearest as it grows tenfold, without searches for garbage.

    Those walk all that lives, and the service spares them.
    """
    few = options.sized(CROWD, 20)
    growth: dict[str, float] = {}
    gc.disable()
    for name in CROWDS:
        small, large = crowd(name, few), crowd(name, 10 * few)
        least, most = (
            min(_timed(partial(classify_portfolio, one))[1] for _ in range(options.repeats))
            for one in (small, large)
        )
        growth[name] = most / least
    gc.enable()
    worst = max(growth, key=lambda name: growth[name])
    return Figure(
        what=f"from {few:,} to {10 * few:,} items that hang together, {len(CROWDS)} ways: cost",
        value=growth[worst],
        most=MOST_GROWTH,
        beside=f"worst: {worst}",
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
