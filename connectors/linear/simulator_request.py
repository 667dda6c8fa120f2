"""Requests as Linear reads them, and answers in its wrappings: errors, weights, limits."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from aiohttp import web

from connectors.linear.simulator_gql import Refused
from syncer.clock import Clock
from syncer.connect.testing.server import Handler

Json = dict[str, Any]

_WINDOW = timedelta(hours=1)


@dataclass(slots=True)
class Counter:
    """Who counts requests and what they weigh, and answers them: so many of both an hour."""

    clock: Clock
    requests: int = 5000
    complexity: int = 3_000_000
    used: int = 0
    weighed: int = 0
    reset_at: datetime | None = None

    def answering(self, make: Callable[[str, Mapping[str, Any]], tuple[Json, int]]) -> Handler:
        """Wrap a function from query and variables to data and weight as a handler."""

        async def handler(request: web.Request) -> web.StreamResponse:
            weight = 0
            try:
                self._admit()
                text, variables = await _read(request)
                data, weight = make(text, variables)
                self.weighed += weight
                answer = _json({"data": data})
            except Refused as refused:
                answer = _json(refused.told(), status=refused.status)
            answer.headers.update(self.headers(weight))
            return answer

        return handler

    def _admit(self) -> None:
        now = self.clock.now()
        if self.reset_at is None or now >= self.reset_at:
            self.used, self.weighed, self.reset_at = 0, 0, now + _WINDOW
        self.used += 1
        if self.used > self.requests or self.weighed > self.complexity:
            raise Refused("RATELIMITED", "Rate limit exceeded. Please try again later.")

    def headers(self, weight: int = 0) -> dict[str, str]:
        """Names as in linear.app/developers/rate-limiting; resets are epoch milliseconds."""
        reset = str(math.ceil((self.reset_at or self.clock.now()).timestamp() * 1000))
        return {
            "X-Complexity": str(weight),
            "X-RateLimit-Requests-Limit": str(self.requests),
            "X-RateLimit-Requests-Remaining": str(max(self.requests - self.used, 0)),
            "X-RateLimit-Requests-Reset": reset,
            "X-RateLimit-Complexity-Limit": str(self.complexity),
            "X-RateLimit-Complexity-Remaining": str(max(self.complexity - self.weighed, 0)),
            "X-RateLimit-Complexity-Reset": reset,
        }


async def _read(request: web.Request) -> tuple[str, Mapping[str, Any]]:
    try:
        body = orjson.loads(await request.read())
    except orjson.JSONDecodeError:
        raise Refused("BAD_REQUEST", "Invalid JSON") from None
    text = body.get("query") if isinstance(body, dict) else None
    if not isinstance(text, str):
        raise Refused("BAD_REQUEST", "POST body missing.")
    variables = body.get("variables")
    return text, variables if isinstance(variables, dict) else {}


def _json(content: Json, *, status: int = 200) -> web.Response:
    return web.Response(
        body=orjson.dumps(content), status=status, content_type="application/json", charset="utf-8"
    )
