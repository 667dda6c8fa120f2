"""What it costs to ask a large portfolio in which nothing changed: requests, rows, time.

Requests may grow with containers, never with items. Run: `make bench ARGS="--only idle"`; the bench
of memory ends with the same for the portfolio that it has synced.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from bench.databases import SQLITE, databases
from bench.figures import Figure, Options, run
from bench.pull_once import pulled
from bench.tracker import Tracker, tracker
from syncer.store.urls import normalise_url

USUAL: Final = 100_000
MILLION: Final = 1_000_000
TINY: Final = 500
CONTAINERS: Final = 200
FEW_CONTAINERS: Final = 5
MOST_REQUESTS: Final = 2.0
"""Requests a container, the site's own tables included."""

OF_ITEMS: Final = ("items", "changes", "item_aliases", "verdicts", "quarantine")
LATER: Final = 120.0
"""Hours after the sync at which the portfolio is asked, and once more: what was stored lately is
looked back upon, and a first pass then may note that it is settled."""


def measure(options: Options) -> Iterator[Figure]:
    """The idle poll of Data Center and Cloud."""
    issues = MILLION if options.million else options.sized(USUAL, TINY)
    containers = options.sized(CONTAINERS, FEW_CONTAINERS)
    for style in ("dc", "cloud"):
        with (
            databases((SQLITE,)) as fresh,
            fresh.fresh(SQLITE) as database,
            tracker(style, issues=issues, containers=containers) as one,
        ):
            pulled(one, database)
            yield from idle(one, database)


def idle(one: Tracker, database: str) -> Iterator[Figure]:
    """Ask a synced portfolio again; what that cost."""
    pulled(one, database, hours=LATER)
    file = Path(normalise_url(database, folder=Path()).database or "")
    _count_writes(file)
    before = Counter(one.counts())
    told = pulled(one, database, hours=2 * LATER)
    asked = Counter(one.counts()) - before
    written = _written(file)
    if told["errors"]:
        raise RuntimeError(f"the idle pass told {told['errors']}")
    name = f"idle poll, {one.issues:,} items, {one.containers} containers, {one.style}"
    requests = asked["requests"]
    yield Figure(
        what=f"{name}: requests a container",
        value=requests / one.containers,
        most=MOST_REQUESTS,
        beside=(
            f"{requests} requests, {asked['issues']} issues sent again, "
            f"{told['skipped']} containers not even asked; {told['seconds']:.1f} s"
        ),
    )
    yield Figure(
        what=f"{name}: rows of items written",
        value=sum(written[table] for table in OF_ITEMS),
        unit="",
        most=0,
        beside=", ".join(f"{table} {count}" for table, count in sorted(written.items())),
    )


def _count_writes(file: Path) -> None:
    """Let the database itself count every row that is written, by table."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE bench_writes (name TEXT)")
        for name in _tables(connection):
            for what in ("INSERT", "UPDATE", "DELETE"):
                connection.execute(
                    f"CREATE TRIGGER bench_{name}_{what} AFTER {what} ON {name} "  # noqa: S608  its own tables
                    f"BEGIN INSERT INTO bench_writes VALUES ('{name}'); END"
                )


def _tables(connection: sqlite3.Connection) -> list[str]:
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    found = [str(row[0]) for row in connection.execute(query)]
    return [name for name in found if not name.startswith("bench_")]


def _written(file: Path) -> Counter[str]:
    with closing(sqlite3.connect(file)) as connection:
        return Counter(str(row[0]) for row in connection.execute("SELECT name FROM bench_writes"))


if __name__ == "__main__":
    run(measure)
