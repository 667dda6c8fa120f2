"""The connector against a real Redmine: item by item it says what Redmine's own API says.

What is told here of Redmine's ways was found on Debian's Redmine 5.0. Where none is installed the
tests are skipped: see `tests/redmine_server.py`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from syncer.domain.item import DateSource, ItemKind
from syncer.domain.ref import ItemRef
from tests.connectors.redmine.agreement import categories_of, differences
from tests.connectors.redmine.office import (
    CLOSED,
    FEEDBACK,
    IN_PROGRESS,
    NAME,
    REJECTED,
    Office,
    container,
    next_second,
    read,
)
from tests.redmine_server import RedmineServer, started, why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())

SETTINGS: dict[str, Any] = {"page_size": 3, "overlap_minutes": 0, "overlap_items": 0}
"""Small pages, and no look back, so that what is read again is read for a reason."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedmineServer]:
    with started(tmp_path_factory.mktemp("redmine")) as running:
        yield running


@pytest.fixture
async def office(server: RedmineServer) -> AsyncIterator[Office]:
    jar = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        yield Office(server, session)


@dataclass(frozen=True, slots=True)
class Plan:
    """The numbers of the issues that the tests speak of, and of one relation."""

    mast: int
    permit: int
    cable: int
    ground: int
    whole: int
    core: int
    relation: int


async def plan(office: Office, name: str) -> Plan:
    """Work in a project called `name`, in its subproject, and in another one beside it."""
    parent = await office.project(name)
    await office.project(f"{name}-sub", parent_id=parent)
    await office.project(f"{name}-core")
    beta = {"version": {"name": "Beta", "due_date": "2031-02-28"}}
    version = await office.do("POST", f"/projects/{name}/versions.json", beta)
    kind = {"issue_category": {"name": "Towers"}}
    category = await office.do("POST", f"/projects/{name}/issue_categories.json", kind)
    whole = await office.issue(name, "The network", tracker_id=2)
    mast = await office.issue(
        name,
        "Raise the mast <b>&amp;",
        description="h2. Plan\n\nBlocked by https://example.net/permits/7\n* first\n* second",
        parent_issue_id=whole,
        fixed_version_id=version["version"]["id"],
        category_id=category["issue_category"]["id"],
        estimated_hours=12.5,
    )
    permit = await office.issue(name, "Get the permit", due_date="2031-01-31", priority_id=4)
    cable = await office.issue(name, "Lay the cable", is_private=True, assigned_to_id=1)
    ground = await office.issue(name, "Dig", start_date="2031-01-06", due_date="2031-01-10")
    core = await office.issue(f"{name}-core", "Core router")
    await office.issue(f"{name}-sub", "Of the subproject")
    relation = await office.relate(permit, "blocks", mast)
    await office.relate(cable, "follows", ground, delay=3)
    await office.relate(ground, "relates", permit)
    await office.edit(permit, status_id=IN_PROGRESS, notes="asked the town")
    await office.edit(permit, status_id=FEEDBACK)
    await office.edit(ground, status_id=CLOSED, done_ratio=100)
    return Plan(mast, permit, cable, ground, whole, core, relation)


async def test_each_issue_is_as_redmine_says(office: Office) -> None:
    made = await plan(office, "first")
    rejected = await office.issue("first", "No longer wanted")
    await office.edit(rejected, status_id=REJECTED)
    crowd = [await office.issue("first", f"One of many {n}") for n in range(8)]

    connector = office.connector(**SETTINGS)
    found, _ = await read(connector, "first")
    named = [ref.id async for ref in connector.inventory(container("first"))]

    assert sorted(named) == sorted(found)
    assert set(found) == {str(number) for number in await office.numbers("first")}
    assert {str(number) for number in crowd} < set(found)
    wrong = {
        number: differ
        for number, record in found.items()
        if (differ := differences(record, await office.told(int(number))))
    }
    assert wrong == {}
    mast, cable = found[str(made.mast)].item, found[str(made.cable)].item
    assert mast.kind is ItemKind.SUBTASK
    assert (mast.due_date, mast.date_source) != (None, DateSource.EXPLICIT)  # its version's
    assert [(one.to.id, one.lag_days) for one in cable.links] == [(str(made.ground), 3)]
    assert categories_of(found[str(made.permit)]) == ["IN_PROGRESS", "WAITING"]


