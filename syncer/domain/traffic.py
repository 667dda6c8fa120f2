"""What a tracker grants a connection, as replicas tell it each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

UNREACHABLE: Final = "unreachable"
"""The reason of a pause that is ours: the tracker does not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficNote:
    """What was last known of one limit of a tracker; instants are UTC.

    `reason` names what the limit is on, and is empty for everything: `endpoint:GET /rest/…`,
    `resource:graphql`, `container:NET`, or `UNREACHABLE`. Nothing that it is on is asked before
    `paused_until`. `remaining` of `quota` were left until `resets_at`. A tracker that does not
    answer has not done so `since` then, and was tried `tries` times.
    """

    reason: str
    noted_at: datetime
    paused_until: datetime | None = None
    why: str = ""
    quota: int | None = None
    remaining: int | None = None
    resets_at: datetime | None = None
    since: datetime | None = None
    tries: int = 0
