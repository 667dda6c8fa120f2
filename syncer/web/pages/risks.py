"""The risks of a scope, with filters that are plain links."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from syncer.domain.report import Risk, RiskChange
from syncer.domain.statement import Roam
from syncer.publish.digest.model import RiskLine
from syncer.publish.digest.risks import risk_line
from syncer.web.pages.context import Link, PageContext
from syncer.web.pages.reader import PastRisk

_HIGH: Final = 10
_ID: Final = re.compile(r"[A-Z]-[0-9A-Za-z:-]+")
"""What may stand in a command that is copied: nothing that a shell would read as its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What an edition said of a risk on its day; `past` None: it did not know it."""

    on: date
    past: PastRisk | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskRow:
    """One risk in the digest's words, with the items and projects that it concerns.

    `history` is what the editions said of it, newest first, from the first that knew it on.
    `answers` are the commands by which people say what is done about it.
    """

    risk: Risk
    line: RiskLine
    subjects: Sequence[Link]
    projects: Sequence[Link]
    history: Sequence[Heard]
    answers: Sequence[str]


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
        history=_history(risk, page),
        answers=answers(risk),
    )


def _history(risk: Risk, page: PageContext) -> list[Heard]:
    """What each edition said of the risk, or of one that has been merged into it since."""
    names = (risk.id, *risk.merged)
    heard = [
        Heard(
            on=page.digest.local(week.as_of).date(),
            past=next((week.risks[name] for name in names if name in week.risks), None),
        )
        for week in page.current.past
    ]
    first = next((at for at, one in enumerate(heard) if one.past is not None), len(heard))
    return heard[first:][::-1]


def answers(risk: Risk) -> list[str]:
    """The commands that own, accept or mitigate a risk: pages are for reading only.

    None where it has been closed. Words in capitals are to be filled in.
    """
    if risk.closed_on is not None or not _ID.fullmatch(risk.id):
        return []
    return [
        f'syncer risk own {risk.id} --owner "NAME" --next-step "STEP" --by DATE',
        f'syncer risk accept {risk.id} --owner "NAME" --until DATE',
        f"syncer risk mitigate {risk.id} --item KEY --by DATE",
    ]


def treatment(risk: Risk) -> str:
    """What is done about a risk: new, owned, accepted, mitigated."""
    unowned = not risk.owner and risk.roam is Roam.NEW and risk.score >= _HIGH
    return "new, unowned" if unowned else risk.roam.value
