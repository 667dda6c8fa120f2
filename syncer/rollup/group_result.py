"""Programs and products: the joint forecast and figures of their members."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from syncer.domain.facts import MemberFacts, ProgramFacts
from syncer.domain.health import Confidence, Health
from syncer.domain.portfolio import Criticality, Product, Program
from syncer.domain.report import GroupResult, ProjectResult, Quality, Risk, Snapshot
from syncer.domain.statement import OwnerStatus, OwnerWord
from syncer.rollup.calendar import report_date
from syncer.rollup.colours.group import group_colour, not_too_light
from syncer.rollup.colours.overrides import OverrideBook, own_colour, shown
from syncer.rollup.forecast import date_reached, joint_cdf, probability_on_time
from syncer.rollup.forecasting.plan import planned_share
from syncer.rollup.past.membership import membership_changes
from syncer.rollup.project import ProjectBasis
from syncer.rollup.rules import HealthRules
from syncer.rollup.view import View
from syncer.rollup.work.ledgers import ledgers
from syncer.rollup.work.quality import program_confidence

_INACTIVE: Final = frozenset({Health.CANCELLED, Health.ON_HOLD, Health.NOT_STARTED, Health.DONE})
_DARK: Final[Mapping[OwnerWord | None, int]] = {OwnerWord.OFF_TRACK: 2, OwnerWord.AT_RISK: 1}
_OUTSIDE: Final = _INACTIVE | {Health.TOO_EARLY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """The joint forecast of a group; `at_best` is the joint of those that have a forecast."""

    probability: float | None
    p50: date | None
    p85: date | None
    target: date | None
    withheld: str
    at_best: float | None
    members: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """What a group's results are computed from."""

    bases: Mapping[str, ProjectBasis]
    results: Mapping[str, ProjectResult]
    risks: Sequence[Risk]
    rules: HealthRules
    previous: Snapshot | None = None
    owner_statuses: Sequence[OwnerStatus] = ()
    book: OverrideBook | None = None


def _in_joint(keys: Sequence[str], members: Members) -> list[ProjectBasis]:
    """The must members that are active; all active ones where none is must."""
    active = [k for k in keys if own_colour(members.results[k]).health not in _OUTSIDE]
    must = [k for k in active if members.results[k].criticality is Criticality.MUST]
    return [members.bases[k] for k in must or active]


def _curve(chosen: Sequence[ProjectBasis], view: View) -> list[float] | None:
    by_team: dict[str, list[Sequence[float]]] = defaultdict(list)
    for basis in chosen:
        if basis.curve is not None:
            by_team[view.team_of(basis.project)].append(basis.curve)
    return joint_cdf([by_team[team] for team in sorted(by_team)]) if by_team else None


def joint_forecast(
    keys: Sequence[str], members: Members, view: View, *, target: date | None
) -> Joint:
    """The joint forecast of a group's members at its target.

    The target defaults to the latest target of the members in the joint.
    """
    chosen = _in_joint(keys, members)
    without = [basis.project.name for basis in chosen if basis.curve is None]
    targets = [basis.target for basis in chosen if basis.target is not None]
    by = target or max(targets, default=None)
    curve = _curve(chosen, view)
    if curve is None or by is None:
        why = f"no forecast for {', '.join(without)}" if without else "no target date"
        return _nothing(by, why, chosen)
    holidays, freezes = view.calendar.holidays, view.calendar.freezes
    chance = probability_on_time(curve, view.today, by, holidays=holidays, freezes=freezes)
    if without:
        return _nothing(by, f"no forecast for {', '.join(without)}", chosen, at_best=chance)
    return Joint(
        probability=chance,
        p50=date_reached(curve, view.today, 0.5, holidays=holidays, freezes=freezes),
        p85=date_reached(curve, view.today, 0.85, holidays=holidays, freezes=freezes),
        target=by,
        withheld="",
        at_best=None,
        members=frozenset(basis.project.key for basis in chosen),
    )


def _nothing(
    target: date | None,
    why: str,
    chosen: Sequence[ProjectBasis],
    *,
    at_best: float | None = None,
) -> Joint:
    return Joint(
        probability=None,
        p50=None,
        p85=None,
        target=target,
        withheld=why,
        at_best=at_best,
        members=frozenset(basis.project.key for basis in chosen),
    )


def _member(key: str, members: Members, joint: Joint) -> MemberFacts:
    """A member as the colour table sees it; of one that nobody has configured nothing is known."""
    result = members.results.get(key)
    if result is None:
        return MemberFacts(key=key, name=key, health=Health.UNKNOWN, in_joint=False)
    return MemberFacts(
        key=key,
        name=result.name,
        health=result.shown.health,
        criticality=result.criticality,
        weight=members.bases[key].project.weight,
        in_joint=key in joint.members,
        reason=result.shown.reason,
        computed_red=Health.RED in (result.computed.health, own_colour(result).health),
    )


