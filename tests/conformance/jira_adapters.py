"""Jira as the conformance suite meets it: Cloud and Data Center."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import aiohttp
import orjson
from pydantic import SecretStr

from connectors.jira.config import JiraConfig
from connectors.jira.connector import JiraConnector
from connectors.jira.simulator import JiraSimulator
from connectors.jira.simulator_data_center import JiraDataCenterSimulator
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
from syncer.connect.testing.server import rate_limited
from syncer.connect.testing.world import World
from tests.conformance.texts import DOCUMENTS, WIKI

_MINUTE = timedelta(minutes=1)


def _spoil_time(raw: JsonObject) -> None:
    raw["fields"]["updated"] = "the day before yesterday"


def _spoil_all(raw: JsonObject) -> None:
    raw["fields"] = "none"


class JiraCloud(Adapter):
    """Jira Cloud."""

    connector_type = JiraConnector
    limits: ClassVar = {
        "points of the hour": Limit(
            fault=lambda pause, at: rate_limited(
                round(pause.total_seconds()),
                headers={
                    "RateLimit-Reason": "jira-quota-global-based",
                    "X-RateLimit-Reset": (at + pause).isoformat(),
                },
            )
        ),
        "burst": Limit(
            fault=lambda pause, at: rate_limited(
                None,
                headers={
                    "RateLimit-Reason": "jira-burst-based",
                    "X-RateLimit-Remaining": "0",
                    "X-RateLimit-Reset": f"{at + pause + _MINUTE:%Y-%m-%dT%H:%MZ}",
                },
            )
        ),
        "by date": Limit(fault=lambda pause, at: rate_limited(at + pause)),
        "silent": Limit(fault=lambda _pause, _at: rate_limited(None), tells_pause=False),
    }
    spoils: ClassVar = {"time": _spoil_time, "all": _spoil_all}
    texts: ClassVar = DOCUMENTS

    def tracker(self, world: World, clock: Clock, *, zone: str) -> SuiteTracker:
        tracker = JiraSimulator(world, clock, zone=zone)
        tracker.quirks.page_of_ids = 4
        return tracker

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
            "kind": "jira",
            "url": tracker.url,
            "auth": self.auth(),
            "page_size": page,
        }
        config = with_secrets(
            JiraConfig.model_validate(table), env={"T": tracker.account.secret}, base=Path()
        )
        return JiraConnector(
            CONNECTION, config, session, clock=clock, sleep=sleep, gateway=tracker.url
        )

    def auth(self) -> dict[str, str]:
        return {"email": "bot@example.com", "token_env": "T"}

    def is_item(self, raw: JsonObject, item_id: str) -> bool:
        return raw.get("id") == item_id and "created" in (raw.get("fields") or {})

    def put_text(self, raw: JsonObject, native: object) -> None:
        raw["fields"]["description"] = native

    def unknown_event(self, secret: SecretStr) -> Delivery:
        body = orjson.dumps({"webhookEvent": "moon_risen", "timestamp": 1, "moon": {"id": 1}})
        return self.signed(body, secret)

    def rubbish(self, secret: SecretStr) -> Delivery:
        return self.signed(b'{"webhookEvent": "jira:issue_updated", "issue": 7}', secret)

    def signed(self, body: bytes, secret: SecretStr) -> Delivery:
        headers = {
            "Content-Type": "application/json",
            "X-Atlassian-Webhook-Identifier": "made-up-1",
            "X-Hub-Signature": signature(secret, body),
        }
        return Delivery(headers=headers, body=body)


class JiraDataCenter(JiraCloud):
    """Jira Data Center: epics are the top of what it tells as parents, deliveries have no id."""

    edition = "Data Center"
    chain = ("Epic", "Story", "Sub-task")
    names_deliveries = False
    texts: ClassVar = WIKI

    def tracker(self, world: World, clock: Clock, *, zone: str) -> SuiteTracker:
        tracker = JiraDataCenterSimulator(world, clock, zone=zone)
        tracker.page = 20
        return tracker

    def auth(self) -> dict[str, str]:
        return {"type": "pat", "token_env": "T"}

    def signed(self, body: bytes, secret: SecretStr) -> Delivery:
        headers = {"Content-Type": "application/json", "X-Hub-Signature": signature(secret, body)}
        return Delivery(headers=headers, body=body)
