"""Projects and initiatives as item records, and the reports on them as statements.

A project is an epic (level 1), an initiative stands above projects (2), one with others below it is
a goal (3). Their dates may be coarse: `DateResolutionType` of the schema.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from connectors.linear.mapping.issue import (
    LONGEST_BODY,
    NO_TITLE,
    customers_of,
    label_names,
    priority_of,
    version_of,
)
from connectors.linear.mapping.links import initiatives_of, project_links, told_by
from connectors.linear.mapping.people import account
from connectors.linear.mapping.site import Kind, Site, is_id, key_of
from connectors.linear.mapping.status import Status, status_of
from connectors.linear.mapping.times import first_day, last_day
from connectors.linear.rules import fold
from connectors.linear.wire import Project, Slug
from syncer.connect.times import civil_date, utc_instant
from syncer.connect.unreadable import Unmappable
from syncer.domain.item import ItemKind, ItemRecord, ItemState, StatusCategory, WorkItem
from syncer.domain.ref import ContainerKey
from syncer.domain.statement import OwnerWord, TrackerStatus
from syncer.domain.text import clean_block, clean_line

_WORDS: Final = {
    "ontrack": OwnerWord.ON_TRACK,
    "atrisk": OwnerWord.AT_RISK,
    "offtrack": OwnerWord.OFF_TRACK,
}
_LEVELS: Final = {ItemKind.GOAL: 3, ItemKind.INITIATIVE: 2, ItemKind.EPIC: 1}


@dataclass(frozen=True, slots=True)
class Workspace:
    """The workspace: its key, and the month (0: January) in which its fiscal year begins."""

    key: str
    fiscal_start: int = 0


def project_record(told: Project, kind: Kind, *, workspace: Workspace, site: Site) -> ItemRecord:
    """The record of a project or initiative; `Unmappable` where it lacks what none lacks."""
    status = _status(told, site)
    labels = label_names(told.labels)
    start, target = dates_of(told, workspace)
    item = WorkItem(
        **_identity(told, kind, workspace=workspace, site=site),
        **_sort_of_thing(told, kind, site),
        **_life(told, status),
        native_status=status.shown,
        status_category=status.category,
        backlog=status.backlog,
        resolution=status.shown if status.resolution else None,
        resolution_kind=status.resolution,
        priority=priority_of(told.priority),
        labels=labels,
        must_have=any(fold(one) in site.rules.must_labels for one in labels),
        customers=customers_of(labels, site),
        assignees=tuple(filter(None, (account(told.lead or told.owner, site.connection),))),
        reporter=account(told.creator, site.connection),
        links=project_links(told, site),
        fix_versions=tuple(
            version
            for one in (told.project_milestones and told.project_milestones.nodes) or ()
            if (version := version_of(one))
        ),
        start_date=start,
        due_date=target,
        state=ItemState.DELETED if told.trashed else ItemState.LIVE,
    )
    return ItemRecord(item=item)


def _status(told: Project, site: Site) -> Status:
    if isinstance(told.status, str):
        return status_of(told.status, told.status, site.rules)
    status = told.status
    return status_of((status and status.name) or "", (status and status.type) or "", site.rules)


def dates_of(told: Project, workspace: Workspace) -> tuple[date | None, date | None]:
    """Start and target; of a coarse one the first and the last day that it may mean."""
    start = first_day(
        civil_date(told.start_date),
        told.start_date_resolution,
        fiscal_start=workspace.fiscal_start,
    )
    target = last_day(
        civil_date(told.target_date),
        told.target_date_resolution,
        fiscal_start=workspace.fiscal_start,
    )
    return start, target


def _identity(told: Project, kind: Kind, *, workspace: Workspace, site: Site) -> dict[str, Any]:
    slug = clean_line(told.slug_id)
    if not is_id(told.id) or not slug:
        raise Unmappable("its id is none that Linear gives")
    key = key_of(kind, slug)
    return {
        "ref": site.ref(told.id, key),
        "key": key,
        "url": site.url(told.url, workspace.key, key),
        "container": ContainerKey(site.connection, workspace.key),
        "title": clean_line(told.name or "") or NO_TITLE,
        "body": clean_block(told_by(told)[:LONGEST_BODY]),
    }


def _sort_of_thing(told: Project, kind: Kind, site: Site) -> dict[str, Any]:
    below = any((told.sub_initiatives and told.sub_initiatives.nodes) or ())
    what = ItemKind.EPIC
    if kind is Kind.INITIATIVE:
        what = ItemKind.GOAL if below else ItemKind.INITIATIVE
    found = {"kind": what, "hierarchy_level": _LEVELS[what], "native_type": kind.value.title()}
    parent = _parent(told, kind)
    if parent is None or not is_id(parent.id):
        return found
    key = key_of(Kind.INITIATIVE, clean_line(parent.slug_id or ""))
    return {**found, "parent": site.ref(parent.id, key), "parent_key": key}


def _parent(told: Project, kind: Kind) -> Slug | None:
    if kind is Kind.INITIATIVE:
        return told.parent_initiative
    return next(iter(initiatives_of(told)), None)


def _life(told: Project, status: Status) -> dict[str, Any]:
    """Linear tells when it began and ended; what else happened it tells in a form of its own."""
    first, last = told.created_at or told.updated_at, told.updated_at or told.created_at
    if first is None or last is None:
        raise Unmappable("neither created nor updated is told")
    done = told.completed_at if status.category is StatusCategory.DONE else None
    return {
        "created_at": utc_instant(first),
        "updated_at": utc_instant(last),
        "started_at": utc_instant(told.started_at) if told.started_at else None,
        "done_at": utc_instant(done) if done else None,
        "last_meaningful_change_at": utc_instant(last),
        "history_complete": False,
    }


def report_of(
    told: Project, kind: Kind, *, workspace: Workspace, site: Site
) -> TrackerStatus | None:
    """What somebody last reported on a project or initiative; None where nobody did."""
    last = told.last_update
    if last is None or not last.created_at:
        return None
    start, target = dates_of(told, workspace)
    return TrackerStatus(
        id=last.id,
        container=ContainerKey(site.connection, workspace.key),
        subject=clean_line(told.name or ""),
        url=site.url(told.url, workspace.key, key_of(kind, clean_line(told.slug_id))),
        author=account(last.user, site.connection),
        at=utc_instant(last.created_at),
        value=_WORDS.get(fold(last.health or "").replace(" ", "")),
        text=clean_block((last.body or "")[:LONGEST_BODY]),
        start=start,
        target=target,
    )
