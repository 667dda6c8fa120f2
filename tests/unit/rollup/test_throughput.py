from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from syncer.domain.item import WorkItem
from syncer.domain.link import LinkKind
from syncer.rollup.calendar import complete_weeks, report_date, week_start
from syncer.rollup.forecasting.throughput import (
    completed_since,
    first_activity,
    weekly_completions,
    window_eve,
    winsorised,
)
from syncer.rollup.past.history import rewind
from syncer.rollup.work.counting import Tree, countable
from tests.unit.rollup.builders import (
    CANCELLED,
    DOING,
    DONE,
    TODAY,
    TODO,
    linked,
    make_item,
    moved,
    noon,
)
from tests.unit.rollup.scenes import portfolio, run, steady

UTC_ZONE = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")


def done(
    name: str, at: datetime, started: datetime | None = None, *, reopened: int = 0
) -> WorkItem:
    return make_item(name, DONE, done_at=at, started_at=started or at, reopened_count=reopened)


def test_e12_an_item_reopened_counts_when_it_was_done_for_good() -> None:
    november = [noon(date(2026, 11, day)) for day in (2, 3, 10, 18)]
    changes = [
        moved(november[0], TODO, DOING),
        moved(november[1], DOING, DONE),
        moved(november[2], DONE, DOING),
        moved(november[3], DOING, DONE),
    ]
    item = done("NET-1", november[3], november[0], reopened=1)
    assert weekly_completions([item], as_of=TODAY, zone=UTC_ZONE) == (0, 0, 1)
    in_week_46 = rewind(item, changes, noon(date(2026, 11, 15)))
    assert in_week_46 is not None
    assert (in_week_46.status_category, in_week_46.reopened_count) == (DOING, 1)
    assert weekly_completions([in_week_46], as_of=date(2026, 11, 16), zone=UTC_ZONE) == (0, 0)
    in_week_45 = rewind(item, changes, noon(date(2026, 11, 8)))
    assert in_week_45 is not None
    assert (in_week_45.done_at, in_week_45.reopened_count) == (november[1], 0)
    assert weekly_completions([in_week_45], as_of=date(2026, 11, 9), zone=UTC_ZONE) == (1,)


def test_e9_a_mirrored_item_is_finished_once() -> None:
    at = noon(date(2026, 11, 18))
    pair = [linked(done("NET-5", at), (LinkKind.MIRRORS, "github:12")), done("github:12", at)]
    counted = countable(pair, Tree(pair))
    assert weekly_completions(counted.items, as_of=TODAY, zone=UTC_ZONE) == (1,)


def test_the_last_twelve_weeks_count_and_empty_ones_inside_are_kept() -> None:
    items = [
        done("NET-1", noon(date(2026, 8, 28))),  # the thirteenth week back
        done("NET-2", noon(date(2026, 8, 31))),
        done("NET-3", noon(date(2026, 11, 22))),
        done("NET-4", noon(TODAY)),
    ]
    assert weekly_completions(items, as_of=TODAY, zone=UTC_ZONE) == (1, *[0] * 10, 1)
    assert weekly_completions(items, as_of=TODAY, zone=UTC_ZONE, weeks=2) == (0, 1)


def test_weeks_before_the_first_start_are_left_out() -> None:
    started = make_item("NET-1", DOING, started_at=noon(date(2026, 11, 5)))
    finished = done("NET-2", noon(date(2026, 11, 20)), noon(date(2026, 11, 17)))
    assert weekly_completions([finished, started], as_of=TODAY, zone=UTC_ZONE) == (0, 0, 1)
    assert first_activity([finished, started], UTC_ZONE) == date(2026, 11, 5)


@pytest.mark.parametrize("items", [[], [make_item("NET-1")]])
def test_nothing_started_is_no_history(items: list[WorkItem]) -> None:
    assert weekly_completions(items, as_of=TODAY, zone=UTC_ZONE) == ()


def test_only_done_items_with_a_date_are_completions() -> None:
    started = noon(date(2026, 11, 17))
    items = [
        make_item("NET-1", CANCELLED, done_at=started, started_at=started),
        make_item("NET-2", DONE, done_at=None, started_at=started),
    ]
    assert weekly_completions(items, as_of=TODAY, zone=UTC_ZONE) == (0,)


