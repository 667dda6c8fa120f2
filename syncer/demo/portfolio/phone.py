"""The smartphone, a product on GitHub: 150 countable items, 98 of them done on 23 November 2026."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import cycle
from typing import Final

from syncer.demo.portfolio.assemble import Epic, Plan
from syncer.demo.portfolio.people import PHONE_TEAM, SILVA
from syncer.demo.portfolio.schedule import (
    Slot,
    completions,
    is_every,
    monday,
    spread,
    working_days_after,
)
from syncer.demo.portfolio.work import Work, but

THROUGHPUT: Final = (4, 5, 6, 4, 5, 3, 5, 6, 4, 5, 5, 4)
"""Completions of the ISO weeks 36 to 47; week 35 had five."""
_BEFORE: Final = (4, 5, 4, 5, 5, 4, 5, 5, 5)
_FIRST_WEEK: Final = 27
_CYCLES: Final = (3, 5, 2, 7, 4, 9, 6, 3, 11, 5)
_BASELINE_DONE: Final = 97
_WEEK_OF_ADDED: Final = 46

REPOSITORY: Final = "acme/phone"
BETA: Final = "Phone beta"
LIVE_DEMO: Final = "Live-network demo"
TARGET: Final = date(2027, 2, 26)

_FEATURES: Final = {
    "calling": "5G calling",
    "camera": "Night camera",
    "battery": "Battery care",
    "sim": "Dual SIM",
    "lock": "Lock screen",
    "keyboard": "Keyboard",
    "updates": "Seamless updates",
    "emergency": "Emergency call",
    "hotspot": "Hotspot",
    "earbuds": "Earbud pairing",
    "maps": "Offline maps",
    "wallet": "Wallet",
}
_ASPECTS: Final = (
    ("Story", "{}: show a hint on first use"),
    ("Story", "{} in the quick panel"),
    ("Bug", "{} freezes after a long call"),
    ("Story", "{}: layout for large text"),
    ("Task", "Measure the start time of {}"),
    ("Bug", "{} forgets its setting after an update"),
    ("Story", "{}: dark theme"),
    ("Story", "{} works without a network"),
    ("Bug", "{} drains the battery overnight"),
    ("Task", "Translate the screens of {}"),
    ("Story", "{}: undo within ten seconds"),
    ("Bug", "Text of {} is cut off in Finnish"),
)
_CUSTOMERS: Final = ("customer-alpina", "customer-harbour", "customer-medico", "customer-transit")
_LAUNCH: Final = (
    ("Bug", "Antwort-Taste reagiert bei Nässe nicht"),
    ("Story", "夜间模式下的相机快捷方式"),
)
_ADDED: Final = (
    ("Bug", "Screen flickers when {{ theme }} follows the sun", date(2026, 9, 16)),
    ("Story", "Share the hotspot with a picture code 📱", date(2026, 10, 7)),
    ("Bug", "Beta users hear an echo on the first call", date(2026, 10, 28)),
)
_STARTED: Final = tuple(
    date(2026, 11, d) for d in (11, 12, 13, 13, 13, 13, 16, 16, 17, 17, 18, 18, 19, 20)
)
_PROGRESS_DUE: Final = (
    date(2026, 11, 25), date(2026, 11, 27), date(2026, 11, 30), date(2026, 12, 1),
    date(2026, 12, 2), date(2026, 12, 3), date(2026, 12, 7), date(2026, 12, 8),
    date(2026, 12, 9), date(2026, 12, 11), date(2026, 12, 14), date(2026, 12, 15),
    date(2026, 12, 16), date(2026, 12, 18),
)  # fmt: skip
_BETA_IN_PROGRESS: Final = 6
_BETA_TODO: Final = 2
_DATED_TODO: Final = 17


def phone_plan(initiative: str) -> Plan:
    """The plan of the repository; its live demo belongs under the network's initiative."""
    first, added_slot = _slots()
    planned = _planned()
    works = [
        *_done(planned[:_BASELINE_DONE], first),
        *_in_progress(planned[_BASELINE_DONE : _BASELINE_DONE + len(_STARTED)]),
        *_to_do(planned[_BASELINE_DONE + len(_STARTED) :]),
        *_added(added_slot),
        _live_demo(initiative),
    ]
    epics = {**_FEATURES, "launch": "Launch polish"}
    return Plan(
        container=REPOSITORY,
        mark="#",
        id_base=40000,
        epics=[
            Epic(name=name, title=title, due=date(2027, 2, 12), created=date(2025, 11, 25))
            for name, title in epics.items()
        ],
        works=works,
        owner=SILVA,
        first_number=2,
        stride=2,
    )


