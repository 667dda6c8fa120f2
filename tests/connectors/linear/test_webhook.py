"""Linear's webhooks: genuine or not, late or not, and which items and containers they touch."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from connectors.linear.webhook import receive
from syncer.connect.protocol import HookReply, HookRequest
from syncer.domain.ref import ContainerKey, ItemRef

NOW: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECRET: Final = SecretStr("lin_wh_made_up")
OLDER: Final = SecretStr("lin_wh_made_up_before")
ID: Final = "2174add1-f7c8-44e3-bbf3-2d60b5ea8bc9"
OTHER: Final = "9cfb482a-81e3-4154-b5b9-2c805e70a02d"
ISSUE: Final = {
    "action": "update",
    "type": "Issue",
    "data": {"id": ID, "identifier": "RAN-12", "title": "Mast", "teamId": OTHER},
    "updatedFrom": {"title": "Mats"},
    "url": "https://linear.app/acme/issue/RAN-12/mast",
}


def signed(
    content: object, *, sent: datetime = NOW, secret: SecretStr = SECRET, **headers: str
) -> HookRequest:
    """Signed here, not by the code under test."""
    if isinstance(content, dict):
        content = {**content, "webhookTimestamp": round(sent.timestamp() * 1000)}
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    told = {
        "linear-delivery": "234d1a4e-b617-4388-90fe-adc3633d6b72",
        "linear-event": "Issue",
        "linear-signature": hmac.digest(
            secret.get_secret_value().encode(), body, hashlib.sha256
        ).hex(),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return HookRequest(method="POST", url="", headers=told, body=body, received_at=NOW)


def told(content: object, **how: Any) -> HookReply:
    return receive("li", signed(content, **how), [SECRET])


# --- who sent it, and when ------------------------------------------------------------------------


def test_a_signature_lets_a_delivery_in_and_linear_is_told_200() -> None:
    reply = told(ISSUE)
    assert (reply.status, reply.event) == (200, "Issue.update")
    assert reply.delivery_id == "234d1a4e-b617-4388-90fe-adc3633d6b72"
    assert reply.refs == (ItemRef("li", ID),)
    assert reply.refs[0].locator == "RAN-12"


@pytest.mark.parametrize("secrets", [[SECRET, OLDER], [OLDER, SECRET]])
def test_while_a_secret_is_changed_both_count(secrets: list[SecretStr]) -> None:
    for secret in secrets:
        assert receive("li", signed(ISSUE, secret=secret), secrets).status == 200


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(signed(ISSUE, linear_signature=""), id="no signature"),
        pytest.param(signed(ISSUE, linear_signature="0" * 64), id="a wrong one"),
        pytest.param(signed(ISSUE, linear_signature="ä" * 64), id="not ASCII"),
        pytest.param(signed(ISSUE, secret=OLDER), id="another secret"),
        pytest.param(HookRequest(method="POST", url="", headers={}, body=b"{}"), id="nothing"),
    ],
)
def test_forged_deliveries_are_refused(request_: HookRequest) -> None:
    assert receive("li", request_, [SECRET]) == HookReply(status=401)


@pytest.mark.parametrize("secrets", [[], [SecretStr("")]])
def test_without_a_secret_nobody_gets_in(secrets: list[SecretStr]) -> None:
    assert receive("li", signed(ISSUE), secrets).status == 401
    empty = hmac.digest(b"", b"{}", hashlib.sha256).hex()
    request = HookRequest(
        method="POST", url="", headers={"linear-signature": empty}, body=b"{}", received_at=NOW
    )
    assert receive("li", request, secrets).status == 401


@pytest.mark.parametrize(
    ("sent", "late"),
    [
        (timedelta(), False),
        (timedelta(seconds=-60), False),
        (timedelta(seconds=-61), True),
        (timedelta(hours=-6), True),
        (timedelta(seconds=61), True),
    ],
)
def test_a_delivery_that_comes_again_is_called_late_and_still_looked_into(
    sent: timedelta, *, late: bool
) -> None:
    """Linear sends again after a minute, an hour and six hours, with the time of the first try."""
    reply = told(ISSUE, sent=NOW + sent)
    assert reply.event == ("Issue.update.late" if late else "Issue.update")
    assert (reply.status, reply.refs) == (200, (ItemRef("li", ID),))


@pytest.mark.parametrize("stamp", [None, "now", True, [1]])
def test_a_body_without_its_time_is_late(stamp: object) -> None:
    body = json.dumps({**ISSUE, "webhookTimestamp": stamp}).encode()
    reply = told(body, linear_timestamp=str(round(NOW.timestamp() * 1000)))
    assert (reply.event, reply.status) == ("Issue.update.late", 200)


def test_who_knows_no_present_calls_nothing_late() -> None:
    request = signed(ISSUE, sent=NOW - timedelta(days=9))
    timeless = HookRequest(method="POST", url="", headers=request.headers, body=request.body)
    assert receive("li", timeless, [SECRET]).event == "Issue.update"


# --- what it touches ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_", "data", "refs"),
    [
        ("Issue", {"id": ID, "identifier": "RAN-12"}, [(ID, "RAN-12")]),
        ("Issue", {"id": ID, "identifier": "../admin"}, [(ID, "")]),
        ("Project", {"id": ID, "slugId": "0a1b"}, [(ID, "project/0a1b")]),
        ("Project", {"id": ID}, [(ID, "project/")]),
        ("Initiative", {"id": ID, "slugId": "0a1b"}, [(ID, "initiative/0a1b")]),
        ("Comment", {"id": OTHER, "issueId": ID}, [(ID, "")]),
        ("Comment", {"id": OTHER, "issue": {"id": ID, "identifier": "RAN-3"}}, [(ID, "RAN-3")]),
        ("Attachment", {"id": OTHER, "issueId": ID}, [(ID, "")]),
        ("IssueRelation", {"issueId": ID, "relatedIssueId": OTHER}, [(ID, ""), (OTHER, "")]),
        ("ProjectMilestone", {"projectId": ID}, [(ID, "project/")]),
        (
            "ProjectRelation",
            {"projectId": ID, "relatedProjectId": OTHER},
            [(ID, "project/"), (OTHER, "project/")],
        ),
        (
            "InitiativeToProject",
            {"projectId": ID, "initiativeId": OTHER},
            [(OTHER, "initiative/"), (ID, "project/")],
        ),
    ],
)
def test_items_are_named_by_their_ids(
    type_: str, data: dict[str, Any], refs: list[tuple[str, str]]
) -> None:
    reply = told({"type": type_, "action": "create", "data": data})
    assert (reply.unreadable, reply.ignored) == ("", "")
    assert [(ref.id, ref.locator) for ref in reply.refs] == refs
    assert reply.deleted == ()


@pytest.mark.parametrize("type_", ["Issue", "Project", "Initiative"])
def test_what_is_removed_is_asked_about(type_: str) -> None:
    reply = told({"type": type_, "action": "remove", "data": {"id": ID}})
    assert reply.deleted == reply.refs == (ItemRef("li", ID),)


def test_a_comment_that_is_removed_deletes_no_issue() -> None:
    reply = told({"type": "Comment", "action": "remove", "data": {"id": OTHER, "issueId": ID}})
    assert (reply.refs, reply.deleted) == ((ItemRef("li", ID),), ())


@pytest.mark.parametrize(
    ("type_", "data"),
    [
        ("ProjectUpdate", {"id": OTHER, "projectId": ID, "health": "atRisk"}),
        ("ProjectUpdate", {"id": OTHER, "project": {"id": ID}}),
        ("InitiativeUpdate", {"id": OTHER, "initiativeId": ID}),
    ],
)
def test_a_report_touches_its_subject_and_the_workspace(type_: str, data: dict[str, Any]) -> None:
    url = "https://linear.app/acme/project/network-0a1b/updates"
    reply = told({"type": type_, "action": "create", "data": data, "url": url})
    assert reply.refs == (ItemRef("li", ID),)
    assert reply.containers == (ContainerKey("li", "acme"),)
    for strange in (7, "http://[", "https://linear.app/", "https://linear.app/a b/c"):
        content = {"type": type_, "action": "create", "data": data, "url": strange}
        assert told(content).containers == ()


@pytest.mark.parametrize(
    "data", [{"projectUpdateId": ID}, {"projectId": ID}, {"initiativeId": ID}, {"postId": ID}]
)
def test_comments_on_anything_else_are_ignored(data: dict[str, Any]) -> None:
    reply = told({"type": "Comment", "action": "create", "data": {"id": OTHER, **data}})
    assert (reply.ignored, reply.event) == ("a comment on no issue", "Comment.create")


@pytest.mark.parametrize(
    "type_",
    ["IssueLabel", "Cycle", "Reaction", "Document", "User", "Customer", "CustomerNeed", "IssueSLA",
     "OAuthApp", "AppUserNotification", "PermissionChange", "ProjectLabel", "Team", "Moon"],
)  # fmt: skip
def test_everything_else_is_ignored_by_name(type_: str) -> None:
    reply = told({"type": type_, "action": "create", "data": {"id": ID}})
    assert (reply.event, reply.refs, reply.containers) == (f"{type_}.create", (), ())
    assert reply.ignored


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"{", b"\xff", {}, {"type": 7}, {"type": "a b"},
        {"type": "Issue"}, {"type": "Issue", "data": {"id": 7}},
        {"type": "Issue", "data": {"id": "../../admin"}}, {"type": "Issue", "data": [1]},
        {"type": "Comment", "data": {}}, {"type": "ProjectUpdate", "data": {"id": ID}},
        {"type": "IssueRelation", "data": {}},
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_kept_to_be_shown(content: object) -> None:
    reply = told(content)
    assert (reply.status, reply.refs, reply.deleted) == (200, (), ())
    assert reply.unreadable


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
))  # fmt: skip
def test_no_genuine_body_breaks_it(value: object) -> None:
    for content in (value, {"type": "Issue", "action": value, "data": value, "url": value}):
        assert told(content).status == 200
