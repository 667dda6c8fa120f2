"""Issues read from the bytes of an answer are what they are when read from JSON values."""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.jira.mapping.item import read_issue
from connectors.jira.sent import IssuesPage, Sent, decoded
from syncer.connect.decoding import loaded
from syncer.domain.item import ItemRecord, Unreadable
from syncer.domain.ref import ContainerKey
from tests.connectors.jira.mapped import site
from tests.connectors.jira.small_jira import issue
from tests.connectors.jira.test_bad_input import FULL, JSON, PLACES

SITE = site()
NET = ContainerKey("jira", "NET")


def page_of(*issues: bytes) -> list[Any]:
    page = decoded(b'{"total": 7, "issues": [%b]}' % b",".join(issues))
    assert isinstance(page, IssuesPage)
    assert page.total == 7
    return list(page.issues)


def mapped(raw: Any) -> ItemRecord | Unreadable:
    return read_issue(raw, container=NET, site=SITE)


def test_an_issue_as_promised_is_read_from_its_bytes_with_its_custom_fields() -> None:
    [sent] = page_of(orjson.dumps(FULL))
    assert isinstance(sent, Sent)
    record = mapped(sent)
    assert record == mapped(FULL)
    assert isinstance(record, ItemRecord)
    assert (record.item.estimate, record.item.flagged) == (3.0, True)
    assert sent.as_json() == FULL


@given(st.sampled_from(PLACES), JSON)
def test_whatever_stands_in_an_issue_both_ways_read_the_same(
    place: tuple[Any, ...], value: Any
) -> None:
    raw = copy.deepcopy(FULL)
    inner = raw
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    try:
        text = orjson.dumps(raw)
    except TypeError:  # what JSON cannot say
        return
    [sent] = page_of(text)
    assert mapped(sent) == mapped(loaded(text))


def test_one_odd_issue_stays_the_json_that_it_is() -> None:
    odd = {**issue(2), "fields": 7}
    first, second, third = page_of(*(orjson.dumps(one) for one in (issue(1), odd, issue(3))))
    assert isinstance(first, Sent)
    assert isinstance(third, Sent)
    assert second == odd


def test_half_a_character_costs_neither_the_issue_nor_the_page() -> None:
    text = orjson.dumps(issue(1, summary="a HALF b")).replace(b"HALF", b"\\ud800")
    page = decoded(b'{"issues": [%b]}' % text)
    [raw] = page["issues"]
    record = mapped(raw)
    assert isinstance(record, ItemRecord)
    assert record.item.title == "a \ufffd b"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b'{"issues": [',
        b'{"issues": [{"id": "1", "key": "A-1", "fields": {"summary": "\xff"}}]}',
        b'{"issues": [%b]}' % (b'{"id": "1", "key": "A-1", "fields": ' + b"[" * 100_000),
    ],
)
def test_what_is_no_json_is_an_error(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decoded(text)


@pytest.mark.parametrize("told", [{}, {"issues": None}, {"issues": {}}, [], 7, None])
def test_what_is_no_page_stays_the_json_that_it_is(told: Any) -> None:
    assert decoded(orjson.dumps(told)) == told


def deep_issue(depth: int, field: str = "description") -> bytes:
    deep = b'{"content": [' * depth + b'"bottom"' + b"]}" * depth
    made = issue(1)
    return orjson.dumps(made | {"fields": made["fields"] | {field: "DEEP"}}).replace(
        b'"DEEP"', deep
    )


@pytest.mark.parametrize("depth", [100, 480])
def test_a_document_as_deep_as_json_may_be_is_no_fault_of_the_page(depth: int) -> None:
    page = decoded(b'{"issues": [%b]}' % deep_issue(depth))
    [one] = page.issues if isinstance(page, IssuesPage) else page["issues"]
    assert isinstance(mapped(one), ItemRecord)


def called_deep(depth: int, one: Sent) -> ItemRecord | Unreadable:
    return mapped(one) if depth == 0 else called_deep(depth - 1, one)


@pytest.mark.parametrize("frames", range(100, 800, 100))
def test_what_was_read_once_is_mapped_however_deep_the_caller_stands(frames: int) -> None:
    """Decoders count the caller's frames: a document may be too deep for one that stands deeper."""
    [one] = page_of(deep_issue(200, "customfield_1"))
    assert isinstance(one, Sent)
    assert called_deep(frames, one) == mapped(one)
