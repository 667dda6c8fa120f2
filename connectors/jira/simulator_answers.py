"""Issues and their histories in Jira Cloud's shapes, rendered from a scripted world."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from connectors.jira.simulator_catalogue import (
    EPIC_LINK_FIELD,
    FLAGGED_FIELD,
    LINK_TYPES,
    RANK_FIELD,
    SPRINT_FIELD,
    START_FIELD,
    STORY_POINTS_FIELD,
    Catalogue,
    Json,
)
from syncer.connect.testing.script import Entry, FieldChange, ItemState, LinkChange, ScriptedLink
from syncer.domain.link import LinkKind

_SECURITY: Final = {"id": "10100", "name": "Confidential", "description": "Named people only"}
_IMPEDIMENT: Final = {"value": "Impediment", "id": "10019"}
_COMMENTS_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class Issues:
    """Renders the issues of a world as they stand at `now`.

    Items of containers in `elsewhere` live on another tracker: nothing here names them.
    """

    catalogue: Catalogue
    now: datetime
    children: dict[str, list[str]]
    elsewhere: frozenset[str] = frozenset()

    def issue(self, item_id: str, names: Iterable[str]) -> Json:
        """An issue with the named fields."""
        state = self._state(item_id)
        context = _Context(self, item_id, state)
        fields = {name: _FIELDS[name](context) for name in names if name in _FIELDS}
        return {
            "expand": "renderedFields,names,schema,operations,editmeta,changelog",
            "id": item_id,
            "self": self.catalogue.link(f"issue/{item_id}"),
            "key": state.key,
            "fields": {name: value for name, value in fields.items() if value is not _ABSENT},
        }

    def histories(self, item_id: str) -> list[Json]:
        """The change history, oldest first. Comments are no part of it."""
        entries = self.catalogue.world.history(item_id, self.now)
        container = self._state(item_id).container
        return [self._history(e, container) for e in entries if e.changes or e.link]

    def comments(self, item_id: str) -> list[Json]:
        """The comments, oldest first."""
        entries = self.catalogue.world.history(item_id, self.now)
        return [self._comment(item_id, entry) for entry in entries if entry.comment]

    def mention(self, item_id: str) -> Json:
        """An issue as another one shows it: parent, sub-task or linked issue."""
        state = self._state(item_id)
        return {
            "id": item_id,
            "key": state.key,
            "self": self.catalogue.link(f"issue/{item_id}"),
            "fields": {
                "summary": state.title,
                "status": self.catalogue.status(state.status),
                "priority": self.catalogue.priority(state.priority),
                "issuetype": self.catalogue.issue_type(state.type),
            },
        }

    def sees(self, item_id: str | None) -> bool:
        """Whether the account sees this item now."""
        state = self.catalogue.world.visible(item_id, self.now) if item_id is not None else None
        return state is not None and state.container not in self.elsewhere

    def _state(self, item_id: str) -> ItemState:
        state = self.catalogue.world.state(item_id, self.now)
        if state is None:
            raise KeyError(item_id)
        return state

    def key_of(self, item_id: object) -> str | None:
        """The key of an item that may not exist."""
        state = self.catalogue.world.state(str(item_id), self.now) if item_id else None
        return state.key if state else None

    def _history(self, entry: Entry, container: str) -> Json:
        items = [row for change in entry.changes for row in self._rows(change, container)]
        if entry.link is not None:
            items.append(self._link_row(entry.link))
        return {
            "id": str(50000 + entry.id),
            "author": self.catalogue.user(entry.actor),
            "created": self.catalogue.instant(entry.at),
            "items": items,
        }

    def _rows(self, change: FieldChange, container: str) -> list[Json]:
        """One change of the world as Jira's rows: one a version, one for anything else."""
        if change.field == "versions":
            return self._version_rows(change, container)
        field, field_id, kind = _HISTORY_NAMES.get(change.field, (change.field, change.field, ""))
        texts = _HISTORY_TEXTS.get(change.field, _plain_text)
        before, after = texts(self, change.before), texts(self, change.after)
        return [_row(field, field_id, kind=kind or "jira", before=before, after=after)]

    def _version_rows(self, change: FieldChange, container: str) -> list[Json]:
        before, after = _names(change.before), _names(change.after)
        ids = self.catalogue.version_id
        gone = [((ids(container, n), n), _NOTHING) for n in before if n not in after]
        new = [(_NOTHING, (ids(container, n), n)) for n in after if n not in before]
        return [
            _row("Fix Version", "fixVersions", kind="jira", before=old, after=now)
            for old, now in (*gone, *new)
        ]

    def _link_row(self, link: LinkChange) -> Json:
        _, _, outward, inward = LINK_TYPES.get(link.kind, LINK_TYPES[LinkKind.RELATES])
        key = self.key_of(link.other) or ""
        text = (key, f"This issue {inward if link.inward else outward} {key}")
        before, after = (_NOTHING, text) if link.added else (text, _NOTHING)
        row = _row("Link", "", kind="jira", before=before, after=after)
        del row["fieldId"]
        return row

    def _comment(self, item_id: str, entry: Entry) -> Json:
        author = self.catalogue.user(entry.actor)
        at = self.catalogue.instant(entry.at)
        return {
            "self": self.catalogue.link(f"issue/{item_id}/comment/{70000 + entry.id}"),
            "id": str(70000 + entry.id),
            "author": author,
            "body": document(entry.comment),
            "updateAuthor": author,
            "created": at,
            "updated": at,
            "jsdPublic": True,
        }


