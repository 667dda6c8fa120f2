"""Pages of one listing read at once, and kept only if the list did not move meanwhile.

A page is told by its number, and an issue that changes goes to the end of the list: all behind it
then move a place forward, one of them out of a page not yet read into one that was. So the last of
the pages is read before the others and again after them. If it still begins with the same issue,
nothing before it has left its place, and each of the pages is what it was all the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.github.client import Found, GitHubClient, page_number, with_page
from syncer.connect.ahead import AT_ONCE, together
from syncer.errors import Rejected, TooLong

_WORTH_IT: Final = 4
"""Fewer pages are read as fast one after the other: the last one is asked for twice."""


async def read_ahead(client: GitHubClient, first: Found) -> list[Found]:
    """The pages of a listing from its first one on, which was just read; none where that fails.

    The first is among them as it is now. None too where pages are not counted, or are few.
    """
    count = min(page_number(first.last) or 1, AT_ONCE + 1)
    if first.last is None or count < _WORTH_IT:
        return []
    try:
        guard = await client.more_issues(with_page(first.last, count))
        links = [with_page(first.last, number) for number in range(1, count)]
        pages = await together(client.more_issues(link) for link in links)
        again = await client.more_issues(with_page(first.last, count))
    except (TooLong, Rejected):  # asked for one by one, that is seen to
        return []
    still = bool(guard.rows) and _name(guard) == _name(again)
    return [*pages, again] if still else []


def _name(page: Found) -> tuple[Any, Any] | None:
    """Which state of which issue the page begins with."""
    first = page.rows[0] if page.rows else None
    return (first.get("id"), first.get("updated_at")) if isinstance(first, Mapping) else None
