"""The flow of a project as figures of its snapshot (rollup.md 2.6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

import pytest

from syncer.domain.change import Change, ChangeField
from syncer.domain.flow import Flow
from syncer.domain.item import WorkItem
from syncer.rollup.rules import DetectorRules, HealthRules
from tests.unit.rollup.builders import (
    DOING,
    DONE,
    TODAY,
    TODO,
    WAITING,
    blocked_by,
    make_change,
    make_epic,
    make_item,
    moved,
    noon,
)
from tests.unit.rollup.scenes import portfolio, run

LAST = date(2026, 11, 20)
E33 = (1, 2, 2, 3, 4, 5, 6, 8, 9, 20)


def finished(times: Iterable[int], *, last: date = LAST) -> list[WorkItem]:
    """Items that took so many days each, all done on one day."""
    return [
        make_item(
            f"NET-{100 + n}",
            DONE,
            started_at=noon(last - timedelta(days=days - 1)),
            done_at=noon(last),
        )
        for n, days in enumerate(times)
    ]


def flow(
    items: Sequence[WorkItem],
    changes: Mapping[str, Sequence[Change]] | None = None,
    **rules: int,
) -> Flow:
    changed = HealthRules(detectors=DetectorRules(**rules))
    return run(items, portfolio("net"), changes=changes or {}, rules=changed).projects[0].flow


def test_e33_cycle_times_of_the_last_ninety_days() -> None:
    found = flow(finished(E33))
    assert (found.finished, found.cycle_p50, found.cycle_p85, found.cycle_p95) == (10, 4, 9, 20)
    assert (found.aging_limit, found.blocked_days, found.efficiency) == (9, 0, 1.0)


def test_what_was_done_earlier_says_nothing_about_today() -> None:
    old = make_item(
        "NET-1",
        DONE,
        started_at=noon(TODAY - timedelta(days=99)),
        done_at=noon(TODAY - timedelta(days=91)),
    )
    assert flow([old, *finished([3])]).finished == 1
    assert flow([old], cycle_days=91).finished == 1


def test_nothing_finished_has_no_figures() -> None:
    assert flow([make_item("NET-1", TODO)]) == Flow(aging_limit=14)


def test_aging_is_measured_against_items_of_the_same_level() -> None:
    """Nine days are much for an item where ten took at most nine, and little for an epic."""
    old = noon(TODAY - timedelta(days=9))
    epic = make_epic("NET-2", DOING, started_at=old)
    item = make_item("NET-3", DOING, started_at=old)
    assert flow([*finished(E33), epic, item]).aging == ("jira:NET-3",)


@pytest.mark.parametrize(("count", "limit"), [(10, 9), (9, 14)])
def test_the_limit_needs_ten_cycle_times(count: int, limit: int) -> None:
    assert flow(finished(E33[:count])).aging_limit == limit


def test_a_company_may_set_how_many_it_needs_and_what_holds_without() -> None:
    assert flow(finished(E33[:3]), cycle_min_items=3).aging_limit == 2
    assert flow(finished(E33[:3]), aging_days_default=21).aging_limit == 21


def test_e35_blocked_time_and_efficiency() -> None:
    """Fifteen days, blocked on 2-6 and 5-10 November: nine days, and 40 % of flow."""
    item = make_item("NET-1", DONE, started_at=noon(date(2026, 11, 1)), done_at=noon(
        date(2026, 11, 15)))  # fmt: skip
    history = [
        moved(noon(date(2026, 11, 1)), TODO, DOING),
        moved(noon(date(2026, 11, 2)), DOING, WAITING),
        make_change(noon(date(2026, 11, 5)), ChangeField.FLAG, None, "1"),
        moved(noon(date(2026, 11, 6)), WAITING, DOING),
        make_change(noon(date(2026, 11, 10)), ChangeField.FLAG, "1", None),
        moved(noon(date(2026, 11, 15)), DOING, DONE),
    ]
    found = flow([item], {item.uid: history})
    assert (found.cycle_p50, found.blocked_days) == (15, 9)
    assert found.efficiency == pytest.approx(0.4)


def test_work_in_progress_counts_the_days_on_which_it_waits() -> None:
    waiting = make_item("NET-1", WAITING, started_at=noon(date(2026, 11, 20)))
    flagged = make_item("NET-2", DOING, flagged=True, started_at=noon(date(2026, 11, 21)))
    stopped = blocked_by(make_item("NET-3", DOING, started_at=noon(date(2026, 11, 22))), "NET-9")
    found = flow([waiting, flagged, stopped, make_item("NET-4", DOING), make_item("NET-9")])
    assert found.blocked == ("jira:NET-1", "jira:NET-2", "jira:NET-3")
    assert found.blocked_days == 4 + 3 + 2
    assert found.efficiency is None


def test_what_has_not_begun_is_not_held_up() -> None:
    stopped = blocked_by(make_item("NET-3", TODO), "NET-9")
    found = flow([stopped, make_item("NET-9")])
    assert (found.blocked, found.blocked_days) == ((), 0)


def test_readers_find_the_items_behind_the_figures() -> None:
    waiting = make_item("NET-1", WAITING, started_at=noon(date(2026, 11, 1)))
    snapshot = run([waiting], portfolio("net"))
    cited = {mention.uid for mention in snapshot.cited}
    assert cited.issuperset({*snapshot.projects[0].flow.aging, *snapshot.projects[0].flow.blocked})
    assert snapshot.projects[0].flow.aging == (waiting.uid,)
