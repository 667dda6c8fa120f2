"""What issues mean, and what becomes of odd ones."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest

from connectors.redmine.config import RedmineConfig
from connectors.redmine.mapping.issue import record_of
from connectors.redmine.mapping.site import Known, Site
from connectors.redmine.mapping.text import plain_text
from connectors.redmine.wire import Issue, Status
from syncer.connect.unreadable import Unmappable
from syncer.domain.change import ChangeField
from syncer.domain.item import DateSource, ItemKind, ItemRecord, StatusCategory, Version

KNOWN = Known(
    statuses={
        "1": Status(1, "New", is_closed=False),
        "5": Status(5, "Closed", is_closed=True),
        "6": Status(6, "Rejected", is_closed=True),
    },
    priorities=("3", "4", "5"),
    containers={7: "net", 8: "core"},
    trackers={20: "Epic", 21: "Bug"},
    versions={"4": Version(id="4", name="Beta", due=date(2031, 2, 28))},
)


def mapped(settings: dict[str, Any] | None = None, **values: Any) -> ItemRecord:
    """The record of an issue with these values."""
    table = {"name": "rm", "url": "https://r.example", "auth": {"token_env": "T"}}
    config = RedmineConfig.model_validate({**table, **(settings or {})})
    site = Site(connection="rm", web_url=config.url, rules=config.rules())
    raw = {
        "id": 12,
        "project": {"id": 7, "name": "Net"},
        "status": {"id": 1, "name": "New", "is_closed": False},
        "tracker": {"id": 1, "name": "Bug"},
        "created_on": "2031-01-05T12:00:00Z",
        "updated_on": "2031-01-06T12:00:00Z",
    }
    return record_of(msgspec.convert(raw | values, Issue), site=site, known=KNOWN)


@pytest.mark.parametrize(
    ("name", "closed", "category"),
    [
        ("New", False, StatusCategory.TODO),
        ("in-progress", False, StatusCategory.IN_PROGRESS),
        ("Resolved", False, StatusCategory.IN_PROGRESS),
        ("Feedback", False, StatusCategory.WAITING),
        ("Moonlit", False, StatusCategory.UNKNOWN),
        ("Moonlit", True, StatusCategory.DONE),
        ("New", True, StatusCategory.DONE),
        ("Rejected", True, StatusCategory.CANCELLED),
        ("Rejected", False, StatusCategory.UNKNOWN),
    ],
)
def test_closed_is_as_redmine_says_and_the_rest_by_name(
    name: str, closed: bool, category: StatusCategory
) -> None:
    item = mapped(status={"id": 99, "name": name, "is_closed": closed}).item
    assert (item.status_category, item.is_open) == (category, not closed)


def test_before_redmine_5_the_list_of_statuses_tells_which_are_closed() -> None:
    item = mapped(status={"id": 6, "name": "Rejected"}).item
    assert item.status_category is StatusCategory.CANCELLED
    unknown = mapped(status={"id": 60, "name": "Rejected"}).item
    assert unknown.status_category is StatusCategory.UNKNOWN


def test_an_own_meaning_counts_first() -> None:
    own = {"statuses": {"Moonlit": "WAITING", "Shelved": "CANCELLED"}}
    assert mapped(own, status={"name": "moonlit", "is_closed": False}).item.status_category is (
        StatusCategory.WAITING
    )
    assert mapped(own, status={"name": "Shelved", "is_closed": True}).item.status_category is (
        StatusCategory.CANCELLED
    )


@pytest.mark.parametrize(
    ("tracker", "parent", "kind", "level"),
    [
        ("Epic", None, ItemKind.EPIC, 1),
        ("Bug", None, ItemKind.ITEM, 0),
        ("Bug", 20, ItemKind.ITEM, 0),
        ("Bug", 21, ItemKind.SUBTASK, -1),
        ("Bug", 404, ItemKind.ITEM, 0),
        ("Epic", 21, ItemKind.EPIC, 1),
        ("Risk", 21, ItemKind.RISK, 0),
    ],
)
def test_the_kind_by_tracker_and_what_stands_above(
    tracker: str, parent: int | None, kind: ItemKind, level: int
) -> None:
    above = {"parent": {"id": parent}} if parent else {}
    item = mapped(tracker={"id": 1, "name": tracker}, **above).item
    assert (item.kind, item.hierarchy_level) == (kind, level)


def test_dates_of_the_version_of_oneself_and_of_those_below() -> None:
    version = {"id": 4, "name": "Beta"}
    inherited = mapped(fixed_version=version).item
    assert (inherited.due_date, inherited.date_source) == (
        date(2031, 2, 28),
        DateSource.INHERITED,
    )
    own = mapped(fixed_version=version, due_date="2031-01-09").item
    assert (own.due_date, own.date_source) == (date(2031, 1, 9), DateSource.EXPLICIT)
    children = [{"id": 13}]
    derived = mapped(due_date="2031-01-09", children=children).item
    assert derived.date_source is DateSource.ROLLED_UP
    set_by_hand = mapped({"derived_dates": False}, due_date="2031-01-09", children=children).item
    assert set_by_hand.date_source is DateSource.EXPLICIT


def test_priorities_by_name_else_by_their_place() -> None:
    assert mapped(priority={"id": 9, "name": "Urgent"}).item.priority == 1
    assert mapped(priority={"id": 5, "name": "Most of all"}).item.priority == 0
    assert mapped(priority={"id": 3, "name": "Least of all"}).item.priority == 2
    assert mapped(priority={"id": 9, "name": "Whatever"}).item.priority is None


def test_custom_fields_are_labels_customers_and_what_selectors_ask_for() -> None:
    fields = [
        {"id": 1, "name": "Area", "value": "Radio"},
        {"id": 2, "name": "Tags", "value": ["must-have", "", "syncer:risk"]},
        {"id": 3, "name": "Customer", "value": "Acme"},
        {"id": 4, "name": "Empty", "value": None},
    ]
    settings = {
        "label_fields": ["tags"],
        "customer_fields": ["3"],
        "custom_fields": {"area": "Area", "nothing": "Empty"},
    }
    item = mapped(settings, custom_fields=fields).item
    assert item.labels == ("must-have", "syncer:risk")
    assert (item.must_have, item.kind, item.customers) == (True, ItemKind.RISK, ("Acme",))
    assert item.custom == {"area": "Radio"}


def test_journals_in_whatever_order_and_odd_ones_left_out() -> None:
    journals = [
        _journal(31, "2031-01-06T12:00:00Z", "status_id", "5", "1"),
        _journal(30, "2031-01-06T11:00:00Z", "status_id", "1", "5"),
        _journal(29, "whenever", "status_id", "1", "5"),
        "no journal",
        {"id": 28, "created_on": "2031-01-06T10:00:00Z", "notes": "Hello", "details": [None]},
        _journal(27, "2031-01-06T09:00:00Z", "status_id", "77", "1"),
        _journal(26, "2031-01-06T08:00:00Z", "project_id", "8", "7"),
    ]
    record = mapped(journals=journals)
    told = [(c.field, c.before, c.after) for c in record.changes if c.field != "resolution"]
    assert told == [
        (ChangeField.CONTAINER, "core", "net"),
        (ChangeField.STATUS, "UNKNOWN", "TODO"),
        (ChangeField.COMMENT, None, None),
        (ChangeField.STATUS, "TODO", "DONE"),
        (ChangeField.STATUS, "DONE", "TODO"),
    ]
    assert record.item.reopened_count == 1


def _journal(number: int, at: str, name: str, old: str, new: str) -> dict[str, Any]:
    detail = {"property": "attr", "name": name, "old_value": old, "new_value": new}
    return {"id": number, "created_on": at, "user": {"id": 3}, "details": [detail]}


@pytest.mark.parametrize(
    "values",
    [
        {"project": {"id": 70}},
        {"created_on": "yesterday"},
        {"created_on": None, "updated_on": None},
        {"updated_on": "2031-01-06T12:00:00"},
        {"due_date": "31.12.2031"},
    ],
)
def test_what_cannot_be_an_issue_is_set_aside(values: dict[str, Any]) -> None:
    with pytest.raises(Unmappable):
        mapped(**values)


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("h2. Plan\r\n\r\nbq. Said", "Plan\n\nSaid"),
        ('See "it":https://x.example/a?b=1, please', "See it (https://x.example/a?b=1), please"),
        ('<pre><code class="ruby">\nputs 1\n</code></pre>', "puts 1"),
        ("%{color:red}Stop% here", "Stop here"),
        ("## A\n\n*bold* `code` [a](https://x.example)", "## A\n\n*bold* `code` [a](https://x.example)"),
        ("a < b > c <b>d</b>", "a < b > c <b>d</b>"),
        (None, ""),
    ],
)  # fmt: skip
def test_texts_keep_their_words(markup: str | None, words: str) -> None:
    assert plain_text(markup) == words


@pytest.mark.parametrize("piece", ['"a', '":http://', "%{a", "<pre", "h2. "])
def test_a_text_of_beginnings_that_never_end_is_kept_and_soon_read(piece: str) -> None:
    text = plain_text(piece * 50_000)
    assert len(text) > 10_000
    assert (piece * 50_000).startswith(text.removesuffix("…"))


def test_a_text_of_line_ends_is_empty() -> None:
    assert plain_text("\r\n" * 50_000) == ""


def test_an_instant_is_told_in_utc() -> None:
    item = mapped(updated_on="2031-01-06T17:45:00+05:45").item
    assert item.updated_at == datetime(2031, 1, 6, 12, tzinfo=UTC)
