"""What a simulated organisation answers about items, updates, projects and people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any, Final
from urllib.parse import quote

from connectors.azure_devops.simulator_index import (
    PARENT,
    TYPES,
    Index,
    Revision,
    rel_of,
    stamp,
)
from syncer.connect.testing.script import Container, Entry, ItemState, ScriptedLink

Json = dict[str, Any]

_FAR_FUTURE: Final = "9999-01-01T00:00:00Z"
_PRIORITIES: Final = {"Highest": 1, "High": 1, "Medium": 2, "Low": 3, "Lowest": 4}
_DATED: Final = "{}T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Site:
    """Renders what an index found; `base` is the organisation's address.

    `foreign_url` gives the address of an item that lives on another tracker: to such a one leads a
    hyperlink.
    """

    index: Index
    base: str
    foreign_url: Callable[[str], str] | None = None
    _shown: dict[tuple[str, int], Json] = field(default_factory=dict)

    # --- people and projects ------------------------------------------------------------------

    def person(self, person_id: str | None) -> Json | None:
        """A person; None for nobody."""
        if not person_id:
            return None
        known = self.index.world.people.get(person_id)
        sort = "svc" if known and known.bot else "aad"
        return {
            "displayName": known.name if known else person_id,
            "id": f"00000000-0000-4000-8000-{abs(hash(person_id)) % 10**12:012}",
            "uniqueName": person_id,
            "descriptor": f"{sort}.{person_id}",
        }

    def projects(self) -> list[Container]:
        """The projects that the account sees."""
        return [self.index.world.containers[key] for key in sorted(self.index.projects)]

    def project(self, container: Container) -> Json:
        """A project."""
        id_ = f"10000000-0000-4000-8000-{int(container.id):012}"
        return {"id": id_, "name": container.key, "state": "wellFormed", "visibility": "private"}

    def types(self) -> list[Json]:
        """The work item types of any project, with their states."""
        world = self.index.world
        states = [
            {"name": one.name, "color": "b2b2b2", "category": self.index.category(one.name)}
            for one in world.statuses
        ]
        names = dict.fromkeys(TYPES.get(one.name, one.name) for one in world.types)
        return [{"name": name, "referenceName": name, "states": states} for name in names]

    def nodes(self, project: str) -> list[Json]:
        """The roots of a project's areas and iterations."""
        sprints = [
            {
                "name": one.name,
                "structureType": "iteration",
                "attributes": {
                    "startDate": _DATED.format(one.start.date()),
                    "finishDate": _DATED.format(one.end.date()),
                },
            }
            for one in self.index.world.sprints.values()
        ]
        return [
            {"name": project, "structureType": "area", "children": []},
            {"name": project, "structureType": "iteration", "children": sprints},
        ]

    # --- items --------------------------------------------------------------------------------

    def page(self, item_id: str) -> str:
        """The address at which people see an item."""
        project = quote(self.index.state(item_id).container, safe="")
        return f"{self.base}/{project}/_workitems/edit/{item_id}"

    def address(self, item_id: str) -> str:
        """The address of an item in the API."""
        return f"{self.base}/_apis/wit/workItems/{item_id}"

    def item(self, item_id: str) -> Json:
        """A work item with its relations."""
        shown = {
            "id": int(item_id),
            "rev": self.index.latest(item_id).number,
            "fields": self._now(item_id),
            "relations": [*self._parents(item_id), *self._relations(item_id)],
            "url": self.address(item_id),
        }
        return shown if shown["relations"] else {k: v for k, v in shown.items() if k != "relations"}

    def _now(self, item_id: str) -> Json:
        """The fields now: silent changes (a renamed project) show in them without a revision."""
        last = self.index.latest(item_id)
        return self._fields(item_id, replace(last, state=self.index.state(item_id)))

    def fields_at(self, item_id: str, revision: Revision) -> Json:
        """The fields of an item as a revision left them."""
        key = (item_id, revision.update)
        if key not in self._shown:
            self._shown[key] = self._fields(item_id, revision)
        return self._shown[key]

    def _fields(self, item_id: str, revision: Revision) -> Json:
        state, item = revision.state, self.index.world.item(item_id)
        past = [one for one in self.index.pasts[item_id] if one.update <= revision.update]
        closed = self.index.closed_at(past)
        told = {
            "System.Id": int(item_id),
            "System.Rev": revision.number,
            "System.TeamProject": state.container,
            "System.AreaPath": "\\".join((state.container, *state.components[:1])),
            "System.WorkItemType": TYPES.get(state.type, state.type),
            "System.State": state.status,
            "System.Reason": state.resolution or f"Moved to state {state.status}",
            "System.Title": state.title,
            "System.Description": _html(state.body),
            "System.Tags": "; ".join(state.labels),
            "System.AssignedTo": self.person(state.assignee),
            "System.CreatedBy": self.person(item.reporter),
            "System.CreatedDate": stamp(item.created_at),
            "System.ChangedBy": self.person(revision.actor),
            "System.ChangedDate": stamp(revision.at),
            "Microsoft.VSTS.Common.ClosedDate": stamp(closed) if closed else None,
            "Microsoft.VSTS.Common.ActivatedDate": self._activated(past),
            "System.IsDeleted": True if state.deleted else None,
        }
        told |= self._planned(state)
        return {name: value for name, value in told.items() if value not in (None, "")}

    def _activated(self, past: list[Revision]) -> str | None:
        """When the item was last taken up."""
        begun = (one.at for one in reversed(past) if self._is_active(one))
        at = next(begun, None)
        return stamp(at) if at else None

    def _is_active(self, one: Revision) -> bool:
        return self.index.category(one.state.status) == "InProgress"

    def _planned(self, state: ItemState) -> Json:
        sprint = self.index.world.sprints.get(state.sprint or "")
        path = (state.container, *([sprint.name] if sprint else []))
        return {
            "System.IterationPath": "\\".join(path),
            "System.IterationId": int(sprint.id) if sprint else 1,
            "System.Parent": int(state.parent or 0) if self._is_here(state.parent) else None,
            "Microsoft.VSTS.Common.Priority": _PRIORITIES.get(state.priority or ""),
            "Microsoft.VSTS.CMMI.Blocked": "Yes" if state.flagged else None,
            "Microsoft.VSTS.Scheduling.StoryPoints": state.estimate,
            "Microsoft.VSTS.Scheduling.StartDate": state.start and _DATED.format(state.start),
            "Microsoft.VSTS.Scheduling.TargetDate": state.due and _DATED.format(state.due),
        }

    def _is_here(self, item_id: str | None) -> bool:
        return bool(item_id) and item_id in self.index.pasts

    # --- relations ----------------------------------------------------------------------------

    def _parents(self, item_id: str) -> Iterator[Json]:
        yield from self._parent(self.index.state(item_id).parent)

    def _parent(self, parent: str | None) -> Iterator[Json]:
        if parent and self._is_here(parent):
            yield self._relation(PARENT, parent, "Parent")

    def _relations(self, item_id: str) -> Iterator[Json]:
        for link in self.index.world.links(item_id, self.index.now):
            inward = link.target == item_id
            other = link.source if inward else link.target
            if self._is_here(other):
                yield self._relation(rel_of(link.kind, inward=inward), other, link=link)
            elif self.foreign_url is not None:
                yield self._hyperlink(other, link, inward=inward)

    def _relation(
        self, rel: str, other: str, name: str = "", *, link: ScriptedLink | None = None
    ) -> Json:
        attributes: Json = {"isLocked": False, "name": name or rel.rpartition(".")[2]}
        if link is not None:
            attributes["resourceCreatedDate"] = stamp(link.created_at)
        return {"rel": rel, "url": self.address(other), "attributes": attributes}

    def _hyperlink(self, other: str, link: ScriptedLink, *, inward: bool) -> Json:
        words = {"blocks": ("Blocks", "Blocked by")}.get(link.kind.value, ("", ""))
        return {
            "rel": "Hyperlink",
            "url": self.foreign_url(other) if self.foreign_url else "",
            "attributes": {
                "comment": words[inward],
                "resourceCreatedDate": stamp(link.created_at),
            },
        }

    # --- updates ------------------------------------------------------------------------------

    def updates(self, item_id: str) -> list[Json]:
        """The history of an item, oldest first."""
        past = self.index.pasts[item_id]
        before: Json = {}
        found = []
        for place, one in enumerate(past):
            after = self.fields_at(item_id, one)
            following = past[place + 1].at if place + 1 < len(past) else None
            found.append(
                {
                    "id": one.update,
                    "workItemId": int(item_id),
                    "rev": one.number,
                    "revisedBy": self.person(one.actor),
                    "revisedDate": stamp(following) if following else _FAR_FUTURE,
                    **_altered(one, before, after),
                    **self._relations_changed(one),
                }
            )
            before = after
        return found

    def _relations_changed(self, one: Revision) -> Json:
        if one.entry is not None:
            return self._of_entry(one.entry)
        added = list(self._parent(one.state.parent))
        return {"relations": {"added": added}} if added else {}

    def _of_entry(self, entry: Entry) -> Json:
        added: list[Json] = []
        removed: list[Json] = []
        for change in entry.changes:
            if change.field == "parent":
                removed += self._parent(_text(change.before))
                added += self._parent(_text(change.after))
        link = entry.link
        if link is not None and self._is_here(link.other):
            relation = self._relation(rel_of(link.kind, inward=link.inward), link.other)
            (added if link.added else removed).append(relation)
        told = {"added": added, "removed": removed}
        changed = {name: rows for name, rows in told.items() if rows}
        return {"relations": changed} if changed else {}


def _altered(one: Revision, before: Json, after: Json) -> Json:
    """The fields that a revision altered, before and after."""
    fields = {
        name: _pair(before.get(name), after.get(name))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    }
    if one.entry is not None and one.entry.comment:
        fields["System.History"] = {"newValue": _html(one.entry.comment)}
    return {"fields": fields} if fields else {}


def _html(text: str) -> str:
    """Plain text as the editor stores it; what is empty is not stored at all."""
    lines = text.replace("\r\n", "\n").split("\n")
    return f"<div>{'<br>'.join(escape(line) for line in lines)}</div>" if text else ""


def _pair(before: object, after: object) -> Json:
    told = {"oldValue": before, "newValue": after}
    return {name: value for name, value in told.items() if value is not None}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
