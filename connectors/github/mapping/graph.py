"""The GraphQL API's details of an issue as plain values (see `connectors.github.queries`)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from connectors.github.mapping.detail import (
    Board,
    Detail,
    Happened,
    Happening,
    Iteration,
    Neighbour,
    neighbour_at,
)
from connectors.github.mapping.faults import Unmappable
from connectors.github.mapping.people import is_bot, login
from connectors.github.mapping.times import instant
from connectors.github.rules import fold
from connectors.github.wire import User
from syncer.domain.text import clean_line

Node = Mapping[str, Any]
KINDS: Final = {
    "ClosedEvent": Happened.CLOSED,
    "ReopenedEvent": Happened.REOPENED,
    "LabeledEvent": Happened.LABELED,
    "UnlabeledEvent": Happened.UNLABELED,
    "AssignedEvent": Happened.ASSIGNED,
    "UnassignedEvent": Happened.UNASSIGNED,
    "MilestonedEvent": Happened.MILESTONED,
    "DemilestonedEvent": Happened.DEMILESTONED,
    "RenamedTitleEvent": Happened.RENAMED,
    "TransferredEvent": Happened.TRANSFERRED,
    "IssueComment": Happened.COMMENTED,
    "MarkedAsDuplicateEvent": Happened.DUPLICATE,
    "UnmarkedAsDuplicateEvent": Happened.NO_DUPLICATE,
    "ParentIssueAddedEvent": Happened.PARENT_ADDED,
    "ParentIssueRemovedEvent": Happened.PARENT_REMOVED,
    "BlockedByAddedEvent": Happened.BLOCKED_BY_ADDED,
    "BlockedByRemovedEvent": Happened.BLOCKED_BY_REMOVED,
    "BlockingAddedEvent": Happened.BLOCKING_ADDED,
    "BlockingRemovedEvent": Happened.BLOCKING_REMOVED,
    "ProjectV2ItemStatusChangedEvent": Happened.BOARD_STATUS,
}
_OTHERS: Final = ("canonical", "parent", "blockingIssue", "blockedIssue")
_LONGEST_ITERATION: Final = 3660
"""Days; a longer one is nonsense."""


def detail(node: Node) -> Detail:
    """What the query tells of one issue; whatever has another shape than promised is left out."""
    timeline = _object(node.get("timelineItems"))
    whole = _object(timeline.get("pageInfo")).get("hasNextPage") is False
    found = [one for row in _nodes(timeline) if (one := _happening(row)) is not None]
    return Detail(
        timeline=tuple(sorted(found, key=lambda one: one.at)),
        complete=whole,
        parent=_neighbour(node.get("parent")),
        blocked_by=tuple(_neighbours(node.get("blockedBy"))),
        blocking=tuple(_neighbours(node.get("blocking"))),
        height=_height(node),
        boards=tuple(_boards(node.get("projectItems"))),
    )


def statuses_of(repository: Node) -> tuple[tuple[str, str, str], ...]:
    """Project, field and option of every single-select field of a repository's projects."""
    return tuple(
        (_line(project.get("title")), _line(single.get("name")), _line(option.get("name")))
        for project in _nodes(_object(repository.get("projectsV2")))
        for single in _nodes(_object(project.get("fields")))
        for option in _listed(single.get("options"))
    )


def is_cut(node: Node, name: str) -> bool:
    """Whether the connection of this name has more than was asked for."""
    return _object(_object(node.get(name)).get("pageInfo")).get("hasNextPage") is True


def _happening(row: Node) -> Happening | None:
    what = KINDS.get(_text(row.get("__typename")))
    try:
        at = instant(_text(row.get("createdAt")))
    except Unmappable:
        return None
    if what is None:
        return None
    actor = _user(row.get("actor") or row.get("author"))
    other = next((one for name in _OTHERS if (one := _neighbour(row.get(name)))), None)
    happening = Happening(
        what=what, at=at, actor=login(actor), by_bot=is_bot(actor), subject=_subject(what, row)
    )
    before, after = _before_and_after(what, row)
    return replace(happening, before=before, after=after, other=other)


