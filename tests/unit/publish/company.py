"""A whole company as its senior managers see it: 12 programs, 3 products, 60 projects.

Made up, and rolled up by the roll-up itself: every colour, chance and date of it is computed. What
it prints is the second golden digest; `python -m tests.unit.publish.company` writes it anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final

from syncer.domain.item import WorkItem
from syncer.domain.portfolio import Criticality, FixedTarget, Portfolio, Product, Program, Project
from syncer.domain.report import Snapshot
from syncer.domain.statement import (
    Decision,
    Door,
    GateDefinition,
    HumanRisk,
    OwnerStatus,
    Provenance,
    Statements,
)
from syncer.domain.verdict import VerdictLevel
from syncer.publish.digest.compose import compose
from syncer.publish.digest.model import Digest
from syncer.publish.render.formats import RENDERERS
from syncer.rollup.evaluate import evaluate
from syncer.rollup.inputs import RollupInputs
from tests.unit.publish.builders import view
from tests.unit.rollup.builders import (
    AS_OF,
    DONE,
    TODAY,
    TODO,
    account,
    blocks,
    fresh_sources,
    make_item,
    make_project,
    noon,
    verdicts,
)

GOLDEN: Final = Path(__file__).parent / "golden"
"""Where the frozen forms of the digest lie."""
FORMS: Final = ("txt", "html")
EARLIER: Final = AS_OF - timedelta(days=7)

_WEEKS: Final = 14
_PACES: Final = ((3, 4, 2, 3, 4, 3), (5, 4, 6, 5, 3, 5), (2, 1, 2, 3, 2, 2), (6, 7, 5, 6, 4, 6))


@dataclass(frozen=True, slots=True)
class Initiative:
    """A program or product: name, owner, and its four projects with the weeks of work left."""

    key: str
    name: str
    owner: str
    projects: tuple[tuple[str, float], ...]
    target: date
    cost: float = 0.0


_MARCH, _JUNE, _APRIL = date(2027, 3, 19), date(2027, 6, 25), date(2027, 4, 30)

PROGRAMS: Final = (
    Initiative("5g", "5G Infrastructure", "J. Roth", (
        ("Radio sites", 19.5), ("Core network", 13.0), ("Site permits", 8.0), ("Backhaul", 9.0),
    ), _MARCH, 120_000),
    Initiative("fibre", "Fibre to the Street", "P. Lindqvist", (
        ("Street works", 16.2), ("House wiring", 9.0), ("Fibre planning", 6.0), ("Splicing", 8.5),
    ), _MARCH, 80_000),
    Initiative("billing", "Billing Renewal", "A. Moreau", (
        ("Rating engine", 24.0), ("Invoice layout", 10.0), ("Data migration", 12.0),
        ("Dunning", 7.0),
    ), _MARCH, 95_000),
    Initiative("retire", "Old Network Retirement", "S. Weber", (
        ("2G switch-off", 13.0), ("Copper exit", 11.0), ("Contract ends", 8.0), ("Scrap", 5.0),
    ), _MARCH),
    Initiative("energy", "Green Energy", "H. Tanaka", (
        ("Solar masts", 11.0), ("Battery swap", 9.0), ("Power metering", 7.0), ("Reporting", 5.0),
    ), _APRIL),
    Initiative("security", "Zero Trust", "D. Kovacs", (
        ("Identity", 10.0), ("Device checks", 11.0), ("Key vault", 8.0), ("Access review", 6.0),
    ), _APRIL),
    Initiative("roaming", "Roaming Abroad", "L. Brandt", (
        ("Partner contracts", 9.0), ("Tariff model", 8.0), ("Steering", 7.0), ("Fraud watch", 6.0),
    ), _APRIL),
    Initiative("shops", "Shops of Tomorrow", "C. Duarte", (
        ("Store design", 8.0), ("Tills", 10.0), ("Stock in real time", 9.0), ("Training", 5.0),
    ), _APRIL),
    Initiative("cloud", "Data Centre Exit", "M. Okafor", (
        ("Lift and shift", 13.5), ("Cloud landing", 9.0), ("Backups", 8.0),
        ("Decommissioning", 6.0),
    ), _MARCH, 60_000),
    Initiative("law", "Telecoms Act", "R. Novak", (
        ("Number porting", 9.0), ("Data retention", 8.0), ("Price notices", 6.0),
        ("Audit trail", 7.0),
    ), _JUNE),
    Initiative("people", "Way of Working", "E. Haddad", (
        ("Team training", 8.0), ("New offices", 9.0), ("Role model", 6.0), ("Hiring", 7.0),
    ), _JUNE),
    Initiative("care", "Customer Care", "T. Silva", (
        ("Call routing", 9.0), ("Knowledge base", 8.0), ("Chat", 10.0), ("Callback", 6.0),
    ), _JUNE),
)  # fmt: skip
PRODUCTS: Final = (
    Initiative("phone", "5G Smartphone", "A. Silva", (
        ("Phone firmware", 12.0), ("Phone hardware", 9.0), ("Phone app", 8.0),
        ("Phone launch", 7.0),
    ), _APRIL),
    Initiative("router", "Home Router", "B. Jansen", (
        ("Router firmware", 15.6), ("Mesh", 9.0), ("Router app", 8.0), ("Certification", 7.0),
    ), _MARCH),
    Initiative("tv", "TV Box", "K. Osei", (
        ("Player", 10.0), ("Guide", 8.0), ("Recording", 9.0), ("Voice control", 7.0),
    ), _JUNE),
)  # fmt: skip


def _code(group: int, part: int) -> str:
    return f"P{group:02d}{'ABCD'[part]}"


def _projects() -> Iterator[Project]:
    for number, one in enumerate((*PROGRAMS, *PRODUCTS)):
        for part, (name, _) in enumerate(one.projects):
            code = _code(number, part)
            yield make_project(
                code.casefold(),
                f"jira:{code}",
                name=name,
                owner=one.owner,
                team=code,
                start=date(2026, 8, 3),
                target=FixedTarget(one.target),
                criticality=Criticality.MUST if part == 0 else Criticality.SHOULD,
                cost_of_delay_per_week=one.cost or None if part == 0 else None,
            )


def _keys(number: int) -> tuple[str, ...]:
    return tuple(_code(number, part).casefold() for part in range(4))


@cache
def portfolio() -> Portfolio:
    """The company's programs, products and projects."""
    programs = (
        Program(key=one.key, name=one.name, owner=one.owner, projects=_keys(number))
        for number, one in enumerate(PROGRAMS)
    )
    products = (
        Product(key=one.key, name=one.name, owner=one.owner, projects=_keys(number))
        for number, one in enumerate(PRODUCTS, start=len(PROGRAMS))
    )
    return Portfolio(
        projects=tuple(_projects()), programs=tuple(programs), products=tuple(products)
    )


