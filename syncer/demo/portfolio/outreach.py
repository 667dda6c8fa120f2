"""Customer outreach (OUT): 60 countable items, 40 of them done on 23 November 2026.

Its pace fell lately, and a colleague left: three of its ten items in progress have no owner.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import cycle
from typing import Final

from syncer.connect.testing.script import Event
from syncer.demo.clock import local
from syncer.demo.portfolio.assemble import Epic, Plan
from syncer.demo.portfolio.people import LEFT, OUTREACH_TEAM, WEBER
from syncer.demo.portfolio.schedule import completions, is_every, monday, spread, working_days_after
from syncer.demo.portfolio.work import Work, but

THROUGHPUT: Final = (2, 3, 4, 2, 3, 2, 3, 3, 2, 4, 1, 2)
"""Completions of the ISO weeks 36 to 47; week 35 had three."""
_BEFORE: Final = (2, 2, 2, 3)
_FIRST_WEEK: Final = 32
_CYCLES: Final = (3, 5, 4, 8, 6, 10, 5, 7, 4, 12, 6, 9)
_DONE: Final = 40

TOWN_HALLS: Final = "Town halls"
TARGET: Final = date(2027, 1, 22)

_EPICS: Final = {
    "halls": "Town hall meetings",
    "business": "Business customers",
    "web": "Website and frequent questions",
    "shops": "Partner shops",
    "press": "Press and radio",
}
_TITLES: Final = {
    "halls": (
        "Book the hall in Nordhafen",
        "Invite the mayor of Altenberg",
        "Print the leaflet on radiation limits",
        "Rehearse answers to critical questions",
        "Sign language interpreter for all evenings",
        "Borrow a small cell to show on stage",
        "Evening in Steinbach: collect the questions",
        "Bürgerabend in Königsstuhl vorbereiten",
        "Minutes of the first three evenings",
        "Stream the evening in the capital",
        "Thank-you letters to the host towns",
        "Poster campaign in the South region",
    ),
    "business": (
        "Price sheet for private networks",
        "Call the twenty largest customers",
        "Factory tour with a live 5G link",
        "Contract template with coverage promise",
        "Webinar for logistics companies",
        "Reference story of the harbour",
        "Answer the hospital's security questions",
        "Offer for the trade fair organiser",
        "Workshop with the farmers' union",
        "Follow up on lapsed offers",
        "Roadshow van: route and permits",
        "Training for the account managers",
    ),
    "web": (
        "Coverage map that anyone can search",
        "Twenty frequent questions in plain words",
        "Explain why 3G goes away",
        "Page about the new SIM cards",
        "Form to report a dead spot",
        "Translate the pages into four languages",
        "Film: how a mast is built",
        "Accessibility review of the pages",
        "Newsletter sign-up",
        "Link the map from every invoice",
        "Answers about energy use",
        "把常见问题翻译成中文",
    ),
    "shops": (
        "Demo phones for forty shops",
        "Train shop staff on 5G plans",
        "Window posters for the launch",
        "Swap desk for old SIM cards",
        "Bonus scheme for early sales",
        "Return box for old phones",
        "Shop hotline during launch week",
        "Checklist for opening day",
        "Count stock of leaflets",
        "Feedback round with shop owners",
        "Price tags for the new plans",
        "Gift cards for the first hundred",
    ),
    "press": (
        "Press kit with pictures",
        "Interview with the network lead",
        "Radio spot for the South region",
        "Answer the consumer magazine",
        "Fact sheet on health studies",
        "Embargoed briefing for editors",
        "Advert in the farmers' weekly",
        "Monitor letters to the editor",
        "Guest article on rural coverage",
        "Crisis line-up for launch day",
        "Photo tour of a mast site",
        "Pitch the harbour story to TV",
    ),
}
_STARTED: Final = tuple(date(2026, 11, d) for d in (10, 11, 11, 12, 13, 13, 17, 17, 18, 19))
_LEFT_BEHIND: Final = (0, 3, 5)
"""Which of the items in progress were D. Petrov's."""
_PROGRESS_DUE: Final = (
    date(2026, 11, 30), date(2026, 12, 9), date(2026, 12, 2), date(2026, 12, 15),
    date(2026, 12, 4), date(2026, 12, 17), date(2026, 12, 8), date(2027, 1, 8),
    date(2026, 12, 10), date(2027, 1, 12),
)  # fmt: skip
_HALLS_AT: Final = (0, 2, 4, 6, 8)
_TODO_DUE: Final = (
    date(2026, 12, 9), date(2026, 12, 10), date(2027, 1, 11), date(2027, 1, 12),
    date(2027, 1, 13), date(2027, 1, 14), date(2027, 1, 15), date(2027, 1, 18),
    date(2027, 1, 19), date(2027, 1, 20),
)  # fmt: skip
_HALLS_TODO: Final = 2


