"""The read-only views say what the machine output says, on both databases."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import inspect, text

from syncer.cli.machine import risk_row, status_document
from syncer.domain.report import Snapshot
from syncer.domain.verdict import Verdict, VerdictLevel
from syncer.store.codec import encode
from syncer.store.editions import PublishedEdition, publish_edition
from syncer.store.engine import Store
from syncer.store.items import save_records
from syncer.store.snapshots import SnapshotSort, save_snapshot
from syncer.store.verdicts import StoredVerdict, save_verdicts
from tests.store.samples import NOON, record
from tests.unit.publish.portfolios import example, example_before

STATUS: Final = {
    "v_program_status": "programs",
    "v_product_status": "products",
    "v_project_status": "projects",
}

Row = dict[str, Any]


async def rows(store: Store, query: str) -> list[Row]:
    async with store.read() as session:
        return [dict(row) for row in (await session.execute(text(query))).mappings()]


async def keep(store: Store, *snapshots: Snapshot) -> None:
    async with store.write() as session:
        for one in snapshots:
            await save_snapshot(session, one, sort=SnapshotSort.WEEKLY, at=NOON)


def plain(value: object) -> object:
    """A value as the machine output writes it."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    return pytest.approx(value) if isinstance(value, float) else value


def told(row: Row) -> Row:
    """One object of `status --format json` as a row of a view."""
    ledgers = {
        f"{level}_{what}": count
        for level, ledger in row["ledgers"].items()
        for what, count in ledger.items()
    }
    left_out = {"previous_state", "ledgers", "override", "flow"}
    return {name: value for name, value in row.items() if name not in left_out} | ledgers


@pytest.mark.parametrize("view", STATUS)
async def test_a_status_view_says_what_status_says(store: Store, view: str) -> None:
    snapshot = example()
    await keep(store, snapshot)

    found = await rows(store, f"SELECT * FROM {view}")

    expected = [told(one) for one in status_document(snapshot, None)[STATUS[view]]]
    assert expected
    assert [{name: plain(row[name]) for name in expected[0]} for row in found] == expected
    assert {row["snapshot"] for row in found} == {snapshot.id}


async def test_the_newest_snapshot_is_marked(store: Store) -> None:
    now, before = example(), example_before()
    await keep(store, now, before)

    found = await rows(store, "SELECT DISTINCT snapshot, is_latest FROM v_program_status")

    assert {row["snapshot"]: bool(row["is_latest"]) for row in found} == {
        now.id: True,
        before.id: False,
    }


async def test_risks_are_those_of_the_machine_output(store: Store) -> None:
    snapshot = example()
    await keep(store, snapshot)

    found = await rows(store, "SELECT * FROM v_risks")

    names = ("id", "rule", "scope", "title", "probability", "impact", "score", "band", "owner")
    expected = [{name: risk_row(one)[name] for name in names} for one in snapshot.risks]
    assert [{name: row[name] for name in names} for row in found] == expected


async def test_gates_and_sources_are_those_of_the_snapshot(store: Store) -> None:
    snapshot = example()
    await keep(store, snapshot)

    gates = await rows(store, "SELECT * FROM v_gates")
    sources = await rows(store, "SELECT * FROM v_sources")

    assert [(row["scope"], row["name"], plain(row["date"])) for row in gates] == [
        (one.scope, one.name, one.on.isoformat()) for one in snapshot.gates
    ]
    assert [(row["connection"], row["container"]) for row in sources] == [
        (one.connection, one.container or None) for one in snapshot.sources
    ]


async def test_items_come_with_their_verdicts_and_a_restricted_one_without_its_words(
    store: Store,
) -> None:
    open_one, secret = record(1), record(2, restricted=True)
    program = VerdictLevel.PROGRAM
    verdict = Verdict(level=program, leaning=program, confidence=0.9, decided_by="evidence")
    kept = StoredVerdict(verdict=verdict, since=NOON)
    async with store.write() as session:
        await save_records(session, [encode(open_one), encode(secret)], known={}, at=NOON)
        await save_verdicts(session, {open_one.item.ref.uid: kept})

    found = await rows(store, "SELECT * FROM v_items ORDER BY uid")

    assert [(row["key"], row["title"], row["url"]) for row in found] == [
        (open_one.item.key, open_one.item.title, open_one.item.url),
        (None, "restricted item", None),
    ]
    assert [row["level"] for row in found] == ["program", None]
    assert found[0]["container"] == "jira:NET"
    assert secret.item.title not in repr(found)


async def test_editions_are_listed_with_their_snapshot(store: Store) -> None:
    snapshot = example()
    await keep(store, snapshot)
    edition = PublishedEdition(
        audience="leadership",
        edition="2026-W48",
        version=1,
        as_of=snapshot.as_of,
        snapshot_id=snapshot.id,
        previous_snapshot_id=None,
        published_at=NOON + timedelta(hours=1),
        subject="5G Red",
        contents={"txt": "Text"},
    )
    async with store.write() as session:
        await publish_edition(session, edition)

    (row,) = await rows(store, "SELECT * FROM v_editions")

    assert (row["audience"], row["edition"], row["snapshot"]) == (
        "leadership",
        "2026-W48",
        snapshot.id,
    )


def documented(page: str) -> dict[str, list[str]]:
    """The columns of each view as docs/sql-views.md lists them."""
    found = re.findall(r"^## `(v_\w+)`\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    return {name: re.findall(r"^\| `(\w+)` \|", body, re.MULTILINE) for name, body in found}


async def columns(store: Store) -> dict[str, Sequence[str]]:
    def read(connection: Any) -> dict[str, Sequence[str]]:
        looked = inspect(connection)
        views = looked.get_view_names()
        return {name: [one["name"] for one in looked.get_columns(name)] for name in views}

    async with store.writer.connect() as connection:
        return await connection.run_sync(read)


async def test_every_column_is_documented_and_every_documented_one_is_there(
    store: Store, root: Path
) -> None:
    page = (root / "docs" / "sql-views.md").read_text(encoding="utf-8")
    assert {name: sorted(listed) for name, listed in documented(page).items()} == {
        name: sorted(there) for name, there in (await columns(store)).items()
    }
