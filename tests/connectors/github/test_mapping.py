"""What GitHub's issues mean."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.github.mapping.detail import (
    Detail,
    Happened,
    Happening,
    Neighbour,
    neighbour_at,
)
from connectors.github.mapping.item import Extras, read_issue
from connectors.github.mapping.links import duplicate_of
from connectors.github.mapping.rest import neighbour_by_url, timeline
from connectors.github.mapping.site import Site
from connectors.github.mapping.text_links import text_links
from connectors.github.mapping.times import civil_date
from syncer.domain.addresses import by_key, with_known_ends
from syncer.domain.change import ChangeField
from syncer.domain.item import ItemKind, ItemRecord, StatusCategory, Unreadable, WorkItem
from syncer.domain.link import LinkKind, LinkOrigin
from syncer.domain.ref import ContainerKey
from tests.connectors.github.small_github import START, config_for, event, issue

RAN = ContainerKey("gh", "acme/ran")


def site(**config: Any) -> Site:
    made = config_for("https://api.github.com", **config)
    return Site(connection="gh", web_url=made.web_url, rules=made.rules())


SITE = site()


def item(
    raw: Any = None, *, on: Site = SITE, detail: Detail | None = None, **more: Any
) -> WorkItem:
    extras = Extras(detail=detail or Detail(complete=True))
    record = read_issue(raw or issue(1, **more), container=RAN, site=on, extras=extras)
    assert isinstance(record, ItemRecord), record
    return record.item


def labels(*names: str) -> list[Any]:
    return [{"name": name} for name in names]


@pytest.mark.parametrize(
    ("state", "reason", "category", "shown"),
    [
        ("open", None, StatusCategory.TODO, "Open"),
        ("open", "reopened", StatusCategory.TODO, "Open"),
        ("closed", None, StatusCategory.DONE, "Closed"),
        ("closed", "completed", StatusCategory.DONE, "Closed as completed"),
        ("closed", "not_planned", StatusCategory.CANCELLED, "Closed as not planned"),
        ("closed", "duplicate", StatusCategory.CANCELLED, "Closed as duplicate"),
        (None, None, StatusCategory.UNKNOWN, ""),
        ("merged", None, StatusCategory.UNKNOWN, ""),
    ],
)
def test_open_and_closed(
    state: str | None, reason: str | None, category: StatusCategory, shown: str
) -> None:
    found = item(state=state, state_reason=reason, closed_at="2026-02-01T00:00:00Z")
    assert (found.status_category, found.native_status) == (category, shown)
    assert (found.done_at is not None) is (category is StatusCategory.DONE)


@pytest.mark.parametrize(
    ("names", "category", "backlog"),
    [
        (["bug", "in progress"], StatusCategory.IN_PROGRESS, False),
        (["status: in-progress"], StatusCategory.IN_PROGRESS, False),
        (["Status/Needs Review"], StatusCategory.IN_PROGRESS, False),
        (["workflow::blocked", "in progress"], StatusCategory.WAITING, False),
        (["🚧 WIP"], StatusCategory.IN_PROGRESS, False),
        (["backlog"], StatusCategory.TODO, True),
        (["done"], StatusCategory.TODO, False),
        (["area: status page"], StatusCategory.TODO, False),
        ([], StatusCategory.TODO, False),
    ],
)
def test_labels_say_how_far_an_open_issue_is(
    names: list[str], category: StatusCategory, backlog: bool
) -> None:
    found = item(labels=labels(*names))
    assert (found.status_category, found.backlog) == (category, backlog)
    closed = item(labels=labels(*names), state="closed", state_reason="completed")
    assert closed.status_category is StatusCategory.DONE


def test_configured_names_win_and_assignees_count_only_if_asked_to() -> None:
    own = site(statuses={"Cooking": "IN_PROGRESS", "Backlog": "WAITING"})
    assert item(labels=labels("cooking"), on=own).status_category is StatusCategory.IN_PROGRESS
    assert item(labels=labels("backlog"), on=own).status_category is StatusCategory.WAITING
    assigned: dict[str, Any] = {"assignees": [{"login": "mo", "type": "User"}]}
    assert item(**assigned).status_category is StatusCategory.TODO
    willing = site(in_progress_when=["assigned"])
    assert item(on=willing, **assigned).status_category is StatusCategory.IN_PROGRESS


@pytest.mark.parametrize(
    ("type_name", "names", "height", "kind", "level"),
    [
        ("", [], 0, ItemKind.ITEM, 0),
        ("Bug", [], 0, ItemKind.ITEM, 0),
        ("Feature", [], 1, ItemKind.EPIC, 1),
        ("Feature", [], 2, ItemKind.INITIATIVE, 2),
        ("Epic", [], 0, ItemKind.EPIC, 1),
        ("Epic", [], 2, ItemKind.EPIC, 1),
        ("Initiative", [], 0, ItemKind.INITIATIVE, 2),
        ("Sub-task", [], 0, ItemKind.SUBTASK, -1),
        ("", ["type: epic"], 0, ItemKind.EPIC, 1),
        ("Bug", ["syncer:risk"], 0, ItemKind.RISK, 0),
        ("Decision", [], 0, ItemKind.DECISION, 0),
        ("", ["syncer:gate"], 0, ItemKind.MILESTONE, 0),
    ],
)
def test_types_labels_and_sub_issues_say_what_an_issue_is(
    type_name: str, names: list[str], height: int, kind: ItemKind, level: int
) -> None:
    detail = Detail(complete=True, height=height)
    found = item(
        detail=detail, type={"name": type_name} if type_name else None, labels=labels(*names)
    )
    assert (found.kind, found.hierarchy_level) == (kind, level)


@pytest.mark.parametrize(
    ("names", "rank"),
    [
        (["P1"], 1),
        (["priority: high"], 1),
        (["priority/low", "p0"], 0),
        (["critical"], 0),
        (["minor"], None),
        (["high"], None),
        ([], None),
    ],
)
def test_labels_say_the_priority(names: list[str], rank: int | None) -> None:
    assert item(labels=labels(*names)).priority == rank


@pytest.mark.parametrize(
    ("due_on", "day"),
    [
        ("2026-12-04T08:00:00Z", date(2026, 12, 4)),
        ("2026-07-04T07:00:00Z", date(2026, 7, 4)),
        ("2026-12-04T00:00:00Z", date(2026, 12, 4)),
        ("2026-12-04", date(2026, 12, 4)),
        ("2026-12-03T16:00:00-08:00", date(2026, 12, 4)),
    ],
)
def test_a_milestones_day_is_the_one_in_utc(due_on: str, day: date) -> None:
    assert civil_date(due_on) == day


def test_people_are_known_by_login_and_ghosts_are_nobody() -> None:
    found = item(
        assignees=[{"login": "mo", "type": "User"}, None, {"login": None}],
        user={"login": "renovate[bot]", "type": "Bot"},
    )
    assert [(one.id, one.bot) for one in found.assignees] == [("mo", False)]
    assert found.reporter is not None
    assert found.reporter.bot
    assert item(user=None, assignees=None, assignee=None).reporter is None


def test_hints_of_templates_are_no_text_of_an_issue() -> None:
    assert (
        item(body="Goal\n<!-- describe\nthe goal -->\nEnd\n<!-- never closed").body == "Goal\n\nEnd"
    )


# --- links in descriptions ------------------------------------------------------------------------

JIRA = "https://acme.atlassian.net/browse/NET-1"


@pytest.mark.parametrize(
    ("line", "kind", "inward", "address"),
    [
        (f"Blocked by {JIRA}", LinkKind.BLOCKS, True, JIRA),
        (f"**Blocked by:** <{JIRA}?focused=1>", LinkKind.BLOCKS, True, JIRA),
        (f"- [ ] Depends on [NET-1]({JIRA}).", LinkKind.BLOCKS, True, JIRA),
        ("> depends  on #12", LinkKind.BLOCKS, True, "https://github.com/acme/ran/issues/12"),
        (
            "Is blocked by acme/core#7!",
            LinkKind.BLOCKS,
            True,
            "https://github.com/acme/core/issues/7",
        ),
        (f"Blocks: {JIRA}", LinkKind.BLOCKS, False, JIRA),
        ("Blocks #3", LinkKind.BLOCKS, False, "https://github.com/acme/ran/issues/3"),
        ("Duplicate of #4", LinkKind.DUPLICATES, False, "https://github.com/acme/ran/issues/4"),
        ("## Blocked by\n\n- #12", LinkKind.BLOCKS, True, "https://github.com/acme/ran/issues/12"),
    ],
)
def test_a_line_of_a_description_makes_a_link(
    line: str, kind: LinkKind, inward: bool, address: str
) -> None:
    (link,) = item(body=f"Why\n\n{line}\n\nMore").links
    assert (link.kind, link.inward, link.to.id) == (kind, inward, address)
    assert link.origin is LinkOrigin.TEXT


@pytest.mark.parametrize(
    "line",
    [
        "We were blocked by #12 last year",
        "Blocked by the weather",
        "Blockedby #12",
        "Blocks https://github.com/acme/ran/pull/12",
        "Blocks #1",
        "Blocks javascript:alert(1)",
        "Blocks #0 and a#12 and x/#12",
        "See #12",
    ],
)
def test_other_lines_make_none(line: str) -> None:
    assert item(body=line).links == ()


def test_a_list_ends_with_the_next_words() -> None:
    found = item(body="Blocked by:\n- #2\n* #3\n\nNotes\n- #4").links
    assert [link.to_key for link in found] == ["acme/ran#2", "acme/ran#3"]


def test_a_link_across_trackers_is_found_wherever_the_other_end_is_known() -> None:
    ours = item(body=f"Blocked by {JIRA}")
    theirs = item(issue(2), on=SITE)

    other = replace(theirs, url=JIRA, key="NET-1")
    linked, _ = with_known_ends([ours, other])
    assert linked.links[0].to == other.ref


def test_what_github_links_itself_is_not_linked_again() -> None:
    native = Detail(blocked_by=(Neighbour("acme/ran", 12, "112"),), complete=True)
    (link,) = item(body="Blocked by #12", detail=native).links
    assert (link.origin, link.to.uid) == (LinkOrigin.TRACKER, "gh:112")


def test_descriptions_are_not_read_where_that_is_switched_off() -> None:
    assert item(body="Blocked by #12", on=site(text_links=False)).links == ()


@given(st.text(max_size=400))
@example("A0-1")
def test_whatever_a_description_holds_it_is_read(body: str) -> None:
    for link in text_links(f"Blocked by {body}\n{body}", repository="acme/ran", site=SITE):
        is_address = link.to.id.startswith(("http://", "https://"))
        assert is_address or link.to == by_key(link.to_key)


def test_a54_a_long_line_is_read_in_no_time() -> None:
    line = "Blocked by " + "https://" * 5000 + "#" * 100_000 + "*_ " * 100_000
    assert text_links(line, repository="acme/ran", site=SITE) is not None


# --- history --------------------------------------------------------------------------------------


def happening(what: Happened, minute: int, **more: Any) -> Happening:
    return Happening(what=what, at=START.replace(minute=minute), **more)


def test_an_issue_is_a_duplicate_of_the_last_one_that_it_was_marked_with() -> None:
    own, first, second = (Neighbour("acme/ran", n, str(n)) for n in (1, 2, 3))
    marks = [
        happening(Happened.DUPLICATE, 1, other=first),
        happening(Happened.DUPLICATE, 2, other=second),
        happening(Happened.DUPLICATE, 3, other=own),
    ]
    assert duplicate_of(marks, own) == second
    undone = happening(Happened.NO_DUPLICATE, 4, other=second)
    assert duplicate_of([*marks, undone], own) is None


def test_labels_that_were_there_from_the_start_count_from_the_start() -> None:
    told = (happening(Happened.UNLABELED, 5, subject="blocked"),)
    detail = Detail(timeline=told, complete=True)
    record = read_issue(
        issue(1, labels=labels("bug")), container=RAN, site=SITE, extras=Extras(detail=detail)
    )
    assert isinstance(record, ItemRecord)
    changes = {c.field: (c.before, c.after) for c in record.changes}
    assert changes[ChangeField.STATUS] == ("WAITING", "TODO")
    assert changes[ChangeField.LABELS] == ("blocked,bug", "bug")


def test_a_closing_without_a_reason_has_the_issues_own_if_it_is_the_last() -> None:
    told = (
        happening(Happened.CLOSED, 5),
        happening(Happened.REOPENED, 6),
        happening(Happened.CLOSED, 7),
    )
    raw = issue(1, state="closed", state_reason="not_planned")
    record = read_issue(
        raw, container=RAN, site=SITE, extras=Extras(detail=Detail(timeline=told, complete=True))
    )
    assert isinstance(record, ItemRecord)
    ends = [c.after for c in record.changes if c.field is ChangeField.STATUS]
    assert ends == ["DONE", "TODO", "CANCELLED"]


def test_a_transfer_and_two_links_of_one_second_are_all_told() -> None:
    others = [Neighbour("acme/core", n, str(n)) for n in (7, 8)]
    told = (
        happening(Happened.TRANSFERRED, 1, before="acme/old"),
        *(happening(Happened.BLOCKED_BY_ADDED, 2, other=one) for one in others),
    )
    record = read_issue(
        issue(1), container=RAN, site=SITE, extras=Extras(detail=Detail(timeline=told))
    )
    assert isinstance(record, ItemRecord)
    assert [(c.field, c.after) for c in record.changes] == [
        (ChangeField.CONTAINER, "acme/ran"),
        (ChangeField.LINK, "blocks<gh:7"),
        (ChangeField.LINK, "blocks<gh:8"),
    ]
    assert len({(c.id, c.field) for c in record.changes}) == 3


def test_odd_entries_of_the_past_do_not_cost_the_issue() -> None:
    rows = [None, 3, {}, {"event": "closed"}, {"event": [], "created_at": 4}, event("closed", 9)]
    assert [one.what for one in timeline(rows)] == [Happened.CLOSED]


@pytest.mark.parametrize(
    "locator", ["", "acme/ran", "acme/ran#0", "acme/ran#-1", "a b/c#1", "acme/ran#1#2", "x#1"]
)
def test_what_is_no_locator_names_no_issue(locator: str) -> None:
    assert neighbour_at(locator) is None


def test_addresses_of_the_api_name_issues() -> None:
    assert neighbour_by_url("https://api.github.com/repos/acme/ran/issues/12") == Neighbour(
        "acme/ran", 12
    )
    assert neighbour_by_url("https://api.github.com/repos/acme/ran") is None
    assert neighbour_by_url(None) is None


# --- hostile --------------------------------------------------------------------------------------

WORST = "\u202eevil\u0000\n\x1b[31m"


def test_titles_and_labels_are_made_harmless() -> None:
    found = item(title=WORST, labels=labels(WORST), body=WORST * 10)
    for text in (found.title, found.labels[0], found.body):
        assert not set(text) & set("\u202e\u0000\x1b")


@pytest.mark.parametrize("times", [{"created_at": "0001-01-01T00:00:00+14:00"}, {}])
def test_a73_dates_at_the_calendars_ends_are_read(times: dict[str, str]) -> None:
    late: dict[str, Any] = {"updated_at": "9999-12-31T23:59:59-12:00", **times}
    assert item(**late).updated_at == datetime.max.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "more",
    [
        {"id": None},
        {"number": "x"},
        {"number": 0},
        {"created_at": None, "updated_at": None},
        {"created_at": "yesterday"},
        {"created_at": "2026-01-01T00:00:00"},
        {"labels": {"a": 1}},
        {"assignees": "mo"},
        {"milestone": []},
        {"state": ["open"]},
        {"title": {}},
        {"user": 7},
    ],
)
def test_what_cannot_be_read_is_unreadable_with_its_reason(more: dict[str, Any]) -> None:
    found = read_issue(issue(1) | more, container=RAN, site=SITE)
    assert isinstance(found, Unreadable)
    assert found.reason
    assert found.raw


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.sampled_from(sorted(issue(1))), ANY)
def test_any_value_in_any_place_is_read_or_unreadable(place: str, value: Any) -> None:
    found = read_issue(issue(1) | {place: value}, container=RAN, site=SITE)
    assert isinstance(found, ItemRecord | Unreadable)


@given(ANY)
def test_anything_instead_of_an_issue_is_unreadable(raw: Any) -> None:
    assert isinstance(read_issue(raw, container=RAN, site=SITE), Unreadable)
