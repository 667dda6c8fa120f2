from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.domain.item import ItemState, StatusCategory, WorkItem
from syncer.domain.link import LinkKind
from syncer.domain.portfolio import Portfolio
from syncer.domain.report import DependencyFinding
from syncer.rollup.work.dependencies import CycleTime, Dependencies
from syncer.rollup.work.edges import edges
from tests.unit.rollup.builders import (
    CANCELLED,
    DOING,
    DONE,
    TODAY,
    blocked_by,
    blocks,
    example_portfolio,
    linked,
    make_epic,
    make_item,
    make_portfolio,
    make_project,
    make_view,
    noon,
)

DEFAULT = CycleTime(p50=5, p85=10)
NETWORK = {"net": CycleTime(p50=9, p85=18)}
PERMIT_DUE, SITE_START, DEMO_START = date(2027, 1, 22), date(2027, 1, 11), date(2027, 2, 15)


def depend(
    *items: WorkItem,
    portfolio: Portfolio | None = None,
    cycles: Mapping[str, CycleTime] | None = None,
    forecasts: Mapping[str, date | None] | None = None,
) -> Dependencies:
    return Dependencies(
        view=make_view(items, portfolio),
        cycle_times=NETWORK if cycles is None else cycles,
        forecasts=forecasts or {},
        default=DEFAULT,
    )


def only(dependencies: Dependencies) -> DependencyFinding:
    [finding] = dependencies.findings()
    return finding


def chain(due: date = PERMIT_DUE) -> tuple[WorkItem, ...]:
    """The permit that the site waits for, for which the phone's demo waits."""
    permit = blocks(make_item("ado:REG-112", due_date=due), "NET-87")
    site = blocks(make_item("NET-87", start_date=SITE_START), "PHN-301")
    return permit, site, make_item("PHN-301", start_date=DEMO_START)


# --- one edge ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("due", "lateness"), [(PERMIT_DUE, 9), (date(2027, 1, 8), -1)])
def test_e38_a_predecessor_comes_too_late_or_in_time(due: date, lateness: int) -> None:
    permit, site, _ = chain(due)
    finding = only(depend(permit, replace(site, links=())))
    assert (finding.lateness, finding.hops, finding.eta) == (lateness, 1, due)
    assert (finding.root.key, finding.waiting.key, finding.project) == ("REG-112", "NET-87", "net")


def test_e39_the_delay_of_the_permit_reaches_the_demo() -> None:
    first, second = depend(*chain()).findings()
    assert (first.waiting.key, first.lateness) == ("NET-87", 9)
    assert (second.root.key, second.predecessor.key) == ("REG-112", "NET-87")
    assert (second.waiting.key, second.hops) == ("PHN-301", 2)
    assert (second.eta, second.need_by, second.lateness) == (date(2027, 2, 17), DEMO_START, 2)


@pytest.mark.parametrize("status", [DONE, CANCELLED])
def test_e41_what_has_ended_blocks_nobody(status: StatusCategory) -> None:
    dependencies = depend(blocks(make_item("REG-1", status), "NET-1"), make_item("NET-1"))
    assert dependencies.findings() == []
    gone = [(u.key, v.key) for u, v in dependencies.cancelled_predecessors()]
    assert gone == ([("REG-1", "NET-1")] if status is CANCELLED else [])


def test_a_cancelled_predecessor_of_ended_work_is_nobodys_trouble() -> None:
    items = [blocks(make_item("REG-1", CANCELLED), "NET-1", "NET-2"), make_item("NET-1", DONE)]
    assert depend(*items).cancelled_predecessors() == []


def test_an_edge_recorded_at_both_ends_is_one() -> None:
    items = [blocks(make_item("REG-1"), "NET-1"), blocked_by(make_item("NET-1"), "REG-1")]
    assert len(depend(*items).findings()) == 1


