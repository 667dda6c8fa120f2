"""What a simulated GitHub answers about repositories, issues, people, labels and milestones.

The timeline and the fields of projects lie beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from connectors.github.simulator_index import Index, Row, stamp
from connectors.github.simulator_request import Json
from syncer.connect.testing.script import Container, ItemState, Version

_COLOUR: Final = "ededed"


@dataclass(frozen=True, slots=True)
class Site:
    """Renders what an index found; `base` is the address of the API and of the pages."""

    index: Index
    base: str
    _rendered: dict[tuple[str, int], Json] = field(default_factory=dict)

    def link(self, path: str) -> str:
        """An address of the REST API."""
        return f"{self.base}/{path}"

    def user(self, person_id: str | None) -> Json | None:
        """A person as issues name them, without the display name; None for nobody."""
        if not person_id:
            return None
        person = self.index.world.people.get(person_id)
        if person is None:
            return {"login": "ghost", "id": 10137, "type": "User", "site_admin": False}
        return {
            "login": person.id,
            "id": 1000 + list(self.index.world.people).index(person.id),
            "node_id": f"U_made{person.id}",
            "url": self.link(f"users/{person.id}"),
            "html_url": f"{self.base}/{person.id}",
            "type": "Bot" if person.bot else "User",
            "site_admin": False,
        }

    def repositories(self) -> list[Container]:
        """The repositories that the account sees."""
        return [self.index.world.containers[key] for key in sorted(self.index.containers)]

    def repository(self, container: Container) -> Json:
        """A repository."""
        owner, _, name = container.key.partition("/")
        issues = [row for row in self.index.listed.get(container.key, []) if row.closed is None]
        return {
            "id": int(container.id),
            "node_id": f"R_made{container.id}",
            "name": name,
            "full_name": container.key,
            "private": True,
            "owner": {"login": owner, "id": 900, "type": "Organization"},
            "html_url": f"{self.base}/{container.key}",
            "description": container.name,
            "fork": False,
            "url": self.link(f"repos/{container.key}"),
            "archived": False,
            "disabled": False,
            "has_issues": True,
            "open_issues_count": len(issues),
            "visibility": "private",
            "default_branch": "main",
            "permissions": {"admin": False, "push": False, "triage": True, "pull": True},
        }

    def label(self, repository: str, name: str) -> Json:
        """A label."""
        return {
            "id": 600 + sum(map(ord, name)),
            "name": name,
            "color": _COLOUR,
            "default": False,
            "description": None,
            "url": self.link(f"repos/{repository}/labels/{name}"),
        }

    def labels(self, repository: str) -> list[str]:
        """The names of all labels that issues of a repository bear."""
        rows = self.index.listed.get(repository, [])
        return sorted({name for row in rows for name in self.index.labels_of(row.state)})

    def milestones(self, repository: str) -> list[Version]:
        """The milestones of a repository, in the order of their numbers."""
        return [v for v in self.index.world.versions if v.container == repository]

    def milestone(self, version: Version) -> Json:
        """A milestone; its due instant is midnight in California, which means a date."""
        number = self.milestones(version.container).index(version) + 1
        closed = version.released_at is not None and version.released_at <= self.index.now
        rows = self.index.listed.get(version.container, [])
        in_it = [row for row in rows if version.name in row.state.versions and not row.pull_of]
        return {
            "id": int(version.id),
            "number": number,
            "title": version.name,
            "description": None,
            "state": "closed" if closed else "open",
            "open_issues": sum(row.closed is None for row in in_it),
            "closed_issues": sum(row.closed is not None for row in in_it),
            "created_at": "2025-01-06T09:00:00Z",
            "updated_at": stamp(self.index.now),  # the script knows no past of a milestone
            "closed_at": stamp(version.released_at) if closed and version.released_at else None,
            "due_on": f"{version.due.isoformat()}T08:00:00Z" if version.due else None,
            "html_url": f"{self.base}/{version.container}/milestone/{number}",
            "url": self.link(f"repos/{version.container}/milestones/{number}"),
        }

    def milestone_of(self, state: ItemState) -> Json | None:
        """The milestone of an issue, which has one at most."""
        found = (v for v in self.milestones(state.container) if v.name in state.versions)
        return next(map(self.milestone, found), None)

    def issue(self, row: Row) -> Json:
        """An issue or pull request, as listings and single answers show it."""
        key = (row.repository, row.number)
        if key not in self._rendered:
            self._rendered[key] = self._issue(row)
        return self._rendered[key]

    def _issue(self, row: Row) -> Json:
        address = self.link(f"repos/{row.repository}/issues/{row.number}")
        state, assignee = row.state, self.user(row.state.assignee)
        shown: Json = {
            "url": address,
            "repository_url": self.link(f"repos/{row.repository}"),
            "comments_url": f"{address}/comments",
            "timeline_url": f"{address}/timeline",
            "html_url": self.html_url(row),
            "id": row.id,
            "node_id": row.node_id,
            "number": row.number,
            "title": state.title,
            "user": self.user(self.index.world.item(row.item_id).reporter),
            "labels": [self.label(row.repository, name) for name in self.index.labels_of(state)],
            "state": "closed" if row.closed else "open",
            "state_reason": self.index.reason(row),
            "locked": False,
            "assignee": assignee,
            "assignees": [assignee] if assignee else [],
            "milestone": self.milestone_of(state),
            "comments": sum(
                bool(e.comment) for e in self.index.world.history(row.item_id, self.index.now)
            ),
            "created_at": stamp(row.created),
            "updated_at": stamp(row.updated),
            "closed_at": stamp(row.closed) if row.closed else None,
            "author_association": "MEMBER",
            "body": self.body(row) or None,
        }
        return shown | (self._of_pull(row) if row.pull_of else self._of_issue(row))

    def _of_issue(self, row: Row) -> Json:
        """What only issues have: a type, a parent, and the counts of children and blockers."""
        parent = self.index.parent(row)
        children = self.index.sub_issues(row)
        closed = sum(child.closed is not None for child in children)
        by, others = (self.index.known(ids) for ids in self.index.blockers(row.item_id))
        return {
            "type": self.type(row.state.type),
            "parent_issue_url": self.issue_url(parent) if parent else None,
            "sub_issues_summary": {
                "total": len(children),
                "completed": closed,
                "percent_completed": 100 * closed // max(len(children), 1),
            },
            "issue_dependencies_summary": {
                "blocked_by": sum(one.closed is None for one in by),
                "total_blocked_by": len(by),
                "blocking": sum(one.closed is None for one in others),
                "total_blocking": len(others),
            },
        }

    def _of_pull(self, row: Row) -> Json:
        address = self.link(f"repos/{row.repository}/pulls/{row.number}")
        return {"draft": False, "pull_request": {"url": address, "html_url": self.html_url(row)}}

    def type(self, name: str) -> Json:
        """An organisation's issue type."""
        number = 300 + sum(map(ord, name))
        return {"id": number, "node_id": f"IT_made{number}", "name": name, "is_enabled": True}

    def issue_url(self, row: Row) -> str:
        """The address of an issue in the REST API."""
        return self.link(f"repos/{row.repository}/issues/{row.number}")

    def html_url(self, row: Row) -> str:
        """The address at which people see an issue or pull request."""
        page = "pull" if row.pull_of else "issues"
        return f"{self.base}/{row.repository}/{page}/{row.number}"

    def _foreign_parent(self, row: Row) -> tuple[str, ...]:
        parent = row.state.parent
        return (parent,) if parent and self.index.is_foreign(parent) else ()

    def body(self, row: Row) -> str:
        """The description; ties to items of other trackers are lines of it."""
        if row.pull_of:
            return f"Closes #{row.pull_of}"
        if self.index.manner.foreign_url is None:
            return row.state.body
        by, others = self.index.blockers(row.item_id)
        lines = [f"{words} {self.index.manner.foreign_url(one)}" for words, one in (
            *(("Blocked by", one) for one in by if self.index.is_foreign(one)),
            *(("Blocks", one) for one in others if self.index.is_foreign(one)),
            *(("Contributes to", one) for one in self._foreign_parent(row)),
        )]  # fmt: skip
        return "\n\n".join(filter(None, (row.state.body, "\n".join(lines))))
