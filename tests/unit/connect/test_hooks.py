"""What all connectors' `receive` share: hostile bodies are read or refused, never raised upon."""

from __future__ import annotations

from typing import Any, TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.connect.hooks import (
    Received,
    body_object,
    header,
    ignored,
    member,
    name_of,
    number_of,
    refused,
    touched,
    unreadable,
)
from syncer.connect.protocol import HookReply, HookRequest
from syncer.domain.ref import ContainerKey, ItemRef

ONE = ItemRef("github", "1", "acme/phone#1")
TWO = ItemRef("github", "2", "acme/phone#2")


class Inner(TypedDict, total=False):
    id: Any


class Shape(TypedDict, total=False):
    a: Any
    inner: Inner


def request(body: bytes, **headers: str) -> HookRequest:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HookRequest(method="POST", url="https://x.example/hooks/e", headers=named, body=body)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" * 100_000 + b"]" * 100_000, id="A22-deep-lists"),
        pytest.param(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, id="A22-deep-objects"),
        pytest.param(b'{"a":[' + b"1," * 1_000_000 + b"1]}", id="A22-a-million-elements"),
        pytest.param(
            b"{" + b",".join(b'"%d":1' % n for n in range(1_000_000)) + b"}",
            id="A22-a-million-keys",
        ),
        pytest.param(b'{"a":"' + b"\\ud800" * 200_000 + b'"}', id="A22-200000-half-pairs"),
        pytest.param(b'{"a":NaN}', id="A23-nan"),
        pytest.param(b'{"a":-Infinity}', id="A23-infinity"),
        pytest.param(b'{"a":' + b"9" * 5000 + b"}", id="A23-5000-digits"),
        pytest.param(b'{"a":"\xc0\xaf"}', id="A24-overlong-utf8"),
        pytest.param('{"a":1}'.encode("utf-16"), id="A24-utf16"),
        pytest.param(b'\xef\xbb\xbf{"a":1}', id="A24-bom"),
        pytest.param(b"", id="empty"),
        pytest.param(b"[]", id="a-list"),
        pytest.param(b'"text"', id="a-text"),
        pytest.param(b"null", id="null"),
        pytest.param(b'{"a":1} trailing', id="trailing"),
        pytest.param(b"payload=%7B%7D", id="a-form"),
    ],
)
def test_a_body_that_is_no_reasonable_object_is_none(body: bytes) -> None:
    assert body_object(request(body)) is None
    assert body_object(request(body), Shape) is None


@pytest.mark.parametrize(
    ("body", "value"),
    [
        pytest.param(b'{"key":"PUB-1","key":"SEC-1"}', {"key": "SEC-1"}, id="A23-double-key"),
        pytest.param(b'{"a":1e999}', {"a": float("inf")}, id="A23-1e999"),
        pytest.param(b'{"a":"\\ud800"}', {"a": "\ufffd"}, id="A24-half-a-pair"),
        pytest.param(b'{"a":"\\ud83d\\ude00"}', {"a": "\U0001f600"}, id="A24-a-whole-pair"),
        pytest.param(b'{"a":"\\u0000"}', {"a": "\x00"}, id="A24-nul"),
        pytest.param(
            b'{"__proto__":{"x":1},"__class__":"y"}',
            {"__proto__": {"x": 1}, "__class__": "y"},
            id="A25",
        ),
    ],
)
def test_an_odd_object_is_read(body: bytes, value: object) -> None:
    assert body_object(request(body)) == value


@pytest.mark.parametrize(
    ("body", "value"),
    [
        pytest.param(b'{"a":[1],"b":{"c":2}}', {"a": [1]}, id="left-out"),
        pytest.param(b'{"inner":{"id":7,"self":8}}', {"inner": {"id": 7}}, id="left-out-within"),
        pytest.param(b'{"inner":1,"b":2}', {"inner": 1, "b": 2}, id="another-shape"),
        pytest.param(b'{"inner":null}', {"inner": None}, id="null"),
        pytest.param(b'{"a":"\\ud800","b":1}', {"a": "\ufffd", "b": 1}, id="A24-half-a-pair"),
        pytest.param(b'{"a":1,"a":2}', {"a": 2}, id="A23-double-key"),
        pytest.param(b"{}", {}, id="nothing"),
    ],
)
def test_of_a_body_of_a_shape_only_what_it_names_is_read(body: bytes, value: object) -> None:
    assert body_object(request(body), Shape) == value


@given(st.binary(max_size=300))
def test_no_bytes_raise(body: bytes) -> None:
    assert isinstance(body_object(request(body)), dict | None)
    assert isinstance(body_object(request(body), Shape), dict | None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, "1"),
        ("0012", "12"),
        (2**63 - 1, "9223372036854775807"),
        (2**63, ""),
        (10**40, ""),
        (0, ""),
        (-5, ""),
        (True, ""),
        (1.0, ""),
        (float("inf"), ""),
        ("", ""),
        ("٣", ""),
        ("1e9", ""),
        ("9" * 5000, ""),
        (None, ""),
        ([1], ""),
    ],
)
def test_only_a_true_id_is_one(value: object, expected: str) -> None:
    assert number_of(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("issues", "issues"),
        ("jira:issue_updated", "jira:issue_updated"),
        ("a b", ""),
        ("a\n2026 INFO", ""),
        ("x\x00", ""),
        ("x" * 101, ""),
        (None, ""),
        (7, ""),
    ],
)
def test_only_a_plain_name_is_one(value: object, expected: str) -> None:
    assert name_of(value) == expected


def test_a_member_is_found_or_is_empty() -> None:
    body = {"a": {"b": {"c": 1}}, "d": [1]}
    assert member(body, "a", "b") == {"c": 1}
    assert member(body, "a", "x", "y") == {}
    assert member(body, "d") == {}
    assert member(body, "a", "b", "c") == {}


def test_a_header_is_cleaned() -> None:
    assert header(request(b"", x_id="72d3-\x00\udcff\r\nok"), "x-id") == "72d3-ok"
    assert header(request(b"", x_id="9" * 1000), "x-id") == "9" * 200
    assert header(request(b""), "x-id") == ""


def test_the_replies() -> None:
    received = Received(id="d-1", event="issues.opened")
    assert refused() == HookReply(status=401)
    assert ignored(received, "why") == HookReply(
        status=202, delivery_id="d-1", event="issues.opened", ignored="why"
    )
    assert unreadable(received, "why") == HookReply(
        status=202, delivery_id="d-1", event="issues.opened", unreadable="why"
    )
    here = ContainerKey("github", "acme/phone")
    assert touched(received, refs=[ONE], deleted=[TWO, TWO], containers=[here, here]) == HookReply(
        status=202,
        delivery_id="d-1",
        event="issues.opened",
        refs=(ONE, TWO),
        deleted=(TWO,),
        containers=(here,),
    )