@pytest.mark.parametrize(
    ("zone", "instant", "expected"),
    [
        # Sunday evening in New York is already Monday in Berlin.
        pytest.param(BERLIN, datetime(2026, 11, 15, 23, 30, tzinfo=UTC), (0, 1), id="berlin"),
        pytest.param(NEW_YORK, datetime(2026, 11, 15, 23, 30, tzinfo=UTC), (1, 0), id="new york"),
        # The week of 25 October 2026 has one hour more in Berlin, that of 28 March 2027 one less.
        pytest.param(BERLIN, datetime(2026, 10, 25, 22, 59, 59, tzinfo=UTC), (1, 0), id="autumn"),
        pytest.param(BERLIN, datetime(2026, 10, 25, 23, 0, tzinfo=UTC), (0, 1), id="winter time"),
        pytest.param(BERLIN, datetime(2027, 3, 28, 21, 59, 59, tzinfo=UTC), (1, 0), id="spring"),
        pytest.param(BERLIN, datetime(2027, 3, 28, 22, 0, tzinfo=UTC), (0, 1), id="summer time"),
        # 2026 has 53 weeks: the last one ends on Sunday 3 January 2027.
        pytest.param(BERLIN, datetime(2027, 1, 3, 22, 59, tzinfo=UTC), (1, 0), id="week 53"),
        pytest.param(BERLIN, datetime(2027, 1, 3, 23, 1, tzinfo=UTC), (0, 1), id="week 1"),
    ],
)
def test_weeks_end_at_local_midnight_on_sunday(
    zone: ZoneInfo, instant: datetime, expected: tuple[int, ...]
) -> None:
    long_before = done("NET-0", instant - timedelta(weeks=8))
    monday = (instant + timedelta(days=1)).date()
    as_of = monday - timedelta(days=monday.weekday()) + timedelta(days=9)
    found = weekly_completions([long_before, done("NET-1", instant)], as_of=as_of, zone=zone)
    assert found[-2:] == expected


@pytest.mark.parametrize(
    ("weeks", "bulk", "expected"),
    [
        ((3, 4, 20, 2), (2,), (3, 4, 4, 2)),
        ((3, 30, 20, 2), (1, 2), (3, 3, 3, 2)),
        ((3, 4, 5, 2), (), (3, 4, 5, 2)),
        ((3, 4, 2, 2), (3,), (3, 4, 2, 2)),
        ((0, 0, 20), (2,), (0, 0, 0)),
        ((20,), (0,), (0,)),
        ((), (0,), ()),
    ],
)
def test_a_week_of_a_bulk_closure_counts_as_the_best_of_the_others(
    weeks: tuple[int, ...], bulk: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    mondays = complete_weeks(TODAY, max(1, len(weeks)))
    named = frozenset(mondays[place] for place in bulk)
    assert winsorised(weeks, as_of=TODAY, bulk=named) == expected


def test_a_backlog_closed_at_once_makes_no_pace() -> None:
    """E.g. 40 items closed by one person on a Friday: the forecast goes on with what is usual."""
    left = steady("NET", weekly=3, remaining=20)
    friday = noon(TODAY - timedelta(days=3))
    at_once = [make_item(f"NET-{n}", DONE, done_at=friday) for n in range(500, 540)]
    told = {item.uid: [structs.replace(moved(friday, TODO, DONE), actor="Ann")] for item in at_once}
    (project,) = run([*left, *at_once], portfolio("net"), changes=told).projects
    assert project.forecast.inputs.throughput == (3,) * 12
    assert (project.done, len(project.bulk_closures)) == (76, 1)


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 23)), max_size=30))
def test_what_ended_lately_gives_the_same_weeks_as_all_there_is(
    ends: list[tuple[int, int]],
) -> None:
    """Whoever has the items by their end at hand looks at no other."""
    items = [
        done(f"NET-{n}", noon(TODAY) - timedelta(days=days, hours=hours - 11))
        for n, (days, hours) in enumerate(ends)
    ]
    for zone in (UTC_ZONE, ZoneInfo("Asia/Tokyo"), ZoneInfo("America/Havana")):
        count = countable(items, Tree(items))
        late = count.ended_since(window_eve(TODAY, zone))
        began = first_activity(count.items, zone)
        told = completed_since(began, late, as_of=TODAY, zone=zone)
        days = Counter(week_start(report_date(i.done_at, zone)) for i in items if i.done_at)
        whole = [days[monday] for monday in complete_weeks(TODAY, 12)]
        assert told == weekly_completions(items, as_of=TODAY, zone=zone)
        assert list(told) == whole[12 - len(told) :]
        assert not any(whole[: 12 - len(told)])
