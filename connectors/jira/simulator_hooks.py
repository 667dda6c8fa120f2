"""Webhooks as a simulated Jira sends them: of Cloud, or of a Data Center without an identifier."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

import orjson
from pydantic import SecretStr

from connectors.jira.simulator_catalogue import Json
from connectors.jira.simulator_index import Index
from connectors.jira.simulator_server import as_server
from syncer.connect.testing.delivery import Delivery, HookAction, signature

_TYPES: Final = {
    "created": "issue_created",
    "updated": "issue_generic",
    "deleted": "issue_deleted",
}
_SHOWN: Final = ("summary", "status", "issuetype", "project", "created", "updated", "labels")


def issue_delivery(
    index: Index, item_id: str, action: HookAction, *, secret: SecretStr, number: int, cloud: bool
) -> Delivery:
    """The webhook that tells what just happened to an issue; `number` makes its id a fresh one."""
    content = _body(index, item_id, action)
    body = orjson.dumps(content if cloud else as_server(content))
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Atlassian Webhook HTTP Client" if cloud else "Atlassian HttpClient",
        "X-Hub-Signature": signature(secret, body),
    }
    identifier = uuid5(NAMESPACE_URL, f"{index.catalogue.base}/{item_id}/{number}")
    told = {"X-Atlassian-Webhook-Identifier": str(identifier)} if cloud else {}
    flow = {"X-Atlassian-Webhook-Flow": "Primary", "X-Atlassian-Webhook-Retry": "0"}
    return Delivery(headers={**headers, **told, **(flow if cloud else {})}, body=body)


def _body(index: Index, item_id: str, action: HookAction) -> Json:
    issue = index.issues.issue(item_id, _SHOWN)
    histories = index.issues.histories(item_id)
    told: dict[str, Any] = {}
    if action == "updated" and histories:
        told["changelog"] = {"id": histories[-1]["id"], "items": histories[-1]["items"]}
    return {
        "timestamp": _milliseconds(index.now),
        "webhookEvent": f"jira:issue_{action}",
        "issue_event_type_name": _TYPES[action],
        "user": index.catalogue.user(index.catalogue.world.item(item_id).reporter),
        "issue": {name: issue[name] for name in ("id", "self", "key", "fields")},
        **told,
    }


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)
