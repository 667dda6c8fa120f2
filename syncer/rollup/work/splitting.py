"""The member projects that a program's items make: one for each container, epic or team.

Whole containers that a program names are its projects by the configuration alone; here is what only
the items can tell. Work that no epic or team claims becomes one project more, so that none is lost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from syncer.domain.item import ItemKind, ItemState, WorkItem
from syncer.domain.portfolio import ItemTarget, Portfolio, Program, Project, Split
from syncer.domain.selector import Every, InContainer, Selector, Shelves, Under, key_of

_EPIC_LEVEL = 1


def with_split_projects(portfolio: Portfolio, items: Sequence[WorkItem]) -> Portfolio:
    """The portfolio with the projects that its programs' items make."""
    if not any(program.split for program in portfolio.programs):
        return portfolio
    by_uid, shelves = {item.uid: item for item in items}, Shelves(items)
    found: dict[str, Project] = {}
    programs: list[Program] = []
    for program in portfolio.programs:
        picked = shelves.select(program.items, by_uid)
        taken = {*found, *(project.key for project in portfolio.projects)}
        made = [_free(one, program, taken) for one in _made(program, portfolio, picked)]
        found.update((one.key, one) for one in made)
        keys = dict.fromkeys((*program.projects, *(one.key for one in made)))
        programs.append(replace(program, projects=tuple(keys)))
    projects = (*portfolio.projects, *found.values())
    return replace(portfolio, projects=projects, programs=tuple(programs))


def _free(project: Project, program: Program, taken: Collection[str]) -> Project:
    """The project under a key that nobody else has."""
    return replace(project, key=f"{program.key}-{project.key}") if project.key in taken else project


def _made(program: Program, portfolio: Portfolio, picked: Sequence[WorkItem]) -> Iterator[Project]:
    match program.split:
        case Split.CONTAINER:
            yield from _by_container(program, picked)
        case Split.EPIC:
            yield from _by_epic(program, picked)
        case Split.TEAM:
            yield from _by_team(program, portfolio, picked)
        case None:
            return


def _by_container(program: Program, picked: Sequence[WorkItem]) -> Iterator[Project]:
    """The parts of containers that the program claims by something else than their names."""
    others = tuple(one for one in program.items if not isinstance(one, InContainer))
    if not others:
        return
    shelves, by_uid = Shelves(picked), {item.uid: item for item in picked}
    for container in sorted({item.container for item in shelves.select(others, by_uid)}):
        yield Project(
            key=f"{program.key}-{container.key}",
            name=container.key,
            items=(Every(((InContainer(str(container)),), others)),),
            implicit=True,
        )


def _by_epic(program: Program, picked: Sequence[WorkItem]) -> Iterator[Project]:
    epics = [item for item in picked if _is_epic(item)]
    for epic in sorted(epics, key=lambda item: item.key):
        owner = epic.assignees[0].name if epic.assignees else ""
        yield Project(
            key=epic.key,
            name=epic.title,
            items=_within(program, (Under(key_of(epic)),)),
            owner=owner,
            start=epic.start_date,
            target=ItemTarget(key_of(epic)) if epic.due_date else None,
            implicit=True,
        )
    yield from _left_over(program, tuple(Under(key_of(epic)) for epic in epics), picked)


def _is_epic(item: WorkItem) -> bool:
    return (
        item.hierarchy_level == _EPIC_LEVEL
        and item.kind is not ItemKind.SUBTASK
        and item.state is ItemState.LIVE
        and not item.restricted
    )


def _by_team(
    program: Program, portfolio: Portfolio, picked: Sequence[WorkItem]
) -> Iterator[Project]:
    shelves, by_uid = Shelves(picked), {item.uid: item for item in picked}
    teams = [team for team in portfolio.teams if shelves.select(team.items, by_uid)]
    for team in teams:
        yield Project(
            key=f"{program.key}-{team.key}",
            name=team.name,
            items=_within(program, team.items),
            team=team.key,
            implicit=True,
        )
    yield from _left_over(program, tuple(one for team in teams for one in team.items), picked)


def _within(program: Program, selectors: tuple[Selector, ...]) -> tuple[Selector, ...]:
    """What the selectors pick of the program's items."""
    return (Every((selectors, program.items)),)


def _left_over(
    program: Program, claimed: tuple[Selector, ...], picked: Sequence[WorkItem]
) -> Iterator[Project]:
    by_uid: Mapping[str, WorkItem] = {item.uid: item for item in picked}
    shelves = Shelves(picked)
    taken = {item.uid for item in shelves.select(claimed, by_uid)} if claimed else set()
    if all(item.uid in taken for item in picked):
        return
    yield Project(
        key=f"{program.key}-other",
        name=f"Other work of {program.name}",
        items=program.items,
        excluding=claimed,
        implicit=True,
    )
