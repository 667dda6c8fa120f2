"""Atlassian Document Format as plain text: total, whatever the document holds.

Wiki markup, which Data Center and older answers send as a string, is read by `wiki`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

_BLOCKS: Final = frozenset({
    "paragraph", "heading", "codeBlock", "blockquote", "panel", "rule", "bulletList",
    "orderedList", "taskList", "decisionList", "table", "tableRow", "mediaSingle", "mediaGroup",
    "expand", "nestedExpand", "blockCard", "embedCard", "layoutSection", "layoutColumn",
    "media", "caption", "extension", "bodiedExtension",
})  # fmt: skip
_ITEMS: Final = frozenset({"listItem", "taskItem", "decisionItem"})
_CELLS: Final = frozenset({"tableCell", "tableHeader"})
_DEEPEST: Final = 200
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TIMESTAMP: Final = re.compile(r"-?[0-9]{1,13}")
"""Milliseconds of less than 320 years on either side, so no day lies beyond the calendar."""


def plain_text(value: object) -> str:
    """The text of a document, one block a line, list items with a dash; never raises.

    Strings pass through; of unknown nodes the text is kept; anything else is empty.
    """
    if isinstance(value, str):
        return value
    lines = (line.rstrip() for line in "".join(_pieces(value, 0)).splitlines())
    return "\n".join(line for line in lines if line)


def _pieces(node: object, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    if isinstance(node, list):
        for child in node:
            yield from _pieces(child, depth + 1)
    elif isinstance(node, dict):
        yield from _node(node, depth)


def _node(node: dict[str, Any], depth: int) -> Iterator[str]:
    told = node.get("type")
    kind = told if isinstance(told, str) else ""
    if kind in _ITEMS:
        yield "\n- "
        yield "".join(_pieces(node.get("content"), depth + 1)).strip()
        yield "\n"
        return
    block = kind in _BLOCKS
    if block:
        yield "\n"
    yield _own_text(node)
    yield from _pieces(node.get("content"), depth + 1)
    if kind in _CELLS:
        yield " "
    if block:
        yield "\n"


def _own_text(node: dict[str, Any]) -> str:
    """What the node itself says: its text, or the attribute that people see."""
    text = node.get("text")
    if isinstance(text, str):
        return text
    if node.get("type") == "hardBreak":
        return "\n"
    attrs = node.get("attrs")
    if not isinstance(attrs, dict):
        return ""
    shown = (attrs.get(name) for name in ("text", "shortName", "title", "url", "alt"))
    told = next((value for value in shown if isinstance(value, str)), "")
    return told or (_day(attrs.get("timestamp")) if node.get("type") == "date" else "")


def _day(timestamp: object) -> str:
    """The day of a date in a text: midnight UTC in epoch milliseconds, as digits in a string.

    https://developer.atlassian.com/cloud/jira/platform/apis/document/nodes/date
    """
    told = str(timestamp) if isinstance(timestamp, str | int) else ""
    if not _TIMESTAMP.fullmatch(told):
        return ""
    return (_EPOCH + timedelta(milliseconds=int(told))).date().isoformat()
