"""The timeline as changes with canonical values (see `syncer.domain.change.ChangeField`).

GitHub tells what was added and taken away. What stood before is found backwards from now, then the
timeline is told forwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise
from typing import Final

from connectors.github.mapping.detail import Happened, Happening, Neighbour
from connectors.github.mapping.milestones import Dated, Milestones
from connectors.github.mapping.site import Site
from connectors.github.mapping.status import Standing, status_of
from syncer.connect.history import TEXT_LIMIT, Values, change_of, joined, numbered
from syncer.domain.change import Change, ChangeField
from syncer.domain.link import LinkKind
from syncer.domain.text import clean_line

_LINKS: Final = {
    Happened.BLOCKED_BY_ADDED: (LinkKind.BLOCKS, "<", True),
    Happened.BLOCKED_BY_REMOVED: (LinkKind.BLOCKS, "<", False),
    Happened.BLOCKING_ADDED: (LinkKind.BLOCKS, ">", True),
    Happened.BLOCKING_REMOVED: (LinkKind.BLOCKS, ">", False),
    Happened.DUPLICATE: (LinkKind.DUPLICATES, ">", True),
    Happened.NO_DUPLICATE: (LinkKind.DUPLICATES, ">", False),
}
_MEMBERS: Final = {
    Happened.LABELED: (True, True),
    Happened.UNLABELED: (True, False),
    Happened.ASSIGNED: (False, True),
    Happened.UNASSIGNED: (False, False),
}
"""Whether an entry is about labels (else assignees), and whether it adds one."""

Step = tuple[Happening, Standing, Standing]


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """The issue as it is. `inherits_due` says that its due date is its milestone's."""

    own: Neighbour
    standing: Standing
    inherits_due: bool
    milestones: Milestones


def changes_of(timeline: Sequence[Happening], *, now: Now, site: Site) -> tuple[Change, ...]:
    """Every change of one issue, oldest first."""
    steps = _steps(timeline, now.standing)
    told = [
        change_of(step[0], values) for step in steps for values in _values(step, now=now, site=site)
    ]
    moves = _milestone_moves(steps, now) if now.inherits_due else ()
    every = sorted((*numbered(told, mark="."), *moves), key=lambda change: change.at)
    return tuple(every)


# --- what stood when ------------------------------------------------------------------------------


def _steps(timeline: Sequence[Happening], current: Standing) -> list[Step]:
    """Each entry with what stood before and after it."""
    closings = [one for one in timeline if one.what is Happened.CLOSED]
    last = closings[-1] if closings and current.closed else None
    standing = _at_first(timeline, current)
    found = []
    for one in timeline:
        # The reason of the last closing is the issue's own, where the entry does not tell it.
        told = replace(one, subject=one.subject or current.reason) if one is last else one
        after = _after(told, standing)
        found.append((one, standing, after))
        standing = after
    return found


def _at_first(timeline: Sequence[Happening], current: Standing) -> Standing:
    """What stood when the issue was made: the present with every entry undone."""
    standing = replace(current, closed=False, reason="")
    for one in reversed(timeline):
        standing = _undone(one, standing)
    return standing


def _undone(one: Happening, standing: Standing) -> Standing:
    if one.what in _MEMBERS:
        return _with_member(one, standing, undo=True)
    match one.what:
        case Happened.MILESTONED:
            return replace(standing, milestone="")
        case Happened.DEMILESTONED:
            return replace(standing, milestone=one.subject)
        case Happened.BOARD_STATUS:
            return replace(standing, boards={**standing.boards, one.subject: one.before})
        case _:
            return standing


def _after(one: Happening, standing: Standing) -> Standing:
    if one.what in _MEMBERS:
        return _with_member(one, standing)
    match one.what:
        case Happened.CLOSED:
            return replace(standing, closed=True, reason=one.subject)
        case Happened.REOPENED:
            return replace(standing, closed=False, reason="")
        case Happened.MILESTONED:
            return replace(standing, milestone=one.subject)
        case Happened.DEMILESTONED:
            return replace(standing, milestone="")
        case Happened.BOARD_STATUS:
            return replace(standing, boards={**standing.boards, one.subject: one.after})
        case _:
            return standing


def _with_member(one: Happening, standing: Standing, *, undo: bool = False) -> Standing:
    """The standing with a label or assignee more or less."""
    of_labels, adds = _MEMBERS[one.what]
    held = standing.labels if of_labels else standing.assignees
    changed = held | {one.subject} if adds is not undo else held - {one.subject}
    members = changed - {""}
    return replace(standing, labels=members) if of_labels else replace(standing, assignees=members)