def document(text: str) -> Json | None:
    """A text as an Atlassian document: a paragraph a line, a bullet list for lines with "- "."""
    if not text:
        return None
    return {"type": "doc", "version": 1, "content": _blocks(text.split("\n"))}


def _blocks(lines: list[str]) -> list[Json]:
    blocks: list[Json] = []
    for line in lines:
        if not line.startswith("- "):
            blocks.append(_paragraph(line))
            continue
        if not blocks or blocks[-1]["type"] != "bulletList":
            blocks.append({"type": "bulletList", "content": []})
        blocks[-1]["content"].append({"type": "listItem", "content": [_paragraph(line[2:])]})
    return blocks


def _paragraph(line: str) -> Json:
    return {"type": "paragraph", "content": [{"type": "text", "text": line}] if line else []}


# --- history rows ---------------------------------------------------------------------------------

_Shown = tuple[str | None, str | None]
"""The raw value and the text that people read."""
_NOTHING: Final[_Shown] = (None, None)


def _row(field: str, field_id: str, *, kind: str, before: _Shown, after: _Shown) -> Json:
    return {
        "field": field,
        "fieldtype": kind,
        "fieldId": field_id,
        "from": before[0],
        "fromString": before[1],
        "to": after[0],
        "toString": after[1],
    }


def _names(value: object) -> tuple[str, ...]:
    return tuple(str(name) for name in value) if isinstance(value, tuple) else ()


def _plain_text(_issues: Issues, value: object) -> _Shown:
    return (None, None) if value is None else (None, str(value))


def _day(_issues: Issues, value: object) -> _Shown:
    if not isinstance(value, date):
        return _NOTHING
    return value.isoformat(), f"{value.isoformat()} 00:00:00.0"


def _custom_day(_issues: Issues, value: object) -> _Shown:
    return (value.isoformat(), f"{value:%d/%b/%y}") if isinstance(value, date) else _NOTHING


def _named(find: Callable[[Catalogue, str], str]) -> Callable[[Issues, object], _Shown]:
    def show(issues: Issues, value: object) -> _Shown:
        return (find(issues.catalogue, str(value)), str(value)) if value else _NOTHING

    return show


def _person(issues: Issues, value: object) -> _Shown:
    person = issues.catalogue.world.people.get(str(value))
    return (str(value), person.name if person else "Former user") if value else _NOTHING


def _parent(issues: Issues, value: object) -> _Shown:
    return (str(value), issues.key_of(value)) if value else _NOTHING


def _sprint(issues: Issues, value: object) -> _Shown:
    sprint = issues.catalogue.world.sprints.get(str(value))
    return (str(value), sprint.name) if sprint else ("", "")


def _project_shown(issues: Issues, value: object) -> _Shown:
    container = issues.catalogue.world.container_named(str(value))
    return container.id, container.name


_HISTORY_NAMES: Final[dict[str, tuple[str, str, str]]] = {
    "title": ("summary", "summary", "jira"),
    "body": ("description", "description", "jira"),
    "type": ("issuetype", "issuetype", "jira"),
    "components": ("Component", "components", "jira"),
    "sprint": ("Sprint", SPRINT_FIELD, "custom"),
    "parent": ("IssueParentAssociation", "parent", "jira"),
    "start": ("Start date", START_FIELD, "custom"),
    "due": ("duedate", "duedate", "jira"),
    "estimate": ("Story Points", STORY_POINTS_FIELD, "custom"),
    "flagged": ("Flagged", FLAGGED_FIELD, "custom"),
    "restricted": ("security", "security", "jira"),
    "key": ("Key", "issuekey", "jira"),
    "container": ("project", "project", "jira"),
}
_HISTORY_TEXTS: Final[dict[str, Callable[[Issues, object], _Shown]]] = {
    "status": _named(Catalogue.status_id),
    "type": _named(Catalogue.type_id),
    "priority": _named(Catalogue.priority_id),
    "resolution": _named(Catalogue.resolution_id),
    "assignee": _person,
    "parent": _parent,
    "sprint": _sprint,
    "due": _day,
    "start": _custom_day,
    "container": _project_shown,
    "labels": lambda _issues, value: (None, " ".join(_names(value))),
    "components": lambda _issues, value: (None, ", ".join(_names(value)) or None),
    "flagged": lambda _issues, value: ("[10019]", "Impediment") if value else ("", ""),
    "restricted": lambda _issues, value: ("10100", "Confidential") if value else _NOTHING,
}

# --- issue fields ---------------------------------------------------------------------------------


class _Absent:
    """Marks a field that Jira leaves out, such as `parent` on an issue without one."""


_ABSENT: Final = _Absent()


