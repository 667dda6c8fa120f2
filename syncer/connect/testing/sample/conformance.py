"""Sample as the conformance suite meets it: what every tracker says in its own way."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar

import aiohttp
from pydantic import SecretStr

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
from syncer.connect.testing.sample.config import SampleConfig
from syncer.connect.testing.sample.connector import SampleConnector
from syncer.connect.testing.sample.simulator import SampleSimulator, signed
from syncer.connect.testing.server import Fault, rate_limited
from syncer.connect.testing.world import World

_TEXT = (
    "<h2>Alpha</h2><p>bravo <b>charlie</b> &amp; <a href='https://d.example'>delta</a></p>"
    "<ul><li>echo<li>foxtrot</ul><table><tr><td>golf<td>hotel</table><img alt='india'><br>juliett"
)


def _by_seconds(pause: timedelta, _at: datetime) -> Fault:
    return rate_limited(round(pause.total_seconds()))


def _by_date(pause: timedelta, at: datetime) -> Fault:
    return rate_limited(at + pause)


def _spoil_title(raw: JsonObject) -> None:
    raw["title"] = ["no", "title"]


def _spoil_time(raw: JsonObject) -> None:
    raw["changed"] = "yesterday"


class SampleAdapter(Adapter):
    """The adapter; subclass it to try a variant of the connector."""

    connector_type = SampleConnector
    limits: ClassVar = {"seconds": Limit(fault=_by_seconds), "date": Limit(fault=_by_date)}
    spoils: ClassVar = {"title": _spoil_title, "time": _spoil_time}
    texts: ClassVar = (
        NativeText(
            native=_TEXT,
            words=("Alpha", "bravo", "charlie", "&", "delta", "echo", "foxtrot", "golf", "hotel",
                   "india", "juliett"),
        ),
    )  # fmt: skip

    def tracker(self, world: World, clock: Clock, *, zone: str) -> SuiteTracker:
        """The simulator over a world, with instants in the zone."""
        return SampleSimulator(world, clock, zone=zone)

    def connect(
        self,
        tracker: SuiteTracker,
        session: aiohttp.ClientSession,
        *,
        clock: Clock,
        sleep: Sleep,
        page: int,
    ) -> Connector:
        """The connector, configured as `syncer.toml` would."""
        table = {
            "name": CONNECTION,
            "url": tracker.url,
            "auth": {"token_env": "T"},
            "page_size": page,
        }
        config = with_secrets(
            SampleConfig.model_validate(table), env={"T": tracker.account.secret}, base=Path()
        )
        return self.made(config, session, clock=clock, sleep=sleep)

    def made(
        self, config: SampleConfig, session: aiohttp.ClientSession, *, clock: Clock, sleep: Sleep
    ) -> Connector:
        """A connector of this adapter's type."""
        return SampleConnector(CONNECTION, config, session, clock=clock, sleep=sleep)

    def is_item(self, raw: JsonObject, item_id: str) -> bool:
        """An item holds when it was created; where it is only mentioned it does not."""
        return str(raw.get("id")) == item_id and "created" in raw

    def put_text(self, raw: JsonObject, native: object) -> None:
        """Descriptions are HTML."""
        raw["body"] = native

    def unknown_event(self, secret: SecretStr) -> Delivery:
        """An event about something else."""
        return signed({"event": "moon.risen", "moon": {"id": 1}}, 1, secret=secret)

    def rubbish(self, secret: SecretStr) -> Delivery:
        """An event about an item that it does not name."""
        return signed({"event": "item.updated", "item": "which?"}, 1, secret=secret)
