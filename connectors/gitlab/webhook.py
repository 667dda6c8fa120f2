"""GitLab's webhooks: who sent one, and which items it touches. Pure.

Events and bodies: docs.gitlab.com/user/project/integrations/webhook_events, and for system hooks
docs.gitlab.com/administration/system_hooks. Both ways of proving who sent one, the secret token
and the signing token: docs.gitlab.com/user/project/integrations/webhooks. A body is a hint: nothing
of it is believed but which items and containers to look at.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Final

from pydantic import SecretStr

from connectors.gitlab.mapping.place import Place, is_path, place_of_page
from syncer.connect.hooks import (
    JsonObject,
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
from syncer.connect.signing import STANDARD, same, signed_standard
from syncer.domain.ref import ContainerKey, ItemRef

_DELETES: Final = frozenset({"delete", "destroy"})
"""No event of a deletion is documented; if one comes it will not be called otherwise."""

_ITEMS: Final = frozenset({"Issue", "WorkItem", "Epic"})
"""What comments may be about that are work items of ours."""


def receive(
    connection: str, request: HookRequest, secrets: Sequence[SecretStr], *, root: str = ""
) -> HookReply:
    """Verify one delivery under the secrets and read which items and containers it touches.

    `root` is the path below which the site lives.
    A delivery with a signature must be signed under a signing token (`whsec_…`); it never falls
    back to the secret token. One without must hold a secret token in `X-Gitlab-Token`.
    """
    if not _is_genuine(request, secrets):
        return refused()
    body = body_object(request)
    kind = name_of((body or {}).get("object_kind") or (body or {}).get("event_name"))
    action = name_of(member(body or {}, "object_attributes").get("action"))
    received = Received(id=_delivery_id(request), event=".".join(filter(None, (kind, action))))
    if body is None:
        return unreadable(received, "the body is no JSON object")
    if not kind:
        return unreadable(received, "it names no event")
    reader = _READERS.get(kind)
    if reader is None:
        return ignored(received, f"{kind} concerns no work item")
    return reader(_Body(connection, received, body, root))


def _is_genuine(request: HookRequest, secrets: Sequence[SecretStr]) -> bool:
    """Both proofs are computed whichever is asked for: the time tells nothing of the secrets."""
    signing = [one for one in secrets if one.get_secret_value().startswith(STANDARD)]
    tokens = [one for one in secrets if one not in signing and one.get_secret_value()]
    signed = signed_standard(request.headers, request.body, signing, now=request.received_at)
    sent = _hashed(request.headers.get("x-gitlab-token", ""))
    bears = sum(same(sent, _hashed(one.get_secret_value())) for one in tokens) > 0
    return signed if "webhook-signature" in request.headers else bears


def _hashed(text: str) -> bytes:
    """Of one length, whatever was sent."""
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def _delivery_id(request: HookRequest) -> str:
    """The id that stays the same when GitLab sends again; a signed one is signed as well."""
    names = ("webhook-id", "idempotency-key", "x-gitlab-event-uuid")
    return next((told for name in names if (told := header(request, name))), "")


@dataclasses.dataclass(frozen=True, slots=True)
class _Body:
    """A genuine body with what it takes to name the things in it."""

    connection: str
    received: Received
    content: JsonObject
    root: str

    def ref(self, item: JsonObject) -> ItemRef | None:
        """The item as a ref, located by its page, else by the project of the body."""
        identity, number = number_of(item.get("id")), number_of(item.get("iid"))
        if not identity:
            return None
        url = item.get("url")
        page = place_of_page(url, self.root) if isinstance(url, str) else None
        path = self.project() or (page.path if page else "")
        if not (path and number):
            return ItemRef(self.connection, identity, page.locator if page else "")
        in_group = page.in_group if page else not self.project()
        return ItemRef(self.connection, identity, Place(path, int(number), in_group).locator)

    def project(self) -> str:
        """The full path of the body's project; empty for an event of a group."""
        return _path(member(self.content, "project").get("path_with_namespace"))

    def containers(self, paths: Sequence[str]) -> HookReply:
        """Those containers that could be read; unreadable without any."""
        found = [ContainerKey(self.connection, path) for path in paths if path]
        if not found:
            return unreadable(self.received, "it names no project")
        return touched(self.received, containers=found)


# --- one reader an event --------------------------------------------------------------------------


def _item(body: _Body) -> HookReply:
    ref = body.ref(member(body.content, "object_attributes"))
    if ref is None:
        return unreadable(body.received, "it names no item with an id")
    gone = name_of(member(body.content, "object_attributes").get("action")) in _DELETES
    return touched(body.received, refs=[ref], deleted=[ref] if gone else [])


def _note(body: _Body) -> HookReply:
    """A comment: what it is about stands beside it, under its own name."""
    about = name_of(member(body.content, "object_attributes").get("noteable_type"))
    if not about:
        return unreadable(body.received, "it does not say what the comment is about")
    if about not in _ITEMS:
        return ignored(body.received, f"a comment on a {about}")
    shown = (member(body.content, name) for name in ("issue", "work_item", "epic"))
    ref = next((found for one in shown if one and (found := body.ref(one))), None)
    if ref is None:
        return unreadable(body.received, "it names no item with an id")
    return touched(body.received, refs=[ref])


def _emoji(body: _Body) -> HookReply:
    return ignored(body.received, "an emoji says nothing about the work")


def _milestone(body: _Body) -> HookReply:
    """A milestone: GitLab does not say which items bear it, and none does yet when it is made."""
    if body.received.event.endswith(".create"):
        return ignored(body.received, "no work item has it yet")
    group = member(body.content, "group")
    return body.containers([body.project(), _path(group.get("full_path"))])


def _project(body: _Body) -> HookReply:
    """A project that changed its place, its visibility or its being there."""
    names = ("path_with_namespace", "old_path_with_namespace")
    return body.containers([_path(body.content.get(name)) for name in names])


_READERS: Final[Mapping[str, Callable[[_Body], HookReply]]] = {
    "issue": _item,
    "work_item": _item,
    "note": _note,
    "emoji": _emoji,
    "milestone": _milestone,
    "project_rename": _project,
    "project_transfer": _project,
    "project_update": _project,
    "project_destroy": _project,
}


def _path(value: object) -> str:
    """A full path if it looks like one; else empty."""
    return value if isinstance(value, str) and is_path(value) else ""