def items() -> list[WorkItem]:
    """Every item: what was done in the last fourteen weeks, and what is open."""
    found: list[WorkItem] = []
    for number, one in enumerate((*PROGRAMS, *PRODUCTS)):
        for part, (_, weeks) in enumerate(one.projects):
            code, pace = _code(number, part), (_PACES[(number + part) % len(_PACES)] * 3)[:_WEEKS]
            found += _done(code, pace)
            found += _open(code, round(weeks * sum(pace) / len(pace)))
    return [_special(item) for item in found]


def _done(code: str, pace: Sequence[int]) -> Iterator[WorkItem]:
    monday = TODAY - timedelta(weeks=len(pace))
    for week, count in enumerate(pace):
        for n in range(count):
            at = noon(monday + timedelta(weeks=week, days=3))
            yield make_item(
                f"{code}-{900 + 10 * week + n}",
                DONE,
                done_at=at,
                assignees=(account(f"Team of {code}"),),
            )


def _open(code: str, count: int) -> Iterator[WorkItem]:
    gate = next((on for of, _, on, _ in _GATES if of == code), None)
    for n in range(1, count + 1):
        due = gate if n <= _BEFORE_GATE else None
        team = account(f"Team of {code}")
        yield make_item(f"{code}-{n}", TODO, assignees=(team,), due_date=due)


