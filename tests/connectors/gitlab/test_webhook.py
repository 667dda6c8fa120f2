"""GitLab's webhooks: genuine or not, and which items and containers they touch."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from connectors.gitlab.webhook import receive
from syncer.connect.protocol import HookReply, HookRequest
from syncer.domain.ref import ContainerKey, ItemRef

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TOKEN: Final = SecretStr("made-up-secret-token")
KEY: Final = b"0123456789abcdef0123456789abcdef"
SIGNING: Final = SecretStr("whsec_" + base64.b64encode(KEY).decode())
OLDER: Final = SecretStr("whsec_" + base64.b64encode(b"o" * 32).decode())
PROJECT: Final = {"id": 14, "path_with_namespace": "acme/ran"}
ISSUE: Final = {
    "object_kind": "issue",
    "project": PROJECT,
    "object_attributes": {
        "id": 301,
        "iid": 23,
        "action": "update",
        "url": "https://gitlab.example/acme/ran/-/issues/23",
    },
}
BODY: Final = json.dumps(ISSUE).encode()
REF: Final = ItemRef("gl", "301", "acme/ran#23")


def by_token(body: bytes = BODY, token: str = TOKEN.get_secret_value()) -> HookRequest:
    headers = {"x-gitlab-event": "Issue Hook", "x-gitlab-token": token, "idempotency-key": "k1"}
    return HookRequest(method="POST", url="", headers=headers, body=body, received_at=NOW)


def by_signature(
    body: bytes = BODY, *, at: datetime = NOW, key: bytes = KEY, **more: str
) -> HookRequest:
    """Signed here, not by the code under test."""
    stamp = str(int(at.timestamp()))
    digest = hmac.digest(key, f"m1.{stamp}.".encode() + body, hashlib.sha256)
    headers = {
        "x-gitlab-event": "Issue Hook",
        "webhook-id": "m1",
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    return HookRequest(method="POST", url="", headers=headers, body=body, received_at=NOW)


def told(content: object) -> HookReply:
    return receive("gl", by_token(json.dumps(content).encode()), [TOKEN])


# --- who sent it ----------------------------------------------------------------------------------


def test_the_secret_token_lets_a_delivery_in() -> None:
    reply = receive("gl", by_token(), [TOKEN])
    assert (reply.status, reply.delivery_id, reply.event) == (202, "k1", "issue.update")
    assert reply.refs == (REF,)
    assert reply.refs[0].locator == "acme/ran#23"


def test_a_signature_lets_a_delivery_in_and_names_it() -> None:
    reply = receive("gl", by_signature(), [SIGNING])
    assert (reply.status, reply.delivery_id, reply.refs) == (202, "m1", (REF,))


def test_while_a_secret_is_changed_both_count() -> None:
    for secrets in ([SIGNING, TOKEN], [TOKEN, SIGNING], [OLDER, SIGNING, TOKEN]):
        assert receive("gl", by_signature(), secrets).status == 202
        assert receive("gl", by_token(), secrets).status == 202


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(by_token(token=""), id="no token"),
        pytest.param(by_token(token="made-up-secret-toke"), id="a character less"),
        pytest.param(by_token(token="mäde-up"), id="not ASCII"),
        pytest.param(by_token(token=SIGNING.get_secret_value()), id="a signing token in clear"),
        pytest.param(by_signature(key=b"x" * 32), id="another key"),
        pytest.param(by_signature(at=NOW - timedelta(minutes=6)), id="sent long ago"),
        pytest.param(by_signature(at=NOW + timedelta(minutes=6)), id="sent in the future"),
        pytest.param(by_signature(webhook_id="m2"), id="another id"),
        pytest.param(
            by_signature(key=b"x" * 32, x_gitlab_token=TOKEN.get_secret_value()),
            id="a wrong signature beside the right token",
        ),
        pytest.param(HookRequest(method="POST", url="", headers={}, body=BODY), id="nothing"),
    ],
)
def test_forged_deliveries_are_refused(request_: HookRequest) -> None:
    assert receive("gl", request_, [SIGNING, TOKEN]) == HookReply(status=401)


@pytest.mark.parametrize("secrets", [[], [SecretStr("")], [SIGNING]])
def test_without_a_secret_of_its_kind_nobody_gets_in(secrets: list[SecretStr]) -> None:
    assert receive("gl", by_token(), secrets).status == 401
    assert receive("gl", by_token(token=""), secrets).status == 401


# --- what it touches ------------------------------------------------------------------------------


def test_an_epic_has_no_project_and_is_found_by_its_page() -> None:
    page = "https://gitlab.example/groups/acme/-/epics/3"
    body = {"object_kind": "work_item", "project": None,
            "object_attributes": {"id": 9, "iid": 3, "url": page, "action": "open"}}  # fmt: skip
    (ref,) = told(body).refs
    assert (ref.id, ref.locator) == ("9", "acme&3")


def test_the_path_below_which_a_site_lives_belongs_to_no_group() -> None:
    page = "https://x.example/gitlab/groups/acme/-/epics/3"
    body = json.dumps(
        {"object_kind": "work_item", "object_attributes": {"id": 9, "iid": 3, "url": page}}
    ).encode()
    (ref,) = receive("gl", by_token(body), [TOKEN], root="/gitlab").refs
    assert ref.locator == "acme&3"


def test_an_item_without_a_place_is_still_named_by_its_id() -> None:
    (ref,) = told({"object_kind": "work_item", "object_attributes": {"id": 9, "iid": 3}}).refs
    assert (ref.id, ref.locator) == ("9", "")


def test_should_a_deletion_be_told_it_is_heard() -> None:
    gone = {**ISSUE, "object_attributes": {**ISSUE["object_attributes"], "action": "delete"}}  # type: ignore[dict-item]  # a dict
    assert told(gone).deleted == (REF,)


def test_a_comment_is_about_the_item_beside_it() -> None:
    body = {"object_kind": "note", "project": PROJECT, "issue": {"id": 301, "iid": 23},
            "object_attributes": {"id": 1, "noteable_type": "Issue"}}  # fmt: skip
    assert told(body).refs == (REF,)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"object_kind": "push"}, "push concerns no work item"),
        ({"object_kind": "pipeline"}, "pipeline concerns no work item"),
        ({"object_kind": "emoji"}, "an emoji says nothing about the work"),
        (
            {"object_kind": "note", "object_attributes": {"noteable_type": "Commit"}},
            "a comment on a Commit",
        ),
        (
            {"object_kind": "milestone", "object_attributes": {"action": "create"}},
            "no work item has it yet",
        ),
    ],
)
def test_what_concerns_no_item_is_ignored_by_name(body: Any, reason: str) -> None:
    assert told(body).ignored == reason


def test_a_milestone_touches_its_project_and_a_renamed_project_both_its_names() -> None:
    milestone = {"object_kind": "milestone", "project": PROJECT,
                 "object_attributes": {"id": 1, "action": "close"}}  # fmt: skip
    assert told(milestone).containers == (ContainerKey("gl", "acme/ran"),)
    renamed = {"event_name": "project_rename", "path_with_namespace": "acme/new",
               "old_path_with_namespace": "acme/ran"}  # fmt: skip
    assert [one.key for one in told(renamed).containers] == ["acme/new", "acme/ran"]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{", b"\xff", b"null",
        b'{"object_kind": "issue"}',
        b'{"object_kind": ["issue"]}',
        b'{"object_kind": "issue", "object_attributes": {"id": true, "iid": 1}}',
        b'{"object_kind": "note"}',
        b'{"object_kind": "note", "object_attributes": {"noteable_type": "Issue"}}',
        b'{"object_kind": "milestone"}',
    ],
)  # fmt: skip
def test_rubbish_is_kept_and_not_refused(body: bytes) -> None:
    reply = receive("gl", by_token(body), [TOKEN])
    assert reply.status == 202
    assert reply.unreadable
    assert not (reply.refs)
    assert not (reply.containers)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    ),
    st.sampled_from(["object_attributes", "project", "issue", "event_name", "group"]),
    st.sampled_from(["issue", "work_item", "note", "milestone", "project_rename"]),
)
def test_no_body_raises_or_is_refused(value: Any, place: str, kind: str) -> None:
    body = {**ISSUE, "object_kind": kind, place: value}
    assert told(body).status == 202


# --- recorded deliveries --------------------------------------------------------------------------

NOT_OURS = "{} concerns no work item"
RECORDED: Final = {
    "comment-merge-request-event.json": "a comment on a MergeRequest",
    "comment-snippet-event.json": "a comment on a Snippet",
    "confidential-issue-event.json": "refs",
    "issue-event.json": "refs",
    "system-group-created.json": NOT_OURS.format("group_create"),
    "system-group-member-removed.json": NOT_OURS.format("user_remove_from_group"),
    "system-group-member-updated.json": NOT_OURS.format("user_update_for_group"),
    "system-group-removed.json": NOT_OURS.format("group_destroy"),
    "system-key-added.json": NOT_OURS.format("key_create"),
    "system-key-removed.json": NOT_OURS.format("key_destroy"),
    "system-merge-request-event.json": NOT_OURS.format("merge_request"),
    "system-project-created.json": NOT_OURS.format("project_create"),
    "system-project-renamed.json": "containers",
    "system-project-transferred.json": "containers",
    "system-project-updated.json": "containers",
    "system-push-event.json": NOT_OURS.format("push"),
    "system-tag-event.json": NOT_OURS.format("tag_push"),
    "system-team-member-added.json": NOT_OURS.format("user_add_to_team"),
    "system-team-member-removed.json": NOT_OURS.format("user_remove_from_team"),
    "system-user-failed-login.json": NOT_OURS.format("user_failed_login"),
    "system-user-removed.json": NOT_OURS.format("user_destroy"),
    "system-user-renamed.json": NOT_OURS.format("user_rename"),
}


def test_every_recorded_delivery_is_read_or_ignored_by_name(shared_data: Path) -> None:
    found = {}
    for path in sorted((shared_data / "webhooks" / "gitlab").glob("*.json")):
        reply = receive("gl", by_token(path.read_bytes()), [TOKEN])
        assert (reply.status, reply.unreadable) == (202, ""), path.name
        found[path.name] = reply.ignored or ("refs" if reply.refs else "containers")
    assert found == RECORDED


def test_recorded_issue_events_name_their_issue(shared_data: Path) -> None:
    for name in ("issue-event.json", "confidential-issue-event.json"):
        body = (shared_data / "webhooks" / "gitlab" / name).read_bytes()
        (ref,) = receive("gl", by_token(body), [TOKEN]).refs
        assert (ref.id, ref.locator) == ("301", "gitlabhq/gitlab-test#23")