def _lost_target(group: Program | Product, members: Members) -> date | None:
    """The date that a program itself had at the previous edition and has no more."""
    before = members.previous.group(group.scope) if members.previous else None
    if before is None or _own_target(group) is not None:
        return None
    return before.own_target or before.facts.lost_target


def _lost_owner(group: Program | Product, members: Members) -> str:
    before = members.previous.group(group.scope) if members.previous else None
    return (before.owner or before.facts.lost_owner) if before and not group.owner else ""


def _own_target(group: Program | Product) -> date | None:
    return group.target if isinstance(group, Program) else None


def _facts(group: Program | Product, joint: Joint, *, members: Members, view: View) -> ProgramFacts:
    mine = [risk for risk in members.risks if risk.scope == group.scope]
    worst = max(mine, key=lambda risk: (risk.score, risk.id), default=None)
    word = latest_word(members.owner_statuses, group.scope, view)
    said = report_date(word.provenance.at, view.portfolio.timezone) if word else view.today
    return ProgramFacts(
        members=tuple(_member(key, members, joint) for key in dict.fromkeys(group.projects)),
        joint=joint.probability,
        withheld=joint.withheld,
        top_risk_score=worst.score if worst else 0,
        top_risk=worst.title if worst else "",
        lost_target=_lost_target(group, members),
        lost_owner=_lost_owner(group, members),
        owner_word=word.value if word else None,
        owner_word_age=(view.today - said).days,
        owner_word_by=word.by_other_than(group.owner) if word else "",
    )


def latest_word(said: Sequence[OwnerStatus], scope: str, view: View) -> OwnerStatus | None:
    """The newest owner status with a state on a scope; of two at once the darker one."""
    mine = [s for s in said if s.value and view.full_scope(s.scope) == scope]
    return max(mine, key=lambda s: (s.provenance.at, _DARK.get(s.value, 0), s.text), default=None)


def _quality(keys: Sequence[str], members: Members) -> Quality:
    active = [members.results[k] for k in keys if members.results[k].shown.health not in _INACTIVE]
    must = [r.quality.confidence for r in active if r.criticality is Criticality.MUST]
    others = [r.quality.confidence for r in active if r.criticality is not Criticality.MUST]
    scores = [r.quality.score for r in active if r.quality.score is not None]
    lowered = [r for r in active if r.quality.reasons]
    return Quality(
        score=min(scores, default=None),
        confidence=program_confidence(must, others) or Confidence.LOW,
        reasons=tuple(f"{r.name}: {reason}" for r in lowered for reason in r.quality.reasons),
    )


def _start(keys: Sequence[str], members: Members) -> date | None:
    starts = [members.bases[key].start for key in keys]
    return min((start for start in starts if start is not None), default=None)


def _group(group: Program | Product, members: Members, view: View) -> GroupResult:
    keys = [key for key in dict.fromkeys(group.projects) if key in members.results]
    target = _own_target(group) or _lost_target(group, members)
    joint = joint_forecast(keys, members, view, target=target)
    count = view.union(keys)
    named = [(key, members.results[key].name) for key in keys]
    facts = _facts(group, joint, members=members, view=view)
    # Members carry the hysteresis already: a second one would only delay the truth.
    computed = group_colour(facts, members.rules.group, members.rules.colour)
    override = members.book.state(group.scope, computed, joint.target) if members.book else None
    start = _start(keys, members)
    planned = None
    if start is not None and joint.target is not None:
        holidays = view.calendar.holidays
        planned = planned_share(start, joint.target, view.today, holidays=holidays)
    items = {item.uid: item for key in keys for item in view.members[key]}
    return GroupResult(
        scope=group.scope,
        key=group.key,
        name=group.name,
        owner=group.owner,
        objective=group.objective if isinstance(group, Program) else group.vision,
        projects=tuple(keys),
        computed=computed,
        shown=not_too_light(shown(override, computed), facts),
        override=override,
        facts=facts,
        probability=joint.probability,
        p50=joint.p50,
        p85=joint.p85,
        target=joint.target,
        withheld=joint.withheld,
        at_best=joint.at_best,
        total=count.total,
        done=count.done,
        remaining=count.remaining,
        progress=count.progress,
        planned=planned,
        quality=_quality(keys, members),
        ledgers=ledgers(list(items.values()), view),
        own_target=_own_target(group),
        strategic=isinstance(group, Program) and group.strategic,
        membership=membership_changes(
            group.scope, named, previous=members.previous, today=view.today
        ),
    )


def program_results(members: Members, view: View) -> tuple[GroupResult, ...]:
    """Every program, in the configuration's order."""
    return tuple(_group(program, members, view) for program in view.portfolio.programs)


def product_results(members: Members, view: View) -> tuple[GroupResult, ...]:
    """Every product, in the configuration's order."""
    return tuple(_group(product, members, view) for product in view.portfolio.products)
