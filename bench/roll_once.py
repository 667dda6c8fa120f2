"""One roll-up of a made-up company in a process of its own: seconds, memory, and its floor.

Run: `python -m bench.roll_once ITEMS PROJECTS PROGRAMS`; one line of JSON on standard output. The
floor is what a database needs for the sums alone: one aggregate over the same items with a covering
index, and the open dependencies between projects by SQL.
"""

from __future__ import annotations

import hashlib
import resource
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from time import perf_counter, process_time

import orjson

from bench.rollup_world import Company
from syncer.domain.item import ItemRecord
from syncer.rollup.evaluate import evaluate
from syncer.store.codec import no_collection

_TABLES = """
CREATE TABLE items (uid TEXT PRIMARY KEY, project TEXT, category TEXT, due TEXT) WITHOUT ROWID;
CREATE TABLE links (predecessor TEXT, waiting TEXT, PRIMARY KEY (predecessor, waiting))
WITHOUT ROWID;
"""
_INDEX = "CREATE INDEX covering ON items (project, category, due)"
_SUMS = """
SELECT project, category, count(*), min(due), max(due) FROM items GROUP BY project, category
"""
_EDGES = """
SELECT a.project, b.project, count(*) FROM links
JOIN items a ON a.uid = links.predecessor JOIN items b ON b.uid = links.waiting
WHERE a.project <> b.project AND a.category <> 'DONE' AND b.category <> 'DONE'
GROUP BY a.project, b.project
"""


def floor_seconds(records: Sequence[ItemRecord]) -> float:
    """The sums and the edges by SQL, the best of three."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(_TABLES)
        database.executemany(
            "INSERT INTO items VALUES (?, ?, ?, ?)",
            (
                (i.uid, i.container.key, i.status_category.value, str(i.due_date or ""))
                for i in (record.item for record in records)
            ),
        )
        database.executemany(
            "INSERT OR IGNORE INTO links VALUES (?, ?)",
            ((link.to.uid, r.item.uid) for r in records for link in r.item.links),
        )
        database.execute(_INDEX)
        return min(_asked(database) for _ in range(3))


def _asked(database: sqlite3.Connection) -> float:
    start = perf_counter()
    for query in (_SUMS, _EDGES):
        database.execute(query).fetchall()
    return perf_counter() - start


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Roll up once and tell."""
    items, projects, programs = map(int, sys.argv[1:])
    company = Company(items=items, projects=projects, programs=programs)
    records = list(company.records())
    inputs = company.inputs(records)
    before, start, worked = _peak_mb(), perf_counter(), process_time()
    with no_collection():  # as the service does
        snapshot = evaluate(inputs)
    seconds, cpu, peak = perf_counter() - start, process_time() - worked, _peak_mb()
    told = {
        "seconds": seconds,
        "cpu": cpu,
        "floor": floor_seconds(records),
        "before_mb": before,
        "peak_mb": peak,
        "items": len(records),
        "digest": hashlib.sha256(repr(snapshot).encode()).hexdigest(),
    }
    sys.stdout.buffer.write(orjson.dumps(told) + b"\n")


if __name__ == "__main__":
    main()
