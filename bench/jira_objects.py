"""The `jira` package as its users use it: page after page of objects, in one thread."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from jira import JIRA, Issue
from jira.client import ResultList

from bench.configured import ENVIRONMENT, TOKEN
from bench.tracker import PAGE, Tracker

_FIRST: Final = "updated >= 0 ORDER BY updated ASC"


def pages(one: Tracker) -> Iterator[list[Issue]]:
    """Every issue with its changelog as an object, a page at a time."""
    if one.style == "cloud":
        account = ("bot@example.com", ENVIRONMENT[TOKEN])
        return _by_token(JIRA(one.url, basic_auth=account, max_retries=0), one)
    return _by_offset(JIRA(one.url, token_auth=ENVIRONMENT[TOKEN], max_retries=0))


def _by_offset(client: JIRA) -> Iterator[list[Issue]]:
    seen = 0
    while found := client.search_issues(_FIRST, startAt=seen, maxResults=PAGE, expand="changelog"):
        seen += len(found)
        yield _looked_at(found)


def _by_token(client: JIRA, one: Tracker) -> Iterator[list[Issue]]:
    query = f"project in ({', '.join(one.projects)}) ORDER BY updated ASC"
    token: str | None = None
    while True:
        found = client.enhanced_search_issues(
            query, nextPageToken=token, maxResults=PAGE, expand="changelog"
        )
        yield _looked_at(found)
        token = found.nextPageToken if isinstance(found, ResultList) else None
        if not token:
            return


def _looked_at(found: Iterable[Any]) -> list[Issue]:
    """The objects, whose status and history can be read."""
    issues = [one for one in found if isinstance(one, Issue)]
    if not all(one.fields.status.name and one.changelog.histories[0].items for one in issues):
        raise RuntimeError("an issue lacks its status or its history")
    return issues
