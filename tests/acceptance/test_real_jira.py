"""The main job on real input: 33 recorded Jira issues over HTTP, into an honest digest."""

from __future__ import annotations

import asyncio
import csv
import io
import re
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.process import Done, Syncer, connection
from tests.acceptance.recorded_jira import Manners, RecordedJira

EE, K5 = "person-12680c64", "person-157fbb22"
READS = {
    "status": ("status", "--format", "json"),
    "items": ("items", "--format", "jsonl", "--all"),
    "csv": ("items", "--format", "csv"),
    "risks": ("risks", "--format", "json"),
    "why": ("why", f"proj:{EE}"),
    "text": ("digest",),
    "md": ("digest", "--format", "md"),
    "html": ("digest", "--format", "html"),
    "json": ("digest", "--format", "json"),
    "past": ("digest", "--as-of", "2020-07-01"),
    "past-status": ("status", "--as-of", "2020-07-01", "--format", "json"),
}
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
TEXT, WHOLE, TRUTH, LIST = str, int, bool, list
OPTIONAL_TEXT, OPTIONAL_MAP = (str, type(None)), (dict, type(None))
ITEM_TYPES: dict[str, type | tuple[type, ...]] = {
    "ref": dict, "key": TEXT, "url": OPTIONAL_TEXT, "container": TEXT, "project": OPTIONAL_TEXT,
    "type": OPTIONAL_TEXT, "kind": TEXT, "hierarchy_level": WHOLE, "title": TEXT, "body": TEXT,
    "status": OPTIONAL_TEXT, "status_category": TEXT, "backlog": TRUTH,
    "resolution": OPTIONAL_TEXT, "priority": (int, type(None)), "labels": LIST, "components": LIST,
    "fix_versions": LIST, "assignees": LIST, "reporter": OPTIONAL_TEXT, "parent": OPTIONAL_MAP,
    "links": LIST, "created_at": TEXT, "updated_at": TEXT, "started_at": OPTIONAL_TEXT,
    "done_at": OPTIONAL_TEXT, "start_date": OPTIONAL_TEXT, "due_date": OPTIONAL_TEXT,
    "estimate": (int, float, type(None)), "state": TEXT, "classification": OPTIONAL_MAP,
}  # fmt: skip


@dataclass
class Journey:
    """Everything that a person reads from the first check to the last digest."""

    check: Done
    first: Done
    second: Done
    served_first: int
    served_second: int
    stored_by_second: int
    paths: list[str]
    read: dict[str, Done]

    @property
    def items(self) -> dict[str, Any]:
        return {row["key"]: row for row in self.read["items"].rows}

    @property
    def projects(self) -> dict[str, Any]:
        return {row["key"]: row for row in self.read["status"].json["projects"]}


async def _travel(folder: Path, answers: Path, manners: Manners) -> Journey:
    async with RecordedJira(answers, manners) as jira:
        syncer = Syncer(folder, {"JIRA_TOKEN": jira.account.secret})
        zone = '[service]\ntimezone = "Europe/Berlin"\n'
        syncer.configure(zone + connection("jira", jira.url))
        check = await syncer("check")
        first = await syncer("sync")
        served_first, before = jira.served, _work(folder)
        second = await syncer("sync")
        after = _work(folder)
        read = dict(zip(READS, await _together(syncer), strict=True))
        paths = [request.path for request in jira.server.requests]
        return Journey(
            check=check,
            first=first,
            second=second,
            served_first=served_first,
            served_second=jira.served - served_first,
            stored_by_second=len(set(after) ^ set(before)),
            paths=paths,
            read=read,
        )


def _work(folder: Path) -> list[Any]:
    """Every row about items as it lies in the database."""
    tables = ("items", "item_aliases", "changes", "verdicts", "quarantine")
    with closing(sqlite3.connect(folder / "syncer.db")) as database:
        return [row for name in tables for row in database.execute(f"SELECT * FROM {name}")]


async def _together(syncer: Syncer) -> list[Done]:
    """Two at a time: commands that only read disturb nobody."""
    two = asyncio.Semaphore(2)

    async def one(arguments: tuple[str, ...]) -> Done:
        async with two:
            return await syncer(*arguments)

    return await asyncio.gather(*map(one, READS.values()))


@pytest.fixture(scope="module")
def answers(shared_data: Path) -> Path:
    folder = shared_data / "answers" / "jira"
    if not folder.is_dir():
        pytest.skip(f"no recorded answers of Jira in {folder}")
    return folder


@pytest.fixture(scope="module")
def journey(answers: Path, tmp_path_factory: pytest.TempPathFactory) -> Journey:
    return asyncio.run(_travel(tmp_path_factory.mktemp("real"), answers, Manners()))


