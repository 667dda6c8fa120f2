"""The webhooks that administrators have registered at a simulated Jira, old and new style.

Shapes: developer.atlassian.com/cloud/jira/platform/webhooks for Cloud and older servers. From Data
Center 10 on the secret counts only as `SECRET` of the `configuration`.
"""

from __future__ import annotations

from typing import Final

from syncer.connect.testing.hookbook import HookBook, Json
from syncer.connect.testing.server import FakeTracker

OLD: Final = "/rest/webhooks/1.0/webhook"
NEW: Final = "/rest/jira-webhook/1.0/webhooks"
_HIDDEN: Final = "SECRET"


def serve_register(server: FakeTracker, *, cloud: bool) -> HookBook:
    """An empty register, served as this sort of Jira does; before the server starts."""
    if cloud:
        book = HookBook(made=_old_made, changed=_changed, shown=_old_shown, changing="PUT")
        book.serve(server, OLD)
        return book
    book = HookBook(made=_new_made, changed=_changed, shown=_new_shown, changing="PUT")
    book.serve(server, NEW)
    return book


def _changed(kept: Json, body: Json) -> Json:
    return {**kept, **body}


def _old_made(body: Json, number: int) -> Json:
    usual = {"filters": {}, "excludeBody": False, "enabled": True, "events": []}
    return {**usual, **body, "self": f"https://jira.example.com{OLD}/{number}"}


def _old_shown(kept: Json) -> Json:
    return {name: value for name, value in kept.items() if name != "secret"}


def _new_made(body: Json, number: int) -> Json:
    told = {name: value for name, value in body.items() if name != "secret"}
    return {"active": True, "events": [], "configuration": {}, **told, "id": number}


def _new_shown(kept: Json) -> Json:
    told = {name: v for name, v in kept["configuration"].items() if name != _HIDDEN}
    return {**kept, "configuration": told}
