"""Status updates of projects: what they become, and what happens where GitHub tells none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.github.config import GitHubConfig
from connectors.github.connector import GitHubConnector
from connectors.github.mapping.site import Site
from connectors.github.mapping.status_updates import TEXT_LIMIT, plain, status_updates
from connectors.github.simulator import GitHubSimulator
from syncer.clock import FixedClock
from syncer.connect.auth import with_secrets
from syncer.connect.protocol import ReportsStatus
from syncer.connect.testing.script import Container, Person
from syncer.connect.testing.server import answer
from syncer.connect.testing.world import World
from syncer.domain.item import Account
from syncer.domain.ref import ContainerKey
from syncer.domain.statement import OwnerWord, TrackerStatus
from syncer.errors import RateLimited, Rejected, SyncerError
from tests.connectors.github.small_github import (
    RAN,
    SmallGitHub,
    config_for,
    issue,
    read,
    running,
)

PATH = "/orgs/acme/projects/4"
AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def report(**more: Any) -> dict[str, Any]:
    return {
        "id": "PVTSU_1",
        "body": "The masts are late.",
        "status": "AT_RISK",
        "startDate": "2026-09-01",
        "targetDate": "2027-02-28",
        "createdAt": "2026-11-20T09:30:00Z",
        "creator": {"__typename": "User", "login": "mo"},
        **more,
    }


def project(*reports: Any, **more: Any) -> dict[str, Any]:
    told = {"nodes": list(reports)}
    return {"title": "Roadmap", "resourcePath": PATH, "statusUpdates": told, **more}


def mapped(*projects: Any, only: str = "") -> list[TrackerStatus]:
    rules = config_for("https://api.github.com", project=only).rules()
    site = Site(connection="gh", web_url="https://github.com", rules=rules)
    repository = {"projectsV2": {"nodes": list(projects)}}
    return list(status_updates(repository, container=RAN, site=site))


async def told(connector: GitHubConnector) -> list[TrackerStatus]:
    return [status async for status in connector.status_updates(RAN)]


def test_a_report_keeps_who_said_what_when_of_which_project() -> None:
    assert mapped(project(report())) == [
        TrackerStatus(
            id="PVTSU_1",
            container=RAN,
            subject="Roadmap",
            url=f"https://github.com{PATH}",
            author=Account(connection="gh", id="mo", name="mo"),
            at=AT,
            value=OwnerWord.AT_RISK,
            text="The masts are late.",
            start=date(2026, 9, 1),
            target=date(2027, 2, 28),
        )
    ]


@pytest.mark.parametrize(
    ("status", "value"),
    [
        ("ON_TRACK", OwnerWord.ON_TRACK),
        ("AT_RISK", OwnerWord.AT_RISK),
        ("OFF_TRACK", OwnerWord.OFF_TRACK),
        ("COMPLETE", OwnerWord.COMPLETE),
        ("INACTIVE", None),
        ("SOMETHING_NEW", None),
        (None, None),
        (7, None),
    ],
)
def test_every_state_has_a_meaning_and_an_unknown_one_none(
    status: object, value: OwnerWord | None
) -> None:
    assert mapped(project(report(status=status)))[0].value is value


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        ("## Week 47\n\nWe are **late**.", "We are late."),
        ("- [x] masts up\n- [ ] `cells` on\n> quoted", "masts up\ncells on\nquoted"),
        ("See [the plan](https://x.example/a) and ![chart](b.png)", "See the plan and chart"),
        ("<!-- how we feel -->Good.", "Good."),
        ("# On track", "On track"),
        ("2 * 3 and snake_case stay", "2 * 3 and snake_case stay"),
        ("a\u202eb\x00\u2028c", "ab c"),
        ("", ""),
    ],
)
def test_markup_is_left_out_and_words_stay(markdown: str, words: str) -> None:
    assert " ".join(plain(markdown).split()) == " ".join(words.split())


@given(st.text(st.sampled_from("<!->[]()*_#`1.) \n\u202e\x00\ud800x"), max_size=400))
def test_any_text_becomes_short_harmless_words(text: str) -> None:
    words = plain(text)
    assert len(words) <= TEXT_LIMIT
    assert not {"\x00", "\u202e", "\ud800"} & {*words}


def test_a_report_of_any_length_is_read_quickly_and_cut() -> None:
    assert len(plain("<!--" * 500_000)) <= TEXT_LIMIT
    assert len(plain("[" * 500_000)) <= TEXT_LIMIT
    assert len(plain("**late** " * 500_000)) <= TEXT_LIMIT


@pytest.mark.parametrize(
    "broken",
    [
        report(id=None),
        report(id=""),
        report(id="x" * 301),
        report(createdAt=None),
        report(createdAt="yesterday"),
        report(createdAt="2026-11-20T09:30:00"),
        None,
        3,
    ],
)
def test_what_tells_no_id_or_time_is_left_out_alone(broken: Any) -> None:
    assert [one.id for one in mapped(project(broken, report()))] == ["PVTSU_1"]


@pytest.mark.parametrize(
    "path", ["javascript:alert(1)", "//evil.example/orgs/a/projects/1", "", None, f"{PATH}?x=1"]
)
def test_a_project_at_no_address_of_github_is_none(path: Any) -> None:
    assert mapped(project(report(), resourcePath=path)) == []


@pytest.mark.parametrize("odd", [None, 3, [], {"nodes": 5}, {"nodes": [None, "x"]}])
def test_another_shape_is_no_report(odd: Any) -> None:
    assert mapped(project(report(), statusUpdates=odd), odd) == []


def test_dates_and_people_may_be_missing_and_apps_are_known() -> None:
    ghost, app = mapped(
        project(
            report(creator=None, startDate=None, targetDate="soon", body=None),
            report(id="2", creator={"__typename": "Bot", "login": "rota"}),
        )
    )
    assert (ghost.author, ghost.start, ghost.target, ghost.text) == (None, None, None, "")
    assert app.author == Account(connection="gh", id="rota[bot]", name="rota[bot]", bot=True)


def test_of_a_configured_project_only_its_own_reports_are_read() -> None:
    other = project(report(id="2"), title="Triage", resourcePath="/orgs/acme/projects/5")
    assert [one.id for one in mapped(project(report()), other, only="Roadmap!")] == ["PVTSU_1"]


# --- asking ---------------------------------------------------------------------------------------


async def test_one_query_asks_for_a_repository() -> None:
    github = SmallGitHub(nodes={}, projects=[project(report())])
    async with running(github) as connector:
        assert isinstance(connector, ReportsStatus)
        assert [one.text for one in await told(connector)] == ["The masts are late."]
    assert github.server.count("*") == 1


async def test_whoever_wants_no_graphql_is_asked_for_nothing() -> None:
    github = SmallGitHub(nodes={}, projects=[project(report())])
    async with running(github, graphql=False) as connector:
        assert await told(connector) == []
    assert github.server.count("*") == 0


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, {"message": "Resource not accessible by personal access token"}),
        (200, {"data": None, "errors": [{"type": "INSUFFICIENT_SCOPES", "message": "scopes"}]}),
        (200, {"data": {"repository": None}, "errors": [{"type": "NOT_FOUND"}]}),
        (200, {"data": {"repository": {"projectsV2": None}}, "errors": [{"type": "FORBIDDEN"}]}),
        (200, {"errors": [{"extensions": {"code": "undefinedField"}}]}),
        (200, {"data": 3}),
        (502, {}),
    ],
)
async def test_what_is_not_told_is_an_error_and_never_no_reports(status: int, body: Any) -> None:
    github = SmallGitHub(nodes={})
    github.server.fail(answer(status, body=orjson.dumps(body)), path="/graphql", times=None)
    async with running(github) as connector:
        with pytest.raises(SyncerError) as refused:
            await told(connector)
    assert refused.value.fix or status != 200


async def test_a_limit_is_one_here_too() -> None:
    github = SmallGitHub(nodes={})
    body = b'{"errors":[{"type":"RATE_LIMITED","message":"slow down"}]}'
    github.server.fail(answer(200, body=body), path="/graphql", times=None)
    async with running(github) as connector:
        with pytest.raises(RateLimited):
            await told(connector)


async def test_after_a_refusal_in_the_same_pass_nothing_is_asked() -> None:
    github = SmallGitHub({"acme/ran": [issue(1)]})
    async with running(github) as connector:
        await read(connector)
        before = github.server.count("*")
        with pytest.raises(Rejected, match="status updates"):
            await told(connector)
        assert github.server.count("*") == before


async def test_what_is_told_of_some_projects_comes_before_the_refusal_of_others() -> None:
    errors = [{"type": "FORBIDDEN", "path": ["repository", "projectsV2", "nodes", 0]}]
    github = SmallGitHub(nodes={}, projects=[None, project(report())], errors=errors)
    async with running(github) as connector:
        answers = connector.status_updates(RAN)
        assert (await anext(answers)).id == "PVTSU_1"
        with pytest.raises(Rejected):
            await anext(answers)


# --- the simulator --------------------------------------------------------------------------------


@pytest.fixture
async def github() -> AsyncIterator[GitHubSimulator]:
    world = World()
    world.add_container(Container(id="10001", key="acme/ran", name="Radio"))
    world.add_container(Container(id="10002", key="acme/core", name="Core"))
    world.add_person(Person(id="mo", name="Mo Weber"))
    world.add_person(Person(id="rota[bot]", name="Rota", bot=True))
    async with GitHubSimulator(world, FixedClock(AT)) as simulator:
        yield simulator


async def shown(github: GitHubSimulator, container: str = "acme/ran") -> list[TrackerStatus]:
    table = {"name": "gh", "url": github.url, "auth": {"token_env": "SECRET"}}
    config = with_secrets(
        GitHubConfig.model_validate(table), env={"SECRET": github.account.secret}, base=Path()
    )
    async with aiohttp.ClientSession() as session:
        connector = GitHubConnector("gh", config, session, clock=FixedClock(AT))
        return [one async for one in connector.status_updates(ContainerKey("gh", container))]


async def test_the_simulator_tells_what_was_said_until_now_where_it_was_said(
    github: GitHubSimulator,
) -> None:
    say = github.reports.say
    say("Late.", containers=["acme/ran"], author="mo", at=AT, status="OFF_TRACK", project="5G")
    say("Fine.", containers=["acme/ran", "acme/core"], author="rota[bot]", at=AT)
    say("Later.", containers=["acme/ran"], author="mo", at=AT + timedelta(minutes=1))
    found = {one.text: one for one in await shown(github)}
    assert set(found) == {"Late.", "Fine."}
    late, fine = found["Late."], found["Fine."]
    assert (late.subject, late.value, late.author) == (
        "5G", OwnerWord.OFF_TRACK, Account(connection="gh", id="mo", name="mo"),
    )  # fmt: skip
    assert (fine.subject, fine.author and fine.author.bot) == ("Roadmap", True)
    assert late.url != fine.url
    assert [one.text for one in await shown(github, "acme/core")] == ["Fine."]


async def test_the_simulator_forgets_what_was_retracted_and_may_refuse(
    github: GitHubSimulator,
) -> None:
    told = github.reports.say("Late.", containers=["acme/ran"], author="mo", at=AT)
    github.reports.retract(told)
    assert await shown(github) == []
    github.quirks.no_projects = True
    with pytest.raises(Rejected) as refused:
        await shown(github)
    assert "read:project" in refused.value.fix
