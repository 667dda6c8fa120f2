"""Azure DevOps' service hooks: who sent one, and which items it touches. Pure.

Events and bodies: learn.microsoft.com/azure/devops/service-hooks/events. They are not signed; they
bear a user name and a password (…/service-hooks/services/webhooks, "Basic authentication"). A body
is a hint: nothing of it is believed but which items to look at.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from pydantic import SecretStr

from connectors.azure_devops.mapping.site import key_of
from syncer.connect.hooks import (
    JsonObject,
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
from syncer.connect.signing import same
from syncer.domain.ref import ContainerKey, ItemRef

_UPDATED: Final = "workitem.updated"
_DELETED: Final = "workitem.deleted"
_EVENTS: Final = frozenset(
    {_UPDATED, _DELETED, "workitem.created", "workitem.restored", "workitem.commented"}
)
_BASIC: Final = "basic "
_LONGEST: Final = 4096
_ADDRESS: Final = re.compile(r"(?i).*/workitems/([0-9]{1,18})(?:/.*)?")
_LONGEST_URL: Final = 2000


def receive(
    container: ContainerKey, request: HookRequest, secrets: Sequence[SecretStr]
) -> HookReply:
    """Verify one delivery under the secrets and read which items it touches.

    A secret is the password of any user, or `user:password`. `container` is the organisation.
    """
    if not _is_genuine(request, secrets):
        return refused()
    body = body_object(request)
    event = name_of((body or {}).get("eventType"))
    received = Received(id=_delivery_id(body or {}), event=event)
    if body is None:
        return unreadable(received, "the body is no JSON object")
    if not event:
        return unreadable(received, "it names no event")
    if event not in _EVENTS:
        return ignored(received, f"{event} concerns no work item")
    if "resource" not in body or body["resource"] is None:
        return touched(received, containers=[container])  # sent without details, by its settings
    id_ = _item(member(body, "resource"), event)
    if not id_:
        return unreadable(received, "it names no work item with an id")
    ref = ItemRef(container.connection, id_, key_of(id_))
    return touched(received, refs=[ref], deleted=[ref] if event == _DELETED else [])


def _is_genuine(request: HookRequest, secrets: Sequence[SecretStr]) -> bool:
    """Each secret is compared in either form: the time tells nothing of any of them."""
    pair = _pair(request.headers.get("authorization", ""))
    sent = _hashed(pair or ""), _hashed((pair or "").partition(":")[2])
    known = [_hashed(text) for one in secrets if (text := one.get_secret_value())]
    matches = sum(same(one, other) for one in sent for other in known)
    return pair is not None and matches > 0


def _pair(header: str) -> str | None:
    """The user and password that the header holds in the one way to write them, else None."""
    if header[: len(_BASIC)].lower() != _BASIC or len(header) > _LONGEST:
        return None
    sent = header[len(_BASIC) :].strip()
    try:
        raw = b64decode(sent, validate=True)
        if b64encode(raw).decode() != sent:
            return None
        pair = raw.decode()
    except ValueError:
        return None
    return pair if ":" in pair else None


def _hashed(text: str) -> bytes:
    """Of one length, whatever was sent."""
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def _delivery_id(body: JsonObject) -> str:
    """The event's own id; one event comes once for each subscription that asks for it."""
    own = name_of(body.get("id"))
    subscription = name_of(body.get("subscriptionId"))
    number = number_of(body.get("notificationId"))
    if own and subscription:
        return f"{own}:{subscription}"
    return own or (f"{subscription}:{number}" if subscription and number else "")


def _item(resource: JsonObject, event: str) -> str:
    """The id of the work item; `id` itself is that of the update where the event is one.

    With minimal details only the address of the update tells it.
    """
    revision = member(resource, "revision")
    if told := number_of(resource.get("workItemId")) or number_of(revision.get("id")):
        return told
    url = resource.get("url")
    found = _ADDRESS.fullmatch(url[:_LONGEST_URL]) if isinstance(url, str) else None
    if found:
        return number_of(found[1])
    return "" if event == _UPDATED else number_of(resource.get("id"))
