"""The lanes on which items come in, and what is counted of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Lane(StrEnum):
    """Why a tracker is asked. Lanes that stand earlier here go first where a budget is short."""

    LIVE = "live"
    """A webhook named the items; they are fetched by id."""
    INCREMENTAL = "incremental"
    """What changed since the last pass, by the connector's cursor."""
    LOOK_BACK = "look_back"
    """What a search that lags behind its tracker left out of earlier passes."""
    CENSUS = "census"
    """Every item by id, to find what was deleted, moved or hidden."""
    BACKFILL = "backfill"
    """A container's first reading, or one from the start anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneState:
    """What one lane did for one container; instants are UTC, None: never.

    `seen` items were sent by the tracker, `stored` were new or changed, `failed` passes did not
    reach their end. `lag_seconds` is how old the newest change was when it was stored. The lane
    goes on at `next_at` at the earliest; `why` tells what it waits for.
    """

    passes: int = 0
    seen: int = 0
    stored: int = 0
    failed: int = 0
    lag_seconds: float | None = None
    last_at: datetime | None = None
    last_success_at: datetime | None = None
    next_at: datetime | None = None
    why: str = ""
