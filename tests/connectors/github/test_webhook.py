"""GitHub's webhooks: genuine or not, and which items and repositories they touch."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote_plus, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from connectors.github.webhook import receive
from scripts.fetch_webhook_examples import TARGET
from syncer.connect.protocol import HookReply, HookRequest
from syncer.domain.ref import ContainerKey, ItemRef

SECRET: Final = SecretStr("made-up-hook-secret")
REPOSITORY: Final = {"id": 5, "full_name": "acme/phone", "private": False}
ISSUE: Final = {
    "id": 9001,
    "number": 12,
    "url": "https://api.github.com/repos/acme/phone/issues/12",
    "repository_url": "https://api.github.com/repos/acme/phone",
    "title": "The antenna rattles",
}
REF: Final = ItemRef("gh", "9001", "acme/phone#12")
PHONE: Final = ContainerKey("gh", "acme/phone")


def signature(body: bytes, secret: str = SECRET.get_secret_value()) -> str:
    """Computed here, not by the code under test."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def request(event: str, body: bytes, **headers: str) -> HookRequest:
    """A delivery as GitHub makes one; `headers` (with underscores) replace or add some."""
    usual = {
        "content-type": "application/json",
        "x-github-event": event,
        "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "x-hub-signature-256": signature(body),
    }
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HookRequest(
        method="POST", url="https://hooks.example/hooks/e1", headers=usual | named, body=body
    )


def told(event: str, content: object) -> HookReply:
    return receive("gh", request(event, json.dumps(content).encode()), [SECRET])


def located(replied: HookReply) -> list[str]:
    return [ref.locator for ref in replied.refs]


# --- who sent it ----------------------------------------------------------------------------------

BODY: Final = json.dumps({"action": "opened", "issue": ISSUE, "repository": REPOSITORY}).encode()
RIGHT: Final = signature(BODY)


def test_a_signed_delivery_is_accepted() -> None:
    assert receive("gh", request("issues", BODY), [SECRET]) == HookReply(
        status=202,
        delivery_id="72d3162e-cc78-11e3-81ab-4c9367dc0958",
        event="issues.opened",
        refs=(REF,),
    )


@pytest.mark.parametrize(
    ("body", "header"),
    [
        pytest.param(BODY, "", id="A1-none"),
        pytest.param(BODY, "sha256=" + "0" * 64, id="A2-wrong"),
        pytest.param(BODY, RIGHT[:-1], id="A2-short"),
        pytest.param(BODY, RIGHT + "0", id="A2-long"),
        pytest.param(BODY, RIGHT.removeprefix("sha256="), id="A2-no-prefix"),
        pytest.param(BODY, "SHA256=" + RIGHT[7:], id="A2-uppercase-prefix"),
        pytest.param(BODY, "sha256=nUfkDmz4Ty" + "=" * 54, id="A2-base64"),
        pytest.param(BODY, "sha256=" + "é" * 64, id="A3-not-ascii"),
        pytest.param(BODY, "sha256=" + "\udcff" * 64, id="A3-latin-1-bytes"),
        pytest.param(
            BODY,
            "sha1=" + hmac.new(b"made-up-hook-secret", BODY, hashlib.sha1).hexdigest(),
            id="A4-sha1",
        ),
        pytest.param(BODY, signature(json.dumps(json.loads(BODY), indent=1).encode()), id="A5"),
        pytest.param(BODY, signature(BODY, ""), id="A6-empty-key"),
        pytest.param(BODY[:-1] + b" }", RIGHT, id="A8-altered"),
        pytest.param(BODY + b"\n", RIGHT, id="A8-newline"),
        pytest.param(b"\xef\xbb\xbf" + BODY, RIGHT, id="A8-bom"),
        pytest.param(BODY, signature(BODY, "the secret of another endpoint"), id="A13"),
    ],
)
def test_anything_but_the_right_signature_is_refused(body: bytes, header: str) -> None:
    refusal = receive("gh", request("issues", body, x_hub_signature_256=header), [SECRET])
    assert refusal == HookReply(status=401)


def test_a2_hexadecimal_digits_count_in_either_case() -> None:
    upper = "sha256=" + RIGHT.removeprefix("sha256=").upper()
    assert receive("gh", request("issues", BODY, x_hub_signature_256=upper), [SECRET]).status == 202


