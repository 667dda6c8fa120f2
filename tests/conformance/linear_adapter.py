"""Linear as the conformance suite meets it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar

import aiohttp
from pydantic import SecretStr

from connectors.linear.config import LinearConfig
from connectors.linear.connector import LinearConnector
from connectors.linear.simulator import LinearSimulator
from connectors.linear.simulator_delivery import signed
from syncer.clock import Clock
from syncer.connect.auth import with_secrets
from syncer.connect.protocol import Connector
from syncer.connect.rate import Sleep
from syncer.connect.signing import hmac_sha256
from syncer.connect.testing.adapter import CONNECTION, Adapter, JsonObject, Limit, SuiteTracker
from syncer.connect.testing.delivery import Delivery
from syncer.connect.testing.lab import NOON
from syncer.connect.testing.server import Fault, answer
from syncer.connect.testing.world import World
from tests.conformance.texts import MARKDOWN

_LIMITED = json.dumps(
    {
        "errors": [
            {
                "message": "Rate limit exceeded",
                "extensions": {"code": "RATELIMITED", "type": "ratelimited", "statusCode": 429},
            }
        ]
    }
)


def _requests(pause: timedelta, at: datetime) -> Fault:
    """400, the reset in milliseconds: linear.app/developers/rate-limiting."""
    return _told("Requests", pause, at, status=400)


def _complexity(pause: timedelta, at: datetime) -> Fault:
    return _told("Complexity", pause, at, status=400)


def _as_success(pause: timedelta, at: datetime) -> Fault:
    return _told("Requests", pause, at, status=200)


def _told(what: str, pause: timedelta, at: datetime, *, status: int) -> Fault:
    other = "Complexity" if what == "Requests" else "Requests"
    headers = {
        f"X-RateLimit-{what}-Remaining": "0",
        f"X-RateLimit-{what}-Reset": str(round((at + pause).timestamp() * 1000)),
        f"X-RateLimit-{other}-Remaining": "900",
        f"X-RateLimit-{other}-Reset": str(round((at + timedelta(hours=1)).timestamp() * 1000)),
    }
    return answer(status, body=_LIMITED, headers=headers)


def _untold(_pause: timedelta, _at: datetime) -> Fault:
    return answer(400, body=_LIMITED)


def _spoil_title(raw: JsonObject) -> None:
    raw["title"] = ["no", "title"]


def _spoil_time(raw: JsonObject) -> None:
    raw["updatedAt"] = "the day before yesterday"


def _spoil_team(raw: JsonObject) -> None:
    if "team" in raw:
        raw["team"] = None


class Linear(Adapter):
    """Linear's teams; projects and initiatives belong to a container of their own."""

    connector_type = LinearConnector
    chain = ("Story", "Sub-task")
    limits: ClassVar = {
        "requests": Limit(fault=_requests),
        "complexity": Limit(fault=_complexity),
        "as a success": Limit(fault=_as_success),
        "without a word": Limit(fault=_untold, tells_pause=False),
    }
    spoils: ClassVar = {"title": _spoil_title, "time": _spoil_time, "team": _spoil_team}
    texts: ClassVar = MARKDOWN

    def tracker(self, world: World, clock: Clock, *, zone: str) -> SuiteTracker:  # noqa: ARG002  all is UTC here
        return LinearSimulator(world, clock)

    def connect(
        self,
        tracker: SuiteTracker,
        session: aiohttp.ClientSession,
        *,
        clock: Clock,
        sleep: Sleep,
        page: int,
    ) -> Connector:
        table = {
            "name": CONNECTION,
            "url": tracker.url,
            "api_url": tracker.url,
            "auth": {"token_env": "T"},
            "projects": False,
            "page_size": page,
            "details_a_query": page,
        }
        config = with_secrets(
            LinearConfig.model_validate(table), env={"T": tracker.account.secret}, base=Path()
        )
        return LinearConnector(CONNECTION, config, session, clock=clock, sleep=sleep)

    def is_item(self, raw: JsonObject, item_id: str) -> bool:
        return raw.get("id") == item_id and "updatedAt" in raw

    def put_text(self, raw: JsonObject, native: object) -> None:
        raw["description"] = native

    def unknown_event(self, secret: SecretStr) -> Delivery:
        return signed({"type": "Moon", "action": "create", "data": {}}, secret=secret, at=NOON)

    def rubbish(self, secret: SecretStr) -> Delivery:
        whole = signed({"type": "Issue", "action": "update"}, secret=secret, at=NOON)
        body = b'{"type": "Issue", '
        signature = hmac_sha256(secret, body).hex()
        return Delivery(headers={**whole.headers, "Linear-Signature": signature}, body=body)
