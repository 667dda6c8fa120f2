"""Attacks on the daemon as a process, with both trackers: rows of spec/attacks.md."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote_plus

import aiohttp
import pytest
from pydantic import SecretStr

from connectors.github.simulator import GitHubSimulator
from syncer.clock import SystemClock
from syncer.connect.testing.delivery import Delivery, signature
from syncer.connect.testing.script import Container, ItemState, Person, ScriptedItem
from syncer.connect.testing.server import Account
from syncer.connect.testing.world import World
from syncer.domain.lane import Lane
from syncer.store.census import census_states
from syncer.store.engine import Store
from syncer.store.inbox import InboxState
from syncer.store.lanes import load_lanes
from tests.serve.site import ENDPOINT, SECRET, Serve, Site, post, until

GITHUB = "github-endpoint-for-tests"
GITHUB_SECRET = SecretStr("another-made-up-webhook-secret")
TOKEN = "a-made-up-token-of-github"
PAGES_TOKEN = "a-made-up-token-of-the-pages"


@dataclass(frozen=True)
class Both:
    """A daemon that serves a Jira and a GitHub, of whose repositories one is excluded."""

    site: Site
    github: GitHubSimulator
    serve: Serve

    async def hook(self, body: bytes, *, event: str = "issues", kind: str = "json") -> int:
        """Post a body that GitHub has signed."""
        headers = {
            "Content-Type": kind,
            "X-GitHub-Event": event,
            "X-Hub-Signature-256": signature(GITHUB_SECRET, body),
        }
        return await post(self.serve, Delivery(headers=headers, body=body), GITHUB)

    async def page(self, path: str) -> tuple[int, str]:
        told = {"Authorization": f"Bearer {PAGES_TOKEN}"}
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self.serve.pages}{path}", headers=told) as answer,
        ):
            return answer.status, await answer.text()

    async def worked_off(self) -> None:
        """Wait until no delivery waits any more."""

        async def done() -> bool:
            return all(one.state is not InboxState.PENDING for one in await self.site.deliveries())

        await until(done)


def _repositories() -> World:
    world = World()
    world.add_person(Person(id="kim", name="Kim Lee"))
    created = datetime.now(UTC) - timedelta(days=20)
    for number, name in enumerate(("acme/phone", "acme/secret")):
        world.add_container(Container(id=str(10001 + number), key=name, name=name))
        state = ItemState(container=name, key=f"{name}#1", title=f"First of {name}")
        world.create(
            ScriptedItem(id=str(101 + number), created_at=created, reporter="kim", initial=state)
        )
    return world


@pytest.fixture
async def both(on_sqlite: Site) -> AsyncGenerator[Both]:
    async with _serving(on_sqlite) as serving:
        yield serving


@pytest.fixture
async def either(place: Site) -> AsyncGenerator[Both]:
    """The same on both databases."""
    async with _serving(place) as serving:
        yield serving


@asynccontextmanager
async def _serving(place: Site) -> AsyncGenerator[Both]:
    account = Account(user="syncer-bot", secret=TOKEN, schemes=("Bearer", "token"))
    async with GitHubSimulator(_repositories(), SystemClock(), account=account) as github:
        place.environment.update(
            GITHUB_TOKEN=TOKEN,
            GITHUB_SECRET=GITHUB_SECRET.get_secret_value(),
            PAGES_TOKEN=PAGES_TOKEN,
        )
        place.settings += '\n            pages = { auth = "token", token_env = "PAGES_TOKEN" }'
        place.configure(f"""
            [[connections]]
            name = "github"
            kind = "github"
            url = "{github.url}"
            auth = {{ token_env = "GITHUB_TOKEN" }}
            exclude = ["acme/Secret"]
            endpoint_id = "{GITHUB}"
            webhook_secret_env = "GITHUB_SECRET"
        """)
        async with place.serve() as serve:
            both = Both(place, github, serve)
            await until(lambda: _is_read_through(place))
            github.server.forget_requests()
            place.jira.server.forget_requests()
            yield both


async def _is_read_through(place: Site) -> bool:
    """Whether the first pull of both trackers has ended, so that nobody asks them any more."""
    async with Store(place.database) as store, store.read() as session:
        lanes = await load_lanes(session)
        wanted = {
            one.container
            for connection in ("jira", "github")
            for one in await census_states(session, connection)
        }
    ended = {key for key, by in lanes.items() if (one := by.get(Lane.BACKFILL)) and one.passes}
    return {key.connection for key in wanted} == {"jira", "github"} and wanted <= ended


def _issue(repository_url: str, *, id_: int = 101, number: int = 1) -> bytes:
    issue = {"id": id_, "number": number, "repository_url": repository_url}
    return json.dumps({"action": "edited", "issue": issue}).encode()


FORGED = {
    "A1 none": {},
    "A2 wrong": {"X-Hub-Signature-256": "sha256=" + "0" * 64},
    "A6 with an empty key": {
        "X-Hub-Signature-256": "sha256=" + hmac.digest(b"", _issue("x"), hashlib.sha256).hex()
    },
    "A13 of the other connection": {"X-Hub-Signature-256": signature(SECRET, _issue("x"))},
}


async def test_a1_a13_what_proves_nothing_has_no_effect(both: Both) -> None:
    for headers in FORGED.values():
        told = {"X-GitHub-Event": "issues", **headers}
        for endpoint in (GITHUB, ENDPOINT, "nobodys-endpoint"):
            delivery = Delivery(headers=told, body=_issue("x"))
            assert await post(both.serve, delivery, endpoint) == 401

    assert await both.site.deliveries() == []
    assert both.github.server.requests == []


async def test_a50_a53_a_signed_body_leads_to_no_other_place_of_the_tracker(both: Both) -> None:
    addresses = [
        "https://evil.example.com/repos/acme/phone",
        "https://x/repos/acme/..",
        "https://x/repos/acme/../../user",
        "https://x/repos/%2e%2e/%2e%2e",
        "https://x/repos/acme/phone?a=1",
        "https://x/repos/acme/phone#a",
        "x" * 10_000,
    ]
    for number, address in enumerate(addresses):
        assert await both.hook(_issue(address, id_=101 + 1000 * number)) == 202
    jira = ["10001/../../myself", '1") OR project is not EMPTY', "20001 OR 1=1", -1, 1e300, "²"]
    for id_ in jira:
        body = json.dumps({"webhookEvent": "jira:issue_updated", "issue": {"id": id_}}).encode()
        signed = {"X-Hub-Signature": signature(SECRET, body)}
        assert await post(both.serve, Delivery(headers=signed, body=body)) == 202
    await both.worked_off()

    asked = {request.path for request in both.github.server.requests}
    assert {path for path in asked if path != "/graphql"} == {"/repos/acme/phone/issues/1"}
    assert both.site.jira.server.requests == []


async def test_a63_an_excluded_repository_is_not_stored_by_webhook(both: Both) -> None:
    # GitHub ignores case in names, and so may the configuration.
    secret = f"{both.github.url}/repos/acme/secret"
    assert await both.hook(_issue(secret, id_=102)) == 202
    label = json.dumps({"action": "edited", "repository": {"full_name": "acme/secret"}}).encode()
    assert await both.hook(label, event="label") == 202
    await both.worked_off()

    items = await both.site.items()
    assert {item.container.key for item in items.values()} == {"NET", "acme/phone"}


async def test_a_form_is_signed_as_it_came(both: Both) -> None:
    both.github.world.edit("101", datetime.now(UTC), title="By a form + 1 & 2")
    address = f"{both.github.url}/repos/acme/phone"
    form = b"payload=" + quote_plus(_issue(address)).encode()
    assert await both.hook(form, kind="application/x-www-form-urlencoded") == 202

    await until(lambda: _is_titled(both.site, "101", "By a form + 1 & 2"))


async def _is_titled(place: Site, item: str, title: str) -> bool:
    return await place.title(item) == title


async def test_a64_an_item_that_becomes_restricted_leaves_the_pages(either: Both) -> None:
    either.site.rename("20001", "Zanzibar")
    assert await post(either.serve, either.site.delivery("20001")) == 202
    await until(lambda: _shows(either, "Zanzibar"))
    assert (await either.page("/items/jira:20001"))[0] == 200

    either.site.jira.world.edit("20001", datetime.now(UTC), restricted=True)
    assert await post(either.serve, either.site.delivery("20001")) == 202
    await until(lambda: _shows_not(either, "Zanzibar"))

    for path in ("/items/jira:20001", "/items", "/", "/sources", "/preview/everyone"):
        status, text = await either.page(path)
        assert (status, "Zanzibar" in text) == (404 if "20001" in path else 200, False), path


async def _shows(both: Both, words: str) -> bool:
    return words in (await both.page("/items"))[1]


async def _shows_not(both: Both, words: str) -> bool:
    return not await _shows(both, words)


async def test_a67_no_secret_comes_out_of_a_daemon(both: Both) -> None:
    await both.hook(_issue(f"{both.github.url}/repos/acme/phone"))
    await both.hook(b"{}", event="forged " * 40)
    answers = [
        (await both.page(path))[1]
        for path in ("/", "/items", "/sources", "/metrics", "/none", f"/?token={PAGES_TOKEN}")
    ]
    await both.worked_off()
    assert await both.serve.end() == 0

    secrets = [
        *(TOKEN, PAGES_TOKEN, SECRET.get_secret_value(), GITHUB_SECRET.get_secret_value()),
        both.site.jira.account.secret,
    ]
    kept = [path.read_bytes() for path in _database_files(both.site)]
    said = "\n".join(both.serve.said)
    for secret in secrets:
        assert secret not in said
        assert not any(secret in answer for answer in answers)
        assert not any(secret.encode() in content for content in kept)


def _database_files(place: Site) -> list[Path]:
    return sorted(place.folder.parent.glob("syncer.db*"))
