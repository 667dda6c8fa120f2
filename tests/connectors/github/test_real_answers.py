"""Recorded answers of a real GitHub, served over HTTP, through the real pull into a real store."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from syncer.connect.testing.server import answer
from syncer.domain.item import StatusCategory
from syncer.domain.ref import ContainerKey
from syncer.store import migrate
from syncer.store.engine import Store
from syncer.store.items import load_items
from syncer.sync.connection import pull_connection
from syncer.sync.pull import pull_container
from tests.connectors.github.small_github import SmallGitHub, Still, issue, running

ANTS = ContainerKey("gh", "panjf2000/ants")


@pytest.fixture
def real(shared_data: Path) -> SmallGitHub:
    def lines(name: str) -> list[Any]:
        text = (shared_data / "answers" / "github" / name).read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    rows, comments = lines("api_issues.jsonl"), lines("api_comments.jsonl")
    numbers = {one["url"]: one["number"] for one in rows}
    timelines: dict[int, list[Any]] = {}
    for one in comments:
        entries = timelines.setdefault(numbers.get(one["issue_url"], 0), [])
        entries.append({**one, "event": "commented", "actor": one["user"]})
    milestones = lines("api_milestones.jsonl")
    return SmallGitHub({ANTS.key: rows}, milestones=milestones, timelines=timelines)


async def test_of_42_recorded_rows_the_26_issues_are_synced_and_no_pull_request(
    real: SmallGitHub, tmp_path: Path
) -> None:
    async with Store(f"sqlite:///{tmp_path}/syncer.db") as store:
        await migrate.upgrade(store)
        async with running(real, containers=[ANTS.key], page_size=10) as connector:
            done = await pull_connection(store, connector, connection="gh", clock=Still())
        async with store.read() as session:
            items = await load_items(session)
    assert [pull.error for pull in done.containers] == [""]
    assert (sum(p.stored for p in done.containers), sum(p.unreadable for p in done.containers)) == (
        26, 0,
    )  # fmt: skip
    assert len({item.ref.id for item in items}) == len(items) == 26
    assert all("/issues/" in item.url and item.container == ANTS for item in items)
    assert Counter(item.status_category for item in items) == {StatusCategory.DONE: 26}
    assert all(item.done_at for item in items)
    assert {version.name for item in items for version in item.fix_versions} == {"v0.11.0"}


async def test_hostile_answers_cost_one_item_and_not_the_page(tmp_path: Path) -> None:
    rows = [
        issue(1, labels=None, user=None, assignees=None),
        issue(2, title=None, body="x" * 1_000_000, labels=[None, {"name": None}, "old style"]),
        issue(3, labels="bug"),
        issue(4) | {"id": None},
        "no issue at all",
        None,
        issue(5, milestone={"number": None, "title": None, "due_on": "whenever"}),
        issue(6, type={}, user={"login": "ghost", "type": None}),
    ]
    github = SmallGitHub({"acme/ran": []})
    github.server.fail(_listing(rows), path="*/issues", times=None)
    async with Store(f"sqlite:///{tmp_path}/syncer.db") as store:
        await migrate.upgrade(store)
        async with running(github) as connector:
            container = ContainerKey("gh", "acme/ran")
            done = await pull_container(store, connector, container, clock=Still())
        async with store.read() as session:
            items = await load_items(session)
    assert done.error == ""
    assert sorted(item.key for item in items) == [f"acme/ran#{n}" for n in (1, 2, 5, 6)]
    assert done.unreadable == 4


def _listing(rows: list[Any]) -> Any:
    return answer(200, body=json.dumps(rows))
