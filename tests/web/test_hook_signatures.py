"""Who may bring a delivery: rows A1 to A19, A62 and A74 of spec/attacks.md."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncGenerator
from functools import partial

import pytest
from pydantic import SecretStr

from connectors.github import webhook as github
from syncer.connect.protocol import HookReply, HookRequest
from syncer.errors import ConfigError
from syncer.store.endpoints import load_endpoints
from syncer.store.engine import Store
from syncer.store.inbox import InboxState, load_delivery
from syncer.web.hooks import Endpoint, open_endpoint
from tests.web.door import (
    GITHUB,
    JIRA,
    JIRA_SECRET,
    SECRET,
    Door,
    Header,
    issue,
    open_door,
    request,
    signature,
)

SIGNATURE = "X-Hub-Signature-256"


@pytest.fixture
async def door(store: Store) -> AsyncGenerator[Door]:
    async with open_door(store) as opened:
        yield opened


async def test_a_genuine_delivery_is_kept_before_it_is_acknowledged(door: Door) -> None:
    body = issue()

    answer = await door.signed(body)

    [delivery] = await door.kept()
    await door.keeper.flush()
    assert answer.status == 202
    assert delivery.state is InboxState.PENDING
    assert [(ref.id, ref.locator) for ref in delivery.refs] == [("1012", "acme/phone#12")]
    async with door.store.read() as session:
        raw = await load_delivery(session, delivery.id)
        states = {one.connection: one for one in await load_endpoints(session)}
    assert raw.body == body
    assert raw.headers["x-github-delivery"] == "guid-1"
    assert states["github"].last_event == "issues.edited"
    assert door.outcomes == {("github", "accepted"): 1}


def _hex(body: bytes) -> str:
    return signature(body).removeprefix("sha256=")


BODY = issue()
DIGEST = hmac.digest(SECRET.encode(), BODY, hashlib.sha256)
SHA1 = hmac.digest(SECRET.encode(), BODY, hashlib.sha1).hex()
RE_SERIALISED = json.dumps(json.loads(BODY), indent=1).encode()

FORGED: dict[str, list[Header]] = {
    "A1 none": [],
    "A2 empty": [(SIGNATURE, "")],
    "A2 wrong": [(SIGNATURE, "sha256=" + "0" * 64)],
    "A2 short": [(SIGNATURE, "sha256=" + _hex(BODY)[:-1])],
    "A2 long": [(SIGNATURE, "sha256=" + _hex(BODY) + "0")],
    "A2 base64": [(SIGNATURE, "sha256=" + base64.b64encode(DIGEST).decode())],
    "A2 no prefix": [(SIGNATURE, _hex(BODY))],
    "A2 upper-case prefix": [(SIGNATURE, "SHA256=" + _hex(BODY))],
    "A2 two in one": [(SIGNATURE, f"{signature(BODY)}, {signature(BODY)}")],
    "A3 UTF-8": [(SIGNATURE, "sha256=" + "ä" * 32)],
    "A3 Latin-1": [(SIGNATURE, b"sha256=" + b"\xe4" * 64)],
    "A4 SHA-1": [("X-Hub-Signature", f"sha1={SHA1}")],
    "A4 SHA-1 in the newer header": [(SIGNATURE, f"sha1={SHA1}")],
    "A5 of the re-serialised body": [(SIGNATURE, signature(RE_SERIALISED))],
    "A6 with an empty key": [(SIGNATURE, signature(BODY, ""))],
    "A13 of another tenant": [(SIGNATURE, signature(BODY, JIRA_SECRET))],
}


@pytest.mark.parametrize("headers", FORGED.values(), ids=FORGED)
async def test_what_proves_nothing_is_refused_and_not_kept(
    door: Door, headers: list[Header]
) -> None:
    answer = await door.post(BODY, *headers)

    assert (answer.status, answer.body) == (401, b"401 Unauthorized\n")
    assert await door.kept() == []
    assert door.incoming == []
    assert door.outcomes == {("github", "refused"): 1}


async def test_a2_hexadecimal_digits_count_in_either_case(door: Door) -> None:
    answer = await door.post(BODY, (SIGNATURE, "sha256=" + _hex(BODY).upper()))

    assert answer.status == 202


ALTERED = {
    "one byte": BODY[:-1] + b" ",
    "trailing newline": BODY + b"\n",
    "byte order mark": b"\xef\xbb\xbf" + BODY,
    "empty": b"",
}


@pytest.mark.parametrize("body", ALTERED.values(), ids=ALTERED)
async def test_a8_an_altered_body_is_refused(door: Door, body: bytes) -> None:
    answer = await door.post(body, (SIGNATURE, signature(BODY)))

    assert answer.status == 401
    assert await door.kept() == []


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    "twice",
    [
        [(SIGNATURE, "sha256=" + "0" * 64), (SIGNATURE, signature(BODY))],
        [(SIGNATURE, signature(BODY)), ("x-hub-SIGNATURE-256", "sha256=" + "0" * 64)],
        [(SIGNATURE, signature(BODY)), ("X-GitHub-Delivery", "guid-2")],
        [(SIGNATURE, signature(BODY)), ("X-GitHub-Event", "push")],
        [(SIGNATURE, signature(BODY)), ("Content-Type", "text/plain")],
        [(SIGNATURE, signature(BODY)), ("Host", "hooks.example.com")],
    ],
    ids=["signature", "signature in other letters", "delivery", "event", "content type", "host"],
)
async def test_a7_a_header_that_matters_comes_once(
    door: Door, twice: list[Header], *, known: bool
) -> None:
    answer = await door.post(BODY, *twice, endpoint=GITHUB if known else "unknown-endpoint")

    assert answer.status == 400
    assert await door.kept() == []


@pytest.mark.parametrize("secrets", [[], [""], [SECRET, ""]], ids=repr)
def test_a6_without_a_secret_an_endpoint_does_not_open(secrets: list[str]) -> None:
    receive = partial(github.receive, "github")

    with pytest.raises(ConfigError, match="github takes no webhooks: no webhook secret") as refused:
        open_endpoint(
            "github", url="", receive=receive, secrets=[SecretStr(one) for one in secrets]
        )

    assert "webhook_secret_env" in refused.value.fix


async def test_f12_while_a_secret_is_changed_both_sign(door: Door) -> None:
    door.endpoints[GITHUB] = open_endpoint(
        "github",
        url="",
        receive=partial(github.receive, "github"),
        secrets=[SecretStr("the-new-one"), SecretStr(SECRET)],
    )

    assert (await door.signed(issue(1), delivery="1")).status == 202
    body = issue(2)
    new = (SIGNATURE, signature(body, "the-new-one"))
    assert (await door.post(body, new, delivery="2")).status == 202


async def test_a9_the_same_delivery_has_one_effect(door: Door) -> None:
    first, second = await door.signed(BODY), await door.signed(BODY)

    assert (first.status, second.status) == (202, 202)
    assert len(await door.kept()) == 1
    assert door.outcomes == {("github", "accepted"): 1, ("github", "known"): 1}


async def test_a10_the_same_body_under_a_new_id_has_one_effect(door: Door) -> None:
    await door.signed(BODY, delivery="guid-1")

    assert (await door.signed(BODY, delivery="guid-2")).status == 202
    assert len(await door.kept()) == 1


async def test_a13_a_signature_counts_at_its_own_endpoint_alone(door: Door) -> None:
    answer = await door.signed(BODY, endpoint=JIRA)

    assert answer.status == 401
    assert await door.kept() == []


async def test_a14_a_strange_body_under_a_right_signature_is_kept_and_set_aside(door: Door) -> None:
    body = b'{"object_kind": "issue", "project": {"id": 1}}'
    signed = ("X-Hub-Signature", signature(body, JIRA_SECRET))

    answer = await door.post(body, signed, endpoint=JIRA)

    [delivery] = await door.kept()
    assert answer.status == 202
    assert delivery.state is InboxState.QUARANTINED
    assert delivery.note == "The body names no event of Jira's."
    assert door.outcomes == {("jira", "unreadable"): 1}


async def test_what_concerns_no_work_item_is_acknowledged_and_noted(door: Door) -> None:
    answer = await door.signed(b'{"zen": "Design for failure."}', event="ping")

    [delivery] = await door.kept()
    assert answer.status == 202
    assert (delivery.state, delivery.note) == (
        InboxState.IGNORED,
        "ping concerns no work item",
    )


async def test_a16_a_handshake_that_nobody_asked_for_is_refused(door: Door) -> None:
    def offers(_: HookRequest) -> HookReply:
        return HookReply(status=200, offered_secret=SecretStr("mine-from-now-on"))

    door.endpoints["asana-endpoint"] = Endpoint(connection="asana", url="", receive=offers)

    for _ in range(2):
        answer = await door.post(
            b"", ("X-Hook-Secret", "mine-from-now-on"), endpoint="asana-endpoint"
        )
        assert answer.status == 403
        assert "mine-from-now-on" not in repr(answer)
    assert await door.kept() == []


@pytest.mark.parametrize("method", ["HEAD", "GET", "PUT", "DELETE", "OPTIONS", "PATCH"])
@pytest.mark.parametrize("endpoint", [GITHUB, "unknown-endpoint"])
async def test_a17_other_methods_cost_nothing(door: Door, method: str, endpoint: str) -> None:
    answer = await door.send(request(f"/hooks/{endpoint}", method=method))

    assert (answer.status, answer.header("allow")) == (405, "POST")
    assert door.seen == []


async def test_a17_the_configured_address_counts_and_not_the_one_in_the_request(door: Door) -> None:
    forged: list[Header] = [
        ("X-Forwarded-Host", "evil.example.com"),
        ("X-Forwarded-Proto", "http"),
        ("Forwarded", "host=evil.example.com"),
        (SIGNATURE, signature(BODY)),
    ]
    await door.post(BODY, *forged)

    assert [told.url for told in door.seen] == [f"https://hooks.example.com/hooks/{GITHUB}"]


@pytest.mark.parametrize("headers", FORGED.values(), ids=FORGED)
async def test_a19_an_unknown_endpoint_answers_like_a_known_one(
    door: Door, headers: list[Header]
) -> None:
    known = await door.post(BODY, *headers)
    unknown = await door.post(BODY, *headers, endpoint="unknown-endpoint")

    assert known.shape == unknown.shape
    assert known.status == 401


async def test_a19_an_unknown_endpoint_does_not_take_what_a_known_one_takes(door: Door) -> None:
    unknown = await door.signed(BODY, endpoint="unknown-endpoint")

    assert unknown.shape == (await door.post(BODY)).shape
    assert await door.kept() == []
    assert door.outcomes["", "refused"] == 1


async def test_a74_a_removed_endpoint_is_an_unknown_one(door: Door) -> None:
    unknown = await door.signed(BODY, endpoint="unknown-endpoint")
    assert (await door.signed(BODY)).status == 202

    del door.endpoints[GITHUB]

    assert (await door.signed(BODY, delivery="guid-2")).shape == unknown.shape
    assert len(await door.kept()) == 1


async def test_a72_no_database_is_asked_before_the_signature(door: Door) -> None:
    await door.store.close()  # a new connection would be seen in the pool
    for _ in range(50):
        assert (await door.post(BODY)).status == 401
    assert door.incoming == []

    await door.keeper.flush()
    async with door.store.read() as session:
        refused = {one.connection: one.refused for one in await load_endpoints(session)}
    assert refused == {"github": 50, "jira": 0}
    await door.keeper.flush()


@pytest.mark.parametrize(
    "path", ["/", "/metrics", "/hooks", "/hooks/", "/debug", "/openapi.json", f"/hooks/{GITHUB}/x"]
)
async def test_a62_the_door_has_three_addresses(door: Door, path: str) -> None:
    assert (await door.send(request(path, method="GET"))).status == 404


async def test_probes_tell_whether_deliveries_can_be_kept(door: Door) -> None:
    async def status(path: str) -> int:
        return (await door.send(request(path, method="GET"))).status

    door.ready = False
    assert await status("/livez") == 200
    assert await status("/readyz") == 503
    assert await status("/readyz") == 503


async def test_a_ready_door_says_so_and_no_more(door: Door) -> None:
    answer = await door.send(request("/readyz", method="GET"))

    assert (answer.status, answer.body) == (200, b"200 OK\n")
