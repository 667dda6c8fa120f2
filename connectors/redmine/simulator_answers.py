"""What a simulated Redmine answers: a scripted world in Redmine's shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from pydantic import SecretStr

from connectors.redmine.mapping.links import WAITS
from syncer.clock import Clock
from syncer.connect.testing.delivery import Delivery, signature
from syncer.connect.testing.script import Entry, ItemState, Phase, ScriptedLink
from syncer.connect.testing.world import World
from syncer.domain.link import LinkKind

Json = dict[str, Any]

_REJECTED: Final = "Rejected"
_DROPPED: Final = frozenset({"Won't Do", "Duplicate", "Cancelled"})
_AT_LEAST: Final = ">="
_RELATIONS: Final = {
    LinkKind.BLOCKS: "blocks",
    LinkKind.RELATES: "relates",
    LinkKind.DUPLICATES: "duplicates",
}
_ATTRIBUTES: Final = {
    "title": "subject",
    "due": "due_date",
    "start": "start_date",
    "parent": "parent_id",
    "estimate": "estimated_hours",
}


class Answers:
    """The world as Redmine tells it at the present of a clock, of the projects `served` then."""

    def __init__(self, world: World, clock: Clock, served: Callable[[], frozenset[str]]) -> None:
        self._world = world
        self._clock = clock
        self._served = served

    def account(self, login: str) -> Json:
        """Who the key belongs to."""
        return {"user": {"id": 1, "login": login, "firstname": "Syncer", "lastname": "Bot"}}

    def statuses(self) -> Json:
        """The world's statuses, and the one of what will not be done."""
        named = [*((one.name, one.phase) for one in self._world.statuses), (_REJECTED, Phase.DONE)]
        rows = [
            {"id": number, "name": name, "is_closed": phase is Phase.DONE}
            for number, (name, phase) in enumerate(named, 1)
        ]
        return {"issue_statuses": rows}

    def priorities(self) -> Json:
        """The world's priorities, the lowest first."""
        names = reversed(self._world.priorities)
        return {"issue_priorities": [{"id": n, "name": name} for n, name in enumerate(names, 1)]}

    def projects(self) -> list[Json]:
        """Every project that lives here."""
        return [
            {"id": int(one.id), "identifier": one.key, "name": one.name, "status": 1}
            for key, one in self._world.containers.items()
            if key in self._served()
        ]

    def project(self, name: str) -> Json | None:
        """A project by identifier or number."""
        found = (one for one in self.projects() if name in (one["identifier"], str(one["id"])))
        one = next(found, None)
        return None if one is None else {"project": one}

    def versions(self, name: str) -> Json | None:
        """The versions of a project."""
        project = self.project(name)
        if project is None:
            return None
        rows = [
            {"id": int(one.id), "name": one.name, "due_date": _day(one.due), "status": "open"}
            for one in self._world.versions
            if one.container == project["project"]["identifier"]
        ]
        return {"versions": rows, "total_count": len(rows)}

    def issues(self, query: Mapping[str, str]) -> list[Json] | None:
        """The issues that the filters leave, in the order that is asked for."""
        project = self.project(query["project_id"]) if "project_id" in query else None
        if "project_id" in query and project is None:
            return None
        key = project["project"]["identifier"] if project else ""
        found = [one for one in self._visible() if self._passes(one, key, query)]
        found.sort(key=int)
        if query.get("sort", "").startswith("updated_on"):
            found.sort(key=self._updated)
        relations = "relations" in query.get("include", "")
        return [self.issue(one, whole=False, relations=relations) for one in found]

    def _passes(self, item_id: str, project: str, query: Mapping[str, str]) -> bool:
        state = self._state(item_id)
        if project and state.container != project:
            return False
        if query.get("status_id") != "*" and self._status(state)["is_closed"]:
            return False
        since = query.get("updated_on", "").removeprefix(_AT_LEAST)
        if since and self._updated(item_id) < since:
            return False
        words = [word for word in WAITS.values() if query.get(word) == "*"]
        waits = {WAITS.get(one["relation_type"]) for one in self._relations(item_id, inward=True)}
        return _has_number(item_id, query.get("issue_id", "")) and set(words) <= waits

    def issue(self, item_id: str, *, whole: bool, relations: bool = False) -> Json:
        """An issue; `whole` with what only a single one tells."""
        state, script = self._state(item_id), self._world.item(item_id)
        project = self._world.containers[state.container]
        told: Json = {
            "id": int(item_id),
            "project": {"id": int(project.id), "name": project.name},
            "tracker": self._named([one.name for one in self._world.types], state.type),
            "status": self._status(state),
            "priority": self._named([*reversed(self._world.priorities)], state.priority),
            "author": self._person(script.reporter),
            "assigned_to": self._person(state.assignee),
            "parent": {"id": int(state.parent)} if state.parent else None,
            "subject": state.title,
            "description": state.body.replace("\n", "\r\n"),
            "start_date": _day(state.start),
            "due_date": _day(state.due),
            "is_private": state.restricted,
            "estimated_hours": state.estimate,
            "custom_fields": [{"id": 1, "name": "Tags", "value": list(state.labels)}],
            "created_on": _second(script.created_at),
            "updated_on": self._updated(item_id),
        }
        told |= {"relations": self._relations(item_id)} if whole or relations else {}
        return told | ({"journals": list(self._journals(item_id))} if whole else {})

    # --- parts --------------------------------------------------------------------------------

    def _visible(self) -> Iterator[str]:
        now, served = self._clock.now(), self._served()
        for one in self._world.ids():
            state = self._world.visible(one, now)
            if state and state.container in served:
                yield one

    def _state(self, item_id: str) -> ItemState:
        state = self._world.state(item_id, self._clock.now())
        if state is None:
            raise KeyError(item_id)
        return state

    def _updated(self, item_id: str) -> str:
        """When the issue itself changed: a relation leaves it as it was."""
        entries = self._world.history(item_id, self._clock.now())
        times = [one.at for one in entries if one.changes or one.comment]
        return _second(max([self._world.item(item_id).created_at, *times]))

    def _status(self, state: ItemState) -> Json:
        rows: list[Json] = self.statuses()["issue_statuses"]
        name = _REJECTED if state.resolution in _DROPPED else state.status
        return next(row for row in rows if row["name"] == name)

    def _named(self, names: list[str], name: str | None) -> Json | None:
        return {"id": names.index(name) + 1, "name": name} if name in names else None

    def _person(self, id_: str | None) -> Json | None:
        person = self._world.people.get(id_ or "")
        if person is None:
            return None
        return {"id": list(self._world.people).index(person.id) + 1, "name": person.name}

    def _relations(self, item_id: str, *, inward: bool = False) -> list[Json]:
        standing = self._world.links(item_id, self._clock.now())
        return [
            _relation(number, link)
            for number, link in enumerate(standing, 1)
            if link.kind in _RELATIONS and (not inward or link.target == item_id)
        ]

    def _journals(self, item_id: str) -> Iterator[Json]:
        before = self._world.item(item_id).initial
        for entry in self._world.history(item_id, self._clock.now()):
            details = [*self._details(entry, before), *_of_link(entry)]
            before = entry.state
            if details or entry.comment:
                yield {
                    "id": entry.id,
                    "user": self._person(entry.actor),
                    "notes": entry.comment,
                    "created_on": _second(entry.at),
                    "details": details,
                }

    def _details(self, entry: Entry, before: ItemState) -> Iterator[Json]:
        old, new = self._status(before)["id"], self._status(entry.state)["id"]
        if old != new:
            yield _attribute("status_id", old, new)
        for change in entry.changes:
            if change.field in _ATTRIBUTES:
                yield _attribute(_ATTRIBUTES[change.field], change.before, change.after)


