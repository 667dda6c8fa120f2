"""Oddities of real sites that a test may turn on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

EMPTY: Final = "empty-"
"""How the token begins that leads to a page without issues."""


@dataclass(slots=True, kw_only=True)
class Quirks:
    """Real sites' oddities, off unless a test turns them on.

    `search_lag`: how far the search lags behind the truth. `late`: how much further it lags with
    single issues, by id; it finds them as they were, and shows them as they are. `repeat_token`:
    every page answers the first page's token. `is_last_lies`: `isLast` is always true.
    `empty_pages`: so many pages without issues come first in every search, each with a token, and
    `empty_between` so many between any two others. `page_of_ids`: how many bare ids a page holds.
    `epoch_histories`: the bulk changelog writes instants as epoch milliseconds.
    """

    search_lag: timedelta = timedelta(0)
    late: dict[str, timedelta] = field(default_factory=dict)
    repeat_token: bool = False
    is_last_lies: bool = False
    empty_pages: int = 0
    empty_between: int = 0
    page_of_ids: int = 5000
    epoch_histories: bool = False

    def empty_before(self, token: str) -> int:
        """How many pages without issues come yet, where a client asks with a token or none."""
        if not token:
            return self.empty_pages
        return int(token.removeprefix(EMPTY).partition(":")[0]) if token.startswith(EMPTY) else 0

    def one_less(self, token: str) -> str:
        """The token of the page after an empty one that a client asked for with a token or none."""
        return f"{EMPTY}{self.empty_before(token) - 1}:{true_token(token) or ''}"

    def shown_token(self, token: str | None) -> str | None:
        """The token to show where another page follows, which may be an empty one."""
        if token is None or not self.empty_between:
            return token
        return f"{EMPTY}{self.empty_between}:{token}"


def true_token(token: str) -> str | None:
    """The page token that a client sent back; those of empty pages lead to the page after them."""
    told = token.partition(":")[2] if token.startswith(EMPTY) else token
    return told or None


def epoch_milliseconds(instant: str) -> int:
    """An instant as Jira writes it, in epoch milliseconds."""
    return int(datetime.fromisoformat(instant).timestamp() * 1000)
