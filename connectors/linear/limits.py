"""How Linear says that it was asked too much: pure.

It answers 400 with an error whose code is RATELIMITED, and tells of each limit in headers of its
own, resets in epoch milliseconds: linear.app/developers/rate-limiting. Requests, complexity and,
for some endpoints, requests of that sort count separately.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from syncer.connect.rate import their_now

_LIMITED: Final = frozenset({"RATELIMITED", "RATE_LIMITED", "RATELIMITEDERROR"})
_HEADERS: Final = tuple(
    f"X-RateLimit-{what}" for what in ("Requests", "Complexity", "Endpoint-Requests")
)
_WHOLE: Final = re.compile(r"[0-9]{1,15}")
_A_MOMENT: Final = timedelta(seconds=1)

Json = Mapping[str, Any]


def errors_of(body: object) -> tuple[Json, ...]:
    """The errors of a GraphQL answer."""
    told = body.get("errors") if isinstance(body, dict) else None
    return tuple(one for one in told if isinstance(one, dict)) if isinstance(told, list) else ()


def codes_of(errors: Iterable[Json]) -> frozenset[str]:
    """Codes and types of errors, both written as codes: `ratelimited` is RATELIMITED."""
    told = set()
    for one in errors:
        extensions = one.get("extensions")
        for name in ("code", "type"):
            value = extensions.get(name) if isinstance(extensions, dict) else None
            if isinstance(value, str):
                told.add(value.upper().replace(" ", "_")[:100])
    return frozenset(told)


def messages_of(errors: Sequence[Json]) -> tuple[str, ...]:
    """What the errors say, to people first."""
    found = []
    for one in errors:
        extensions = one.get("extensions")
        shown = extensions.get("userPresentableMessage") if isinstance(extensions, dict) else None
        found.append(str(shown or one.get("message") or "")[:300])
    return tuple(found)


def is_limit(errors: Iterable[Json]) -> bool:
    """Whether the errors say that too much was asked, and not what else is wrong."""
    return bool(codes_of(errors) & _LIMITED)


def asked_pause(headers: Mapping[str, str], *, now: datetime) -> timedelta | None:
    """How long the exhausted limits ask us to wait; None where no header tells.

    Where no limit says that nothing is left, the one that is refilled last is meant: what is left
    of complexity may be too little for one query.
    """
    present = their_now(headers, now)
    told = [(one, reset) for one in _HEADERS if (reset := _instant(headers, f"{one}-Reset"))]
    used_up = [reset for one, reset in told if _number(headers, f"{one}-Remaining") == 0]
    until = max(used_up or [reset for _, reset in told], default=None)
    return None if until is None else max(until - present, _A_MOMENT)


def _instant(headers: Mapping[str, str], name: str) -> datetime | None:
    ms = _number(headers, name)
    try:
        return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name, "").strip()
    return int(text) if _WHOLE.fullmatch(text) else None
