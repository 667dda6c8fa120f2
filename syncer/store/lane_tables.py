"""The tables of syncing itself: what each lane brought, and what a tracker grants."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field

from syncer.store.rows import Row
from syncer.store.types import UtcDateTime


class LaneRow(Row, table=True):
    """What one lane (`syncer.domain.lane.Lane`) brought for one container, and when it goes on.

    `container` is empty for what concerns the whole connection. `seen` items were sent by the
    tracker, `stored` were new or changed, `failed` counts passes that did not reach their end.
    `lag_seconds` is how old the newest item's change was when it was stored. `next_at` is when
    the lane goes on at the earliest, `why` what it waits for.
    """

    __tablename__ = "lanes"

    connection: str = Field(primary_key=True)
    container: str = Field(primary_key=True)
    lane: str = Field(primary_key=True)
    passes: int = 0
    seen: int = 0
    stored: int = 0
    failed: int = 0
    lag_seconds: float | None = None
    last_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_success_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    next_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    why: str = Field(default="", sa_type=Text)


class TrafficRow(Row, table=True):
    """What a tracker last said of one of its limits, for all replicas that use the connection.

    `reason` names the limit in the tracker's own word, or is empty where it has one for all.
    Nothing is asked before `paused_until`. `remaining` of `quota` calls were left until
    `resets_at`, as far as the tracker tells. Where it does not answer at all, it has not done so
    `since` then, and was tried `tries` times.
    """

    __tablename__ = "traffic"

    connection: str = Field(primary_key=True)
    reason: str = Field(primary_key=True)
    paused_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    why: str = Field(default="", sa_type=Text)
    quota: int | None = None
    remaining: int | None = None
    resets_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    tries: int = 0
    noted_at: datetime = Field(sa_type=UtcDateTime)


class GapRow(Row, table=True):
    """An item that a pull or a census brought and of whose change no webhook has told so far.

    `changed_at` is the tracker's time of that change, `seen_at` when we stored it by our clock. The
    row leaves when a delivery explains it, or when it is counted as lost.
    """

    __tablename__ = "gaps"

    uid: str = Field(primary_key=True)
    connection: str
    container: str
    changed_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
