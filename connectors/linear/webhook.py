"""Linear's webhooks: who sent one, and which items it touches. Pure.

Events, headers and signature: linear.app/developers/webhooks. The signature is over the raw body,
which bears the time of sending. A delivery that fails is sent again after a minute, an hour and six
hours with the same body, and so with the same time: what is signed and late is believed no less,
since a body is a hint, and nothing of it counts but which items to look at. It is called late.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from connectors.linear.mapping.site import Kind, is_id, is_key, key_of, kind_at
from syncer.connect.hooks import (
    JsonObject,
    Received,
    body_object,
    header,
    ignored,
    member,
    name_of,
    refused,
    touched,
    unreadable,
)
from syncer.connect.protocol import HookReply, HookRequest
from syncer.connect.signing import signed_hex
from syncer.domain.ref import ContainerKey, ItemRef

TOLERANCE_MS: Final = 60_000
"""How long after its sending Linear's own kit takes a delivery for fresh."""

_OK: Final = 200
"""Linear takes any other status for a failure, 202 as well, and sends again."""

_REMOVE: Final = "remove"


def receive(connection: str, request: HookRequest, secrets: Sequence[SecretStr]) -> HookReply:
    """Verify one delivery under the secrets and read which items and containers it touches."""
    usable = [one for one in secrets if one.get_secret_value()]
    if not signed_hex(request.headers.get("linear-signature", ""), request.body, usable, prefix=""):
        return refused()
    return dataclasses.replace(_read(connection, request), status=_OK)


def _read(connection: str, request: HookRequest) -> HookReply:
    body = body_object(request)
    content = body or {}
    kind, action = name_of(content.get("type")), name_of(content.get("action"))
    late = "late" if _is_late(content, request.received_at) else ""
    name = ".".join(filter(None, (kind or name_of(header(request, "linear-event")), action, late)))
    received = Received(id=header(request, "linear-delivery"), event=name)
    if body is None:
        return unreadable(received, "the body is no JSON object")
    if not kind:
        return unreadable(received, "it names no type")
    reader = _READERS.get(kind)
    if reader is None:
        return ignored(received, f"{kind} concerns no work item")
    return reader(_Body(connection, received, member(body, "data"), body, action == _REMOVE))


def _is_late(body: JsonObject, now: datetime | None) -> bool:
    """Whether it was sent more than a minute ago or hence, by what is signed with it."""
    told = body.get("webhookTimestamp")
    if now is None:
        return False
    if not isinstance(told, int | float) or isinstance(told, bool):
        return True
    return abs(now.timestamp() * 1000 - told) > TOLERANCE_MS


@dataclasses.dataclass(frozen=True, slots=True)
class _Body:
    """A genuine body with what it takes to name the things in it."""

    connection: str
    received: Received
    data: JsonObject
    whole: JsonObject
    removed: bool

    def ref(self, kind: Kind, id_: object, name: object = None) -> ItemRef | None:
        """An item as a ref; without a key it is located by its kind at least."""
        if not is_id(id_):
            return None
        named = name if isinstance(name, str) else ""
        key = named if kind is Kind.ISSUE else key_of(kind, named)
        return ItemRef(self.connection, str(id_), key if kind_at(key) is kind else "")

    def other(self, kind: Kind) -> ItemRef | None:
        """The issue, project or initiative that the thing belongs to."""
        held = member(self.data, kind.value)
        name = held.get("identifier") if kind is Kind.ISSUE else held.get("slugId")
        return self.ref(kind, self.data.get(f"{kind}Id") or held.get("id"), name)

    def workspace(self) -> list[ContainerKey]:
        """The workspace, as the address in the body tells it."""
        url = self.whole.get("url")
        try:
            path = urlsplit(url if isinstance(url, str) else "").path
        except ValueError:
            return []
        key = path.lstrip("/").partition("/")[0]
        return [ContainerKey(self.connection, key)] if is_key(key) else []


# --- one reader an event --------------------------------------------------------------------------


def _item(kind: Kind) -> Callable[[_Body], HookReply]:
    """An item itself."""

    def reader(body: _Body) -> HookReply:
        name = body.data.get("identifier" if kind is Kind.ISSUE else "slugId")
        ref = body.ref(kind, body.data.get("id"), name)
        if ref is None:
            return unreadable(body.received, f"it names no {kind} with an id")
        return touched(body.received, refs=[ref], deleted=[ref] if body.removed else [])

    return reader


def _comment(body: _Body) -> HookReply:
    """A comment counts for the issue that it is on; on anything else it changes nothing."""
    issue = body.other(Kind.ISSUE)
    if issue is not None:
        return touched(body.received, refs=[issue])
    if any(body.other(kind) for kind in (Kind.PROJECT, Kind.INITIATIVE)) or _other(body):
        return ignored(body.received, "a comment on no issue")
    return unreadable(body.received, "it does not say what the comment is on")


def _other(body: _Body) -> bool:
    names = ("projectUpdateId", "initiativeUpdateId", "documentContentId", "postId")
    return any(body.data.get(name) for name in names)


def _report(kind: Kind) -> Callable[[_Body], HookReply]:
    """A report: its project or initiative, and the workspace whose reports are read with a pull."""

    def reader(body: _Body) -> HookReply:
        ref = body.other(kind)
        if ref is None:
            return unreadable(body.received, f"it names no {kind} with an id")
        return touched(body.received, refs=[ref], containers=body.workspace())

    return reader


def _both(*pairs: tuple[Kind, str]) -> Callable[[_Body], HookReply]:
    """What ties two items together: both of them."""

    def reader(body: _Body) -> HookReply:
        refs = [ref for kind, name in pairs if (ref := body.ref(kind, body.data.get(name)))]
        if not refs:
            return unreadable(body.received, "it names no item with an id")
        return touched(body.received, refs=refs)

    return reader


def _label(body: _Body) -> HookReply:
    """A label: Linear does not say which issues bear it, and their times of change stay."""
    return ignored(body.received, "labels are read with the issues that bear them")


_READERS: Final[Mapping[str, Callable[[_Body], HookReply]]] = {
    "Issue": _item(Kind.ISSUE),
    "Project": _item(Kind.PROJECT),
    "Initiative": _item(Kind.INITIATIVE),
    "Comment": _comment,
    "IssueLabel": _label,
    "ProjectUpdate": _report(Kind.PROJECT),
    "InitiativeUpdate": _report(Kind.INITIATIVE),
    "Attachment": _both((Kind.ISSUE, "issueId")),
    "IssueRelation": _both((Kind.ISSUE, "issueId"), (Kind.ISSUE, "relatedIssueId")),
    "ProjectRelation": _both((Kind.PROJECT, "projectId"), (Kind.PROJECT, "relatedProjectId")),
    "ProjectMilestone": _both((Kind.PROJECT, "projectId")),
    "InitiativeToProject": _both((Kind.INITIATIVE, "initiativeId"), (Kind.PROJECT, "projectId")),
}