def test_a4_the_older_header_counts_for_nothing() -> None:
    sha1 = "sha1=" + hmac.new(b"made-up-hook-secret", BODY, hashlib.sha1).hexdigest()
    for sent in ({"x_hub_signature": sha1}, {"x_hub_signature": RIGHT}):
        headers = {"x_hub_signature_256": "", **sent}
        assert receive("gh", request("issues", BODY, **headers), [SECRET]).status == 401


def test_a6_without_secrets_nobody_is_let_in() -> None:
    assert receive("gh", request("issues", BODY), []) == HookReply(status=401)


def test_a6_an_empty_secret_is_no_secret() -> None:
    with pytest.raises(ValueError, match="empty secret"):
        receive("gh", request("issues", BODY), [SecretStr("")])


def test_the_secret_before_the_last_change_still_counts() -> None:
    secrets = [SecretStr("the new one"), SECRET]
    assert receive("gh", request("issues", BODY), secrets).status == 202


def test_a9_a10_a_replay_reads_the_same_under_whatever_delivery_id() -> None:
    first = receive("gh", request("issues", BODY), [SECRET])
    again = receive("gh", request("issues", BODY), [SECRET])
    fresh = receive("gh", request("issues", BODY, x_github_delivery="another"), [SECRET])
    assert again == first
    assert (fresh.delivery_id, fresh.refs) == ("another", first.refs)


def test_headers_that_nobody_signed_are_cleaned() -> None:
    hostile = "1\r\nINFO all is well\x00\udcff" + "9" * 5000
    reply = receive("gh", request("issues", BODY, x_github_delivery=hostile), [SECRET])
    assert reply.delivery_id.startswith("1INFO all is well999")
    assert len(reply.delivery_id) == 200
    unnamed = receive("gh", request("issues\nINFO", BODY), [SECRET])
    assert (unnamed.event, unnamed.unreadable) == ("opened", "it names no event")


# --- what it touches ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "action",
    ["opened", "edited", "closed", "reopened", "typed", "milestoned", "pinned", "something_new"],
)
def test_whatever_happens_to_an_issue_touches_it(action: str) -> None:
    reply = told("issues", {"action": action, "issue": ISSUE, "repository": REPOSITORY})
    assert (reply.status, reply.event) == (202, f"issues.{action}")
    assert (reply.refs, located(reply)) == ((REF,), ["acme/phone#12"])
    assert not (reply.deleted)
    assert not (reply.containers)
    assert not reply.ignored
    assert not reply.unreadable


def test_a_deletion_is_told_as_one() -> None:
    reply = told("issues", {"action": "deleted", "issue": ISSUE, "repository": REPOSITORY})
    assert (reply.refs, reply.deleted) == ((REF,), (REF,))


NEW: Final = {"id": 9777, "number": 3, "repository_url": "https://api.github.com/repos/acme/masts"}


def test_a_transfer_touches_the_old_issue_and_the_new() -> None:
    changes = {"new_issue": NEW, "new_repository": {"full_name": "acme/masts"}}
    reply = told(
        "issues",
        {"action": "transferred", "issue": ISSUE, "changes": changes, "repository": REPOSITORY},
    )
    assert reply.refs == (REF, ItemRef("gh", "9777"))
    assert located(reply) == ["acme/phone#12", "acme/masts#3"]
    assert reply.deleted == ()


def test_the_receiving_repository_tells_of_a_transfer_too() -> None:
    changes = {"old_issue": ISSUE, "old_repository": REPOSITORY}
    reply = told(
        "issues",
        {
            "action": "opened",
            "issue": NEW,
            "changes": changes,
            "repository": {"full_name": "acme/masts"},
        },
    )
    assert located(reply) == ["acme/masts#3", "acme/phone#12"]


@pytest.mark.parametrize("event", ["issues", "issue_comment"])
def test_pull_requests_are_ignored_by_name(event: str) -> None:
    issue = ISSUE | {"pull_request": {"url": "https://api.github.com/repos/acme/phone/pulls/12"}}
    reply = told(event, {"action": "created", "issue": issue, "repository": REPOSITORY})
    assert (reply.refs, reply.ignored, reply.unreadable) == ((), "a pull request", "")


