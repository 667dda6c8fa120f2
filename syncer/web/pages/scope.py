"""The scope ledger of the projects of a page: what came and went, when, and by whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from syncer.publish.digest.tracker_text import clean
from syncer.rollup.past.scope_ledger import ScopeEntry, ScopeLedger, ScopeStep
from syncer.web.pages.context import Link, PageContext

_MOST: Final = 12
_IN_ORDER: Final = tuple(ScopeStep)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """One item that came or went: link, day, and who did it as far as anybody recorded it."""

    item: Link
    on: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepList:
    """All items with which the same happened, newest first; `more` are not listed."""

    step: ScopeStep
    count: int
    rows: Sequence[StepRow]
    more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeRow:
    """The scope of one project; `ledger` None where it had none to begin with."""

    project: Link
    ledger: ScopeLedger | None
    steps: Sequence[StepList]


def scope_row(key: str, ledger: ScopeLedger | None, page: PageContext) -> ScopeRow:
    """The ledger of a project as the page shows it; what may not be counted is left out."""
    entries = [one for one in ledger.entries if _may_count(one, page)] if ledger else []
    steps = [
        _listed(step, [one for one in entries if one.step is step], page) for step in _IN_ORDER
    ]
    return ScopeRow(
        project=page.project(key), ledger=ledger, steps=[one for one in steps if one.count]
    )


def _may_count(entry: ScopeEntry, page: PageContext) -> bool:
    return page.digest.shown.may_count(entry.item)


def _listed(step: ScopeStep, entries: Sequence[ScopeEntry], page: PageContext) -> StepList:
    return StepList(
        step=step,
        count=len(entries),
        rows=[_row(entry, page) for entry in entries[:_MOST]],
        more=max(0, len(entries) - _MOST),
    )


def _row(entry: ScopeEntry, page: PageContext) -> StepRow:
    """Of a restricted item nobody is told who touched it."""
    on = page.day(page.digest.local(entry.at).date()) if entry.at else ""
    by = "" if entry.item.restricted else clean(entry.by, 40)
    return StepRow(item=page.item(entry.item), on=on, by=by)
