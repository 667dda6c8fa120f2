from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from syncer.domain.change import ChangeField
from tests.connectors.jira.mapped import (
    DOING,
    DONE,
    only,
    record,
    with_history,
)
from tests.connectors.jira.small_jira import (
    history,
    issue,
    moved,
)

# --- history -------------------------------------------------------------------------------------


def test_status_changes_tell_the_life_of_an_item() -> None:
    raw = with_history(
        history(1, moved("To Do", "In Progress")),
        history(2, moved("In Progress", "Done")),
        history(3, moved("Done", "In Progress")),
        history(4, moved("In Progress", "Done")),
        status=DONE,
    )
    read = record(raw)
    assert [c.after for c in read.changes] == ["IN_PROGRESS", "DONE", "IN_PROGRESS", "DONE"]
    assert read.changes[0].before_text == "To Do"
    assert read.item.started_at == read.changes[0].at
    assert read.item.done_at == read.changes[3].at
    assert read.item.reopened_count == 1


def test_a_status_that_is_gone_is_found_by_name_else_unknown() -> None:
    entry = {"field": "status", "from": "77", "fromString": "done", "to": "78", "toString": "Limbo"}
    change = record(with_history(history(1, entry))).changes[0]
    assert (change.before, change.after) == ("DONE", "UNKNOWN")


def test_done_with_a_resolution_that_delivered_nothing_was_cancelled_then() -> None:
    wont = {"field": "resolution", "fieldId": "resolution", "to": "2", "toString": "Won't Do"}
    none = {"field": "resolution", "fieldId": "resolution", "from": "2", "fromString": "Won't Do"}
    raw = with_history(
        history(1, moved("To Do", "Done"), wont),
        history(2, none, moved("Done", "In Progress")),
        status=DOING,
    )
    statuses = only(record(raw).changes, ChangeField.STATUS)
    assert [(c.before, c.after) for c in statuses] == [
        ("TODO", "CANCELLED"),
        ("CANCELLED", "IN_PROGRESS"),
    ]
    assert [c.after for c in only(record(raw).changes, ChangeField.RESOLUTION)] == [
        "not_delivered",
        None,
    ]


def test_done_without_history_is_dated_by_the_resolution() -> None:
    item = record(issue(1, status=DONE, resolutiondate="2026-02-03T04:05:06.000+0100")).item
    assert item.done_at == datetime(2026, 2, 3, 3, 5, 6, tzinfo=UTC)


def test_versions_are_told_as_whole_sets() -> None:
    raw = with_history(
        history(1, {"field": "Fix Version", "to": "1", "toString": "old name"}),
        history(2, {"field": "Fix Version", "fieldId": "fixVersions", "to": "2", "toString": "B"}),
        history(3, {"field": "Fix Version", "from": "1", "fromString": "A"}),
        history(4, {"field": "Fix Version", "to": "3", "toString": "C"}),
        fixVersions=[{"id": "2", "name": "B"}, {"id": "3", "name": "C"}],
    )
    changes = only(record(raw).changes, ChangeField.VERSIONS)
    assert [(c.before, c.after) for c in changes] == [
        (None, "A"),
        ("A", "A,B"),
        ("A,B", "B"),
        ("B", "B,C"),
    ]


