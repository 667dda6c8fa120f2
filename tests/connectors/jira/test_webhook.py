"""The verdict on a webhook (trackers.md 3; attacks.md under its numbers)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from pydantic import SecretStr

from connectors.jira.webhook import receive
from syncer.connect.protocol import HookReply, HookRequest
from syncer.domain.ref import ContainerKey, ItemRef

SECRET = SecretStr("made-up-webhook-secret-of-tests")
OTHER = SecretStr("another-made-up-secret-of-tests")
NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)


def signature(body: bytes, secret: SecretStr = SECRET, algorithm: str = "sha256") -> str:
    key = secret.get_secret_value().encode()
    return f"{algorithm}={hmac.new(key, body, algorithm).hexdigest()}"


def raw(body: bytes, **headers: str) -> HookRequest:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HookRequest(
        method="POST",
        url="https://hooks.example/hooks/x",
        headers=named,
        body=body,
        received_at=NOW,
    )


def signed(body: bytes, **headers: str) -> HookRequest:
    return raw(body, x_hub_signature=signature(body), **headers)


def verdict(body: Any, **headers: str) -> HookReply:
    return receive("jira", signed(json.dumps(body).encode(), **headers), [SECRET])


def issue_event(event: str = "jira:issue_updated", **more: Any) -> dict[str, Any]:
    issue = {"id": "10001", "key": "NET-1", "self": "https://acme.example/rest/api/2/issue/10001"}
    return {"timestamp": 1_795_000_000_000, "webhookEvent": event, "issue": issue, **more}


BODY = json.dumps(issue_event()).encode()
REF = ItemRef("jira", "10001")


# --- is it genuine --------------------------------------------------------------------------------


def test_a_signed_delivery_names_its_issue_and_its_id() -> None:
    reply = receive("jira", signed(BODY, x_atlassian_webhook_identifier="w-1"), [SECRET])
    assert (reply.status, reply.delivery_id, reply.event) == (202, "w-1", "jira:issue_updated")
    assert (reply.refs, reply.refs[0].locator, reply.deleted) == ((REF,), "NET-1", ())


def test_the_delivery_is_known_again_when_jira_tries_again() -> None:
    tries = [
        signed(BODY, x_atlassian_webhook_identifier="w-1", x_atlassian_webhook_retry=str(n))
        for n in range(3)
    ]
    assert {receive("jira", one, [SECRET]).delivery_id for one in tries} == {"w-1"}


def test_data_center_sends_no_id() -> None:
    assert receive("jira", signed(BODY), [SECRET]).delivery_id == ""


@pytest.mark.parametrize("active", [[SECRET, OTHER], [OTHER, SECRET]])
def test_while_a_secret_is_changed_both_are_right(active: list[SecretStr]) -> None:
    assert receive("jira", signed(BODY), active).status == 202


HEX = signature(BODY).removeprefix("sha256=")


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(None, id="A1"),
        pytest.param("", id="A2 empty"),
        pytest.param(signature(BODY, OTHER), id="A2 wrong secret, A13"),
        pytest.param(f"sha256={HEX[:-1]}", id="A2 short"),
        pytest.param(f"sha256={HEX}0", id="A2 long"),
        pytest.param(HEX, id="A2 without its name"),
        pytest.param(f"SHA256={HEX}", id="A2 another name"),
        pytest.param(f" sha256={HEX}", id="A2 with a blank"),
        pytest.param(
            "sha256=" + base64.b64encode(bytes.fromhex(HEX)).decode(), id="A2 base64 for hex"
        ),
        pytest.param("sha256=" + "é" * 64, id="A3"),
        pytest.param("sha256=" + "\udcff" * 64, id="A3 raw bytes"),
        pytest.param(signature(BODY, algorithm="sha1"), id="A4"),
        pytest.param(f"sha256={HEX}, sha256={'0' * 64}", id="A7 joined"),
    ],
)
def test_what_is_not_signed_is_refused(header: str | None) -> None:
    request = raw(BODY) if header is None else raw(BODY, x_hub_signature=header)
    assert receive("jira", request, [SECRET]) == HookReply(status=401)


def test_a2_hexadecimal_digits_count_in_either_case() -> None:
    request = raw(BODY, x_hub_signature=f"sha256={HEX.upper()}")
    assert receive("jira", request, [SECRET]).status == 202


def test_a5_a_body_that_was_written_anew_is_another_body() -> None:
    anew = json.dumps(json.loads(BODY), separators=(",", ":")).encode()
    assert receive("jira", raw(anew, x_hub_signature=signature(BODY)), [SECRET]).status == 401


def test_a6_without_a_secret_nothing_is_genuine() -> None:
    empty = hmac.new(b"", BODY, hashlib.sha256).hexdigest()
    assert receive("jira", raw(BODY, x_hub_signature=f"sha256={empty}"), []).status == 401


@pytest.mark.parametrize("change", [BODY + b"\n", b"\xef\xbb\xbf" + BODY, BODY[:-1] + b" }"])
def test_a8_one_byte_more_is_refused(change: bytes) -> None:
    assert receive("jira", raw(change, x_hub_signature=signature(BODY)), [SECRET]).status == 401


def test_a9_a10_the_same_body_always_says_the_same() -> None:
    first, again = (
        receive("jira", signed(BODY, x_atlassian_webhook_identifier=id_), [SECRET])
        for id_ in ("w-1", "made-up-by-an-attacker")
    )
    assert (first.refs, first.event) == (again.refs, again.event)


# --- tokens of apps -------------------------------------------------------------------------------


def token(
    claims: dict[str, Any] | None = None, *, secret: SecretStr = SECRET, **header: Any
) -> str:
    told = {"exp": int(NOW.timestamp()) + 600} if claims is None else claims
    key = OctKey.import_key(secret.get_secret_value())
    return jwt.encode(
        {"alg": "HS256", **header}, told, key, algorithms=[header.get("alg", "HS256")]
    )


def bearing(told: str) -> HookReply:
    return receive("jira", raw(BODY, authorization=f"Bearer {told}"), [OTHER, SECRET])


def _part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _made_by_hand(header: Any, claims: Any) -> str:
    """A token whose signature is right, whatever it says."""
    return _sealed(f"{_part(header)}.{_part(claims)}")


def _sealed(content: str) -> str:
    key = SECRET.get_secret_value().encode()
    mac = hmac.new(key, content.encode(), hashlib.sha256).digest()
    return f"{content}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


LATER = {"exp": int(NOW.timestamp()) + 600}


def _with_exp(written: str) -> str:
    """A token that is signed and expires at what JSON's own writers would not write."""
    claims = base64.urlsafe_b64encode(b'{"exp":%s}' % written.encode()).rstrip(b"=").decode()
    return _sealed(f"{_part({'alg': 'HS256'})}.{claims}")


