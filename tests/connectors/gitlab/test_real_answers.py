"""Recorded answers of a real GitLab, served over HTTP, through the real pull into a real store."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from connectors.gitlab.connector import GitLabConnector
from syncer.connect.testing.server import FakeTracker
from syncer.domain.item import DateSource, StatusCategory
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.store import migrate
from syncer.store.engine import Store
from syncer.store.items import load_items
from syncer.sync.pull import pull_container
from tests.connectors.gitlab.small_gitlab import Still, config_for

SPEND = ContainerKey("gl", "gitlab-data/snowflake_spend")


@pytest.fixture
def rows(shared_data: Path) -> list[Any]:
    text = (shared_data / "answers" / "gitlab" / "api_issues.jsonl").read_text(encoding="utf-8")
    every = [json.loads(line) for line in text.splitlines()]
    return sorted(every, key=lambda row: str(row["updated_at"]))


def serving(rows: list[Any]) -> FakeTracker:
    """A server without GraphQL that knows these issues and no details of them."""
    server = FakeTracker(clock=Still())
    base = "/api/v4/projects/{path}"

    async def listing(_: web.Request) -> web.StreamResponse:
        return web.json_response(rows)

    async def project(_: web.Request) -> web.StreamResponse:
        return web.json_response({"id": 1, "path_with_namespace": SPEND.key})

    async def nothing(_: web.Request) -> web.StreamResponse:
        return web.json_response([])

    server.route("GET", base, project)
    server.route("GET", f"{base}/issues", listing)
    server.route("GET", f"{base}/issues/{{iid}}/{{what}}", nothing)
    return server


async def test_of_16_recorded_issues_the_one_that_moved_away_is_left_out(
    rows: list[Any], tmp_path: Path
) -> None:
    done, items = await pulled(rows, tmp_path)
    assert (done.error, done.stored, done.unreadable) == ("", 15, 0)
    assert len(rows) == 16
    assert len({item.uid for item in items}) == 15
    assert {item.container for item in items} == {SPEND}
    assert all(item.key == f"{SPEND.key}#{item.url.rpartition('/')[2]}" for item in items)
    states = Counter(row["state"] for row in rows if not row["moved_to_id"])
    assert Counter(item.status_category for item in items) == {
        StatusCategory.DONE: states["closed"],
        StatusCategory.TODO: states["opened"],
    }
    assert all(item.done_at for item in items if item.status_category is StatusCategory.DONE)
    dated = [item for item in items if item.due_date]
    assert dated
    assert all(item.date_source is DateSource.INHERITED for item in dated)


async def test_hostile_answers_cost_one_item_and_not_the_page(
    rows: list[Any], tmp_path: Path
) -> None:
    odd = [
        rows[0] | {"title": None, "author": None, "labels": None, "milestone": None},
        rows[1] | {"title": ["no"]},
        rows[2] | {"id": "none"},
        rows[3] | {"created_at": None, "updated_at": None},
        rows[4] | {"due_date": "soon"},
        "no issue at all",
        None,
    ]
    done, items = await pulled(odd, tmp_path)
    assert (done.error, done.stored, done.unreadable) == ("", 1, 6)
    assert [item.title for item in items] == ["(no title)"]


async def pulled(rows: list[Any], folder: Path) -> tuple[Any, list[Any]]:
    clock = Still()
    async with Store(f"sqlite:///{folder}/syncer.db") as store:
        await migrate.upgrade(store)
        async with serving(rows) as server, aiohttp.ClientSession() as session:
            connector = GitLabConnector(
                "gl", config_for(server.url), session, clock=clock, sleep=clock.sleep
            )
            done = await pull_container(store, connector, SPEND, clock=clock)
        async with store.read() as reading:
            return done, list(await load_items(reading))


async def test_a_move_that_rest_tells_by_id_is_followed(rows: list[Any]) -> None:
    [moved] = [row for row in rows if row["moved_to_id"]]
    ref = ItemRef("gl", str(moved["id"]), f"{SPEND.key}#{moved['iid']}")
    server = serving(rows)

    async def one(_: web.Request) -> web.StreamResponse:
        return web.json_response(moved)

    server.route("GET", "/api/v4/projects/{path}/issues/{iid}", one)
    async with server, aiohttp.ClientSession() as session:
        connector = GitLabConnector("gl", config_for(server.url), session, clock=Still())
        fetched = await connector.fetch([ref])
    assert fetched.moved == {ref: ItemRef("gl", str(moved["moved_to_id"]))}
    assert (fetched.records, fetched.hidden) == ((), ())
