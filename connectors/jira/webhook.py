"""Jira's webhooks: are they genuine, and which issues do they touch? Pure.

What a body says is a hint: the issues that it names are fetched anew. Shapes: "Webhooks" of Jira
Cloud platform's developer guide, "Webhooks" of Jira Data Center's; older servers leave out the
issue of a comment, the name of the event type and the change log.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final, TypedDict

from pydantic import SecretStr

from connectors.jira.jql import is_issue_key, is_project_key
from connectors.jira.webhook_token import token_is_right
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
from syncer.connect.signing import signed_hex
from syncer.domain.ref import ContainerKey, ItemRef

SIGNATURE: Final = "x-hub-signature"
IDENTIFIER: Final = "x-atlassian-webhook-identifier"
_AUTHORIZATION: Final = "authorization"
_BEARER: Final = "Bearer "
_DELETED: Final = "jira:issue_deleted"
_ISSUE_IN_ADDRESS: Final = re.compile(r"/issue/([0-9]{1,19})(?:/|$)")
_LONGEST_ADDRESS: Final = 2000


class _Thing(TypedDict, total=False):
    """What is read of an issue, a comment, a project and the like."""

    id: Any
    key: Any
    self: Any
    issueId: Any
    sourceIssueId: Any
    destinationIssueId: Any
    project: Any


class _Told(TypedDict, total=False):
    """What is read of a body."""

    webhookEvent: Any
    issue: _Thing
    comment: _Thing
    worklog: _Thing
    issueLink: _Thing
    project: _Thing
    version: _Thing


_Reader = Callable[[str, Received, JsonObject], HookReply]


def receive(connection: str, request: HookRequest, secrets: Sequence[SecretStr]) -> HookReply:
    """The verdict on one delivery; 401 unless it is signed with one of the secrets.

    Webhooks of administrators (Cloud and Data Center) sign the raw body in `X-Hub-Signature`;
    those that an OAuth app registers bear a token instead, or as well: the signature then decides,
    since only it covers the body. The delivery's id is `X-Atlassian-Webhook-Identifier`, which
    stays the same when Jira tries again (developer guide, "Webhooks", Cloud); Data Center sends
    none, so it is empty there.
    """
    if not _is_genuine(request, secrets):
        return refused()
    identifier = header(request, IDENTIFIER)
    body = body_object(request, _Told)
    if body is None:
        return unreadable(Received(id=identifier), "The body is no JSON object.")
    received = Received(id=identifier, event=name_of(body.get("webhookEvent")))
    if not received.event:
        return unreadable(received, "The body names no event of Jira's.")
    family = next((read for prefix, read in _FAMILIES if received.event.startswith(prefix)), None)
    if family is None:
        return ignored(received, f"{received.event} concerns no work item.")
    return family(connection, received, body)


def _is_genuine(request: HookRequest, secrets: Sequence[SecretStr]) -> bool:
    # Always computed, so that the time does not tell this endpoint from one that nobody has (A19).
    is_signed = signed_hex(request.headers.get(SIGNATURE, ""), request.body, secrets)
    if SIGNATURE in request.headers:
        return is_signed
    told = request.headers.get(_AUTHORIZATION, "")
    return told.startswith(_BEARER) and token_is_right(
        told.removeprefix(_BEARER), secrets, now=request.received_at
    )


def _issue(connection: str, received: Received, body: JsonObject) -> HookReply:
    ref = _ref_of(connection, member(body, "issue"))
    if ref is None:
        return unreadable(received, "The body does not name its issue.")
    if received.event == _DELETED:
        return touched(received, deleted=[ref])
    return touched(received, refs=[ref])


def _comment(connection: str, received: Received, body: JsonObject) -> HookReply:
    """Servers send the comment alone: its own address names the issue."""
    comment = member(body, "comment")
    ref = _ref_of(connection, member(body, "issue")) or _by_address(connection, comment)
    if ref is None:
        return unreadable(received, "The comment does not name its issue.")
    return touched(received, refs=[ref])


def _worklog(connection: str, received: Received, body: JsonObject) -> HookReply:
    id_ = number_of(member(body, "worklog").get("issueId"))
    ref = ItemRef(connection, id_) if id_ else _ref_of(connection, member(body, "issue"))
    if ref is None:
        return unreadable(received, "The work log does not name its issue.")
    return touched(received, refs=[ref])


def _link(connection: str, received: Received, body: JsonObject) -> HookReply:
    link = member(body, "issueLink")
    ends = [number_of(link.get(end)) for end in ("sourceIssueId", "destinationIssueId")]
    refs = [ItemRef(connection, id_) for id_ in ends if id_]
    if not refs:
        return unreadable(received, "The link names neither of its ends.")
    return touched(received, refs=refs)


def _project(connection: str, received: Received, body: JsonObject) -> HookReply:
    return _container(connection, received, member(body, "project").get("key"))


def _version(connection: str, received: Received, body: JsonObject) -> HookReply:
    """Most bodies name the project of a version by number only, which says nothing to us."""
    version = member(body, "version")
    named = version.get("project") or member(body, "project").get("key")
    return _container(connection, received, named)


def _container(connection: str, received: Received, key: object) -> HookReply:
    if not isinstance(key, str) or not is_project_key(key):
        return ignored(received, f"{received.event} does not name its project by key.")
    return touched(received, containers=[ContainerKey(connection, key)])


def _ref_of(connection: str, issue: JsonObject) -> ItemRef | None:
    id_, key = number_of(issue.get("id")), issue.get("key")
    if not id_:
        return _by_address(connection, issue)
    return ItemRef(connection, id_, key if isinstance(key, str) and is_issue_key(key) else "")


def _by_address(connection: str, thing: JsonObject) -> ItemRef | None:
    """The issue that the thing's own address names; the address itself is never asked."""
    address = thing.get("self")
    if not isinstance(address, str):
        return None
    found = _ISSUE_IN_ADDRESS.search(address[:_LONGEST_ADDRESS])
    id_ = number_of(found[1]) if found else ""
    return ItemRef(connection, id_) if id_ else None


_FAMILIES: Final[tuple[tuple[str, _Reader], ...]] = (
    ("jira:issue_", _issue),
    ("comment_", _comment),
    ("jira:worklog_", _worklog),
    ("worklog_", _worklog),
    ("issuelink_", _link),
    ("jira:version_", _version),
    ("project_", _project),
)
"""What an event's name begins with; every other event is ignored by its name."""