@pytest.mark.parametrize(
    ("carrier", "other", "kind", "inward"),
    [
        ("REG-1", "NET-1", LinkKind.BLOCKS, False),
        ("NET-1", "REG-1", LinkKind.BLOCKS, True),
        ("NET-1", "REG-1", LinkKind.REQUIRES, False),
        ("REG-1", "NET-1", LinkKind.REQUIRES, True),
    ],
)
def test_every_way_to_say_that_one_waits(
    carrier: str, other: str, kind: LinkKind, inward: bool
) -> None:
    item = linked(make_item(carrier), (kind, other), inward=inward)
    assert list(edges([item])) == [("jira:REG-1", "jira:NET-1")]


def test_other_links_and_links_to_oneself_are_no_dependency() -> None:
    item = linked(blocks(make_item("NET-1"), "NET-1"), (LinkKind.RELATES, "REG-1"))
    assert depend(item, make_item("REG-1")).findings() == []


def test_ends_that_nobody_can_see_are_no_edge() -> None:
    hidden = make_item("NET-2", state=ItemState.HIDDEN)
    assert depend(blocks(make_item("REG-1"), "NET-2", "NET-3"), hidden).findings() == []


def test_a_copy_stands_aside_for_its_open_original() -> None:
    permit = make_item("ado:REG-112", due_date=PERMIT_DUE)
    copy = linked(make_item("REG-5", due_date=PERMIT_DUE), (LinkKind.MIRRORS, "ado:REG-112"))
    site = make_item("NET-87", start_date=SITE_START)
    twice = [blocks(permit, "NET-87"), blocks(copy, "NET-87"), site]
    assert only(depend(*twice)).root.uid == "ado:REG-112"
    closed_as_duplicate = blocks(replace(copy, status_category=CANCELLED), "NET-87")
    found = depend(permit, closed_as_duplicate, site)
    assert (only(found).root.uid, found.cancelled_predecessors()) == ("ado:REG-112", [])
    original_gone = depend(replace(permit, status_category=CANCELLED), twice[1], site)
    assert only(original_gone).root.uid == "jira:REG-5"


# --- dates ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        pytest.param(make_item("NET-1", start_date=SITE_START, due_date=PERMIT_DUE), SITE_START,
                     id="its start"),
        pytest.param(make_item("REG-1", due_date=date(2026, 12, 18)), date(2026, 12, 11),
                     id="five days before a Friday"),
        pytest.param(make_item("REG-1", due_date=date(2026, 12, 20)), date(2026, 12, 11),
                     id="due on a Sunday"),
        pytest.param(make_item("NET-1", due_date=date(2026, 12, 18)), date(2026, 12, 7),
                     id="by the project's own cycle time"),
        pytest.param(make_item("NET-1"), None, id="no date"),
        pytest.param(make_item("NET-1", due_date=date.min), date.min, id="the first day of all"),
    ],
)  # fmt: skip
def test_need_by(item: WorkItem, expected: date | None) -> None:
    assert depend(item).need_by(item) == expected


def test_need_by_skips_holidays() -> None:
    item = make_item("REG-1", due_date=date(2026, 12, 18))
    closed = replace(example_portfolio(), holidays=frozenset({date(2026, 12, 17)}))
    assert depend(item, portfolio=closed).need_by(item) == date(2026, 12, 10)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        pytest.param(make_item("NET-1", due_date=PERMIT_DUE), PERMIT_DUE, id="due"),
        pytest.param(make_item("NET-1", due_date=date(2026, 11, 2)), TODAY, id="overdue"),
        pytest.param(make_item("NET-1"), None, id="no date"),
        pytest.param(make_item("NET-1", due_date=SITE_START, start_date=PERMIT_DUE), None,
                     id="due before its start"),
        pytest.param(make_epic("NET-1"), DEMO_START, id="an epic by its project's forecast"),
        pytest.param(make_epic("NET-1", due_date=PERMIT_DUE), PERMIT_DUE, id="a dated epic"),
        pytest.param(make_epic("REG-1"), None, id="an epic without a forecast"),
    ],
)  # fmt: skip
def test_own_arrival(item: WorkItem, expected: date | None) -> None:
    dependencies = depend(blocks(item, "PHN-1"), make_item("PHN-1"), forecasts={"net": DEMO_START})
    arrival = dependencies.own_arrival(item)
    assert (arrival.on if arrival else None) == expected


