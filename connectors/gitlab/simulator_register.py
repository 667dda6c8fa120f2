"""The webhooks that are registered at a simulated GitLab.

Shapes: docs.gitlab.com/api/project_webhooks. Secrets are never shown, only whether there are some.
"""

from __future__ import annotations

from typing import Final

from syncer.connect.testing.hookbook import HookBook, Json

PATHS: Final = ("/api/v4/projects/{id}/hooks", "/api/v4/groups/{id}/hooks")
_SECRETS: Final = ("token", "signing_token")
_EVENTS: Final = {
    "push_events": True,
    "issues_events": False,
    "confidential_issues_events": False,
    "merge_requests_events": False,
    "note_events": False,
    "confidential_note_events": False,
    "milestone_events": False,
}


def new_book() -> HookBook:
    """An empty register."""
    return HookBook(made=_made, changed=_changed, shown=_shown, changing="PUT")


def _made(body: Json, number: int) -> Json:
    usual = {"enable_ssl_verification": True, "alert_status": "executable", "disabled_until": None}
    return {"id": number, **usual, **_EVENTS, **body}


def _changed(kept: Json, body: Json) -> Json:
    return {**kept, **body}


def _shown(kept: Json) -> Json:
    told = {f"{name}_present": bool(kept.get(name)) for name in _SECRETS}
    return {name: value for name, value in kept.items() if name not in _SECRETS} | told