def _subject(what: Happened, row: Node) -> str:
    match what:
        case Happened.LABELED | Happened.UNLABELED:
            return _line(_object(row.get("label")).get("name"))
        case Happened.ASSIGNED | Happened.UNASSIGNED:
            return login(_user(row.get("assignee")))
        case Happened.MILESTONED | Happened.DEMILESTONED:
            return _line(row.get("milestoneTitle"))
        case Happened.CLOSED:
            return _text(row.get("stateReason")).lower()
        case Happened.COMMENTED:
            return _id(row)
        case Happened.BOARD_STATUS:
            return _line(_object(row.get("project")).get("title"))
        case _:
            return ""


def _before_and_after(what: Happened, row: Node) -> tuple[str, str]:
    match what:
        case Happened.RENAMED:
            return _line(row.get("previousTitle")), _line(row.get("currentTitle"))
        case Happened.BOARD_STATUS:
            return _line(row.get("previousStatus")), _line(row.get("status"))
        case Happened.TRANSFERRED:
            return _line(_object(row.get("fromRepository")).get("nameWithOwner")), ""
        case _:
            return "", ""


def _user(value: object) -> User | None:
    """An actor; GraphQL gives apps their login without the `[bot]` that the REST API adds."""
    node = _object(value)
    name = _text(node.get("login"))
    if not name:
        return None
    bot = node.get("__typename") == "Bot"
    ending = "[bot]" if bot and not name.endswith("[bot]") else ""
    return User(login=name[:200] + ending, type="Bot" if bot else "User")


def _neighbour(value: object) -> Neighbour | None:
    node = _object(value)
    repository = _text(_object(node.get("repository")).get("nameWithOwner"))
    found = neighbour_at(f"{repository}#{node.get('number')}")
    return None if found is None else Neighbour(found.repository, found.number, _id(node))


def _neighbours(connection: object) -> Iterator[Neighbour]:
    for row in _nodes(_object(connection)):
        found = _neighbour(row)
        if found is not None:
            yield found


def _id(node: Node) -> str:
    """The database id, which the REST API calls `id`; GraphQL sends a big number as text."""
    told = node.get("fullDatabaseId") or node.get("databaseId")
    return str(told) if isinstance(told, int | str) and not isinstance(told, bool) else ""


def _height(node: Node) -> int:
    children = _nodes(_object(node.get("subIssues")))
    if not children:
        return 0
    totals = (_object(child.get("subIssuesSummary")).get("total") for child in children)
    return 2 if any(isinstance(total, int) and total > 0 for total in totals) else 1


def _boards(connection: object) -> Iterator[Board]:
    for row in _nodes(_object(connection)):
        title = _line(_object(row.get("project")).get("title"))
        values = (_value(one) for one in _nodes(_object(row.get("fieldValues"))))
        yield Board(project=title, values=dict(one for one in values if one is not None))


def _value(node: Node) -> tuple[str, str | float | date | Iteration] | None:
    name = fold(_text(_object(node.get("field")).get("name")))
    value = _any_value(node)
    return (name, value) if name and value is not None else None


def _any_value(node: Node) -> str | float | date | Iteration | None:
    if isinstance(node.get("startDate"), str):
        return _iteration(node)
    if isinstance(node.get("date"), str):
        return _day(node["date"])
    number = node.get("number")
    if isinstance(number, int | float) and not isinstance(number, bool):
        return float(number) if math.isfinite(number) else None
    return _line(node.get("name") or node.get("text")) or None


def _iteration(node: Node) -> Iteration:
    start, days = _day(node["startDate"]), node.get("duration")
    known = start is not None and isinstance(days, int) and 0 < days < _LONGEST_ITERATION
    try:
        end = start + timedelta(days=days - 1) if known and start and days else None
    except OverflowError:
        end = None
    return Iteration(title=_line(node.get("title")), end=end)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _nodes(connection: Node) -> Sequence[Node]:
    return _listed(connection.get("nodes"))


def _listed(value: object) -> Sequence[Node]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _object(value: object) -> Node:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _line(value: object) -> str:
    return clean_line(_text(value))
