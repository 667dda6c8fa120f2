"""From a status update on a project at a simulated GitHub to the sentence in the digest."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from connectors.github.simulator import GitHubSimulator
from syncer.clock import FixedClock
from syncer.connect.testing.script import Container, Event, ItemState, Person, ScriptedItem
from syncer.connect.testing.world import World
from syncer.domain.health import Health
from syncer.domain.report import Snapshot
from syncer.domain.statement import Door, OwnerStatus, OwnerWord, Provenance
from syncer.publish.render.formats import RENDERERS
from syncer.service.checking import unheard_lines
from syncer.service.core import Service
from syncer.settings.load import load_settings
from syncer.store.engine import Store

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BEGIN = NOW - timedelta(weeks=16)
SENTENCE = "The mast permits of two regions are late"
HOSTILE = (
    '# Week 47\n<script>alert(1)</script> [click](javascript:alert(1)) =HYPERLINK("http://x")'
    "\u202e\x1b[31m https://evil.example/\n\nSecond sentence."
)
CONFIGURATION = """
[service]
timezone = "Europe/Berlin"

[[connections]]
name = "github"
kind = "github"
url = "{url}"
auth = {{ type = "pat", token_env = "GITHUB_TOKEN" }}
containers = ["acme/*"]

[[projects]]
key = "ran"
name = "Radio network"
owner = "Maya Okafor"
items = ["github:acme/ran"]
start = 2026-08-03
target = 2027-06-30

[[projects]]
key = "core"
name = "Core network"
owner = "Jens Roth"
items = ["github:acme/core"]
start = 2026-08-03
target = 2027-06-30

[[programs]]
key = "5g"
name = "5G Infrastructure"
owner = "Maya Okafor"
projects = ["ran", "core"]

[[people]]
name = "Maya Okafor"
accounts = ["github:maya"]

