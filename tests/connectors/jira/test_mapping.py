from __future__ import annotations

from datetime import UTC, date
from typing import Any

import pytest

from connectors.jira.mapping.site import Tables, site_of
from connectors.jira.shapes import each as _each
from connectors.jira.wire import FieldInfo, Named
from syncer.domain.change import ChangeField
from syncer.domain.item import ItemKind, ResolutionKind, StatusCategory
from syncer.domain.link import LinkKind
from syncer.domain.ref import ItemRef
from tests.connectors.jira.mapped import (
    DOING,
    DONE,
    INDETERMINATE,
    NEW,
    TODO,
    record,
    site,
    with_history,
)
from tests.connectors.jira.small_jira import (
    FIELDS,
    START,
    config_for,
    history,
    issue,
)

# --- status --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "category"),
    [
        ("new", StatusCategory.TODO),
        ("indeterminate", StatusCategory.IN_PROGRESS),
        ("done", StatusCategory.DONE),
        ("undefined", StatusCategory.UNKNOWN),
        ("somewhat", StatusCategory.UNKNOWN),
        (None, StatusCategory.UNKNOWN),
    ],
)
def test_the_category_follows_the_key_and_is_never_guessed(
    key: str | None, category: StatusCategory
) -> None:
    status = {"id": "9", "name": "完成", "statusCategory": {"key": key, "name": "Done"}}
    assert record(issue(1, status=status)).item.status_category is category


def test_a_status_without_a_category_is_looked_up() -> None:
    item = record(issue(1, status={"id": "3", "name": "In Progress"})).item
    assert item.status_category is StatusCategory.IN_PROGRESS


@pytest.mark.parametrize(
    ("resolution", "category", "kind"),
    [
        (None, StatusCategory.DONE, None),
        ({"id": "1", "name": "Done"}, StatusCategory.DONE, ResolutionKind.DELIVERED),
        ({"id": "2", "name": "won’t do"}, StatusCategory.CANCELLED, ResolutionKind.NOT_DELIVERED),
        ({"id": "2", "name": "Duplicate"}, StatusCategory.CANCELLED, ResolutionKind.NOT_DELIVERED),
        ({"id": "2", "name": "重复"}, StatusCategory.CANCELLED, ResolutionKind.NOT_DELIVERED),
        ({"id": "2", "name": "Abgelehnt"}, StatusCategory.CANCELLED, ResolutionKind.NOT_DELIVERED),
        ({"id": "77", "name": "完成"}, StatusCategory.DONE, ResolutionKind.DELIVERED),
        ({"id": "88", "name": "Vaporised"}, StatusCategory.CANCELLED, ResolutionKind.NOT_DELIVERED),
    ],
)
def test_done_without_delivery_is_cancelled(
    resolution: Any, category: StatusCategory, kind: ResolutionKind | None
) -> None:
    raw = issue(1, status=DONE, resolution=resolution)
    item = record(raw, not_delivered=["88"]).item
    assert (item.status_category, item.resolution_kind) == (category, kind)


@pytest.mark.parametrize("name", ["Done", "Won't Do"])
def test_resolved_in_an_open_status_is_open_and_keeps_the_contradiction(name: str) -> None:
    item = record(issue(1, status=TODO, resolution={"id": "1", "name": name})).item
    assert item.status_category is StatusCategory.TODO
    assert item.is_open
    assert item.resolution == name


@pytest.mark.parametrize("name", ["Blocked", "ON HOLD", "挂起中", "Blocked / On Hold"])
def test_blocked_statuses_wait(name: str) -> None:
    status = {"id": "9", "name": name, "statusCategory": INDETERMINATE}
    assert record(issue(1, status=status)).item.status_category is StatusCategory.WAITING


def test_a_flagged_item_waits_unless_it_has_ended() -> None:
    flag = [{"value": "Impediment"}]
    waiting = record(issue(1, status=DOING, customfield_10021=flag)).item
    ended = record(issue(1, status=DONE, customfield_10021=flag)).item
    assert (waiting.flagged, waiting.status_category) == (True, StatusCategory.WAITING)
    assert (ended.flagged, ended.status_category) == (True, StatusCategory.DONE)
    assert record(issue(1, status=DOING, flagged=False)).item.flagged is False


