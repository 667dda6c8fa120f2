"""Regulatory (REG): 45 countable items, 39 of them done on 23 November 2026.

One of the six that are left is the North permit, which the regulator has just moved.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import cycle
from typing import Final

from syncer.connect.testing.script import Event
from syncer.demo.clock import local
from syncer.demo.portfolio.assemble import Epic, Plan
from syncer.demo.portfolio.people import BRANDT, LIAISON, REGULATORY_TEAM
from syncer.demo.portfolio.schedule import (
    completions,
    is_every,
    monday,
    repeated,
    spread,
    working_days_after,
)
from syncer.demo.portfolio.work import Work, but

THROUGHPUT: Final = (1, 2, 1, 2, 2, 1, 3, 1, 2, 2, 1, 2)
"""Completions of the ISO weeks 36 to 47; week 35 had one."""
_BEFORE: Final = (*repeated((1, 2), 12), 1)
_FIRST_WEEK: Final = 23
_CYCLES: Final = (6, 9, 4, 12, 8, 15, 5, 10, 7)
_DONE: Final = 39

FILING_LABEL: Final = "filing"
"""What the items of the environmental filing are tagged with."""

NORTH_PERMIT: Final = "North permit"
TARGET: Final = date(2027, 1, 22)

_EPICS: Final = {
    "permits": "Building permits",
    "environment": "Environmental duties",
    "licences": "Radio licences",
    "privacy": "Privacy and lawful access",
}
_TITLES: Final = {
    "permits": (
        "Permit for Altenberg",
        "Permit for the listed station roof",
        "Neighbours' consent in Heidkamp",
        "Heritage office: harbour towers",
        "Road closure for the crane at Opera square",
        "Air traffic clearance for tall masts",
        "Lease review with the forestry office",
        "Permit for the hill path",
        "Fire safety report for data hall 2",
        "Renew permits that end in 2026",
        "Land register entries of twelve sites",
    ),
    "environment": (
        "Noise survey at Steinbach mill",
        "Bird protection report for the ridge",
        "Field strength measurements in schools",
        "Disposal proof for old batteries",
        "Water protection zone at Lake Orrin",
        "Report on cooling agents",
        "Tree felling season: exceptions",
        "Public notice in three gazettes",
        "Comments of the environment office",
        "Umweltbericht für die Berghütten",
        "File the environmental statement",
    ),
    "licences": (
        "Licence conditions for 3.5 GHz",
        "Coverage proof for the agency",
        "Return the old 2100 MHz blocks",
        "Border agreement with two neighbours",
        "Fee notice: check the calculation",
        "Test licence for the live demo",
        "Site data sheets for the agency",
        "Interference complaints: procedure",
        "Yearly report to the agency",
        "Licence transfer of the islands",
        "Roadside cells: who owns the pole",
    ),
    "privacy": (
        "Privacy impact of location services",
        "Retention times for connection data",
        "Lawful intercept test with the authority",
        "Contract annex for data processors",
        "Notice texts for indoor cells",
        "Audit of access to subscriber data",
        "Children's phones: consent of parents",
        "Emergency location for all calls",
        "Answer to the data protection officer",
        "Deletion runs for test accounts",
        "隐私声明的中文版本",
    ),
}
_ROWS_DONE_LAST: Final = ("environment", "File the environmental statement")


def regulatory_plan() -> Plan:
    """The plan of the container REG."""
    planned = _planned()
    works = [*_done(planned[:_DONE]), *_open(planned[_DONE:]), _north_permit()]
    return Plan(
        container="REG",
        id_base=30000,
        epics=[
            Epic(name=name, title=title, due=date(2026, 12, 23), created=date(2026, 2, 2))
            for name, title in _EPICS.items()
        ],
        works=works,
        owner=BRANDT,
        first_number=2,
        stride=3,
    )


def _planned() -> list[Work]:
    """All items but the permit, the areas in turn, the environmental statement among the last."""
    rows = [(epic, titles[turn]) for turn in range(11) for epic, titles in _TITLES.items()]
    rows.remove(_ROWS_DONE_LAST)
    rows.insert(_DONE, _ROWS_DONE_LAST)
    created = spread(date(2026, 2, 9), date(2026, 4, 24), len(rows))
    return [
        Work(title=title, epic=epic, created=day, type=("Task", "Story")[index % 3 == 1])
        for index, ((epic, title), day) in enumerate(zip(rows, created, strict=True))
    ]


def _done(works: Sequence[Work]) -> Iterator[Work]:
    slots = completions(
        _FIRST_WEEK, (*_BEFORE, *THROUGHPUT), cycle_days=_CYCLES, earliest=monday(_FIRST_WEEK)
    )
    team = cycle(REGULATORY_TEAM)
    for index, (work, slot) in enumerate(zip(works, slots, strict=True)):
        yield but(
            work,
            started=slot.started,
            done=slot.done,
            due=working_days_after(slot.done, 3) if slot.done >= monday(44) else None,
            stuck=is_every(index, 5, first=1),
            labels=(FILING_LABEL,) if work.epic == "environment" else (),
            assignee=next(team),
        )


def _open(works: Sequence[Work]) -> Iterator[Work]:
    """Three in progress, the first of them the filing that is due on Friday; two to do."""
    november, december = 11, 12
    plan = (
        (date(2026, november, 11), date(2026, november, 27), (FILING_LABEL,)),
        (date(2026, november, 13), date(2026, december, 9), ()),
        (date(2026, november, 17), date(2026, december, 16), ()),
        (None, date(2026, december, 18), ()),
        (None, date(2026, december, 23), ()),
    )
    team = cycle(REGULATORY_TEAM)
    for work, (started, due, labels) in zip(works, plan, strict=True):
        yield but(work, started=started, due=due, labels=labels, assignee=next(team))


def _north_permit() -> Work:
    moved = Event(
        at=local(date(2026, 11, 18), "11:20"),
        actor=LIAISON,
        changes={"due": date(2027, 1, 22)},
        comment="The regulator moved the hearing: it asks for a second noise survey first.",
    )
    return Work(
        title=NORTH_PERMIT,
        epic="permits",
        created=date(2026, 3, 16),
        body="Permit of the regulator for all sites north of the river.",
        due=date(2027, 1, 8),
        assignee=BRANDT,
        priority="Highest",
        number=112,
        more=(moved,),
    )