class TestSync:
    def test_check_says_who_and_what(self, journey: Journey) -> None:
        assert (journey.check.code, journey.check.err) == (0, "")
        assert "as Recorder (Asia/Shanghai)" in journey.check.out
        assert f"sees 2 containers: {EE}, {K5}" in journey.check.out

    def test_all_33_issues_are_stored_and_none_is_quarantined(self, journey: Journey) -> None:
        assert journey.first.code == 0
        assert "2 of 2 containers read, 33 items seen, 33 new or changed" in journey.first.out
        assert "unreadable" not in journey.first.out
        assert f"jira:{EE}: done, 30 items" in journey.first.err
        sources = journey.read["status"].json["sources"]
        assert [source["quarantined"] for source in sources] == [0, 0]
        assert [source["error"] for source in sources] == [None, None]
        assert len(journey.read["items"].rows) == 33

    def test_a_second_sync_asks_for_next_to_nothing_and_writes_nothing(
        self, journey: Journey
    ) -> None:
        assert journey.second.code == 0
        assert "0 new or changed" in journey.second.out
        assert journey.served_first < 2 * 33
        assert journey.served_second <= 7
        assert journey.stored_by_second == 0

    def test_nothing_is_asked_that_the_account_may_not_see(self, journey: Journey) -> None:
        assert not any("agile" in path or "remotelink" in path for path in journey.paths)


class TestItems:
    def test_done_cancelled_open_and_contradictory(self, journey: Journey) -> None:
        categories = Counter(item["status_category"] for item in journey.items.values())
        assert (categories["DONE"], categories["CANCELLED"]) == (21, 4)
        opened = [i for i in journey.items.values() if i["status_category"] == "TODO"]
        assert len(opened) == 8
        resolved = sorted(item["key"] for item in opened if item["resolution"])
        assert resolved == ["EE-1", "EE-10", "EE-35", "EE-36", "EE-37"]
        for item in journey.items.values():
            assert (item["done_at"] is not None) is (item["status_category"] == "DONE")

    def test_levels_and_names_are_kept(self, journey: Journey) -> None:
        levels = Counter(item["hierarchy_level"] for item in journey.items.values())
        assert levels == {-1: 12, 0: 20, 1: 1}
        types = Counter(item["type"] for item in journey.items.values())
        assert (types["故事"], types["子任务"], types["缺陷"]) == (8, 12, 1)
        assert (journey.items["K5-4"]["type"], journey.items["K5-4"]["kind"]) == ("Epic", "epic")
        assert journey.items["EE-25"]["kind"] == "subtask"
        assert journey.items["EE-2"]["status"] == "已完成"
        assert journey.items["EE-2"]["resolution"] == "完成"
        assert journey.items["EE-6"]["title"] == "变异系数、生产率的四象限图"

    def test_parents_are_refs_that_lead_to_stored_items(self, journey: Journey) -> None:
        ids = {item["key"]: item["ref"]["id"] for item in journey.items.values()}
        parents = {k: i["parent"] for k, i in journey.items.items() if i["parent"]}
        assert len(parents) == 15
        assert parents["EE-25"] == {"connection": "jira", "id": ids["EE-1"], "key": "EE-1"}
        assert parents["K5-3"] == {"connection": "jira", "id": ids["K5-4"], "key": "K5-4"}
        unknown = {parent["key"] for parent in parents.values()} - set(ids)
        assert unknown == {"K5-1"}, "K5-1 was not recorded, so it is known by id and key only"
        assert parents["K5-2"]["id"] == "20707"

    def test_every_promised_key_is_there_with_its_type(self, journey: Journey) -> None:
        for item in journey.items.values():
            assert set(item) >= set(ITEM_TYPES)
            for key, kind in ITEM_TYPES.items():
                assert isinstance(item[key], kind), (item["key"], key, item[key])
            assert item["ref"] == {"connection": "jira", "id": item["ref"]["id"]}
            assert item["container"] == f"jira:{item['project']}"
            assert item["state"] == "live"
            _check_moments(item)

    def test_dates_come_from_the_plan_fields_of_the_site(self, journey: Journey) -> None:
        assert journey.items["EE-1"]["due_date"] == "2025-03-09"
        assert journey.items["EE-2"]["due_date"] == "2020-06-23"
        assert journey.items["EE-2"]["start_date"] == "2020-06-12"
        assert journey.items["K5-2"]["due_date"] is None
        assert journey.items["EE-2"]["done_at"] == "2020-06-23T10:20:58Z"

    def test_the_table_for_spreadsheets_says_the_same(self, journey: Journey) -> None:
        rows = {row["key"]: row for row in csv.DictReader(io.StringIO(journey.read["csv"].out))}
        assert set(rows) == set(journey.items)
        for key, row in rows.items():
            assert row["status_category"] == journey.items[key]["status_category"]
            assert row["title"] == journey.items[key]["title"]