def test_the_configuration_wins_by_id_or_name() -> None:
    status = {"id": "9", "name": "Blocked", "statusCategory": NEW}
    by_id = record(issue(1, status=status), statuses={"9": "IN_PROGRESS"}).item
    by_name = record(issue(1, status=status), statuses={"blocked": "DONE"}).item
    assert by_id.status_category is StatusCategory.IN_PROGRESS
    assert by_name.status_category is StatusCategory.DONE


def test_backlog_is_to_do_that_nobody_has_planned() -> None:
    status = {"id": "9", "name": "Backlog", "statusCategory": NEW}
    assert record(issue(1, status=status)).item.backlog
    assert not record(issue(1)).item.backlog


# --- what sort of thing --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("issuetype", "kind", "level"),
    [
        ({"id": "1", "name": "Objetivo", "hierarchyLevel": 3}, ItemKind.GOAL, 3),
        ({"id": "1", "name": "Vorhaben", "hierarchyLevel": 2}, ItemKind.INITIATIVE, 2),
        ({"id": "1", "name": "长篇故事", "hierarchyLevel": 1}, ItemKind.EPIC, 1),
        ({"id": "1", "name": "故事", "hierarchyLevel": 0}, ItemKind.ITEM, 0),
        ({"id": "1", "name": "子任务", "hierarchyLevel": -1}, ItemKind.SUBTASK, -1),
        ({"id": "1", "name": "Way up", "hierarchyLevel": 7}, ItemKind.GOAL, 3),
        ({"id": "10000", "name": "Epos"}, ItemKind.EPIC, 1),
        ({"id": "1", "name": "Teilchen", "subtask": True}, ItemKind.SUBTASK, -1),
        ({"id": "1", "name": "Initiative"}, ItemKind.INITIATIVE, 2),
        ({"id": "1", "name": "Whim"}, ItemKind.ITEM, 0),
        ({"id": "1", "name": "Risiko", "hierarchyLevel": 0}, ItemKind.RISK, 0),
        ({"id": "1", "name": "里程碑", "hierarchyLevel": 0}, ItemKind.MILESTONE, 0),
        ({"id": "1", "name": "X", "untranslatedName": "Decision"}, ItemKind.DECISION, 0),
        ({"id": "5", "name": "Menace"}, ItemKind.RISK, 0),
        (None, ItemKind.ITEM, 0),
    ],
)
def test_kind_and_level(issuetype: Any, kind: ItemKind, level: int) -> None:
    item = record(issue(1, issuetype=issuetype), types={"5": "risk"}).item
    assert (item.kind, item.hierarchy_level) == (kind, level)
    assert item.native_type == (issuetype or {}).get("name", "")


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("syncer:risk", ItemKind.RISK),
        ("Syncer:Decision", ItemKind.DECISION),
        ("syncer:gate", ItemKind.MILESTONE),
    ],
)
def test_a_label_makes_any_issue_a_risk_decision_or_gate(label: str, kind: ItemKind) -> None:
    assert record(issue(1, labels=["x", label])).item.kind is kind


def test_the_parent_at_any_level_wins_over_the_epic_link() -> None:
    raw = issue(1, parent={"id": "7", "key": "NET-7"}, customfield_10014="NET-9")
    item = record(raw, ids={"NET-9": "9"}).item
    assert (item.parent, item.parent_key) == (ItemRef("jira", "7"), "NET-7")


# --- links ---------------------------------------------------------------------------------------


def link(type_: Any, *, inward: bool = False) -> Any:
    return {"type": type_, "inwardIssue" if inward else "outwardIssue": {"id": "5", "key": "X-5"}}


def linked(type_: Any, *, inward: bool = False, **config: Any) -> tuple[LinkKind, bool]:
    found = record(issue(1, issuelinks=[link(type_, inward=inward)]), **config).item.links[0]
    assert (found.to, found.to_key) == (ItemRef("jira", "5"), "X-5")
    return found.kind, found.inward


