"""Who we are, what we see, and single issues."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from joserfc import jwt
from joserfc.jwk import RSAKey
from pydantic import ValidationError

from connectors.github.config import GitHubConfig
from connectors.github.connector import GitHubConnector
from connectors.github.findings import Seen, expiry, findings_of
from connectors.github.simulator import GitHubSimulator
from syncer.connect.auth import AppAuth
from syncer.connect.protocol import Identity
from syncer.connect.registry import connector_class, simulator_class
from syncer.connect.testing.server import FakeTracker, answer, login_page
from syncer.connect.times import utc_instant
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.errors import AuthFailed, ConfigError, Rejected
from tests.connectors.github.small_github import (
    RAN,
    TOKEN,
    SmallGitHub,
    Still,
    config_for,
    issue,
    pull,
    read,
    records,
    running,
    stamp,
)


def ref(number: int, locator: str | None = None) -> ItemRef:
    return ItemRef("gh", str(1_000_000 + number), locator or f"acme/ran#{number}")


async def probed(github: SmallGitHub, **config: Any) -> Identity:
    async with running(github, **config) as connector:
        return await connector.probe()


def said(identity: Identity) -> str:
    return " | ".join(one.message for one in identity.findings)


# --- probe ----------------------------------------------------------------------------------------


async def test_a_probe_names_the_account_and_the_repositories_in_their_own_case() -> None:
    github = SmallGitHub({"Acme/RAN": [], "acme/core": []}, nodes={})
    identity = await probed(github, containers=["acme/ran", "acme/c*"])
    assert (identity.account, identity.timezone) == ("octo-bot", "UTC")
    assert [str(one.key) for one in identity.containers] == ["gh:Acme/RAN", "gh:acme/core"]
    assert identity.findings == ()


async def test_exact_names_are_looked_at_singly_and_not_listed() -> None:
    github = SmallGitHub({"acme/ran": [], "acme/other": []})
    identity = await probed(github, containers=["acme/ran"])
    assert [one.name for one in identity.containers] == ["acme/ran"]
    assert github.server.count("/user/repos") == 0


async def test_what_is_amiss_is_found() -> None:
    github = SmallGitHub(
        {"acme/ran": []},
        headers={
            "X-OAuth-Scopes": "gist, read:org",
            "GitHub-Authentication-Token-Expiration": "2026-11-28 10:00:00 UTC",
            "X-RateLimit-Limit": "5000",
            "X-RateLimit-Remaining": "12",
        },
    )
    found = said(await probed(github, containers=["acme/ran", "acme/nowhere", "beta/*"]))
    for words in (
        "'acme/nowhere'", "'beta/*'", "scope repo", "2026-11-28", "12 are left", "GraphQL",
    ):  # fmt: skip
        assert words in found


@pytest.mark.parametrize(
    ("about", "words", "containers"),
    [({"has_issues": False}, "switched off", 0), ({"archived": True}, "Archived", 1)],
)
async def test_repositories_that_cannot_change_are_told(
    about: dict[str, Any], words: str, containers: int
) -> None:
    identity = await probed(SmallGitHub({"acme/ran": []}, about=about), containers=["acme/ran"])
    assert words in said(identity)
    assert len(identity.containers) == containers


async def test_a_renamed_repository_is_followed_and_told() -> None:
    github = SmallGitHub({"acme/new": []}, redirects={"acme/old": "/repos/acme/new"})
    identity = await probed(github, containers=["acme/old"])
    assert [one.name for one in identity.containers] == ["acme/new"]
    assert "'acme/old' is called 'acme/new'" in said(identity)


@pytest.mark.parametrize(
    "body",
    [
        b'{"data":{"repository":{"projectsV2":null}},"errors":[{"type":"FORBIDDEN"}]}',
        b'{"data":null,"errors":[{"type":"INSUFFICIENT_SCOPES"}]}',
        b'{"errors":[{"type":"INSUFFICIENT_SCOPES"}]}',
    ],
)
async def test_projects_out_of_sight_are_told(body: bytes) -> None:
    github = SmallGitHub({"acme/ran": []}, nodes={})
    github.server.fail(answer(200, body=body), path="/graphql")
    found = said(await probed(github))
    assert "may not read projects" in found
    assert "status updates" in found
    assert "refuses GraphQL" not in found


@pytest.mark.parametrize(("project", "told"), [("", True), ("Roadmap", True), ("Other", False)])
async def test_f48_statuses_without_a_meaning_are_told(project: str, told: bool) -> None:
    names = [{"name": name} for name in ("Todo", "Cooking", "In Progress")]
    fields = {"nodes": [{"name": "Status", "options": names}, {"name": "Size", "options": names}]}
    projects = [{"title": "Roadmap", "fields": fields}, {"title": None, "fields": 3}]
    github = SmallGitHub({"acme/ran": []}, nodes={}, projects=projects)
    found = said(await probed(github, project=project))
    assert ("1 statuses of projects count as unknown: 'Cooking' (Roadmap)" in found) is told


async def test_a_permission_that_github_asked_for_in_vain_is_told() -> None:
    github = SmallGitHub({"acme/ran": [issue(1)]}, nodes={})
    wanted = {"X-Accepted-GitHub-Permissions": "issues=read"}
    github.server.fail(answer(403, body="{}", headers=wanted), path="*/milestones")
    async with running(github) as connector:
        await read(connector)
        assert "issues=read" in said(await connector.probe())


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        pytest.param(answer(404, body="{}"), ConfigError, id="wrong address"),
        pytest.param(answer(401, body="{}"), AuthFailed, id="401"),
        pytest.param(login_page(), AuthFailed, id="login page"),
        pytest.param(answer(403, body='{"message":"no"}'), AuthFailed, id="403"),
    ],
)
async def test_nothing_to_be_read_is_an_error(fault: Any, error: type[Exception]) -> None:
    github = SmallGitHub()
    github.server.fail(fault, times=None)
    async with running(github) as connector:
        with pytest.raises(error) as raised:
            await connector.probe()
    assert TOKEN not in f"{raised.value!r}{raised.value}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-12-01 10:00:00 UTC", "2026-12-01T10:00:00Z"),
        ("2026-12-01 10:00:00 -0700", "2026-12-01T17:00:00Z"),
        ("", None),
        ("soon", None),
    ],
)
def test_the_day_on_which_a_token_expires(text: str, expected: str | None) -> None:
    assert expiry(text) == (utc_instant(expected) if expected else None)


# --- fetch ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("pattern", ["acme/secret", "ACME/Secret", "acme/SEC*"])
async def test_what_is_excluded_is_not_even_asked_for(pattern: str) -> None:
    github = SmallGitHub(
        {
            "acme/ran": [issue(1)],
            "acme/secret": [issue(2, repo="acme/secret")],
        }
    )
    refs = [ItemRef("gh", "1", "acme/ran#1"), ItemRef("gh", "2", "Acme/secret#2")]
    async with running(github, exclude=[pattern]) as connector:
        fetched = await connector.fetch([refs[1]])
        assert (fetched.records, fetched.hidden, fetched.unreadable) == ((), (), ())
    assert not any("secret" in request.path.lower() for request in github.server.requests)


async def test_what_is_broken_in_a_repository_that_nobody_wants_is_not_kept() -> None:
    broken = issue(2, repo="acme/other", created_at="no time")
    github = SmallGitHub({"acme/ran": [issue(1)], "acme/other": [broken]})
    ref = ItemRef("gh", str(broken["id"]), "acme/other#2")
    async with running(github) as connector:
        assert (await connector.fetch([ref])).unreadable[0].ref == ref
    async with running(github, containers=["acme/ran"]) as connector:
        assert (await connector.fetch([ref])).unreadable == ()


async def test_fetch_keeps_the_outcomes_apart() -> None:
    moved = issue(9, repo="acme/core")
    github = SmallGitHub(
        {"acme/ran": [issue(1), pull(2)], "acme/core": [moved]},
        redirects={"acme/ran#3": "/repos/acme/core/issues/9"},
        gone={"acme/ran#4"},
    )
    nowhere = ItemRef("gh", "77")
    async with running(github) as connector:
        found = await connector.fetch([ref(n) for n in range(1, 6)] + [nowhere])
    assert [one.item.key for one in found.records] == ["acme/ran#1", "acme/core#9"]
    assert found.moved == {ref(3): ref(9)}
    assert found.moved[ref(3)].locator == "acme/core#9"
    assert found.gone == (ref(4),)
    assert found.hidden == (ref(5),)
    (broken,) = found.unreadable
    assert broken.ref == nowhere
    assert "no address known" in broken.reason


async def test_another_issue_at_the_same_place_is_not_the_one_asked_for() -> None:
    github = SmallGitHub({"acme/ran": [issue(1)]})
    stranger = ItemRef("gh", "5", "acme/ran#1")
    async with running(github) as connector:
        found = await connector.fetch([stranger])
    assert (found.records, found.hidden) == ((), (stranger,))


async def test_one_odd_answer_costs_one_ref() -> None:
    github = SmallGitHub({"acme/ran": [issue(1), issue(2)]})
    github.server.fail(answer(200, body="[]"), path="*/issues/1", times=None)
    async with running(github) as connector:
        found = await connector.fetch([ref(1), ref(2)])
    assert [one.item.key for one in found.records] == ["acme/ran#2"]
    assert [one.ref for one in found.unreadable] == [ref(1)]


async def test_a50_a_redirect_to_another_host_is_not_followed_and_takes_no_token_along() -> None:
    async with FakeTracker() as foreign:
        github = SmallGitHub(redirects={"acme/ran#1": f"{foreign.url}/repos/x/y/issues/1"})
        async with running(github) as connector:
            with pytest.raises(ConfigError, match="not followed"):
                await connector.fetch([ref(1)])
        assert foreign.requests == []


async def test_the_inventory_holds_every_issue_once_and_no_pull_request() -> None:
    rows = [issue(n) if n % 2 else pull(n) for n in range(1, 251)]
    github = SmallGitHub({"acme/ran": rows})
    async with running(github) as connector:
        refs = [one async for one in connector.inventory(RAN)]
    assert sorted(one.id for one in refs) == sorted(str(1_000_000 + n) for n in range(1, 251, 2))
    assert refs[0].locator == "acme/ran#1"
    assert github.server.count("*/issues") == 5


async def test_an_issue_deleted_during_a_census_hides_no_other() -> None:
    github = SmallGitHub({"acme/ran": [issue(n) for n in range(1, 351)]})

    def delete() -> None:
        del github.issues[0]

    github.on_page = delete
    async with running(github) as connector:
        refs = {one.id async for one in connector.inventory(RAN)}
    assert {one["id"] for one in github.issues} <= {int(id_) for id_ in refs}
    assert len(github.issues) < 350


async def test_an_issue_made_during_a_census_is_in_it() -> None:
    github = SmallGitHub({"acme/ran": [issue(n) for n in range(1, 250)]})
    made = iter(range(300, 303))

    def make() -> None:
        number = next(made, None)
        if number is not None:
            github.issues.append(issue(number))

    github.on_page = make
    async with running(github) as connector:
        refs = {one.locator async for one in connector.inventory(RAN)}
    assert {f"acme/ran#{n}" for n in range(300, 303)} <= refs


# --- configuration --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "web", "graphql"),
    [
        ("https://api.github.com", "https://github.com", "https://api.github.com/graphql"),
        ("https://ghe.acme.io/api/v3/", "https://ghe.acme.io", "https://ghe.acme.io/api/graphql"),
        ("https://api.acme.ghe.com", "https://acme.ghe.com", "https://api.acme.ghe.com/graphql"),
    ],
)
def test_pages_and_graphql_lie_beside_the_api(url: str, web: str, graphql: str) -> None:
    config = config_for(url)
    assert (config.web_url, config.graphql_url) == (web, graphql)


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "gopher://x", "https://me:pw@api.github.com", "api.github.com", ""],
)
def test_a48_other_schemes_and_credentials_in_the_address_are_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        config_for(url)


async def test_a48_http_beyond_loopback_is_warned_of() -> None:
    config = config_for("http://ghe.acme.io/api/v3")
    found = findings_of(Seen(), config, now=Still().now())
    assert any("unencrypted" in one.message for one in found)


@pytest.mark.parametrize("pattern", ["acme", "acme/ran/issues", "https://github.com/acme/ran", ""])
def test_a_container_is_a_repository(pattern: str) -> None:
    with pytest.raises(ValidationError, match="no repository"):
        config_for("https://api.github.com", containers=[pattern])


async def test_other_ways_of_signing_in_are_refused() -> None:
    auth = {"type": "basic", "email": "a@b.c", "token_env": "T"}
    config = GitHubConfig.model_validate({"name": "gh", "auth": auth})
    async with aiohttp.ClientSession() as session:
        with pytest.raises(ConfigError, match="basic"):
            GitHubConnector("gh", config, session)


# --- Apps -----------------------------------------------------------------------------------------

KEY = RSAKey.generate_key(2048)


class AppServer:
    """A GitHub with two installations of one App; tokens live an hour."""

    def __init__(self, clock: Still) -> None:
        self.clock = clock
        self.claims: list[dict[str, Any]] = []
        self.issued = 0
        self.github = SmallGitHub({"acme/ran": [issue(1)], "beta/x": [issue(2, repo="beta/x")]})
        route = self.github.server.route
        route("GET", "/app", self._app)
        route("GET", "/app/installations", self._installations)
        route("POST", r"/app/installations/{id}/access_tokens", self._token)
        route("GET", "/installation/repositories", self._repositories)

    def _read(self, request: Any) -> None:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        self.claims.append(jwt.decode(token, KEY, algorithms=["RS256"]).claims)

    async def _app(self, request: Any) -> Any:
        self._read(request)
        return web.json_response({"slug": "syncer-app"})

    async def _installations(self, request: Any) -> Any:
        self._read(request)
        rows = [{"id": 1, "account": {"login": "Acme"}}, {"id": 2, "account": {"login": "beta"}}]
        return web.json_response([*rows, {"id": 3}])

    async def _token(self, request: Any) -> Any:
        self._read(request)
        self.issued += 1
        expires = stamp(self.clock.now() + timedelta(hours=1))
        token = f"ghs-{request.match_info['id']}-{self.issued}"
        return web.json_response({"token": token, "expires_at": expires}, status=201)

    async def _repositories(self, request: Any) -> Any:
        owner = "acme" if "ghs-1" in request.headers["Authorization"] else "beta"
        rows = [{"full_name": name} for name in self.github.repos if name.startswith(owner)]
        return web.json_response({"total_count": len(rows), "repositories": rows})

    def auth(self) -> AppAuth:
        auth = AppAuth(app_id=42, private_key_env="K")
        pem = KEY.as_pem(private=True).decode()
        resolved = auth.resolved(env={"K": pem}, base=Path())
        assert isinstance(resolved, AppAuth)
        return resolved


async def test_an_app_asks_each_owner_with_its_own_token_and_renews_it() -> None:
    clock = Still()
    app = AppServer(clock)
    async with app.github.server as server, aiohttp.ClientSession() as session:
        config = GitHubConfig(name="gh", url=server.url, auth=app.auth(), graphql=False)
        connector = GitHubConnector("gh", config, session, clock=clock, sleep=clock.sleep)
        identity = await connector.probe()
        assert identity.account == "syncer-app"
        assert sorted(one.name for one in identity.containers) == ["acme/ran", "beta/x"]
        assert "acme/ran#1" in records(await read(connector))
        assert "beta/x#2" in records(await read(connector, container=ContainerKey("gh", "beta/x")))
        assert app.issued == 2
        clock.instant += timedelta(minutes=56)
        await read(connector)
        assert app.issued == 3
        with pytest.raises(Rejected, match="not installed"):
            await read(connector, container=ContainerKey("gh", "gamma/x"))
    sent = {r.headers["authorization"] for r in server.requests if r.path.startswith("/repos/acme")}
    assert sent == {"Bearer ghs-1-1", "Bearer ghs-1-3"}
    now = Still().now().timestamp()
    first = app.claims[0]
    assert (first["iss"], first["iat"]) == ("42", now - 60)
    assert first["exp"] - first["iat"] <= 600


async def test_a_key_that_is_none_is_said_without_showing_it() -> None:
    auth = AppAuth(app_id=42, private_key_env="K").resolved(env={"K": "no-key-at-all"}, base=Path())
    config = GitHubConfig.model_validate({"name": "gh", "auth": auth})
    async with aiohttp.ClientSession() as session:
        with pytest.raises(ConfigError) as raised:
            GitHubConnector("gh", config, session)
    assert "no-key-at-all" not in f"{raised.value!r}"


def test_the_simulator_is_installed_beside_the_connector() -> None:
    assert connector_class("github") is GitHubConnector
    assert simulator_class("github") is GitHubSimulator
