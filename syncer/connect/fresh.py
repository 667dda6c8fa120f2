"""Pages of a list by time of change, taken into a walk: what came unchanged is left out."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from syncer.clock import Clock
from syncer.connect.rate import http_date
from syncer.connect.times import epoch_ms
from syncer.connect.unreadable import Unmappable
from syncer.connect.walk import Mark, Walk

_HORIZON: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class RawPage:
    """The raw rows of a page, the mark to save with it, and when it was asked for (our clock)."""

    rows: tuple[Any, ...]
    mark: Mark
    asked_at: datetime


class FreshRows:
    """Takes page after page of one list into its walk.

    A page begins at the second in which the one before ended, so some rows come twice. `changed`
    gives a row's time of change, None where it tells none, `Unmappable` where that cannot be read;
    `version` tells which state of which item a row is, None where it does not tell.
    """

    def __init__(
        self,
        walk: Walk,
        clock: Clock,
        *,
        changed: Callable[[Any], datetime | None],
        version: Callable[[Any], Hashable | None],
    ) -> None:
        self._walk = walk
        self._clock = clock
        self._changed = changed
        self._version = version
        self._before: frozenset[Hashable | None] = frozenset()

    def were_ignored(self, rows: Sequence[Any]) -> bool:
        """Whether the tracker took no notice of where the walk is (`Walk.was_ignored`)."""
        return self._walk.was_ignored(self._times(rows))

    def take(
        self, rows: Sequence[Any], *, token: str | None, date: str, asked_at: datetime
    ) -> RawPage:
        """What is new on a page, and the mark to save with it.

        `date` is the answer's own, by which a time of change lies in the future or not.
        """
        present = http_date(date) or self._clock.now()
        mark = self._walk.take(
            self._times(rows), token=token, horizon_ms=epoch_ms(present + _HORIZON)
        )
        versions = [self._version(row) for row in rows]
        fresh = (
            row for row, known in zip(rows, versions, strict=True) if known not in self._before
        )
        page = RawPage(tuple(fresh), mark, asked_at)
        self._before = frozenset(versions) - {None}
        return page

    def _times(self, rows: Iterable[Any]) -> list[int]:
        """The times of change (epoch milliseconds) of the rows that tell a readable one."""
        found = []
        for row in rows:
            try:
                at = self._changed(row)
            except Unmappable:
                continue
            if at is not None:
                found.append(epoch_ms(at))
        return found
