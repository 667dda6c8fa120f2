"""The risk rules that look at people: RES-1 and RES-3 (rollup.md 2.7).

Nobody is named: a risk tells that somebody is a bottleneck, and through which items.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from syncer.domain.item import StatusCategory, WorkItem
from syncer.domain.people import persons
from syncer.domain.portfolio import Portfolio
from syncer.domain.report import Evidence, Risk
from syncer.domain.verdict import VerdictLevel
from syncer.rollup.calendar import report_date
from syncer.rollup.project import ProjectBasis
from syncer.rollup.risks.detected import (
    Size,
    counted,
    first_owner,
    make_risk,
    percent,
    project_level,
    uids,
)
from syncer.rollup.risks.project_detectors import AT_REST
from syncer.rollup.risks.scoring import DEFAULTS, ScoringThresholds, risk_id
from syncer.rollup.rules import DetectorRules
from syncer.rollup.tolerance import above, at_least
from syncer.rollup.view import View

_DONE: Final = StatusCategory.DONE
_SIZE: Final = Size(3, 3)
_NAMED: Final = 2


def known_people(portfolio: Portfolio, items: Iterable[WorkItem] = ()) -> Mapping[str, str]:
    """One account of whoever has several, by each `<connection>:<account id>`.

    `items` are those whose accounts may turn out to be one person's by their address.
    """
    return persons(portfolio.people, items)


def workers(item: WorkItem, people: Mapping[str, str]) -> tuple[str, ...]:
    """The persons who work on an item, each once; robots are nobody."""
    accounts = (f"{a.connection}:{a.id}" for a in item.assignees if not a.bot)
    return tuple(dict.fromkeys(people.get(account, account) for account in accounts))


def shares(items: Iterable[WorkItem], people: Mapping[str, str]) -> Mapping[str, float]:
    """How many items each person works on; what several work on is split equally."""
    found: dict[str, float] = defaultdict(float)
    for item in items:
        persons = workers(item, people)
        for person in persons:
            found[person] += 1 / len(persons)
    return found


def bus_factor(assignments: Iterable[float], share: float = 0.5) -> int:
    """The fewest people who together have more than `share` of the assignments; 0 without any."""
    ordered = sorted(assignments, reverse=True)
    whole, covered = sum(ordered), 0.0
    for count, held in enumerate(ordered, start=1):
        covered += held
        if above(covered / whole, share):
            return count
    return 0


def _active(bases: Iterable[ProjectBasis]) -> list[ProjectBasis]:
    return [basis for basis in bases if basis.project.state not in AT_REST]


# --- RES-1 ---------------------------------------------------------------------------------------


def overload_of_people(
    bases: Sequence[ProjectBasis],
    view: View,
    rules: DetectorRules,
    *,
    scoring: ScoringThresholds = DEFAULTS,
    people: Mapping[str, str] | None = None,
) -> list[Risk]:
    """RES-1: somebody works on many items in several projects at once.

    `people` are the `known_people` of the view, found if not given.
    """
    people = known_people(view.portfolio, view.items) if people is None else people
    wip = {item.uid: item for basis in _active(bases) for item in basis.count.wip}
    mine: dict[str, list[WorkItem]] = defaultdict(list)
    for item in wip.values():
        for person in workers(item, people):
            mine[person].append(item)
    load = shares(wip.values(), people)
    risks: list[Risk] = []
    for person in sorted(mine):
        homes = {view.homes.get(item.uid, "") for item in mine[person]} - {""}
        if at_least(load[person], rules.res1_wip) and len(homes) >= rules.res1_projects:
            risk = _overload(mine[person], view, rules, scoring=scoring)
            risks.append(replace(risk, id=risk_id("RES-1", risk.scope, [person])))
    return risks


def _overload(
    items: Sequence[WorkItem], view: View, rules: DetectorRules, *, scoring: ScoringThresholds
) -> Risk:
    ordered = sorted(items, key=lambda item: item.uid)
    projects = tuple(sorted({view.homes[i.uid] for i in ordered if i.uid in view.homes}))
    shared = set.intersection(*({p.key for p in view.programs_of.get(k, ())} for k in projects))
    names = " and ".join(view.projects[key].name for key in projects[:_NAMED])
    others = counted(len(projects) - _NAMED, "other project")
    more = f" and {others}" if len(projects) > _NAMED else ""
    return make_risk(
        "RES-1",
        f"prog:{min(shared)}" if shared else "portfolio",
        f"One person has {counted(len(items), 'item')} in progress in {names}{more}",
        size=_SIZE,
        evidence=[
            Evidence(
                label="in progress at once",
                value=counted(len(items), "item"),
                formula=f"items of one person, shared ones split, from {rules.res1_wip} "
                f"in {rules.res1_projects} projects on",
                items=uids(ordered),
            )
        ],
        scoring=scoring,
        projects=projects,
        owner=first_owner(view, projects),
        # What concerns a person is nothing for executives.
        level=VerdictLevel.PRODUCT,
    )


# --- RES-3 ---------------------------------------------------------------------------------------


def _assigned(basis: ProjectBasis, view: View, days: int) -> Iterator[WorkItem]:
    """Items in progress or done lately on which somebody works."""
    since, zone = view.today - timedelta(days=days), ZoneInfo(view.portfolio.timezone)
    for item in basis.count.items:
        done = item.status_category is _DONE and item.done_at is not None
        lately = done and item.done_at is not None and report_date(item.done_at, zone) >= since
        if (lately or item.status_category.is_wip) and item.assignees:
            yield item


def key_person_risks(
    bases: Sequence[ProjectBasis],
    view: View,
    rules: DetectorRules,
    *,
    scoring: ScoringThresholds = DEFAULTS,
    people: Mapping[str, str] | None = None,
) -> list[Risk]:
    """RES-3: projects in which one person does most of the work; `people` as in RES-1."""
    people = known_people(view.portfolio, view.items) if people is None else people
    risks = list[Risk]()
    for basis in _active(bases):
        items = [i for i in _assigned(basis, view, rules.res3_days) if workers(i, people)]
        held = shares(items, people)
        if len(items) < rules.res3_items:
            continue
        if 1 <= bus_factor(held.values(), rules.res3_share) <= rules.res3_people:
            largest = max(held.values()) / len(items)
            risks.append(_key_person(basis, items, largest, view=view, rules=rules,
                                     scoring=scoring))  # fmt: skip
    return risks


def _key_person(
    basis: ProjectBasis,
    items: Sequence[WorkItem],
    largest: float,
    *,
    view: View,
    rules: DetectorRules,
    scoring: ScoringThresholds,
) -> Risk:
    project = basis.project
    return make_risk(
        "RES-3",
        project.scope,
        f"{project.name} rests on one person: {percent(largest)} of its recent work",
        size=_SIZE,
        evidence=[
            Evidence(
                label="largest share of one person",
                value=percent(largest),
                formula=f"fewest people with more than {percent(rules.res3_share)} of what is in "
                f"progress or was done within {rules.res3_days} days, shared items split",
                items=uids(items),
            )
        ],
        scoring=scoring,
        projects=(project.key,),
        owner=project.owner,
        level=project_level(view, project),
    )