@pytest.mark.parametrize(
    ("entry", "field", "before", "after"),
    [
        pytest.param(
            {
                "field": "duedate", "fieldId": "duedate", "from": "2026-01-02",
                "fromString": "2026-01-02 00:00:00.0", "to": None, "toString": None,
            },
            ChangeField.DUE, "2026-01-02", None, id="due",
        ),
        pytest.param(
            {"field": "Start date", "fieldId": "customfield_10015", "to": "2026-03-01",
             "toString": "1/Mar/26"},
            ChangeField.START, None, "2026-03-01", id="start",
        ),
        pytest.param(
            {"field": "Start date", "fieldId": "customfield_10015", "toString": "1/Mar/26"},
            ChangeField.START, None, None, id="a start that cannot be read",
        ),
        pytest.param(
            {"field": "assignee", "fieldId": "assignee", "from": "a-1", "fromString": "A",
             "to": "b-2", "toString": "B"},
            ChangeField.ASSIGNEE, "a-1", "b-2", id="assignee",
        ),
        pytest.param(
            {"field": "labels", "fieldId": "labels", "fromString": "b a", "toString": "a"},
            ChangeField.LABELS, "a,b", "a", id="labels",
        ),
        pytest.param(
            {"field": "Sprint", "fieldId": "customfield_10020", "from": "38",
             "fromString": "Sprint 28", "to": "38, 40", "toString": "Sprint 28, Sprint 29"},
            ChangeField.SPRINT, "38", "38,40", id="sprint",
        ),
        pytest.param(
            {"field": "Impediment", "fieldId": "customfield_10021", "fromString": "",
             "to": "[10019]", "toString": "Impediment"},
            ChangeField.FLAG, None, "1", id="flag",
        ),
        pytest.param(
            {"field": "priority", "fieldId": "priority", "from": "3", "fromString": "Medium",
             "to": "1", "toString": "Highest"},
            ChangeField.PRIORITY, "2", "0", id="priority",
        ),
        pytest.param(
            {"field": "summary", "fieldId": "summary", "fromString": "Old\n", "toString": "New"},
            ChangeField.TITLE, "Old", "New", id="title",
        ),
        pytest.param(
            {"field": "Key", "fromString": "OLD-1", "toString": "NET-1"},
            ChangeField.KEY, "OLD-1", "NET-1", id="key",
        ),
        pytest.param(
            {"field": "project", "from": "1", "fromString": "Old", "to": "2", "toString": "Net"},
            ChangeField.CONTAINER, "Old", "Net", id="project",
        ),
        pytest.param(
            {"field": "IssueParentAssociation", "to": "10900", "toString": "NET-900"},
            ChangeField.PARENT, None, "jira:10900", id="parent",
        ),
        pytest.param(
            {"field": "Link", "to": "NET-7", "toString": "This issue is blocked by NET-7"},
            ChangeField.LINK, None, "blocks<jira:10007", id="inward link",
        ),
        pytest.param(
            {"field": "Link", "from": "NET-8", "fromString": "This issue blocks NET-8"},
            ChangeField.LINK, "blocks>jira:NET-8", None, id="outward link to an unknown key",
        ),
        pytest.param(
            {"field": "Rank", "toString": "Ranked higher"},
            ChangeField.RANK, None, None, id="rank",
        ),
        pytest.param(
            {"field": "description", "fieldId": "description", "toString": "long"},
            ChangeField.BODY, None, None, id="body",
        ),
        pytest.param(
            {"field": "Workflow", "fromString": "a", "toString": "b"},
            ChangeField.OTHER, "a", "b", id="other",
        ),
    ],
)  # fmt: skip
def test_changes_are_canonical(
    entry: Any, field: ChangeField, before: str | None, after: str | None
) -> None:
    change = record(with_history(history(1, entry)), ids={"NET-7": "10007"}).changes[0]
    assert (change.field, change.before, change.after) == (field, before, after)
    assert (change.actor, change.by_bot) == ("R. Meyer", False)


def test_a_parent_told_twice_is_one_change() -> None:
    link = {"field": "Epic Link", "fieldId": "customfield_10014", "to": "9", "toString": "NET-9"}
    parent = {"field": "IssueParentAssociation", "to": "9", "toString": "NET-9"}
    changes = record(with_history(history(1, link), history(2, parent))).changes
    assert [change.after for change in changes] == ["jira:9"]


def test_two_links_of_one_entry_have_two_ids() -> None:
    one = {"field": "Link", "to": "NET-1", "toString": "This issue relates to NET-1"}
    two = {"field": "Link", "to": "NET-2", "toString": "This issue relates to NET-2"}
    assert [c.id for c in record(with_history(history(7, one, two))).changes] == ["7", "7.2"]


def test_entries_come_in_any_order_and_with_times_as_numbers() -> None:
    late, early = (
        history(2, moved("In Progress", "Done")),
        history(1, moved("To Do", "In Progress")),
    )
    late["created"] = int(datetime(2026, 1, 6, tzinfo=UTC).timestamp() * 1000)
    early["created"] = int(datetime(2026, 1, 5, 12, tzinfo=UTC).timestamp())
    changes = record(with_history(late, early, status=DONE)).changes
    assert [c.after for c in changes] == ["IN_PROGRESS", "DONE"]
    assert changes[1].at == datetime(2026, 1, 6, tzinfo=UTC)


def test_the_estimate_in_use_is_the_one_whose_changes_count() -> None:
    points = {"field": "Story point estimate", "fieldId": "customfield_10016", "toString": "5"}
    hours = {
        "field": "timeoriginalestimate", "fieldId": "timeoriginalestimate", "to": "7200",
        "toString": "7200",
    }  # fmt: skip
    entries = (history(1, points), history(2, hours))
    with_points = record(with_history(*entries, customfield_10016=5.0))
    assert (with_points.item.estimate, with_points.item.estimate_unit) == (5.0, "points")
    assert [c.after for c in only(with_points.changes, ChangeField.ESTIMATE)] == ["5"]
    with_hours = record(
        with_history(history(1, points), history(2, hours), timeoriginalestimate=7200)
    )
    assert (with_hours.item.estimate, with_hours.item.estimate_unit) == (2.0, "hours")
    assert [c.after for c in only(with_hours.changes, ChangeField.ESTIMATE)] == ["2"]


def test_human_comments_are_care_and_those_of_apps_are_not() -> None:
    def comment(number: int, day: int, kind: str) -> Any:
        return {
            "id": str(number),
            "author": {"accountId": "x", "displayName": "X", "accountType": kind},
            "created": f"2026-02-{day:02d}T00:00:00.000+0000",
        }

    comments = {"comments": [comment(1, 3, "atlassian"), comment(2, 9, "app")]}
    read = record(issue(1, comment=comments))
    assert [c.by_bot for c in only(read.changes, ChangeField.COMMENT)] == [False, True]
    assert read.item.last_meaningful_change_at == datetime(2026, 2, 3, tzinfo=UTC)
