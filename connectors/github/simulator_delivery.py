"""The webhooks of a simulated GitHub: docs.github.com/en/webhooks/webhook-events-and-payloads."""

from __future__ import annotations

import uuid
from typing import Final

import orjson
from pydantic import SecretStr

from connectors.github.simulator_index import Row
from connectors.github.simulator_request import Json
from connectors.github.simulator_site import Site
from syncer.connect.testing.delivery import Delivery, HookAction, signature
from syncer.connect.testing.script import Entry

_ACTIONS: Final[dict[HookAction, str]] = {
    "created": "opened",
    "updated": "edited",
    "deleted": "deleted",
}
_VERBS: Final = {"assignee": "assigned", "labels": "labeled", "versions": "milestoned"}
_BOT: Final = {"login": "syncer-demo", "id": 999, "type": "User"}


def issue_delivery(site: Site, row: Row, action: HookAction, *, secret: SecretStr) -> Delivery:
    """The `issues` webhook that tells what the item's last change was."""
    entry = next(iter(reversed(site.index.world.history(row.item_id, site.index.now))), None)
    container = site.index.world.containers[row.repository]
    body = {
        "action": _action(row, action, entry),
        "issue": site.issue(row),
        "repository": site.repository(container),
        "organization": {"login": container.key.partition("/")[0]},
        "sender": (site.user(entry.actor) if entry else None) or _BOT,
    }
    return signed(body, event="issues", secret=secret)


def signed(body: Json, *, event: str, secret: SecretStr) -> Delivery:
    """A body with the headers of a delivery, under a delivery id of its own."""
    raw = orjson.dumps(body)
    return Delivery(
        headers={
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/simulated",
            "X-GitHub-Delivery": str(uuid.uuid4()),
            "X-GitHub-Event": event,
            "X-GitHub-Hook-ID": "1",
            "X-Hub-Signature-256": signature(secret, raw),
        },
        body=raw,
    )


def _action(row: Row, action: HookAction, entry: Entry | None) -> str:
    """GitHub's name for what was done last."""
    if action != "updated" or entry is None:
        return _ACTIONS[action]
    changed = {change.field for change in entry.changes}
    if "status" in changed and row.turned == entry.at:
        return "closed" if row.closed else "reopened"
    return next((verb for name, verb in _VERBS.items() if name in changed), "edited")
