"""GitLab as the conformance suite meets it: by GraphQL, and by REST alone."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import aiohttp
from pydantic import SecretStr

from connectors.gitlab.config import GitLabConfig
from connectors.gitlab.connector import GitLabConnector
from connectors.gitlab.simulator import GitLabSimulator
from connectors.gitlab.simulator_delivery import signed
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
from syncer.connect.testing.lab import NOON
from syncer.connect.testing.script import Container
from syncer.connect.testing.server import Fault, answer
from syncer.connect.testing.world import World
from tests.conformance.texts import MARKDOWN

_LATER = '{"message": "429 Too Many Requests"}'


def _told(pause: timedelta, at: datetime) -> Fault:
    seconds = round(pause.total_seconds())
    reset = str(math.ceil((at + pause).timestamp()))
    headers = {"Retry-After": str(seconds), "RateLimit-Remaining": "0", "RateLimit-Reset": reset}
    return answer(429, body=_LATER, headers=headers)


def _untold(_pause: timedelta, _at: datetime) -> Fault:
    """What GraphQL's limit sends: plain text without headers."""
    return answer(429, body="Retry later\n", content_type="text/plain")


def _spoil_title(raw: JsonObject) -> None:
    raw["title"] = ["no", "title"]


def _spoil_time(raw: JsonObject) -> None:
    raw["updatedAt" if "updatedAt" in raw else "updated_at"] = "the day before yesterday"


class GitLab(Adapter):
    """GitLab, by a personal access token and a secret token for its webhooks."""

    connector_type = GitLabConnector
    containers = (
        Container(id="10001", key="acme/masts", name="masts"),
        Container(id="10002", key="acme/phone", name="phone"),
    )
    chain = ("Story", "Sub-task")
    signs_body = False
    limits: ClassVar = {
        "429": Limit(fault=_told),
        "429 of GraphQL": Limit(fault=_untold, tells_pause=False),
    }
    spoils: ClassVar = {"title": _spoil_title, "time": _spoil_time}
    texts: ClassVar = MARKDOWN
    settings: ClassVar[dict[str, Any]] = {}

    def tracker(self, world: World, clock: Clock, *, zone: str) -> SuiteTracker:  # noqa: ARG002  all is UTC here
        return GitLabSimulator(world, clock)

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
            **self.settings,
        }
        config = with_secrets(
            GitLabConfig.model_validate(table), env={"T": tracker.account.secret}, base=Path()
        )
        return GitLabConnector(CONNECTION, config, session, clock=clock, sleep=sleep)

    def key(self, container: str, number: int) -> str:
        return f"{container}#{number}"

    def is_item(self, raw: JsonObject, item_id: str) -> bool:
        return str(raw.get("id")).rpartition("/")[2] == item_id and "description" in raw

    def put_text(self, raw: JsonObject, native: object) -> None:
        raw["description"] = native

    def unknown_event(self, secret: SecretStr) -> Delivery:
        return signed({"object_kind": "moon"}, event="Moon Hook", secret=secret, at=NOON)

    def rubbish(self, secret: SecretStr) -> Delivery:
        whole = signed({"object_kind": "issue"}, event="Issue Hook", secret=secret, at=NOON)
        return Delivery(headers=whole.headers, body=b'{"object_kind": "issue", ')


class GitLabByRest(GitLab):
    """An older GitLab, or one whose token may not use GraphQL."""

    edition = "rest"
    chain = ("Epic", "Story")
    settings: ClassVar[dict[str, Any]] = {"graphql": False}
