"""Redmine's webhooks, which its core has from 7.0 on: who sent one, and what it touches. Pure.

Payload and header: github.com/redmine/redmine, app/models/webhook_payload.rb and webhook.rb. The
signature is over the raw body, under `X-Redmine-Signature-256`, and only where a secret is set. A
delivery bears no id and is never sent again: what is lost, the next pull finds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pydantic import SecretStr

from syncer.connect.hooks import (
    Received,
    body_object,
    ignored,
    member,
    name_of,
    number_of,
    refused,
    touched,
    unreadable,
)
from syncer.connect.protocol import HookReply, HookRequest
from syncer.connect.signing import signed_hex
from syncer.domain.ref import ItemRef

_HEADER: Final = "x-redmine-signature-256"
_DELETED: Final = "issue.deleted"


def receive(connection: str, request: HookRequest, secrets: Sequence[SecretStr]) -> HookReply:
    """Verify one delivery under the secrets and read which issue it touches."""
    usable = [one for one in secrets if one.get_secret_value()]
    if not signed_hex(request.headers.get(_HEADER, ""), request.body, usable, prefix="sha256="):
        return refused()
    body = body_object(request)
    event = name_of((body or {}).get("type"))
    received = Received(event=event)
    if body is None:
        return unreadable(received, "the body is no JSON object")
    if not event:
        return unreadable(received, "it names no type")
    if event.partition(".")[0] != "issue":
        return ignored(received, f"{event.partition('.')[0]} is no work item")
    number = number_of(member(body, "data", "issue").get("id"))
    if not number:
        return unreadable(received, "it names no issue with an id")
    ref = ItemRef(connection, number, f"#{number}")
    return touched(received, refs=[ref], deleted=[ref] if event == _DELETED else [])
