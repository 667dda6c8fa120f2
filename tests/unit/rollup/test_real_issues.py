"""Slips, cycle times and blocked times of five recorded Jira issues, checked by hand.

The numbers were worked out from the raw changelogs with a calendar, in the site's own zone
(Asia/Shanghai), before the code was asked. What the recording holds, and what it does not:

- Nobody ever flagged an issue, and the five have no links. So by the site's own words they were
  blocked on no day. Most of their life they stood in "Open", though, after some of them had been
  in progress: a site that calls "Open" waiting has real blocked time, and that is the second
  table.
- "End date" (the due date) was filled in once, on 31 August 2020, when everything had long been
  done. A date that is set for the first time has moved nothing: no slip and no push.
- Status 5 "Resolved" is not known to the site any more. An issue that went Open, Resolved, Closed
  counts as done when Jira resolved it, not five months later when somebody closed it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.jira.connector import JiraConnector
from syncer.domain.item import ItemRecord
from syncer.domain.portfolio import ItemTarget
from syncer.rollup.calendar import report_date, working_days
from syncer.rollup.evaluate import evaluate
from syncer.rollup.forecasting.flow import blocked_days, cycle_time, flow_efficiency
from syncer.rollup.work.blocked import Blockages
from tests.connectors.jira.small_jira import LINK_TYPES, PRIORITIES, SmallJira, running
from tests.unit.rollup.builders import basis_of, make_inputs, make_portfolio, make_project

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
AS_OF = datetime(2020, 9, 7, 4, tzinfo=UTC)
OPEN_IS_WAITING = {"Open": "WAITING"}


@dataclass(frozen=True)
class Real:
    """The recorded issues by key, and what their histories say of blocked time."""

    records: Mapping[str, ItemRecord]
    zone: ZoneInfo = field(default=SHANGHAI)

    @property
    def blockages(self) -> Blockages:
        items = {record.item.uid: record.item for record in self.records.values()}
        changes = {record.item.uid: record.changes for record in self.records.values()}
        return Blockages(
            items=items, changes=changes, predecessors={}, names={}, zone=self.zone, as_of=AS_OF
        )

    def days(self, key: str) -> tuple[date, date]:
        """The local days on which an issue was started and done."""
        item = self.records[key].item
        assert item.started_at
        assert item.done_at
        return report_date(item.started_at, self.zone), report_date(item.done_at, self.zone)

    def cycle(self, key: str) -> int:
        return cycle_time(*self.days(key))

    def blocked(self, key: str) -> int:
        started, done = self.days(key)
        stretches = self.blockages.days(self.records[key].item)
        return blocked_days(stretches, started=started, until=done)

    def late(self, key: str) -> int:
        """Working days from the due date to the day on which it was done."""
        due = self.records[key].item.due_date
        assert due
        return working_days(due, self.days(key)[1])


@pytest.fixture(scope="module")
def answers(shared_data: Path) -> Path:
    folder = shared_data / "answers" / "jira"
    if not folder.is_dir():
        pytest.skip(f"no recorded answers of Jira in {folder}")
    return folder


def lines(folder: Path, name: str) -> list[Any]:
    return [json.loads(line) for line in (folder / name).read_text("utf-8").splitlines()]


def serving(folder: Path, name: str = "api_issues.jsonl") -> SmallJira:
    issues = lines(folder, name)
    projects = {one["fields"]["project"]["id"]: one["fields"]["project"] for one in issues}
    named = {
        change["fieldId"]: change["field"]
        for issue in issues
        for entry in issue["changelog"]["histories"]
        for change in entry["items"]
        if change.get("fieldId", "").startswith("customfield_")
    }
    return SmallJira(
        issues=issues,
        projects=list(projects.values()),
        tables={
            "status": lines(folder, "api_status.jsonl"),
            "field": [{"id": id_, "name": name} for id_, name in named.items()],
            "issuetype": lines(folder, "api_issue_types.jsonl"),
            "issueLinkType": {"issueLinkTypes": link_types(issues) or LINK_TYPES},
            "priority": PRIORITIES,
        },
    )


def link_types(issues: Sequence[Any]) -> list[Any]:
    every = (link["type"] for issue in issues for link in issue["fields"].get("issuelinks") or ())
    return list({one["id"]: one for one in every}.values())


async def read(folder: Path, name: str = "api_issues.jsonl", **config: Any) -> Real:
    async with running(serving(folder, name), **config) as connector:
        records = [record async for record in _records(connector)]
    return Real({record.item.key: record for record in records})


async def _records(connector: JiraConnector) -> AsyncIterator[ItemRecord]:
    for container in (await connector.probe()).containers:
        async for page in connector.changes(container.key, None):
            for record in page.records:
                yield record


@pytest.fixture
async def real(answers: Path) -> Real:
    return await read(answers)


@pytest.fixture
async def waiting(answers: Path) -> Real:
    """The same site, had its administrator called "Open" waiting."""
    return await read(answers, statuses=OPEN_IS_WAITING)


# EE-8   Open on 12 June at 13:01, Resolved on 9 July at 01:11; never in progress, so it was
#        started when it was done: one day. Due on Wednesday 8 July: one working day late.
# EE-17  Open on 12 June, In Progress on 22 July at 14:34, Resolved at 15:25: one day. Due on Friday
#        12 June: 12 working days of June are left (15-19, 22-26, 29, 30), and 16 of July (1-3,
#        6-10, 13-17, 20-22): 28 late.
# EE-19  In Development on 12 June at 09:46:26, Resolved four seconds later, taken back, Resolved
#        for good on 18 June at 16:34: 12 to 18 June are seven days. Due on the 18th: in time.
# EE-25  In Progress on 12 June at 15:07, Resolved on 18 June at 12:02: seven days. Due on Friday
#        12 June: 15, 16, 17, 18 June are four working days.
# EE-27  In Development on 12 June at 08:45, Resolved for good on 19 June at 14:31: eight days. Due
#        on Monday 15 June: 16, 17, 18, 19 June are four working days.
BY_HAND = {"EE-8": (1, 1), "EE-17": (1, 28), "EE-19": (7, 0), "EE-25": (7, 4), "EE-27": (8, 4)}


async def test_cycle_times_and_lateness_of_five_issues(real: Real) -> None:
    assert {key: (real.cycle(key), real.late(key)) for key in BY_HAND} == BY_HAND


async def test_nobody_called_the_five_blocked(real: Real) -> None:
    assert {key: real.blocked(key) for key in BY_HAND} == dict.fromkeys(BY_HAND, 0)


async def test_midnight_is_the_reports_own(real: Real) -> None:
    """EE-8 was done at 01:11 in Shanghai, which is 19:11 of the day before in Berlin: in time."""
    berlin = Real(real.records, BERLIN)
    assert (berlin.days("EE-8")[1], berlin.late("EE-8")) == (date(2020, 7, 8), 0)
    assert real.days("EE-8")[1] == date(2020, 7, 9)


# With "Open" as a waiting status work begins with it, and each stretch of it is blocked:
# EE-8   12 June to 9 July: 19 days of June and 9 of July; all of them Open.
# EE-17  12 June to 22 July: 19 and 22 days; Open until 14:34 of the last of them.
# EE-19  12 to 18 June, Open from 13:01 of the first day to 16:34 of the last.
# EE-25  12 to 18 June; Open only from 13:01 to 15:07 of the first day: six days of seven flow.
# EE-27  12 to 19 June; in development in the morning of the first day, Open from 13:01 on.
WAITING_BY_HAND = {
    "EE-8": (28, 28, 0.0),
    "EE-17": (41, 41, 0.0),
    "EE-19": (7, 7, 0.0),
    "EE-25": (7, 1, 6 / 7),
    "EE-27": (8, 8, 0.0),
}


async def test_blocked_time_of_five_issues_where_open_means_waiting(waiting: Real) -> None:
    found = {
        key: (
            waiting.cycle(key),
            waiting.blocked(key),
            flow_efficiency(waiting.cycle(key), waiting.blocked(key)),
        )
        for key in WAITING_BY_HAND
    }
    assert found == WAITING_BY_HAND


@pytest.mark.parametrize("key", list(BY_HAND))
async def test_a_date_that_was_set_once_has_slipped_by_nothing(real: Real, key: str) -> None:
    record = real.records[key]
    project = make_project(
        "ee", str(record.item.container), target=ItemTarget(f"jira:{key}"), start=date(2020, 6, 12)
    )
    slip = basis_of(
        make_inputs(
            [one.item for one in real.records.values()],
            make_portfolio(project, timezone="Asia/Shanghai"),
            changes={one.item.uid: one.changes for one in real.records.values()},
            as_of=AS_OF,
        ),
        "ee",
    ).slip
    assert (slip.baseline, slip.days, slip.pushes) == (record.item.due_date, 0, ())


async def test_real_links_make_dependencies_and_show_what_is_out_of_sight(answers: Path) -> None:
    """Read off the raw links of 22 issues of another site, none of which has begun.

    5 blocks 1 and 2 blocks 22, both told at both ends. 20 is blocked by an issue of a project that
    was not recorded, and blocks another such one, which is nobody's concern here. The rest are
    clones, duplicates and relations.
    """
    real = await read(answers, "api_issue_relationships.jsonl")
    snapshot = evaluate(
        make_inputs(
            [record.item for record in real.records.values()],
            make_portfolio(),
            changes={one.item.uid: one.changes for one in real.records.values()},
            as_of=datetime(2023, 8, 1, tzinfo=UTC),
        )
    )
    (project,) = snapshot.projects
    pairs = [(one.predecessor.key, one.waiting.key) for one in project.dependencies]
    number = {key: key.rpartition("-")[2] for key in real.records}
    assert sorted((number[a], number[b]) for a, b in pairs) == [("2", "22"), ("5", "1")]
    (unseen,) = (risk for risk in snapshot.unmerged if risk.rule == "DEP-7")
    assert [number.get(one.key, "") for one in unseen.subjects] == ["", "20"]
    assert unseen.evidence[0].value == "it is not synced"
