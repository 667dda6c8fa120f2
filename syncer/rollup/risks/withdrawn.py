"""A risk that somebody took away is not a risk that has passed (rollup.md 3.6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from syncer.domain.change import Change, ChangeField
from syncer.domain.item import ItemState, StatusCategory, WorkItem
from syncer.domain.report import Risk, RiskChange
from syncer.domain.statement import RiskResponse, Roam
from syncer.rollup.past.said import closing_word
from syncer.rollup.risks.changes import HUMAN

CONFIGURATION: Final = "the configuration"
_TRACKER: Final = "H-"
"""Ids of risks that live in a tracker hold the uid of their item after this."""


def with_withdrawals(
    risks: Sequence[Risk],
    items: Iterable[WorkItem],
    changes: Mapping[str, Sequence[Change]],
    *,
    responses: Sequence[RiskResponse] = (),
) -> tuple[Risk, ...]:
    """Risks of the past; with those that people had written down who withdrew them, if anybody.

    `items` are all items of the store, whatever became of them.
    """
    wanted = {risk.id.removeprefix(_TRACKER) for risk in risks if risk.rule == HUMAN}
    known = {item.uid: item for item in items if item.uid in wanted}
    return tuple(
        risk if _has_passed(risk) else _told(risk, known, changes, said=responses) for risk in risks
    )


def _has_passed(risk: Risk) -> bool:
    human = risk.rule == HUMAN and risk.change is RiskChange.CLOSED
    return not human or risk.roam is Roam.RESOLVED


def _told(
    risk: Risk,
    items: Mapping[str, WorkItem],
    changes: Mapping[str, Sequence[Change]],
    *,
    said: Sequence[RiskResponse],
) -> Risk:
    word = closing_word(risk.id, said)
    if word is not None:  # closed by command: with an outcome it has passed
        by = "" if word.next_step else word.provenance.author
    else:
        by = _withdrawn_by(risk, items, changes)
    return replace(risk, withdrawn_by=by) if by else risk


def _withdrawn_by(
    risk: Risk, items: Mapping[str, WorkItem], changes: Mapping[str, Sequence[Change]]
) -> str:
    """Whoever deleted or cancelled the item, or whatever held the risk; empty: it is done."""
    uid = risk.id.removeprefix(_TRACKER)
    if ":" not in uid:
        return CONFIGURATION
    item = items.get(uid)
    connection = uid.partition(":")[0]
    if item is None or item.state is not ItemState.LIVE:
        return f"somebody at {connection}"
    if item.status_category is StatusCategory.CANCELLED or item.status_category.is_open:
        return _last_hand(item, changes.get(uid, ())) or f"somebody at {connection}"
    return ""


def _last_hand(item: WorkItem, changes: Sequence[Change]) -> str:
    """Who last changed the status, by the name that the tracker shows."""
    moved = [c for c in changes if c.field in (ChangeField.STATUS, ChangeField.RESOLUTION)]
    actor = moved[-1].actor if moved else ""
    people = (*item.assignees, *((item.reporter,) if item.reporter else ()))
    return next((one.name for one in people if one.id == actor), actor)
