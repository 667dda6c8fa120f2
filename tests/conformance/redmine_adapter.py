"""Redmine as the conformance suite meets it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar

import aiohttp
from pydantic import SecretStr

from connectors.redmine.config import RedmineConfig
from connectors.redmine.connector import RedmineConnector
from connectors.redmine.simulator import RedmineSimulator
from connectors.redmine.simulator_answers import signed
from syncer.clock import Clock
from syncer.connect.auth import with_secrets
from syncer.connect.protocol import Connector
from syncer.connect.rate import Sleep
from syncer.connect.testing.adapter import (
    CONNECTION,
    Adapter,
    JsonObject,
    Limit,
    NativeText,
    SuiteTracker,
)
from syncer.connect.testing.delivery import Delivery
from syncer.connect.testing.script import Container
from syncer.connect.testing.server import Fault, answer, rate_limited
from syncer.connect.testing.world import World

_TEXTILE = (
    'h2. Alpha\r\n\r\nbq. bravo *charlie* "delta":https://d.example/x\r\n\r\n'
    "* echo\r\n# foxtrot\r\n"
    "|golf|hotel|\r\n%{color:red}india% "
    '<pre><code class="ruby">\r\njuliett = "kilo"\r\n</code></pre>'
)


def _by_proxy(pause: timedelta, _at: datetime) -> Fault:
    return rate_limited(round(pause.total_seconds()))


def _unavailable(pause: timedelta, _at: datetime) -> Fault:
    """What a proxy says while Redmine is being restarted."""
    return answer(503, body="{}", headers={"Retry-After": str(round(pause.total_seconds()))})


def _spoil_title(raw: JsonObject) -> None:
    raw["subject"] = ["no", "title"]


def _spoil_time(raw: JsonObject) -> None:
    raw["updated_on"] = "the day before yesterday"


class Redmine(Adapter):
    """Redmine, by an API access key and a secret for its webhooks."""

    connector_type = RedmineConnector
    containers = (
        Container(id="10001", key="net", name="Network"),
        Container(id="10002", key="out", name="Outreach"),
    )
    names_deliveries = False
    limits: ClassVar = {"429": Limit(fault=_by_proxy), "503": Limit(fault=_unavailable)}
    spoils: ClassVar = {"title": _spoil_title, "time": _spoil_time}
    texts: ClassVar = (
        NativeText(
            native=_TEXTILE,
            words=("Alpha", "bravo", "charlie", "delta", "https://d.example/x", "echo", "foxtrot",
                   "golf", "hotel", "india", "juliett", "kilo"),
        ),
    )  # fmt: skip

    def tracker(self, world: World, clock: Clock, *, zone: str) -> SuiteTracker:  # noqa: ARG002  all is UTC here
        return RedmineSimulator(world, clock)

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
            RedmineConfig.model_validate(table), env={"T": tracker.account.secret}, base=Path()
        )
        return RedmineConnector(CONNECTION, config, session, clock=clock, sleep=sleep)

    def shown_key(self, item_id: str, key: str) -> str:  # noqa: ARG002  a move changes nothing
        return f"#{item_id}"

    def is_item(self, raw: JsonObject, item_id: str) -> bool:
        return str(raw.get("id")) == item_id and "subject" in raw

    def put_text(self, raw: JsonObject, native: object) -> None:
        raw["description"] = native

    def unknown_event(self, secret: SecretStr) -> Delivery:
        return signed({"type": "moon.risen", "data": {"moon": {"id": 1}}}, secret=secret)

    def rubbish(self, secret: SecretStr) -> Delivery:
        return signed({"type": "issue.updated", "data": {"issue": "which?"}}, secret=secret)
