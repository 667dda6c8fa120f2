"""The risk rule that looks at teams: RES-2, more due than is likely to be done (rollup.md 2.7)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from syncer.domain.load import TeamLoad
from syncer.domain.portfolio import Project, ProjectState
from syncer.domain.report import Evidence, Risk
from syncer.domain.verdict import VerdictLevel
from syncer.rollup.forecasting.flow import likely_total
from syncer.rollup.forecasting.throughput import weekly_completions
from syncer.rollup.forecasting.validity import forecast_validity
from syncer.rollup.project import ProjectBasis
from syncer.rollup.risks.detected import Size, cited, first_owner, make_risk, project_level
from syncer.rollup.risks.scoring import DEFAULTS, ScoringThresholds
from syncer.rollup.rules import DetectorRules
from syncer.rollup.tolerance import above, round_half_up
from syncer.rollup.view import View
from syncer.rollup.work.counting import Countable

_SIZE: Final = Size(3, 3)
_AT_REST: Final = frozenset({ProjectState.DONE, ProjectState.CANCELLED, ProjectState.ON_HOLD})


def team_loads(
    bases: Sequence[ProjectBasis], view: View, rules: DetectorRules
) -> tuple[TeamLoad, ...]:
    """What each team has due in the next weeks beside what it likely finishes, by team."""
    by_team: dict[str, list[ProjectBasis]] = defaultdict(list)
    for basis in bases:
        if basis.project.state not in _AT_REST:
            by_team[view.team_of(basis.project)].append(basis)
    return tuple(_load(by_team[team], view, rules.res2_weeks) for team in sorted(by_team))


def overload_risks(
    loads: Sequence[TeamLoad],
    view: View,
    rules: DetectorRules,
    *,
    scoring: ScoringThresholds = DEFAULTS,
) -> list[Risk]:
    """RES-2: teams with more items due in the next weeks than they are likely to finish."""
    return [
        _overload(one, view=view, rules=rules, scoring=scoring)
        for one in loads
        if above(one.load or 0.0, rules.res2_load)
    ]


def _throughput(bases: Sequence[ProjectBasis], work: Countable, view: View) -> Sequence[int]:
    """What a team finished in each of the last complete weeks; of one project it is known."""
    if len(bases) == 1:
        return bases[0].weekly
    zone = ZoneInfo(view.portfolio.timezone)
    return weekly_completions(work.items, as_of=view.today, zone=zone)


def _likely(throughput: Sequence[int], weeks: int) -> int:
    """The median of what the team finishes in so many weeks; 0 where its history is too thin."""
    thin = forecast_validity(throughput, source_age_hours=0.0) is not None
    return 0 if thin else likely_total(throughput, weeks)


def _team_name(project: Project, view: View) -> str:
    names = {team.key: team.name for team in view.portfolio.teams}
    key = project.team[:1].upper() + project.team[1:]
    name = names.get(project.team) or key or project.name
    return name if name.casefold().endswith("team") else f"{name} team"


def _load(bases: Sequence[ProjectBasis], view: View, weeks: int) -> TeamLoad:
    until = view.today + timedelta(weeks=weeks)
    projects = [basis.project for basis in bases]
    work = view.union(project.key for project in projects)
    due = [i.uid for i in work.open_items if i.due_date and view.today <= i.due_date <= until]
    return TeamLoad(
        team=projects[0].team,
        name=_team_name(projects[0], view),
        projects=tuple(project.key for project in projects),
        due=len(due),
        likely=_likely(_throughput(bases, work, view), weeks),
        weeks=weeks,
        items=cited(due),
    )


def _overload(
    found: TeamLoad, *, view: View, rules: DetectorRules, scoring: ScoringThresholds
) -> Risk:
    first, keys, weeks = view.projects[found.projects[0]], found.projects, found.weeks
    levels = {project_level(view, view.projects[key]) for key in keys}
    load = found.load or 0.0
    over = round_half_up(100 * (load - 1))
    return make_risk(
        "RES-2",
        f"team:{first.team}" if first.team else first.scope,
        f"{found.name} {over} % overbooked for {weeks} weeks "
        f"({found.due} due, {found.likely} likely)",
        size=_SIZE,
        evidence=[
            Evidence(
                label="load",
                value=f"{load:.2f}",
                formula=f"items due in {weeks} weeks / median of what {weeks} weeks finish; "
                f"above {rules.res2_load:g}",
                items=found.items,
            )
        ],
        scoring=scoring,
        projects=keys,
        owner=first_owner(view, keys),
        level=VerdictLevel.PROGRAM if VerdictLevel.PROGRAM in levels else VerdictLevel.PRODUCT,
        proximity=view.today + timedelta(weeks=weeks),
    )