def test_a_comment_touches_its_issue() -> None:
    comment = {"id": 1, "body": "Seen again."}
    body = {"action": "created", "issue": ISSUE, "comment": comment, "repository": REPOSITORY}
    assert told("issue_comment", body).refs == (REF,)


def test_a_deleted_comment_deletes_no_issue() -> None:
    reply = told("issue_comment", {"action": "deleted", "issue": ISSUE, "repository": REPOSITORY})
    assert (reply.refs, reply.deleted) == ((REF,), ())


@pytest.mark.parametrize(
    ("event", "first", "second"),
    [
        ("sub_issues", "sub_issue", "parent_issue"),
        ("issue_dependencies", "blocked_issue", "blocking_issue"),
    ],
)
def test_an_edge_touches_both_ends(event: str, first: str, second: str) -> None:
    bare = {"id": 9777, "number": 3}
    body = {
        "action": "some_added",
        first: ISSUE,
        second: bare,
        f"{second}_repo": {"full_name": "acme/masts"},
        "repository": REPOSITORY,
    }
    assert located(told(event, body)) == ["acme/phone#12", "acme/masts#3"]
    del body[f"{second}_repo"]
    assert located(told(event, body)) == ["acme/phone#12", "acme/phone#3"]
    del body[first]
    assert located(told(event, body)) == ["acme/phone#3"]


@pytest.mark.parametrize("event", ["milestone", "label"])
@pytest.mark.parametrize("action", ["edited", "closed", "opened", "deleted"])
def test_what_issues_share_touches_their_repository(event: str, action: str) -> None:
    reply = told(event, {"action": action, event: {"id": 7}, "repository": REPOSITORY})
    assert (reply.containers, reply.refs) == ((PHONE,), ())


@pytest.mark.parametrize("event", ["milestone", "label"])
def test_what_no_issue_has_yet_is_ignored(event: str) -> None:
    reply = told(event, {"action": "created", event: {"id": 7}, "repository": REPOSITORY})
    assert (reply.event, reply.ignored) == (f"{event}.created", "no work item has it yet")


@pytest.mark.parametrize("action", ["archived", "deleted", "privatized", "publicized"])
def test_what_becomes_of_a_repository_touches_it(action: str) -> None:
    assert told("repository", {"action": action, "repository": REPOSITORY}).containers == (PHONE,)


@pytest.mark.parametrize(
    ("action", "changes", "former"),
    [
        ("renamed", {"repository": {"name": {"from": "handset"}}}, "acme/handset"),
        ("transferred", {"owner": {"from": {"user": {"login": "kim"}}}}, "kim/phone"),
        ("transferred", {"owner": {"from": {"organization": {"login": "old"}}}}, "old/phone"),
    ],
)
def test_both_names_of_a_repository_are_touched(action: str, changes: object, former: str) -> None:
    reply = told("repository", {"action": action, "repository": REPOSITORY, "changes": changes})
    assert reply.containers == (PHONE, ContainerKey("gh", former))


@pytest.mark.parametrize(
    ("event", "content", "why"),
    [
        ("ping", {"zen": "Be plain.", "hook_id": 1}, "ping concerns no work item"),
        ("push", {"ref": "refs/heads/main"}, "push concerns no work item"),
        ("a_new_event", {"action": "x"}, "a_new_event concerns no work item"),
        (
            "repository",
            {"action": "edited", "repository": REPOSITORY},
            "changes nothing about work items",
        ),
        (
            "projects_v2_item",
            {"action": "edited", "projects_v2_item": {"content_type": "DraftIssue"}},
            "about a DraftIssue",
        ),
    ],
)
def test_everything_else_is_ignored_by_name(event: str, content: object, why: str) -> None:
    reply = told(event, content)
    assert (reply.status, reply.ignored, reply.unreadable) == (202, why, "")
    assert reply.event.startswith(event)


def test_an_item_of_a_project_names_no_issue_that_could_be_asked_for() -> None:
    item = {"content_type": "Issue", "content_node_id": "I_kwDOmadeup"}
    reply = told("projects_v2_item", {"action": "edited", "projects_v2_item": item})
    assert (reply.refs, reply.containers) == ((), ())
    assert reply.ignored.startswith("names an issue by its node id only")


def test_the_body_of_a_form_is_read() -> None:
    body = b"payload=" + quote_plus(BODY.decode()).encode()
    form = "application/x-www-form-urlencoded; charset=utf-8"
    assert receive("gh", request("issues", body, content_type=form), [SECRET]).refs == (REF,)