BLOCKS = {"id": "1", "name": "Blockade", "inward": "is blocked by", "outward": "hinders"}


def test_a_dependency_is_known_by_its_inward_text_and_its_direction_by_the_side() -> None:
    assert linked(BLOCKS) == (LinkKind.BLOCKS, False)
    assert linked(BLOCKS, inward=True) == (LinkKind.BLOCKS, True)


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        ({"id": "1", "name": "B", "inward": "wird blockiert von"}, LinkKind.BLOCKS),
        ({"id": "1", "name": "D", "inward": "is duplicated by"}, LinkKind.DUPLICATES),
        ({"id": "1", "name": "R", "outward": "depends on"}, LinkKind.REQUIRES),
        ({"id": "1", "name": "Cloners", "inward": "is cloned by"}, LinkKind.RELATES),
        ({"id": "1", "name": None}, LinkKind.RELATES),
    ],
)
def test_other_link_types(type_: Any, kind: LinkKind) -> None:
    assert linked(type_)[0] is kind


def test_link_types_are_configured_by_id_or_name_and_may_run_backwards() -> None:
    odd = {"id": "77", "name": "Gate", "inward": "opens", "outward": "waits for"}
    assert linked(odd, link_types={"77": "blocks"}) == (LinkKind.BLOCKS, False)
    assert linked(odd, link_types={"gate": "blocked_by"}) == (LinkKind.BLOCKS, True)
    assert linked(odd, inward=True, link_types={"gate": "blocked_by"}) == (LinkKind.BLOCKS, False)


# --- fields --------------------------------------------------------------------------------------


def test_the_plan_of_an_item() -> None:
    raw = issue(
        1,
        duedate="2026-03-04",
        customfield_10015="2026-02-01",
        customfield_10016=3,
        customfield_10020=[
            {"id": 7, "name": "Sprint 7", "state": "closed", "endDate": "2026-01-31T23:30:00.000Z"},
            {"id": 8, "name": "Sprint 8", "state": "active", "endDate": None},
        ],
        fixVersions=[{"id": "3", "name": "2.0", "releaseDate": "2026-05-01", "released": True}],
        components=[{"id": "1", "name": "Core"}],
        priority={"id": "4", "name": "Low"},
        labels=["Must-Have"],
    )
    item = record(raw, zone="Europe/Berlin").item
    assert (item.start_date, item.due_date) == (date(2026, 2, 1), date(2026, 3, 4))
    assert [(s.id, s.end, s.closed) for s in item.sprints] == [
        ("7", date(2026, 2, 1), True),
        ("8", None, False),
    ]
    version = item.fix_versions[0]
    assert (version.name, version.due, version.closed) == ("2.0", date(2026, 5, 1), True)
    assert (item.components, item.priority, item.must_have) == (("Core",), 3, True)
    assert item.url == "https://acme.example/browse/NET-1"


def test_without_a_due_date_the_end_of_the_plan_counts() -> None:
    fields = [*FIELDS, {"id": "customfield_9", "name": "Target end"}]
    rules = config_for("https://acme.example").rules()
    tables = Tables(fields=_each(FieldInfo, fields, ""))
    at = site_of(tables, connection="jira", url="", zone=UTC, rules=rules)
    raw = with_history(
        history(1, {"field": "Target end", "fieldId": "customfield_9", "to": "2026-06-01"}),
        customfield_9="2026-06-01",
    )
    read = record(raw, at=at)
    assert read.item.due_date == date(2026, 6, 1)
    assert read.changes[0].field is ChangeField.DUE
    raw["fields"]["duedate"] = "2026-07-01"
    read = record(raw, at=at)
    assert read.item.due_date == date(2026, 7, 1)
    assert read.changes[0].field is ChangeField.OTHER


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"value": "5G", "id": "1"}, "5G"),
        ({"value": "Radio", "child": {"value": "North"}}, "Radio / North"),
        ([{"name": "A"}, {"name": "B"}], "A, B"),
        ({"displayName": "R. Meyer", "accountId": "x"}, "R. Meyer"),
        ({"type": "doc", "content": [{"type": "text", "text": "words"}]}, "words"),
        ("plain\n", "plain"),
        (3.0, "3"),
        (True, "true"),
    ],
)
def test_custom_fields_by_name_whatever_their_shape(value: Any, text: str) -> None:
    raw = issue(1, customfield_10100=value)
    assert record(raw, custom_fields={"Program": "program"}).item.custom == {"Program": text}
    assert record(raw, custom_fields=["customfield_10100"]).item.custom == {
        "customfield_10100": text
    }


