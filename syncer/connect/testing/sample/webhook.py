"""Sample's webhooks: are they genuine, and which items do they touch? Pure.

What a body says is a hint: the items that it names are fetched anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pydantic import SecretStr

from syncer.connect.hooks import (
    Received,
    body_object,
    header,
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

SIGNATURE: Final = "X-Sample-Signature"
DELIVERY: Final = "X-Sample-Delivery"


def receive(connection: str, request: HookRequest, secrets: Sequence[SecretStr]) -> HookReply:
    """The verdict on one delivery; 401 unless it is signed with one of the secrets."""
    if not signed_hex(request.headers.get(SIGNATURE.lower(), ""), request.body, secrets):
        return refused()
    body = body_object(request) or {}
    event = name_of(body.get("event"))
    received = Received(id=header(request, DELIVERY.lower()), event=event)
    if not event:
        return unreadable(received, "The body names no event.")
    if not event.startswith("item."):
        return ignored(received, f"{event} concerns no work item.")
    id_ = number_of(member(body, "item").get("id"))
    if not id_:
        return unreadable(received, "The body does not name its item.")
    ref = ItemRef(connection, id_)
    return touched(received, refs=[ref], deleted=[ref] if event == "item.deleted" else [])
