"""Risks for display: merged where they share a root, answered by people, compared, ranked.

The colour rules read the unmerged risks of each project; merging is for the reader only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from syncer.domain.item import WorkItem
from syncer.domain.report import Evidence, ItemMention, Risk, Snapshot
from syncer.domain.selector import key_of
from syncer.domain.statement import LONGEST_ACCEPTANCE, Door, HumanRisk, RiskResponse, Roam
from syncer.domain.verdict import VerdictLevel
from syncer.rollup.calendar import report_date
from syncer.rollup.risks.changes import HUMAN, Compared, compared
from syncer.rollup.risks.detected import project_level
from syncer.rollup.risks.mitigation import mitigation_of, with_mitigation
from syncer.rollup.risks.scoring import DEFAULTS, Band, ScoringThresholds, band, ranked, risk_id
from syncer.rollup.risks.scoring import score as multiplied
from syncer.rollup.view import View

_OF_ROOT: Final = frozenset({"DEP-2", "DEP-3", "DEP-5", "DEP-6", "DEP-7", "DEP-8"})
"""Rules whose risks are one risk where one predecessor is behind them."""

_GRAVE: Final = frozenset({Band.HIGH.value, Band.CRITICAL.value})
_DOORS: Final = {Door.TRACKER: 0, Door.CONFIGURATION: 1, Door.COMMAND: 2}


def human_risks(
    risks: Iterable[HumanRisk], view: View, *, scoring: ScoringThresholds = DEFAULTS
) -> list[Risk]:
    """Risks that people wrote down, as the report's risks; they are as old as the word."""
    return [_human(risk, view, scoring) for risk in risks]


def _human(risk: HumanRisk, view: View, scoring: ScoringThresholds) -> Risk:
    scope = view.full_scope(risk.scope)
    key = scope.removeprefix("proj:")
    mine, value = view.projects.get(key), multiplied(risk.probability, risk.impact)
    level = VerdictLevel.PRODUCT if scope.startswith("prod:") else VerdictLevel.PROGRAM
    said = report_date(risk.provenance.at, view.portfolio.timezone)
    return Risk(
        id=risk.id,
        rule=HUMAN,
        scope=scope,
        title=risk.title,
        probability=risk.probability,
        impact=risk.impact,
        score=value,
        band=band(value, scoring).value,
        owner=risk.owner,
        projects=(key,) if mine else (),
        level=project_level(view, mine) if mine else level,
        next_step=risk.next_step,
        roam=Roam.OWNED if risk.owner else Roam.NEW,
        first_seen=said,
        evidence=(
            Evidence(
                label="said by",
                value=risk.provenance.author,
                formula=f"{risk.provenance.door.value}: {risk.provenance.source}",
            ),
        ),
    )


def _root_key(risk: Risk) -> tuple[str, str]:
    if risk.rule.startswith("SCH-"):
        return "schedule", risk.scope
    if risk.rule in _OF_ROOT and risk.root is not None:
        return "root", risk.root.uid
    return "alone", risk.id


def _merged_scope(risks: Sequence[Risk], view: View) -> str:
    """The program that holds every end, else the portfolio; one project stays one project."""
    projects = {key for risk in risks for key in risk.projects}
    roots = {view.homes.get(risk.root.uid, "") for risk in risks if risk.root is not None}
    touched = sorted(projects | (roots - {""}))
    if len(touched) == 1:
        return min(risk.scope for risk in risks)
    programs = [{p.key for p in view.programs_of.get(key, ())} for key in touched]
    shared = sorted(set.intersection(*programs)) if programs else []
    return f"prog:{shared[0]}" if shared else "portfolio"


def _heading(root: ItemMention, leader: Risk) -> str:
    if len(leader.subjects) > 1 and leader.subjects[0].uid != root.uid:
        named = "restricted item" if root.restricted else root.title
        return f"{named} comes too late"
    return leader.title


def _merge(risks: Sequence[Risk], view: View) -> Risk:
    leader = min(risks, key=lambda r: (-r.score, r.rule, r.id))
    if len(risks) == 1:
        return leader
    projects = tuple(dict.fromkeys(key for risk in [leader, *risks] for key in risk.projects))
    subjects = {m.uid: m for risk in [leader, *risks] for m in risk.subjects}
    scope = leader.scope if leader.root is None else _merged_scope(risks, view)
    title = leader.title if leader.root is None else _heading(leader.root, leader)
    evidence = leader.evidence + tuple(
        Evidence(label=other.rule, value=other.title, items=tuple(m.uid for m in other.subjects))
        for other in risks
        if other is not leader
    )
    uids = [leader.root.uid] if leader.root is not None else []
    return replace(
        leader,
        id=leader.id if leader.root is None else risk_id(leader.rule, scope, uids),
        scope=scope,
        title=title,
        projects=projects,
        subjects=tuple(subjects.values()),
        evidence=evidence,
        first_seen=min((r.first_seen for r in risks if r.first_seen), default=None),
        proximity=min((r.proximity for r in risks if r.proximity), default=None),
        materialised_at=min((r.materialised_at for r in risks if r.materialised_at), default=None),
        merged=tuple(sorted(risk.id for risk in risks)),
        level=VerdictLevel.PROGRAM if len(projects) > 1 else leader.level,
    )


