"""How often past 85 % dates held: what counts as finished, and which forecasts are judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from syncer.domain.backtest import Backtest
from syncer.domain.change import ChangeField
from syncer.domain.health import Confidence
from syncer.domain.item import WorkItem
from syncer.rollup.calendar import WorkCalendar, week_start
from syncer.rollup.forecast import date_reached
from syncer.rollup.forecasting.backtest import Life, Past, Trial, lives_of, mondays, summary, trials
from syncer.rollup.forecasting.convolution import (
    PLAIN,
    completion,
    completions,
    scope_range,
    unfinished_shares,
)
from tests.unit.rollup.builders import (
    CANCELLED,
    DONE,
    TODAY,
    make_change,
    make_epic,
    make_item,
    make_view,
    noon,
)
from tests.unit.rollup.scenes import portfolio, run

BEGAN = TODAY - timedelta(weeks=60)
WRITTEN = BEGAN - timedelta(days=7)
BERLIN = ZoneInfo("Europe/Berlin")


def lives(counts: Sequence[int], *, left: int = 200) -> list[Life]:
    """So many items done on the Wednesday of each week from BEGAN on, all written before."""
    done = [
        Life(created=WRITTEN, done=BEGAN + timedelta(weeks=week, days=2))
        for week, count in enumerate(counts)
        for _ in range(count)
    ]
    return done + [Life(created=WRITTEN)] * left


def judged(some: Sequence[Life], *, today: date = TODAY) -> list[Trial]:
    return trials(some, today=today, began=BEGAN, calendar=WorkCalendar())


def test_a_team_that_never_changes_keeps_every_date() -> None:
    found = judged(lives([2, 4, 3] * 20))
    assert len(found) >= 10
    assert all(trial.held for trial in found)


def test_a_team_that_slows_down_breaks_the_dates_of_before() -> None:
    slowed = [4] * 40 + [1] * 20
    found = {trial.made_on: trial.held for trial in judged(lives(slowed))}
    turned = BEGAN + timedelta(weeks=40)
    assert all(held for day, held in found.items() if day < turned - timedelta(weeks=12))
    assert not any(
        held
        for day, held in found.items()
        if turned - timedelta(weeks=6) < day < turned + timedelta(weeks=2)
    )


def test_newer_items_never_stand_for_those_that_were_open() -> None:
    """All that comes in is done at once, and nothing of what was there."""
    late = [
        Life(created=BEGAN + timedelta(weeks=week), done=BEGAN + timedelta(weeks=week, days=2))
        for week in range(60)
        for _ in range(3)
    ]
    found = judged([*[Life(created=WRITTEN)] * 20, *late])
    assert found
    assert not any(trial.finished for trial in found)
    assert summary(found) == Backtest(held=0, total=len(found), plain_held=0)


def test_no_forecast_is_judged_before_its_date_has_come() -> None:
    """One that finished early is not counted ahead of those of its age that may yet fail."""
    quicker = lives([3] * 44 + [5] * 16)
    early = next(t for t in judged(quicker) if t.finished and t.finished < t.p85)
    on_the_day = judged(quicker, today=early.p85)
    assert early.made_on not in {trial.made_on for trial in on_the_day}
    assert early in judged(quicker, today=early.p85 + timedelta(days=1))


def test_work_that_was_finished_within_four_weeks_is_left_out() -> None:
    """Five items left, done in two weeks: near the end everybody is right."""
    counts = [4] * 30
    last = BEGAN + timedelta(weeks=30)
    found = judged(lives(counts, left=0))
    assert found
    assert all(
        trial.finished and trial.finished - trial.made_on >= timedelta(weeks=4) for trial in found
    )
    assert max(trial.made_on for trial in found) <= last - timedelta(weeks=4)


def test_all_that_is_left_is_one_piece_where_it_is_little() -> None:
    found = judged(lives([4] * 31, left=0))
    pieces = {trial.items for trial in found}
    assert max(pieces) == 32
    assert min(pieces) < 32


def test_dropped_items_are_no_more_waited_for() -> None:
    counts, dropped = [4] * 30, Life(created=WRITTEN, dropped=BEGAN + timedelta(weeks=26))
    kept = judged(lives(counts, left=0))
    cut = judged([*lives(counts, left=0), *[dropped] * 4])
    last = max(kept, key=lambda trial: trial.made_on)
    same = next(trial for trial in cut if trial.made_on == last.made_on)
    assert (same.items, same.finished) == (min(32, last.items + 4), last.finished)


def test_thin_history_makes_no_trial() -> None:
    soon = BEGAN + timedelta(weeks=5)
    assert judged(lives([3] * 5), today=soon + timedelta(weeks=30)) != []
    assert [t for t in judged(lives([3] * 5)) if t.made_on <= soon] == []
    assert trials(lives([3] * 60), today=TODAY, began=None, calendar=WorkCalendar()) == []


def test_the_mondays_are_the_same_whenever_one_looks() -> None:
    first = list(mondays(TODAY))
    assert all(day.weekday() == 0 and day < TODAY for day in first)
    assert {a - b for a, b in pairwise(first)} == {timedelta(weeks=4)}
    for days in range(1, 60):
        later = set(mondays(TODAY + timedelta(days=days)))
        assert set(first[:15]) <= later


def test_breaking_down_what_was_planned_is_no_growth() -> None:
    monday = week_start(TODAY)
    start = monday - timedelta(weeks=12)
    old = [Life(created=start - timedelta(days=9))] * 20
    fresh = Life(created=monday - timedelta(days=9))
    planned = fresh._replace(planned=start - timedelta(days=9), split=monday - timedelta(days=9))
    assert Past.of([*old, fresh, fresh]).growth(monday, 12) == pytest.approx(0.1)
    assert Past.of([*old, planned, planned]).growth(monday, 12) == 0.0
    dropped = old[0]._replace(dropped=monday - timedelta(days=1))
    assert Past.of([*old[1:], dropped, fresh, fresh]).growth(monday, 12) == pytest.approx(0.05)
    assert Past.of([*old, *[fresh] * 40]).growth(monday, 12) == 0.5
    assert Past.of([fresh]).growth(monday, 12) == 0.0


def read(items: Sequence[WorkItem], changes: dict[str, list[object]] | None = None) -> list[Life]:
    view = make_view(items)
    told = changes or {}
    return lives_of(view.countables["net"], items, told, zone=BERLIN)  # type: ignore[arg-type]  # changes of the test


def test_lives_are_report_local_days_of_what_counts() -> None:
    night = datetime(2026, 11, 3, 23, 30, tzinfo=UTC)
    items = [
        make_epic("NET-1", created_at=noon(date(2026, 1, 5))),
        make_item("NET-2", DONE, parent="NET-1", created_at=noon(date(2026, 3, 2)), done_at=night),
        make_item("NET-3", parent="NET-1", created_at=noon(date(2026, 3, 9))),
        make_item("NET-4", CANCELLED, created_at=noon(date(2026, 3, 9))),
        make_item("NET-5", DONE, done_at=None),
    ]
    gone = make_change(noon(date(2026, 5, 4)), ChangeField.STATUS, "TODO", "CANCELLED")
    epic = {"planned": date(2026, 1, 5), "split": date(2026, 3, 2)}
    assert read(items, {"jira:NET-4": [gone]}) == [
        Life(created=date(2026, 3, 2), done=date(2026, 11, 4), **epic),
        Life(created=date(2026, 3, 9), **epic),
        Life(created=date(2026, 3, 9), dropped=date(2026, 5, 4)),
    ]


def test_a_short_curve_gives_the_same_date_as_the_whole_one() -> None:
    weeks = (5, 6, 4, 7, 3, 5, 6, 4, 2, 5, 4, 5)
    shares = unfinished_shares(scope_range(40, 0.0), PLAIN)
    whole = completion(weeks, shares, 104)
    fewer = unfinished_shares(scope_range(12, 0.0), PLAIN)
    short, shorter = completions(weeks, (shares, fewer), 104, until=0.85)
    assert short == whole[: len(short)]
    assert shorter == completion(weeks, fewer, len(shorter) - 1)
    assert len(short) == len(shorter) < 20
    assert date_reached(short, TODAY, 0.85) == date_reached(whole, TODAY, 0.85)


def finished_weekly(counts: Sequence[int], *, left: int) -> list[WorkItem]:
    created = noon(WRITTEN)
    done = [
        make_item(
            f"NET-{1000 + 20 * week + n}",
            DONE,
            created_at=created,
            done_at=noon(BEGAN + timedelta(weeks=week, days=2)),
        )
        for week, count in enumerate(counts)
        for n in range(count)
    ]
    return done + [make_item(f"NET-{n}", created_at=created) for n in range(1, left + 1)]


def test_a_project_whose_dates_do_not_hold_loses_a_level_of_confidence() -> None:
    """A pace that falls ever further: 85 % dates never hold, and the snapshot says so."""
    falling = [max(1, 12 - week // 5) for week in range(60)]
    items = finished_weekly(falling, left=20)
    project = run(items, portfolio("net")).projects[0]
    assert project.backtest.total >= 10
    assert project.backtest.held / project.backtest.total < 0.7
    told = f"our 85 % held {project.backtest.held} of {project.backtest.total} times"
    assert told in project.quality.reasons
    steady = run(finished_weekly([3] * 60, left=20), portfolio("net")).projects[0]
    assert steady.backtest.held == steady.backtest.total >= 10
    assert steady.quality.confidence is Confidence.MEDIUM
    assert project.quality.confidence is Confidence.LOW


def test_a_snapshot_counts_all_projects_together() -> None:
    one = finished_weekly([3] * 60, left=20)
    other = [
        replace(
            item,
            ref=replace(item.ref, id=item.ref.id.replace("NET", "OUT")),
            key=item.key.replace("NET", "OUT"),
            container=replace(item.container, key="OUT"),
        )
        for item in one
    ]
    snapshot = run([*one, *other], portfolio("net", "out"))
    parts = [project.backtest for project in snapshot.projects]
    assert parts[0] == parts[1]
    assert snapshot.backtest.total == 2 * parts[0].total > 0
    assert snapshot.backtest.held == 2 * parts[0].held