def test_a_token_of_the_app_is_right() -> None:
    assert bearing(token()).refs == (REF,)
    assert bearing(token(kid="some-key", typ="JWT")).refs == (REF,)


def test_a_token_is_right_for_one_who_knows_no_present() -> None:
    request = raw(BODY, authorization=f"Bearer {token({'exp': 1})}")
    blind = HookRequest(method="POST", url="", headers=request.headers, body=BODY)
    assert receive("jira", request, [SECRET]).status == 401
    assert receive("jira", blind, [SECRET]).status == 202


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(f"{_part({'alg': 'none'})}.{_part(LATER)}.", id="A15 none"),
        pytest.param(_made_by_hand({"alg": "none"}, LATER), id="A15 none, signed"),
        pytest.param(_made_by_hand({"alg": "RS256"}, LATER), id="A15 RS256 with the secret"),
        pytest.param(_made_by_hand({"alg": "hs256"}, LATER), id="A15 another case"),
        pytest.param(_made_by_hand({"alg": "HS256", "crit": ["x"]}, LATER), id="A15 crit"),
        pytest.param(_made_by_hand({}, LATER), id="A15 no algorithm"),
        pytest.param(_made_by_hand([], LATER), id="A15 no header"),
        pytest.param(_made_by_hand({"alg": "HS256"}, {}), id="A15 exp missing"),
        pytest.param(_made_by_hand({"alg": "HS256"}, {"exp": "9999999999"}), id="A15 exp a text"),
        pytest.param(_made_by_hand({"alg": "HS256"}, {"exp": True}), id="A15 exp a truth"),
        pytest.param(_made_by_hand({"alg": "HS256"}, {"exp": 1e999}), id="A15 exp without end"),
        pytest.param(_made_by_hand({"alg": "HS256"}, [1]), id="A15 claims a list"),
        pytest.param(_with_exp("NaN"), id="A12 not a number"),
        pytest.param(_with_exp("-1"), id="A12 negative"),
        pytest.param(_with_exp("1e30"), id="A12 10^30"),
        pytest.param(_with_exp("1" + "0" * 30), id="A12 10^30 in digits"),
        pytest.param(_with_exp("1" + "0" * 400), id="A12 beyond all floating numbers"),
        pytest.param(_with_exp("1" + "0" * 5000), id="A12 5000 digits"),
        pytest.param(_with_exp(f"{(LATER['exp']) * 1000}"), id="A12 milliseconds"),
        pytest.param(_with_exp('"1e9"'), id="A12 a text"),
        pytest.param(_made_by_hand({"alg": "HS256"}, {**LATER, "nbf": -1e30}), id="A12 nbf -10^30"),
        pytest.param(token({"exp": int((NOW - timedelta(minutes=2)).timestamp())}), id="expired"),
        pytest.param(
            token({**LATER, "nbf": int((NOW + timedelta(minutes=2)).timestamp())}), id="too early"
        ),
        pytest.param(token(secret=SecretStr("a-third-made-up-secret")), id="A15 wrong secret"),
        pytest.param(
            token(secret=SecretStr("/dev/null-made-up-secret"), kid="../../dev/null"),
            id="A15 kid is a path",
        ),
        pytest.param(token(alg="HS512"), id="A15 HS512"),
        pytest.param("", id="empty"),
        pytest.param("a.b", id="two parts"),
        pytest.param("a.b.c.d", id="four parts"),
        pytest.param("[" * 3000, id="no token"),
        pytest.param(_made_by_hand({"alg": "HS256"}, LATER)[:-1] + "é", id="not ASCII"),
    ],
)
def test_a_token_that_is_not_quite_right_is_refused(told: str) -> None:
    assert bearing(told) == HookReply(status=401)


