"""Queries built from typed parts: no text that people wrote is ever pasted into one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from syncer.errors import ConfigError

_PROJECT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}")
_ISSUE_KEY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}-[0-9]{1,18}")
_ISSUE_ID: Final = re.compile(r"[0-9]{1,18}")


def changed_since(project: str, updated_ms: int | None) -> str:
    """A project's issues, oldest change first; from an instant on in epoch milliseconds.

    Milliseconds because a bare date-time is read in the account's zone (trackers.md 1.4), and no
    upper bound because an item touched all the time would never be collected (1.5).
    """
    since = "" if updated_ms is None else f" AND updated >= {updated_ms:d}"
    return f"{_of_project(project)}{since} ORDER BY updated ASC, id ASC"


def all_ids(project: str) -> str:
    """A project's issues in the order of their ids."""
    return f"{_of_project(project)} ORDER BY id ASC"


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


def _of_project(key: str) -> str:
    if not is_project_key(key):
        raise ConfigError(f"{key[:80]!r} cannot be a Jira project key.")
    return f'project = "{key}"'
