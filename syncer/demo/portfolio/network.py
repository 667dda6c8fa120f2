"""The network upgrade (NET): 240 countable items, 158 of them done on 23 November 2026.

The figures that the digest's example rests on follow from the plan below: weekly completions,
a scope that grew by ten, a decomposed epic, 31 items that could be cut, 26 due in four weeks.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import cycle
from typing import Final

from syncer.connect.testing.script import Event
from syncer.demo.clock import local
from syncer.demo.portfolio.assemble import Epic, Plan
from syncer.demo.portfolio.network_titles import (
    ADDED,
    ALARMS,
    AREAS,
    NORTH_SITE_WORKS,
    RESTRICTED,
    ROAMING,
    baseline_titles,
)
from syncer.demo.portfolio.people import NETWORK_TEAM, OKAFOR, ROBOT
from syncer.demo.portfolio.schedule import (
    Slot,
    completions,
    is_every,
    monday,
    repeated,
    spread,
    working_days_after,
)
from syncer.demo.portfolio.work import Work, but

THROUGHPUT: Final = (5, 6, 4, 7, 3, 5, 6, 4, 2, 5, 4, 5)
"""Completions of the ISO weeks 36 to 47; week 35 had four."""
_BEFORE: Final = (*repeated((5, 5, 4), 21), 4)
_FIRST_WEEK: Final = 14
_CYCLES: Final = (
    4, 6, 9, 5, 12, 7, 18, 10, 8, 3, 14, 6, 22, 9, 11, 5, 18, 7, 13, 8, 4, 18, 10, 25, 6,
)  # fmt: skip
"""Working days from start to done: 18 is the 85th percentile of any three months."""

CORE_FREEZE: Final = "Core freeze"
RADIO_BASELINE: Final = "Radio baseline"
INITIATIVE: Final = "10001"
_BROKEN_DOWN: Final = {"alarms": date(2026, 6, 10), "roaming": date(2026, 9, 30)}
_CANCELLED: Final = {
    160: date(2026, 5, 12),
    168: date(2026, 6, 3),
    176: date(2026, 7, 8),
    184: date(2026, 8, 5),
    192: date(2026, 9, 16),
    200: date(2026, 10, 20),
}
"""Baseline items, by their place in the plan, that were cancelled."""
_ADDED_ON: Final = (
    date(2026, 4, 20), date(2026, 7, 15), date(2026, 9, 1), date(2026, 9, 8), date(2026, 9, 22),
    date(2026, 9, 24), date(2026, 10, 6), date(2026, 10, 13), date(2026, 10, 21),
    date(2026, 10, 28), date(2026, 11, 4), date(2026, 11, 10), date(2026, 11, 17),
    date(2026, 11, 19),
)  # fmt: skip
_DONE_IN_WEEK: Final = {20: 1, 27: 1, 28: 1, 29: 1, 30: 1, 31: 1, 33: 1, 45: 1, 47: 1}
"""Weeks in which something was done that had been added or broken down after the start."""
_BASELINE_DONE: Final = 149
_DATED_FROM: Final = monday(40)

_STARTED: Final = tuple(
    date(2026, 11, d) for d in (10, 10, 11, 12, 12, 13, 16, 16, 17, 18, 18, 19, 19, 20)
)
_FREEZE_DUE: Final = (
    date(2026, 11, 26),
    date(2026, 11, 27),
    date(2026, 11, 30),
    date(2026, 12, 1),
    date(2026, 12, 3),
)
_PROGRESS_DUE: Final = (
    *_FREEZE_DUE,
    date(2026, 11, 25), date(2026, 11, 24), date(2026, 12, 2), date(2026, 12, 7), date(2026, 12, 8),
    date(2026, 12, 9), date(2026, 12, 10), date(2026, 12, 11), date(2026, 12, 14),
)  # fmt: skip
_MUST_DUE: Final = (
    date(2026, 12, 2), date(2026, 12, 3), date(2026, 12, 4), date(2026, 12, 4),
    date(2026, 12, 9), date(2026, 12, 10), date(2026, 12, 14), date(2026, 12, 15),
    date(2026, 12, 16), date(2026, 12, 17), date(2026, 12, 18), date(2026, 12, 21),
)  # fmt: skip
_MUST: Final = 36
_MUST_IN_FREEZE: Final = 4


def network_plan() -> Plan:
    """The plan of the container NET."""
    slots = completions(
        _FIRST_WEEK, (*_BEFORE, *THROUGHPUT), cycle_days=_CYCLES, earliest=date(2026, 3, 16)
    )
    later, first = _split(slots)
    planned = _baseline()
    works = [
        *_done(planned[:_BASELINE_DONE], first),
        *_unfinished(planned[_BASELINE_DONE:]),
        _north_site_works(),
        *_added(later),
    ]
    return Plan(
        container="NET",
        id_base=10000,
        epics=_epics(),
        works=[_staffed(work, member) for work, member in zip(works, cycle(NETWORK_TEAM))],
        owner=OKAFOR,
        top=INITIATIVE,
        first_number=2,
    )


def _staffed(work: Work, member: str) -> Work:
    """Somebody is on everything that has begun or has a date."""
    wanted = work.assignee or (member if work.started or work.due else None)
    return but(work, assignee=wanted)


def _epics() -> list[Epic]:
    dues = spread(date(2027, 1, 29), date(2027, 3, 19), len(AREAS))
    return [
        Epic(name=name, title=title, due=due, created=date(2025, 11, 24))
        for (name, title), due in zip(AREAS.items(), dues, strict=True)
    ]


def _baseline() -> list[Work]:
    """Everything planned before the start on 1 April, in the order in which it is done."""
    titles = baseline_titles()
    created = spread(date(2025, 11, 26), date(2026, 3, 13), len(titles))
    return [
        Work(title=title, epic=area, created=day, type=("Task", "Story", "Task")[index % 3])
        for index, ((area, title), day) in enumerate(zip(titles, created, strict=True))
    ]


def _split(slots: list[Slot]) -> tuple[list[Slot], list[Slot]]:
    """The completions of later work, one in each week that has one, and all the others."""
    wanted = dict(_DONE_IN_WEEK)
    later: list[Slot] = []
    first: list[Slot] = []
    for slot in slots:
        week = slot.done.isocalendar().week
        chosen = wanted.get(week, 0) > 0
        wanted[week] = wanted.get(week, 0) - 1
        (later if chosen else first).append(slot)
    return later, first


def _done(works: list[Work], slots: list[Slot]) -> Iterator[Work]:
    for index, (work, slot) in enumerate(zip(works, slots, strict=True)):
        yield but(
            work,
            started=slot.started,
            done=slot.done,
            due=working_days_after(slot.done, 1 + index % 3) if slot.done >= _DATED_FROM else None,
            stuck=is_every(index, 7, first=3),
            version=RADIO_BASELINE if slot.done < date(2026, 7, 1) and is_every(index, 4) else "",
            subtasks=("Order material", "Check on site") if is_every(index, 12, first=5) else (),
            more=tuple(_relabelled(slot)) if index == 0 else (),
        )


def _relabelled(slot: Slot) -> Iterator[Event]:
    """Fifty changes by a robot: more history than a tracker shows at once, none of it work."""
    for number in range(50):
        labels = ("reviewed",) if number % 2 == 0 else ()
        day = slot.done + timedelta(days=number + 1)
        yield Event(at=local(day, "03:15"), actor=ROBOT, changes={"labels": labels})


def _unfinished(works: list[Work]) -> Iterator[Work]:
    """Cancelled, in progress, must-have, optional: in the order of the plan."""
    begun, must, optional = iter(zip(_STARTED, _PROGRESS_DUE, strict=True)), 0, 0
    for place, work in enumerate(works, start=_BASELINE_DONE):
        if place in _CANCELLED:
            yield but(work, cancelled=_CANCELLED[place])
            continue
        start_and_due = next(begun, None)
        if start_and_due is not None:
            yield _in_progress(work, *start_and_due)
        elif must < _MUST and place % 3 != 0:
            yield _must_have(work, must)
            must += 1
        else:
            yield _optional(work, optional)
            optional += 1


def _in_progress(work: Work, started: date, due: date) -> Work:
    version = CORE_FREEZE if due in _FREEZE_DUE else ""
    return but(work, started=started, due=due, version=version, priority="High")


def _must_have(work: Work, index: int) -> Work:
    """The first twelve are due within four weeks, four of them for the core freeze."""
    far = spread(date(2027, 1, 8), date(2027, 3, 12), _MUST - len(_MUST_DUE))
    return but(
        work,
        title=RESTRICTED if index == _MUST - 1 else work.title,
        restricted=index == _MUST - 1,
        due=(*_MUST_DUE, *far)[index],
        version=CORE_FREEZE if index < _MUST_IN_FREEZE else "",
        labels=("must-have",),
        priority="High",
    )


def _optional(work: Work, index: int) -> Work:
    due = date(2027, 2, 1) + timedelta(days=7 * (index % 6)) if is_every(index, 3) else None
    return but(work, due=due, priority=("Low", "Lowest", "Medium")[index % 3])


def _north_site_works() -> Work:
    return Work(
        title=NORTH_SITE_WORKS,
        epic="north",
        created=date(2026, 2, 9),
        body="Foundations, masts and power at all sites north of the river, once the permit is in.",
        start=date(2027, 1, 11),
        due=date(2027, 2, 3),
        assignee=OKAFOR,
        labels=("must-have",),
        priority="Highest",
        number=87,
    )


def _added(slots: list[Slot]) -> Iterator[Work]:
    """What came after the baseline: two epics broken down, and fourteen new items."""
    broken_down = [("alarms", title) for title in ALARMS] + [("roaming", t) for t in ROAMING]
    new = list(zip(ADDED, _ADDED_ON, strict=True))
    rows = [(area, title, _BROKEN_DOWN[area]) for area, title in broken_down]
    rows += [(area, title, day) for (area, title), day in new]
    finished = (8, 0, 1, 2, 3, 4, 9, 10, 11)
    done_in = dict(zip(finished, slots, strict=True))
    for index, (area, title, created) in enumerate(rows):
        work = Work(title=title, epic=area, created=created, type="Story", priority="Low")
        slot = done_in.get(index)
        if slot is None:
            yield work
            continue
        begun = max(slot.started, working_days_after(created, 1))
        due = working_days_after(slot.done, 2) if slot.done >= _DATED_FROM else None
        yield but(work, started=begun, done=slot.done, due=due)