def test_without_a_date_at_either_end_lateness_is_unknown() -> None:
    undated = blocks(make_item("REG-1"), "NET-1")
    assert only(depend(undated, make_item("NET-1", start_date=SITE_START))).lateness is None
    dated = blocks(make_item("REG-1", due_date=PERMIT_DUE), "NET-1")
    assert only(depend(dated, make_item("NET-1"))).lateness is None


def test_a_started_item_counts_only_its_remaining_days() -> None:
    # Twelve working days since Friday 6 November are spent: six of eighteen remain.
    permit, site, demo = chain()
    started = replace(site, status_category=DOING, started_at=noon(date(2026, 11, 6)))
    dependencies = depend(permit, started, demo)
    assert dependencies.arrivals["jira:NET-87"] is not None
    assert dependencies.arrivals["jira:NET-87"].on == date(2027, 2, 1)
    overdue = replace(started, started_at=noon(date(2026, 1, 5)))
    found = depend(permit, overdue, demo).arrivals["jira:NET-87"]
    assert found is not None
    assert found.on == date(2027, 1, 25)


def test_an_items_own_later_date_is_its_own_delay() -> None:
    permit, site, demo = chain()
    slow = replace(site, due_date=date(2027, 3, 1))
    last = depend(permit, slow, demo).findings()[0]
    assert (last.waiting.key, last.root.key, last.hops) == ("PHN-301", "NET-87", 1)
    assert last.lateness == 10


def test_the_latest_of_several_predecessors_counts() -> None:
    early = blocks(make_item("REG-1", due_date=date(2027, 1, 4)), "NET-1")
    late = blocks(make_item("REG-2", due_date=PERMIT_DUE), "NET-1")
    middle = blocks(make_item("NET-1"), "PHN-1")
    found = depend(early, late, middle, make_item("PHN-1", start_date=DEMO_START)).findings()
    assert {f.root.key for f in found if f.waiting.key == "PHN-1"} == {"REG-2"}


def test_a_chain_over_three_hops_adds_up() -> None:
    # From Friday 22 January 10 days each: 5 February, 19 February, 5 March.
    links = [blocks(make_item(f"OUT-{n}"), f"OUT-{n + 1}") for n in (1, 2, 3)]
    first = replace(links[0], due_date=PERMIT_DUE)
    last = make_item("OUT-4", start_date=date(2027, 2, 18))
    finding = next(
        f for f in depend(first, *links[1:], last).findings() if f.waiting.key == "OUT-4"
    )
    assert (finding.hops, finding.root.key, finding.eta) == (3, "OUT-1", date(2027, 2, 19))
    assert finding.lateness == 1


@pytest.mark.parametrize("due", [date.max, date.max - timedelta(days=3)])
def test_dates_at_the_end_of_the_calendar_are_survived(due: date) -> None:
    permit, site, demo = chain(due)
    eta = depend(permit, site, demo).arrivals["jira:NET-87"]
    assert eta is not None
    assert eta.on == date.max


def test_findings_come_latest_first_and_undated_last() -> None:
    waits = [
        make_item("NET-1", start_date=SITE_START),
        make_item("NET-2", start_date=PERMIT_DUE),
        make_item("NET-3", start_date=DEMO_START),
        make_item("NET-4"),
    ]
    permit = blocks(make_item("REG-1", due_date=PERMIT_DUE), *(item.key for item in waits))
    found = depend(permit, *reversed(waits)).findings()
    assert [(f.waiting.key, f.lateness) for f in found] == [
        ("NET-1", 9), ("NET-2", 0), ("NET-3", -16), ("NET-4", None),
    ]  # fmt: skip


def test_a_must_item_is_said_to_be_one() -> None:
    permit, site, _ = chain()
    assert only(depend(permit, replace(site, links=(), must_have=True))).must
    assert not only(depend(permit, replace(site, links=()))).must


