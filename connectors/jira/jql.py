"""Queries built from typed parts: no text that people wrote is ever pasted into one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from syncer.errors import ConfigError

_PROJECT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}")
_ISSUE_KEY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}-[0-9]{1,18}")
LONGEST_CONDITION: Final = 5000
_PIECE: Final = re.compile(
    r"""\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\\.|[^"'\\()]+|.""", re.DOTALL
)
_ORDER_BY: Final = re.compile(r"\border\s+by\b", re.IGNORECASE)
_ISSUE_ID: Final = re.compile(r"[0-9]{1,18}")


def changed_since(project: str, updated_ms: int | None) -> str:
    """A project's issues, oldest change first; from an instant on in epoch milliseconds.

    Milliseconds because a bare date-time is read in the account's zone (trackers.md 1.4), and no
    upper bound because an item touched all the time would never be collected (1.5).
    """
    return f"{_changed(project, updated_ms)} ORDER BY updated ASC, id ASC"


def ids_changed_since(project: str, updated_ms: int | None) -> str:
    """The same issues as `changed_since` in the order of their ids, which no change alters."""
    return f"{_changed(project, updated_ms)} ORDER BY id ASC"


def newest_first(project: str) -> str:
    """A project's issues, latest change first."""
    return f"{_of_project(project)} ORDER BY updated DESC, id DESC"


def all_ids(project: str) -> str:
    """A project's issues in the order of their ids."""
    return f"{_of_project(project)} ORDER BY id ASC"


def selected(condition: str, projects: Sequence[str]) -> str:
    """The issues of these projects that meet a condition which an administrator wrote.

    The condition stands in parentheses of its own, so that no `OR` in it reaches beyond the
    projects (attacks.md A53). `ConfigError` if it is empty or too long, orders, closes a
    parenthesis that it did not open, or leaves a quote or parenthesis open.
    """
    if not condition.strip() or len(condition) > LONGEST_CONDITION:
        raise ConfigError(f"A query has between 1 and {LONGEST_CONDITION} characters.")
    if not projects:
        raise ConfigError("A query needs a project that the account sees.")
    _check_closed(condition)
    keys = ", ".join(f'"{_checked(key)}"' for key in projects)
    return f"project in ({keys}) AND ({condition}) ORDER BY id ASC"


def _check_closed(condition: str) -> None:
    depth = 0
    bare: list[str] = []
    for found in _PIECE.finditer(condition):
        piece = found[0]
        depth += {"(": 1, ")": -1}.get(piece, 0)
        if depth < 0 or piece in {'"', "'"}:
            raise ConfigError(
                f"The query leaves a quote or parenthesis open at character {found.start() + 1}.",
                fix="Close it, or put a backslash before a quote that is meant as such.",
            )
        bare.append(" " if piece[0] in "\"'" else piece)
    if depth:
        raise ConfigError("The query leaves a parenthesis open.", fix="Close it.")
    if _ORDER_BY.search("".join(bare)):
        raise ConfigError("A selector's query may not order.", fix="Leave ORDER BY out.")


def with_keys(keys: Iterable[str]) -> str:
    """The issues with these keys."""
    quoted = ", ".join(f'"{key}"' for key in keys if is_issue_key(key))
    return f"issuekey in ({quoted})"


def is_project_key(key: str) -> bool:
    """Whether the text has the form of a project key."""
    return _PROJECT.fullmatch(key) is not None


def is_issue_key(key: str) -> bool:
    """Whether the text has the form of an issue key."""
    return _ISSUE_KEY.fullmatch(key) is not None


def is_issue_id(id_: str) -> bool:
    """Whether the text has the form of an issue id."""
    return _ISSUE_ID.fullmatch(id_) is not None


def _changed(project: str, updated_ms: int | None) -> str:
    since = "" if updated_ms is None else f" AND updated >= {updated_ms:d}"
    return f"{_of_project(project)}{since}"


def _of_project(key: str) -> str:
    return f'project = "{_checked(key)}"'


def _checked(key: str) -> str:
    if not is_project_key(key):
        raise ConfigError(f"{key[:80]!r} cannot be a Jira project key.")
    return key