def test_a15_a_public_key_is_no_secret() -> None:
    """RS256 to HS256: a token signed with the text of the public key as if it were the secret."""
    pair = RSAKey.generate_key(2048)
    told = jwt.encode({"alg": "RS256"}, LATER, pair)
    assert bearing(told).status == 401
    content = f"{_part({'alg': 'HS256'})}.{_part(LATER)}"
    mac = hmac.new(pair.as_pem(private=False), content.encode(), hashlib.sha256).digest()
    assert bearing(f"{content}.{base64.urlsafe_b64encode(mac).decode()}").status == 401


def test_deep_claims_raise_nothing() -> None:
    claims = "[" * 4000
    content = f"{_part({'alg': 'HS256'})}.{base64.urlsafe_b64encode(claims.encode()).decode()}"
    mac = hmac.new(SECRET.get_secret_value().encode(), content.encode(), hashlib.sha256).digest()
    assert bearing(f"{content}.{base64.urlsafe_b64encode(mac).decode()[:-1]}").status == 401


def test_a_wrong_signature_is_not_mended_by_a_token() -> None:
    both = raw(BODY, x_hub_signature=signature(BODY, OTHER), authorization=f"Bearer {token()}")
    assert receive("jira", both, [SECRET]).status == 401


@pytest.mark.parametrize("scheme", ["", "JWT ", "Basic ", "bearer"])
def test_other_ways_to_bear_a_token_are_none(scheme: str) -> None:
    request = raw(BODY, authorization=f"{scheme}{token()}")
    assert receive("jira", request, [SECRET]).status == 401


# --- what it touches ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "event", ["jira:issue_created", "jira:issue_updated", "comment_created", "comment_deleted"]
)
def test_an_event_of_an_issue_touches_it(event: str) -> None:
    reply = verdict(issue_event(event, comment={"id": "1"}))
    assert (reply.refs, reply.deleted, reply.ignored, reply.unreadable) == ((REF,), (), "", "")


