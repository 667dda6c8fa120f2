"""The changelog as changes with canonical values (see `syncer.domain.change.ChangeField`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Final

from msgspec import structs

from connectors.jira.mapping.canonical import TEXT_LIMIT, VALUE_LIMIT, Canonical, Side
from connectors.jira.mapping.known import Told
from connectors.jira.mapping.people import is_bot, shown_name
from connectors.jira.mapping.site import Site
from connectors.jira.mapping.status import resolution_kind
from connectors.jira.mapping.times import instant
from connectors.jira.rules import FieldRole, fold
from connectors.jira.wire import Author, ChangeItem, Comments, History, Named
from syncer.connect.unreadable import Unmappable
from syncer.domain.change import Change, ChangeField
from syncer.domain.item import ResolutionKind
from syncer.domain.text import clean_line

_SYSTEM: Final = {
    "status": ChangeField.STATUS,
    "resolution": ChangeField.RESOLUTION,
    "duedate": ChangeField.DUE,
    "assignee": ChangeField.ASSIGNEE,
    "labels": ChangeField.LABELS,
    "fixversions": ChangeField.VERSIONS,
    "fix version": ChangeField.VERSIONS,
    "timeoriginalestimate": ChangeField.ESTIMATE,
    "priority": ChangeField.PRIORITY,
    "summary": ChangeField.TITLE,
    "description": ChangeField.BODY,
    "key": ChangeField.KEY,
    "project": ChangeField.CONTAINER,
    "link": ChangeField.LINK,
    "rank": ChangeField.RANK,
    "comment": ChangeField.COMMENT,
    "parent": ChangeField.PARENT,
    "issueparentassociation": ChangeField.PARENT,
    "epic link": ChangeField.PARENT,
    "sprint": ChangeField.SPRINT,
    "flagged": ChangeField.FLAG,
}
HOURS_FIELD: Final = "timeoriginalestimate"
"""Jira's own estimate, in seconds."""

_MOST_VERSIONS: Final = 200
_REPEATED: Final = frozenset({
    ChangeField.STATUS, ChangeField.RESOLUTION, ChangeField.DUE, ChangeField.START,
    ChangeField.LABELS, ChangeField.PRIORITY, ChangeField.ASSIGNEE, ChangeField.SPRINT,
    ChangeField.FLAG, ChangeField.RANK,
})  # fmt: skip
"""The fields whose few values come again and again, and mean the same in every issue of a site."""

_OTHER: Final = ChangeField.OTHER
_STATUS: Final = ChangeField.STATUS
_DEPENDING: Final = frozenset({ChangeField.DUE, ChangeField.ESTIMATE})
"""The fields that are those of the item only if the item goes by the tracker's field."""

_AT: Final = attrgetter("at")
_ID: Final = attrgetter("id")
_ROLES: Final = {
    FieldRole.START: ChangeField.START,
    FieldRole.END: ChangeField.DUE,
    FieldRole.POINTS: ChangeField.ESTIMATE,
    FieldRole.EPIC_LINK: ChangeField.PARENT,
    FieldRole.SPRINT: ChangeField.SPRINT,
    FieldRole.FLAGGED: ChangeField.FLAG,
}


@dataclass(slots=True, kw_only=True)
class Now:
    """The issue as it is, where its history can only be told from there.

    `versions` holds names by id. `due_id` and `estimate_id` are the fields from which the item's
    due date and estimate come: changes of other fields of that sort are OTHER. `ids` tells the
    ids of known keys.
    """

    resolution: ResolutionKind | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    due_id: str = "duedate"
    estimate_id: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)


_Resolved = tuple[ResolutionKind | None, ResolutionKind | None]
"""The resolution in force before and after an entry."""

_Row = tuple[datetime, int, str, int, int, ChangeField, ChangeItem, Author | None]
"""One field of one entry: when, the length of the entry's id and the id itself, the numbers of the
entry and of the field within it, the field's kind, what is told of it, and the author.

A bare tuple, since each issue has ten and more: it costs a third of an object, and such tuples are
sorted without a key. Ids are numbers, so that of two the longer one comes later; the two numbers
differ in any two rows, so that what comes after them is never compared.
"""


