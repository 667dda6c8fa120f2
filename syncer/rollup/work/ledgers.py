"""What the verdict does to the report: two ledgers, unclaimed program work (rollup.md 2.11)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from syncer.domain.item import WorkItem
from syncer.domain.ledger import Ledger, Ledgers
from syncer.domain.report import Evidence, Risk
from syncer.domain.verdict import VerdictLevel
from syncer.rollup.calendar import is_overdue
from syncer.rollup.risks.detected import make_risk
from syncer.rollup.risks.scoring import DEFAULTS, ScoringThresholds
from syncer.rollup.rules import DetectorRules
from syncer.rollup.view import View
from syncer.rollup.work.counting import is_work

_SIZE: Final = (3, 3)


def _ledger(items: Iterable[WorkItem], view: View) -> Ledger:
    counted = [item for item in items if is_work(item)]
    open_items = [item for item in counted if item.status_category.is_open]
    dues = (item.due_date for item in open_items if item.due_date is not None)
    late = [due for due in dues if is_overdue(due, view.today, view.calendar.holidays)]
    return Ledger(open=len(open_items), late=len(late), done=len(counted) - len(open_items))


def ledgers(items: Iterable[WorkItem], view: View) -> Ledgers:
    """Items by verdict: open, late among them, done. Denominators of progress are untouched."""
    by_level: dict[VerdictLevel, list[WorkItem]] = {level: [] for level in VerdictLevel}
    for item in items:
        by_level[view.verdict(item.uid).level].append(item)
    return Ledgers(
        program=_ledger(by_level[VerdictLevel.PROGRAM], view),
        product=_ledger(by_level[VerdictLevel.PRODUCT], view),
        unclassified=_ledger(by_level[VerdictLevel.UNCLASSIFIED], view),
    )


def unclaimed(view: View) -> list[WorkItem]:
    """Open program-level items that belong to no program, in uid order."""
    return sorted(
        (
            item
            for item in view.open_items
            if view.verdict(item.uid).level is VerdictLevel.PROGRAM
            and not view.programs_of_item(item)
        ),
        key=lambda item: item.uid,
    )


def unclaimed_risks(
    view: View, rules: DetectorRules, *, scoring: ScoringThresholds = DEFAULTS
) -> list[Risk]:
    """CLS-1: unclaimed program work that blocks several projects or is due soon."""
    blocked: dict[str, set[str]] = {}
    by_uid = view.tree.by_uid
    for predecessor, waiting in view.edges:
        home = view.homes.get(waiting)
        if waiting in by_uid and not by_uid[waiting].is_open:
            continue
        if home is not None and home != view.homes.get(predecessor):
            blocked.setdefault(predecessor, set()).add(home)
    soon = view.today + timedelta(days=rules.cls1_within_days)
    risks: list[Risk] = []
    for item in unclaimed(view):
        hit = sorted(blocked.get(item.uid, ()))
        due_soon = item.due_date is not None and item.due_date <= soon
        if len(hit) < rules.cls1_projects and not due_soon:
            continue
        mention = view.mention(item)
        named = "restricted item" if mention.restricted else mention.title
        why = f"blocks {len(hit)} projects" if len(hit) >= rules.cls1_projects else "is due soon"
        home = view.homes.get(item.uid, "")
        risks.append(
            make_risk(
                "CLS-1",
                "portfolio",
                f"Nobody's program: {named} {why}",
                size=_SIZE,
                projects=(home, *hit) if home else tuple(hit),
                subjects=(mention,),
                root=mention,
                evidence=[
                    Evidence(
                        label="unclaimed program work",
                        value=why,
                        formula=f"of no program, and blocks {rules.cls1_projects} projects or more "
                        f"or is due within {rules.cls1_within_days} days",
                        items=(item.uid,),
                    )
                ],
                proximity=item.due_date,
                scoring=scoring,
            )
        )
    return risks
