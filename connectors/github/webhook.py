"""GitHub's webhooks: who sent one, and which issues it touches. Pure.

The names of events and their bodies: https://docs.github.com/en/webhooks/webhook-events-and-payloads.
The signature: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries.
A body is a hint: nothing of it is believed but which issues and repositories to look at.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import unquote_to_bytes

from pydantic import SecretStr

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

_FORM: Final = "application/x-www-form-urlencoded"
_NAME: Final = r"(?!\.\.?(?:/|$))[A-Za-z0-9_.-]{1,100}"
_REPOSITORY: Final = re.compile(rf"{_NAME}/{_NAME}")
_REPOSITORY_URL: Final = re.compile(rf"/repos/({_NAME}/{_NAME})$")

_PULL_REQUEST: Final = "a pull request"
_NODE_ONLY: Final = "names an issue by its node id only, at which nothing can be fetched"


def receive(connection: str, request: HookRequest, secrets: Sequence[SecretStr]) -> HookReply:
    """Verify one delivery under the secrets and read which items and containers it touches.

    `X-Hub-Signature-256` must sign the raw body; the older SHA-1 header counts for nothing.
    """
    if not signed_hex(request.headers.get("x-hub-signature-256", ""), request.body, secrets):
        return refused()
    body = body_object(_without_form(request))
    event = name_of(request.headers.get("x-github-event"))
    action = name_of((body or {}).get("action"))
    received = Received(
        id=header(request, "x-github-delivery"), event=".".join(filter(None, (event, action)))
    )
    if not event:
        return unreadable(received, "it names no event")
    if event not in _READERS:
        return ignored(received, f"{event} concerns no work item")
    if body is None:
        return unreadable(received, "its body is no JSON object")
    return _READERS[event](_Body(connection, received, body, action))


def _without_form(request: HookRequest) -> HookRequest:
    """The JSON of a webhook whose content type was left at GitHub's default, a form."""
    if not request.headers.get("content-type", "").lower().startswith(_FORM):
        return request
    payload = request.body.removeprefix(b"payload=").replace(b"+", b" ")
    return dataclasses.replace(request, body=unquote_to_bytes(payload))


@dataclasses.dataclass(frozen=True, slots=True)
class _Body:
    """A genuine body with what it takes to name the things in it."""

    connection: str
    received: Received
    content: JsonObject
    action: str

    def ref(self, issue: JsonObject, repository: str = "") -> ItemRef | None:
        """The issue as a ref, located by its own repository, else by the given one."""
        identity, number = number_of(issue.get("id")), number_of(issue.get("number"))
        where = _named_by_url(issue.get("repository_url")) or repository
        if not (identity and number and where):
            return None
        return ItemRef(self.connection, identity, f"{where}#{number}")

    def repository(self, name: str = "repository") -> str:
        """`owner/name` of the repository under a key of the body; empty without one."""
        return _full_name(member(self.content, name).get("full_name"))

    def container(self, full_name: str) -> ContainerKey:
        return ContainerKey(self.connection, full_name)

    def touching(
        self, refs: Iterable[ItemRef | None], *, deleted: Sequence[ItemRef] = ()
    ) -> HookReply:
        """Those refs that could be read; unreadable without any."""
        found = [ref for ref in refs if ref is not None]
        if not found:
            return unreadable(self.received, "it names no issue with id, number and repository")
        return touched(self.received, refs=found, deleted=deleted)

    def touching_repositories(self, full_names: Iterable[str]) -> HookReply:
        """Those repositories that could be read; unreadable without any."""
        found = [self.container(name) for name in full_names if name]
        if not found:
            return unreadable(self.received, "it names no repository")
        return touched(self.received, containers=found)


# --- one reader an event --------------------------------------------------------------------------


def _issues(body: _Body) -> HookReply:
    issue = member(body.content, "issue")
    if issue.get("pull_request"):
        return ignored(body.received, _PULL_REQUEST)
    ref = body.ref(issue, body.repository())
    deleted = [ref] if ref is not None and body.action == "deleted" else []
    return body.touching([ref, *_other_ends_of_a_transfer(body)], deleted=deleted)


def _other_ends_of_a_transfer(body: _Body) -> list[ItemRef | None]:
    """Both repositories hear of a transfer; the issue has another id and number in each."""
    changes = member(body.content, "changes")
    return [
        body.ref(issue, _full_name(member(changes, f"{age}_repository").get("full_name")))
        for age in ("old", "new")
        if (issue := member(changes, f"{age}_issue"))
    ]


def _issue_comment(body: _Body) -> HookReply:
    issue = member(body.content, "issue")
    if issue.get("pull_request"):
        return ignored(body.received, _PULL_REQUEST)
    return body.touching([body.ref(issue, body.repository())])


def _two_ends(*names: str) -> Callable[[_Body], HookReply]:
    """A reader of events about two issues, of which one may lie in another repository."""

    def end(body: _Body, name: str) -> ItemRef | None:
        repository = body.repository(f"{name}_repo") or body.repository()
        return body.ref(member(body.content, name), repository)

    return lambda body: body.touching(end(body, name) for name in names)


def _part_of_repository(body: _Body) -> HookReply:
    """A milestone or label: GitHub does not say which issues bear it, and none does yet."""
    if body.action == "created":
        return ignored(body.received, "no work item has it yet")
    return body.touching_repositories([body.repository()])


def _repository(body: _Body) -> HookReply:
    if body.action not in _REPOSITORY_ACTIONS:
        return ignored(body.received, "changes nothing about work items")
    return body.touching_repositories([body.repository(), _former_name(body)])


def _former_name(body: _Body) -> str:
    """What the repository was called before it was renamed or got another owner."""
    owner, _, name = body.repository().partition("/")
    changes = member(body.content, "changes")
    old_name = member(changes, "repository", "name").get("from")
    giver = member(changes, "owner", "from")
    old_owner = (member(giver, "user") or member(giver, "organization")).get("login")
    if not (old_name or old_owner):
        return ""
    return _full_name(f"{old_owner or owner}/{old_name or name}")


def _projects_v2_item(body: _Body) -> HookReply:
    """An item of an organisation's project names its issue by a node id and no repository.

    GitHub calls node ids opaque, so no id is read out of one. The change is found when the issue
    changes otherwise, or by a full sync.
    """
    kind = name_of(member(body.content, "projects_v2_item").get("content_type"))
    if not kind:
        return unreadable(body.received, "it does not say what kind of item it is about")
    return ignored(body.received, _NODE_ONLY if kind == "Issue" else f"about a {kind}")


_REPOSITORY_ACTIONS: Final = frozenset({
    "archived", "unarchived", "deleted", "privatized", "publicized", "renamed", "transferred",
})  # fmt: skip

_READERS: Final[Mapping[str, Callable[[_Body], HookReply]]] = {
    "issues": _issues,
    "issue_comment": _issue_comment,
    "sub_issues": _two_ends("sub_issue", "parent_issue"),
    "issue_dependencies": _two_ends("blocked_issue", "blocking_issue"),
    "milestone": _part_of_repository,
    "label": _part_of_repository,
    "repository": _repository,
    "projects_v2_item": _projects_v2_item,
}


# --- names ----------------------------------------------------------------------------------------


def _full_name(value: object) -> str:
    """`owner/name` if it looks like a repository's; else empty."""
    return value if isinstance(value, str) and _REPOSITORY.fullmatch(value) else ""


def _named_by_url(value: object) -> str:
    """The repository that an issue's `repository_url` ends with; the address is never called."""
    found = _REPOSITORY_URL.search(value) if isinstance(value, str) else None
    return found[1] if found else ""