def changes_of(
    histories: Iterable[History], comments: Comments | None, *, site: Site, now: Now
) -> tuple[Change, ...]:
    """Every change of one issue, oldest first; `Unmappable` for an entry without a time."""
    rows = _rows(histories, site)
    kinds = {row[5] for row in rows}
    reader = _Reader(
        now=now,
        site=site,
        resolved=_resolutions(rows, site) if ChangeField.RESOLUTION in kinds else {},
        versions=_versions(rows, now.versions) if ChangeField.VERSIONS in kinds else {},
    )
    told = reader.changes(rows)
    every = _numbered(list(_without_repeats(told)) if ChangeField.PARENT in kinds else told)
    if comments is None or not comments.comments:
        return tuple(every)
    return tuple(sorted([*every, *_comments(comments, site)], key=_AT))


def _rows(histories: Iterable[History], site: Site) -> list[_Row]:
    """What the entries tell, oldest first; flat, since this is done for every change."""
    rows: list[_Row] = []
    zone, fields = site.zone, site.known.fields
    for number, raw in enumerate(histories):
        if raw.created is None:
            raise Unmappable("a change without a time")
        at, id_, author = instant(raw.created, zone), raw.id, raw.author
        for place, item in enumerate(raw.items or ()):
            if item is not None:
                kind = fields.get((item.field_id, item.name)) or _kind(item, site)
                rows.append((at, len(id_), id_, number, place, kind, item, author))
    rows.sort()
    return rows


def _kind(item: ChangeItem, site: Site) -> ChangeField:
    """The field; remembered for all issues of a site."""
    kind = _kind_named(item.field_id, site) or _kind_named(item.name, site) or _OTHER
    return site.known.fields.keep((item.field_id, item.name), kind)


def _kind_named(name: str | None, site: Site) -> ChangeField | None:
    if not name:
        return None
    role = site.roles.get(name)
    return _ROLES[role] if role is not None else _SYSTEM.get(fold(name))


def _resolutions(rows: Sequence[_Row], site: Site) -> dict[int, _Resolved]:
    """The resolution before and after each entry, by its number: DONE depends on it."""
    first = _of(rows, ChangeField.RESOLUTION)[0]
    found: dict[int, _Resolved] = {}
    before = after = _resolution(first.before, first.before_text, site)
    for _, _, _, number, _, kind, item, _ in rows:
        if number not in found:
            before = after
        if kind is ChangeField.RESOLUTION:
            after = _resolution(item.after, item.after_text, site)
        found[number] = before, after
    return found


def _of(rows: Iterable[_Row], kind: ChangeField) -> list[ChangeItem]:
    return [row[6] for row in rows if row[5] is kind]


def _resolution(id_: str | None, text: str | None, site: Site) -> ResolutionKind | None:
    return resolution_kind(Named(id=id_ or "", name=text), site.rules)


def _versions(
    rows: Sequence[_Row], current: Mapping[str, str]
) -> dict[int, tuple[str | None, str | None]]:
    """The names before and after each change of versions, by the identity of its item.

    Jira tells only what was added or taken away, so the sets are told backwards from now; by
    id, since a version may have been renamed.
    """
    held = dict(current)
    found: dict[int, tuple[str | None, str | None]] = {}
    for item in reversed(_of(rows, ChangeField.VERSIONS)):
        after = _joined(held)
        held.pop(item.after or item.after_text or "", None)
        if item.before or item.before_text:
            held[item.before or item.before_text or ""] = item.before_text or ""
        found[id(item)] = (_joined(held), after)
    return found


def _joined(held: Mapping[str, str]) -> str | None:
    """The names in order; None for none, and for so many that every change would repeat pages."""
    if len(held) > _MOST_VERSIONS:
        return None
    joined = ",".join(sorted(clean_line(name) for name in held.values()))
    return joined if 0 < len(joined) <= VALUE_LIMIT else None


