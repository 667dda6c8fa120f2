"""What an example may be like: when and where it takes place, and what is wrong from the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

STARTS: Final = (
    datetime(2026, 6, 15, 12, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # half an hour before clocks go back in Europe
    datetime(2026, 3, 29, 0, 30, tzinfo=UTC),  # and forward
    datetime(2026, 12, 31, 23, 50, tzinfo=UTC),
)
ZONES: Final = ("Europe/Berlin", "Pacific/Pago_Pago", "Pacific/Kiritimati", "America/New_York")
SKEWS: Final = tuple(timedelta(seconds=s) for s in (0, -24 * 3600, 24 * 3600, 420))
SPANS: Final = tuple(
    timedelta(seconds=s) for s in (0.001, 0.4, 1, 30, 120, 290, 1200, 4000, 7 * 3600)
)
LAGS: Final = tuple(timedelta(seconds=s) for s in (0, 5, 60, 120, 2 * 3600))
"""How late the search is; the last is beyond the overlap, and only a look back makes it good."""

PULL: Final = "pull"
CENSUS: Final = "census"
LOOK_BACK: Final = "look back"
INBOX: Final = "inbox"
WEBHOOK: Final = "webhook"
LANES: Final = (PULL, CENSUS, LOOK_BACK, INBOX)

TOGETHER: Final = ""
LIVE: Final = "live"
ALONE: Final = (*[TOGETHER] * 5, PULL, LIVE, CENSUS)
"""How often which lane has to do without the others. Together they hide what one of them omits."""

ANY: Final = ""
SEARCH: Final = "search"
CRASHES: Final = "crashes"
CLOCKS: Final = "clocks"
ACCESS: Final = "access"
FAULTS: Final = "faults"
TROUBLES: Final = (ANY, SEARCH, CRASHES, CLOCKS, ACCESS, FAULTS)
"""What troubles a lane that is alone: one sort only leaves the more steps to it."""

_AT_WORK: Final[Mapping[str, tuple[str, ...]]] = {
    TOGETHER: (*LANES, WEBHOOK),
    PULL: (PULL,),
    LIVE: (INBOX, WEBHOOK),
    CENSUS: (CENSUS,),
}
_ISOLATED: Final[Mapping[str, Mapping[str, Any]]] = {
    TOGETHER: {"trouble": ANY, "every": 0},
    PULL: {"is_read": True, "looks_back": False, "turns": 0},
    LIVE: {"is_read": True, "looks_back": False, "turns": 12},
    CENSUS: {"is_read": True, "looks_back": False, "turns": 0},
}
"""A look back mends what another lane left out, and a container with a new key is read anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What holds for a whole example.

    `alone` is the only lane at work until it is quiet: pulls without a webhook ever coming in,
    censuses without either, or webhooks that all come in, but no pull. It comes round by itself
    `every` so many steps, and `trouble` is the only sort of it besides what people do every day;
    `dice` tells which of that sort comes together with the lane.
    `opens`: everything is shown again before the end. `is_read`: it begins with what is stored.
    `turns`: how often a container may get another key, or be hidden; both make it be read anew.
    """

    alone: str = TOGETHER
    trouble: str = ANY
    every: int = 0
    dice: int = 0

    cloud: bool = True
    start: datetime = STARTS[0]
    zone: str = ZONES[0]
    theirs: timedelta = timedelta()
    ours: timedelta = timedelta()
    items: int = 1
    opens: bool = False
    looks_back: bool = False
    is_read: bool = True
    turns: int = 3
    lags: bool = True

    @classmethod
    def of(cls, drawn: Mapping[str, Any]) -> Self:
        """As drawn, but for what would mend what the only lane at work leaves out."""
        return cls(**{**drawn, **_ISOLATED[drawn["alone"]]})

    def works(self, part: str) -> bool:
        """Whether a lane, or the taking in of webhooks, is at work."""
        return part in _AT_WORK[self.alone]

    def has(self, trouble: str) -> bool:
        """Whether there may be trouble of that sort."""
        return self.trouble in {ANY, trouble}

    def at_work(self, part: str) -> str:
        """That part of syncer where it is at work, else one that is."""
        return part if self.works(part) else _AT_WORK[self.alone][0]
