"""One table: what readers are told on odd days and of odd portfolios (roll-up spec, section 4).

Summer time that begins and ends, week 53, 29 February; items without dates, projects without items,
everything done, everything cancelled, all sources stale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from syncer.domain.item import WorkItem
from syncer.domain.portfolio import FixedTarget, Portfolio
from syncer.domain.report import SourceState
from syncer.rollup.calendar import complete_weeks, iso_week, report_date
from syncer.rollup.evaluate import evaluate
from tests.unit.rollup.builders import (
    CANCELLED,
    DONE,
    fresh_sources,
    make_inputs,
    make_item,
    make_project,
    noon,
)

BERLIN = "Europe/Berlin"
AUTUMN = date(2026, 10, 25)
SPRING = date(2027, 3, 28)
LEAP_DAY = date(2028, 2, 29)


def worked(today: date, *, left: int = 4) -> list[WorkItem]:
    """Three items done in each of the twelve weeks before, and so many left."""
    done = [
        make_item(
            f"NET-{100 + 10 * week + n}",
            DONE,
            created_at=noon(today - timedelta(days=200)),
            done_at=noon(monday + timedelta(days=2)),
        )
        for week, monday in enumerate(complete_weeks(today, 12))
        for n in range(3)
    ]
    born = noon(today - timedelta(days=200))
    return done + [make_item(f"NET-{n}", created_at=born) for n in range(1, left + 1)]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def told(
    as_of: datetime, items: Sequence[WorkItem], *, target: date | None, hours_old: float = 0.0
) -> str:
    """The local day, its week, colour, rule, reason, and what is left by how it is done."""
    plan = replace(
        make_project("net", start=date(2026, 1, 5)),
        target=FixedTarget(target) if target else None,
    )
    portfolio = Portfolio(projects=(plan,), timezone=BERLIN)
    sources = fresh_sources(items, as_of - timedelta(hours=hours_old)) or [
        SourceState(connection="jira", container="NET", last_success_at=as_of)
    ]
    project = evaluate(make_inputs(items, portfolio, as_of=as_of, sources=sources)).projects[0]
    today, shown = report_date(as_of, BERLIN), project.shown
    progress = "–" if project.progress is None else f"{100 * project.progress:.0f} %"
    return f"{today} {iso_week(today)} {shown.health} {shown.rule} · {shown.reason} · {progress}"


MONDAY = date(2026, 11, 23)
FRIDAY = date(2027, 3, 26)
LATE = "RED R2 · <5 % chance of {}; safe by {} · 90 %"
PAST = "RED R1 · target passed 1 working day ago, 4 items open · 90 %"
SAFE = "GREEN G · >95 % chance of {}; safe by {} · 90 %"

TABLE = [
    # the last minute before, the first and the last of a day of 25 hours, and the Monday after it
    ("2026-10-24T21:59", worked(AUTUMN), date(2026, 10, 23), 0,
     "2026-10-24 2026-W43 " + LATE.format("23 Oct", "6 Nov")),
    ("2026-10-24T22:01", worked(AUTUMN), date(2026, 10, 23), 0,
     "2026-10-25 2026-W43 " + LATE.format("23 Oct", "6 Nov")),
    ("2026-10-25T22:59", worked(AUTUMN), date(2026, 10, 23), 0,
     "2026-10-25 2026-W43 " + LATE.format("23 Oct", "6 Nov")),
    ("2026-10-25T23:01", worked(AUTUMN), date(2026, 10, 23), 0, "2026-10-26 2026-W44 " + PAST),
    # the same of a day of 23 hours
    ("2027-03-27T22:59", worked(SPRING), date(2027, 3, 26), 0,
     "2027-03-27 2027-W12 " + LATE.format("26 Mar", "9 Apr")),
    ("2027-03-27T23:01", worked(SPRING), date(2027, 3, 26), 0,
     "2027-03-28 2027-W12 " + LATE.format("26 Mar", "9 Apr")),
    ("2027-03-28T21:59", worked(SPRING), date(2027, 3, 26), 0,
     "2027-03-28 2027-W12 " + LATE.format("26 Mar", "9 Apr")),
    ("2027-03-28T22:01", worked(SPRING), date(2027, 3, 26), 0, "2027-03-29 2027-W13 " + PAST),
    # the last minute of week 53 and the first of week 1
    ("2027-01-03T22:59", worked(date(2027, 1, 3)), FRIDAY, 0,
     "2027-01-03 2026-W53 " + SAFE.format("26 Mar", "15 Jan")),
    ("2027-01-03T23:01", worked(date(2027, 1, 4)), FRIDAY, 0,
     "2027-01-04 2027-W01 " + SAFE.format("26 Mar", "15 Jan")),
    # a target on 29 February: on that day, the day after; a year later there is none
    ("2028-02-29T05:30", worked(LEAP_DAY), LEAP_DAY, 0,
     "2028-02-29 2028-W09 " + LATE.format("29 Feb", "13 Mar")),
    ("2028-03-01T05:30", worked(LEAP_DAY), LEAP_DAY, 0, "2028-03-01 2028-W09 " + PAST),
    ("2029-02-28T05:30", worked(date(2029, 2, 28)), date(2029, 6, 29), 0,
     "2029-02-28 2029-W09 " + SAFE.format("29 Jun", "13 Mar")),
    # no dates, no items, all done (whatever the target), all cancelled
    ("2026-11-23T05:30", worked(MONDAY), None, 0,
     "2026-11-23 2026-W48 NO_PLAN N · no target date · 90 %"),
    ("2026-11-23T05:30", [], FRIDAY, 0,
     "2026-11-23 2026-W48 UNKNOWN 3 · no countable work · –"),
    ("2026-11-23T05:30", worked(MONDAY, left=0), FRIDAY, 0,
     "2026-11-23 2026-W48 DONE 1 · all 36 items done · 100 %"),
    ("2026-11-23T05:30", worked(MONDAY, left=0), date(2026, 11, 2), 0,
     "2026-11-23 2026-W48 DONE 1 · all 36 items done · 100 %"),
    ("2026-11-23T05:30", [make_item(f"NET-{n}", CANCELLED) for n in range(7)], FRIDAY, 0,
     "2026-11-23 2026-W48 CANCELLED 3 · every item was cancelled · –"),
    # sources that are nearly and entirely stale
    ("2026-11-23T05:30", worked(MONDAY), FRIDAY, 71.9,
     "2026-11-23 2026-W48 GREEN G · >95 % chance of 26 Mar; safe by 4 Dec · 90 %"),
    ("2026-11-23T05:30", worked(MONDAY), FRIDAY, 73,
     "2026-11-23 2026-W48 UNKNOWN 3 · no data from jira:NET for 73 hours · 90 %"),
]  # fmt: skip


@pytest.mark.parametrize(("when", "items", "target", "hours_old", "expected"), TABLE)
def test_what_readers_are_told(
    when: str, items: list[WorkItem], target: date | None, hours_old: float, expected: str
) -> None:
    assert told(at(when), items, target=target, hours_old=hours_old) == expected