@dataclass(frozen=True, slots=True)
class _Context:
    issues: Issues
    item_id: str
    state: ItemState

    @property
    def catalogue(self) -> Catalogue:
        return self.issues.catalogue

    def resolved_at(self) -> str | None:
        """When the resolution was last set."""
        if self.state.resolution is None:
            return None
        entries = self.catalogue.world.history(self.item_id, self.issues.now)
        times = [e.at for e in entries if any(c.field == "resolution" for c in e.changes)]
        created = self.catalogue.world.item(self.item_id).created_at
        return self.catalogue.instant(times[-1] if times else created)

    def links(self) -> list[Json]:
        world, now = self.catalogue.world, self.issues.now
        return [self._link(link) for link in world.links(self.item_id, now) if self._sees(link)]

    def _sees(self, link: ScriptedLink) -> bool:
        return self.issues.sees(link.source) and self.issues.sees(link.target)

    def _link(self, link: ScriptedLink) -> Json:
        inward = link.target == self.item_id
        other = self.issues.mention(link.source if inward else link.target)
        number = str(90000 + int(link.id)) if link.id.isdigit() else link.id
        return {
            "id": number,
            "self": self.catalogue.link(f"issueLink/{number}"),
            "type": self.catalogue.link_type(link.kind),
            "inwardIssue" if inward else "outwardIssue": other,
        }

    def comments(self) -> Json:
        comments = self.issues.comments(self.item_id)
        return {
            "comments": comments[-_COMMENTS_SHOWN:],
            "self": self.catalogue.link(f"issue/{self.item_id}/comment"),
            "maxResults": len(comments[-_COMMENTS_SHOWN:]),
            "total": len(comments),
            "startAt": 0,
        }

    def parent(self) -> Json | _Absent:
        parent = self.state.parent
        seen = parent is not None and self.issues.sees(parent)
        return self.issues.mention(parent) if parent is not None and seen else _ABSENT

    def epic_key(self) -> str | None:
        parent = self.state.parent
        state = self.catalogue.world.visible(parent, self.issues.now) if parent else None
        if state is None or not self.issues.sees(parent):
            return None
        return state.key if self.catalogue.type(state.type).level == 1 else None

    def subtasks(self) -> list[Json]:
        children = self.issues.children.get(self.item_id, [])
        shown = [self.issues.mention(child) for child in children if self.issues.sees(child)]
        return [child for child in shown if child["fields"]["issuetype"]["subtask"]]

    def sprints(self) -> list[Json] | None:
        sprint = self.catalogue.world.sprints.get(self.state.sprint or "")
        return [self.catalogue.sprint(sprint, self.issues.now)] if sprint else None

    def components(self) -> list[Json]:
        return [{"id": str(10200 + n), "name": c} for n, c in enumerate(self.state.components)]


_FIELDS: Final[dict[str, Callable[[_Context], Any]]] = {
    "summary": lambda c: c.state.title,
    "issuetype": lambda c: c.catalogue.issue_type(c.state.type),
    "status": lambda c: c.catalogue.status(c.state.status),
    "project": lambda c: c.catalogue.project(c.catalogue.world.container_named(c.state.container)),
    "priority": lambda c: c.catalogue.priority(c.state.priority),
    "resolution": lambda c: c.catalogue.resolution(c.state.resolution),
    "resolutiondate": _Context.resolved_at,
    "created": lambda c: c.catalogue.instant(c.catalogue.world.item(c.item_id).created_at),
    "updated": lambda c: c.catalogue.instant(c.catalogue.world.updated_at(c.item_id, c.issues.now)),
    "assignee": lambda c: c.catalogue.user(c.state.assignee),
    "reporter": lambda c: c.catalogue.user(c.catalogue.world.item(c.item_id).reporter),
    "creator": lambda c: c.catalogue.user(c.catalogue.world.item(c.item_id).reporter),
    "labels": lambda c: list(c.state.labels),
    "components": _Context.components,
    "fixVersions": lambda c: c.catalogue.versions_of(
        c.state.container, c.state.versions, c.issues.now
    ),
    "description": lambda c: document(c.state.body),
    "duedate": lambda c: c.state.due.isoformat() if c.state.due else None,
    "parent": _Context.parent,
    "subtasks": _Context.subtasks,
    "issuelinks": _Context.links,
    "security": lambda c: dict(_SECURITY) if c.state.restricted else None,
    "comment": _Context.comments,
    START_FIELD: lambda c: c.state.start.isoformat() if c.state.start else None,
    STORY_POINTS_FIELD: lambda c: c.state.estimate,
    EPIC_LINK_FIELD: _Context.epic_key,
    RANK_FIELD: lambda c: f"0|{int(c.item_id) if c.item_id.isdigit() else 0:06d}:",
    SPRINT_FIELD: _Context.sprints,
    FLAGGED_FIELD: lambda c: [dict(_IMPEDIMENT)] if c.state.flagged else None,
}

ALL_FIELDS: Final = tuple(_FIELDS)
NAVIGABLE_FIELDS: Final = tuple(name for name in _FIELDS if name != "comment")
"""What `*navigable` gives, the default of a single issue being `*all`."""
