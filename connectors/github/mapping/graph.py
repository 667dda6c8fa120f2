"""The GraphQL API's details of an issue as plain values (see `connectors.github.queries`)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from connectors.github.mapping.detail import (
    Board,
    Detail,
    Happened,
    Happening,
    Iteration,
    Neighbour,
    neighbour_at,
)
from connectors.github.mapping.nodes import (
    Node,
    day_of,
    line_of,
    listed,
    nodes_of,
    object_of,
    text_of,
    user_of,
)
from connectors.github.mapping.people import is_bot, login
from connectors.github.rules import fold
from syncer.connect.times import utc_instant
from syncer.connect.unreadable import Unmappable

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
    timeline = object_of(node.get("timelineItems"))
    whole = object_of(timeline.get("pageInfo")).get("hasNextPage") is False
    found = [one for row in nodes_of(timeline) if (one := _happening(row)) is not None]
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
        (line_of(project.get("title")), line_of(single.get("name")), line_of(option.get("name")))
        for project in nodes_of(object_of(repository.get("projectsV2")))
        for single in nodes_of(object_of(project.get("fields")))
        for option in listed(single.get("options"))
    )


def is_cut(node: Node, name: str) -> bool:
    """Whether the connection of this name has more than was asked for."""
    return object_of(object_of(node.get(name)).get("pageInfo")).get("hasNextPage") is True


def _happening(row: Node) -> Happening | None:
    what = KINDS.get(text_of(row.get("__typename")))
    try:
        at = utc_instant(text_of(row.get("createdAt")))
    except Unmappable:
        return None
    if what is None:
        return None
    actor = user_of(row.get("actor") or row.get("author"))
    other = next((one for name in _OTHERS if (one := _neighbour(row.get(name)))), None)
    happening = Happening(
        what=what, at=at, actor=login(actor), by_bot=is_bot(actor), subject=_subject(what, row)
    )
    before, after = _before_and_after(what, row)
    return replace(happening, before=before, after=after, other=other)


def _subject(what: Happened, row: Node) -> str:
    match what:
        case Happened.LABELED | Happened.UNLABELED:
            return line_of(object_of(row.get("label")).get("name"))
        case Happened.ASSIGNED | Happened.UNASSIGNED:
            return login(user_of(row.get("assignee")))
        case Happened.MILESTONED | Happened.DEMILESTONED:
            return line_of(row.get("milestoneTitle"))
        case Happened.CLOSED:
            return text_of(row.get("stateReason")).lower()
        case Happened.COMMENTED:
            return _id(row)
        case Happened.BOARD_STATUS:
            return line_of(object_of(row.get("project")).get("title"))
        case _:
            return ""


def _before_and_after(what: Happened, row: Node) -> tuple[str, str]:
    match what:
        case Happened.RENAMED:
            return line_of(row.get("previousTitle")), line_of(row.get("currentTitle"))
        case Happened.BOARD_STATUS:
            return line_of(row.get("previousStatus")), line_of(row.get("status"))
        case Happened.TRANSFERRED:
            return line_of(object_of(row.get("fromRepository")).get("nameWithOwner")), ""
        case _:
            return "", ""


def _neighbour(value: object) -> Neighbour | None:
    node = object_of(value)
    repository = text_of(object_of(node.get("repository")).get("nameWithOwner"))
    found = neighbour_at(f"{repository}#{node.get('number')}")
    return None if found is None else Neighbour(found.repository, found.number, _id(node))


def _neighbours(connection: object) -> Iterator[Neighbour]:
    for row in nodes_of(object_of(connection)):
        found = _neighbour(row)
        if found is not None:
            yield found


def _id(node: Node) -> str:
    """The database id, which the REST API calls `id`; GraphQL sends a big number as text."""
    told = node.get("fullDatabaseId") or node.get("databaseId")
    return str(told) if isinstance(told, int | str) and not isinstance(told, bool) else ""


def _height(node: Node) -> int:
    children = nodes_of(object_of(node.get("subIssues")))
    if not children:
        return 0
    totals = (object_of(child.get("subIssuesSummary")).get("total") for child in children)
    return 2 if any(isinstance(total, int) and total > 0 for total in totals) else 1


def _boards(connection: object) -> Iterator[Board]:
    for row in nodes_of(object_of(connection)):
        title = line_of(object_of(row.get("project")).get("title"))
        values = (_value(one) for one in nodes_of(object_of(row.get("fieldValues"))))
        yield Board(project=title, values=dict(one for one in values if one is not None))


def _value(node: Node) -> tuple[str, str | float | date | Iteration] | None:
    name = fold(text_of(object_of(node.get("field")).get("name")))
    value = _any_value(node)
    return (name, value) if name and value is not None else None


def _any_value(node: Node) -> str | float | date | Iteration | None:
    if isinstance(node.get("startDate"), str):
        return _iteration(node)
    if isinstance(node.get("date"), str):
        return day_of(node["date"])
    number = node.get("number")
    if isinstance(number, int | float) and not isinstance(number, bool):
        return float(number) if math.isfinite(number) else None
    return line_of(node.get("name") or node.get("text")) or None


def _iteration(node: Node) -> Iteration:
    start, days = day_of(node["startDate"]), node.get("duration")
    known = start is not None and isinstance(days, int) and 0 < days < _LONGEST_ITERATION
    try:
        end = start + timedelta(days=days - 1) if known and start and days else None
    except OverflowError:
        end = None
    return Iteration(title=line_of(node.get("title")), end=end)
