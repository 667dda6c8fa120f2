"""Who sent a delivery, and what it holds. Pure.

The signature is that of Standard Webhooks (github.com/standard-webhooks/standard-webhooks); id and
time are signed with the body, so an old delivery cannot be sent anew under another id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import orjson
from pydantic import SecretStr

from connectors.push.reading import Reading, machine
from syncer.connect.hooks import Received, header, ignored, refused, touched, unreadable
from syncer.connect.protocol import HookReply, HookRequest
from syncer.connect.signing import signed_standard
from syncer.errors import BadPayload

_MOST_TOLD: Final = 200


def receive(
    request: HookRequest,
    secrets: Sequence[SecretStr],
    *,
    read: Callable[[HookRequest], Reading],
    takes: Callable[[str], bool],
) -> HookReply:
    """Verify one delivery and tell its sender what can be read of it, item by item.

    `read` reads a genuine one, `takes` tells whether a container of this key is wanted.
    """
    if not signed_standard(request.headers, request.body, secrets, now=request.received_at):
        return refused()
    received = Received(id=header(request, "webhook-id"), event="unreadable")
    try:
        reading = read(request)
    except BadPayload as error:
        return _answered(unreadable(received, error.message), {"error": error.message})
    received, carried = replace(received, event=reading.event), reading.carried
    if not takes(carried.container.key):
        why = f"container: {carried.container.key} is not one that this connection takes"
        return _answered(ignored(received, why), {"error": why})
    named = [*(one.item.ref for one in carried.records), *(one.ref for one in carried.unreadable)]
    return _answered(touched(received, refs=named, deleted=carried.deleted), machine(reading))


def _answered(reply: HookReply, told: Mapping[str, Any]) -> HookReply:
    """The reply with words for the sender, who has proved to be one of ours."""
    whole = {"accepted": 0, "deleted": 0, "quarantined": [], "error": None, **told}
    faults = whole["quarantined"]
    cut = {**whole, "quarantined": faults[:_MOST_TOLD], "more": len(faults) > _MOST_TOLD}
    return replace(reply, answer=orjson.dumps(cut))