def test_a_deleted_issue_is_said_to_be_deleted() -> None:
    reply = verdict(issue_event("jira:issue_deleted"))
    assert (reply.refs, reply.deleted) == ((REF,), (REF,))


def test_a_comment_of_a_server_names_its_issue_by_address() -> None:
    comment = {"self": "http://jira.example:8080/rest/api/2/issue/10013/comment/10082"}
    reply = verdict({"webhookEvent": "comment_created", "comment": comment})
    assert reply.refs == (ItemRef("jira", "10013"),)


def test_both_ends_of_a_link_are_touched() -> None:
    link = {"id": 1, "sourceIssueId": 10001, "destinationIssueId": 10002}
    reply = verdict({"webhookEvent": "issuelink_created", "issueLink": link})
    assert reply.refs == (ItemRef("jira", "10001"), ItemRef("jira", "10002"))


@pytest.mark.parametrize("event", ["worklog_created", "jira:worklog_updated"])
def test_a_work_log_names_its_issue(event: str) -> None:
    reply = verdict({"webhookEvent": event, "worklog": {"id": "1", "issueId": "10001"}})
    assert reply.refs == (REF,)


@pytest.mark.parametrize(
    ("event", "more"),
    [
        ("jira:version_released", {"version": {"id": "1", "project": "NET"}}),
        ("project_deleted", {"project": {"id": 10000, "key": "NET"}}),
        ("project_archived", {"project": {"id": 10000, "key": "NET"}}),
    ],
)
def test_an_event_of_a_project_is_one_of_its_container(event: str, more: dict[str, Any]) -> None:
    reply = verdict({"webhookEvent": event, **more})
    assert (reply.refs, reply.containers) == ((), (ContainerKey("jira", "NET"),))


@pytest.mark.parametrize(
    ("event", "more"),
    [
        ("jira:version_released", {"version": {"id": "1", "projectId": 10000}}),
        ("project_updated", {"project": {"key": 'NET" OR 1=1'}}),
        ("sprint_closed", {"sprint": {"id": 7}}),
        ("board_created", {}),
        ("user_created", {}),
        ("option_voting_changed", {}),
        ("attachment_created", {"attachment": {"id": "1"}}),
        ("issue_property_set", {}),
        ("something_new", {"issue": {"id": "10001"}}),
    ],
)
def test_what_concerns_no_item_is_ignored_by_its_name(event: str, more: dict[str, Any]) -> None:
    reply = verdict({"webhookEvent": event, **more})
    assert (reply.status, reply.refs, reply.containers, reply.unreadable) == (202, (), (), "")
    assert event in reply.ignored


@pytest.mark.parametrize(
    "body",
    [
        {"object_kind": "issue", "object_attributes": {"id": 301, "iid": 23}},
        {"webhookEvent": 7},
        {"webhookEvent": "jira:issue_updated"},
        {"webhookEvent": "jira:issue_updated", "issue": {"id": "NET-1"}},
        {"webhookEvent": "jira:issue_updated", "issue": [1]},
        {"webhookEvent": "jira:issue_deleted", "issue": {"id": -1}},
        {"webhookEvent": "comment_created", "comment": {"self": "https://x.example/issue/../7"}},
        {"webhookEvent": "worklog_created", "worklog": None},
        {"webhookEvent": "issuelink_created", "issueLink": {"sourceIssueId": "x"}},
        [],
        "text",
        None,
    ],
)
def test_a_genuine_delivery_of_another_shape_is_kept_as_unreadable(body: Any) -> None:
    reply = verdict(body)
    assert (reply.status, reply.refs, reply.containers, reply.ignored) == (202, (), (), "")
    assert reply.unreadable


