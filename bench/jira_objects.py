"""The `jira` package as its users use it: page after page of objects, in one thread."""

from __future__ import annotations

from typing import Final

from jira import JIRA

from bench.configured import ENVIRONMENT, TOKEN
from bench.tracker import PAGE, Tracker

_FIRST: Final = "updated >= 0 ORDER BY updated ASC"


def read_all(one: Tracker) -> int:
    """Turn every issue and its changelog into objects and look at them; how many there were."""
    if one.style == "cloud":
        client = JIRA(one.url, basic_auth=("bot@example.com", ENVIRONMENT[TOKEN]), max_retries=0)
        return _read_by_token(client, one)
    return _read_by_offset(JIRA(one.url, token_auth=ENVIRONMENT[TOKEN], max_retries=0))


def _read_by_offset(client: JIRA) -> int:
    seen = 0
    while True:
        found = client.search_issues(_FIRST, startAt=seen, maxResults=PAGE, expand="changelog")
        seen += sum(_look(issue) for issue in found)
        if not found:
            return seen


def _read_by_token(client: JIRA, one: Tracker) -> int:
    keys = ", ".join(one.projects)
    found = client.enhanced_search_issues(
        f"project in ({keys}) ORDER BY updated ASC", maxResults=0, expand="changelog"
    )
    return sum(_look(issue) for issue in found)


def _look(issue: object) -> int:
    """One for an issue whose status and history can be read."""
    fields, log = getattr(issue, "fields"), getattr(issue, "changelog")  # noqa: B009  made at run time
    return int(bool(fields.status.name) and bool(log.histories[0].items[0].field))
