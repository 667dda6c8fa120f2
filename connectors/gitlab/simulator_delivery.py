"""The webhooks of a simulated GitLab: docs.gitlab.com/user/project/integrations/webhook_events."""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from datetime import datetime
from typing import Any, Final

import orjson
from pydantic import SecretStr

from connectors.gitlab.simulator_index import Row
from connectors.gitlab.simulator_site import Site
from syncer.connect.signing import STANDARD
from syncer.connect.testing.delivery import Delivery, HookAction

_ACTIONS: Final[dict[HookAction, str]] = {
    "created": "open",
    "updated": "update",
    "deleted": "delete",
}
"""Of a deletion GitLab's documentation tells nothing; should an event come, this is its way."""


def item_delivery(site: Site, row: Row, action: HookAction, *, secret: SecretStr) -> Delivery:
    """The webhook that tells of the item's last change.

    An issue's is an issue event, that of any other type a work item event, and that of an epic
    names no project. A secret that begins with `whsec_` signs, any other one is sent.
    """
    type_ = site.index.type_name(row)
    is_issue = type_ == "Issue"
    container = site.index.world.containers[row.place.path]
    body = {
        "object_kind": "issue" if is_issue else "work_item",
        "event_type": "issue" if is_issue else "work_item",
        "user": {"id": 1, "name": "Syncer Demo", "username": "syncer-demo"},
        "project": None if row.place.in_group else site.project(container),
        "object_attributes": {
            "id": row.id,
            "iid": row.place.number,
            "title": row.state.title,
            "type": type_,
            "state": "closed" if row.closed else "opened",
            "confidential": row.state.restricted,
            "url": site.page(row),
            "action": _ACTIONS[action],
        },
    }
    event = "Confidential Issue Hook" if row.state.restricted else "Issue Hook"
    return signed(body, event=event, secret=secret, at=site.index.now)


def signed(body: dict[str, Any], *, event: str, secret: SecretStr, at: datetime) -> Delivery:
    """A body with the headers of a delivery, under a delivery id of its own."""
    raw, id_ = orjson.dumps(body), str(uuid.uuid4())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "GitLab/simulated",
        "X-Gitlab-Event": event,
        "X-Gitlab-Event-UUID": str(uuid.uuid4()),
        "X-Gitlab-Webhook-UUID": "00000000-0000-4000-8000-000000000001",
        "Idempotency-Key": id_,
    }
    text = secret.get_secret_value()
    if not text.startswith(STANDARD):
        return Delivery(headers={**headers, "X-Gitlab-Token": text}, body=raw)
    stamp = str(int(at.timestamp()))
    key = base64.b64decode(text.removeprefix(STANDARD))
    digest = hmac.digest(key, f"{id_}.{stamp}.".encode() + raw, hashlib.sha256)
    standard = {
        "webhook-id": id_,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
    return Delivery(headers=headers | standard, body=raw)