def test_a14_a_real_gitlab_payload_is_kept_as_unreadable(shared_data: Path) -> None:
    body = (shared_data / "webhooks" / "gitlab" / "issue-event.json").read_bytes()
    reply = receive("jira", signed(body), [SECRET])
    assert (reply.status, bool(reply.unreadable), reply.refs) == (202, True, ())


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" * 100_000, id="A22 depth"),
        pytest.param(b"[" + b"0," * 1_000_000 + b"0]", id="A22 a million entries"),
        pytest.param(b'{"webhookEvent":"' + b"x" * 10_000_000 + b'"}', id="A22 ten megabytes"),
        pytest.param(b'{"webhookEvent":NaN}', id="A23 NaN"),
        pytest.param(b'{"webhookEvent":"jira:issue_updated","issue":{"id":1e999}}', id="A23 1e999"),
        pytest.param(
            b'{"webhookEvent":"jira:issue_updated","issue":{"id":' + b"9" * 5000 + b"}}",
            id="A23 5000 digits",
        ),
        pytest.param(b'{"webhookEvent":"\\ud800"}', id="A24 half a character"),
        pytest.param(b'{"webhookEvent":"a\\u0000b"}', id="A24 NUL"),
        pytest.param(b'{"webhookEvent":"\xc0\xaf"}', id="A24 overlong"),
        pytest.param('{"webhookEvent":"x"}'.encode("utf-16"), id="A24 UTF-16"),
        pytest.param(b'{"__proto__":{"webhookEvent":"x"},"__class__":1}', id="A25"),
    ],
)
def test_hostile_bodies_are_unreadable(body: bytes) -> None:
    reply = receive("jira", signed(body), [SECRET])
    assert (reply.status, bool(reply.unreadable), reply.refs) == (202, True, ())


def test_a23_of_doubled_keys_one_counts() -> None:
    body = b'{"webhookEvent":"jira:issue_updated","issue":{"id":"1","id":"10001","key":"A-1"}}'
    assert receive("jira", signed(body), [SECRET]).refs == (REF,)


@pytest.mark.parametrize("key", ["../x", "NET-1\r\nX: y", 7, None, "\u202eNET-1"])
def test_a_key_that_is_none_is_left_out(key: Any) -> None:
    reply = verdict({"webhookEvent": "jira:issue_updated", "issue": {"id": "10001", "key": key}})
    assert (reply.refs, reply.refs[0].locator) == ((REF,), "")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)
_EVENTS = [
    "jira:issue_updated", "jira:issue_deleted", "comment_created", "worklog_created",
    "issuelink_deleted", "jira:version_moved", "project_deleted", "board_created",
]  # fmt: skip
_PARTS = ["issue", "comment", "worklog", "issueLink", "version", "project"]
_INNER = st.dictionaries(
    st.sampled_from(["id", "key", "self", "issueId", "sourceIssueId", "project"]), _JSON
)


@given(st.sampled_from(_EVENTS), st.dictionaries(st.sampled_from(_PARTS), _INNER | _JSON))
def test_a_genuine_delivery_never_raises_and_always_says_something(
    event: str, parts: dict[str, Any]
) -> None:
    body = json.dumps({"webhookEvent": event, **parts}).encode()
    reply = receive("jira", signed(body), [SECRET])
    assert reply.status == 202
    assert sum(map(bool, (reply.refs or reply.containers, reply.ignored, reply.unreadable))) == 1
    assert all(re.fullmatch("[0-9]+", ref.id) for ref in reply.refs)


@given(st.binary(max_size=200), st.text(max_size=80), st.text(max_size=80))
def test_nothing_unsigned_gets_through(body: bytes, told: str, authorization: str) -> None:
    request = raw(body, x_hub_signature=told, authorization=f"Bearer {authorization}")
    assert receive("jira", request, [SECRET]) == HookReply(status=401)


# --- recorded bodies ------------------------------------------------------------------------------


def test_every_recorded_body_touches_the_issue_that_it_is_about(shared_data: Path) -> None:
    files = sorted((shared_data / "webhooks" / "jira").glob("*.json"))
    assert len(files) == 29
    for file in files:
        body = file.read_bytes()
        reply = receive("jira", signed(body), [SECRET])
        assert (reply.status, reply.unreadable, reply.ignored) == (202, "", ""), file.name
        assert [ref.id for ref in reply.refs] == [_issue_of(json.loads(body))], file.name
        assert bool(reply.deleted) == ("issue-deleted" in file.name), file.name


def _issue_of(body: dict[str, Any]) -> str:
    """The id of the issue, told in another way than the code under test tells it."""
    text = json.dumps(body)
    named = {str(issue.get("id")) for issue in [body.get("issue")] if isinstance(issue, dict)}
    return next(iter(named or set(re.findall(r"/rest/api/2/issue/(\d+)/comment/", text))))