def test_the_bodys_word_on_who_may_see_it_counts_for_nothing() -> None:
    private = {"action": "edited", "issue": ISSUE, "repository": REPOSITORY | {"private": True}}
    public = {"action": "edited", "issue": ISSUE, "repository": REPOSITORY}
    assert told("issues", private) == told("issues", public)


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "content"),
    [
        ("issues", {}),
        ("issues", {"action": "opened", "issue": None, "repository": None}),
        ("issues", {"issue": {"id": "x", "number": 1}, "repository": REPOSITORY}),
        ("issues", {"issue": {"id": True, "number": True}, "repository": REPOSITORY}),
        ("issues", {"issue": {"id": 2**70, "number": 1}, "repository": REPOSITORY}),
        ("issues", {"issue": {"id": 1, "number": 1}, "repository": {"full_name": "../x"}}),
        ("issues", {"issue": {"id": 1, "number": 1}, "repository": {"full_name": "a/b\x00"}}),
        ("issues", {"issue": {"id": 1, "number": 1}, "repository": {"full_name": "a/b/c"}}),
        ("issue_comment", {"issue": []}),
        ("sub_issues", {"sub_issue": 7}),
        ("issue_dependencies", {"blocked_issue_id": 7}),
        ("milestone", {"action": "edited"}),
        ("label", {"action": "deleted", "repository": "acme/phone"}),
        ("repository", {"action": "renamed", "repository": [], "changes": {"repository": 3}}),
        ("projects_v2_item", {"projects_v2_item": {"content_type": "<b>"}}),
    ],
)
def test_a_genuine_body_of_another_shape_is_kept_as_unreadable(event: str, content: object) -> None:
    reply = told(event, content)
    assert reply.status == 202
    assert reply.unreadable
    assert not (reply.refs)
    assert not (reply.containers)
    assert not reply.ignored


def test_a14_another_trackers_body_under_a_right_signature_is_kept_as_unreadable() -> None:
    body = json.dumps({"object_kind": "issue", "object_attributes": {"id": 1}}).encode()
    sent = request("", body, x_gitlab_event="Issue Hook")
    reply = receive("gh", sent, [SECRET])
    assert (reply.status, reply.unreadable) == (202, "it names no event")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" * 100_000, id="A22-deep-list"),
        pytest.param(b'{"issue":' * 100_000 + b"1" + b"}" * 100_000, id="A22-deep-object"),
        pytest.param(b'{"action":"x","issue":{"id":NaN}}', id="A23-nan"),
        pytest.param(b'{"issue":{"id":' + b"9" * 5000 + b"}}", id="A23-5000-digits"),
        pytest.param(b'{"issue":{"id":1e999,"number":1}}', id="A23-1e999"),
        pytest.param(b'\xef\xbb\xbf{"action":"x"}', id="A24-bom"),
        pytest.param('{"action":"x"}'.encode("utf-16"), id="A24-utf16"),
        pytest.param(b'{"action":"\xc0\xaf"}', id="A24-overlong"),
        pytest.param(b'{"action":"\\u0000","issue":{"id":"\\u0000"}}', id="A24-nul"),
        pytest.param(b'{"__proto__":{"id":1},"__class__":"x"}', id="A25"),
        pytest.param(b"", id="empty"),
        pytest.param(b"[]", id="list"),
    ],
)
def test_a_signed_body_of_rubbish_is_kept_as_unreadable(body: bytes) -> None:
    reply = receive("gh", request("issues", body), [SECRET])
    assert (reply.status, bool(reply.unreadable), reply.refs) == (202, True, ())


def test_a23_of_doubled_keys_the_last_counts() -> None:
    issue = json.dumps(ISSUE)
    doubled = f'{{"issue":{{"id":1,"number":1}},"issue":{issue}}}'.encode()
    assert receive("gh", request("issues", doubled), [SECRET]).refs == (REF,)


def test_a24_half_a_character_in_a_title_costs_no_delivery() -> None:
    half = BODY.replace(b"rattles", b"r\\ud800s")
    assert receive("gh", request("issues", half), [SECRET]).refs == (REF,)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([
                "action", "issue", "id", "number", "repository", "full_name", "repository_url",
                "changes", "owner", "from", "name", "user", "login", "new_issue", "sub_issue",
                "parent_issue", "projects_v2_item", "content_type", "pull_request",
            ]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)  # fmt: skip
