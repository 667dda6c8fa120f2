"""Azure DevOps as the conformance suite meets it: two projects of one organisation."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar

import aiohttp
from pydantic import SecretStr

from connectors.azure_devops.config import AzureDevOpsConfig
from connectors.azure_devops.connector import AzureDevOpsConnector
from connectors.azure_devops.simulator import ORGANISATION, AzureDevOpsSimulator
from connectors.azure_devops.simulator_delivery import headers, sent
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
from syncer.connect.testing.delivery import Delivery
from syncer.connect.testing.script import Container
from syncer.connect.testing.server import Fault, answer, with_headers
from syncer.connect.testing.world import World
from tests.conformance.texts import HTML

_BLOCKED = '{"message": "TF400733: The request has been canceled"}'


def _told(pause: timedelta, at: datetime) -> dict[str, str]:
    return {
        "Retry-After": str(round(pause.total_seconds())),
        "X-RateLimit-Resource": "Core",
        "X-RateLimit-Delay": "1.5",
        "X-RateLimit-Limit": "200",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(math.ceil((at + pause).timestamp())),
    }


def _blocked(pause: timedelta, at: datetime) -> Fault:
    return answer(429, body=_BLOCKED, headers=_told(pause, at))


def _delayed(pause: timedelta, at: datetime) -> Fault:
    """A good answer, late, with the wish not to come back too soon."""
    return with_headers(_told(pause, at))


def _spoil_title(raw: JsonObject) -> None:
    raw["fields"]["System.Title"] = ["no", "title"]


def _spoil_time(raw: JsonObject) -> None:
    raw["fields"]["System.ChangedDate"] = "the day before yesterday"


class AzureDevOps(Adapter):
    """Azure DevOps Services, by a personal access token and basic authentication of its hooks."""

    connector_type = AzureDevOpsConnector
    containers = (
        Container(id="10001", key="Masts", name="Masts"),
        Container(id="10002", key="Smart Phone", name="Smart Phone"),
    )
    signs_body = False
    limits: ClassVar = {"429": Limit(fault=_blocked), "200": Limit(fault=_delayed)}
    spoils: ClassVar = {"title": _spoil_title, "time": _spoil_time}
    texts: ClassVar = HTML

    def tracker(self, world: World, clock: Clock, *, zone: str) -> SuiteTracker:  # noqa: ARG002  all is UTC here
        return AzureDevOpsSimulator(world, clock)

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
            "census_page": page,
        }
        config = with_secrets(
            AzureDevOpsConfig.model_validate(table), env={"T": tracker.account.secret}, base=Path()
        )
        return AzureDevOpsConnector(CONNECTION, config, session, clock=clock, sleep=sleep)

    def container_key(self, container: str) -> str:  # noqa: ARG002  all lies in one organisation
        return ORGANISATION

    def shown_key(self, item_id: str, key: str) -> str:  # noqa: ARG002  a move changes nothing
        return f"AB#{item_id}"

    def is_item(self, raw: JsonObject, item_id: str) -> bool:
        return raw.get("id") == int(item_id) and "fields" in raw

    def put_text(self, raw: JsonObject, native: object) -> None:
        raw["fields"]["System.Description"] = native

    def unknown_event(self, secret: SecretStr) -> Delivery:
        return sent("moon.risen", {"id": 1}, at="2026-11-23T12:00:00Z", secret=secret)

    def rubbish(self, secret: SecretStr) -> Delivery:
        return Delivery(headers=headers(secret), body=b'{"eventType": "workitem.updated", ')
