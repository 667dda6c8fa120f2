"""Every risk rule of rollup.md 2.10: one scenario that fires it, and one that just does not.

Each case names the value on both sides of the threshold. The scenarios go through the whole
roll-up: what is asserted is what a snapshot says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from syncer.domain.change import Change, ChangeField
from syncer.domain.item import WorkItem
from syncer.domain.portfolio import (
    Benefit,
    FixedTarget,
    ItemTarget,
    Portfolio,
    Program,
    Project,
)
from syncer.domain.report import Risk, Snapshot, SourceState
from syncer.domain.statement import (
    Decision,
    Door,
    GateDefinition,
    HumanRisk,
    Provenance,
    RiskResponse,
    Roam,
    Statements,
)
from syncer.domain.verdict import VerdictLevel
from syncer.rollup.evaluate import evaluate
from syncer.rollup.inputs import RollupInputs
from syncer.rollup.risks.catalogue import CATALOGUE
from syncer.rollup.rules import DetectorRules, HealthRules
from tests.unit.rollup.builders import (
    AS_OF,
    CANCELLED,
    DOING,
    DONE,
    TODAY,
    TODO,
    WAITING,
    account,
    blocks,
    finished,
    make_change,
    make_epic,
    make_inputs,
    make_item,
    make_portfolio,
    make_project,
    many,
    moved,
    noon,
    verdicts,
)
from tests.unit.rollup.samples import NET, OUT

DAY = timedelta(days=1)
ANN = (account("Ann"),)
BOB = (account("Bob"),)
PLANNED, SINCE = noon(date(2026, 3, 2)), noon(date(2026, 6, 1))
START = date(2026, 4, 1)
FRIDAY, SUNDAY = date(2026, 11, 20), date(2026, 11, 22)
SAID = Provenance(author="J. Roth", at=AS_OF - timedelta(days=3), door=Door.COMMAND)

RULES_OF_THE_PAGE = (
    "SCH-1", "SCH-2", "SCH-3", "SCH-4", "SCH-5", "SCP-1", "SCP-2", "SCP-3", "FLW-1", "FLW-2",
    "FLW-3", "DEP-1", "DEP-2", "DEP-3", "DEP-4", "DEP-5", "DEP-6", "DEP-7", "DEP-8", "RES-1",
    "RES-2", "RES-3", "RES-4", "DQ-1", "DQ-2", "DQ-3", "DQ-4", "DQ-5", "DQ-6", "GOV-1", "CLS-1",
    "BEN-1",
)  # fmt: skip
INFORMATION = "DEP-1"
"""The one rule that is no risk: it stands with the dependency."""

Scenario = Callable[[], RollupInputs]


@dataclass(frozen=True)
class Case:
    """A rule, what tips it, its size as (probability, impact), and the two scenarios."""

    rule: str
    tips: str
    size: tuple[int, int]
    fires: Scenario
    calm: Scenario


CASES: list[Case] = []


def case(rule: str, tips: str, size: tuple[int, int], fires: Scenario, calm: Scenario) -> None:
    CASES.append(Case(rule, tips, size, fires, calm))


def inputs(items: Sequence[WorkItem], *projects: Project, **more: Any) -> RollupInputs:
    wanted = projects or (make_project("net"),)
    return make_inputs(items, more.pop("portfolio", make_portfolio(*wanted)), **more)


def some(prefix: str, count: int, **more: Any) -> list[WorkItem]:
    return many(prefix, count, **{"created_at": PLANNED, "assignees": ANN, **more})


def detectors(**changed: Any) -> HealthRules:
    return HealthRules(detectors=DetectorRules(**changed))


# --- schedule ------------------------------------------------------------------------------------


def outreach(target: date, **more: Any) -> RollupInputs:
    items = [*finished(OUT.throughput, "NET"), *some("NET-X", OUT.remaining)]
    return inputs(items, make_project("net", target=FixedTarget(target)), **more)


@cache
def out_chance() -> float:
    return evaluate(outreach(OUT.target)).projects[0].forecast.probability or 0.0


case("SCH-1", "E20: P .8281 by Friday; the 85 % date", (2, 2),
     lambda: outreach(OUT.target), lambda: outreach(date(2027, 1, 25)))  # fmt: skip
case("SCH-1", "the chance a hair below the threshold; the threshold itself", (2, 2),
     lambda: outreach(OUT.target, rules=detectors(sch1_chance_below=out_chance() + 1e-6)),
     lambda: outreach(OUT.target, rules=detectors(sch1_chance_below=out_chance())))  # fmt: skip
case("SCH-2", "one working day past; today", (5, 2),
     lambda: outreach(FRIDAY), lambda: outreach(TODAY))  # fmt: skip


def pushed(*dates: date) -> RollupInputs:
    """The target moved through the dates, one a month."""
    changes: list[Change] = [
        make_change(
            noon(date(2026, month, 4)), ChangeField.DUE, before.isoformat(), after.isoformat()
        )
        for month, (before, after) in enumerate(pairwise(dates), start=5)
    ]
    items = [make_epic("NET-1", due_date=dates[-1]), make_item("NET-2", parent="NET-1")]
    project = make_project("net", target=ItemTarget("jira:NET-1"), start=date(2026, 3, 1))
    return inputs(items, project, changes={"jira:NET-1": changes})


MARCH = date(2027, 3, 1)
case("SCH-3", "a slip of 5 working days; of 4", (2, 2),
     lambda: pushed(MARCH, MARCH + 7 * DAY), lambda: pushed(MARCH, MARCH + 4 * DAY))  # fmt: skip
case("SCH-3", "2 pushes that were won back; 1", (2, 1),
     lambda: pushed(MARCH, MARCH + 3 * DAY, MARCH, MARCH + 3 * DAY, MARCH),
     lambda: pushed(MARCH, MARCH + 3 * DAY, MARCH))  # fmt: skip


def gated(on: date, open_items: int = 40, **more: Any) -> RollupInputs:
    gate = GateDefinition(scope="net", name="Freeze", on=on, provenance=SAID)
    items = [*finished((2,) * 12, "NET"), *some("NET-X", open_items, due_date=START)]
    return inputs(items, statements=Statements(gates=(gate,)), **more)


@cache
def gate_chance() -> float:
    return evaluate(gated(TODAY + 14 * DAY, open_items=5)).gates[0].probability or 0.0


case("SCH-4", "an unlikely gate in 28 days; in 29", (5, 5),
     lambda: gated(TODAY + 28 * DAY), lambda: gated(TODAY + 29 * DAY))  # fmt: skip
case("SCH-4", "the chance a hair below the threshold; the threshold itself", (5, 2),
     lambda: gated(TODAY + 14 * DAY, 5, rules=detectors(sch4_gate_below=gate_chance() + 1e-6)),
     lambda: gated(TODAY + 14 * DAY, 5, rules=detectors(sch4_gate_below=gate_chance()))
     )  # fmt: skip
case("SCH-4", "missed with work left; passed with none", (5, 2),
     lambda: gated(FRIDAY), lambda: gated(FRIDAY, open_items=0))  # fmt: skip


def stopped(last_done: date, *, wip: int = 1, **more: Any) -> RollupInputs:
    done = make_item("NET-1", DONE, started_at=SINCE, done_at=noon(last_done))
    return inputs([done, *some("NET-W", wip, status=DOING)], **more)


SUNDAY_BEFORE = date(2026, 11, 8)
"""The last day before the two complete weeks of 9 and 16 November."""
case("SCH-5", "last done on the Sunday before two weeks; on their Monday", (3, 3),
     lambda: stopped(SUNDAY_BEFORE), lambda: stopped(SUNDAY_BEFORE + DAY))  # fmt: skip
case("SCH-5", "with 1 item in progress; with none", (3, 3),
     lambda: stopped(SUNDAY_BEFORE), lambda: stopped(SUNDAY_BEFORE, wip=0))  # fmt: skip


def off(*days: int) -> Portfolio:
    return make_portfolio(make_project("net"), holidays=frozenset(date(2026, 11, d) for d in days))


case("SCH-5", "a week with one working day counts; a week of holidays does not", (3, 3),
     lambda: stopped(date(2026, 11, 5), portfolio=off(16, 17, 18, 19)),
     lambda: stopped(date(2026, 11, 5), portfolio=off(16, 17, 18, 19, 20)))  # fmt: skip


# --- scope ---------------------------------------------------------------------------------------


def grown(baseline: int, extra: int) -> RollupInputs:
    added = some("NET-9", extra, created_at=SINCE)
    return inputs([*some("NET-1", baseline), *added], make_project("net", start=START))


case("SCP-1", "creep 15 % (3 of 20); 14.9 % (7 of 47)", (3, 3),
     lambda: grown(20, 3), lambda: grown(47, 7))  # fmt: skip
case("SCP-1", "creep 30 % (6 of 20): impact 4", (3, 4),
     lambda: grown(20, 6), lambda: grown(20, 2))  # fmt: skip


def shrunk(baseline: int, gone: int) -> RollupInputs:
    cancelled = some("NET-9", gone, status=CANCELLED)
    changes = {item.uid: [moved(SINCE, TODO, CANCELLED)] for item in cancelled}
    items = [*some("NET-1", baseline - gone), *cancelled]
    return inputs(items, make_project("net", start=START), changes=changes)


case("SCP-2", "15 % removed (3 of 20); 14.9 % (7 of 47)", (2, 3),
     lambda: shrunk(20, 3), lambda: shrunk(47, 7))  # fmt: skip


def racing(added: Sequence[int], done: Sequence[int], *, began: date = START) -> RollupInputs:
    """So many items came and went in each of the last weeks."""
    monday = TODAY - timedelta(weeks=len(added))
    begin = make_item("NET-0", DONE, created_at=PLANNED, started_at=noon(began),
                      done_at=noon(began + DAY))  # fmt: skip
    came = [
        make_item(f"NET-A{week}-{n}", created_at=noon(monday + timedelta(weeks=week, days=1)))
        for week, count in enumerate(added)
        for n in range(count)
    ]
    return inputs([begin, *some("NET-X", 10), *came, *finished(done, "NET")])


case("SCP-3", "as much added as done in three weeks; one more done in one of them", (4, 3),
     lambda: racing((2, 3, 1), (2, 3, 1)), lambda: racing((2, 3, 1), (2, 4, 1)))  # fmt: skip
case("SCP-3", "one added and none done each week; none added in one", (4, 3),
     lambda: racing((1, 1, 1), (0, 0, 0)), lambda: racing((1, 0, 1), (0, 0, 0)))  # fmt: skip
case("SCP-3", "work began before the three weeks; within them", (4, 3),
     lambda: racing((1, 1, 1), (0, 0, 0), began=date(2026, 11, 1)),
     lambda: racing((1, 1, 1), (0, 0, 0), began=date(2026, 11, 2)))  # fmt: skip


# --- flow ----------------------------------------------------------------------------------------


def wip(odd: int, whole: int, **strange: Any) -> RollupInputs:
    """So many of the items in progress are strange; all are fresh and owned."""
    usual = {"status": DOING, "started_at": noon(TODAY - DAY)}
    return inputs([
        *some("NET-O", odd, **{**usual, **strange}), *some("NET-W", whole - odd, **usual)
    ])  # fmt: skip


FIFTEEN_DAYS, FOURTEEN_DAYS = noon(date(2026, 11, 9)), noon(date(2026, 11, 10))
"""Since then an item is so many days old, both ends counted."""
case("FLW-1", "20 % older than 14 days (1 of 5); 19.6 % (9 of 46)", (3, 2),
     lambda: wip(1, 5, started_at=FIFTEEN_DAYS),
     lambda: wip(9, 46, started_at=FIFTEEN_DAYS))  # fmt: skip
case("FLW-1", "15 days old; 14, the limit without history", (3, 2),
     lambda: wip(1, 2, started_at=FIFTEEN_DAYS),
     lambda: wip(1, 2, started_at=FOURTEEN_DAYS))  # fmt: skip


def aged(days: int, finished: int) -> RollupInputs:
    """One item in progress, beside so many that took three days each."""
    done = some("NET-D", finished, status=DONE, started_at=noon(date(2026, 11, 2)),
                done_at=noon(date(2026, 11, 4)))  # fmt: skip
    return inputs([*done, *some("NET-W", 1, status=DOING, started_at=noon(TODAY - days * DAY))])


case("FLW-1", "4 days, where 85 % take 3; 3 days", (3, 2),
     lambda: aged(3, 10), lambda: aged(2, 10))  # fmt: skip
case("FLW-1", "10 finished items make a limit; 9 do not", (3, 2),
     lambda: aged(3, 10), lambda: aged(3, 9))  # fmt: skip
case("FLW-2", "25 % blocked (1 of 4); 24.5 % (12 of 49)", (3, 3),
     lambda: wip(1, 4, status=WAITING), lambda: wip(12, 49, status=WAITING))  # fmt: skip


def stuck_must(since: date, **more: Any) -> RollupInputs:
    """One must item of ten was flagged on a day."""
    item = make_item("NET-M", DOING, **{"must_have": True, "flagged": True, "assignees": ANN,
                     "started_at": noon(date(2026, 11, 2)), **more})  # fmt: skip
    flag = make_change(noon(since), ChangeField.FLAG, None, "1")
    return inputs([item, *some("NET-W", 9, status=DOING)], changes={item.uid: [flag]})


case("FLW-2", "a must item blocked for 6 working days; for 5", (3, 3),
     lambda: stuck_must(date(2026, 11, 13)), lambda: stuck_must(date(2026, 11, 16)))  # fmt: skip
case("FLW-2", "a must item; one that is optional", (3, 3),
     lambda: stuck_must(date(2026, 11, 13)),
     lambda: stuck_must(date(2026, 11, 13), must_have=False))  # fmt: skip


def crowded(count: int) -> RollupInputs:
    """In progress at a pace of two items a week."""
    return inputs([*finished((2,) * 12, "NET"), *some("NET-W", count, status=DOING)])


case("FLW-3", "4.5 weeks of work in progress (9 at 2 a week); 4 weeks (8)", (2, 2),
     lambda: crowded(9), lambda: crowded(8))  # fmt: skip


# --- dependencies --------------------------------------------------------------------------------

TWO = (make_project("net", team="a"), make_project("reg", team="b"))
NEED = date(2027, 1, 11)


def awaited(name: str = "REG-1", *, due: date | None = NEED, **more: Any) -> WorkItem:
    known = {"due_date": due, "assignees": ANN, **more}
    return blocks(make_item(name, **known), "NET-1")


def waiting(name: str = "NET-1", *, start: date | None = NEED, **more: Any) -> WorkItem:
    return make_item(name, start_date=start, assignees=ANN, **more)


def pair(first: WorkItem, second: WorkItem | None = None, **more: Any) -> RollupInputs:
    return inputs([first, second or waiting()], *TWO, **more)


case("DEP-1", "work of another project, in time; of one's own project", (0, 0),
     lambda: pair(awaited()), lambda: pair(awaited("NET-2")))  # fmt: skip
case("DEP-2", "one working day late; on the day", (4, 2),
     lambda: pair(awaited(due=NEED + DAY)), lambda: pair(awaited()))  # fmt: skip


def passed_on(last_needs: date) -> RollupInputs:
    """A needs B until 11 January, B takes 10 working days: C can begin after 25 January."""
    first, then = awaited(), blocks(waiting(), "REG-2")
    return inputs([first, then, waiting("REG-2", start=last_needs)], *TWO)


case("DEP-3", "one working day late after two hops; on the day", (3, 2),
     lambda: passed_on(date(2027, 1, 22)), lambda: passed_on(date(2027, 1, 25)))  # fmt: skip
case("DEP-4", "two items in a circle; one after the other", (5, 4),
     lambda: pair(awaited(), blocks(waiting(), "REG-1")), lambda: pair(awaited()))  # fmt: skip
SOON = TODAY + 30 * DAY
case("DEP-5", "no owner, needed in 30 days; in 31", (3, 2),
     lambda: pair(awaited(due=TODAY, assignees=()), waiting(start=SOON)),
     lambda: pair(awaited(due=TODAY, assignees=()), waiting(start=SOON + DAY)))  # fmt: skip
case("DEP-5", "no date, needed in 30 days; with a date", (3, 2),
     lambda: pair(awaited(due=None), waiting(start=SOON)),
     lambda: pair(awaited(due=TODAY), waiting(start=SOON)))  # fmt: skip
case("DEP-6", "a cancelled predecessor; a finished one", (3, 2),
     lambda: pair(awaited(status_category=CANCELLED)),
     lambda: pair(awaited(status_category=DONE)))  # fmt: skip


def read(hours: float) -> RollupInputs:
    sources = [
        SourceState(connection="jira", container=name, last_success_at=AS_OF - timedelta(hours=ago))
        for name, ago in (("NET", 0), ("REG", hours))
    ]
    return pair(awaited(), sources=sources)


case("DEP-7", "the other source read 72.1 hours ago; 72", (3, 2),
     lambda: read(72.1), lambda: read(72))  # fmt: skip


def unsynced(known: bool) -> RollupInputs:
    item = replace(waiting(), links=blocks(make_item("X-9"), "REG-9").links)
    item = replace(item, links=tuple(replace(link, inward=True) for link in item.links))
    return inputs([item, *([make_item("REG-9", due_date=TODAY)] if known else [])], *TWO)


case("DEP-7", "a predecessor that is not synced; one that is", (3, 2),
     lambda: unsynced(known=False), lambda: unsynced(known=True))  # fmt: skip


def row(*names: str) -> RollupInputs:
    items = [blocks(make_item(a, assignees=ANN), b) for a, b in pairwise(names)]
    return inputs([*items, make_item(names[-1])], *TWO)


case("DEP-8", "4 items in a row over 2 projects; 3", (3, 2),
     lambda: row("REG-1", "NET-1", "NET-2", "NET-3"),
     lambda: row("REG-1", "NET-1", "NET-2"))  # fmt: skip
case("DEP-8", "over 2 projects; all in one", (3, 2),
     lambda: row("REG-1", "NET-1", "NET-2", "NET-3"),
     lambda: row("NET-0", "NET-1", "NET-2", "NET-3"))  # fmt: skip


# --- people --------------------------------------------------------------------------------------


def hers(here: int, there: int, shared: int = 0) -> RollupInputs:
    """Ann's items in progress in two projects; some are Bob's as well."""
    return inputs([
        *some("NET", here, status=DOING), *some("REG", there, status=DOING),
        *some("NET-S", shared, status=DOING, assignees=(*ANN, *BOB)),
    ], *TWO)  # fmt: skip


case("RES-1", "6 items in progress in two projects; 5", (3, 3),
     lambda: hers(5, 1), lambda: hers(4, 1))  # fmt: skip
case("RES-1", "6 of which two are half of one; 5.5", (3, 3),
     lambda: hers(4, 1, shared=2), lambda: hers(4, 1, shared=1))  # fmt: skip
case("RES-1", "in two projects; all in one", (3, 3),
     lambda: hers(5, 1), lambda: hers(9, 0))  # fmt: skip


def loaded(due: int, on: date = TODAY + 28 * DAY) -> RollupInputs:
    items = [*finished(NET.throughput, "NET"), *some("NET-D", due, due_date=on)]
    return inputs(items, make_project("net", team="network"))


case("RES-2", "23 due where 19 are likely (1.21); 22 (1.16)", (3, 3),
     lambda: loaded(23), lambda: loaded(22))  # fmt: skip
case("RES-2", "due in 28 days; in 29", (3, 3),
     lambda: loaded(26), lambda: loaded(26, on=TODAY + 29 * DAY))  # fmt: skip


def shared(mine: int, others: int, *, ago: int = 7) -> RollupInputs:
    done = {"status": DONE, "done_at": noon(TODAY - ago * DAY)}
    return inputs([*some("NET-A", mine, **done), *some("NET-B", others, assignees=BOB, **done)])


case("RES-3", "E42: 21 of 40 are one person's; 20 of 40", (3, 3),
     lambda: shared(21, 19), lambda: shared(20, 20))  # fmt: skip
case("RES-3", "10 items to judge by; 9", (3, 3),
     lambda: shared(10, 0), lambda: shared(9, 0))  # fmt: skip
case("RES-3", "done 90 days ago; 91", (3, 3),
     lambda: shared(10, 0, ago=90), lambda: shared(10, 0, ago=91))  # fmt: skip
case("RES-4", "25 % of work in progress unassigned (1 of 4); 24.5 % (12 of 49)", (3, 3),
     lambda: wip(1, 4, assignees=()), lambda: wip(12, 49, assignees=()))  # fmt: skip


def due(on: date) -> RollupInputs:
    return inputs([make_item("NET-1", due_date=on), *some("NET-W", 5, status=DOING)])


case("RES-4", "unassigned and due in 14 days; in 15", (3, 3),
     lambda: due(TODAY + 14 * DAY), lambda: due(TODAY + 15 * DAY))  # fmt: skip


# --- data ----------------------------------------------------------------------------------------


def begun(days: int) -> RollupInputs:
    return inputs(some("NET", 1), make_project("net", start=TODAY - days * DAY))


case("DQ-1", "no target 15 days after the start; 14", (3, 3),
     lambda: begun(15), lambda: begun(14))  # fmt: skip
case("DQ-2", "without an owner; with one", (3, 3),
     lambda: inputs(some("NET", 1), make_project("net", owner="")),
     lambda: inputs(some("NET", 1)))  # fmt: skip
OLD, YOUNG = AS_OF - timedelta(days=14, seconds=1), AS_OF - timedelta(days=14)
case("DQ-3", "30 % stale (3 of 10); 29.2 % (7 of 24)", (2, 2),
     lambda: wip(3, 10, last_meaningful_change_at=OLD),
     lambda: wip(7, 24, last_meaningful_change_at=OLD))  # fmt: skip
case("DQ-3", "untouched for more than 14 days; for 14", (2, 2),
     lambda: wip(1, 1, last_meaningful_change_at=OLD),
     lambda: wip(1, 1, last_meaningful_change_at=YOUNG))  # fmt: skip


def odd(others: int) -> RollupInputs:
    return inputs([make_item("NET-0", resolution="Done"), *some("NET", others)])


case("DQ-4", "5 % contradict themselves (1 of 20); 4.8 % (1 of 21)", (2, 2),
     lambda: odd(19), lambda: odd(20))  # fmt: skip


def whole(epics: int, broken_down: int) -> RollupInputs:
    parts = [
        item
        for n in range(broken_down)
        for item in (make_epic(f"NET-D{n}"), make_item(f"NET-S{n}", parent=f"NET-D{n}"))
    ]
    return inputs([*(make_epic(f"NET-E{n}") for n in range(epics)), *parts])


case("DQ-5", "20 % of epics whole (1 of 5); 16.7 % (1 of 6)", (2, 2),
     lambda: whole(1, 4), lambda: whole(1, 5))  # fmt: skip


def last_read(hours: float) -> RollupInputs:
    at = AS_OF - timedelta(hours=hours)
    state = SourceState(connection="jira", container="NET", last_success_at=at)
    return inputs(some("NET", 1), sources=[state])


case("DQ-6", "read 24.1 hours ago; 24", (2, 2),
     lambda: last_read(24.1), lambda: last_read(24))  # fmt: skip


# --- people's words, verdicts, benefits ----------------------------------------------------------


def asked(needed_by: date) -> RollupInputs:
    decision = Decision(
        id="D-1", scope="net", question="Which date?", decider="CTO", needed_by=needed_by,
        confirmed_by="J. Roth", provenance=SAID,
    )  # fmt: skip
    return inputs(some("NET", 1), statements=Statements(decisions=(decision,)))


case("GOV-1", "a decision needed by Friday; by today", (4, 3),
     lambda: asked(FRIDAY), lambda: asked(TODAY))  # fmt: skip


def accepted(until: date) -> RollupInputs:
    risk = HumanRisk(
        id="H-1", scope="net", title="Supplier", probability=2, impact=2, provenance=SAID
    )
    response = RiskResponse(
        rule="HUMAN", scope="net", owner="Ann", roam=Roam.ACCEPTED, accept_until=until,
        provenance=SAID,
    )  # fmt: skip
    return inputs(some("NET", 1), statements=Statements(risks=(risk,), responses=(response,)))


case("GOV-1", "accepted until yesterday; until today", (4, 3),
     lambda: accepted(SUNDAY), lambda: accepted(TODAY))  # fmt: skip


def nobodys(*blocked: str, due: date | None = None, level: str = "program") -> RollupInputs:
    item = blocks(make_item("REG-1", due_date=due, assignees=ANN), *blocked)
    ends = [make_item(name, assignees=ANN) for name in blocked]
    return inputs(
        [item, *ends], *TWO, make_project("phn"),
        verdicts=verdicts({item.uid: VerdictLevel(level)}),
    )  # fmt: skip


case("CLS-1", "blocks 2 projects; 1", (3, 3),
     lambda: nobodys("NET-1", "PHN-1"), lambda: nobodys("NET-1", "NET-2"))  # fmt: skip
case("CLS-1", "due in 30 days; in 31", (3, 3),
     lambda: nobodys(due=TODAY + 30 * DAY), lambda: nobodys(due=TODAY + 31 * DAY))  # fmt: skip
case("CLS-1", "program-level; of the product's own", (3, 3),
     lambda: nobodys(due=TODAY), lambda: nobodys(due=TODAY, level="product"))  # fmt: skip


def promised(**benefit: Any) -> RollupInputs:
    known = {"name": "Sites live", "baseline": 0.0, "now": 199.0, "target": 200.0, "due": FRIDAY,
             "probability": 4, "impact": 2}  # fmt: skip
    one = Benefit(**{**known, **benefit})
    program = Program(key="5g", name="5G", projects=("net",), owner="J", benefits=(one,))
    return inputs(
        some("NET", 1), portfolio=Portfolio(projects=(make_project("net"),), programs=(program,))
    )


case("BEN-1", "199 of 200 a working day after its day; on its day", (4, 2),
     promised, lambda: promised(due=TODAY))  # fmt: skip
case("BEN-1", "199 of 200; 200", (4, 2),
     promised, lambda: promised(now=200.0))  # fmt: skip
case("BEN-1", "less is better: 5.1 of at most 5; 5", (4, 2),
     lambda: promised(baseline=9.0, now=5.1, target=5.0),
     lambda: promised(baseline=9.0, now=5.0, target=5.0))  # fmt: skip
case("BEN-1", "measured; not measured", (4, 2),
     promised, lambda: promised(now=None))  # fmt: skip


# --- what holds for all --------------------------------------------------------------------------


def told(snapshot: Snapshot) -> Iterator[str]:
    """The rules of all risks, and of what stands with the dependencies."""
    yield from (risk.rule for risk in snapshot.unmerged)
    for project in snapshot.projects:
        for finding in project.dependencies:
            yield from finding.rules


def test_every_rule_of_the_page_has_a_story_and_a_case() -> None:
    assert set(CATALOGUE) == set(RULES_OF_THE_PAGE)
    assert {one.rule for one in CASES} == set(RULES_OF_THE_PAGE)


@pytest.mark.parametrize("one", CASES, ids=lambda one: f"{one.rule}: {one.tips}")
def test_a_rule_fires_and_just_does_not(one: Case) -> None:
    snapshot = evaluate(one.fires())
    assert one.rule in set(told(snapshot))
    assert one.rule not in set(told(evaluate(one.calm())))
    fired = [risk for risk in snapshot.unmerged if risk.rule == one.rule]
    if one.rule == INFORMATION:
        assert fired == []
        return
    assert one.size in {(risk.probability, risk.impact) for risk in fired}
    for risk in fired:
        _is_explained(risk, snapshot)


def _is_explained(risk: Risk, snapshot: Snapshot) -> None:
    """Cause, event and effect in words; each figure with its formula, each item with its key."""
    assert risk.text == CATALOGUE[risk.rule].text
    assert risk.title
    assert risk.evidence
    cited = {mention.uid for mention in snapshot.cited}
    for entry in risk.evidence:
        assert entry.value
        assert entry.formula, f"{risk.rule}: {entry.label}"
        assert cited.issuperset(entry.items)


def test_the_document_tells_every_rule(root: Path) -> None:
    text = (root / "docs" / "risks.md").read_text(encoding="utf-8")
    told = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")]
    assert told == ["rule", *RULES_OF_THE_PAGE]


def test_stories_are_sentences() -> None:
    for rule, story in CATALOGUE.items():
        assert story.text.startswith("Because "), rule
        assert story.text.endswith("."), rule
        assert not {part for part in (story.cause, story.event, story.effect) if "." in part}, rule


@pytest.mark.parametrize("rule", ["FLW-2", "SCP-1", "SCP-3", "RES-2"])
def test_a5_rules_darken_whatever_their_score(rule: str) -> None:
    first = next(one for one in CASES if one.rule == rule)
    project = evaluate(first.fires()).projects[0]
    assert rule in project.facts.warnings
    assert rule not in evaluate(first.calm()).projects[0].facts.warnings


def test_a5_is_the_colour_where_nothing_graver_speaks() -> None:
    found = evaluate(wip(1, 4, status=WAITING)).projects[0]
    assert (found.computed.health.value, found.computed.rule) == ("AMBER", "A5")
    assert found.computed.reason == "FLW-2"


def test_no_figure_drags_all_items_of_a_large_project_along() -> None:
    snapshot = evaluate(wip(250, 250, status=WAITING))
    (blocked,) = (risk for risk in snapshot.unmerged if risk.rule == "FLW-2")
    assert blocked.evidence[0].value == "250 of 250 items"
    assert len(blocked.evidence[0].items) == 200
