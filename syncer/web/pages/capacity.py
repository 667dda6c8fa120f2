"""Capacity of the next four weeks: by project, by team, and for those who may see it by person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from syncer.domain.item import WorkItem
from syncer.domain.load import TeamLoad
from syncer.domain.report import ProjectResult
from syncer.publish.digest.tracker_text import clean
from syncer.rollup.risks.people_detectors import known_people, workers
from syncer.rollup.tolerance import above, at_least, round_half_up
from syncer.web.pages.context import Link, PageContext

_AHEAD: Final = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a project has to do in the next four weeks beside what it did in the last four."""

    project: ProjectResult
    due: int
    overdue: int
    done: int
    unassigned: int
    wip: int


def loads(projects: Sequence[ProjectResult], page: PageContext) -> Iterator[Load]:
    """The next four weeks of each project, over its open items that count and may be shown."""
    mine, counted = defaultdict(list), page.current.stock.counted
    for item in page.current.stock.items:
        mine[page.current.stock.projects.get(item.uid, "")].append(item)
    for project in projects:
        opened = [one for one in mine[project.key] if one.is_open and one.uid in counted]
        ahead = [(one.due_date - page.today).days for one in opened if one.due_date is not None]
        wip = [one for one in opened if one.status_category.is_wip]
        yield Load(
            project=project,
            due=sum(0 <= days <= _AHEAD for days in ahead),
            overdue=sum(days < 0 for days in ahead),
            done=sum(project.forecast.inputs.throughput[-4:]),
            unassigned=sum(not one.assignees for one in wip),
            wip=len(wip),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamRow:
    """A team with its projects; `percent` of what it likely finishes is due, None unknown.

    `over` says that it is more than the rule for an overbooked team (RES-2) allows. `behind` is the
    project at whose figures the evidence stands.
    """

    team: TeamLoad
    projects: Sequence[Link]
    percent: int | None
    over: bool
    behind: str


def teams(projects: Collection[str], page: PageContext) -> list[TeamRow]:
    """The teams that work on these projects, by name, with all that they have to do."""
    most = page.current.rules.detectors.res2_load
    rows = [
        TeamRow(
            team=one,
            projects=[page.project(key) for key in one.projects],
            percent=None if one.load is None else round_half_up(100 * one.load),
            over=one.load is not None and above(one.load, most),
            behind=f"proj:{one.projects[0]}",
        )
        for one in page.current.pair.current.loads
        if any(key in projects for key in one.projects)
    ]
    return sorted(rows, key=lambda row: (row.team.name.casefold(), row.team.projects))


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """A person with the items in progress, here and in all projects; `over`: RES-1 or more."""

    name: str
    here: Sequence[Link]
    everywhere: int
    projects: int
    over: bool


def people(projects: Collection[str], page: PageContext, *, reader: str) -> list[PersonRow] | None:
    """Who works on these projects, by name and never by load; None where the reader may not see it.

    Who may is configured by name (`pages.people_for`).
    """
    if not reader or reader not in page.current.people_for:
        return None
    mine, home = defaultdict[str, list[WorkItem]](list), page.current.stock.projects
    known = known_people(page.current.portfolio)
    for item in page.current.stock.items:
        if item.status_category.is_wip and item.is_open and item.uid in home:
            for person in workers(item, known):
                mine[person].append(item)
    found = (_person(key, items, projects, page=page) for key, items in mine.items())
    return sorted((one for one in found if one.here), key=lambda one: one.name.casefold())


def _person(
    key: str, items: Sequence[WorkItem], projects: Collection[str], *, page: PageContext
) -> PersonRow:
    home, rules = page.current.stock.projects, page.current.rules.detectors
    where = {home[item.uid] for item in items}
    return PersonRow(
        name=_name(key, items, page),
        here=[page.work(item) for item in items if home[item.uid] in projects],
        everywhere=len(items),
        projects=len(where),
        over=at_least(len(items), rules.res1_wip) and len(where) >= rules.res1_projects,
    )


def _name(key: str, items: Sequence[WorkItem], page: PageContext) -> str:
    """The name in the configuration, else the one that the tracker knows."""
    for person in page.current.portfolio.people:
        if key in person.accounts:
            return clean(person.name, 40)
    accounts = (account for item in items for account in item.assignees)
    named = (one.name for one in accounts if f"{one.connection}:{one.id}" == key)
    return clean(next(named, ""), 40) or "unnamed"
