"""Pauses that a tracker asks for, shared by everything that uses one connection."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from syncer.clock import Clock, SystemClock, is_ahead
from syncer.errors import RateLimited

_MILLISECONDS: Final = 1e11
"""So many seconds since 1970 would be in the year 5138: they are milliseconds."""

Sleep = Callable[[float], Awaitable[None]]
"""Waits for some seconds; tests pass one that moves their clock instead."""

LONGEST_PAUSE: Final = timedelta(minutes=15)
"""A tracker that asks for more is asked again after this (reliability.md F1)."""

UNTOLD_PAUSE: Final = timedelta(seconds=60)
"""How long GitHub wants to be left alone by those whom it limits without saying for how long:
docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api, "Exceeding the rate limit".
"""

PATIENCE: Final = timedelta(seconds=60)
"""A longer pause is not waited for within a call: `RateLimited` lets other work go on."""


def asked_pause(status: int, headers: Mapping[str, str], *, now: datetime) -> timedelta | None:
    """How long the answer asks us to wait, at most `LONGEST_PAUSE`; None if it does not ask.

    `Retry-After` counts with every status, since Azure DevOps sends it with 200, and may be
    seconds or an HTTP date (RFC 9110, 10.2.3). With 429, and with 403 where nothing is left, the
    `X-RateLimit-Reset` of Jira Cloud (an ISO instant) or GitHub (epoch seconds) is read where
    `Retry-After` is missing.
    """
    asked = _delay(headers.get("Retry-After", ""), their_now(headers, now))
    used_up = status == HTTPStatus.FORBIDDEN and _nothing_left(headers)
    if asked is None and (status == HTTPStatus.TOO_MANY_REQUESTS or used_up):
        asked = _delay_until(headers.get("X-RateLimit-Reset", ""), their_now(headers, now))
    return None if asked is None else min(max(asked, timedelta()), LONGEST_PAUSE)


def said_pause(
    status: int, headers: Mapping[str, str], said: Callable[[], str], *, now: datetime
) -> timedelta | None:
    """How long the answer asks us to wait by its headers or its words; None if it does not ask."""
    pause = asked_pause(status, headers, now=now)
    if pause is None and is_untold_limit(status, headers, said):
        return UNTOLD_PAUSE
    return pause


def is_rate_limit(status: int, headers: Mapping[str, str], said: Callable[[], str]) -> bool:
    """Whether a refusal asks for patience and not for other credentials.

    That is 429, and a 403 that says when to come back, has nothing left, or (`said`, its
    explanation) names a rate limit: GitHub's secondary limits come with or without headers.
    """
    if status != HTTPStatus.FORBIDDEN:
        return status == HTTPStatus.TOO_MANY_REQUESTS
    return "Retry-After" in headers or _nothing_left(headers) or "rate limit" in said().casefold()


def is_untold_limit(status: int, headers: Mapping[str, str], said: Callable[[], str]) -> bool:
    """Whether a rate limit of GitHub's manner was met that does not say how long it lasts."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return "secondary rate limit" in said().casefold()
    return is_rate_limit(status, headers, said)


def _nothing_left(headers: Mapping[str, str]) -> bool:
    return headers.get("X-RateLimit-Remaining", "").strip() == "0"


def their_now(headers: Mapping[str, str], now: datetime) -> datetime:
    """The tracker's own clock where it shows it: an instant that it tells is meant on that one."""
    return http_date(headers.get("Date", "")) or now


def _delay(value: str, now: datetime) -> timedelta | None:
    text = value.strip()
    seconds = _seconds(text)
    if seconds is not None:
        return timedelta(seconds=min(seconds, LONGEST_PAUSE.total_seconds()))
    at = http_date(text)
    return None if at is None else at - now


def _delay_until(value: str, now: datetime) -> timedelta | None:
    at = instant_of(value)
    return None if at is None else at - now


def instant_of(value: str) -> datetime | None:
    """The instant (UTC) of a reset, in epoch seconds, as Linear's in milliseconds, or ISO 8601."""
    seconds = _seconds(value.strip())
    if seconds is not None and seconds >= _MILLISECONDS:
        seconds /= 1000
    try:
        if seconds is not None:
            return datetime.fromtimestamp(seconds, UTC)
        at = datetime.fromisoformat(value.strip())
    except (ValueError, OverflowError, OSError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _seconds(text: str) -> float | None:
    plain = text.replace(".", "", 1)
    return float(text) if plain.isascii() and plain.isdigit() else None


def http_date(text: str) -> datetime | None:
    """The instant (UTC) of a header such as `Date`, None where it holds none."""
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


class Pause:
    """The instant before which nothing may be asked of one connection."""

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        sleep: Sleep = asyncio.sleep,
        jitter: Callable[[], float] = random.random,  # noqa: S311  spreads calls out
        patience: timedelta = PATIENCE,
    ) -> None:
        self._clock = clock or SystemClock()
        self._sleep = sleep
        self._jitter = jitter
        self._patience = patience
        self._until: datetime | None = None

    @property
    def until(self) -> datetime | None:
        """The end (UTC) of the last pause asked for, None if there was none."""
        return self._until

    def postpone(self, pause: timedelta) -> None:
        """Let nothing be asked for this long; a later end already asked for stays."""
        self.postpone_to(self._clock.now() + pause)

    def postpone_to(self, until: datetime) -> None:
        """Let nothing be asked before an instant (UTC); a later end already asked for stays."""
        later = self._until is not None and self._is_ahead(self._until) and self._until > until
        self._until = self._until if later else until

    @property
    def is_over(self) -> bool:
        """Whether there is nothing to wait for."""
        return self._until is None or not self._is_ahead(self._until)

    def _is_ahead(self, until: datetime) -> bool:
        return is_ahead(until, now=self._clock.now(), within=LONGEST_PAUSE)

    async def over(self) -> None:
        """Return once the pause has passed, a moment late so that callers do not rush together.

        `RateLimited` at once if more than the patience is left.
        """
        waited_for = None
        while self._until is not None and self._until != waited_for:
            waited_for = self._until
            if not self._is_ahead(waited_for):
                return
            left = waited_for - self._clock.now()
            if left > self._patience:
                raise RateLimited(
                    f"The tracker asked for a pause until {waited_for:%Y-%m-%d %H:%M} UTC.",
                    retry_at=waited_for,
                    fix="Sync again after that; what was read before is kept.",
                )
            await self._sleep(left.total_seconds() + self._jitter())
