"""Who may show which colour instead of the computed one, for what reason and how long (3.5)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from syncer.domain.health import Health
from syncer.domain.item import WorkItem
from syncer.domain.people import person_of
from syncer.domain.portfolio import Person
from syncer.domain.statement import ColourOverride, Provenance, statement_id
from syncer.rollup.colours.health import severity, short_date
from syncer.rollup.colours.overrides import CLOSED, REMEMBERED, SHOWABLE, UNSURE, is_lightening

LEAST_REASON: Final = 20
LONGEST: Final = timedelta(days=14)
LONGEST_IN_ALL: Final = timedelta(days=28)
MOST_RENEWALS: Final = 2
WARNED: Final = timedelta(days=2)
_TWO_STEPS: Final = 2
_STEPS: Final = {Health.GREEN: 0, Health.TOO_EARLY: 1, Health.AMBER: 1}
_FAR: Final = 2
"""Red and everything of which nothing is known lie two steps from Green."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The override that somebody asks for. Without `expires` it holds for the longest time."""

    scope: str
    colour: Health
    reason: str
    author: str
    approver: str = ""
    expires: date | None = None
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What an override is judged by: the scope as it is, the people, earlier overrides.

    `own` is the colour without any override, `target` the target in force. `workers` are those who
    are assigned to the scope's open work, `entitled` the names of those who may lighten it (nobody
    is named: anybody may). `earlier` are the overrides of the same scope.
    """

    today: date
    own: Health
    target: date | None
    workers: frozenset[str] = frozenset()
    entitled: frozenset[str] = frozenset()
    people: tuple[Person, ...] = ()
    earlier: tuple[ColourOverride, ...] = ()


def identity(name: str, people: Iterable[Person]) -> str:
    """One spelling for a person who is named, written by address or known by an account."""
    wanted = " ".join(name.split()).casefold()
    for person in people:
        known = (person.name, person.email, *person.accounts)
        if wanted and wanted in {" ".join(one.split()).casefold() for one in known}:
            return " ".join(person.name.split()).casefold()
    return wanted


def workers(items: Iterable[WorkItem], people: Sequence[Person]) -> frozenset[str]:
    """Everyone to whom open work is assigned, one spelling each."""
    assigned = {one for item in items if item.is_open for one in item.assignees}
    known = ((one, person_of(one, people)) for one in assigned)
    return frozenset(identity(person.name if person else one.name, people) for one, person in known)


def lighter_by(computed: Health, colour: Health) -> int:
    """By how many steps of Green, Amber, Red a colour is lighter; 0 where it is not."""
    if severity(colour) >= severity(computed):
        return 0
    return max(1, _STEPS.get(computed, _FAR) - _STEPS.get(colour, _FAR))


def chain(earlier: Iterable[ColourOverride], today: date) -> list[ColourOverride]:
    """The lightening overrides that a new one would continue, newest first.

    Taking one back and asking for it anew is a renewal: whoever could begin afresh would have no
    last day.
    """
    found: list[ColourOverride] = []
    limit = today
    for one in sorted(earlier, key=lambda o: (o.provenance.at, o.id), reverse=True):
        if is_lightening(one):
            if limit - one.expires > REMEMBERED:
                break
            found.append(one)
            limit = one.since
    return found


def refusals(wanted: Wanted, around: Circumstances) -> Iterator[str]:
    """Every rule that the override breaks, as a sentence."""
    if wanted.colour not in SHOWABLE:
        yield "A colour to be shown is red, amber or green."
    if len(wanted.reason.strip()) < LEAST_REASON:
        yield f"The reason has fewer than {LEAST_REASON} characters: readers must understand it."
    if around.own in CLOSED:
        yield f"{wanted.scope} is {_word(around.own)}: there is no colour to override."
    elif wanted.colour is around.own:
        yield f"{wanted.scope} is {_word(around.own)} already."
    elif severity(wanted.colour) < severity(around.own):
        yield from _refused_lightening(wanted, around)
    yield from _refused_days(wanted, around)


def _word(health: Health) -> str:
    return health.value.replace("_", " ").capitalize()


def _refused_lightening(wanted: Wanted, around: Circumstances) -> Iterator[str]:
    if around.own in UNSURE:
        yield f"{wanted.scope} is {_word(around.own)}: unknown is never Green. Say it with `say`."
    if wanted.expires is None:
        yield "A lighter colour needs its last day: --expires."
    author = identity(wanted.author, around.people)
    if around.workers == {author}:
        yield f"{wanted.author} is the only assignee of the work: somebody else must say so."
    if around.entitled and not _is_among(author, around.entitled, around.people):
        names = ", ".join(sorted(around.entitled))
        yield f"{wanted.author} may not lighten {wanted.scope}: {names} may."
    yield from _refused_approval(wanted, around, author)
    yield from _refused_renewal(wanted, around)


def _is_among(author: str, names: Collection[str], people: Sequence[Person]) -> bool:
    return author in {identity(name, people) for name in names}


def _refused_approval(wanted: Wanted, around: Circumstances, author: str) -> Iterator[str]:
    by_two = lighter_by(around.own, wanted.colour) >= _TWO_STEPS
    if wanted.approver.strip():
        if identity(wanted.approver, around.people) == author:
            yield "The approver must be somebody else than the author."
    elif by_two or wanted.scope.startswith("prog:"):
        why = "A colour lighter by two steps" if by_two else "A lighter colour of a program"
        yield f"{why} needs somebody who approves it: --approver."


def _refused_renewal(wanted: Wanted, around: Circumstances) -> Iterator[str]:
    before = chain(around.earlier, around.today)
    if not before:
        return
    since, free = before[-1].since, before[0].expires + REMEMBERED + timedelta(days=1)
    again = f"the computed colour stands, and a new override is possible from {short_date(free)} on"
    if len(before) > MOST_RENEWALS:
        yield f"It was renewed {MOST_RENEWALS} times since {short_date(since)}: {again}."
    elif wanted.expires is not None and wanted.expires - since > LONGEST_IN_ALL:
        last = since + LONGEST_IN_ALL
        yield (
            f"{wanted.scope} is overridden since {short_date(since)}, which may last "
            f"{LONGEST_IN_ALL.days} days in all, until {short_date(last)}."
        )


def _refused_days(wanted: Wanted, around: Circumstances) -> Iterator[str]:
    if wanted.expires is None:
        return
    if wanted.expires < around.today:
        yield f"{short_date(wanted.expires)} has passed."
    elif wanted.expires - around.today > LONGEST:
        last = short_date(around.today + LONGEST)
        yield f"An override holds for {LONGEST.days} days at most: until {last}."


def made(wanted: Wanted, around: Circumstances, said: Provenance) -> ColourOverride:
    """The override that breaks no rule."""
    lightens = severity(wanted.colour) < severity(around.own)
    before = chain(around.earlier, around.today) if lightens else []
    return ColourOverride(
        id=statement_id("C", wanted.scope, said.at.isoformat()),
        scope=wanted.scope,
        colour=wanted.colour,
        computed=around.own,
        target=around.target,
        reason=" ".join(wanted.reason.split()),
        since=before[-1].since if before else around.today,
        expires=wanted.expires or around.today + LONGEST,
        renewals=len(before),
        approver=wanted.approver.strip(),
        evidence=wanted.evidence.strip(),
        provenance=said,
    )


def ends_soon(override: ColourOverride, today: date) -> bool:
    """Whether its author is to be warned: it ends within two days."""
    return timedelta() <= override.expires - today <= WARNED