def test_customers_and_must_haves_by_configured_fields() -> None:
    raw = issue(1, labels=["customer-acme", "x"], customfield_10100={"value": "Globex"})
    item = record(
        raw, customer_labels=["Customer-*"], customer_fields=["Program"], must_have_field="Program"
    ).item
    assert item.customers == ("customer-acme", "Globex")
    assert item.must_have
    raw["fields"]["customfield_10100"] = {"value": "No"}
    assert not record(raw, must_have_field="Program").item.must_have


def test_f47_a_field_that_is_not_there_is_said() -> None:
    made = site(custom_fields=["Program", "Progam"])
    assert made.missing_fields == ("Progam",)
    assert "field Progam" in made.missing_detail


def test_f47_what_a_missing_field_would_have_told_is_unread_and_not_empty() -> None:
    names = ["Program", "Gone"]
    found = record(
        issue(1), custom_fields=names, must_have_field="Must", customer_fields=["Client"]
    ).item
    assert found.unread == {"custom.Gone": None, "customers": None, "must_have": None}
    assert record(issue(1), custom_fields=["Program"]).item.unread == {}


def test_f47_a_field_is_bound_by_its_id_whatever_it_is_called() -> None:
    raw = issue(1, customfield_10100={"value": "5G"})
    for wish in ("customfield_10100", "Program"):
        assert record(raw, custom_fields=[wish]).item.custom == {wish: "5G"}
    renamed = site(custom_fields=["customfield_10100"])
    assert renamed.missing_fields == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"security": {"id": "1", "name": "Board only"}},
        {"issuerestriction": {"issuerestrictions": {"projectrole": [{"id": "1"}]}}},
    ],
)
def test_restricted_issues_are_marked(fields: Any) -> None:
    assert record(issue(1, **fields)).item.restricted
    nothing = {"issuerestrictions": {}, "shouldDisplay": False}
    assert not record(issue(1, issuerestriction=nothing)).item.restricted


def test_people_of_cloud_server_and_apps() -> None:
    raw = issue(
        1,
        assignee={"name": "jdoe", "key": "JIRAUSER1", "displayName": "J. Doe"},
        reporter={"accountId": "5b1", "displayName": "Hook", "accountType": "app"},
    )
    item = record(raw).item
    assert [(a.id, a.name, a.bot) for a in item.assignees] == [("JIRAUSER1", "J. Doe", False)]
    assert item.reporter is not None
    assert (item.reporter.id, item.reporter.bot) == ("5b1", True)


def test_priorities_of_any_number_are_ranked() -> None:
    def ranks(count: int) -> list[int]:
        named = [Named(id=str(n), name=f"P{n}") for n in range(count)]
        rules = config_for("https://acme.example").rules()
        at = site_of(Tables(priorities=named), connection="j", url="", zone=UTC, rules=rules)
        return list(at.priorities.values())

    assert ranks(5) == [0, 1, 2, 3, 4]
    assert ranks(3) == [0, 2, 4]
    assert ranks(2) == [0, 4]
    assert ranks(1) == [2]
    assert ranks(0) == []


def test_wiki_text_and_documents_become_bodies() -> None:
    assert record(issue(1, description="h1. Head\r\n* point")).item.body == "Head\n- point"
    document = {"type": "doc", "content": [{"type": "paragraph", "content": []}]}
    assert record(issue(1, description=document)).item.body == ""


def test_created_and_updated_are_in_utc() -> None:
    item = record(issue(1, created="2026-01-05T10:00:00.000+0100")).item
    assert item.created_at == START
