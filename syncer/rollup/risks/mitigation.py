"""What is done to lower a risk, and what is to be left of it (rollup.md 2.9, ROAM)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from syncer.domain.item import ItemState, StatusCategory, WorkItem
from syncer.domain.report import Evidence, Risk
from syncer.domain.selector import key_of
from syncer.domain.statement import RiskResponse, Roam
from syncer.rollup.calendar import is_overdue
from syncer.rollup.colours.health import short_date
from syncer.rollup.risks.detected import counted, uids
from syncer.rollup.risks.scoring import band, score
from syncer.rollup.view import View


@dataclass(frozen=True, slots=True, kw_only=True)
class Mitigation:
    """The items that lower a risk, open or done, or the next step that people named instead.

    `overdue_since` is the day on which something should have been done and was not.
    """

    items: tuple[WorkItem, ...]
    step: str
    overdue_since: date | None

    @property
    def holds(self) -> bool:
        """Whether there is something that is done or still in time."""
        return bool(self.items or self.step) and self.overdue_since is None

    @property
    def done(self) -> int:
        """How many of the items are done."""
        return sum(item.status_category is StatusCategory.DONE for item in self.items)


def mitigation_of(response: RiskResponse, view: View) -> Mitigation:
    """What a response says that is done, as far as it exists; cancelled items do nothing."""
    items = tuple(_named(response, view))
    open_items = [item for item in items if item.is_open]
    late = [
        item.due_date
        for item in open_items
        if item.due_date and is_overdue(item.due_date, view.today, view.calendar.holidays)
    ]
    finished = bool(items) and not open_items
    if response.by is not None and response.by < view.today and not finished:
        late.append(response.by)
    return Mitigation(
        items=items, step=response.next_step.strip(), overdue_since=min(late, default=None)
    )


def _named(response: RiskResponse, view: View) -> Iterator[WorkItem]:
    wanted = set(response.mitigations)
    for item in view.items if wanted else ():
        stands = item.state is ItemState.LIVE
        gone = item.status_category is StatusCategory.CANCELLED
        if not wanted.isdisjoint({item.uid, key_of(item)}) and stands and not gone:
            yield item


def with_mitigation(risk: Risk, response: RiskResponse, view: View) -> Risk:
    """The answered risk with what mitigates it: its residual, or since when that is overdue.

    The score stays what it is without mitigation: a hope lightens no colour.
    """
    plan = mitigation_of(response, view)
    if plan.overdue_since is not None:
        late = Evidence(
            label="mitigation overdue since",
            value=short_date(plan.overdue_since),
            formula="a mitigation that is late mitigates nothing",
            items=uids(plan.items),
        )
        return replace(risk, evidence=_once(risk.evidence, late))
    if risk.roam is not Roam.MITIGATED:
        return risk
    return replace(
        risk,
        mitigations=tuple(view.mention(item) for item in plan.items),
        residual_probability=response.residual_probability,
        residual_impact=response.residual_impact,
        evidence=_once(risk.evidence, _told(plan, response)),
    )


def _once(entries: tuple[Evidence, ...], entry: Evidence) -> tuple[Evidence, ...]:
    """A risk is answered before it is merged and after."""
    return entries if entry in entries else (*entries, entry)


def _told(plan: Mitigation, response: RiskResponse) -> Evidence:
    how = f"{counted(len(plan.items), 'item')}, {plan.done} done" if plan.items else plan.step
    probability, impact = response.residual_probability, response.residual_impact
    if probability is None or impact is None:
        return Evidence(label="mitigated by", value=how, items=uids(plan.items))
    left = band(score(probability, impact)).value
    return Evidence(
        label="residual",
        value=f"{left}: probability {probability} of 5, impact {impact} of 5",
        formula=f"mitigated by {how}; the score is without it",
        items=uids(plan.items),
    )
