from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from syncer.domain.item import WorkItem
from syncer.domain.portfolio import ItemTarget, Portfolio, Program, Project, Split, Team
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.domain.selector import InContainer, Selector, Under, WithLabel, select
from syncer.rollup.view import with_implicit_projects
from syncer.rollup.work.splitting import with_split_projects

AT = datetime(2026, 11, 23, tzinfo=UTC)


def item(key: str, *, under: str = "", level: int = 0, labels: tuple[str, ...] = ()) -> WorkItem:
    return WorkItem(
        ref=ItemRef("jira", key),
        key=key,
        url="",
        container=ContainerKey("jira", key.partition("-")[0]),
        title=f"Title of {key}",
        hierarchy_level=level,
        parent=ItemRef("jira", under) if under else None,
        labels=labels,
        created_at=AT,
        updated_at=AT,
    )


ITEMS = (
    item("INIT-1", level=2),
    item("NET-1", under="INIT-1", level=1),
    item("NET-2", under="NET-1", labels=("team-core",)),
    item("OUT-1", under="INIT-1", level=1),
    item("OUT-2", under="OUT-1"),
    item("NET-3", under="INIT-1"),
    item("NET-9"),
)


def split(by: Split, *items: Selector, teams: tuple[Team, ...] = ()) -> Portfolio:
    program = Program(key="5g", name="5G", projects=(), items=items, split=by)
    return with_split_projects(Portfolio(programs=(program,), teams=teams), ITEMS)


def members(portfolio: Portfolio) -> dict[str, list[str]]:
    by_uid = {one.uid: one for one in ITEMS}
    return {
        project.key: [
            one.key for one in select(project.items, ITEMS, by_uid, excluding=project.excluding)
        ]
        for project in portfolio.projects
    }


def test_a_tree_is_split_by_container() -> None:
    portfolio = split(Split.CONTAINER, Under("jira:INIT-1"))

    assert members(portfolio) == {
        "5g-INIT": ["INIT-1"],
        "5g-NET": ["NET-1", "NET-2", "NET-3"],
        "5g-OUT": ["OUT-1", "OUT-2"],
    }
    assert portfolio.programs[0].projects == ("5g-INIT", "5g-NET", "5g-OUT")


def test_whole_containers_are_left_to_the_configuration() -> None:
    assert split(Split.CONTAINER, InContainer("jira:NET")).projects == ()


def test_a_tree_is_split_by_epic_and_what_is_left_is_a_project_too() -> None:
    assert members(split(Split.EPIC, Under("jira:INIT-1"))) == {
        "NET-1": ["NET-1", "NET-2"],
        "OUT-1": ["OUT-1", "OUT-2"],
        "5g-other": ["INIT-1", "NET-3"],
    }


def test_an_epic_with_a_due_date_has_that_target() -> None:
    epic = replace(ITEMS[1], due_date=date(2027, 3, 19))
    program = Program(
        key="5g", name="5G", projects=(), items=(Under("jira:NET-1"),), split=Split.EPIC
    )
    (project,) = with_split_projects(Portfolio(programs=(program,)), [epic, *ITEMS[2:3]]).projects

    assert project.target == ItemTarget("jira:NET-1")
    assert project.name == "Title of NET-1"


def test_a_program_is_split_by_team() -> None:
    teams = (
        Team(key="core", name="Core", items=(WithLabel("team-core"),)),
        Team(key="absent", name="Absent", items=(WithLabel("team-absent"),)),
    )
    assert members(split(Split.TEAM, Under("jira:INIT-1"), teams=teams)) == {
        "5g-core": ["NET-2"],
        "5g-other": ["INIT-1", "NET-1", "OUT-1", "OUT-2", "NET-3"],
    }


def test_a_configured_project_keeps_its_key_and_nothing_is_lost() -> None:
    mine = Project(key="NET-1", name="Mine", items=(InContainer("jira:X"),))
    program = Program(
        key="5g", name="5G", projects=(), items=(Under("jira:NET-1"),), split=Split.EPIC
    )
    portfolio = with_split_projects(Portfolio(projects=(mine,), programs=(program,)), ITEMS)

    assert portfolio.projects[0] == mine
    assert members(portfolio) == {"NET-1": [], "5g-NET-1": ["NET-1", "NET-2"]}


def test_what_a_split_leaves_of_a_container_is_a_project_too() -> None:
    """NET-9 lies outside the tree; nobody else would count it."""
    portfolio = with_implicit_projects(split(Split.CONTAINER, Under("jira:INIT-1")), ITEMS)

    assert members(portfolio)["NET"] == ["NET-9"]
    assert set(members(portfolio)) == {"5g-INIT", "5g-NET", "5g-OUT", "NET"}