EVENTS = st.sampled_from([
    "issues", "issue_comment", "sub_issues", "issue_dependencies", "milestone", "label",
    "repository", "projects_v2_item", "ping",
])  # fmt: skip


@given(EVENTS, ANY)
def test_no_signed_json_raises_and_every_reply_says_one_thing(event: str, content: object) -> None:
    reply = told(event, content)
    outcomes = [reply.refs or reply.containers, reply.ignored, reply.unreadable]
    assert reply.status == 202
    assert sum(map(bool, outcomes)) == 1


# --- recorded bodies ------------------------------------------------------------------------------

RECORDED: Final = {
    "commit-comment.json": ("commit_comment", "commit_comment concerns no work item"),
    "label.json": ("label", "no work item has it yet"),
    "milestone.json": ("milestone", "no work item has it yet"),
    "workflow_run.json": ("workflow_run", "workflow_run concerns no work item"),
}


def test_recorded_bodies_are_ignored_by_name(shared_data: Path) -> None:
    files = sorted((shared_data / "webhooks" / "github").iterdir())
    assert {file.name for file in files} == set(RECORDED)
    for file in files:
        event, why = RECORDED[file.name]
        reply = receive("gh", request(event, file.read_bytes()), [SECRET])
        assert (reply.status, reply.ignored) == (202, why)


@pytest.fixture(scope="module")
def examples() -> list[tuple[str, dict[str, Any]]]:
    """Every example of npm's `@octokit/webhooks-examples` with the name of its event.

    It holds none of `sub_issues` and `issue_dependencies`, which are newer.
    """
    file = Path(os.environ.get("SYNCER_TEST_WEBHOOK_EXAMPLES") or TARGET)
    if not file.is_file():
        pytest.skip("no webhook examples: run scripts/fetch_webhook_examples.py (needs npm)")
    return [
        (event["name"], example)
        for event in json.loads(file.read_bytes())
        for example in event["examples"]
    ]


def by_its_address(issue: dict[str, Any]) -> tuple[str, str]:
    """Id and locator of an issue, read off its own address."""
    owner, name, _kind, number = urlsplit(issue["html_url"]).path.strip("/").split("/")
    return str(issue["id"]), f"{owner}/{name}#{number}"


def expected_refs(event: str, body: dict[str, Any]) -> set[tuple[str, str]]:
    if event not in ("issues", "issue_comment") or "pull_request" in body["issue"]:
        return set()
    changes = body.get("changes", {})
    issues = [body["issue"], *(changes[k] for k in ("old_issue", "new_issue") if k in changes)]
    return {by_its_address(issue) for issue in issues}


def expected_containers(event: str, body: dict[str, Any]) -> set[str]:
    name = body.get("repository", {}).get("full_name")
    if event in ("milestone", "label"):
        return set() if body["action"] == "created" else {name}
    if event != "repository" or body["action"] in ("created", "edited"):
        return set()
    owner, _, short = name.partition("/")
    changes = body.get("changes", {})
    former = {
        "renamed": lambda: f"{owner}/{changes['repository']['name']['from']}",
        "transferred": lambda: f"{changes['owner']['from']['user']['login']}/{short}",
    }.get(body["action"])
    return {name} | ({former()} if former else set())


def test_all_published_examples_are_accepted_or_ignored_by_name(
    examples: list[tuple[str, dict[str, Any]]],
) -> None:
    assert len(examples) == 329
    touching = dict.fromkeys(("issues", "issue_comment", "milestone", "label", "repository"), 0)
    for event, body in examples:
        reply = told(event, body)
        refs, containers = expected_refs(event, body), expected_containers(event, body)
        assert (reply.status, reply.unreadable) == (202, ""), event
        assert {(ref.id, ref.locator) for ref in reply.refs} == refs
        assert {container.key for container in reply.containers} == containers
        assert bool(reply.ignored) != bool(refs or containers)
        assert bool(reply.deleted) == (event == "issues" and body.get("action") == "deleted")
        if refs or containers:
            touching[event] += 1
    assert touching == {
        "issues": 25, "issue_comment": 9, "milestone": 3, "label": 3, "repository": 9,
    }  # fmt: skip
