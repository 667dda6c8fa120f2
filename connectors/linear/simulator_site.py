"""What a simulated Linear answers about issues, projects, initiatives and people."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from connectors.linear.mapping.site import Kind
from connectors.linear.simulator_history import entries, state_id
from connectors.linear.simulator_index import Index, Row, made_id, stamp
from syncer.connect.testing.script import Container, ItemState, Phase, ScriptedLink, Version
from syncer.domain.link import LinkKind

Json = dict[str, Any]

_TYPES: Final = {LinkKind.BLOCKS: "blocks", LinkKind.DUPLICATES: "duplicate"}
_INITIATIVES: Final = {
    Phase.TODO: "Planned",
    Phase.PROGRESS: "Active",
    Phase.WAITING: "Active",
    Phase.DONE: "Completed",
}
WORKSPACE: Final = "acme"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What somebody wrote about a project or initiative: `onTrack`, `atRisk` or `offTrack`."""

    at: datetime
    actor: str
    health: str
    body: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Renders what an index found; `base` is the address of the pages.

    `reports` are what was written about items by id, which no script of a world knows, as no
    script knows the `resolutions` of dates: month, quarter, halfYear, year.
    """

    index: Index
    base: str
    reports: Mapping[str, Sequence[Report]] = field(default_factory=dict)
    resolutions: Mapping[str, str] = field(default_factory=dict)
    foreign_url: Callable[[str], str] | None = None
    private: Collection[str] = ()
    _nodes: dict[str, Json] = field(default_factory=dict)

    # --- people, teams and what has a name ----------------------------------------------------

    def user(self, person_id: str | None) -> Json | None:
        """A person; None for nobody."""
        if not person_id:
            return None
        person = self.index.world.people.get(person_id)
        return {
            "id": made_id("user", person_id),
            "name": person.name if person else person_id,
            "displayName": person_id,
            "app": bool(person and person.bot),
        }

    def users(self) -> list[Json]:
        """Everybody of whom the world speaks."""
        names = set(self.index.world.people)
        for row in self.index.rows.values():
            states = [row.state, *(entry.state for entry in self.index.history(row))]
            names |= {one.assignee for one in states if one.assignee}
            names |= {entry.actor for entry in self.index.history(row) if entry.actor}
        return [user for name in sorted(names) if (user := self.user(name))]

    def team(self, container: Container) -> Json:
        """A team."""
        return {
            "id": container.id,
            "key": container.key,
            "name": container.name,
            "timezone": "Europe/Berlin",
            "visibility": "private" if container.key in self.private else "public",
        }

    def teams(self) -> list[Json]:
        """The teams that the account sees."""
        keys = sorted(self.index.containers)
        return [self.team(self.index.world.containers[key]) for key in keys]

    def states(self) -> list[Json]:
        """Every status that an item has or had."""
        return list({one["id"]: one for one in self._states()}.values())

    def _states(self) -> Iterator[Json]:
        for row in self.index.of_kind(Kind.ISSUE):
            first = self.index.world.item(row.id).initial
            for state in (first, *(entry.state for entry in self.index.history(row))):
                yield self._state(state)

    def _state(self, state: ItemState) -> Json:
        name, type_ = self.index.status(state)
        return {"id": state_id(self.index, state), "name": name, "type": type_}

    def labels(self) -> list[Json]:
        """Every label that an item bears or bore."""
        titles: set[str] = set()
        for row in self.index.rows.values():
            states = [row.state, *(entry.state for entry in self.index.history(row))]
            states.append(self.index.world.item(row.id).initial)
            titles |= {title for state in states for title in self.index.labels(state)}
        return [_label(title) for title in sorted(titles)]

    # --- items --------------------------------------------------------------------------------

    def page(self, row: Row) -> str:
        """The address at which people see an item."""
        if row.kind is Kind.ISSUE:
            return f"{self.base}/{WORKSPACE}/issue/{row.state.key}/made-up"
        return f"{self.base}/{WORKSPACE}/{row.kind}/made-up-{slug(row)}"

    def node(self, row: Row) -> Json:
        """An item as GraphQL knows it."""
        if row.id not in self._nodes:
            made = self._issue(row) if row.kind is Kind.ISSUE else self._project(row)
            self._nodes[row.id] = self._shared(row) | made
        return self._nodes[row.id]

    def _shared(self, row: Row) -> Json:
        return {
            "id": row.id,
            "description": row.state.body,
            "url": self.page(row),
            "priority": self.index.priority(row.state),
            "createdAt": stamp(row.created),
            "updatedAt": stamp(row.updated),
            "completedAt": stamp(row.completed) if row.completed else None,
            "trashed": True if row.trashed else None,
            "creator": self.user(self.index.world.item(row.id).reporter),
            "labels": [_label(title) for title in self.index.labels(row.state)],
            "lastUpdate": self._report(row),
        }

    def _issue(self, row: Row) -> Json:
        state, parent = row.state, self.index.parent(row)
        return {
            "identifier": state.key,
            "title": state.title,
            "estimate": state.estimate,
            "dueDate": state.due.isoformat() if state.due else None,
            "state": self._state(state),
            "team": self.team(self.index.world.container_named(state.container)),
            "assignee": self.user(state.assignee),
            "parent": _named(parent) if parent and parent.kind is Kind.ISSUE else None,
            "project": _named(parent) if parent and parent.kind is Kind.PROJECT else None,
            "projectMilestone": self._milestone(row),
            "cycle": self._cycle(state.sprint),
            "attachments": list(self._attachments(row)),
            "comments": list(self._comments(row)),
            "relations": list(self._relations(row, inverse=False)),
            "inverseRelations": list(self._relations(row, inverse=True)),
            "history": entries(self.index, row),
        }

    def _project(self, row: Row) -> Json:
        state, parent = row.state, self.index.parent(row)
        started = next(
            (e.at for e in self.index.history(row) if self.index.phase(e.state) is not Phase.TODO),
            None,
        )
        name, type_ = self.index.status(state)
        phase = self.index.phase(state)
        below = [one for one in self.index.of_kind(Kind.INITIATIVE) if one.state.parent == row.id]
        told = {
            "slugId": slug(row),
            "name": state.title,
            "content": None,
            "startDate": state.start.isoformat() if state.start else None,
            "startDateResolution": None,
            "targetDate": state.due.isoformat() if state.due else None,
            "targetDateResolution": self.resolutions.get(row.id),
            "startedAt": stamp(started) if started else None,
            "lead": self.user(state.assignee),
            "owner": self.user(state.assignee),
            "initiatives": [_named(parent)] if parent else [],
            "parentInitiative": _named(parent) if parent else None,
            "subInitiatives": [_named(one) for one in below],
            "projectMilestones": [],
            "relations": list(self._relations(row, inverse=False)),
            "inverseRelations": list(self._relations(row, inverse=True)),
        }
        planned = "planned" if type_ == "unstarted" else type_
        status = {"name": name, "type": "paused" if phase is Phase.WAITING else planned}
        return told | {"status": status if row.kind is Kind.PROJECT else _INITIATIVES[phase]}

    def _report(self, row: Row) -> Json | None:
        said = self.reports.get(row.id, ())
        if not said:
            return None
        last = said[-1]
        return {
            "id": f"update-{row.id}-{len(said)}",
            "body": last.body,
            "health": last.health,
            "createdAt": stamp(last.at),
            "user": self.user(last.actor),
        }

    def _milestone(self, row: Row) -> Json | None:
        names = row.state.versions[:1]
        found = (one for one in self.index.world.versions if (one.name,) == names)
        version: Version | None = next(found, None)
        if version is None:
            return None
        closed = version.released_at is not None and version.released_at <= self.index.now
        return {
            "id": version.id,
            "name": version.name,
            "targetDate": version.due.isoformat() if version.due else None,
            "status": "done" if closed else "unstarted",
        }

    def _cycle(self, sprint_id: str | None) -> Json | None:
        sprint = self.index.world.sprints.get(sprint_id or "")
        if sprint is None:
            return None
        ended = sprint.end <= self.index.now
        return {
            "id": sprint.id,
            "number": 1,
            "name": sprint.name,
            "endsAt": stamp(sprint.end),
            "completedAt": stamp(sprint.end) if ended else None,
        }

    def _comments(self, row: Row) -> Iterator[Json]:
        for entry in reversed(self.index.history(row)):
            if entry.comment:
                id_ = f"comment-{entry.id}"
                yield {"id": id_, "createdAt": stamp(entry.at), "user": self.user(entry.actor)}

    # --- links --------------------------------------------------------------------------------

    def _links(self, row: Row) -> tuple[ScriptedLink, ...]:
        return self.index.world.links(row.id, self.index.now)

    def _relations(self, row: Row, *, inverse: bool) -> Iterator[Json]:
        """The relations with items of the same sort; a project's run from its end to a start."""
        for link in self._links(row):
            inward = link.target == row.id
            other = self.index.rows.get(link.source if inward else link.target)
            if other is None or inward is not inverse or other.kind is not row.kind:
                continue
            issue = row.kind is Kind.ISSUE
            yield {
                "id": f"relation-{link.id}",
                "type": _TYPES.get(link.kind, "related") if issue else "dependency",
                "anchorType": "end",
                "relatedAnchorType": "start",
                "createdAt": stamp(link.created_at),
                ("issue" if issue else "project"): _named(other if inverse else row),
                ("relatedIssue" if issue else "relatedProject"): _named(row if inverse else other),
            }

    def _attachments(self, row: Row) -> Iterator[Json]:
        """Links to what lives on other trackers."""
        for link in self._links(row):
            inward = link.target == row.id
            other = link.source if inward else link.target
            state = self.index.world.visible(other, self.index.now)
            if state is None or state.container in self.index.containers or not self.foreign_url:
                continue
            words = "Blocked by" if inward else "Blocks"
            title = words if link.kind is LinkKind.BLOCKS else "See"
            yield {
                "id": f"attachment-{link.id}",
                "title": f"{title} {state.key}",
                "url": self.foreign_url(other),
            }


def slug(row: Row) -> str:
    """The end of the address of a project or initiative."""
    return f"{row.id}a0"


def _named(row: Row) -> Json:
    return {"id": row.id, "identifier": row.state.key, "slugId": slug(row)}


def _label(title: str) -> Json:
    return {"id": made_id("label", title), "name": title}
