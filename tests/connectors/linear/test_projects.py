"""Projects, initiatives and the reports on them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.linear.mapping.links import project_links
from connectors.linear.mapping.site import Site
from connectors.linear.mapping.times import first_day, last_day
from connectors.linear.rules import Rules
from connectors.linear.wire import Project, ProjectRelation, ProjectRelations, Slug
from syncer.connect.protocol import ReportsStatus
from syncer.connect.testing.server import RecordedRequest
from syncer.domain.item import ItemKind, ItemState, StatusCategory
from syncer.domain.link import LinkKind
from syncer.domain.ref import ItemRef
from syncer.domain.statement import OwnerWord, TrackerStatus
from tests.connectors.linear.small_linear import (
    ACME,
    NOW,
    RAN,
    Still,
    made,
    read,
    records,
    running,
    small_world,
)

HOUR = timedelta(hours=1)
SITE = Site(connection="li", web_url="https://linear.app", rules=Rules())


async def items_of(world: Any, **resolutions: str) -> dict[str, Any]:
    async with running(world) as (linear, connector):
        linear.resolutions.update({name.removeprefix("of_"): r for name, r in resolutions.items()})
        pages = await read(connector, ACME)
    assert all(page.unreadable == () for page in pages)
    return {key: record.item for key, record in records(pages).items()}


async def test_initiatives_stand_over_projects_and_goals_over_initiatives() -> None:
    world = small_world()
    made(world, 50, "RAN-950", type="Initiative", title="The year", parent=None)
    world.edit("1", NOW - HOUR, actor="kim", parent="50")
    items = await items_of(world)
    told = {key: (item.kind, item.hierarchy_level, item.parent_key) for key, item in items.items()}
    assert told == {
        "initiative/50a0": (ItemKind.GOAL, 3, ""),
        "initiative/1a0": (ItemKind.INITIATIVE, 2, "initiative/50a0"),
        "project/2a0": (ItemKind.EPIC, 1, "initiative/1a0"),
        "project/7a0": (ItemKind.EPIC, 1, "initiative/1a0"),
    }
    assert all(item.container == ACME for item in items.values())
    assert items["project/2a0"].url.endswith("/acme/project/made-up-2a0")


@pytest.mark.parametrize(
    ("resolution", "last"),
    [
        ("", date(2027, 1, 29)),
        ("month", date(2027, 1, 31)),
        ("quarter", date(2027, 3, 31)),
        ("halfYear", date(2027, 6, 30)),
        ("year", date(2027, 12, 31)),
    ],
)
async def test_a_coarse_target_means_its_last_day(resolution: str, last: date) -> None:
    item = (await items_of(small_world(), of_2=resolution))["project/2a0"]
    assert item.due_date == last


def test_quarters_and_years_are_those_of_the_fiscal_year() -> None:
    february = date(2026, 2, 10)
    assert last_day(february, "quarter", fiscal_start=1) == date(2026, 4, 30)
    assert first_day(february, "quarter", fiscal_start=1) == date(2026, 2, 1)
    assert last_day(date(2026, 1, 31), "year", fiscal_start=1) == date(2026, 1, 31)
    assert first_day(date(2026, 1, 31), "year", fiscal_start=1) == date(2025, 2, 1)


@given(
    st.dates(min_value=date(2, 1, 1), max_value=date(9998, 12, 31)),
    st.sampled_from(["month", "quarter", "halfYear", "year", "century", None]),
    st.integers(0, 11),
)
def test_a_date_lies_within_what_it_may_mean(
    day: date, resolution: str | None, fiscal_start: int
) -> None:
    first = first_day(day, resolution, fiscal_start=fiscal_start)
    last = last_day(day, resolution, fiscal_start=fiscal_start)
    assert first is not None
    assert last is not None
    assert first <= day <= last
    assert (last - first).days < 367


@pytest.mark.parametrize(
    ("status", "category"),
    [
        ("To Do", StatusCategory.TODO),
        ("In Progress", StatusCategory.IN_PROGRESS),
        ("Blocked", StatusCategory.WAITING),
        ("Done", StatusCategory.DONE),
    ],
)
async def test_statuses_of_projects_have_their_types(status: str, category: StatusCategory) -> None:
    world = small_world()
    world.edit("2", NOW - HOUR, actor="kim", status=status)
    item = (await items_of(world))["project/2a0"]
    assert (item.native_status, item.status_category) == (status, category)
    begun = category is not StatusCategory.TODO
    assert (item.started_at, item.done_at) == (
        NOW - HOUR if begun else None,
        NOW - HOUR if category is StatusCategory.DONE else None,
    )
    assert not item.history_complete


async def test_initiatives_have_statuses_of_their_own() -> None:
    world = small_world()
    assert (await items_of(world))["initiative/1a0"].native_status == "Planned"
    world.edit("1", NOW - HOUR, actor="kim", status="In Progress")
    item = (await items_of(world))["initiative/1a0"]
    assert (item.native_status, item.status_category) == ("Active", StatusCategory.IN_PROGRESS)


# --- dependencies ---------------------------------------------------------------------------------


async def test_a_project_waits_for_another_told_at_either_end() -> None:
    items = await items_of(small_world())
    ((one,), (other,)) = (items["project/2a0"].links, items["project/7a0"].links)
    assert (one.kind, one.to, one.inward) == (LinkKind.BLOCKS, items["project/7a0"].ref, True)
    assert (other.kind, other.to, other.inward) == (LinkKind.BLOCKS, ItemRef("li", "2"), False)


@pytest.mark.parametrize(
    ("anchors", "type_", "kind", "inward"),
    [
        (("end", "start"), "dependency", LinkKind.BLOCKS, False),
        (("start", "end"), "dependency", LinkKind.BLOCKS, True),
        (("milestone", "start"), "dependency", LinkKind.BLOCKS, False),
        (("start", "start"), "dependency", LinkKind.START_BEFORE, False),
        (("end", "end"), "dependency", LinkKind.FINISH_BEFORE, False),
        (("soon", "later"), "dependency", LinkKind.BLOCKS, False),
        (("end", "start"), "related", LinkKind.RELATES, False),
    ],
)
def test_anchors_say_who_waits_for_whom_from_either_side(
    anchors: tuple[str, str], type_: str, kind: LinkKind, *, inward: bool
) -> None:
    relation = ProjectRelation(
        type=type_,
        anchor_type=anchors[0],
        related_anchor_type=anchors[1],
        project=Slug(id="1", slug_id="one"),
        related_project=Slug(id="2", slug_id="two"),
    )
    page = ProjectRelations(nodes=[relation, None])
    (near,) = project_links(Project(id="1", slug_id="one", relations=page), SITE)
    (far,) = project_links(Project(id="2", slug_id="two", inverse_relations=page), SITE)
    assert (near.kind, near.to.id, near.inward) == (kind, "2", inward)
    undirected = kind is LinkKind.RELATES
    assert (far.kind, far.to.id, far.inward) == (kind, "1", not inward and not undirected)


# --- incremental, deleted, reports ----------------------------------------------------------------


async def test_what_changes_in_either_list_comes_with_the_next_pass() -> None:
    world, clock = small_world(), Still()
    async with running(world, clock=clock) as (_, connector):
        cursor = (await read(connector, ACME))[-1].cursor
        for id_, key in (("2", "project/2a0"), ("1", "initiative/1a0")):
            clock.instant += HOUR
            world.edit(id_, clock.now(), actor="kim", title=f"Renamed {id_}")
            pages = await read(connector, ACME, cursor)
            assert records(pages)[key].item.title == f"Renamed {id_}"
            cursor = pages[-1].cursor


async def test_a_change_of_the_first_list_while_the_second_is_read_is_not_lost() -> None:
    """The watermark must not pass the instant at which the first list was read."""
    world, clock = small_world(), Still()
    async with running(world, clock=clock, overlap_minutes=0, overlap_items=0) as (
        linear, connector,
    ):  # fmt: skip
        world.edit("1", NOW - HOUR, actor="kim", title="Initiative")
        cursor = (await read(connector, ACME))[-1].cursor
        clock.instant = later = NOW + HOUR
        world.edit("2", later + timedelta(seconds=2), actor="kim", title="Project meanwhile")
        world.edit("1", later + timedelta(seconds=5), actor="kim", title="Initiative meanwhile")

        def pass_by(request: RecordedRequest) -> None:
            if b"initiatives(filter" in request.body:
                clock.instant = later + timedelta(seconds=10)

        linear.server.on_request.append(pass_by)
        between = await read(connector, ACME, cursor)
        assert records(between)["initiative/1a0"].item.title == "Initiative meanwhile"
        assert "project/2a0" not in records(between)
        again = records(await read(connector, ACME, between[-1].cursor))
    assert again["project/2a0"].item.title == "Project meanwhile"


async def test_projects_in_the_trash_are_gone_and_counted_no_more() -> None:
    world = small_world()
    async with running(world) as (_, connector):
        world.delete("7", NOW)
        refs = [ItemRef("li", "7", "project/7a0"), ItemRef("li", "2"), ItemRef("li", "1")]
        fetched = await connector.fetch(refs)
        counted = [ref.locator async for ref in connector.inventory(ACME)]
        pulled = records(await read(connector, ACME))
    assert fetched.gone == (refs[0],)
    assert {one.item.key for one in fetched.records} == {"project/2a0", "initiative/1a0"}
    assert counted == ["project/2a0", "initiative/1a0"]
    assert pulled["project/7a0"].item.state is ItemState.DELETED


async def reports(world: Any, container: Any = ACME, **said: str) -> list[TrackerStatus]:
    async with running(world) as (linear, connector):
        assert isinstance(connector, ReportsStatus)
        for name, health in said.items():
            linear.report(name.removeprefix("of_"), "onTrack", at=NOW - HOUR, actor="kim")
            linear.report(
                name.removeprefix("of_"),
                health,
                at=NOW,
                actor="kim",
                body="We wait for **permits**.",
            )
        return [one async for one in connector.status_updates(container)]


@pytest.mark.parametrize(
    ("health", "word"),
    [
        ("onTrack", OwnerWord.ON_TRACK),
        ("atRisk", OwnerWord.AT_RISK),
        ("offTrack", OwnerWord.OFF_TRACK),
        ("sunny", None),
    ],
)
async def test_the_last_report_on_a_project_or_initiative_is_its_owners_word(
    health: str, word: OwnerWord | None
) -> None:
    told = await reports(small_world(), of_2=health, of_1=health)
    assert [one.subject for one in told] == ["The network", "5G for everybody"]
    first = told[0]
    assert (first.value, first.at, first.text) == (word, NOW, "We wait for **permits**.")
    assert first.author is not None
    assert (first.author.id, first.container, first.target) == ("kim", ACME, date(2027, 1, 29))
    assert first.url.endswith("/acme/project/made-up-2a0")


async def test_teams_and_who_says_nothing_report_nothing() -> None:
    assert await reports(small_world(), RAN, of_2="atRisk") == []
    assert await reports(small_world()) == []
