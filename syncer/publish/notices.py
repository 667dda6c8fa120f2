"""Word to the people behind an override: it ends soon, has lapsed, or lacks somebody's approval.

Rollup.md 3.5. Everything here is pure. A notice names scope, colours and rules, and the author's
own reason: no item, so that nothing restricted can be in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from html import escape
from typing import Final

from syncer.domain.override import Lapse, OverrideState
from syncer.domain.portfolio import Person
from syncer.domain.report import GroupResult, ProjectResult, Snapshot
from syncer.domain.statement import ColourOverride
from syncer.publish.audience import AudienceView
from syncer.publish.audiences import Audience
from syncer.publish.digest.figures import word
from syncer.publish.digest.tracker_text import clean
from syncer.publish.digest.wording import counted, day
from syncer.publish.recipients import EMAIL, Recipient
from syncer.rollup.colours.override_rules import ends_soon, identity, lighter_by

AUDIENCE: Final = "overrides:"
"""The outbox' name for these mails; no configured audience can be called so."""
RECENT: Final = timedelta(days=3)
"""What lapsed longer ago is no news: an edition has said so."""
_TWO_STEPS: Final = 2


class Sort(StrEnum):
    """What a notice is about; each is told once of an override."""

    ENDS = "ends"
    LAPSED = "lapsed"
    UNAPPROVED = "unapproved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One mail about one override: its subject, its lines, and the names of those who get it."""

    sort: Sort
    override: ColourOverride
    subject: str
    lines: tuple[str, ...]
    to: tuple[str, ...]

    @property
    def name(self) -> str:
        """What makes it this one: it is sent once, whoever finds it how often."""
        return f"{self.override.id}-{self.sort}"

    @property
    def contents(self) -> dict[str, str]:
        """The mail's two forms."""
        text = "\n\n".join((f"Subject: {self.subject}", *self.lines)) + "\n"
        body = "".join(f"<p>{escape(line)}</p>" for line in self.lines)
        head = f'<meta charset="utf-8"><title>{escape(self.subject)}</title>'
        html = f'<!DOCTYPE html><html lang="en"><head>{head}</head><body>{body}</body></html>'
        return {"txt": text, "mail": html}


def notices(snapshot: Snapshot, today: date) -> tuple[Notice, ...]:
    """What is to be said on this report-local day of the overrides that a snapshot knows."""
    results: tuple[ProjectResult | GroupResult, ...] = (*snapshot.programs, *snapshot.products)
    return tuple(
        notice
        for result in (*results, *snapshot.projects)
        if result.override is not None
        for notice in _of(result, result.override, today)
    )


def _of(result: ProjectResult | GroupResult, state: OverrideState, today: date) -> Iterator[Notice]:
    if state.lapse is not None:
        if state.lapse is not Lapse.UNDONE and _is_news(state, today):
            yield _lapsed(result, state, today)
        return
    if ends_soon(state.override, today):
        yield _ends(result, state, today)
    if _is_unapproved(state):
        yield _unapproved(result, state, today)


def _is_news(state: OverrideState, today: date) -> bool:
    return state.lapsed_on is None or today - state.lapsed_on <= RECENT


def _is_unapproved(state: OverrideState) -> bool:
    """Whether it shows so much less than is computed that somebody else has to stand for it."""
    steps = lighter_by(state.own.health, state.override.colour)
    of_program = steps > 0 and state.override.scope.startswith("prog:")
    return not state.override.approver and (steps >= _TWO_STEPS or of_program)


def _ends(result: ProjectResult | GroupResult, state: OverrideState, today: date) -> Notice:
    name, override = _name(result), state.override
    until = day(override.expires, today=today)
    renewed = counted(override.renewals, "time")
    return Notice(
        sort=Sort.ENDS,
        override=override,
        subject=f"Your override of {name} ends on {until}",
        lines=(
            (
                f"{name} shows {word(override.colour)} by your word until {until}; computed is "
                f"{word(state.own.health)} by rule {state.own.rule}."
            ),
            _reason(override),
            (
                f"After that day the computed colour stands. It was renewed {renewed}; renewing "
                f"takes a reason of today: syncer override add {override.scope} --colour "
                f"{override.colour.value.lower()} --reason … --expires …"
            ),
        ),
        to=(override.provenance.author,),
    )


def _lapsed(result: ProjectResult | GroupResult, state: OverrideState, today: date) -> Notice:
    name, override = _name(result), state.override
    since = f" on {day(state.lapsed_on, today=today)}" if state.lapsed_on else ""
    return Notice(
        sort=Sort.LAPSED,
        override=override,
        subject=f"The override of {name} has lapsed: {state.lapse}",
        lines=(
            (
                f"{word(override.colour)} is no longer shown for {name}: the override "
                f"lapsed{since}, because of this: {state.lapse}."
            ),
            f"Readers see {word(result.shown.health)} by rule {result.shown.rule} from now on.",
            _reason(override),
        ),
        to=tuple(dict.fromkeys(filter(None, (override.provenance.author, override.approver)))),
    )


def _unapproved(result: ProjectResult | GroupResult, state: OverrideState, today: date) -> Notice:
    name, override = _name(result), state.override
    until = day(override.expires, today=today)
    return Notice(
        sort=Sort.UNAPPROVED,
        override=override,
        subject=f"The override of {name} lacks somebody who approves it",
        lines=(
            (
                f"{name} shows {word(override.colour)} until {until} where "
                f"{word(state.own.health)} is computed (rule {state.own.rule})."
            ),
            (
                "Two steps lighter, or a program's colour, needs somebody else than its author who "
                f"approves it: syncer override add {override.scope} --approver …"
            ),
            _reason(override),
        ),
        to=tuple(dict.fromkeys(filter(None, (override.provenance.author, result.owner)))),
    )


def _name(result: ProjectResult | GroupResult) -> str:
    return clean(result.name, 40) or result.key


def _reason(override: ColourOverride) -> str:
    author = clean(override.provenance.author, 40)
    return f"The reason that {author} gave: {clean(override.reason, 300)}"


def recipients(notice: Notice, people: Sequence[Person]) -> tuple[Recipient, ...]:
    """Whom a notice goes to; somebody without an address is a failure that everyone sees."""
    return tuple(dict.fromkeys(_recipient(name, people) for name in notice.to))


def _recipient(name: str, people: Sequence[Person]) -> Recipient:
    wanted = identity(name, people)
    known = (one for one in people if one.email and identity(one.name, people) == wanted)
    person = next(known, None)
    if person is not None:
        return Recipient(channel=EMAIL, address=person.email, name=person.name)
    problem = f"{name}, who is behind an override, has no address in [[people]]."
    return Recipient(channel=EMAIL, address=name, name=name, problem=problem)


def audience(timezone: str, told: Sequence[Recipient]) -> Audience:
    """Those who may get notices, as the outbox asks for them: the people of the configuration."""
    view = AudienceView(key=AUDIENCE, name="Overrides", timezone=timezone)
    return Audience(view=view, family=AUDIENCE, recipients=tuple(told))
