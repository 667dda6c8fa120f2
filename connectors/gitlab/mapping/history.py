"""What happened as changes with canonical values (see `syncer.domain.change.ChangeField`).

GitLab tells what was added, taken away or set. Members are undone backwards from now to what stood
at first; what was merely set has as its value before that of the entry before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from connectors.gitlab.mapping.links import EDGES
from connectors.gitlab.mapping.place import Place
from connectors.gitlab.mapping.site import Site
from connectors.gitlab.mapping.status import Standing, status_of
from connectors.gitlab.mapping.told import Happened, Happening
from connectors.gitlab.rules import fold
from syncer.connect.history import Values, change_of, joined, numbered
from syncer.domain.change import Change, ChangeField

_SET: Final = {
    Happened.MILESTONE: ChangeField.VERSIONS,
    Happened.ITERATION: ChangeField.SPRINT,
    Happened.WEIGHT: ChangeField.ESTIMATE,
    Happened.HEALTH: ChangeField.OTHER,
    Happened.DUE: ChangeField.DUE,
    Happened.START: ChangeField.START,
}
"""Entries that tell the new value alone."""

_PLAIN: Final = {Happened.BODY: ChangeField.BODY, Happened.COMMENT: ChangeField.COMMENT}
_ENDS: Final = frozenset({Happened.CLOSED, Happened.REOPENED, Happened.STATUS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """The item as it is. `ids` are the work items' ids of places that are known."""

    own: Place
    standing: Standing
    ids: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Course:
    """What stands while the history is told forwards."""

    standing: Standing
    values: dict[Happened, str]
    edges: dict[str, str]


def changes_of(happenings: Sequence[Happening], *, now: Now, site: Site) -> tuple[Change, ...]:
    """Every change of one item, oldest first."""
    course = _Course(_at_first(happenings, now.standing), {}, {})
    told = [
        change_of(one, values)
        for one in happenings
        for values in _values(one, course, now=now, site=site)
    ]
    return tuple(numbered(told))


def _at_first(happenings: Sequence[Happening], current: Standing) -> Standing:
    """What stood when the item was made: the present with every entry undone."""
    labels, people = set(current.labels), set(current.assignees)
    for one in reversed(happenings):
        members = labels if one.what is Happened.LABELS else people
        if one.what in (Happened.LABELS, Happened.ASSIGNEES):
            members -= set(one.added)
            members |= set(one.removed)
    ended = any(one.what in _ENDS for one in happenings)
    named = any(one.what is Happened.STATUS for one in happenings)
    return replace(
        current,
        closed=False if ended else current.closed,
        name="" if named or ended else current.name,
        category="" if named or ended else current.category,
        labels=frozenset(labels),
        assignees=frozenset(people),
        left=False,
    )


def _values(one: Happening, course: _Course, *, now: Now, site: Site) -> Iterator[Values]:
    before = course.standing
    course.standing = after = _after(one, before, now)
    yield from _of_status(before, after, site)
    yield from _of_set(ChangeField.LABELS, before.labels, after.labels)
    yield from _of_set(ChangeField.ASSIGNEE, before.assignees, after.assignees)
    if one.what in _SET:
        yield from _of_value(one, course)
    else:
        yield from _of_itself(one, course, now=now, site=site)


def _after(one: Happening, standing: Standing, now: Now) -> Standing:
    match one.what:
        case Happened.CLOSED:
            last = now.standing if now.standing.closed else Standing()
            return replace(
                standing, closed=True, name=last.name, category=last.category, left=last.left
            )
        case Happened.REOPENED:
            return replace(standing, closed=False, name="", category="", left=False)
        case Happened.STATUS:
            category = now.categories.get(fold(one.after), "")
            return replace(standing, name=one.after, category=category)
        case Happened.LABELS:
            return replace(standing, labels=standing.labels - set(one.removed) | set(one.added))
        case Happened.ASSIGNEES:
            people = standing.assignees - set(one.removed) | set(one.added)
            return replace(standing, assignees=people)
        case _:
            return standing


def _of_status(before: Standing, after: Standing, site: Site) -> Iterator[Values]:
    old, new = status_of(before, site.rules), status_of(after, site.rules)
    if (old.category, old.shown) != (new.category, new.shown):
        yield ChangeField.STATUS, old.category, new.category, old.shown, new.shown
    if old.resolution is not new.resolution:
        yield ChangeField.RESOLUTION, old.resolution, new.resolution, "", new.shown


def _of_set(what: ChangeField, before: Iterable[str], after: Iterable[str]) -> Iterator[Values]:
    old, new = joined(before), joined(after)
    if old != new:
        yield what, old, new, old or "", new or ""


def _of_value(one: Happening, course: _Course) -> Iterator[Values]:
    before = course.values.get(one.what, "")
    course.values[one.what] = one.after
    if before != one.after:
        yield _SET[one.what], before or None, one.after or None, before, one.after


def _of_itself(one: Happening, course: _Course, *, now: Now, site: Site) -> Iterator[Values]:
    if one.what in _PLAIN:
        yield _PLAIN[one.what], None, None, "", ""
    elif one.what is Happened.TITLE:
        yield ChangeField.TITLE, one.before or None, one.after or None, one.before, one.after
    elif one.what is Happened.MOVED_FROM and one.other:
        old, new = one.other.path, now.own.path
        yield ChangeField.CONTAINER, old, new, one.other.locator, now.own.locator
    elif one.what is Happened.PARENT and one.other:
        yield from _of_parent(one, course, now=now, site=site)
    elif one.what is Happened.LINK and one.other:
        yield from _of_link(one, course, now=now, site=site)


def _of_parent(one: Happening, course: _Course, *, now: Now, site: Site) -> Iterator[Values]:
    before = course.values.get(Happened.PARENT, "")
    if not one.after and not before and one.other:
        before = one.other.locator
    course.values[Happened.PARENT] = one.after
    old, new = (_uid(text, now, site) if text else None for text in (before, one.after))
    yield ChangeField.PARENT, old, new, before, one.after


def _of_link(one: Happening, course: _Course, *, now: Now, site: Site) -> Iterator[Values]:
    """A link that came or went; a note about the end of one does not say of which kind it was."""
    shown = one.other.locator if one.other else ""
    if one.word is None:
        edge = course.edges.pop(shown, "")
        if edge:
            yield ChangeField.LINK, edge, None, shown, ""
        return
    kind, inward = EDGES[one.word]
    edge = f"{kind}{'<' if inward else '>'}{_uid(shown, now, site)}"
    course.edges[shown] = edge
    yield ChangeField.LINK, None, edge, "", shown


def _uid(locator: str, now: Now, site: Site) -> str:
    """The identity of the item at a place, its locator in place of an id that is not known."""
    return f"{site.connection}:{now.ids.get(locator, locator)}"
