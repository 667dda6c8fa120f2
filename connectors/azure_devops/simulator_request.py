"""Requests as Azure DevOps reads them, and answers in its wrappings: errors and limits."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from aiohttp import web

from syncer.clock import Clock
from syncer.connect.testing.server import Handler

Json = dict[str, Any]

_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_WINDOW: Final = timedelta(minutes=5)
_VERSION: Final = re.compile(r"[0-9]+\.[0-9]+(-preview(\.[0-9]+)?)?")
_BLOCKED: Final = (
    "TF400733: The request has been canceled: Request was blocked due to exceeding usage of "
    "resource 'Concurrency' in namespace 'User'."
)


class Refusal(Exception):
    """An answer that is no content: its status and message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """One request: the names in its address, its query and JSON body."""

    names: Mapping[str, str]
    query: Mapping[str, str]
    body: Any = None

    def count(self, name: str, default: int) -> int:
        """A parameter that is a number; the default without one, 400 for anything else."""
        text = self.query.get(name)
        if text is None:
            return default
        if not _NUMBER.fullmatch(text):
            raise Refusal(400, f"The value {text!r} of {name} is not valid.")
        return int(text)

    def flag(self, name: str) -> bool:
        """A parameter that is true or false; false without one."""
        return self.query.get(name, "false").casefold() == "true"

    def instant(self, name: str) -> datetime | None:
        """A parameter that is an instant; None without one, 400 where it cannot be read."""
        text = self.query.get(name)
        try:
            at = datetime.fromisoformat(text) if text else None
        except ValueError:
            at = None
        if text and (at is None or at.tzinfo is None):
            raise Refusal(400, f"The value {text!r} of {name} is not valid.")
        return at


@dataclass(slots=True)
class Counter:
    """Who counts requests and answers them, `limit` of them in five minutes.

    Nothing tells of a limit until it is near; from `delayed_from` on answers say to slow down, also
    those of status 200 (learn.microsoft.com/azure/devops/integrate/concepts/rate-limits).
    """

    clock: Clock
    limit: int = 100_000
    delayed_from: int = 90_000
    used: int = 0
    reset_at: datetime | None = None

    def answering(self, make: Callable[[Request], Json]) -> Handler:
        """Wrap a function from request to content as a handler."""

        async def handler(request: web.Request) -> web.StreamResponse:
            self._spend()
            try:
                _admit(left=self.used <= self.limit)
                answer = _json(make(await _read(request)))
            except Refusal as refusal:
                answer = _json({"message": str(refusal)}, status=refusal.status)
            answer.headers.update(self._headers())
            return answer

        return handler

    def _spend(self) -> None:
        now = self.clock.now()
        if self.reset_at is None or now >= self.reset_at:
            self.used, self.reset_at = 0, now + _WINDOW
        self.used += 1

    def _headers(self) -> dict[str, str]:
        if self.used <= min(self.delayed_from, self.limit):
            return {}
        now = self.clock.now()
        reset = self.reset_at or now
        wait = math.ceil((reset - now).total_seconds()) if self.used > self.limit else 1
        return {
            "Retry-After": str(max(wait, 1)),
            "X-RateLimit-Resource": "Core",
            "X-RateLimit-Delay": "0.5",
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(self.limit - self.used, 0)),
            "X-RateLimit-Reset": str(math.ceil(reset.timestamp())),
        }


def listed(rows: list[Json] | list[Json | None]) -> Json:
    """Rows in the wrapping that lists have."""
    return {"count": len(rows), "value": rows}


def _admit(*, left: bool) -> None:
    if not left:
        raise Refusal(429, _BLOCKED)


async def _read(request: web.Request) -> Request:
    version = request.query.get("api-version", "")
    if not _VERSION.fullmatch(version):
        raise Refusal(400, "No api-version was supplied for the request.")
    raw = await request.read()
    try:
        body = orjson.loads(raw) if raw else None
    except orjson.JSONDecodeError:
        raise Refusal(400, "The request body is not valid JSON.") from None
    return Request(names=dict(request.match_info), query=dict(request.query), body=body)


def _json(content: Json, *, status: int = 200) -> web.Response:
    return web.Response(
        body=orjson.dumps(content), status=status, content_type="application/json", charset="utf-8"
    )