def outreach_plan() -> Plan:
    """The plan of the container OUT."""
    planned = _planned()
    works = [*_done(planned[:_DONE]), *_in_progress(planned[_DONE:-10]), *_to_do(planned[-10:])]
    return Plan(
        container="OUT",
        id_base=20000,
        epics=[
            Epic(name=name, title=title, due=TARGET, created=date(2026, 5, 4))
            for name, title in _EPICS.items()
        ],
        works=[*works, _gate()],
        owner=WEBER,
    )


def _planned() -> list[Work]:
    """All items in the order in which they are done: the areas in turn."""
    rows = [(epic, titles[turn]) for turn in range(12) for epic, titles in _TITLES.items()]
    created = spread(date(2026, 5, 11), date(2026, 7, 24), len(rows))
    return [
        Work(title=title, epic=epic, created=day, type=("Task", "Story")[index % 2])
        for index, ((epic, title), day) in enumerate(zip(rows, created, strict=True))
    ]


def _done(works: Sequence[Work]) -> Iterator[Work]:
    slots = completions(
        _FIRST_WEEK, (*_BEFORE, *THROUGHPUT), cycle_days=_CYCLES, earliest=monday(_FIRST_WEEK)
    )
    team = cycle(OUTREACH_TEAM)
    for index, (work, slot) in enumerate(zip(works, slots, strict=True)):
        due = working_days_after(slot.done, 2) if slot.done >= monday(46) else None
        stuck = is_every(index, 6, first=2)
        member = next(team)
        yield but(work, started=slot.started, done=slot.done, due=due, stuck=stuck, assignee=member)


def _in_progress(works: Sequence[Work]) -> Iterator[Work]:
    """Ten items; what was D. Petrov's has had no owner since he left."""
    staying = cycle(member for member in OUTREACH_TEAM if member != LEFT)
    gone = Event(at=local(date(2026, 11, 18), "17:05"), actor=WEBER, changes={"assignee": None})
    for index, (work, started, due) in enumerate(zip(works, _STARTED, _PROGRESS_DUE, strict=True)):
        orphan = index in _LEFT_BEHIND
        yield but(
            work,
            started=started,
            due=due,
            assignee=LEFT if orphan else next(staying),
            version=TOWN_HALLS if index in _HALLS_AT else "",
            more=(gone,) if orphan else (),
        )


def _to_do(works: Sequence[Work]) -> Iterator[Work]:
    team = cycle(member for member in OUTREACH_TEAM if member != LEFT)
    for index, (work, due) in enumerate(zip(works, _TODO_DUE, strict=True)):
        yield but(
            work,
            due=due,
            assignee=next(team),
            version=TOWN_HALLS if index < _HALLS_TODO else "",
            labels=("must-have",) if is_every(index, 2) else (),
        )


def _gate() -> Work:
    """A gate that comes from the tracker: its date and owner are the item's."""
    return Work(
        title=TOWN_HALLS,
        epic="halls",
        created=date(2026, 7, 27),
        type="Gate",
        body="All evenings are held and their questions answered.",
        due=date(2026, 12, 11),
        assignee=WEBER,
        labels=("syncer:gate",),
    )
