"""The updates of one item as changes with canonical values (`syncer.domain.change.ChangeField`).

Updates: learn.microsoft.com/rest/api/azure/devops/wit/updates. Each tells the fields that it
altered and the links that it added or took away. What an item was made with is no change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from connectors.azure_devops.mapping import fields
from connectors.azure_devops.mapping.links import PARENT, edge_of, end_of
from connectors.azure_devops.mapping.people import account_id, identity_of, is_bot
from connectors.azure_devops.mapping.plan import due_of, is_blocked, start_of, tags_of
from connectors.azure_devops.mapping.site import NOTHING_KNOWN, Known, Site
from connectors.azure_devops.mapping.status import Standing, Status, status_of
from connectors.azure_devops.mapping.times import known_instant
from connectors.azure_devops.wire import FieldUpdate, Relation, Update
from syncer.connect.history import VALUE_LIMIT, change_of, joined, numbered
from syncer.connect.unreadable import Unmappable
from syncer.domain.change import Change, ChangeField

Told = tuple[str | None, str]
"""A canonical value, None for none, and what people saw of it."""

_NOTHING: Final[Told] = (None, "")
_BODIES: Final = frozenset(fields.BODIES)
_OTHERS: Final = (fields.AREA, fields.PROJECT, fields.TYPE)


@dataclass(frozen=True, slots=True)
class _When:
    """Who made a change, and at which instant; `id` is the update's own."""

    id: str
    at: datetime
    actor: str
    by_bot: bool


def changes_of(
    updates: Sequence[Update], *, site: Site, known: Mapping[str, Known]
) -> tuple[Change, ...]:
    """Every change of one item, oldest first. `known` is what is known of projects by name."""
    course = _Course(site, known)
    told = [change for one in updates for change in course.changes(one)]
    told.sort(key=lambda change: change.at)
    return tuple(numbered(told))


class _Course:
    """What stands while the history is told forwards."""

    def __init__(self, site: Site, known: Mapping[str, Known]) -> None:
        self._site = site
        self._known = known
        self._values: dict[str, Any] = {}
        self._facts: dict[ChangeField, Told] = {}
        self._at: datetime | None = None

    def changes(self, update: Update) -> Iterator[Change]:
        """What an update altered; nothing of the first one, with which the item was made."""
        altered = {name: one for name, one in (update.fields or {}).items() if one is not None}
        is_first = not self._values
        self._values.update({name: one.new_value for name, one in altered.items()})
        before, self._facts = self._facts, self._told()
        when = self._when(update, altered)
        if is_first or when is None:
            return
        for what, after in self._facts.items():
            old = before.get(what, _NOTHING)
            if old != after:
                yield _change(when, what, (old, after))
        for what in _by_name(altered):
            yield _change(when, what, (_NOTHING, _NOTHING))
        yield from self._links(update, when)

    def _when(self, update: Update, altered: Mapping[str, FieldUpdate]) -> _When | None:
        """When it was: as the item itself says; an entry without any instant is left out.

        `revisedDate` tells when the *next* revision came, so it stands in for a link's only.
        """
        changed = altered.get(fields.CHANGED)
        at = known_instant(changed.new_value if changed else None)
        at = at or known_instant(update.revised_date) or self._at
        if at is None:
            return None
        self._at = at
        return _When(
            str(update.id), at, account_id(update.revised_by), by_bot=is_bot(update.revised_by)
        )

    def _told(self) -> dict[ChangeField, Told]:
        values = self._values
        status = self._status()
        told: dict[ChangeField, Told] = {
            ChangeField.STATUS: (status.category if status.shown else None, status.shown),
            ChangeField.RESOLUTION: (status.resolution, status.reason),
            ChangeField.ASSIGNEE: _person(values.get(fields.ASSIGNEE)),
            ChangeField.TITLE: _plain(values, fields.TITLE),
            ChangeField.LABELS: _joined(tags_of(values)),
            ChangeField.SPRINT: _plain(values, fields.ITERATION),
            ChangeField.ESTIMATE: _plain(values, *fields.POINTS),
            ChangeField.PRIORITY: _plain(values, fields.PRIORITY),
            ChangeField.DUE: _dated(due_of, values, self._site),
            ChangeField.START: _dated(start_of, values, self._site),
            ChangeField.FLAG: ("1", "Blocked") if is_blocked(values) else _NOTHING,
            ChangeField.OTHER: _joined(fields.shown(values.get(name)) for name in _OTHERS),
        }
        return told

    def _status(self) -> Status:
        values = self._values
        state, type_ = (fields.shown(values.get(x)) for x in (fields.STATE, fields.TYPE))
        project = fields.shown(values.get(fields.PROJECT))
        category = self._known.get(project, NOTHING_KNOWN).category(type_, state)
        reasons = tuple(filter(None, (fields.shown(values.get(x)) for x in fields.REASONS)))
        standing = Standing(state=state, category=category, reasons=reasons)
        return replace(status_of(standing, self._site.rules), shown=state)

    def _links(self, update: Update, when: _When) -> Iterator[Change]:
        relations = update.relations
        if relations is None:
            return
        added, removed = relations.added or (), relations.removed or ()
        old, new = (_parent(some, self._site) for some in (removed, added))
        if old != new:
            yield _change(when, ChangeField.PARENT, (old, new))
        for edge in _edges(removed, self._site):
            yield _change(when, ChangeField.LINK, (edge, _NOTHING))
        for edge in _edges(added, self._site):
            yield _change(when, ChangeField.LINK, (_NOTHING, edge))


def _by_name(altered: Mapping[str, FieldUpdate]) -> Iterator[ChangeField]:
    """What is told by the mere name of a field: a text, a comment, a place in a list."""
    if altered.keys() & _BODIES:
        yield ChangeField.BODY
    if altered.keys() & fields.RANKS:
        yield ChangeField.RANK
    comment = altered.get(fields.COMMENT)
    if comment is not None and comment.new_value:
        yield ChangeField.COMMENT


def _parent(relations: Iterable[Relation | None], site: Site) -> Told:
    for one in relations:
        if one is not None and one.rel == PARENT and (end := end_of(one, site)):
            return end.uid, end.locator
    return _NOTHING


def _edges(relations: Iterable[Relation | None], site: Site) -> Iterator[Told]:
    for one in relations:
        edge = edge_of(one, site.rules)
        end = end_of(one, site) if one and edge else None
        if edge and end:
            yield f"{edge[0]}{'<' if edge[1] else '>'}{end.uid}", end.locator


def _person(value: object) -> Told:
    who = identity_of(value)
    id_ = account_id(who)
    return (id_, who.display_name or id_) if who and id_ else _NOTHING


def _plain(values: Mapping[str, Any], *names: str) -> Told:
    text = next(filter(None, (fields.shown(values.get(name)) for name in names)), "")
    return (text[:VALUE_LIMIT], text) if text else _NOTHING


def _dated(read: Any, values: Mapping[str, Any], site: Site) -> Told:  # noqa: ANN401  a function
    """A date of the past; one that cannot be read is none, and costs nothing else."""
    try:
        day = read(values, site.zone)
    except Unmappable:
        return _NOTHING
    return (day.isoformat(), day.isoformat()) if day else _NOTHING


def _joined(names: Iterable[str]) -> Told:
    """The names in order, nothing for none and for more than anybody could read."""
    every = joined(names)
    return (every, every) if every else _NOTHING


def _change(when: _When, what: ChangeField, values: tuple[Told, Told]) -> Change:
    before, after = values
    return change_of(when, (what, before[0], after[0], before[1], after[1]))