@dataclass(slots=True, kw_only=True)
class _Reader:
    """Turns what entries tell into changes."""

    now: Now
    site: Site
    resolved: Mapping[int, _Resolved]
    versions: Mapping[int, tuple[str | None, str | None]]

    def changes(self, rows: Iterable[_Row]) -> list[Change]:
        """The changes, in the order of the rows; a flat loop, since this is done for each."""
        every: list[Change] = []
        known, still = self.site.known.changes, (self.now.resolution, self.now.resolution)
        for at, _, id_, number, _, named, item, author in rows:
            kind = self._field(named, item) if named in _DEPENDING else named
            resolved = self.resolved.get(number, still)
            if kind in _REPEATED:
                said = (item.before, item.before_text, item.after, item.after_text)
                key = (kind, said, resolved if kind is _STATUS else None)
                told = known.get(key) or known.keep(key, self._read(kind, item, resolved))
            else:
                told = self._read(kind, item, resolved)
            actor, by_bot = _actor(author, self.site)
            every.append(
                Change(
                    id=id_,
                    at=at,
                    field=kind,
                    before=told[0],
                    after=told[1],
                    before_text=told[2],
                    after_text=told[3],
                    actor=actor,
                    by_bot=by_bot,
                )
            )
        return every

    def _field(self, kind: ChangeField, item: ChangeItem) -> ChangeField:
        """The field, OTHER for a date or estimate that is not the one the item goes by."""
        wanted = self.now.due_id if kind is ChangeField.DUE else self.now.estimate_id
        return kind if wanted in (item.field_id, item.name) else _OTHER

    def _read(self, kind: ChangeField, item: ChangeItem, resolved: _Resolved) -> Told:
        before, after = self._values(kind, item, resolved)
        return before, after, _shown(kind, item.before_text), _shown(kind, item.after_text)

    def _values(
        self, kind: ChangeField, item: ChangeItem, resolved: _Resolved
    ) -> tuple[str | None, str | None]:
        if kind is ChangeField.VERSIONS:
            return self.versions[id(item)]
        hours = self.now.estimate_id == HOURS_FIELD
        canonical = Canonical(self.site, hours=hours, ids=self.now.ids)
        before = Side(item.before or "", item.before_text or "", resolved[0])
        after = Side(item.after or "", item.after_text or "", resolved[1])
        return canonical.value(kind, before), canonical.value(kind, after)


def _actor(author: Author | None, site: Site) -> tuple[str, bool]:
    """The name to show, and whether it is a bot; looked up once for all issues of a site."""
    if author is None:
        return "", False
    key = (author.display_name, author.name, author.account_id, author.account_type)
    known = site.known.actors
    return known.get(key) or known.keep(key, (shown_name(author), is_bot(author)))


def _shown(kind: ChangeField, text: str | None) -> str:
    return "" if kind is ChangeField.BODY else clean_line(text or "", limit=TEXT_LIMIT)


def _without_repeats(changes: Iterable[Change]) -> Iterator[Change]:
    """Jira tells a new parent twice, as epic link and as parent: once is enough."""
    last: Change | None = None
    for change in changes:
        if change.field is ChangeField.PARENT:
            if last is not None and change.after == last.after:
                continue
            last = change
        yield change


def _numbered(changes: Sequence[Change]) -> Sequence[Change]:
    """An entry may change one field twice (two links): the later ones get a number."""
    if len(set(map(_ID, changes))) == len(changes):
        return changes
    numbered: list[Change] = []
    seen: dict[tuple[str, ChangeField], int] = {}
    for change in changes:
        count = seen[change.id, change.field] = seen.get((change.id, change.field), 0) + 1
        numbered.append(
            change if count == 1 else structs.replace(change, id=f"{change.id}.{count}")
        )
    return numbered


def _comments(comments: Comments | None, site: Site) -> Iterator[Change]:
    for comment in (comments.comments if comments else None) or ():
        if comment is not None and comment.created is not None:
            yield Change(
                id=f"comment-{comment.id}",
                at=instant(comment.created, site.zone),
                field=ChangeField.COMMENT,
                before=None,
                after=None,
                actor=shown_name(comment.author),
                by_bot=is_bot(comment.author),
            )