def _check_moments(item: dict[str, Any]) -> None:
    for key in ("created_at", "updated_at", "started_at", "done_at"):
        if item[key] is not None:
            assert INSTANT.fullmatch(item[key]), (item["key"], key)
            assert datetime.fromisoformat(item[key]).year in range(2020, 2023)
    for key in ("start_date", "due_date"):
        if item[key] is not None:
            assert date.fromisoformat(item[key]).isoformat() == item[key]


class TestHonesty:
    """Everything is years old: no date is promised, no colour flatters, and the reader learns why.

    13 of the 16 countable items of EE are done; the other three say "resolved" and "new" at once
    or have such a child. K5 was never planned.
    """

    def test_every_command_succeeds_and_is_silent_on_standard_error(self, journey: Journey) -> None:
        assert {
            name: (done.code, done.err) for name, done in journey.read.items()
        } == dict.fromkeys(READS, (0, ""))

    def test_counts_are_those_of_the_leaves(self, journey: Journey) -> None:
        ee, k5 = journey.projects[EE], journey.projects[K5]
        assert (ee["done"], ee["total"], ee["remaining"]) == (13, 16, 3)
        assert (k5["done"], k5["total"]) == (0, 2)

    def test_nothing_is_green_and_no_date_is_promised(self, journey: Journey) -> None:
        for project in journey.projects.values():
            assert project["state"] not in {"GREEN", "DONE"}
            assert (project["probability"], project["p50"], project["p85"]) == (None, None, None)
            assert project["target"] is None
            assert project["confidence"] == "Low"
        assert journey.projects[K5]["state"] == "NO_PLAN"

    @pytest.mark.parametrize("form", ["text", "md", "html", "json"])
    def test_every_form_says_what_is_not_known(self, journey: Journey, form: str) -> None:
        said = " ".join(journey.read[form].out.replace("\u00a0", " ").split())
        assert "no target" in said
        assert "no forecast: nothing finished in 12 weeks" in said
        assert "no forecast: needs 6 weeks of history" in said
        assert "6 items contradict themselves" in said
        assert "Confidence Low" in said
        assert "GREEN" not in said
        assert "% chance" not in said

    def test_risks_name_the_gaps(self, journey: Journey) -> None:
        found = {(risk["rule"], risk["scope"]) for risk in journey.read["risks"].json}
        every = {(rule, f"proj:{key}") for rule in ("DQ-1", "DQ-2") for key in (EE, K5)}
        assert found >= every | {("DQ-4", f"proj:{EE}")}

    def test_why_gives_the_rule_and_its_inputs(self, journey: Journey) -> None:
        assert "Inputs:\n  total: 16\n  remaining: 3\n" in journey.read["why"].out
        assert "6 items" in journey.read["why"].out

    def test_the_past_is_told_as_it_was_then(self, journey: Journey) -> None:
        past = journey.read["past"].out
        assert "Data of Wed 1 Jul 2020 05:30, reconstructed from item history." in past
        document = journey.read["past-status"].json
        assert document["reconstructed"] is True
        assert document["as_of"].startswith("2020-07-01T03:30:00")
        ee = next(one for one in document["projects"] if one["key"] == EE)
        assert (ee["done"], ee["total"]) == (11, 16)


@pytest.mark.parametrize(
    ("manners", "missing"),
    [
        pytest.param(Manners(inline=5), [[], []], id="changelogs by another call"),
        pytest.param(Manners(inline=5, changelog_status=403), [["changelog"], []], id="refused"),
    ],
)
async def test_whatever_the_manners_of_the_site_no_issue_is_lost(
    tmp_path: Path, answers: Path, manners: Manners, missing: list[list[str]]
) -> None:
    async with RecordedJira(answers, manners) as jira:
        syncer = Syncer(tmp_path, {"JIRA_TOKEN": jira.account.secret})
        syncer.configure(connection("jira", jira.url))
        synced = await syncer("sync")
        assert (synced.code, "33 new or changed" in synced.out) == (0, True)
        sources = (await syncer("status", "--format", "json")).json["sources"]
        assert [source["missing_detail"] for source in sources] == missing
        categories = Counter(
            item["status_category"] for item in (await syncer(*READS["items"])).rows
        )
        assert categories == {"DONE": 21, "CANCELLED": 4, "TODO": 8}
