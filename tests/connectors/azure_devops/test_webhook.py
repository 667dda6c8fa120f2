"""Azure DevOps' service hooks: genuine or not, and which items they touch."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from connectors.azure_devops.webhook import receive
from syncer.connect.protocol import HookReply, HookRequest
from tests.connectors.azure_devops.small_ado import ACME, ref

PASSWORD: Final = SecretStr("made-up-password")
OLDER: Final = SecretStr("older-made-up-password")
API: Final = "https://dev.azure.com/acme/_apis/wit/workItems"
UPDATED: Final[dict[str, Any]] = {
    "subscriptionId": "00000000-0000-4000-8000-00000000000a",
    "notificationId": 7,
    "id": "00000000-0000-4000-8000-00000000000b",
    "eventType": "workitem.updated",
    "resource": {"id": 2, "workItemId": 12, "rev": 2, "url": f"{API}/12/updates/2"},
}


def basic(pair: str) -> str:
    return f"Basic {b64encode(pair.encode()).decode()}"


def request(body: bytes, authorization: str = basic("anybody:made-up-password")) -> HookRequest:
    return HookRequest(method="POST", url="", headers={"authorization": authorization}, body=body)


def told(**changes: Any) -> HookReply:
    body = {**UPDATED, **changes}
    kept = {name: value for name, value in body.items() if value is not ...}
    return receive(ACME, request(json.dumps(kept).encode()), [PASSWORD])


# --- who sent it ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "authorization",
    [
        basic("anybody:made-up-password"),
        basic(":made-up-password"),
        basic("x:older-made-up-password"),
        basic("anybody:made-up-password").replace("Basic", "basic"),
    ],
)
def test_the_password_lets_a_delivery_in_whoever_the_user(authorization: str) -> None:
    body = json.dumps(UPDATED).encode()
    reply = receive(ACME, request(body, authorization), [OLDER, PASSWORD])
    assert (reply.status, reply.event, reply.refs) == (202, "workitem.updated", (ref(12),))


def test_a_secret_may_name_the_user_too() -> None:
    body, both = json.dumps(UPDATED).encode(), SecretStr("kim:made:up")
    assert receive(ACME, request(body, basic("kim:made:up")), [both]).status == 202
    assert receive(ACME, request(body, basic("eve:made:up")), [both]).status == 401


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic",
        "Basic ",
        basic("made-up-password"),
        basic("made-up-password:"),
        basic("x:made-up-passwor"),
        basic("x:made-up-password "),
        basic("x:"),
        basic(":"),
        basic("x:made-up-password")[:-1],
        basic("x:made-up-password") + "=",
        "Bearer made-up-password",
        "Basic made-up-password",
        "Basic " + b64encode(b"\xff:\xfe").decode(),
        "Basic " + "QUJD" * 2000,
    ],
)
def test_forged_deliveries_are_refused(authorization: str) -> None:
    body = json.dumps(UPDATED).encode()
    assert receive(ACME, request(body, authorization), [PASSWORD]) == HookReply(status=401)


@pytest.mark.parametrize("secrets", [[], [SecretStr("")]])
def test_without_a_secret_nobody_gets_in(secrets: list[SecretStr]) -> None:
    body = json.dumps(UPDATED).encode()
    for authorization in (basic(":"), basic("x:"), basic("x:made-up-password"), ""):
        assert receive(ACME, request(body, authorization), secrets).status == 401


# --- what it touches ------------------------------------------------------------------------------


@pytest.mark.parametrize("event", ["created", "restored", "commented"])
def test_what_happened_to_an_item_names_it(event: str) -> None:
    reply = told(eventType=f"workitem.{event}", resource={"id": 12, "fields": {}})
    assert (reply.refs, reply.deleted) == ((ref(12),), ())
    assert reply.refs[0].locator == "AB#12"


def test_a_deletion_is_told_as_such() -> None:
    reply = told(eventType="workitem.deleted", resource={"id": 12})
    assert (reply.refs, reply.deleted) == ((ref(12),), (ref(12),))


@pytest.mark.parametrize(
    "resource",
    [
        {"id": 2, "workItemId": 12},
        {"id": 2, "revision": {"id": 12, "rev": 2}},
        {"id": 2, "url": f"{API}/12/updates/2"},
        {"id": 2, "url": f"{API}/12"},
    ],
)
def test_the_id_of_an_update_is_not_that_of_its_item(resource: dict[str, Any]) -> None:
    assert told(resource=resource).refs == (ref(12),)


def test_a_delivery_without_details_touches_the_organisation() -> None:
    for resource in (None, ...):
        reply = told(resource=resource)
        assert (reply.refs, reply.containers, reply.unreadable) == ((), (ACME,), "")


def test_one_event_comes_once_for_each_subscription() -> None:
    one, other = told(), told(subscriptionId="00000000-0000-4000-8000-00000000000c")
    assert one.delivery_id != other.delivery_id
    assert told(id=...).delivery_id.endswith(":7")
    assert told(subscriptionId=...).delivery_id == UPDATED["id"]


@pytest.mark.parametrize(
    "event", ["git.push", "build.complete", "workitem.dreamed", "tfvc.checkin"]
)
def test_everything_else_is_ignored_by_name(event: str) -> None:
    assert told(eventType=event).ignored == f"{event} concerns no work item"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{", b"\xff", b"null", b"{}",
        b'{"eventType": ["workitem.updated"]}',
        b'{"eventType": "workitem.updated", "resource": {"id": 2}}',
        b'{"eventType": "workitem.updated", "resource": [12]}',
        b'{"eventType": "workitem.created", "resource": {"id": true}}',
        b'{"eventType": "workitem.created", "resource": {"id": 0, "url": "x"}}',
        b'{"eventType": "workitem.deleted", "resource": {}}',
    ],
)  # fmt: skip
def test_rubbish_is_kept_and_not_refused(body: bytes) -> None:
    reply = receive(ACME, request(body), [PASSWORD])
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
    st.sampled_from(["resource", "id", "eventType", "subscriptionId", "notificationId"]),
)
def test_no_body_raises_or_is_refused(value: Any, place: str) -> None:
    assert told(**{place: value}).status == 202


# --- recorded deliveries --------------------------------------------------------------------------


def test_every_recorded_delivery_is_ignored_by_name(shared_data: Path) -> None:
    found = {}
    for path in sorted((shared_data / "webhooks" / "azuredevops").glob("*.json")):
        reply = receive(ACME, request(path.read_bytes()), [PASSWORD])
        assert (reply.status, reply.unreadable, reply.refs) == (202, "", ()), path.name
        found[path.name] = reply.ignored
    assert found == {
        "git.pullrequest.created.json": "git.pullrequest.created concerns no work item",
        "git.pullrequest.merged.json": "git.pullrequest.merged concerns no work item",
        "git.push.json": "git.push concerns no work item",
    }
