"""Detected risks: each rule looks at figures that are already worked out (rollup.md 2.10).

A detector yields unmerged risks whose scope follows the verdict (2.11): a risk on program-level
work has the program as its scope, one on product-level work its project.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from syncer.domain.portfolio import Project
from syncer.domain.report import DependencyFinding, Evidence, ItemMention, Risk
from syncer.domain.verdict import VerdictLevel
from syncer.rollup.dependencies import Dependencies
from syncer.rollup.display import show_overrun, show_probability
from syncer.rollup.flow import likely_total, load
from syncer.rollup.health import short_date
from syncer.rollup.observed import Observed
from syncer.rollup.project import ProjectBasis
from syncer.rollup.rules import DetectorRules
from syncer.rollup.scoring import (
    band,
    exposure_money,
    impact_bucket,
    probability_bucket,
    risk_id,
)
from syncer.rollup.scoring import score as multiplied
from syncer.rollup.tolerance import at_least, below, round_half_up
from syncer.rollup.view import View, is_product_project

_DATA: Final = (2, 2)
_GRAVE_DATA: Final = (3, 3)


def _subject_title(mention: ItemMention) -> str:
    return "restricted item" if mention.restricted else mention.title


def make_risk(
    rule: str,
    scope: str,
    title: str,
    *,
    size: tuple[int, int],
    projects: tuple[str, ...],
    owner: str = "",
    level: VerdictLevel = VerdictLevel.PROGRAM,
    subjects: Sequence[ItemMention] = (),
    root: ItemMention | None = None,
    evidence: Sequence[Evidence] = (),
    money: float | None = None,
    days: float | None = None,
    proximity: date | None = None,
) -> Risk:
    """A detected risk of probability and impact `size`, with its stable id."""
    value = multiplied(*size)
    return Risk(
        id=risk_id(rule, scope, (subject.uid for subject in subjects)),
        rule=rule,
        scope=scope,
        title=title,
        probability=size[0],
        impact=size[1],
        score=value,
        band=band(value).value,
        owner=owner,
        projects=projects,
        level=level,
        subjects=tuple(subjects),
        root=root,
        evidence=tuple(evidence),
        exposure_money=money,
        exposure_days=days,
        proximity=proximity,
    )


def project_level(view: View, project: Project) -> VerdictLevel:
    """Which lens a risk on the project as a whole belongs to."""
    return VerdictLevel.PRODUCT if is_product_project(view, project) else VerdictLevel.PROGRAM


class ProjectDetectors:
    """The rules that look at one project."""

    def __init__(
        self, basis: ProjectBasis, observed: Observed, view: View, rules: DetectorRules
    ) -> None:
        self._basis = basis
        self._observed = observed
        self._view = view
        self._rules = rules

    def risks(self) -> list[Risk]:
        """Every risk that fires."""
        return [*self._schedule(), *self._scope(), *self._unassigned(), *self._data()]

    def _risk(
        self,
        rule: str,
        title: str,
        *,
        size: tuple[int, int],
        evidence: Sequence[Evidence],
        money: float | None = None,
        days: float | None = None,
        proximity: date | None = None,
    ) -> Risk:
        project = self._basis.project
        return make_risk(
            rule,
            project.scope,
            title,
            size=size,
            projects=(project.key,),
            owner=project.owner,
            level=project_level(self._view, project),
            evidence=evidence,
            money=money,
            days=days,
            proximity=proximity,
        )

    def _schedule(self) -> Iterator[Risk]:
        basis, forecast = self._basis, self._basis.forecast
        name, target = basis.project.name, basis.target
        if target is None or not basis.count.remaining:
            return
        past = self._view.calendar.working_days(target, self._view.today)
        if past >= 1:
            yield self._risk(
                "SCH-2",
                f"{name} is past its target of {short_date(target)}",
                size=(5, impact_bucket(past, must=basis.must)),
                evidence=[Evidence(label="working days past", value=str(past))],
                proximity=target,
            )
        elif forecast.probability is not None and below(forecast.probability, 0.85):
            yield self._late(forecast.probability, target)
        yield from self._slipped(name)

    def _late(self, chance: float, target: date) -> Risk:
        basis, forecast = self._basis, self._basis.forecast
        late = forecast.late_days if forecast.late_days is not None else 999
        cost, overrun = basis.project.cost_of_delay_per_week, forecast.overrun_days
        wording = show_overrun(overrun or 0.0, chance_at_horizon=(basis.curve or (1.0,))[-1])
        return self._risk(
            "SCH-1",
            f"{basis.project.name} misses {short_date(target)}",
            size=(probability_bucket(1.0 - chance), impact_bucket(late, must=basis.must)),
            evidence=[
                Evidence(label="chance of target", value=show_probability(chance)),
                Evidence(label="expected overrun", value=wording),
            ],
            money=exposure_money(overrun, cost) if cost and overrun is not None else None,
            days=overrun,
            proximity=target,
        )

    def _slipped(self, name: str) -> Iterator[Risk]:
        slip, rules = self._basis.slip, self._rules
        days = slip.days or 0
        if len(slip.pushes) >= rules.sch3_pushes or days >= rules.sch3_slip_days:
            yield self._risk(
                "SCH-3",
                f"{name} slipped {days} working days in {len(slip.pushes)} moves",
                size=(2, impact_bucket(days, must=self._basis.must)),
                evidence=[Evidence(label="slip", value=f"{days} working days")],
            )

    def _scope(self) -> Iterator[Risk]:
        scope, rules, name = self._basis.scope, self._rules, self._basis.project.name
        if scope is None:
            return
        if scope.creep is not None and at_least(scope.creep, rules.scp1_creep):
            share = round_half_up(100 * scope.creep)
            high = at_least(scope.creep, rules.scp1_creep_high)
            yield self._risk(
                "SCP-1",
                f"{name} grew by {share} % that nobody had planned",
                size=(3, 4 if high else 3),
                evidence=[Evidence(label="creep", value=f"{share} %")],
            )
        if scope.removed_share is not None and at_least(scope.removed_share, rules.scp2_removed):
            share = round_half_up(100 * scope.removed_share)
            yield self._risk(
                "SCP-2",
                f"{share} % of {name}'s baseline was removed: who agreed?",
                size=(2, 3),
                evidence=[Evidence(label="removed", value=f"{scope.removed} of {scope.baseline}")],
            )

    def _unassigned(self) -> Iterator[Risk]:
        limit = self._view.today + timedelta(days=self._rules.res4_due_days)
        soon = [
            item
            for item in self._basis.count.open_items
            if not item.assignees and item.due_date and item.due_date <= limit
        ]
        share = self._observed.unassigned_share
        if at_least(share, self._rules.res4_unassigned) and self._observed.unassigned:
            said = f"{round_half_up(100 * share)} % of work in progress has no owner"
        elif soon:
            said = f"{len(soon)} items due within {self._rules.res4_due_days} days have no owner"
        else:
            return
        items = tuple(item.uid for item in (*self._observed.unassigned, *soon))
        yield self._risk(
            "RES-4",
            f"{self._basis.project.name}: {said}",
            size=(3, 3),
            evidence=[Evidence(label="without owner", value=said, items=items)],
        )

    def _data(self) -> Iterator[Risk]:
        basis, seen, rules = self._basis, self._observed, self._rules
        name = basis.project.name
        age = basis.source_age_hours
        epics = basis.count.level_one
        undecomposed = 1.0 - (seen.ratios.decomposed if seen.ratios.decomposed is not None else 1.0)
        old = basis.start is not None and (self._view.today - basis.start).days > 14
        faults = (
            ("DQ-1", basis.target is None and old, _GRAVE_DATA, "has no target date"),
            ("DQ-2", not basis.project.owner, _GRAVE_DATA, "has no owner"),
            ("DQ-3", bool(seen.stale) and at_least(seen.stale_share, rules.dq3_stale), _DATA,
             f"{len(seen.stale)} items in progress were not touched for {rules.stale_days} days"),
            ("DQ-4", at_least(seen.contradiction_share, rules.dq4_contradictions), _DATA,
             f"{len(seen.contradictions)} items contradict themselves"),
            ("DQ-5", bool(epics) and at_least(undecomposed, rules.dq5_undecomposed), _DATA,
             f"{round_half_up(100 * undecomposed)} % of epics are not broken down"),
            ("DQ-6", age is None or age > rules.dq6_source_hours, _DATA,
             "data is old" if age is not None else "a source was never read"),
        )  # fmt: skip
        for rule, fires, size, said in faults:
            if fires and basis.items:
                evidence = [Evidence(label="data quality", value=said)]
                yield self._risk(rule, f"{name}: {said}", size=size, evidence=evidence)


def _dependency_scope(view: View, finding: DependencyFinding) -> tuple[str, VerdictLevel]:
    """Program scope for program-level work that one program holds, else the waiting project."""
    by_uid = view.tree.by_uid
    ends = [by_uid[m.uid] for m in (finding.root, finding.waiting)]
    programs = [set(view.programs_of_item(item)) for item in ends]
    shared = sorted(set.intersection(*programs))
    crossing = len({view.homes.get(item.uid) for item in ends}) > 1
    if crossing and shared:
        return f"prog:{shared[0]}", VerdictLevel.PROGRAM
    return f"proj:{finding.project}", VerdictLevel.PROGRAM if crossing else finding.waiting.level


def _dependency_size(finding: DependencyFinding, *, chain: bool, must: bool) -> tuple[int, int]:
    late = finding.lateness or 0
    return (3 if chain else 4), impact_bucket(late, must=must)


def dependency_risks(
    findings: Sequence[DependencyFinding], view: View, must_projects: frozenset[str]
) -> list[Risk]:
    """DEP-2 and DEP-3: predecessors that come after they are needed."""
    risks: list[Risk] = []
    for finding in findings:
        if finding.lateness is None or finding.lateness < 1:
            continue
        scope, level = _dependency_scope(view, finding)
        days = f"{finding.lateness} working day{'' if finding.lateness == 1 else 's'}"
        chain = finding.hops > 1
        must = finding.must or finding.project in must_projects
        root, waiting = _subject_title(finding.root), _subject_title(finding.waiting)
        project = view.projects[finding.project] if finding.project in view.projects else None
        risks.append(
            make_risk(
                "DEP-3" if chain else "DEP-2",
                scope,
                f"{root} comes {days} too late for {waiting}",
                size=_dependency_size(finding, chain=chain, must=must),
                projects=(finding.project,),
                owner=project.owner if project else "",
                level=level,
                subjects=(finding.predecessor, finding.waiting),
                root=finding.root,
                evidence=[
                    Evidence(
                        label="lateness",
                        value=days,
                        formula="working days from need-by to expected",
                        items=(finding.root.uid, finding.predecessor.uid, finding.waiting.uid),
                    )
                ],
                proximity=finding.need_by,
            )
        )
    return risks


def cycle_risks(dependencies: Dependencies, view: View) -> list[Risk]:
    """DEP-4: items that wait for each other in a circle, each circle once."""
    risks: list[Risk] = []
    for cycle in dependencies.cycles:
        items = [view.tree.by_uid[uid] for uid in cycle]
        projects = tuple(dict.fromkeys(view.homes.get(uid, "") for uid in cycle))
        programs = set.intersection(*(set(view.programs_of_item(item)) for item in items))
        scope = f"prog:{min(programs)}" if programs and len(projects) > 1 else f"proj:{projects[0]}"
        mentions = tuple(view.mention(item) for item in items)
        names = ", ".join(m.key for m in mentions if not m.restricted)
        risks.append(
            make_risk(
                "DEP-4",
                scope,
                f"{len(items)} items wait for each other in a circle ({names})",
                size=(5, 4),
                projects=projects,
                level=VerdictLevel.PROGRAM if len(projects) > 1 else mentions[0].level,
                subjects=mentions,
                root=mentions[0],
                evidence=[Evidence(label="cycle", value=names, items=cycle)],
            )
        )
    return risks


def withdrawn_risks(dependencies: Dependencies, view: View) -> list[Risk]:
    """DEP-6: open items whose predecessor was cancelled."""
    risks: list[Risk] = []
    for gone, waiting in dependencies.cancelled_predecessors():
        home = view.homes.get(waiting.uid, "")
        mentions = (view.mention(gone), view.mention(waiting))
        title = f"{_subject_title(mentions[1])} waits for cancelled {_subject_title(mentions[0])}"
        risks.append(
            make_risk(
                "DEP-6",
                f"proj:{home}",
                title,
                size=(3, 2),
                projects=(home,),
                level=mentions[1].level,
                subjects=mentions,
                root=mentions[0],
                evidence=[Evidence(label="cancelled", value=gone.key, items=(gone.uid,))],
            )
        )
    return risks


def overload_risks(bases: Sequence[ProjectBasis], view: View, rules: DetectorRules) -> list[Risk]:
    """RES-2: teams with more items due in the next weeks than they are likely to finish."""
    by_team: dict[str, list[ProjectBasis]] = {}
    for basis in bases:
        by_team.setdefault(view.team_of(basis.project), []).append(basis)
    risks: list[Risk] = []
    for team, members in sorted(by_team.items()):
        risk = _overload(team, members, view=view, rules=rules)
        if risk is not None:
            risks.append(risk)
    return risks


def _team_throughput(members: Sequence[ProjectBasis]) -> list[int]:
    """Completions of all the team's projects week by week, aligned at the newest week."""
    weeks = max(len(m.forecast.inputs.throughput) for m in members)
    padded = [
        (0,) * (weeks - len(m.forecast.inputs.throughput)) + m.forecast.inputs.throughput
        for m in members
    ]
    return [sum(week) for week in zip(*padded, strict=True)]