def signed(content: Json, *, secret: SecretStr) -> Delivery:
    """A webhook with its headers; it bears no id."""
    body = orjson.dumps(content)
    headers = {
        "Content-Type": "application/json",
        "X-Redmine-Signature-256": signature(secret, body),
    }
    return Delivery(headers=headers, body=body)


def _has_number(item_id: str, filtered: str) -> bool:
    if filtered.startswith(_AT_LEAST):
        return int(item_id) >= int(filtered.removeprefix(_AT_LEAST))
    return not filtered or item_id in filtered.split(",")


def _relation(number: int, link: ScriptedLink) -> Json:
    return {
        "id": number,
        "issue_id": int(link.source),
        "issue_to_id": int(link.target),
        "relation_type": _RELATIONS[link.kind],
        "delay": None,
    }


def _of_link(entry: Entry) -> Iterator[Json]:
    link = entry.link
    if link is None or link.kind not in _RELATIONS:
        return
    word = _RELATIONS[link.kind]
    name = WAITS.get(word, word) if link.inward else word
    old, new = (None, link.other) if link.added else (link.other, None)
    yield {"property": "relation", "name": name, "old_value": old, "new_value": new}


def _attribute(name: str, old: object, new: object) -> Json:
    texts = [None if value is None else str(value) for value in (old, new)]
    return {"property": "attr", "name": name, "old_value": texts[0], "new_value": texts[1]}


def _second(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _day(day: object) -> str | None:
    return None if day is None else str(day)