# --- what changed ---------------------------------------------------------------------------------


def _values(step: Step, *, now: Now, site: Site) -> Iterator[Values]:
    one, before, after = step
    yield from _of_status(before, after, site)
    yield from _of_set(ChangeField.LABELS, before.labels, after.labels)
    yield from _of_set(ChangeField.ASSIGNEE, before.assignees, after.assignees)
    if before.milestone != after.milestone:
        yield from _of_milestone(step, now)
    yield from _of_itself(one, now)
    yield from _of_neighbours(one, site)


def _of_set(field: ChangeField, before: Iterable[str], after: Iterable[str]) -> Iterator[Values]:
    old, new = joined(before), joined(after)
    if old != new:
        yield field, old, new, old or "", new or ""


def _of_itself(one: Happening, now: Now) -> Iterator[Values]:
    if one.what is Happened.RENAMED:
        yield ChangeField.TITLE, one.before or None, one.after or None, one.before, one.after
    elif one.what is Happened.TRANSFERRED and one.before:
        here = now.own.repository
        yield ChangeField.CONTAINER, one.before, here, one.before, here
    elif one.what is Happened.COMMENTED:
        yield ChangeField.COMMENT, None, None, "", ""


def _of_status(before: Standing, after: Standing, site: Site) -> Iterator[Values]:
    old, new = status_of(before, site.rules), status_of(after, site.rules)
    if (old.category, old.shown) != (new.category, new.shown):
        yield ChangeField.STATUS, old.category, new.category, old.shown, new.shown
    if before.resolution is not after.resolution:
        yield ChangeField.RESOLUTION, before.resolution, after.resolution, "", after.reason


def _of_milestone(step: Step, now: Now) -> Iterator[Values]:
    one, before, after = step
    old, new = before.milestone or None, after.milestone or None
    yield ChangeField.VERSIONS, old, new, old or "", new or ""
    if now.inherits_due and now.milestones.known:
        left, joined = (_due_at(title, one.at, now.milestones) for title in (old, new))
        if left != joined:
            yield ChangeField.DUE, _day(left), _day(joined), old or "", new or ""


def _of_neighbours(one: Happening, site: Site) -> Iterator[Values]:
    if one.other is None:
        return
    uid, shown = site.uid(one.other), one.other.locator
    if one.what is Happened.PARENT_ADDED:
        yield ChangeField.PARENT, None, uid, "", shown
    elif one.what is Happened.PARENT_REMOVED:
        yield ChangeField.PARENT, uid, None, shown, ""
    elif one.what in _LINKS:
        kind, arrow, added = _LINKS[one.what]
        edge = f"{kind}{arrow}{uid}"
        old, new = (None, edge) if added else (edge, None)
        yield ChangeField.LINK, old, new, "" if added else shown, shown if added else ""


def _milestone_moves(steps: Sequence[Step], now: Now) -> Iterator[Change]:
    """The moves of a milestone's date while the issue belonged to it."""
    for since, until, title in _memberships(steps, now.standing):
        dated = now.milestones.titled(title)
        for before, after in pairwise(dated.dates if dated else ()):
            at = after.since
            if dated and at and (since is None or since < at) and (until is None or at < until):
                yield _move(dated, at, (before.due, after.due))


def _memberships(
    steps: Sequence[Step], current: Standing
) -> Iterator[tuple[datetime | None, datetime | None, str]]:
    """From when to when the issue belonged to which milestone; None: from its start, until now."""
    since, held = None, steps[0][1].milestone if steps else current.milestone
    for one, before, after in steps:
        if before.milestone != after.milestone:
            if held:
                yield since, one.at, held
            since, held = one.at, after.milestone
    if held:
        yield since, None, held


def _move(dated: Dated, at: datetime, dues: tuple[date | None, date | None]) -> Change:
    return Change(
        id=f"milestone-{dated.number}@{at:%Y%m%dT%H%M%S}",
        at=at,
        field=ChangeField.DUE,
        before=_day(dues[0]),
        after=_day(dues[1]),
        before_text=clean_line(dated.title, limit=TEXT_LIMIT),
        after_text=clean_line(dated.title, limit=TEXT_LIMIT),
    )


def _due_at(title: str | None, at: datetime, milestones: Milestones) -> date | None:
    dated = milestones.titled(title) if title else None
    return dated.due_at(at) if dated else None


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()