async def test_the_next_pass_finds_what_changed_and_little_else(office: Office) -> None:
    made = await plan(office, "later")
    calm = await office.issue("later", "Calm")
    await next_second()
    last = await office.issue("later", "Last")
    connector = office.connector(**SETTINGS)
    _, cursor = await read(connector, "later")

    await next_second()
    await office.edit(made.mast, subject="Raise the mast higher", status_id=IN_PROGRESS)
    moved = (await office.ask("/projects/later.json"))["project"]["id"]
    await office.edit(made.core, project_id=moved)
    found, cursor = await read(connector, "later", cursor)

    assert {str(made.mast), str(made.core)} <= set(found)
    assert str(calm) not in found
    for number, record in found.items():
        assert differences(record, await office.told(int(number))) == []
    assert found[str(made.core)].item.container == container("later")
    again, _ = await read(connector, "later", cursor)
    assert str(calm) not in again
    assert str(last) not in again


async def test_relations_are_found_although_redmine_calls_their_issues_unchanged(
    office: Office,
) -> None:
    made = await plan(office, "relations")
    calm = await office.issue("relations", "Calm")
    await next_second()
    await office.issue("relations", "Last")
    connector = office.connector(**SETTINGS)
    before, cursor = await read(connector, "relations")

    await next_second()
    await office.do("DELETE", f"/relations/{made.relation}.json")
    await office.relate(made.permit, "blocks", calm)
    told = await office.told(calm)
    assert told["updated_on"] == told["created_on"], "Redmine calls it unchanged"
    found, _ = await read(connector, "relations", cursor)

    assert {str(made.mast), str(calm)} <= set(found)
    for number, record in found.items():
        assert differences(record, await office.told(int(number))) == []
    was, now = before[str(made.mast)].item, found[str(made.mast)].item
    assert str(made.permit) in {one.to.id for one in was.links}
    assert str(made.permit) not in {one.to.id for one in now.links}


async def test_what_was_deleted_is_gone_and_what_is_private_is_hidden(office: Office) -> None:
    await office.project("absent")
    shown = await office.issue("absent", "Shown")
    deleted = await office.issue("absent", "Deleted")
    private = await office.issue("absent", "Private", is_private=True)
    person = {"login": "eve", "firstname": "Eve", "lastname": "E", "mail": "eve@example.net"}
    account = await office.do(
        "POST", "/users.json", {"user": {**person, "password": "long-enough"}}
    )
    await office.do("DELETE", f"/issues/{deleted}.json")

    key = (await office.ask(f"/users/{account['user']['id']}.json"))["user"]["api_key"]
    refs = [ItemRef(NAME, str(n)) for n in (shown, deleted, private)]
    fetched = await office.connector(key=key).fetch(refs)

    assert [record.item.ref for record in fetched.records] == refs[:1]
    assert fetched.gone == (refs[1],)
    assert fetched.hidden == (refs[2],)


async def test_projects_by_name_closed_and_archived(office: Office) -> None:
    for name in ("shown", "shut", "stowed"):
        await office.project(name)
        await office.issue(name, "Something")
    await office.do("PUT", "/projects/shut/close.json")
    await office.do("PUT", "/projects/stowed/archive.json")

    named = await office.connector(containers=["sh*", "stowed"]).probe()

    assert [one.key.key for one in named.containers] == ["shown", "shut"]
    assert any("'stowed'" in finding.message for finding in named.findings)
    found, _ = await read(office.connector(), "shut")
    assert len(found) == 1
