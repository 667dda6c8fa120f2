"""Oddities of real sites that a test may turn on, and what a simulator keeps of itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectors.jira.simulator_index import Index


@dataclass(slots=True, kw_only=True)
class Quirks:
    """Real sites' oddities, off unless a test turns them on.

    `search_lag`: how far the search lags behind the truth. `late`: how much further it lags with
    single issues, by id; it finds them as they were, and shows them as they are. `repeat_token`:
    every page answers the first page's token. `is_last_lies`: `isLast` is always true.
    `empty_pages`: so many pages without issues come first, each with a fresh token.
    `epoch_histories`: the bulk changelog writes instants as epoch milliseconds.
    """

    search_lag: timedelta = timedelta(0)
    late: dict[str, timedelta] = field(default_factory=dict)
    repeat_token: bool = False
    is_last_lies: bool = False
    empty_pages: int = 0
    epoch_histories: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """An index with the facts that it was made from and the instant at which it goes stale."""

    index: Index
    facts: tuple[int, frozenset[str], str]
    until: datetime | None

    def holds_at(self, instant: datetime) -> bool:
        """Whether the index still tells the truth at the instant."""
        return self.until is None or instant < self.until


def true_token(token: str) -> str | None:
    """The page token that a client sent back; the tokens of empty pages lead to the start."""
    return None if not token or token.startswith("empty-") else token


def epoch_milliseconds(instant: str) -> int:
    """An instant as Jira writes it, in epoch milliseconds."""
    return int(datetime.fromisoformat(instant).timestamp() * 1000)