_PERMIT, _MASTS = "P00C-1", "P00A-20"
_BEFORE_GATE: Final = 9
_GATES: Final = (
    ("P01A", "First street lit", date(2026, 12, 4), "P. Lindqvist"),
    ("P02A", "Rating freeze", date(2026, 12, 11), "A. Moreau"),
    ("P05A", "Identity pilot", date(2026, 12, 15), "D. Kovacs"),
    ("P13A", "Router beta", date(2026, 12, 18), "B. Jansen"),
)


def _special(item: WorkItem) -> WorkItem:
    """The permit that the sites wait for, and what the phone waits for in turn."""
    if item.key == _PERMIT:
        made = replace(item, title="North permit", due_date=date(2027, 1, 22))
        return blocks(made, _MASTS)
    if item.key == _MASTS:
        return replace(item, title="Build the North sites", start_date=date(2027, 1, 11))
    return item


def _said(author: str) -> Provenance:
    return Provenance(author=author, at=AS_OF - timedelta(days=3), door=Door.COMMAND)


def statements() -> Statements:
    """What people of the company say: decisions, words, gates, one risk of their own."""
    return Statements(
        decisions=(
            _decision("P00A", "Which date for the radio sites?", "CTO", date(2026, 11, 26)),
            _decision("P02A", "Which scope of rating goes live?", "CFO", date(2026, 12, 1)),
        ),
        owner_statuses=tuple(_words()),
        gates=tuple(_gates()),
        risks=(
            HumanRisk(
                id="H-1", scope="prog:retire", title="A wholesale customer keeps 2G until June",
                probability=4, impact=4, owner="S. Weber", next_step="signs the exit contract",
                provenance=_said("S. Weber"),
            ),
        ),
    )  # fmt: skip


def _decision(code: str, question: str, decider: str, by: date) -> Decision:
    return Decision(
        id=f"D-{code}", scope=f"proj:{code.casefold()}", question=question, decider=decider,
        needed_by=by, confirmed_by="J. Roth", recommendation="B", provenance=_said("J. Roth"),
    )  # fmt: skip


def _words() -> Iterator[OwnerStatus]:
    told = {
        "5g": ("J. Roth", "We can hold March only without the rural sites."),
        "fibre": ("P. Lindqvist", "Frost decides: two mild weeks in January and we are safe."),
        "billing": ("A. Moreau", "Rating needs a smaller first release, the rest is on course."),
    }
    for key, (author, text) in told.items():
        scope = f"prog:{key}"
        yield OwnerStatus(scope=scope, text=text, value=None, provenance=_said(author))


def _gates() -> Iterator[GateDefinition]:
    for code, name, on, owner in _GATES:
        scope = f"proj:{code.casefold()}"
        yield GateDefinition(scope=scope, name=name, on=on, owner=owner, provenance=_said(owner))


def snapshot(as_of: datetime, previous: Snapshot | None = None) -> Snapshot:
    """The roll-up of the company at an instant."""
    every = items()
    across = {_PERMIT, _MASTS}
    levels = verdicts(
        {
            item.uid: VerdictLevel.PROGRAM if item.key in across else VerdictLevel.PRODUCT
            for item in every
        }
    )
    return evaluate(
        RollupInputs(
            as_of=as_of,
            items=every,
            changes={},
            verdicts=levels,
            portfolio=portfolio(),
            statements=statements(),
            sources=fresh_sources(every, as_of),
            previous=previous,
        )
    )


@cache
def weeks() -> tuple[Snapshot, Snapshot]:
    """The company now, and a week before."""
    before = replace(snapshot(EARLIER), id="company-2026-W47")
    return replace(snapshot(AS_OF, before), id="company-2026-W48"), before


@cache
def digest() -> Digest:
    """The edition for senior management, against the one of a week before."""
    now, before = weeks()
    return compose(now, before, (), audience=view())


def main() -> None:
    """Write the frozen forms anew, to be read by eye before they are committed."""
    GOLDEN.mkdir(exist_ok=True)
    for form in FORMS:
        (GOLDEN / f"company.{form}").write_text(RENDERERS[form](digest()), encoding="utf-8")


if __name__ == "__main__":
    main()
