"""Webhooks registered at simulated trackers by their own APIs, over real sockets."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from connectors.github.hooks import EVENTS as GITHUB_EVENTS
from connectors.github.simulator import GitHubSimulator
from connectors.gitlab.simulator import GitLabSimulator
from connectors.jira.simulator import JiraSimulator
from connectors.jira.simulator_data_center import JiraDataCenterSimulator
from syncer.clock import SystemClock
from syncer.connect.hooking import HookState
from syncer.connect.testing.hookbook import HookBook
from syncer.connect.testing.server import answer
from syncer.connect.testing.world import World, uniform_world
from syncer.errors import ConfigError
from syncer.service.core import Service
from syncer.service.hooking import HookPlan, apply_hooks, hook_health, plan_hooks
from syncer.settings.load import load_settings
from syncer.store.audit import load_events

SECRET = "a-made-up-webhook-secret"
PUBLIC = "https://hooks.example.com"
ADDRESS = f"{PUBLIC}/hooks/endpoint-of-tests"


@dataclass(frozen=True)
class Kind:
    """A simulated tracker, and how its register and its container are called."""

    kind: str
    container: str
    made: Callable[[World], Any]
    auth: str
    listing: str
    where: str
    path: str = ""


def _jira(world: World) -> JiraSimulator:
    return JiraSimulator(world, SystemClock())


def _data_center(world: World) -> JiraDataCenterSimulator:
    return JiraDataCenterSimulator(world, SystemClock())


def _github(world: World) -> GitHubSimulator:
    return GitHubSimulator(world, SystemClock())


def _gitlab(world: World) -> GitLabSimulator:
    return GitLabSimulator(world, SystemClock())


_BASIC = '{ email = "bot@example.com", token_env = "TOKEN" }'
_TOKEN = '{ token_env = "TOKEN" }'
CLOUD = Kind("jira", "NET", _jira, _BASIC, "/rest/webhooks/1.0/webhook", "the site")
SERVER = Kind("jira", "NET", _data_center, _TOKEN, "/rest/jira-webhook/1.0/webhooks", "the site")
HUB = Kind("github", "acme/ran", _github, _TOKEN, "/repos/acme/ran/hooks", "acme/ran")
LAB = Kind("gitlab", "acme/ran", _gitlab, _TOKEN, "/api/v4/projects/acme%2Fran/hooks", "acme/ran")
ALL = pytest.mark.parametrize(
    "kind", [CLOUD, SERVER, HUB, LAB], ids=["cloud", "server", "github", "gitlab"]
)


@dataclass
class Here:
    """A service and the tracker that it registers webhooks at."""

    service: Service
    tracker: Any
    kind: Kind

    @property
    def book(self) -> HookBook:
        found: HookBook = self.tracker.hooks
        return found

    @property
    def registered(self) -> list[dict[str, Any]]:
        return self.book.at(self.kind.listing)

    def changes(self) -> int:
        reading = ("GET", "HEAD")
        asked = self.tracker.server.requests
        return sum(one.method not in reading and "hook" in one.path for one in asked)

    async def plan(self) -> HookPlan:
        [found] = await plan_hooks(self.service)
        return found

    async def apply(self, **how: bool) -> HookPlan:
        return await apply_hooks(self.service, await self.plan(), who="kim", **how)


@asynccontextmanager
async def here(kind: Kind, folder: Path, *, public: str = PUBLIC) -> AsyncGenerator[Here]:
    world = uniform_world(count=2, container=kind.container)
    async with kind.made(world) as tracker:
        hooks = f'hooks = {{ public_url = "{public}" }}' if public else ""
        (folder / "syncer.toml").write_text(
            f"""
            [service]
            {hooks}

            [[connections]]
            name = "tracker"
            kind = "{kind.kind}"
            url = "{tracker.url}"
            auth = {kind.auth}
            containers = ["{kind.container}"]
            endpoint_id = "endpoint-of-tests"
            webhook_secret_env = "SECRET"
            """,
            encoding="utf-8",
        )
        environment = {"TOKEN": tracker.account.secret, "SECRET": SECRET}
        settings = load_settings(folder / "syncer.toml", environment)
        async with Service(settings, clock=SystemClock()) as service:
            yield Here(service, tracker, kind)


@ALL
async def test_what_is_missing_is_registered_once(kind: Kind, tmp_path: Path) -> None:
    async with here(kind, tmp_path) as one:
        before = await one.plan()
        [place] = before.places
        assert (place.where, place.state) == (kind.where, HookState.MISSING)
        assert (before.url, before.is_good) == (ADDRESS, False)
        assert one.registered == []
        assert one.changes() == 0

        done = await one.apply()
        assert done.is_good, done
        [hook] = one.registered
        assert SECRET in repr(hook)
        assert ADDRESS in repr(hook)
        assert SECRET not in repr(done)
        changes = one.changes()
        assert (await one.apply()).is_good
        assert (len(one.registered), one.changes()) == (1, changes)
        async with one.service.store.read() as session:
            events = await load_events(session, subject="tracker", what="hooks.apply", limit=9)
        assert [event.who for event in events] == ["kim"]
        assert SECRET not in repr(events)


@ALL
async def test_what_others_have_registered_is_left_alone(kind: Kind, tmp_path: Path) -> None:
    async with here(kind, tmp_path) as one:
        other = one.book.put(kind.listing, {"url": "https://elsewhere.example.com", "config": {}})
        await one.apply()
        assert other in one.registered
        assert len(one.registered) == 2


@ALL
async def test_the_present_secret_can_be_entered_anew(kind: Kind, tmp_path: Path) -> None:
    async with here(kind, tmp_path) as one:
        await one.apply()
        [place] = one.book.kept.values()
        [number] = place
        place[number] = _with_secret(place[number], "an-older-secret")
        assert (await one.apply()).is_good
        assert SECRET not in repr(one.registered)
        assert (await one.apply(renew_secrets=True)).is_good
        assert SECRET in repr(one.registered)
        assert "an-older-secret" not in repr(one.registered)


def _with_secret(value: Any, secret: str) -> Any:
    if isinstance(value, dict):
        return {name: _with_secret(inner, secret) for name, inner in value.items()}
    return secret if value == SECRET else value


@ALL
async def test_a_register_that_nobody_may_see_is_closed_and_has_steps(
    kind: Kind, tmp_path: Path
) -> None:
    async with here(kind, tmp_path) as one:
        one.book.refusal = 403
        plan = await one.plan()
        assert [place.state for place in plan.places] == [HookState.CLOSED]
        assert plan.steps
        assert plan.to_do == ()
        assert await one.apply() == plan
        assert one.changes() == 0


@pytest.mark.parametrize(
    ("kind", "hook", "problem"),
    [
        (HUB, {"config": {"url": ADDRESS, "secret": "s"}, "events": ["issues"]}, "does not send"),
        (HUB, {"config": {"url": ADDRESS}, "events": ["*"]}, "it has no secret"),
        (
            HUB,
            {"config": {"url": ADDRESS, "secret": "s"}, "events": ["*"], "active": False},
            "switched off",
        ),
        (
            HUB,
            {"config": {"url": ADDRESS, "secret": "s", "insecure_ssl": "1"}, "events": ["*"]},
            "does not verify",
        ),
        (LAB, {"url": ADDRESS, "token": "s"}, "does not send issues_events"),
        (CLOUD, {"url": ADDRESS, "excludeBody": True}, "excludes the body"),
        (CLOUD, {"url": ADDRESS, "enabled": False}, "switched off"),
        (
            SERVER,
            {"url": ADDRESS, "configuration": {"EXCLUDE_BODY": "true"}},
            "excludes the body",
        ),
    ],
)
async def test_what_is_wrong_is_told_and_mended(
    kind: Kind, hook: dict[str, Any], problem: str, tmp_path: Path
) -> None:
    async with here(kind, tmp_path) as one:
        one.book.put(kind.listing, hook)
        [place] = (await one.plan()).places
        assert place.state is HookState.WRONG
        assert problem in "; ".join(place.problems)
        assert (await one.apply()).is_good
        assert len(one.registered) == 1


async def test_events_that_a_person_has_added_stay(tmp_path: Path) -> None:
    async with here(HUB, tmp_path) as one:
        config = {"url": ADDRESS, "secret": "s"}
        one.book.put(HUB.listing, {"config": config, "events": ["push", "issues"]})
        await one.apply()
        [hook] = one.registered
        assert set(hook["events"]) == {"push", *GITHUB_EVENTS}


async def test_an_organisations_webhook_covers_its_repositories(tmp_path: Path) -> None:
    async with here(HUB, tmp_path) as one:
        config = {"url": ADDRESS, "secret": "s"}
        one.book.put("/orgs/acme/hooks", {"config": config, "events": list(GITHUB_EVENTS)})
        plan = await one.plan()
        assert [(place.where, place.covers) for place in plan.places] == [
            ("organisation acme", ("acme/ran",))
        ]
        assert plan.is_good


async def test_a_groups_webhook_covers_its_projects(tmp_path: Path) -> None:
    async with here(LAB, tmp_path) as one:
        events = ["issues", "confidential_issues", "note", "confidential_note", "milestone"]
        hook = {"url": ADDRESS, "token": "s", **{f"{event}_events": True for event in events}}
        one.book.put("/api/v4/groups/acme/hooks", hook)
        plan = await one.plan()
        assert [place.where for place in plan.places] == ["group acme"]
        assert plan.is_good


async def test_an_address_of_this_machine_is_registered_nowhere(tmp_path: Path) -> None:
    async with here(HUB, tmp_path, public="") as one:
        plan = await one.plan()
        assert plan.local
        with pytest.raises(ConfigError, match="own address"):
            await one.apply()
        assert one.changes() == 0


async def test_f45_what_the_tracker_refuses_is_told_and_not_tried_twice(tmp_path: Path) -> None:
    async with here(HUB, tmp_path) as one:
        refusal = answer(422, body='{"message":"Validation Failed"}')
        posted = {"when": lambda asked: asked.method == "POST", "path": "*/hooks"}
        one.tracker.server.fail(refusal, **posted, times=None)
        done = await one.apply()
        assert "422" in str(done.error)
        assert (one.changes(), one.registered) == (1, [])


async def test_a_lost_answer_makes_no_second_webhook(tmp_path: Path) -> None:
    async with here(HUB, tmp_path) as one:
        broken = answer(502, body="")
        posted = {"when": lambda asked: asked.method == "POST", "path": "*/hooks"}
        one.tracker.server.fail(broken, **posted)
        done = await one.apply()
        assert done.error is not None
        assert one.changes() == 1
        assert (await one.apply()).is_good
        assert len(one.registered) == 1


async def test_the_health_asks_no_tracker(tmp_path: Path) -> None:
    async with here(HUB, tmp_path) as one:
        one.tracker.server.forget_requests()
        [health] = await hook_health(one.service)
        assert (health.connection, health.url, health.has_secret) == ("tracker", ADDRESS, True)
        assert health.endpoint is not None
        assert health.endpoint.last_delivery_at is None
        assert one.tracker.server.requests == []
