"""The webhooks that are registered at a simulated GitHub.

Shapes: docs.github.com/en/rest/repos/webhooks. A secret that is set shows as asterisks.
"""

from __future__ import annotations

from typing import Final

from syncer.connect.testing.hookbook import HookBook, Json

PATHS: Final = ("/repos/{owner}/{repo}/hooks", "/orgs/{owner}/hooks")
_HIDDEN: Final = "********"


def new_book() -> HookBook:
    """An empty register."""
    return HookBook(made=_made, changed=_changed, shown=_shown, changing="PATCH")


def _made(body: Json, number: int) -> Json:
    return {
        "type": "Repository",
        "id": number,
        "name": body.get("name", "web"),
        "active": body.get("active", True),
        "events": body.get("events", ["push"]),
        "config": body.get("config", {}),
        "last_response": {"code": None, "status": "unused", "message": None},
    }


def _changed(kept: Json, body: Json) -> Json:
    events: list[str] = body["events"] if "events" in body else kept["events"]
    added = [one for one in body.get("add_events", []) if one not in events]
    told: Json = {name: body[name] for name in ("active", "config") if name in body}
    return {**kept, **told, "events": [*events, *added]}


def _shown(kept: Json) -> Json:
    config = {name: _HIDDEN if name == "secret" else v for name, v in kept["config"].items()}
    return {**kept, "config": config}