def _slots() -> tuple[list[Slot], Slot]:
    """The completions of the baseline, and the one of an item that came later."""
    slots = completions(
        _FIRST_WEEK, (*_BEFORE, *THROUGHPUT), cycle_days=_CYCLES, earliest=monday(_FIRST_WEEK)
    )
    added = next(slot for slot in slots if slot.done.isocalendar().week == _WEEK_OF_ADDED)
    return [slot for slot in slots if slot is not added], added


def _planned() -> list[Work]:
    """The baseline without the live demo, in the order in which it is done."""
    rows = [
        (epic, kind, aspect.format(title))
        for kind, aspect in _ASPECTS
        for epic, title in _FEATURES.items()
    ]
    rows[100:100] = [("launch", kind, title) for kind, title in _LAUNCH]
    created = spread(date(2025, 12, 1), date(2026, 4, 17), len(rows))
    return [
        Work(title=title, epic=epic, created=day, type=kind, labels=_customers(index))
        for index, ((epic, kind, title), day) in enumerate(zip(rows, created, strict=True))
    ]


def _customers(index: int) -> tuple[str, ...]:
    """Every fourth item was asked for by a customer, every twelfth by two."""
    turn = index // 4
    first = _CUSTOMERS[turn % len(_CUSTOMERS)]
    second = _CUSTOMERS[(turn + 1) % len(_CUSTOMERS)]
    return ((first, second) if is_every(index, 12) else (first,)) if is_every(index, 4) else ()


def _done(works: Sequence[Work], slots: Sequence[Slot]) -> Iterator[Work]:
    team = cycle(PHONE_TEAM)
    for index, (work, slot) in enumerate(zip(works, slots, strict=True)):
        yield but(
            work,
            started=slot.started,
            done=slot.done,
            due=working_days_after(slot.done, 1 + index % 2) if slot.done >= monday(44) else None,
            stuck=is_every(index, 8, first=4),
            version=BETA if is_every(index, 5, first=2) else "",
            assignee=next(team),
        )


def _in_progress(works: Sequence[Work]) -> Iterator[Work]:
    team = cycle(PHONE_TEAM)
    for index, (work, started, due) in enumerate(zip(works, _STARTED, _PROGRESS_DUE, strict=True)):
        version = BETA if index < _BETA_IN_PROGRESS else ""
        yield but(work, started=started, due=due, version=version, assignee=next(team))


def _to_do(works: Sequence[Work]) -> Iterator[Work]:
    """Two for the beta, fifteen with a date before the launch, the rest without one."""
    dues = (
        date(2026, 12, 3),
        date(2026, 12, 4),
        *spread(date(2027, 1, 8), date(2027, 2, 12), _DATED_TODO - _BETA_TODO),
    )
    team = cycle(PHONE_TEAM)
    for index, work in enumerate(works):
        due = dues[index] if index < _DATED_TODO else None
        version = BETA if index < _BETA_TODO else ""
        yield but(work, due=due, version=version, assignee=next(team) if due else None)


def _added(slot: Slot) -> Iterator[Work]:
    for index, (kind, title, created) in enumerate(_ADDED):
        work = Work(title=title, epic="launch", created=created, type=kind, priority="High")
        done = but(work, started=slot.started, done=slot.done, assignee=SILVA)
        yield done if index == 0 else work


def _live_demo(initiative: str) -> Work:
    return Work(
        title=LIVE_DEMO,
        epic="launch",
        created=date(2026, 4, 15),
        type="Story",
        body="Show the phone on the live network in the North, in front of the press.",
        start=date(2027, 2, 15),
        due=date(2027, 2, 16),
        assignee=SILVA,
        labels=("syncer:program",),
        priority="High",
        number=301,
        parent=initiative,
    )
