"""GitHub as the conformance suite meets it."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar

import aiohttp
from pydantic import SecretStr

from connectors.github.config import GitHubConfig
from connectors.github.connector import GitHubConnector
from connectors.github.simulator import GitHubSimulator
from connectors.github.simulator_delivery import signed
from syncer.clock import Clock
from syncer.connect.auth import with_secrets
from syncer.connect.protocol import Connector
from syncer.connect.rate import Sleep
from syncer.connect.testing.adapter import (
    CONNECTION,
    Adapter,
    JsonObject,
    Limit,
    SuiteTracker,
)
from syncer.connect.testing.delivery import Delivery, signature
from syncer.connect.testing.script import Container
from syncer.connect.testing.server import Fault, answer
from syncer.connect.testing.world import World
from tests.conformance.texts import MARKDOWN

_PRIMARY = '{"message": "API rate limit exceeded for user ID 1."}'
_SECONDARY = '{"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}'


def _primary(pause: timedelta, at: datetime) -> Fault:
    reset = str(math.ceil((at + pause).timestamp()))
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    return answer(403, body=_PRIMARY, headers=headers)


def _secondary_told(pause: timedelta, _at: datetime) -> Fault:
    headers = {"Retry-After": str(round(pause.total_seconds()))}
    return answer(429, body=_SECONDARY, headers=headers)


def _spoil_title(raw: JsonObject) -> None:
    raw["title"] = ["no", "title"]


def _spoil_time(raw: JsonObject) -> None:
    raw["updated_at"] = "the day before yesterday"


class GitHub(Adapter):
    """GitHub, by a personal access token."""

    connector_type = GitHubConnector
    containers = (
        Container(id="10001", key="acme/masts", name="masts"),
        Container(id="10002", key="acme/phone", name="phone"),
    )
    limits: ClassVar = {
        "primary": Limit(fault=_primary),
        "secondary": Limit(fault=lambda _p, _a: answer(403, body=_SECONDARY), tells_pause=False),
        "secondary with Retry-After": Limit(fault=_secondary_told),
    }
    spoils: ClassVar = {"title": _spoil_title, "time": _spoil_time}
    chain = ("Initiative", "Epic", "Task")
    texts: ClassVar = MARKDOWN

    def tracker(self, world: World, clock: Clock, *, zone: str) -> SuiteTracker:  # noqa: ARG002  all is UTC here
        return GitHubSimulator(world, clock)

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
            "auth": {"token_env": "T"},
            "page_size": page,
        }
        config = with_secrets(
            GitHubConfig.model_validate(table), env={"T": tracker.account.secret}, base=Path()
        )
        return GitHubConnector(CONNECTION, config, session, clock=clock, sleep=sleep)

    def key(self, container: str, number: int) -> str:
        return f"{container}#{number}"

    def is_item(self, raw: JsonObject, item_id: str) -> bool:
        return str(raw.get("id")) == item_id and "repository_url" in raw

    def put_text(self, raw: JsonObject, native: object) -> None:
        raw["body"] = native

    def unknown_event(self, secret: SecretStr) -> Delivery:
        return signed({"action": "risen", "moon": {"id": 1}}, event="moon", secret=secret)

    def rubbish(self, secret: SecretStr) -> Delivery:
        whole = signed({"action": "edited"}, event="issues", secret=secret)
        body = b'{"action": "edited", "issue": '
        headers = {**whole.headers, "X-Hub-Signature-256": signature(secret, body)}
        return Delivery(headers=headers, body=body)
