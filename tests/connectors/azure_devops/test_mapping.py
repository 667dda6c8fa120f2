"""What fields, states, relations, updates and markup mean: pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.azure_devops.catalogue import named_of, states_of
from connectors.azure_devops.mapping.history import changes_of
from connectors.azure_devops.mapping.html import plain_text
from connectors.azure_devops.mapping.item import Extras, History, record_of
from connectors.azure_devops.mapping.links import links_of
from connectors.azure_devops.mapping.people import account, identity_of, is_bot
from connectors.azure_devops.mapping.site import Known, Site
from connectors.azure_devops.mapping.status import Standing, status_of
from connectors.azure_devops.mapping.times import civil_date
from connectors.azure_devops.wire import Type, Update, WorkItem
from syncer.connect.unreadable import Unmappable
from syncer.domain.addresses import by_address
from syncer.domain.change import ChangeField
from syncer.domain.item import DateSource, ItemKind, ItemRecord, ResolutionKind, StatusCategory
from syncer.domain.link import LinkKind, LinkOrigin
from syncer.domain.ref import ItemRef
from tests.connectors.azure_devops.small_ado import config_for

BASE = "https://dev.azure.com/acme"
API = f"{BASE}/_apis/wit/workItems"
SITE = Site(
    connection="ado", organisation="acme", web_url=BASE,
    rules=config_for(
        BASE, custom_fields={"Value": "Custom.Value"}, customer_labels=["cust-*"]
    ).rules(),
)  # fmt: skip
FIELDS: dict[str, Any] = {
    "System.TeamProject": "Smart Phone",
    "System.WorkItemType": "User Story",
    "System.State": "Active",
    "System.Title": "Mast",
    "System.CreatedDate": "2026-11-01T08:00:00.137Z",
    "System.ChangedDate": "2026-11-02T08:00:00Z",
}
AGILE = Known(
    states={("user story", "active"): "InProgress", ("bug", "closed"): "Completed",
            ("user story", "new"): "Proposed", ("user story", "resolved"): "Resolved",
            ("user story", "closed"): "Completed", ("user story", "removed"): "Removed"},
)  # fmt: skip


def mapped(*, known: Known = AGILE, updates: Any = None, **more: Any) -> ItemRecord:
    fields = {**FIELDS, **more.pop("fields", {})}
    raw = msgspec.convert({"id": 12, "rev": 3, "fields": fields, **more}, WorkItem)
    past = (
        History(updates=msgspec.convert(updates, list[Update]), complete=True) if updates else None
    )
    extras = Extras(known={"Smart Phone": known}, **({"history": past} if past else {}))
    return record_of(raw, site=SITE, extras=extras)


# --- identity and plan ----------------------------------------------------------------------------


def test_an_item_is_called_by_its_number_and_lies_in_its_organisation() -> None:
    item = mapped().item
    assert (item.ref, item.key) == (ItemRef("ado", "12"), "AB#12")
    assert str(item.container) == "ado:acme"
    assert item.url == "https://dev.azure.com/acme/Smart%20Phone/_workitems/edit/12"
    assert item.custom["Project"] == "Smart Phone"
    assert item.created_at == datetime(2026, 11, 1, 8, 0, 0, 137_000, tzinfo=UTC)


def test_area_iteration_tags_points_and_priority() -> None:
    item = mapped(fields={
        "System.AreaPath": "Smart Phone\\Radio\\RAN",
        "System.IterationPath": "Smart Phone\\R1\\S 3",
        "System.Tags": "cust-acme; must; radio ;; radio", "Custom.Value": 3.0,
        "Microsoft.VSTS.Scheduling.Effort": 8, "Microsoft.VSTS.Common.Priority": 1,
    }).item  # fmt: skip
    assert item.components == ("Smart Phone/Radio/RAN",)
    assert [sprint.name for sprint in item.sprints] == ["R1/S 3"]
    assert item.labels == ("cust-acme", "must", "radio")
    assert (item.customers, item.must_have) == (("cust-acme",), True)
    assert (item.estimate, item.estimate_unit, item.priority) == (8.0, "points", 1)
    assert item.custom == {
        "Area path": "Smart Phone/Radio/RAN",
        "Project": "Smart Phone",
        "Value": "3",
    }


@pytest.mark.parametrize(
    ("fields", "due", "source"),
    [
        ({"TargetDate": "2026-12-01T00:00:00Z", "DueDate": "2026-12-24T00:00:00Z"},
         date(2026, 12, 1), DateSource.EXPLICIT),
        ({"DueDate": "2026-12-24T00:00:00Z"}, date(2026, 12, 24), DateSource.EXPLICIT),
        ({"FinishDate": "2026-12-25T00:00:00Z"}, date(2026, 12, 25), DateSource.EXPLICIT),
        ({}, None, DateSource.EXPLICIT),
    ],
)  # fmt: skip
def test_which_date_counts(fields: dict[str, str], due: date | None, source: DateSource) -> None:
    told = {f"Microsoft.VSTS.Scheduling.{name}": value for name, value in fields.items()}
    item = mapped(fields=told).item
    assert (item.due_date, item.date_source) == (due, source)


@pytest.mark.parametrize(
    ("value", "zone", "day"),
    [
        ("2026-12-01T00:00:00Z", "Europe/Berlin", date(2026, 12, 1)),  # as an import writes it
        ("2026-11-30T23:00:00Z", "Europe/Berlin", date(2026, 12, 1)),  # midnight in Berlin
        ("2026-11-30T23:00:00Z", None, date(2026, 12, 1)),
        ("2026-12-01T05:00:00Z", None, date(2026, 12, 1)),  # midnight in New York
        ("2026-11-30T18:30:00Z", None, date(2026, 12, 1)),  # midnight in Mumbai
        ("2026-12-01T18:42:07Z", None, date(2026, 12, 1)),  # somebody's very moment
        ("2026-12-01T16:00:00Z", "America/New_York", date(2026, 12, 1)),
        ("9999-12-31T23:00:00Z", None, date(9999, 12, 31)),
        ("", None, None),
        (None, None, None),
    ],
)
def test_a_day_is_the_day_that_somebody_picked(
    value: str | None, zone: str | None, day: date | None
) -> None:
    assert civil_date(value, ZoneInfo(zone) if zone else None) == day


@pytest.mark.parametrize(
    ("type_", "parent", "kind", "level"),
    [
        ("Epic", "", ItemKind.INITIATIVE, 2),
        ("Feature", "1", ItemKind.EPIC, 1),
        ("Product Backlog Item", "1", ItemKind.ITEM, 0),
        ("Task", "1", ItemKind.SUBTASK, -1),
        ("Task", "", ItemKind.ITEM, 0),
        ("Risk", "", ItemKind.RISK, 0),
        ("Something New", "", ItemKind.ITEM, 0),
    ],
)
def test_types_tell_kind_and_level(type_: str, parent: str, kind: ItemKind, level: int) -> None:
    relation = {"rel": "System.LinkTypes.Hierarchy-Reverse", "url": f"{API}/{parent}"}
    item = mapped(
        fields={"System.WorkItemType": type_}, relations=[relation] if parent else []
    ).item
    assert (item.kind, item.hierarchy_level) == (kind, level)
    assert item.parent == (ItemRef("ado", parent) if parent else None)


def test_a_tag_says_more_than_the_type() -> None:
    item = mapped(fields={"System.WorkItemType": "Feature", "System.Tags": "syncer:gate"}).item
    assert (item.kind, item.hierarchy_level) == (ItemKind.MILESTONE, 1)


# --- states ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("standing", "category", "resolution"),
    [
        (Standing(state="New", category="Proposed"), StatusCategory.TODO, None),
        (Standing(state="Whatever", category="InProgress"), StatusCategory.IN_PROGRESS, None),
        (Standing(state="Resolved", category="Resolved"), StatusCategory.IN_PROGRESS, None),
        (Standing(state="Closed", category="Completed", reasons=("Verified",)),
         StatusCategory.DONE, ResolutionKind.DELIVERED),
        (Standing(state="Closed", category="Completed", reasons=("Verified", "Duplicate")),
         StatusCategory.CANCELLED, ResolutionKind.NOT_DELIVERED),
        (Standing(state="Removed", category="Removed"),
         StatusCategory.CANCELLED, ResolutionKind.NOT_DELIVERED),
        (Standing(state="On Hold", category="InProgress"), StatusCategory.WAITING, None),
        (Standing(state="Blocked", category="Completed"),
         StatusCategory.DONE, ResolutionKind.DELIVERED),
        (Standing(state="Done"), StatusCategory.DONE, ResolutionKind.DELIVERED),
        (Standing(state="Quantum"), StatusCategory.UNKNOWN, None),
        (Standing(state="Quantum", category="Entangled"), StatusCategory.UNKNOWN, None),
    ],
)  # fmt: skip
def test_what_a_state_means(
    standing: Standing, category: StatusCategory, resolution: ResolutionKind | None
) -> None:
    status = status_of(standing, SITE.rules)
    assert (status.category, status.resolution) == (category, resolution)


def test_the_own_meaning_of_a_state_wins_and_backlog_is_told() -> None:
    rules = config_for(BASE, statuses={"Ready for Release": "DONE"}).rules()
    told = Standing(state="ready for release", category="InProgress")
    assert status_of(told, rules).category is StatusCategory.DONE
    assert status_of(Standing(state="Icebox", category="Proposed"), rules).backlog is True


def test_states_belong_to_types_and_what_changed_its_type_is_still_known() -> None:
    types = msgspec.convert(
        [{"name": "Bug", "states": [{"name": "Done", "category": "Completed"},
                                    {"name": "Open", "category": "Proposed"}]},
         {"name": "Task", "states": [{"name": "Done", "category": "Completed"},
                                     {"name": "Open", "category": "InProgress"}, None]}],
        list[Type],
    )  # fmt: skip
    known = Known(states=states_of(types), named=named_of(types))
    assert known.category("Bug", "open") == "Proposed"
    assert known.category("Epic", "DONE") == "Completed"
    assert known.category("Epic", "Open") == ""


# --- links ----------------------------------------------------------------------------------------


def test_a_dependency_is_read_at_the_end_that_waits() -> None:
    def relation(name: str, number: int) -> dict[str, Any]:
        return {"rel": f"System.LinkTypes.{name}", "url": f"{API}/{number}"}

    links = mapped(relations=[
        relation("Dependency-Reverse", 3), relation("Dependency-Forward", 4),
        relation("Related", 5), relation("Duplicate-Reverse", 6), relation("Duplicate-Forward", 7),
        relation("Hierarchy-Forward", 8), None, {"rel": "ArtifactLink", "url": "vstfs:///Git/1"},
        relation("Dependency-Reverse", 3),
    ]).item.links  # fmt: skip
    assert [(link.kind, link.inward, link.to.id, link.native_type) for link in links] == [
        (LinkKind.BLOCKS, True, "3", "Predecessor"),
        (LinkKind.RELATES, False, "5", "Related"),
        (LinkKind.DUPLICATES, False, "6", "Duplicate Of"),
    ]


def test_links_lead_to_other_organisations_and_trackers_by_their_pages() -> None:
    jira = "https://acme.atlassian.net/browse/NET-1"
    links = mapped(relations=[
        {"rel": "System.LinkTypes.Remote.Dependency-Reverse",
         "url": "https://dev.azure.com/other/_apis/wit/workItems/3"},
        {"rel": "Hyperlink", "url": jira, "attributes": {"comment": "Blocked by"}},
        {"rel": "Hyperlink", "url": jira, "attributes": {"comment": "see there"}},
        {"rel": "Hyperlink", "url": "javascript:alert(1)"},
    ]).item.links  # fmt: skip
    assert [(link.kind, link.inward, link.to) for link in links] == [
        (LinkKind.BLOCKS, True, by_address("https://dev.azure.com/other/_workitems/edit/3")),
        (LinkKind.BLOCKS, True, by_address(jira)),
        (LinkKind.RELATES, False, by_address(jira)),
    ]


def test_lines_of_a_description_make_links_of_less_trust() -> None:
    fields = {"System.Description": "<div>Blocked by: NET-7</div><div>Mirror of "
              "<a href='https://x.example/browse/OUT-2'>that one</a></div>"}  # fmt: skip
    found = mapped(fields=fields).item.links
    assert {(link.kind, link.inward, link.origin) for link in found} == {
        (LinkKind.BLOCKS, True, LinkOrigin.TEXT),
        (LinkKind.MIRRORS, False, LinkOrigin.TEXT),
    }
    deaf = config_for(BASE, text_links=False).rules()
    assert links_of([], replace(SITE, rules=deaf), body="Blocked by: NET-7") == ()


# --- history --------------------------------------------------------------------------------------


def update(number: int, day: int, **fields: Any) -> dict[str, Any]:
    relations = fields.pop("relations", None)
    told = {name.replace("__", "."): {"newValue": value} for name, value in fields.items()}
    told["System.ChangedDate"] = {"newValue": f"2026-11-{day:02}T08:00:00Z"}
    shown = {"id": number, "rev": number, "revisedDate": "9999-01-01T00:00:00Z"}
    kim = {"displayName": "Kim Lee", "uniqueName": "kim@example.com", "descriptor": "aad.x"}
    return {**shown, "revisedBy": kim, "fields": told, "relations": relations}


MADE = update(1, 1, System__State="New", System__WorkItemType="User Story",
              System__TeamProject="Smart Phone", System__Title="Mast",
              System__Tags="radio")  # fmt: skip


def test_the_history_is_told_with_values_before_and_after() -> None:
    due = "Microsoft__VSTS__Scheduling__TargetDate"
    record = mapped(
        fields={"System.State": "Closed"},
        updates=[
            MADE,
            update(2, 2, System__State="Active", System__Tags="radio; core"),
            update(3, 3, **{due: "2026-11-30T23:00:00Z"}, System__Title="Mast 2"),
            update(4, 4, **{due: "2027-01-08T00:00:00Z"}, System__History="<b>It rattles</b>"),
            update(
                5, 5, System__AssignedTo={"displayName": "Ada", "uniqueName": "Ada@Example.com"}
            ),
            update(6, 6, Microsoft__VSTS__CMMI__Blocked="Yes"),
            update(7, 7, System__State="Closed", System__Reason="Completed"),
            update(8, 8, Microsoft__VSTS__Common__StackRank=12.5, System__Description="<p>x</p>"),
        ],
    )
    found = {(c.field, c.before, c.after) for c in record.changes}
    assert found >= {
        (ChangeField.STATUS, "TODO", "IN_PROGRESS"),
        (ChangeField.STATUS, "IN_PROGRESS", "DONE"),
        (ChangeField.RESOLUTION, None, "delivered"),
        (ChangeField.LABELS, "radio", "core,radio"),
        (ChangeField.DUE, None, "2026-12-01"),
        (ChangeField.DUE, "2026-12-01", "2027-01-08"),
        (ChangeField.TITLE, "Mast", "Mast 2"),
        (ChangeField.COMMENT, None, None),
        (ChangeField.ASSIGNEE, None, "ada@example.com"),
        (ChangeField.FLAG, None, "1"),
        (ChangeField.RANK, None, None),
        (ChangeField.BODY, None, None),
    }
    item = record.item
    assert item.started_at == datetime(2026, 11, 2, 8, tzinfo=UTC)
    assert item.done_at == datetime(2026, 11, 7, 8, tzinfo=UTC)
    assert item.history_complete
    assert {c.actor for c in record.changes} == {"kim@example.com"}


def test_links_and_parents_have_a_history() -> None:
    def rel(name: str, number: int) -> dict[str, Any]:
        return {"rel": f"System.LinkTypes.{name}", "url": f"{API}/{number}"}

    updates = [
        MADE,
        update(2, 2, relations={"added": [rel("Hierarchy-Reverse", 5), rel("Related", 6)]}),
        update(3, 3, relations={
            "removed": [rel("Hierarchy-Reverse", 5)],
            "added": [rel("Hierarchy-Reverse", 7), rel("Dependency-Reverse", 8),
                      rel("Dependency-Reverse", 9), rel("Dependency-Forward", 10)]}),
    ]  # fmt: skip
    changes = changes_of(msgspec.convert(updates, list[Update]), site=SITE, known={})
    assert [(c.id, c.field, c.before, c.after) for c in changes] == [
        ("2", ChangeField.PARENT, None, "ado:5"),
        ("2", ChangeField.LINK, None, "relates>ado:6"),
        ("3", ChangeField.PARENT, "ado:5", "ado:7"),
        ("3", ChangeField.LINK, None, "blocks<ado:8"),
        ("3~2", ChangeField.LINK, None, "blocks<ado:9"),
    ]


def test_a_link_that_made_no_revision_has_the_time_of_its_update() -> None:
    late = {"id": 2, "rev": 1, "revisedDate": "2026-11-05T08:00:00Z", "relations": {
        "added": [{"rel": "System.LinkTypes.Related", "url": f"{API}/6"}]}}  # fmt: skip
    for told, day in ((late, 5), ({**late, "revisedDate": "9999-01-01T00:00:00Z"}, 1)):
        (change,) = changes_of(msgspec.convert([MADE, told], list[Update]), site=SITE, known={})
        assert change.at == datetime(2026, 11, day, 8, tzinfo=UTC)


# --- people ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "id_", "name"),
    [
        ({"displayName": "Kim Lee", "uniqueName": "Kim@Example.com", "id": "g"},
         "kim@example.com", "Kim Lee"),
        ("Kim Lee <kim@example.com>", "kim@example.com", "Kim Lee"),
        ("Kim Lee <ACME\\kim>", "acme\\kim", "Kim Lee"),
        ("Kim Lee", "kim lee", "Kim Lee"),
        ({"id": "1234"}, "1234", "1234"),
    ],
)  # fmt: skip
def test_people_in_all_their_forms(value: Any, id_: str, name: str) -> None:
    who = account(value, "ado")
    assert who is not None
    assert (who.id, who.name, who.bot) == (id_, name, False)


@pytest.mark.parametrize("value", [None, "", 7, [], {}, {"displayName": 7}])
def test_nobody_is_nobody(value: Any) -> None:
    assert account(value, "ado") is None


def test_services_are_no_people() -> None:
    for value in (
        {"displayName": "Deploy", "descriptor": "svc.AAA"},
        {"displayName": "app", "descriptor": "aadsp.AAA"},
        {"displayName": "Network Build Service (acme)"},
        "Microsoft.VisualStudio.Services.TFS <x>",
    ):
        assert is_bot(identity_of(value)), value


# --- text -----------------------------------------------------------------------------------------


def test_what_an_item_is_about_stands_in_several_fields() -> None:
    item = mapped(
        fields={"System.Description": "<div>What</div>",
                "Microsoft.VSTS.TCM.ReproSteps": "<p>How</p>",
                "Microsoft.VSTS.Common.AcceptanceCriteria": "**When** a < b"},
        multilineFieldsFormat={"Microsoft.VSTS.Common.AcceptanceCriteria": "Markdown"},
    ).item  # fmt: skip
    assert item.body == "What\n\nHow\n\n**When** a < b"


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("plain & <3", "plain & <3"),
        ("<p>one</p><p>two</p>", "one\ntwo"),
        ("a<br/>b", "a\nb"),
        ("<script>alert(1)</script>safe", "safe"),
        ("<a href='https://x.example/'>there</a>", "there (https://x.example/)"),
        ("<a href='https://x.example/a'>https://x.example/a</a>", "https://x.example/a"),
        ("<a href='javascript:alert(1)'>there</a>", "there"),
        ("&lt;script&gt;", "<script>"),
        ("<ul><li>one<li>two</ul>", "- one\n- two"),
        ("<div><b>half", "half"),
        ("</a></script></td>odd", "odd"),
    ],
)
def test_markup_becomes_text(markup: str, text: str) -> None:
    assert plain_text(markup) == text


@given(st.text(alphabet="<>/abp&;#!-='\" \n\x00é", max_size=80))
def test_no_markup_is_too_odd(markup: str) -> None:
    assert isinstance(plain_text(markup), str)


# --- what cannot be read --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"System.Title": ["no", "title"]},
        {"System.TeamProject": None},
        {"System.ChangedDate": "yesterday", "System.CreatedDate": "yesterday"},
        {"System.ChangedDate": "2026-11-01T08:00:00"},
        {"System.Description": {"a": 1}},
        {"Microsoft.VSTS.Scheduling.StoryPoints": "many"},
        {"Microsoft.VSTS.Scheduling.TargetDate": "soon"},
    ],
)
def test_an_item_that_lacks_what_none_lacks_is_unreadable(fields: dict[str, Any]) -> None:
    with pytest.raises(Unmappable):
        mapped(fields=fields)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


MORE: tuple[str, ...] = (
    "System.Tags", "System.AssignedTo", "System.Parent", "System.IterationPath", "System.AreaPath",
)  # fmt: skip


@given(st.sampled_from([*sorted(FIELDS), *MORE]), JSON)
def test_any_value_is_read_or_refused(name: str, value: Any) -> None:
    try:
        record = mapped(fields={name: value})
    except Unmappable:
        return
    assert record.item.ref.id == "12"


@given(JSON, st.sampled_from(["System.State", "System.Tags", "System.AssignedTo", "System.History",
                              "System.ChangedDate", "System.Title"]))  # fmt: skip
def test_no_entry_of_the_past_costs_the_item(value: Any, name: str) -> None:
    odd, due = (
        update(2, 2),
        update(3, 3, Microsoft__VSTS__Scheduling__TargetDate="2026-11-30T00:00:00Z"),
    )
    odd["fields"][name] = {"newValue": value}
    changes = changes_of(msgspec.convert([MADE, odd, due], list[Update]), site=SITE, known={})
    (told,) = [one for one in changes if one.field is ChangeField.DUE]
    assert (told.before, told.after) == (None, "2026-11-30")
    assert told.at == datetime(2026, 11, 3, 8, tzinfo=UTC)
