"""What a simulated GitLab answers about items, people, labels and milestones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.gitlab.simulator_index import Index, Row, stamp, stamp_ms
from connectors.gitlab.simulator_notes import Health, Moment, health_notes, label_number, moments
from syncer.connect.testing.script import Container, Sprint, Version
from syncer.domain.link import LinkKind

Json = dict[str, Any]

_GID: Final = "gid://gitlab/"
_WORDS: Final = {(LinkKind.BLOCKS, False): "blocks", (LinkKind.BLOCKS, True): "is_blocked_by"}
_EPIC_IDS: Final = 500
"""How far the id of an epic is from that of its work item."""


@dataclass(frozen=True, slots=True)
class Site:
    """Renders what an index found; `base` is the address of the pages.

    `health` is what was said of the health of items by id, which no script of a world knows.
    """

    index: Index
    base: str
    health: Mapping[str, Sequence[Health]] = field(default_factory=dict)
    _nodes: dict[int, Json] = field(default_factory=dict)

    # --- people and containers ----------------------------------------------------------------

    def user(self, person_id: str | None) -> Json | None:
        """A person; None for nobody."""
        if not person_id:
            return None
        person = self.index.world.people.get(person_id)
        name = person.name if person else person_id
        return {"username": person_id, "name": name, "bot": bool(person and person.bot)}

    def project(self, container: Container) -> Json:
        """A project."""
        return {
            "id": int(container.id),
            "path_with_namespace": container.key,
            "name": container.name,
            "name_with_namespace": container.name,
            "web_url": f"{self.base}/{container.key}",
            "archived": False,
            "issues_access_level": "enabled",
            "visibility": "private",
        }

    def group(self, container: Container) -> Json:
        """A group."""
        return {
            "id": int(container.id),
            "full_path": container.key,
            "full_name": container.name,
            "web_url": f"{self.base}/groups/{container.key}",
        }

    def containers(self, *, groups: bool) -> list[Container]:
        """The projects or the groups that the account sees."""
        keys = sorted(self.index.containers)
        wanted = [key for key in keys if self.index.is_group(key) is groups]
        return [self.index.world.containers[key] for key in wanted]

    def labels(self, path: str) -> list[str]:
        """The titles of all labels that items of a container bear or have borne."""
        titles: set[str] = set()
        for row in self.index.listed.get(path, []):
            states = [row.state, *(entry.state for entry in self.index.history(row))]
            titles |= {title for state in states for title in self.index.labels_of(state)}
        return sorted(titles)

    # --- items --------------------------------------------------------------------------------

    def page(self, row: Row) -> str:
        """The address at which people see an item."""
        return f"{self.base}/{row.place.page}"

    def node(self, row: Row) -> Json:
        """A work item as GraphQL knows it."""
        if row.id not in self._nodes:
            self._nodes[row.id] = self._made(row)
        return self._nodes[row.id]

    def _made(self, row: Row) -> Json:
        state, moved = row.state, self.index.by_id.get(row.moved_to)
        return {
            "__typename": "WorkItem",
            "__cursor": row.cursor,
            "id": f"{_GID}WorkItem/{row.id}",
            "iid": str(row.place.number),
            "title": state.title,
            "description": state.body,
            "state": "CLOSED" if row.closed else "OPEN",
            "createdAt": stamp(row.created),
            "updatedAt": stamp(row.updated),
            "closedAt": stamp(row.closed) if row.closed else None,
            "webUrl": self.page(row),
            "confidential": state.restricted,
            "reference": row.place.locator,
            "author": self.user(self.index.world.item(row.item_id).reporter),
            "namespace": {"fullPath": row.place.path},
            "workItemType": {"name": self.index.type_name(row)},
            "movedToWorkItemUrl": self._moved_page(row, moved),
            "duplicatedToWorkItemUrl": None,
            "promotedToEpicUrl": None,
            "widgets": [
                {"__typename": f"WorkItemWidget{name}", **fields}
                for name, fields in self._widgets(row)
            ],
        }

    def _moved_page(self, row: Row, moved: Row | None) -> str | None:
        """Where an item has gone; of one out of sight GitLab does not tell it."""
        return self.page(moved) if row.moved_to and moved else None

    def _widgets(self, row: Row) -> Iterator[tuple[str, Json]]:
        index, state = self.index, row.state
        assignee = self.user(state.assignee)
        yield "Assignees", {"assignees": [assignee] if assignee else []}
        labels = [
            {"id": f"{_GID}GroupLabel/{label_number(one)}", "title": one}
            for one in index.labels_of(state)
        ]
        yield "Labels", {"labels": labels}
        yield "Milestone", {"milestone": self.milestone(row)}
        yield "Iteration", {"iteration": self.iteration(state.sprint)}
        yield "Weight", {"weight": None if state.estimate is None else int(state.estimate)}
        yield "HealthStatus", {"healthStatus": self.health_of(row)}
        status = {"name": state.status, "category": index.category(state)}
        yield "Status", {"status": status}
        dates = {
            "startDate": state.start.isoformat() if state.start else None,
            "dueDate": state.due.isoformat() if state.due else None,
        }
        yield "StartAndDueDate", dates | {"isFixed": True, "rollUp": row.place.in_group}
        yield "Hierarchy", self._hierarchy(row)
        yield "LinkedItems", {"linkedItems": list(self._linked(row))}
        yield "Notes", {"discussions": lambda arguments: self._discussions(row, arguments)}

    def _hierarchy(self, row: Row) -> Json:
        parent = self.index.parent(row)
        children = [
            self.index.rows[one]
            for one in self.index.children.get(row.item_id, ())
            if one in self.index.rows
        ]
        types = sorted({self.index.type_name(one) for one in children})
        counts = [
            {
                "workItemType": {"name": name},
                "countsByState": {
                    "all": sum(self.index.type_name(one) == name for one in children)
                },
            }
            for name in types
        ]
        shown = self.node_of_neighbour(parent) if parent else None
        return {"parent": shown, "rolledUpCountsByType": counts}

    def node_of_neighbour(self, row: Row) -> Json:
        """Another item, as links and parents show it."""
        return {
            "__typename": "WorkItem",
            "id": f"{_GID}WorkItem/{row.id}",
            "iid": str(row.place.number),
            "webUrl": self.page(row),
        }

    def linked(self, row: Row) -> Iterator[tuple[str, Row, str]]:
        """The links of an item: what it does to which other, and since when."""
        for link in self.index.world.links(row.item_id, self.index.now):
            inward = link.target == row.item_id
            other = self.index.rows.get(link.source if inward else link.target)
            if other is not None:
                word = _WORDS.get((link.kind, inward), "relates_to")
                yield word, other, stamp(link.created_at)

    def _linked(self, row: Row) -> Iterator[Json]:
        for word, other, since in self.linked(row):
            shown = self.node_of_neighbour(other)
            yield {"linkType": word, "linkCreatedAt": since, "workItem": shown}

    def _discussions(self, row: Row, arguments: Json) -> list[Json]:
        system = arguments.get("filter") != "ONLY_COMMENTS"
        return [
            {"__cursor": f"{one.id:020}", "notes": [self._note(one)]}
            for one in self.moments(row)
            if one.system is system
        ]

    def _note(self, one: Moment) -> Json:
        return {
            "id": f"{_GID}Note/{one.id}",
            "body": one.body,
            "createdAt": stamp(one.at),
            "author": self.user(one.actor),
        }

    # --- milestones and iterations ------------------------------------------------------------

    def version(self, row: Row) -> Version | None:
        """The milestone of an item."""
        names = row.state.versions[:1]
        return next((one for one in self.index.world.versions if (one.name,) == names), None)

    def milestone(self, row: Row) -> Json | None:
        """The milestone of an item as GraphQL shows it."""
        version = self.version(row)
        if version is None:
            return None
        closed = version.released_at is not None and version.released_at <= self.index.now
        return {
            "id": f"{_GID}Milestone/{version.id}",
            "iid": version.id,
            "title": version.name,
            "state": "closed" if closed else "active",
            "dueDate": version.due.isoformat() if version.due else None,
        }

    def iteration(self, sprint_id: str | None) -> Json | None:
        """An iteration as GraphQL shows it."""
        sprint = self.index.world.sprints.get(sprint_id or "")
        if sprint is None:
            return None
        return {
            "id": f"{_GID}Iteration/{sprint.id}",
            "title": sprint.name,
            "state": self._state_of(sprint),
            "startDate": sprint.start.date().isoformat(),
            "dueDate": sprint.end.date().isoformat(),
        }

    def _state_of(self, sprint: Sprint) -> str:
        if sprint.end <= self.index.now:
            return "closed"
        return "current" if sprint.start <= self.index.now else "upcoming"

    def health_of(self, row: Row) -> str | None:
        """What was last said of an item's health."""
        said = self.health.get(row.item_id, ())
        return said[-1].value if said else None

    def moments(self, row: Row) -> list[Moment]:
        """Everything that happened to an item, its health included, oldest first."""
        said = health_notes(self.health.get(row.item_id, ()))
        return sorted((*moments(self.index, row), *said), key=lambda one: one.at)

    def epic_id(self, row: Row) -> int:
        """The id of an epic itself, which REST knows beside that of its work item."""
        return row.id + _EPIC_IDS

    def rest_time(self, row: Row) -> str:
        """When an item last changed, as REST tells it."""
        return stamp_ms(row.updated)