def test_the_waiting_end_says_whose_dependency_it_is() -> None:
    shared = make_portfolio(make_project("a", "jira:NET"), make_project("b", "jira:NET"))
    permit, site, _ = chain()
    assert only(depend(permit, replace(site, links=()), portfolio=shared)).project == "a"
    homeless = depend(permit, replace(site, links=()), portfolio=make_portfolio())
    assert only(homeless).project == ""


# --- cycles --------------------------------------------------------------------------------------


def ring() -> list[WorkItem]:
    return [
        blocks(make_item("NET-1", due_date=PERMIT_DUE), "NET-2"),
        blocks(make_item("NET-2"), "NET-3"),
        blocks(make_item("NET-3", due_date=SITE_START), "NET-1", "NET-4"),
        make_item("NET-4", start_date=TODAY),
    ]


def test_e40_a_cycle_is_told_once_and_carries_no_date() -> None:
    dependencies = depend(*ring())
    assert dependencies.cycles == (("jira:NET-1", "jira:NET-2", "jira:NET-3"),)
    finding = only(dependencies)
    # NET-3 keeps its own date: what the circle adds to it nobody can say.
    assert (finding.predecessor.key, finding.eta, finding.hops) == ("NET-3", SITE_START, 1)


def test_two_cycles_are_two() -> None:
    pairs = [("NET-1", "NET-2"), ("NET-2", "NET-1"), ("NET-8", "NET-9"), ("NET-9", "NET-8")]
    found = depend(*(blocks(make_item(a), b) for a, b in pairs))
    assert [len(cycle) for cycle in found.cycles] == [2, 2]
    assert found.findings() == []


@st.composite
def networks(draw: st.DrawFn) -> list[WorkItem]:
    """Up to eight items that wait for each other in any way."""
    size = draw(st.integers(2, 8))
    days = st.none() | st.dates(date(2026, 10, 1), date(2027, 3, 1))
    items = []
    for n in range(size):
        item = make_item(
            f"{draw(st.sampled_from(['NET', 'OUT']))}-{n}",
            draw(st.sampled_from([*StatusCategory])),
            due_date=draw(days),
            start_date=draw(days),
        )
        items.append(item)
    ends = st.sampled_from(items)
    for _ in range(draw(st.integers(0, 12))):
        index, other = draw(st.integers(0, size - 1)), draw(ends)
        kind = draw(st.sampled_from([LinkKind.BLOCKS, LinkKind.REQUIRES]))
        items[index] = linked(items[index], (kind, other.key), inward=draw(st.booleans()))
    return items


@given(networks(), st.randoms(use_true_random=False))
def test_the_order_of_items_never_matters(items: list[WorkItem], luck: random.Random) -> None:
    shuffled = items.copy()
    luck.shuffle(shuffled)
    one, other = depend(*items), depend(*shuffled)
    assert one.findings() == other.findings()
    assert one.cycles == other.cycles
    assert one.cancelled_predecessors() == other.cancelled_predecessors()


@given(networks())
def test_no_chain_brings_an_item_earlier(items: list[WorkItem]) -> None:
    dependencies = depend(*items)
    for uid, arrival in dependencies.arrivals.items():
        own = dependencies.own_arrival(dependencies.view.tree.by_uid[uid])
        if own is not None:
            assert arrival is not None
            assert arrival.on >= own.on


@given(networks(), st.integers(0, 7))
def test_taking_a_dependency_away_makes_nobody_later(items: list[WorkItem], which: int) -> None:
    index = which % len(items)
    freed = [*items[:index], replace(items[index], links=()), *items[index + 1 :]]
    if depend(*items).cycles:
        return  # a circle that opens lets dates through that it kept back
    before, after = depend(*items).arrivals, depend(*freed).arrivals
    for uid, arrival in after.items():
        old = before[uid]
        assert arrival is None or (old is not None and arrival.on <= old.on)
