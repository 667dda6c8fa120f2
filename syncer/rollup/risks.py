"""Risks for display: merged where they share a root, answered by people, compared, ranked.

The colour rules read the unmerged risks of each project; merging is for the reader only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from syncer.domain.item import WorkItem
from syncer.domain.report import Evidence, ItemMention, Risk, RiskChange, Snapshot
from syncer.domain.selector import key_of
from syncer.domain.statement import HumanRisk, RiskResponse, Roam
from syncer.domain.verdict import VerdictLevel
from syncer.rollup.scoring import band, ranked, risk_id, score_change
from syncer.rollup.scoring import score as multiplied
from syncer.rollup.view import View


def human_risks(risks: Iterable[HumanRisk], view: View) -> list[Risk]:
    """Risks that people wrote down, as the report's risks."""
    made: list[Risk] = []
    for risk in risks:
        key = risk.scope.removeprefix("proj:")
        value = multiplied(risk.probability, risk.impact)
        made.append(
            Risk(
                id=risk.id,
                rule="HUMAN",
                scope=f"proj:{key}" if key in view.projects else risk.scope,
                title=risk.title,
                probability=risk.probability,
                impact=risk.impact,
                score=value,
                band=band(value).value,
                owner=risk.owner,
                projects=(key,) if key in view.projects else (),
                next_step=risk.next_step,
                roam=Roam.OWNED if risk.owner else Roam.NEW,
                evidence=(
                    Evidence(
                        label="said by",
                        value=risk.provenance.author,
                        formula=f"{risk.provenance.door.value}: {risk.provenance.source}",
                    ),
                ),
            )
        )
    return made


def _root_key(risk: Risk) -> tuple[str, str]:
    if risk.rule.startswith("SCH-"):
        return "schedule", risk.scope
    if risk.rule in {"DEP-2", "DEP-3"} and risk.root is not None:
        return "root", risk.root.uid
    return "alone", risk.id


def _merged_scope(risks: Sequence[Risk], view: View) -> str:
    """The program that holds every end, else the portfolio; one project stays one project."""
    projects = {key for risk in risks for key in risk.projects}
    roots = {view.homes.get(risk.root.uid, "") for risk in risks if risk.root is not None}
    touched = sorted(projects | (roots - {""}))
    if len(touched) == 1:
        return risks[0].scope
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
    if response.rule and response.rule != risk.rule and response.rule not in risk.id:
        return False
    if response.item:
        mentioned = [m for m in (risk.root, *risk.subjects) if m is not None]
        items = [view.tree.by_uid[m.uid] for m in mentioned if m.uid in view.tree.by_uid]
        return any(_is_item(item, response.item) for item in items)
    scope = response.scope
    return scope in {risk.scope, risk.scope.partition(":")[2]} or scope in risk.projects


def _is_item(item: WorkItem, name: str) -> bool:
    return name in {key_of(item), item.uid}


def answered(risk: Risk, responses: Sequence[RiskResponse], view: View) -> Risk:
    """The risk with what people do about it; the latest response counts."""
    mine = [response for response in responses if _answers(response, risk, view)]
    if not mine:
        return replace(risk, roam=Roam.OWNED if risk.owner else Roam.NEW)
    latest = max(mine, key=lambda response: response.provenance.at)
    lapsed = latest.accept_until is not None and latest.accept_until < view.today
    return replace(
        risk,
        owner=latest.owner or risk.owner,
        ask=latest.ask,
        next_step=latest.next_step,
        next_step_by=latest.by,
        roam=Roam.NEW if lapsed else latest.roam,
    )


def compared(risk: Risk, previous: Snapshot | None, today: date) -> Risk:
    """The risk with its age and what happened to it since the previous edition."""
    if previous is None:
        return replace(risk, first_seen=today)
    before = next((old for old in previous.risks if _same(old, risk)), None)
    if before is None:
        return replace(risk, first_seen=today, change=RiskChange.NEW)
    return replace(
        risk, first_seen=before.first_seen, change=score_change(before.score, risk.score)
    )


def _same(old: Risk, new: Risk) -> bool:
    """The same id, or one that has since merged with others or split from them."""
    mine, theirs = {new.id, *new.merged}, {old.id, *old.merged}
    return bool(mine & theirs)


def for_display(
    risks: Iterable[Risk],
    *,
    responses: Sequence[RiskResponse],
    previous: Snapshot | None,
    view: View,
) -> list[Risk]:
    """All risks as readers see them: merged, answered, compared, ranked."""
    shown = [answered(risk, responses, view) for risk in merged(risks, view)]
    return ranked(compared(risk, previous, view.today) for risk in shown)


def closed_since(previous: Snapshot | None, current: Sequence[Risk]) -> list[Risk]:
    """Risks of the previous edition that no longer fire."""
    if previous is None:
        return []
    return [
        replace(old, change=RiskChange.CLOSED)
        for old in previous.risks
        if old.change is not RiskChange.CLOSED and not any(_same(old, new) for new in current)
    ]
