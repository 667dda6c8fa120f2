"""One issue as an item record, or as unreadable with the reason."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any, Final

from connectors.linear.mapping.history import changes_of
from connectors.linear.mapping.links import links_of
from connectors.linear.mapping.names import Names
from connectors.linear.mapping.people import account
from connectors.linear.mapping.site import Kind, Site, is_id, is_key, key_of
from connectors.linear.mapping.status import Status, status_of
from connectors.linear.mapping.times import last_civil_day
from connectors.linear.rules import fold
from connectors.linear.wire import Cycle, Issue, Label, Labels, Milestone
from syncer.connect.times import civil_date, utc_instant
from syncer.connect.unreadable import Unmappable
from syncer.domain.change import Change
from syncer.domain.item import (
    DateSource,
    ItemKind,
    ItemRecord,
    ItemState,
    Sprint,
    StatusCategory,
    Version,
    WorkItem,
)
from syncer.domain.ref import ContainerKey
from syncer.domain.text import clean_block, clean_line
from syncer.domain.timeline import timeline

NO_TITLE: Final = "(no title)"
LONGEST_BODY: Final = 100_000
_TYPE: Final = "Issue"
_SUB_TYPE: Final = "Sub-issue"
_DONE: Final = "done"


def record_of(issue: Issue, *, workspace: str, names: Names, site: Site) -> ItemRecord:
    """The record of one issue; `Unmappable` where it lacks what no issue lacks.

    `workspace` is the key of the workspace, for an address where the issue tells none.
    """
    state = issue.state
    status = status_of((state and state.name) or "", (state and state.type) or "", site.rules)
    links = links_of(issue, site)
    changes = changes_of(issue, names=names, site=site, links=links)
    labels = label_names(issue.labels)
    item = WorkItem(
        **_identity(issue, workspace, site),
        **_sort_of_thing(issue, labels, site),
        **_life(issue, status, changes),
        **_plan(issue),
        native_status=status.shown,
        status_category=status.category,
        backlog=status.backlog,
        resolution=status.shown if status.resolution else None,
        resolution_kind=status.resolution,
        labels=labels,
        must_have=any(fold(one) in site.rules.must_labels for one in labels),
        customers=customers_of(labels, site),
        assignees=tuple(filter(None, (account(issue.assignee, site.connection),))),
        reporter=account(issue.creator, site.connection),
        links=links,
        state=ItemState.DELETED if issue.trashed else ItemState.LIVE,
    )
    return ItemRecord(item=item, changes=changes)


def label_names(labels: Labels | None) -> tuple[str, ...]:
    """The names of labels, each once."""
    nodes: Iterable[Label | None] = (labels and labels.nodes) or ()
    return tuple(dict.fromkeys(clean_line(one.name) for one in nodes if one and one.name))


def customers_of(labels: Iterable[str], site: Site) -> tuple[str, ...]:
    """The labels that name customers."""
    patterns = site.rules.customer_labels
    return tuple(one for one in labels if any(fnmatchcase(one.casefold(), p) for p in patterns))


def _identity(issue: Issue, workspace: str, site: Site) -> dict[str, Any]:
    key = clean_line(issue.identifier)
    team = issue.team.key if issue.team else None
    if not is_id(issue.id) or not key:
        raise Unmappable("its id is none that Linear gives")
    if not is_key(team):
        raise Unmappable("it does not tell its team")
    return {
        "ref": site.ref(issue.id, key),
        "key": key,
        "url": site.url(issue.url, workspace, key),
        "container": ContainerKey(site.connection, str(team)),
        "title": clean_line(issue.title or "") or NO_TITLE,
        "body": clean_block((issue.description or "")[:LONGEST_BODY]),
    }


def _sort_of_thing(issue: Issue, labels: Iterable[str], site: Site) -> dict[str, Any]:
    """An issue below another one is a subtask; below its project alone it is an item."""
    parent, project = issue.parent, issue.project
    folded = map(fold, labels)
    by_label = next((k for one in folded if (k := site.rules.labels.get(one))), None)
    told: dict[str, Any] = {"native_type": _SUB_TYPE if parent else _TYPE}
    told["kind"] = by_label or (ItemKind.SUBTASK if parent else ItemKind.ITEM)
    told["hierarchy_level"] = -1 if parent else 0
    if parent is not None and is_id(parent.id):
        key = clean_line(parent.identifier or "")
        return told | {"parent": site.ref(parent.id, key), "parent_key": key}
    if project is not None and is_id(project.id):
        key = key_of(Kind.PROJECT, clean_line(project.slug_id or ""))
        return told | {"parent": site.ref(project.id, key), "parent_key": key}
    return told


def _life(issue: Issue, status: Status, changes: tuple[Change, ...]) -> dict[str, Any]:
    first, last = issue.created_at or issue.updated_at, issue.updated_at or issue.created_at
    if first is None or last is None:
        raise Unmappable("neither created nor updated is told")
    page = issue.history.page_info if issue.history else None
    complete = issue.history is not None and not (page and page.has_next_page)
    done = status.category is StatusCategory.DONE and issue.completed_at
    created = utc_instant(first)
    life = timeline(
        changes,
        current=status.category,
        created_at=created,
        resolved_at=utc_instant(issue.completed_at) if done and issue.completed_at else None,
        complete=complete,
    )
    return {
        "created_at": created,
        "updated_at": utc_instant(last),
        "started_at": life.started_at,
        "done_at": life.done_at,
        "reopened_count": life.reopened_count,
        "last_meaningful_change_at": life.last_meaningful_change_at,
        "history_complete": complete,
    }


def _plan(issue: Issue) -> dict[str, Any]:
    version = version_of(issue.project_milestone)
    sprint = _sprint(issue.cycle, issue.team.timezone if issue.team else None)
    due, source = civil_date(issue.due_date), DateSource.EXPLICIT
    if due is None and version and version.due:
        due, source = version.due, DateSource.INHERITED
    elif due is None and sprint and sprint.end:
        due, source = sprint.end, DateSource.SPRINT_END
    return {
        "priority": priority_of(issue.priority),
        "fix_versions": (version,) if version else (),
        "sprints": (sprint,) if sprint else (),
        "estimate": issue.estimate,
        "estimate_unit": "points" if issue.estimate is not None else "",
        "due_date": due,
        "date_source": source,
    }


def priority_of(told: float | None) -> int | None:
    """Linear's 1 (urgent) to 4 (low) as ours, 0 to 3; its 0 means that there is none."""
    return int(told) - 1 if told and 1 <= told <= 5 else None  # noqa: PLR2004  what a schema may gain


def version_of(milestone: Milestone | None) -> Version | None:
    """A milestone of a project."""
    if milestone is None or not milestone.name:
        return None
    return Version(
        id=clean_line(milestone.id or ""),
        name=clean_line(milestone.name),
        due=civil_date(milestone.target_date),
        closed=milestone.status == _DONE,
    )


def _sprint(cycle: Cycle | None, zone: str | None) -> Sprint | None:
    if cycle is None or not (cycle.name or cycle.number):
        return None
    return Sprint(
        id=clean_line(cycle.id or ""),
        name=clean_line(cycle.name or f"Cycle {cycle.number:g}"),
        end=last_civil_day(cycle.ends_at, zone),
        closed=cycle.completed_at is not None,
    )
