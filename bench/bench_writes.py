"""Bulk writes alone: the store's own path against a plain executemany upsert of the same rows.

The recipe `insert(…).values([…]).on_conflict_do_update(…)`, which many use, stands beside them.
Run: `make bench ARGS="--only writes"`.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from sqlalchemy import Table, select
from sqlalchemy.dialects import postgresql, sqlite

from bench.databases import BOTH, SQLITE, Databases, databases
from bench.fake_jira import made
from bench.figures import Figure, Options, run
from bench.floor import TABLES, upsert_of
from bench.timing import Spent, Stopwatch, Timed, in_turns
from connectors.jira.mapping.item import read_issue
from connectors.jira.mapping.site import Site
from syncer.domain.item import ItemRecord
from syncer.domain.ref import ContainerKey
from syncer.store.codec import EncodedRecord, encode
from syncer.store.engine import Store
from syncer.store.items import save_records

ISSUES: Final = 10_000
TINY: Final = 200
PAGE: Final = 100
SLOWER: Final = 10
"""The recipe gets a tenth of the items: it takes more than ten times as long."""

LEAST: Final = 0.8
OURS, PLAIN, RECIPE = "ours", "executemany", "values"
AT: Final = datetime(2026, 11, 2, 7, tzinfo=UTC)

Rows = Mapping[str, Any]
Page = tuple[Sequence[Rows], ...]
"""The rows of one page of items, by table."""


@dataclass(frozen=True, slots=True)
class Work:
    """The same items as records and as the rows that the store makes of them, by pages."""

    records: Sequence[Sequence[EncodedRecord]]
    pages: Sequence[Page]


def records(count: int) -> list[EncodedRecord]:
    """Items as the connector maps them."""
    jira = made("dc", issues=count, containers=1)
    site, container = Site(connection="jira", url="https://jira.example.com"), "P1"
    found = [
        read_issue(
            orjson.loads(jira.issues.whole(number, changelog=True)),
            container=ContainerKey("jira", container),
            site=site,
        )
        for number in range(count)
    ]
    return [encode(one) for one in found if isinstance(one, ItemRecord)]


async def work_of(every: Sequence[EncodedRecord], database: str) -> Work:
    """The work, with its rows as the store itself writes them."""
    paged = [every[start : start + PAGE] for start in range(0, len(every), PAGE)]
    async with Store(database) as store:
        await _save(store, paged)
        async with store.read() as session:
            found = [
                [row._asdict() for row in await session.execute(select(table))] for table in TABLES
            ]
    by_item: list[dict[str, list[Rows]]] = [defaultdict(list) for _ in TABLES]
    for rows, sorted_rows in zip(found, by_item, strict=True):
        for row in rows:
            sorted_rows[row.get("item_uid") or row["uid"]].append(row)
    return Work(paged, [_page(page, by_item) for page in paged])


def _page(
    page: Sequence[EncodedRecord], by_item: Sequence[Mapping[str, Sequence[Rows]]]
) -> tuple[list[Rows], ...]:
    uids = [one.record.item.uid for one in page]
    return tuple([row for uid in uids for row in rows[uid]] for rows in by_item)


async def _save(store: Store, paged: Sequence[Sequence[EncodedRecord]]) -> None:
    for page in paged:
        async with store.write() as session:
            await save_records(session, page, known={}, at=AT)


async def _plain(store: Store, pages: Sequence[Page]) -> None:
    statements = [upsert_of(table, is_sqlite=store.is_sqlite) for table in TABLES]
    for page in pages:
        async with store.write() as session:
            connection = await session.connection()
            for statement, rows in zip(statements, page, strict=True):
                await connection.execute(statement, rows)


async def _recipe(store: Store, pages: Sequence[Page]) -> None:
    for page in pages:
        async with store.write() as session:
            connection = await session.connection()
            for table, rows in zip(TABLES, page, strict=True):
                await connection.execute(_values(table, rows, is_sqlite=store.is_sqlite))


def _values(
    table: Table, rows: Sequence[Rows], *, is_sqlite: bool
) -> sqlite.Insert | postgresql.Insert:
    keys = [column.name for column in table.primary_key]
    insert = sqlite.insert if is_sqlite else postgresql.insert
    statement = insert(table).values(list(rows))
    rest = {c.name: statement.excluded[c.name] for c in table.c if c.name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=rest)


async def _timed(variant: str, work: Work, database: str) -> Spent:
    few = max(1, len(work.pages) // SLOWER)
    async with Store(database) as store:
        async with store.write():
            pass  # connected before the time runs
        watch = Stopwatch()
        match variant:
            case "ours":
                await _save(store, work.records)
            case "executemany":
                await _plain(store, work.pages)
            case _:
                await _recipe(store, work.pages[:few])
        spent = watch.spent()
    return spent if variant != RECIPE else spent.times(len(work.pages) / few)


def measure(options: Options) -> Iterator[Figure]:
    """All figures of bulk writes."""
    every = records(options.sized(ISSUES, TINY))
    kinds = (SQLITE,) if options.tiny else BOTH
    with databases(kinds) as fresh:
        with fresh.fresh(SQLITE) as database:
            work = asyncio.run(work_of(every, database))
        for kind in kinds:
            yield from _of_kind(fresh, kind, work=work, options=options)


def _of_kind(fresh: Databases, kind: str, *, work: Work, options: Options) -> Iterator[Figure]:
    def once(variant: str) -> Spent:
        with fresh.fresh(kind) as database:
            return asyncio.run(_timed(variant, work, database))

    timed = in_turns((OURS, PLAIN), once, repeats=options.repeats)
    recipe = Timed((once(RECIPE),))
    rows = sum(len(rows) for page in work.pages for rows in page)
    yield Figure(
        what=f"bulk writes, {kind}: share of executemany's speed",
        value=timed[PLAIN].best / timed[OURS].best,
        unit="%",
        least=LEAST,
        beside=f"rows: ours {timed[OURS].told(rows)}, executemany {timed[PLAIN].told(rows)}",
    )
    yield Figure(
        what=f"bulk writes, {kind}: times the speed of `.values([…])`",
        value=recipe.best / timed[OURS].best,
        beside=f"it takes {recipe.best:.1f} s",
    )


if __name__ == "__main__":
    run(measure)
