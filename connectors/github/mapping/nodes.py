"""Reading the GraphQL API's answers: whatever has another shape than promised is nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from connectors.github.wire import User
from syncer.domain.text import clean_line

Node = Mapping[str, Any]


def day_of(text: str) -> date | None:
    """The day that a text begins with, None where it is none."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def user_of(value: object) -> User | None:
    """An actor; GraphQL gives apps their login without the `[bot]` that the REST API adds."""
    node = object_of(value)
    name = text_of(node.get("login"))
    if not name:
        return None
    bot = node.get("__typename") == "Bot"
    ending = "[bot]" if bot and not name.endswith("[bot]") else ""
    return User(login=name[:200] + ending, type="Bot" if bot else "User")


def nodes_of(connection: Node) -> Sequence[Node]:
    """The nodes of a connection."""
    return listed(connection.get("nodes"))


def listed(value: object) -> Sequence[Node]:
    """The objects of a list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def object_of(value: object) -> Node:
    """An object, empty where it is none."""
    return value if isinstance(value, dict) else {}


def text_of(value: object) -> str:
    """A text, empty where it is none."""
    return value if isinstance(value, str) else ""


def line_of(value: object) -> str:
    """A text as one clean line."""
    return clean_line(text_of(value))
