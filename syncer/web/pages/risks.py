"""The risks of a scope, with filters that are plain links."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from syncer.domain.report import Risk, RiskChange
from syncer.domain.statement import Roam
from syncer.publish.digest.model import RiskLine
from syncer.publish.digest.risks import risk_line
from syncer.web.pages.context import Link, PageContext

_HIGH: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskRow:
    """One risk in the digest's words, with the items and projects that it concerns."""

    risk: Risk
    line: RiskLine
    subjects: Sequence[Link]
    projects: Sequence[Link]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A choice of risks; an empty `name` is all of them."""

    name: str
    label: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskLog:
    """The chosen risks, the other choices, and those that closed lately."""

    rows: Sequence[RiskRow]
    filters: Sequence[Filter]
    closed: Sequence[RiskRow]


Test = Callable[[Risk, PageContext], bool]


def _is_new(risk: Risk, _: PageContext) -> bool:
    return risk.change in {RiskChange.NEW, RiskChange.REOPENED}


def _is_worse(risk: Risk, _: PageContext) -> bool:
    return risk.change is RiskChange.WORSENED


def _is_unowned(risk: Risk, _: PageContext) -> bool:
    return not risk.owner


def _is_overdue(risk: Risk, page: PageContext) -> bool:
    return risk.next_step_by is not None and risk.next_step_by < page.today


FILTERS: Final[Mapping[str, tuple[str, Test]]] = {
    "": ("All", lambda _risk, _page: True),
    "new": ("New", _is_new),
    "worsened": ("Worsened", _is_worse),
    "unowned": ("Without owner", _is_unowned),
    "overdue": ("Overdue", _is_overdue),
}


def risk_log(
    scope: str, projects: Collection[str], page: PageContext, *, chosen: str = ""
) -> RiskLog:
    """The risks of a scope and of its projects; an unknown filter shows all."""
    chosen = chosen if chosen in FILTERS else ""
    context = page.digest
    snapshot = page.current.pair.current
    mine, past = (
        [one for one in context.risks_in_view(some) if _hits(one, scope, projects, page=page)]
        for some in (snapshot.risks, snapshot.past_risks)
    )
    told = [risk for risk in mine if risk.change is not RiskChange.CLOSED]
    return RiskLog(
        rows=[_row(risk, page) for risk in told if FILTERS[chosen][1](risk, page)],
        filters=[
            Filter(
                name=name,
                label=label,
                count=sum(test(risk, page) for risk in told),
                chosen=name == chosen,
            )
            for name, (label, test) in FILTERS.items()
        ],
        closed=[_row(risk, page) for risk in past if risk.change is RiskChange.CLOSED],
    )


def _hits(risk: Risk, scope: str, projects: Collection[str], *, page: PageContext) -> bool:
    full = page.digest.resolve(risk.scope)
    of_member = full.startswith("proj:") and full.partition(":")[2] in projects
    return full == scope or of_member or any(key in projects for key in risk.projects)


def _row(risk: Risk, page: PageContext) -> RiskRow:
    may_count = page.digest.shown.may_count
    return RiskRow(
        risk=risk,
        line=risk_line(risk, page.digest, frozenset()),
        subjects=[page.item(one) for one in risk.subjects if may_count(one)],
        projects=[page.project(key) for key in risk.projects],
    )


def treatment(risk: Risk) -> str:
    """What is done about a risk: new, owned, accepted, mitigated."""
    unowned = not risk.owner and risk.roam is Roam.NEW and risk.score >= _HIGH
    return "new, unowned" if unowned else risk.roam.value