[[audiences]]
key = "leadership"
lens = "executive"
"""


def _world() -> World:
    world = World()
    for number, key in enumerate(("acme/ran", "acme/core")):
        world.add_container(Container(id=str(10001 + number), key=key, name=key))
        for count in range(40):
            world.create(_item(key, number * 1000 + count + 1))
    world.add_person(Person(id="maya", name="Maya Okafor"))
    world.add_person(Person(id="sam", name="Sam Iten"))
    return world


def _item(container: str, number: int) -> ScriptedItem:
    done = BEGIN + timedelta(days=3 * (number % 1000))
    state = ItemState(
        container=container,
        key=f"{container}#{number}",
        title=f"Mast {number}",
        assignee="maya",
        due=date(2027, 3, 1),
    )
    events = (
        Event(at=done - timedelta(days=1), actor="maya", changes={"status": "In Progress"}),
        Event(at=done, actor="maya", changes={"status": "Done", "resolution": "Done"}),
    )
    return ScriptedItem(
        id=str(number),
        created_at=BEGIN - timedelta(days=3),
        reporter="maya",
        initial=state,
        events=events,
    )


@pytest.fixture
async def github() -> AsyncIterator[GitHubSimulator]:
    async with GitHubSimulator(_world(), FixedClock(NOW)) as simulator:
        yield simulator


@pytest.fixture
async def service(github: GitHubSimulator, store: Store, tmp_path: Path) -> AsyncIterator[Service]:
    (tmp_path / "syncer.toml").write_text(CONFIGURATION.format(url=github.url))
    secrets = {"GITHUB_TOKEN": github.account.secret}
    settings = load_settings(tmp_path / "syncer.toml", secrets)
    async with Service(settings, clock=FixedClock(NOW), store=store) as service:
        yield service


async def _synced(service: Service) -> Snapshot:
    assert all(one.ok for one in await service.sync())
    return (await service.snapshots()).current


async def _digest(service: Service) -> dict[str, str]:
    (audience,) = await service.audiences()
    digest = (await service.draft(audience)).digest
    return {name: " ".join(render(digest).split()) for name, render in RENDERERS.items()}


def _health(snapshot: Snapshot, scope: str) -> tuple[Health, str]:
    group = snapshot.group(scope)
    entry = group or snapshot.project(scope.partition(":")[2])
    assert entry is not None
    return entry.computed.health, entry.computed.rule


async def test_the_digest_quotes_what_the_owner_said_at_github(
    github: GitHubSimulator, service: Service
) -> None:
    calm = await _synced(service)
    assert _health(calm, "prog:5g") == (Health.GREEN, "G")
    github.reports.say(
        f"## Week 47\n{SENTENCE}. Second sentence.",
        containers=["acme/ran", "acme/core"],
        author="maya",
        at=NOW - timedelta(days=3),
        status="AT_RISK",
        project="5G infrastructure",
    )
    assert _health(await _synced(service), "prog:5g") == (Health.AMBER, "A9")
    for name, text in (await _digest(service)).items():
        assert SENTENCE in text, name
        if name != "json":  # the evidence behind a quotation holds all that was said
            said = text.partition('<li id="e1">')[0]
            assert "Second sentence" not in said, name
        assert "Maya Okafor" in text, name


async def test_a_report_on_one_repositorys_board_is_about_its_project(
    github: GitHubSimulator, service: Service
) -> None:
    github.reports.say(SENTENCE, containers=["acme/ran"], author="maya", at=NOW, status="OFF_TRACK")
    snapshot = await _synced(service)
    assert _health(snapshot, "proj:ran") == (Health.RED, "A9")
    assert _health(snapshot, "proj:core")[0] is Health.GREEN
    assert await service.unheard() == ()


async def test_a_report_that_could_mean_two_projects_changes_nothing_and_is_told(
    github: GitHubSimulator, service: Service
) -> None:
    before = await _synced(service)
    where = ["acme/ran", "acme/core"]
    github.reports.say(SENTENCE, containers=where, author="maya", at=NOW, status="OFF_TRACK")
    assert (await _synced(service)).projects == before.projects
    (unheard,) = await service.unheard()
    assert (unheard.connection, unheard.subject) == ("github", "Roadmap")
    first, second = unheard_lines(unheard)
    assert first == (
        "github: status updates of 'Roadmap' are not used: "
        "they could be about proj:core or proj:ran."
    )
    assert "the same name" in second


@pytest.mark.parametrize(("days", "health"), [(1, Health.GREEN), (-1, Health.AMBER)])
async def test_the_newer_of_two_words_stands_whatever_its_door(
    github: GitHubSimulator, service: Service, days: int, health: Health
) -> None:
    at = NOW - timedelta(days=5)
    github.reports.say(
        SENTENCE, containers=["acme/ran"], author="maya", at=at, status="AT_RISK", project="5G"
    )
    said = Provenance(author="Maya Okafor", at=at + timedelta(days=days), door=Door.COMMAND)
    word = OwnerStatus(
        scope="prog:5g", text="Back on track.", value=OwnerWord.ON_TRACK, provenance=said
    )
    await service.record(word)
    assert _health(await _synced(service), "prog:5g")[0] is health


async def test_who_is_not_the_owner_is_quoted_by_name(
    github: GitHubSimulator, service: Service
) -> None:
    github.reports.say(
        SENTENCE, containers=["acme/ran"], author="sam", at=NOW, status="AT_RISK", project="5G"
    )
    await _synced(service)
    for name, text in (await _digest(service)).items():
        assert "sam says at risk" in text, name
        assert "owner says" not in text, name


async def test_hostile_words_do_no_harm_in_any_format(
    github: GitHubSimulator, service: Service
) -> None:
    github.reports.say(
        HOSTILE, containers=["acme/ran"], author="maya", at=NOW, status="OFF_TRACK", project="5G"
    )
    await _synced(service)
    for name, text in (await _digest(service)).items():
        assert "HYPERLINK" in text, name
        assert not {"\u202e", "\x1b"} & {*text}, name
        assert 'href="javascript' not in text, name
        assert name != "md" or "[click](" not in text
        assert "<script>" not in text or name in {"txt", "json"}, name
        assert 'href="https://evil.example' not in text, name


async def test_a_report_that_was_deleted_is_quoted_no_more(
    github: GitHubSimulator, service: Service
) -> None:
    told = github.reports.say(
        SENTENCE, containers=["acme/ran"], author="maya", at=NOW, status="AT_RISK", project="5G"
    )
    await _synced(service)
    github.reports.retract(told)
    assert _health(await _synced(service), "prog:5g") == (Health.GREEN, "G")


async def test_a_token_without_the_scope_is_told_in_the_digest(
    github: GitHubSimulator, service: Service
) -> None:
    github.quirks.no_projects = True
    (result,) = await service.sync()
    assert result.identity is not None
    notes = [f"{one.message} {one.fix}" for one in result.identity.findings]
    assert any("status updates" in note and "read:project" in note for note in notes)
    assert "project status updates" in (await _digest(service))["txt"]
