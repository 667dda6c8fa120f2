"""What an answer's headers tell of the tracker's limits: pure.

Several limits apply at once, each with its own reach (spec/trackers.md 1.13), and no number is
known beforehand. Sources: developer.atlassian.com/cloud/jira/platform/rate-limiting and
…/build-an-app-that-respects-rate-limits (Jira Cloud); confluence.atlassian.com/adminjiraserver,
"Adjusting your code for rate limiting" (Data Center: a bucket that is filled at intervals);
linear.app/developers/rate-limiting (Linear: requests and complexity apart, resets in milliseconds);
docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api (GitHub); the IETF's
draft-ietf-httpapi-ratelimit-headers for `RateLimit`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from syncer.connect.rate import instant_of, their_now

LONGEST_WINDOW: Final = timedelta(hours=1)
"""No reset that is told to lie further ahead is believed; GitHub's and Jira's windows are hours."""

A_MOMENT: Final = timedelta(seconds=1)
"""How long what remains is taken to be what remains, where no header tells of a reset: limits of
that sort are refilled by the second (Jira Cloud's bursts)."""

_NEAR: Final = timedelta(seconds=60)
"""How long later lanes hold back after `X-RateLimit-NearLimit`, which tells no more than that."""

_APART: Final = ("Requests", "Complexity")
"""What Linear counts each by itself, in headers such as `X-RateLimit-Requests-Remaining`."""

_LONGEST: Final = 1024
_NAMED: Final = re.compile(r"[A-Za-z0-9_.:-]{1,80}")
_MEMBER: Final = re.compile(
    r'"?([A-Za-z0-9_.:-]{1,80})"?((?:\s*;\s*[a-z]+\s*=\s*"?[0-9]{1,15}"?)+)'
)
_PART: Final = re.compile(r';\s*([a-z]+)\s*=\s*"?([0-9]{1,15})"?')
_WHOLE: Final = re.compile(r"[0-9]{1,15}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """`remaining` of `limit` calls are left until `resets_at` (UTC, on our clock).

    `resource` is the tracker's name for what they are calls of, empty for calls of all sorts;
    `policy` its name for the limit, where it has several on the same calls.
    """

    resource: str = ""
    policy: str = ""
    limit: int
    remaining: int
    resets_at: datetime

    def share(self) -> float:
        """What is left, from 0 to 1."""
        return min(1.0, self.remaining / self.limit) if self.limit > 0 else 0.0


def limited_reach(headers: Mapping[str, str], endpoint: str) -> str:
    """What a refusal for too many requests is about: a `TrafficNote.reason`, empty: everything.

    Jira Cloud's bursts are counted by endpoint and method, GitHub's limits by resource.
    """
    if headers.get("RateLimit-Reason", "").strip().casefold().endswith("burst-based"):
        return f"endpoint:{endpoint}"
    resource = resource_of(headers)
    return f"resource:{resource}" if resource else ""


def names_its_reach(headers: Mapping[str, str]) -> bool:
    """Whether a refusal tells by its headers what is used up, so that nothing is to be guessed."""
    used_up = headers.get("X-RateLimit-Remaining", "").strip() == "0"
    return used_up or bool(headers.get("RateLimit-Reason", "").strip())


def resource_of(headers: Mapping[str, str]) -> str:
    """GitHub's name for the limit that the call counted against, empty where none is told."""
    told = headers.get("X-RateLimit-Resource", "").strip()
    return told if _NAMED.fullmatch(told) else ""


def quotas_of(headers: Mapping[str, str], *, now: datetime) -> tuple[Quota, ...]:
    """What the answer says is left, by whatever headers; nothing where it says nothing."""
    found = (_by_names(headers, "X-RateLimit", now), _by_names(headers, "RateLimit", now))
    plain = next((one for one in found if one is not None), None)
    near = None if plain else _nearly_used_up(headers, now)
    apart = (_by_names(headers, f"X-RateLimit-{what}", now, policy=what) for what in _APART)
    every = (plain, near, *apart, *_structured(headers, now))
    return tuple(one for one in every if one is not None)


def _by_names(
    headers: Mapping[str, str], prefix: str, now: datetime, *, policy: str = ""
) -> Quota | None:
    limit = _number(headers.get(f"{prefix}-Limit", "").partition(",")[0])
    remaining = _number(headers.get(f"{prefix}-Remaining", ""))
    if limit is None or remaining is None or limit == 0:
        return None
    resets_at = _refilled(headers, limit - remaining, now) or _reset(headers, prefix, now)
    return Quota(
        resource=resource_of(headers),
        policy=policy.casefold(),
        limit=limit,
        remaining=remaining,
        resets_at=_bounded(resets_at or now + A_MOMENT, now),
    )


def _reset(headers: Mapping[str, str], prefix: str, now: datetime) -> datetime | None:
    """The reset on our clock: as an instant on theirs, or in seconds from now as in the draft."""
    told = headers.get(f"{prefix}-Reset", "").strip()
    seconds = _number(told)
    if seconds is not None and seconds <= LONGEST_WINDOW.total_seconds():
        return now + timedelta(seconds=seconds)
    at = instant_of(told)
    return None if at is None else now + (at - their_now(headers, now))


def _refilled(headers: Mapping[str, str], missing: int, now: datetime) -> datetime | None:
    """When a bucket that gets so many at an interval is full again."""
    rate = _number(headers.get("X-RateLimit-FillRate", ""))
    interval = _number(headers.get("X-RateLimit-Interval-Seconds", ""))
    if not rate or not interval:
        return None
    times = min(math.ceil(max(missing, 0) / rate), LONGEST_WINDOW.total_seconds())
    return now + timedelta(seconds=min(times * interval, LONGEST_WINDOW.total_seconds()))


def _nearly_used_up(headers: Mapping[str, str], now: datetime) -> Quota | None:
    if headers.get("X-RateLimit-NearLimit", "").strip().casefold() != "true":
        return None
    reset = _reset(headers, "X-RateLimit", now) or now + _NEAR
    return Quota(policy="near", limit=100, remaining=1, resets_at=_bounded(reset, now))


def _structured(headers: Mapping[str, str], now: datetime) -> list[Quota]:
    """`RateLimit: "quota";r=17842;t=2107` beside `RateLimit-Policy: "quota";q=100100;w=3600`."""
    found = []
    for prefix in ("RateLimit", "Beta-RateLimit"):
        policies = _members(headers.get(f"{prefix}-Policy", ""))
        for name, told in _members(headers.get(prefix, "")).items():
            limit, left = policies.get(name, {}).get("q"), told.get("r")
            if left is None or (limit is None and left > 0):
                continue
            reset = now + timedelta(seconds=min(told.get("t", 1), 10**6))
            found.append(
                Quota(
                    policy=name,
                    limit=limit or 1,
                    remaining=left,
                    resets_at=_bounded(reset, now),
                )
            )
    return found


def _members(text: str) -> dict[str, dict[str, int]]:
    return {
        member[1]: {part[1]: int(part[2]) for part in _PART.finditer(member[2])}
        for member in _MEMBER.finditer(text[:_LONGEST])
    }


def _bounded(at: datetime, now: datetime) -> datetime:
    return min(max(at, now), now + LONGEST_WINDOW)


def _number(text: str) -> int | None:
    return int(text.strip()) if _WHOLE.fullmatch(text.strip()) else None
