"""The GraphQL API of a simulated GitHub: no parser, but the answers to the queries that we send.

It understands `viewer`, a repository's projects with their status updates, and its issues by number
under aliases, whose details it answers with more fields than were asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from connectors.github.simulator_index import Row, stamp
from connectors.github.simulator_projects import ROADMAP, Reports
from connectors.github.simulator_request import Json, Refusal, Request
from connectors.github.simulator_site import Site
from connectors.github.simulator_timeline import BOARD_STATUS, Moment, moments
from syncer.connect.testing.script import Sprint

_ALIAS: Final = re.compile(r"(\w+):\s*issue\(number:\s*(\d+)\)")
_FIRST_EVENTS: Final = re.compile(r"timelineItems\(first:\s*(\d+)")
_MOST_NODES: Final = 50
_NO_PROJECTS: Final = {
    "type": "INSUFFICIENT_SCOPES",
    "locations": [{"line": 1, "column": 1}],
    "message": "Your token has not been granted the required scopes: ['read:project'].",
}


def answer(site: Site, request: Request, *, login: str, projects: bool, reports: Reports) -> Json:
    """The answer to one query, `data` and `errors` as GraphQL has them.

    Without `projects` the token lacks the scope for them.
    """
    query, variables = _asked(request)
    if "project" in query.casefold() and not projects:
        return {"data": None, "errors": [_NO_PROJECTS]}
    data: Json = {"viewer": {"login": login}} if "viewer" in query else {}
    errors: list[Json] = []
    if "repository(" in query:
        name = f"{variables.get('owner')}/{variables.get('name')}"
        data["repository"], errors = _repository(site, query, name, reports=reports)
    return {"data": data, **({"errors": errors} if errors else {})}


def _asked(request: Request) -> tuple[str, Mapping[str, Any]]:
    body = request.body
    if not isinstance(body, dict) or not isinstance(body.get("query"), str):
        raise Refusal(400, "A query attribute must be specified and must be a string.")
    return body["query"], body.get("variables") or {}


def _repository(
    site: Site, query: str, name: str, *, reports: Reports
) -> tuple[Json | None, list[Json]]:
    """What a query asks of a repository, and what could not be told."""
    served = {key.casefold() for key in site.index.containers}
    if name.casefold() not in served:
        return None, [_error(["repository"], f"Could not resolve to a Repository named '{name}'.")]
    if "projectsV2" in query:
        return {"projectsV2": {"nodes": reports.projects(site, name)}}, []
    rows = {
        alias: site.index.by_place.get((name.casefold(), int(number)))
        for alias, number in _ALIAS.findall(query)
    }
    shown = {
        alias: _Issue(site, row, query).shown() if row is not None and not row.pull_of else None
        for alias, row in rows.items()
    }
    missing = [alias for alias, issue in shown.items() if issue is None]
    return shown, [
        _error(["repository", alias], "Could not resolve to an Issue.") for alias in missing
    ]


def _error(path: Sequence[str], message: str) -> Json:
    return {"type": "NOT_FOUND", "path": list(path), "message": message}


class _Issue:
    """One issue as GraphQL tells it."""

    def __init__(self, site: Site, row: Row, query: str) -> None:
        self._site = site
        self._index = site.index
        self._row = row
        self._with_projects = "projectItems" in query
        first = _FIRST_EVENTS.search(query)
        self._events = int(first[1]) if first else _MOST_NODES

    def shown(self) -> Json:
        """All that is known of it."""
        row, index = self._row, self._index
        by, others = (index.known(ids) for ids in index.blockers(row.item_id))
        parent, children = index.parent(row), index.sub_issues(row)
        return {
            "number": row.number,
            "fullDatabaseId": str(row.id),
            "parent": self._other(parent) if parent else None,
            "blockedBy": _connection([self._other(one) for one in by], _MOST_NODES),
            "blocking": _connection([self._other(one) for one in others], _MOST_NODES),
            "subIssues": _connection([self._child(one) for one in children], _MOST_NODES),
            "timelineItems": _connection(self._timeline(), self._events),
            **({"projectItems": {"nodes": [self._place()]}} if self._with_projects else {}),
        }

    def _other(self, row: Row) -> Json:
        return {
            "number": row.number,
            "fullDatabaseId": str(row.id),
            "repository": {"nameWithOwner": row.repository},
        }

    def _child(self, row: Row) -> Json:
        total = len(self._index.sub_issues(row))
        return self._other(row) | {"subIssuesSummary": {"total": total}}

    # --- timeline -----------------------------------------------------------------------------

    def _timeline(self) -> list[Json]:
        found = moments(self._index, self._row.item_id)
        return [self._event(moment) for moment in found if self._is_told(moment)]

    def _is_told(self, moment: Moment) -> bool:
        other = moment.about.get("other", self._row.item_id)
        asked = self._with_projects or moment.event != BOARD_STATUS
        return asked and other in self._index.rows

    def _event(self, moment: Moment) -> Json:
        name, about = _EVENTS[moment.event]
        actor = self._actor(moment.actor)
        shown = {"__typename": name, "createdAt": stamp(moment.at), "actor": actor}
        return shown | about(self, moment)

    def _actor(self, person_id: str) -> Json | None:
        """A person, or an app without the `[bot]` that the REST API adds; null for nobody."""
        user = self._site.user(person_id)
        return user and {"__typename": user["type"], "login": user["login"].removesuffix("[bot]")}

    def assignee(self, moment: Moment) -> Json:
        """Who was assigned or no longer is."""
        return {"assignee": self._actor(moment.about["person"])}

    def comment(self, moment: Moment) -> Json:
        """A comment with its author, who is called actor everywhere else."""
        author = self._actor(moment.actor)
        return {"fullDatabaseId": str(moment.id), "author": author, "body": moment.about["comment"]}

    def end(self, moment: Moment, name: str) -> Json:
        """The other issue of an edge."""
        return {name: self._other(self._index.rows[moment.about["other"]])}

    # --- project ------------------------------------------------------------------------------

    def _place(self) -> Json:
        """The issue's place in the one project of its owner."""
        values = [value | {"field": {"name": name}} for name, value in self._values()]
        return {"project": {"title": ROADMAP}, "fieldValues": {"nodes": values}}

    def _values(self) -> list[tuple[str, Json]]:
        state = self._row.state
        sprint = self._index.world.sprints.get(state.sprint or "")
        values = [
            ("Status", None if self._index.manner.status_labels else _choice(state.status)),
            ("Priority", _choice(state.priority)),
            ("Start date", _day(state.start)),
            ("Target date", _day(state.due)),
            ("Estimate", None if state.estimate is None else {"number": state.estimate}),
            ("Sprint", _iteration(sprint) if sprint else None),
        ]
        return [(name, value) for name, value in values if value is not None]


