"""Whole hand-made snapshots: the full example of the digest spec, section 4.2, and large ones."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from syncer.domain.colour_change import ColourChange
from syncer.domain.health import Confidence, Health
from syncer.domain.portfolio import Criticality, ProjectKind
from syncer.domain.report import (
    DependencyFinding,
    Evidence,
    GateResult,
    GroupResult,
    ItemDateMove,
    Levers,
    ProjectResult,
    Quality,
    Risk,
    RiskChange,
    Snapshot,
)
from syncer.domain.statement import (
    DateMove,
    DecisionOption,
    OwnerStatus,
    Roam,
)
from tests.unit.publish.builders import (
    AS_OF,
    EARLIER,
    colour,
    decision,
    gate,
    group,
    item,
    project,
    risk,
    said,
    snapshot,
)

PERMIT = item("REG-112", "North permit", "regulatory", due=date(2027, 1, 22))
SITES = item("NET-87", "Build the North sites", "network")
DEMO = item("PHN-301", "Phone demo", "phone")
CANDIDATES = tuple(item(f"NET-{200 + n}", f"Optional cabinet {n}", "network") for n in range(31))
LATE_SITES = DependencyFinding(
    root=PERMIT,
    predecessor=PERMIT,
    waiting=SITES,
    project="network",
    hops=1,
    need_by=date(2027, 1, 11),
    eta=date(2027, 1, 22),
    lateness=9,
    must=True,
)
LATE_DEMO = DependencyFinding(
    root=PERMIT,
    predecessor=SITES,
    waiting=DEMO,
    project="phone",
    hops=2,
    need_by=date(2027, 2, 15),
    eta=date(2027, 2, 17),
    lateness=2,
    must=False,
)
LEVERS = Levers(
    drop=14,
    drop_probability=0.874,
    candidates=CANDIDATES,
    move_to=date(2027, 4, 13),
    move_probability=0.862,
    move_days=17,
    move_money=408_000.0,
    raise_percent=21,
    pace_needed=56 / 12 * 82 / 68,
    pace_now=56 / 12,
)
TARGET_MOVE = DateMove(
    at=datetime(2026, 9, 1, tzinfo=UTC), before=date(2027, 2, 19), after=date(2027, 3, 19)
)


def network(**changes: Any) -> ProjectResult:
    given: dict[str, Any] = {
        "owner": "M. Okafor",
        "criticality": Criticality.MUST,
        "target": date(2027, 3, 19),
        "probability": 0.3017,
        "p50": date(2027, 3, 26),
        "p85": date(2027, 4, 13),
        "throughput": (5, 6, 4, 7, 3, 5, 6, 4, 2, 5, 4, 5),
        "remaining": 82,
        "total": 240,
        "done": 158,
        "added": 10,
        "pushes": 1,
        "slip_days": 20,
        "target_moves": (TARGET_MOVE,),
        "cost_of_delay_per_week": 120_000.0,
        "levers": LEVERS,
        "dependencies": (LATE_SITES,),
    }
    return project("network", "Network upgrade", Health.RED, **(given | changes))


def outreach(health: Health = Health.AMBER, **changes: Any) -> ProjectResult:
    given: dict[str, Any] = {
        "owner": "S. Weber",
        "target": date(2027, 1, 22),
        "probability": 0.8281,
        "p50": date(2027, 1, 14),
        "p85": date(2027, 1, 25),
    }
    return project("outreach", "Customer outreach", health, **(given | changes))


def regulatory(**changes: Any) -> ProjectResult:
    given: dict[str, Any] = {
        "owner": "L. Brandt",
        "target": date(2027, 1, 22),
        "probability": 1.0,
        "p50": date(2026, 12, 16),
        "p85": date(2026, 12, 24),
        "beyond_safe": (PERMIT,),
    }
    return project("regulatory", "Regulatory", Health.GREEN, **(given | changes))


def phone(health: Health = Health.AMBER, **changes: Any) -> ProjectResult:
    given: dict[str, Any] = {
        "owner": "A. Silva",
        "kind": ProjectKind.PRODUCT,
        "shown": colour(health, "A6" if health is Health.AMBER else "G", "waits for a permit"),
        "target": date(2027, 2, 26),
        "probability": 0.9972,
        "p50": date(2027, 2, 9),
        "p85": date(2027, 2, 16),
        "dependencies": (LATE_DEMO,),
    }
    return project("phone", "5G Smartphone", health, **(given | changes))


def example_risks() -> tuple[Risk, ...]:
    return (
        risk(
            "SCH-1",
            "proj:network",
            "Network upgrade misses its target",
            20,
            "critical",
            owner="M. Okafor",
            projects=("network",),
            exposure_days=7.652,
            exposure_money=183_648.0,
        ),
        risk(
            "DEP-2",
            "portfolio",
            "North permit 9 days after site start",
            16,
            "critical",
            owner="L. Brandt",
            projects=("network", "phone"),
            root=PERMIT,
            subjects=(PERMIT, SITES),
            ask="COO calls the regulator",
            change=RiskChange.NEW,
            evidence=(Evidence(label="Lateness", value="9 days", items=("REG-112",)),),
        ),
        risk(
            "RES-2",
            "proj:network",
            "Network team 37 % overbooked for 4 weeks (26 due, 19 likely)",
            9,
            "medium",
            owner="M. Okafor",
            projects=("network",),
            next_step="re-plans",
            next_step_by=date(2026, 11, 30),
            roam=Roam.OWNED,
        ),
    )


def example_gates() -> tuple[GateResult, ...]:
    return (
        gate("regulatory", "environmental filing", date(2026, 11, 27), 0.9012, "L. Brandt"),
        gate("network", "core freeze", date(2026, 12, 4), 0.5894, "M. Okafor"),
        gate("phone", "phone beta", date(2026, 12, 4), 0.8857, "A. Silva"),
        gate("outreach", "town halls", date(2026, 12, 11), 0.6841, "S. Weber"),
    )


def example(**changes: Any) -> Snapshot:
    """The snapshot of Monday 2026-11-23."""
    projects = (network(), outreach(), regulatory(), phone())
    unowned = Quality(
        score=78,
        confidence=Confidence.MEDIUM,
        reasons=("30 % of Outreach work in progress has no owner",),
    )
    program = group(
        "prog:5g",
        "5G Infrastructure",
        projects[:3],
        owner="J. Roth",
        shown=colour(Health.RED, "R1", "Network upgrade is Red"),
        quality=unowned,
    )
    product = group(
        "prod:phone",
        "5G Smartphone",
        projects[3:],
        owner="A. Silva",
        shown=colour(Health.AMBER, "A1", "5G Smartphone is Amber"),
    )
    text = "We can hold March only without the rural sites; I ask for A."
    words = OwnerStatus(
        scope="prog:5g",
        text=text,
        value=None,
        provenance=said(at=datetime(2026, 11, 20, 14, 0, tzinfo=UTC)),
    )
    move = DateMove(at=AS_OF, before=date(2027, 1, 8), after=date(2027, 1, 22), by="Regulator")
    given: dict[str, Any] = {
        "projects": projects,
        "programs": (program,),
        "products": (product,),
        "risks": example_risks(),
        "unmerged": example_risks(),
        "gates": example_gates(),
        "decisions": (decision("network", "Which date for Network upgrade?"),),
        "owner_statuses": (words,),
        "recent_moves": (ItemDateMove(item=PERMIT, move=move, working_days=10),),
        "restricted": 1,
    }
    return snapshot(**(given | changes))


def example_before(**changes: Any) -> Snapshot:
    """The snapshot of Monday 2026-11-16."""
    projects = (
        network(probability=0.3390, dependencies=()),
        outreach(Health.GREEN, probability=0.9007),
        regulatory(probability=0.9995),
        phone(Health.GREEN, probability=0.9988, dependencies=()),
    )
    program = group(
        "prog:5g",
        "5G Infrastructure",
        projects[:3],
        shown=colour(Health.RED, "R1", "Network upgrade is Red"),
    )
    product = group("prod:phone", "5G Smartphone", projects[3:])
    known = tuple(entry for entry in example_risks() if entry.rule != "DEP-2")
    given: dict[str, Any] = {
        "id": "snap-0",
        "as_of": EARLIER,
        "projects": projects,
        "programs": (program,),
        "products": (product,),
        "risks": known,
        "unmerged": known,
    }
    return snapshot(**(given | changes))


EXAMPLE_CHANGES = (
    ColourChange(
        scope="proj:outreach",
        name="Customer outreach",
        before=Health.GREEN,
        after=Health.AMBER,
        cause="pace",
        text="Outreach turned Amber by pace: 3 items done in two weeks, 2.2 a week needed.",
    ),
    ColourChange(
        scope="prod:phone",
        name="5G Smartphone",
        before=Health.GREEN,
        after=Health.AMBER,
        cause="dependency",
        text="5G Smartphone turned Amber by a late dependency.",
    ),
)


# --- large and small portfolios --------------------------------------------------------------

HEALTHS = (Health.GREEN, Health.RED, Health.AMBER, Health.GREEN, Health.UNKNOWN)


def large(programs: int = 12, products: int = 3, size: int = 5) -> Snapshot:
    """Many programs of several projects each; every second is Red or Amber."""
    projects: list[ProjectResult] = []
    groups: list[GroupResult] = []
    for number in range(programs + products):
        health = HEALTHS[number % len(HEALTHS)]
        members = tuple(_member(number, part, health) for part in range(size))
        sort = "prog" if number < programs else "prod"
        projects += members
        name = f"Strategic {sort} number {number}"
        groups.append(group(f"{sort}:g{number}", name, members, owner=f"Owner {number}"))
    return snapshot(
        projects=tuple(projects)[: len(projects)],
        programs=tuple(groups[:programs]),
        products=tuple(groups[programs:]),
        risks=tuple(_member_risk(entry) for entry in projects),
        unmerged=tuple(_member_risk(entry) for entry in projects),
        gates=tuple(
            gate(f"proj:{entry.key}", f"Gate of {entry.name}", date(2026, 12, 4), 0.7, "P. Owner")
            for entry in projects
        ),
        decisions=tuple(
            decision(
                f"prog:g{n}",
                f"Which of several ways shall program {n} go from here on?",
                options=tuple(
                    DecisionOption(text=f"go way {w} with all that it takes", effect="as asked")
                    for w in range(3)
                ),
            )
            for n in range(4)
        ),
        owner_statuses=tuple(_word(entry) for entry in groups),
    )


def _member(number: int, part: int, health: Health) -> ProjectResult:
    known = health is not Health.UNKNOWN
    return project(
        f"p{number}-{part}",
        f"Project {number} part {part}",
        health,
        target=date(2027, 3, 19),
        probability=0.4 if known else None,
        p50=date(2027, 3, 26) if known else None,
        p85=date(2027, 4, 13) if known else None,
    )


def _member_risk(entry: ProjectResult) -> Risk:
    title = f"{entry.name} meets something that takes a long title to tell about in full"
    return risk(
        "HUM-1",
        entry.scope,
        title,
        12,
        "high",
        projects=(entry.key,),
        owner="P. Owner",
        next_step="does what has to be done about it in the end",
        first_seen=date(2026, 11, 2),
    )


def _word(entry: GroupResult) -> OwnerStatus:
    text = "We work on it as hard as we can and shall tell more about it by the end of next week."
    return OwnerStatus(scope=entry.scope, text=text, value=None, provenance=said(entry.owner))
