"""Leaves a tracker alone that does not answer, and looks now and then whether it does again: pure.

`asyncio` and clocks stay outside: every method is told the instant.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from syncer.clock import is_ahead

FIRST_REST: Final = timedelta(minutes=1)
LONGEST_REST: Final = timedelta(minutes=15)
"""The rests of a tracker that does not answer: from the first, doubling, to the longest
(spec/reliability.md F2)."""

BREAKS_AFTER: Final = 3
"""So many calls in a row, each with all its attempts, must fail before a tracker is left alone."""

PROBE: Final = timedelta(minutes=1)
"""How long the one call that looks whether the tracker answers may take before another may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """The tracker has not answered `since`; it is asked again at `next_at`.

    `tries` is one, and one more for each time that it was asked since it was left alone.
    """

    since: datetime
    next_at: datetime
    tries: int
    why: str = ""


class Circuit:
    """Counts failed calls, and opens when they come in a row.

    One container alone does not open it, however often it fails: the others may be fine.
    """

    def __init__(self, *, breaks_after: int = BREAKS_AFTER) -> None:
        self._breaks_after = breaks_after
        self._failed: list[str] = []
        self._since: datetime | None = None
        self.outage: Outage | None = None

    def succeeded(self) -> bool:
        """The tracker answered; returns whether that ends an outage."""
        ended = self.outage is not None
        self._failed, self._since, self.outage = [], None, None
        return ended

    def failed(self, *, container: str, why: str, at: datetime, probe: bool = False) -> bool:
        """A call got no answer; returns whether a rest begins by that.

        `container` is what it was made for, empty where it concerned the whole connection; `probe`
        says that it was the one that looked whether the tracker answers again.
        """
        if self.outage is not None:
            if probe:
                self._rest(self.outage.tries, why=why, at=at)
            return probe
        self._failed.append(container)
        self._since = self._since or at
        of_one = len(set(self._failed)) == 1 and bool(container)
        if len(self._failed) < self._breaks_after or of_one:
            return False
        self._rest(1, why=why, at=at)
        return True

    def _rest(self, tries: int, *, why: str, at: datetime) -> None:
        rest = min(FIRST_REST * 2 ** min(tries - 1, 10), LONGEST_REST)
        since = self.outage.since if self.outage else self._since or at
        self.outage = Outage(since=since, next_at=at + rest, tries=tries, why=why)

    def is_due(self, at: datetime) -> bool:
        """Whether one call may look if the tracker answers again."""
        if self.outage is None:
            return False
        return not is_ahead(self.outage.next_at, now=at, within=LONGEST_REST)

    def probe(self, at: datetime) -> None:
        """Let one call look, and no other for a while."""
        if self.outage is not None:
            outage = self.outage
            self.outage = replace(outage, next_at=at + PROBE, tries=outage.tries + 1)
