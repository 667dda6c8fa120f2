"""The webhooks of a simulated Linear: linear.app/developers/webhooks."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Final

import orjson
from pydantic import SecretStr

from connectors.linear.mapping.site import Kind
from connectors.linear.simulator_index import Row, stamp
from connectors.linear.simulator_site import Site, slug
from syncer.connect.signing import hmac_sha256
from syncer.connect.testing.delivery import Delivery, HookAction

_ACTIONS: Final[dict[HookAction, str]] = {
    "created": "create",
    "updated": "update",
    "deleted": "remove",
}


def item_delivery(site: Site, row: Row, action: HookAction, *, secret: SecretStr) -> Delivery:
    """The webhook that tells of the item's last change."""
    issue = row.kind is Kind.ISSUE
    data = {
        "id": row.id,
        ("title" if issue else "name"): row.state.title,
        ("identifier" if issue else "slugId"): row.state.key if issue else slug(row),
        "updatedAt": stamp(row.updated),
    }
    body = {
        "action": _ACTIONS[action],
        "type": row.kind.title(),
        "actor": {"id": "user-1", "name": "Syncer Demo", "type": "user"},
        "createdAt": stamp(row.updated),
        "data": data,
        "url": site.page(row),
        "organizationId": "workspace-1",
        "webhookId": "00000000-0000-4000-8000-000000000001",
    }
    return signed(body, secret=secret, at=site.index.now)


def signed(body: dict[str, Any], *, secret: SecretStr, at: datetime) -> Delivery:
    """A body with its time of sending and the headers of a delivery, under an id of its own."""
    stamped = {**body, "webhookTimestamp": round(at.timestamp() * 1000)}
    raw = orjson.dumps(stamped)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Linear-Webhook",
        "Linear-Event": str(body.get("type", "")),
        "Linear-Delivery": str(uuid.uuid4()),
        "Linear-Signature": hmac_sha256(secret, raw).hex(),
        "Linear-Timestamp": str(stamped["webhookTimestamp"]),
    }
    return Delivery(headers=headers, body=raw)
