"""What GitLab's system notes tell of the past."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.gitlab.mapping.notes import happenings_of, label_numbers
from connectors.gitlab.mapping.place import Place, place_at, place_of_page, place_referred
from connectors.gitlab.mapping.site import Site
from connectors.gitlab.mapping.told import Happened, Happening, LinkWord
from connectors.gitlab.rules import Rules
from connectors.gitlab.wire import Note, User

HERE = Place("acme/ran", 7)
LABELS = {"12": "workflow::in dev", "13": "bug"}


def told(body: str, at: str | None = "2026-11-02T10:00:00Z") -> list[Happening]:
    note = Note(id="gid://gitlab/Note/5", body=body, created_at=at, author=User(username="kim"))
    return list(happenings_of([note], place=HERE, labels=LABELS, milestones={"4": "Beta 2"}))


@pytest.mark.parametrize(
    ("body", "what", "fields"),
    [
        ("closed", Happened.CLOSED, {}),
        ("closed via merge request !12", Happened.CLOSED, {}),
        ("Status changed to closed", Happened.CLOSED, {}),
        ("reopened", Happened.REOPENED, {}),
        ("set status to **In progress**", Happened.STATUS, {"after": "In progress"}),
        ("added ~12 label", Happened.LABELS, {"added": ("workflow::in dev",)}),
        ('added ~13 ~"a b" labels', Happened.LABELS, {"added": ("bug", "a b")}),
        ("removed ~99 label", Happened.LABELS, {"removed": ("~99",)}),
        ("added ~13 + 1 deleted labels", Happened.LABELS, {"added": ("bug",)}),
        ("assigned to @kim", Happened.ASSIGNEES, {"added": ("kim",)}),
        (
            "assigned to @a.b and @c and unassigned @d",
            Happened.ASSIGNEES,
            {"added": ("a.b", "c"), "removed": ("d",)},
        ),
        ("unassigned @d", Happened.ASSIGNEES, {"removed": ("d",)}),
        ("changed milestone to %4", Happened.MILESTONE, {"after": "Beta 2"}),
        ('changed milestone to %"Q4 2026"', Happened.MILESTONE, {"after": "Q4 2026"}),
        ("removed milestone", Happened.MILESTONE, {"after": ""}),
        ('changed iteration to *iteration:"S 7"', Happened.ITERATION, {"after": "S 7"}),
        ("changed weight to **5**", Happened.WEIGHT, {"after": "5"}),
        ("removed the weight", Happened.WEIGHT, {"after": ""}),
        ("changed health status to **at risk**", Happened.HEALTH, {"after": "at risk"}),
        ("changed due date to September 20, 2018", Happened.DUE, {"after": "2018-09-20"}),
        ("removed due date", Happened.DUE, {"after": ""}),
        ("changed start date to May 3, 2026", Happened.START, {"after": "2026-05-03"}),
        (
            "changed title from **Old {-mast-}** to **New {+mast+}**",
            Happened.TITLE,
            {"before": "Old mast", "after": "New mast"},
        ),
        ("changed the description", Happened.BODY, {}),
        (
            "marked this issue as blocked by acme/core#3",
            Happened.LINK,
            {"word": LinkWord.BLOCKED_BY, "other": Place("acme/core", 3)},
        ),
        (
            "marked this epic as blocking &3",
            Happened.LINK,
            {"word": LinkWord.BLOCKS, "other": Place("acme", 3, in_group=True)},
        ),
        ("removed the relation with #3", Happened.LINK, {"other": Place("acme/ran", 3)}),
        ("added &2 as parent epic", Happened.PARENT, {"after": "acme&2"}),
        ("removed parent epic acme&2", Happened.PARENT, {"after": ""}),
        ("added to epic &2", Happened.PARENT, {"after": "acme&2"}),
        ("moved from core#4", Happened.MOVED_FROM, {"other": Place("acme/core", 4)}),
        ("moved to x/core#4", Happened.MOVED_TO, {"other": Place("x/core", 4)}),
    ],
)
def test_what_a_note_says(body: str, what: Happened, fields: dict[str, Any]) -> None:
    (one,) = told(body)
    assert one.what is what
    assert {name: getattr(one, name) for name in fields} == fields
    assert (one.id, one.actor) == ("5", "kim")


def test_one_note_may_tell_two_things() -> None:
    labels = told("added ~12 label and removed ~13 label")
    assert [(one.added, one.removed) for one in labels] == [
        (("workflow::in dev",), ()),
        ((), ("bug",)),
    ]
    dates = told("changed start date to May 3, 2026 and changed due date to June 30, 2026")
    assert {one.what: one.after for one in dates} == {
        Happened.START: "2026-05-03",
        Happened.DUE: "2026-06-30",
    }
    assert [one.id for one in dates] == ["5", "5.1"]


@pytest.mark.parametrize(
    "body",
    [
        "", "mentioned in commit abc", "made the issue confidential", "locked this issue",
        "changed due date to Smarch 13, 2026", "changed due date to February 31, 2026",
        "marked the task **closed** as completed", "I closed it", "we set status to **x**",
    ],
)  # fmt: skip
def test_other_notes_tell_nothing(body: str) -> None:
    assert told(body) == []


def test_a_note_without_a_time_is_left_out() -> None:
    assert told("closed", at=None) == []
    assert told("closed", at="yesterday") == []


def test_labels_are_spoken_of_by_number() -> None:
    note = Note(body='added ~12 ~"named" ~bug labels and removed ~14 label')
    assert label_numbers([note]) == {"12", "14"}


@given(st.text(alphabet=st.sampled_from('~*#&@%"{}- \nabcd19added labels removed to')))
def test_whatever_a_note_says_was_done_when_it_was_written(text: str) -> None:
    happened = told(text)
    assert all(one.at == datetime(2026, 11, 2, 10, tzinfo=UTC) for one in happened)
    assert told(f"{text}\n") == happened


# --- places ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "locator"),
    [
        ("https://gitlab.com/acme/ran/-/issues/3", "acme/ran#3"),
        ("https://gitlab.com/a/b/c/d/-/work_items/3#note_1", "a/b/c/d#3"),
        ("https://gitlab.com/groups/acme/sub/-/epics/3", "acme/sub&3"),
        ("/groups/acme/-/work_items/9?show=1", "acme&9"),
        ("https://gitlab.com/acme/ran/-/merge_requests/3", ""),
        ("https://gitlab.com/../-/issues/3", ""),
        ("http://[", ""),
        (None, ""),
    ],
)
def test_the_place_whose_page_an_address_is(url: str | None, locator: str) -> None:
    found = place_of_page(url)
    assert (found.locator if found else "") == locator
    if found:
        assert place_at(found.locator) == found


def test_a_site_below_a_path_has_that_path_in_no_place() -> None:
    site = Site(connection="gl", web_url="https://x.example/git/lab", rules=Rules())
    page = "https://x.example/git/lab/acme/ran/-/issues/3"
    assert site.place(page) == Place("acme/ran", 3)
    assert site.url(Place("acme/ran", 3), page) == page
    assert site.place("https://x.example/git/labs/ran/-/issues/3") == Place("git/labs/ran", 3)


@pytest.mark.parametrize("text", ["", "acme", "acme#0", "acme/../x#1", "#3", "a b#3", "acme#3x"])
def test_what_is_no_place(text: str) -> None:
    assert place_at(text) is None


def test_a_reference_is_meant_from_where_it_stands() -> None:
    epic = Place("acme/sub", 2, in_group=True)
    assert place_referred("&5", seen_from=epic) == Place("acme/sub", 5, in_group=True)
    assert place_referred("core#5", seen_from=HERE) == Place("acme/core", 5)
    assert place_referred("other/core#5", seen_from=HERE) == Place("other/core", 5)
    assert place_referred("!5", seen_from=HERE) is None
