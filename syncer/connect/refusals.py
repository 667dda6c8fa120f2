"""Credentials that were refused: to try them again at once may lock the account."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from syncer.clock import Clock, is_ahead
from syncer.errors import AuthFailed

TRY_AGAIN: Final = timedelta(minutes=5)
"""How long refused credentials are not used (spec/reliability.md F45)."""


@dataclass(frozen=True, slots=True)
class _Refusal:
    error: AuthFailed
    until: datetime


class Refusals:
    """Remembers refused credentials without holding them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[str, _Refusal] = {}

    def remember(self, origin: str, headers: Mapping[str, str], error: AuthFailed) -> None:
        """Use these credentials no more for a while."""
        self._known[_key(origin, headers)] = _Refusal(error, self._clock.now() + TRY_AGAIN)

    def check(self, origin: str, headers: Mapping[str, str]) -> None:
        """Raise the refusal that still counts for these credentials."""
        now = self._clock.now()
        self._known = {
            key: one
            for key, one in self._known.items()
            if is_ahead(one.until, now=now, within=TRY_AGAIN)
        }
        found = self._known.get(_key(origin, headers))
        if found is not None:
            raise type(found.error)(found.error.message, fix=found.error.fix)

    def __bool__(self) -> bool:
        """Whether any are remembered."""
        return bool(self._known)


def _key(origin: str, headers: Mapping[str, str]) -> str:
    text = repr((origin, sorted(headers.items())))
    return hashlib.sha256(text.encode()).hexdigest()
