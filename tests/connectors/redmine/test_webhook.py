"""Webhooks of Redmine 7.0: forged, replayed, about issues and about other things."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest
from pydantic import SecretStr

from connectors.redmine.webhook import receive
from syncer.connect.protocol import HookReply, HookRequest
from syncer.domain.ref import ItemRef

SECRET = SecretStr("the secret of a webhook")
OLD = SecretStr("the secret before it")


def delivered(
    body: object, *, secret: SecretStr | None = SECRET, prefix: str = "sha256="
) -> HookReply:
    """What becomes of a body that was signed with a secret."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {}
    if secret is not None:
        digest = hmac.new(secret.get_secret_value().encode(), raw, hashlib.sha256).hexdigest()
        headers["x-redmine-signature-256"] = f"{prefix}{digest}"
    request = HookRequest(method="POST", url="https://s.example/x", headers=headers, body=raw)
    return receive("rm", request, [SECRET, OLD])


def about(event: str, issue: object) -> dict[str, object]:
    return {"type": event, "timestamp": "2031-01-05T12:00:00Z", "data": {"issue": issue}}


@pytest.mark.parametrize("event", ["issue.created", "issue.updated"])
@pytest.mark.parametrize("secret", [SECRET, OLD])
def test_an_issue_is_named(event: str, secret: SecretStr) -> None:
    reply = delivered(about(event, {"id": 12, "subject": "Mast"}), secret=secret)
    assert (reply.status, reply.event) == (202, event)
    assert reply.refs == (ItemRef("rm", "12"),)
    assert reply.refs[0].locator == "#12"
    assert reply.deleted == ()


def test_a_deletion_is_a_hint_too() -> None:
    reply = delivered(about("issue.deleted", {"id": 12}))
    assert reply.refs == reply.deleted == (ItemRef("rm", "12"),)


def test_forged_ones_are_refused() -> None:
    body = about("issue.updated", {"id": 12})
    stranger = SecretStr("somebody else's")
    for reply in (
        delivered(body, secret=stranger),
        delivered(body, secret=None),
        delivered(body, prefix=""),
        delivered(body, prefix="sha1="),
        delivered(body, secret=SecretStr("")),
    ):
        assert reply == HookReply(status=401)


def test_without_a_secret_nothing_is_believed() -> None:
    body = json.dumps(about("issue.updated", {"id": 12})).encode()
    digest = hmac.new(b"", body, hashlib.sha256).hexdigest()
    headers = {"x-redmine-signature-256": f"sha256={digest}"}
    request = HookRequest(method="POST", url="https://s.example/x", headers=headers, body=body)
    assert receive("rm", request, [SecretStr("")]).status == 401


@pytest.mark.parametrize("event", ["wiki_page.updated", "time_entry.created", "moon.risen"])
def test_other_things_are_ignored_by_name(event: str) -> None:
    reply = delivered({"type": event, "data": {}})
    assert (reply.status, reply.event, reply.refs) == (202, event, ())
    assert event.partition(".")[0] in reply.ignored


@pytest.mark.parametrize(
    "body",
    [
        b'{"type": "issue.updated", ',
        b"[]",
        {"data": {"issue": {"id": 1}}},
        {"type": ["issue.updated"]},
        about("issue.updated", None),
        about("issue.updated", {"id": "twelve"}),
        about("issue.updated", {"id": -1}),
        about("issue.updated", {"id": True}),
    ],
)
def test_rubbish_is_kept_to_be_shown(body: object) -> None:
    reply = delivered(body)
    assert (reply.status, reply.refs, bool(reply.unreadable)) == (202, (), True)