def _connection(nodes: Sequence[Json], first: int) -> Json:
    return {"nodes": list(nodes[:first]), "pageInfo": {"hasNextPage": len(nodes) > first}}


def _choice(name: str | None) -> Json | None:
    return {"name": name} if name else None


def _day(day: date | None) -> Json | None:
    return {"date": day.isoformat()} if day else None


def _iteration(sprint: Sprint) -> Json:
    days = (sprint.end - sprint.start).days
    return {"title": sprint.name, "startDate": sprint.start.date().isoformat(), "duration": days}


_About = Callable[[_Issue, Moment], Json]


def _told(name: str, key: str) -> _About:
    return lambda _issue, moment: {name: moment.about[key]}


def _of_label(_issue: _Issue, moment: Moment) -> Json:
    return {"label": {"name": moment.about["label"]}}


def _of_end(name: str) -> _About:
    return lambda issue, moment: issue.end(moment, name)


def _of_rename(_issue: _Issue, moment: Moment) -> Json:
    return {"previousTitle": moment.about["before"], "currentTitle": moment.about["after"]}


def _of_status(_issue: _Issue, moment: Moment) -> Json:
    return {
        "previousStatus": moment.about["before"],
        "status": moment.about["after"],
        "project": {"title": ROADMAP},
    }


_EVENTS: Final[Mapping[str, tuple[str, _About]]] = {
    "closed": (
        "ClosedEvent",
        lambda _issue, moment: {"stateReason": moment.about["reason"].upper()},
    ),
    "reopened": ("ReopenedEvent", lambda _issue, _moment: {"stateReason": "REOPENED"}),
    "labeled": ("LabeledEvent", _of_label),
    "unlabeled": ("UnlabeledEvent", _of_label),
    "assigned": ("AssignedEvent", _Issue.assignee),
    "unassigned": ("UnassignedEvent", _Issue.assignee),
    "milestoned": ("MilestonedEvent", _told("milestoneTitle", "milestone")),
    "demilestoned": ("DemilestonedEvent", _told("milestoneTitle", "milestone")),
    "renamed": ("RenamedTitleEvent", _of_rename),
    "transferred": (
        "TransferredEvent",
        lambda _issue, moment: {"fromRepository": {"nameWithOwner": moment.about["before"]}},
    ),
    "commented": ("IssueComment", _Issue.comment),
    "parent_issue_added": ("ParentIssueAddedEvent", _of_end("parent")),
    "parent_issue_removed": ("ParentIssueRemovedEvent", _of_end("parent")),
    "blocked_by_added": ("BlockedByAddedEvent", _of_end("blockingIssue")),
    "blocked_by_removed": ("BlockedByRemovedEvent", _of_end("blockingIssue")),
    "blocking_added": ("BlockingAddedEvent", _of_end("blockedIssue")),
    "blocking_removed": ("BlockingRemovedEvent", _of_end("blockedIssue")),
    BOARD_STATUS: ("ProjectV2ItemStatusChangedEvent", _of_status),
}
