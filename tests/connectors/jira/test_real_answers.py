from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from syncer.domain.item import ItemRecord, StatusCategory
from syncer.domain.ref import ContainerKey
from tests.connectors.jira.small_jira import (
    FIELDS,
    LINK_TYPES,
    PRIORITIES,
    SmallDataCenter,
    SmallJira,
    running,
)


@pytest.fixture
def real(shared_data: Path) -> SmallJira:
    def lines(name: str) -> list[Any]:
        text = (shared_data / "answers" / "jira" / name).read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    issues = lines("api_issues.jsonl")
    projects = {one["fields"]["project"]["id"]: one["fields"]["project"] for one in issues}
    return SmallJira(
        issues=issues,
        projects=list(projects.values()),
        tables={
            "status": lines("api_status.jsonl"),
            "field": FIELDS,
            "issuetype": lines("api_issue_types.jsonl"),
            "issueLinkType": {"issueLinkTypes": LINK_TYPES},
            "priority": PRIORITIES,
        },
    )


async def read_all(jira: SmallJira, **config: Any) -> tuple[list[ItemRecord], int]:
    records: list[ItemRecord] = []
    unreadable = 0
    async with running(jira, **config) as connector:
        identity = await connector.probe()
        for container in identity.containers:
            async for page in connector.changes(container.key, None):
                records += page.records
                unreadable += len(page.unreadable)
    return records, unreadable


async def test_all_real_issues_are_read_and_counted_as_they_are(real: SmallJira) -> None:
    records, unreadable = await read_all(real)
    items = [record.item for record in records]
    categories = Counter(item.status_category for item in items)
    assert (len(items), unreadable) == (33, 0)
    assert categories[StatusCategory.DONE] == 21
    assert categories[StatusCategory.CANCELLED] == 4
    opened = [item for item in items if item.is_open]
    assert len(opened) == 8
    assert sum(item.resolution is not None for item in opened) == 5


async def test_the_same_issues_are_read_from_a_data_center(real: SmallJira) -> None:
    cloud, _ = await read_all(real)
    same = SmallDataCenter(issues=real.issues, projects=real.projects, tables=real.tables)
    server, unreadable = await read_all(same, page_size=5)
    assert (len(server), unreadable) == (33, 0)
    told = {record.item.ref.id: record for record in cloud}
    for record in server:
        other = told[record.item.ref.id]
        assert replace(record.item, url="") == replace(other.item, url="")
        assert record.changes == other.changes


async def test_levels_names_and_parents_of_real_issues_are_kept(real: SmallJira) -> None:
    records, _ = await read_all(real)
    by_key = {record.item.key: record.item for record in records}
    assert Counter(item.hierarchy_level for item in by_key.values()) == {0: 20, -1: 12, 1: 1}
    assert {"故事", "子任务", "缺陷", "任务"} <= {item.native_type for item in by_key.values()}
    assert by_key["K5-3"].parent == by_key["K5-4"].ref
    assert by_key["EE-25"].parent == by_key["EE-1"].ref
    assert by_key["EE-1"].native_status == "已完成"
    assert all(item.container.connection == "jira" for item in by_key.values())
    assert all(item.done_at for item in by_key.values() if item.status_category == "DONE")


async def test_real_changelogs_come_whole_and_oldest_first(real: SmallJira) -> None:
    records, _ = await read_all(real)
    assert sum(len(record.changes) for record in records) > 600
    for record in records:
        times = [change.at for change in record.changes]
        assert times == sorted(times)
        assert len({(c.id, c.field) for c in record.changes}) == len(record.changes)


async def test_a_real_project_key_is_a_container(real: SmallJira) -> None:
    async with running(real) as connector:
        pages = [p async for p in connector.changes(ContainerKey("jira", "person-157fbb22"), None)]
    assert sorted(r.item.key for page in pages for r in page.records) == ["K5-2", "K5-3", "K5-4"]
