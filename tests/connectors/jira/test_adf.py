from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.jira.mapping.adf import plain_text


def text(value: str) -> dict[str, Any]:
    return {"type": "text", "text": value}


def node(kind: str, *content: Any, **attrs: Any) -> dict[str, Any]:
    return {"type": kind, "content": list(content), "attrs": attrs}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (node("doc", node("paragraph", text("Hello "), text("world"))), "Hello world"),
        (node("doc", node("heading", text("A")), node("paragraph", text("b"))), "A\nb"),
        (
            node(
                "doc",
                node(
                    "bulletList",
                    node("listItem", node("paragraph", text("one"))),
                    node("listItem", node("paragraph", text("two"))),
                ),
            ),
            "- one\n- two",
        ),
        (node("doc", node("paragraph", text("a"), node("hardBreak"), text("b"))), "a\nb"),
        (node("doc", node("paragraph", node("mention", text="@R. Meyer"))), "@R. Meyer"),
        (node("doc", node("paragraph", node("emoji", shortName=":smile:"))), ":smile:"),
        (node("doc", node("blockCard", url="https://a.example/x")), "https://a.example/x"),
        (
            node(
                "doc", node("tableRow", node("tableCell", text("a")), node("tableCell", text("b")))
            ),
            "a b",
        ),
        (node("doc", node("fromTheFuture", node("alsoNew", text("kept")))), "kept"),
        ("wiki *text*", "wiki *text*"),
        (None, ""),
        (7, ""),
    ],
)
def test_documents_become_lines_of_text(document: object, expected: str) -> None:
    assert plain_text(document) == expected


LEAVES = st.none() | st.booleans() | st.integers() | st.text()
KEYS = st.sampled_from(["type", "content", "attrs", "text", "marks"])
VALUES = st.recursive(
    LEAVES | st.sampled_from(["doc", "paragraph", "listItem", "text", "tableCell"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_any_value_gives_a_text(value: object) -> None:
    assert isinstance(plain_text(value), str)


@given(st.lists(st.text(alphabet=st.characters(categories=["L", "N"]), min_size=1), min_size=1))
def test_no_word_is_lost(words: list[str]) -> None:
    document = node("doc", *(node("paragraph", text(word)) for word in words))
    assert plain_text(document).split() == words