def merged(risks: Iterable[Risk], view: View) -> list[Risk]:
    """One risk a root predecessor and one schedule risk a scope; the rest becomes evidence."""
    groups: dict[tuple[str, str], list[Risk]] = defaultdict(list)
    for risk in risks:
        groups[_root_key(risk)].append(risk)
    return [_merge(sorted(group, key=lambda r: r.id), view) for group in groups.values()]


def _answers(response: RiskResponse, risk: Risk, view: View) -> bool:
    by_id = response.rule in {risk.id, *risk.merged}
    if response.rule and not by_id and response.rule != risk.rule:
        return False
    if response.item:
        mentioned = [m for m in (risk.root, *risk.subjects) if m is not None]
        items = [view.tree.by_uid[m.uid] for m in mentioned if m.uid in view.tree.by_uid]
        return any(_is_item(item, response.item) for item in items)
    if not response.scope:
        return by_id
    meant = view.full_scope(response.scope)
    return meant in {risk.scope, *(f"proj:{key}" for key in risk.projects)}


def _is_item(item: WorkItem, name: str) -> bool:
    return name in {key_of(item), item.uid}


def answer_to(risk: Risk, responses: Sequence[RiskResponse], view: View) -> RiskResponse | None:
    """What people last said about a risk; a command stands over the other doors.

    A configuration is read anew every time, so that its words would else be the last for ever.
    """
    mine = [response for response in responses if _answers(response, risk, view)]
    return max(
        mine, key=lambda r: (_DOORS[r.provenance.door], r.provenance.at, repr(r)), default=None
    )


def accepted_until(response: RiskResponse, view: View) -> date | None:
    """The last day on which an acceptance holds; None where it accepts nothing.

    It needs a named person and an end, and holds for at most 90 days.
    """
    named = response.owner or response.provenance.author
    if response.roam is not Roam.ACCEPTED or response.accept_until is None or not named:
        return None
    said = report_date(response.provenance.at, view.portfolio.timezone)
    return min(response.accept_until, said + LONGEST_ACCEPTANCE)


def _roam(response: RiskResponse, owner: str, view: View) -> Roam:
    """The treatment that a response still amounts to (2.9): words without a name or end lapse.

    Owned is what has an owner and a day on which it is looked at again.
    """
    held = Roam.OWNED if owner else Roam.NEW
    if response.roam is Roam.ACCEPTED:
        until = accepted_until(response, view)
        return Roam.ACCEPTED if until is not None and until >= view.today else Roam.NEW
    if response.roam is Roam.MITIGATED:
        plan = mitigation_of(response, view)
        return Roam.MITIGATED if plan.holds else held
    if response.roam is Roam.OWNED:
        return held if response.by is not None else Roam.NEW
    return response.roam


def answered(risk: Risk, responses: Sequence[RiskResponse], view: View) -> Risk:
    """The risk with what people do about it; the latest response counts.

    Without one it is new, whoever it would fall to: nobody has said that it is theirs.
    """
    latest = answer_to(risk, responses, view)
    if latest is None:
        return risk
    owner = latest.owner or risk.owner
    taken = replace(
        risk,
        owner=owner,
        ask=latest.ask,
        next_step=latest.next_step or risk.next_step,
        next_step_by=latest.by,
        roam=_roam(latest, owner, view),
    )
    return with_mitigation(taken, latest, view) if latest.roam is Roam.MITIGATED else taken


def for_display(
    risks: Iterable[Risk],
    *,
    responses: Sequence[RiskResponse],
    previous: Snapshot | None,
    view: View,
    unknown: frozenset[str] = frozenset(),
    scoring: ScoringThresholds = DEFAULTS,
    unowned_days: int,
) -> Compared:
    """All risks as readers see them: merged, answered, compared, ranked.

    `unknown` are the keys of projects whose data is missing. A grave risk that nobody has taken for
    more calendar days than `unowned_days` says so.
    """
    shown = [answered(risk, responses, view) for risk in merged(risks, view)]
    found = compared(shown, previous, view.today, unknown=unknown, scoring=scoring)
    told = (_unowned(risk, view.today, unowned_days) for risk in found.risks)
    return replace(found, risks=tuple(ranked(told)))


def _unowned(risk: Risk, today: date, longest: int) -> Risk:
    days = (today - risk.first_seen).days if risk.first_seen else 0
    if risk.owner or risk.band not in _GRAVE or days <= longest:
        return risk
    return replace(risk, evidence=(*risk.evidence, Evidence(label="unowned", value=f"{days} days")))