def _overload(
    team: str, members: Sequence[ProjectBasis], *, view: View, rules: DetectorRules
) -> Risk | None:
    throughput = _team_throughput(members)
    until = view.today + timedelta(weeks=rules.res2_weeks)
    due = [
        item
        for member in members
        for item in member.count.open_items
        if item.due_date is not None and view.today < item.due_date <= until
    ]
    share = load(len(due), throughput) if throughput else None
    if share is None or not share > rules.res2_load:
        return None
    likely = likely_total(throughput)
    first = members[0].project
    names = {t.key: t.name for t in view.portfolio.teams}
    over = round_half_up(100 * (share - 1))
    title = (
        f"{names.get(team, first.name)} team {over} % overbooked for {rules.res2_weeks} weeks "
        f"({len(due)} due, {likely} likely)"
    )
    programs = {p.key for m in members for p in view.programs_of.get(m.project.key, ())}
    return make_risk(
        "RES-2",
        f"team:{team}" if first.team else first.scope,
        title,
        size=(3, 3),
        projects=tuple(m.project.key for m in members),
        owner=first.owner,
        level=VerdictLevel.PROGRAM if programs else project_level(view, first),
        evidence=[
            Evidence(
                label="load",
                value=f"{share:.2f}",
                formula="items due in four weeks / median of what four weeks finish",
                items=tuple(item.uid for item in due),
            )
        ],
        proximity=until,
    )
