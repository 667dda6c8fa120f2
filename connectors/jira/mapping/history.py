"""The changelog as changes with canonical values (see `syncer.domain.change.ChangeField`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Final

from msgspec import structs

from connectors.jira.mapping.canonical import TEXT_LIMIT, VALUE_LIMIT, Canonical, Side
from connectors.jira.mapping.faults import Unmappable
from connectors.jira.mapping.known import Known, Told
from connectors.jira.mapping.people import is_bot, shown_name
from connectors.jira.mapping.site import Site
from connectors.jira.mapping.status import resolution_kind
from connectors.jira.mapping.times import instant
from connectors.jira.rules import FieldRole, fold
from connectors.jira.wire import ChangeItem, Comments, History, Named, User
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
_PLACE: Final = attrgetter("at", "length", "id")
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


@dataclass(slots=True)
class _Entry:
    """One history entry: its instant, its items by field, the resolution before and after it.

    Ids are numbers, so that of two the longer one comes later.
    """

    id: str
    length: int
    at: datetime
    author: User | None
    items: list[tuple[ChangeField, ChangeItem]]
    resolved: tuple[ResolutionKind | None, ResolutionKind | None]


def changes_of(
    histories: Iterable[History], comments: Comments | None, *, site: Site, now: Now
) -> tuple[Change, ...]:
    """Every change of one issue, oldest first; `Unmappable` for an entry without a time."""
    entries = _ordered(histories, site, now)
    kinds = {kind for entry in entries for kind, _ in entry.items}
    if ChangeField.RESOLUTION in kinds:
        _place_resolutions(entries, site)
    reader = _Reader(
        now=now,
        site=site,
        known=site.known.changes,
        canonical=Canonical(site, hours=now.estimate_id == HOURS_FIELD, ids=now.ids),
        versions=_versions(entries, now.versions) if ChangeField.VERSIONS in kinds else {},
    )
    told = reader.changes(entries)
    every = _numbered(list(_without_repeats(told)) if ChangeField.PARENT in kinds else told)
    if comments is None or not comments.comments:
        return tuple(every)
    return tuple(sorted([*every, *_comments(comments, site)], key=_AT))


def _ordered(histories: Iterable[History], site: Site, now: Now) -> list[_Entry]:
    resolved = (now.resolution, now.resolution)
    entries = [_entry(raw, site, resolved) for raw in histories]
    entries.sort(key=_PLACE)
    return entries


def _entry(
    raw: History, site: Site, resolved: tuple[ResolutionKind | None, ResolutionKind | None]
) -> _Entry:
    if raw.created is None:
        raise Unmappable("a change without a time")
    items = [(_kind(item, site), item) for item in raw.items or () if item is not None]
    return _Entry(raw.id, len(raw.id), instant(raw.created, site.zone), raw.author, items, resolved)


def _kind(item: ChangeItem, site: Site) -> ChangeField:
    """The field, looked up once for all issues of a site."""
    known, names = site.known.fields, (item.field_id, item.name)
    try:
        return known[names]
    except KeyError:
        kind = _kind_named(item.field_id, site) or _kind_named(item.name, site) or _OTHER
        return known.keep(names, kind)


def _kind_named(name: str | None, site: Site) -> ChangeField | None:
    if not name:
        return None
    role = site.roles.get(name)
    return _ROLES[role] if role is not None else _SYSTEM.get(fold(name))


def _place_resolutions(entries: Sequence[_Entry], site: Site) -> None:
    """Note at each entry the resolution in force before and after it: DONE depends on it."""
    first = _of(entries, ChangeField.RESOLUTION)[0]
    before = _resolution(first.before, first.before_text, site)
    for entry in entries:
        after = before
        for item in _of([entry], ChangeField.RESOLUTION):
            after = _resolution(item.after, item.after_text, site)
        entry.resolved = (before, after)
        before = after


def _of(entries: Iterable[_Entry], kind: ChangeField) -> list[ChangeItem]:
    return [item for entry in entries for told, item in entry.items if told is kind]


def _resolution(id_: str | None, text: str | None, site: Site) -> ResolutionKind | None:
    return resolution_kind(Named(id=id_ or "", name=text), site.rules)


def _versions(
    entries: Sequence[_Entry], current: Mapping[str, str]
) -> dict[int, tuple[str | None, str | None]]:
    """The names before and after each change of versions, by the identity of its item.

    Jira tells only what was added or taken away, so the sets are told backwards from now; by
    id, since a version may have been renamed.
    """
    held = dict(current)
    found: dict[int, tuple[str | None, str | None]] = {}
    for item in reversed(_of(entries, ChangeField.VERSIONS)):
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
    """Turns history entries into changes."""

    now: Now
    site: Site
    known: Known[Told]
    canonical: Canonical
    versions: Mapping[int, tuple[str | None, str | None]]

    def changes(self, entries: Iterable[_Entry]) -> list[Change]:
        every: list[Change] = []
        for entry in entries:
            actor, by_bot = _actor(entry.author, self.site)
            for named, item in entry.items:
                kind = self._field(named, item) if named in _DEPENDING else named
                before, after, before_text, after_text = self._told(kind, item, entry)
                every.append(
                    Change(
                        id=entry.id,
                        at=entry.at,
                        field=kind,
                        before=before,
                        after=after,
                        before_text=before_text,
                        after_text=after_text,
                        actor=actor,
                        by_bot=by_bot,
                    )
                )
        return every

    def _field(self, kind: ChangeField, item: ChangeItem) -> ChangeField:
        """The field, OTHER for a date or estimate that is not the one the item goes by."""
        wanted = self.now.due_id if kind is ChangeField.DUE else self.now.estimate_id
        return kind if wanted in (item.field_id, item.name) else _OTHER

    def _told(self, kind: ChangeField, item: ChangeItem, entry: _Entry) -> Told:
        """What the change says; looked up once for all issues of a site where that is the same."""
        if kind not in _REPEATED:
            return self._read(kind, item, entry)
        resolved = entry.resolved if kind is _STATUS else None
        key = (kind, item.before, item.before_text, item.after, item.after_text, resolved)
        try:
            return self.known[key]
        except KeyError:
            return self.known.keep(key, self._read(kind, item, entry))

    def _read(self, kind: ChangeField, item: ChangeItem, entry: _Entry) -> Told:
        before, after = self._values(kind, item, entry)
        return before, after, _shown(kind, item.before_text), _shown(kind, item.after_text)

    def _values(
        self, kind: ChangeField, item: ChangeItem, entry: _Entry
    ) -> tuple[str | None, str | None]:
        if kind is ChangeField.VERSIONS:
            return self.versions[id(item)]
        before = Side(item.before or "", item.before_text or "", entry.resolved[0])
        after = Side(item.after or "", item.after_text or "", entry.resolved[1])
        return self.canonical.value(kind, before), self.canonical.value(kind, after)


def _actor(author: User | None, site: Site) -> tuple[str, bool]:
    """The name to show, and whether it is a bot; looked up once for all issues of a site."""
    if author is None:
        return "", False
    known = site.known.actors
    key = (author.display_name, author.name, author.account_id, author.account_type)
    try:
        return known[key]
    except KeyError:
        return known.keep(key, (shown_name(author), is_bot(author)))


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


def _numbered(changes: Sequence[Change]) -> Iterator[Change]:
    """An entry may change one field twice (two links): the later ones get a number."""
    if len({change.id for change in changes}) == len(changes):
        yield from changes
        return
    seen: dict[tuple[str, ChangeField], int] = {}
    for change in changes:
        count = seen[change.id, change.field] = seen.get((change.id, change.field), 0) + 1
        yield change if count == 1 else structs.replace(change, id=f"{change.id}.{count}")


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
