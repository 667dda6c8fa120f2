"""How complete the data of one container is: what each lane brought, what is missing, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from syncer.domain.lane import Lane, LaneState

_DELETIONS_WAIT: Final = "Deletions wait for a person: see `syncer sync --census`."


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """What is known of one container's data beyond its freshness; instants are UTC, None: never.

    `items` are live and stored, `unmapped` of them are in a status that nobody has mapped; None
    where restricted items may not be counted. `unread` wait in quarantine and are not among them.
    The last census at `census_at` counted `census_items` at the tracker, and `census_note` is what
    a person must decide since. Reading it fails `failing_since` then, our account does not see it
    `lost_since` then, and the tracker answers nobody `degraded_since` then. Nothing is asked before
    `paused_until`; `waits` are when lanes go on at the earliest, and what they wait for. `former`
    are the keys that the container had before. `lanes` are under their names, as values of `Lane`.
    """

    items: int | None = None
    unmapped: int | None = None
    unread: int = 0
    census_at: datetime | None = None
    census_items: int | None = None
    census_note: str = ""
    failing_since: datetime | None = None
    lost_since: datetime | None = None
    degraded_since: datetime | None = None
    paused_until: datetime | None = None
    paused_why: str = ""
    former: tuple[str, ...] = ()
    waits: tuple[tuple[datetime, str], ...] = ()
    lanes: Mapping[str, LaneState] = field(default_factory=dict)

    @property
    def webhook_lag_seconds(self) -> float | None:
        """How old the newest change by webhook was when it was stored; None: none has come."""
        live = self.lanes.get(Lane.LIVE)
        return None if live is None else live.lag_seconds

    def is_covered(self) -> bool | None:
        """Whether the last census counted what is stored or in quarantine; None: nobody can say."""
        if self.census_items is None or self.items is None:
            return None
        return self.census_items == self.items + self.unread

    def next_attempt(self, *, now: datetime) -> tuple[datetime, str] | None:
        """When something is asked again at the earliest, and what it waits for; None: any time."""
        if self.paused_until is not None and self.paused_until > now:
            return self.paused_until, self.paused_why
        return min((one for one in self.waits if one[0] > now), default=None)

    def uncounted(self) -> Completeness:
        """The same without any number in which restricted items take part."""
        return replace(
            self,
            items=None,
            unmapped=None,
            census_items=None,
            census_note=_DELETIONS_WAIT if self.census_note else "",
            lanes={},
        )
