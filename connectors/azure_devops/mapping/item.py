"""One work item as an item record, or as unreadable with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, Final

from connectors.azure_devops.mapping import fields
from connectors.azure_devops.mapping.hierarchy import kind_and_level
from connectors.azure_devops.mapping.history import changes_of
from connectors.azure_devops.mapping.html import plain_text
from connectors.azure_devops.mapping.links import links_of, parent_of
from connectors.azure_devops.mapping.people import account
from connectors.azure_devops.mapping.plan import (
    area_of,
    due_of,
    is_blocked,
    iteration_of,
    start_of,
    tags_of,
)
from connectors.azure_devops.mapping.site import NOTHING_KNOWN, Iteration, Known, Site, key_of
from connectors.azure_devops.mapping.status import Standing, Status, status_of
from connectors.azure_devops.mapping.times import instant, known_instant
from connectors.azure_devops.rules import fold
from connectors.azure_devops.wire import Update
from connectors.azure_devops.wire import WorkItem as Raw
from syncer.connect.unreadable import Unmappable
from syncer.domain.change import Change
from syncer.domain.item import DateSource, ItemRecord, Sprint, StatusCategory, WorkItem
from syncer.domain.text import clean_block, clean_line
from syncer.domain.timeline import Timeline, timeline

NO_TITLE: Final = "(no title)"
AREA: Final = "Area path"
PROJECT: Final = "Project"
_MARKDOWN: Final = "markdown"
_HIGHEST, _LOWEST = 0, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The updates of one item; `complete` says whether they are all that there are."""

    updates: Sequence[Update] = ()
    complete: bool = False


NO_HISTORY: Final = History()


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What the connector found out beside the item itself. `known` is by project."""

    history: History = NO_HISTORY
    known: Mapping[str, Known] = field(default_factory=dict)


def record_of(raw: Raw, *, site: Site, extras: Extras) -> ItemRecord:
    """The record of one item; `Unmappable` where it lacks what no item lacks."""
    values = raw.fields
    project = fields.text(values, fields.PROJECT)
    known = extras.known.get(project, NOTHING_KNOWN)
    status = status_of(standing_of(values, known), site.rules)
    changes = changes_of(extras.history.updates, site=site, known=extras.known)
    parent = parent_of(raw.relations) or _parent_field(values)
    tags = tags_of(values)
    kind, level = kind_and_level(
        fields.text(values, fields.TYPE), tags, has_parent=bool(parent), rules=site.rules
    )
    body = body_of(raw)
    item = WorkItem(
        **_identity(raw, project, site),
        body=body,
        **_life(values, status, changes, complete=extras.history.complete),
        **_plan(values, known, site),
        native_type=clean_line(fields.text(values, fields.TYPE)),
        kind=kind,
        hierarchy_level=level,
        native_status=clean_line(status.shown),
        status_category=status.category,
        backlog=status.backlog,
        flagged=is_blocked(values),
        resolution=clean_line(status.reason or status.shown) if status.resolution else None,
        resolution_kind=status.resolution,
        labels=tags,
        parent=site.ref(parent) if parent else None,
        parent_key=key_of(parent) if parent else "",
        links=links_of(raw.relations, site, body=body),
    )
    return ItemRecord(item=item, changes=changes)


def standing_of(values: fields.Values, known: Known) -> Standing:
    """What the item's status depends on now."""
    state = fields.text(values, fields.STATE)
    reasons = (fields.text(values, name) for name in fields.REASONS)
    return Standing(
        state=state,
        category=known.category(fields.text(values, fields.TYPE), state),
        reasons=tuple(filter(None, reasons)),
    )


def body_of(raw: Raw) -> str:
    """Description, steps to reproduce and acceptance criteria as text, a blank line between."""
    formats = raw.multiline_fields_format or {}
    parts = []
    for name in fields.BODIES:
        told = fields.text(raw.fields, name)
        is_markdown = (formats.get(name) or "").casefold() == _MARKDOWN
        parts.append(clean_block(told if is_markdown else plain_text(told)))
    return clean_block("\n\n".join(filter(None, parts)))


def _parent_field(values: fields.Values) -> str:
    told = values.get(fields.PARENT)
    return str(told) if isinstance(told, int) and not isinstance(told, bool) and told > 0 else ""


def _identity(raw: Raw, project: str, site: Site) -> dict[str, Any]:
    if not project:
        raise Unmappable("it does not tell in which project it is")
    id_ = str(raw.id)
    return {
        "ref": site.ref(id_),
        "key": key_of(id_),
        "url": site.page(id_, project),
        "container": site.container,
        "title": clean_line(fields.text(raw.fields, fields.TITLE)) or NO_TITLE,
    }


def _life(
    values: fields.Values, status: Status, changes: Sequence[Change], *, complete: bool
) -> dict[str, Any]:
    first = values.get(fields.CREATED) or values.get(fields.CHANGED)
    last = values.get(fields.CHANGED) or values.get(fields.CREATED)
    created = instant(first)
    life = timeline(
        changes,
        current=status.category,
        created_at=created,
        resolved_at=_closed_at(values, status),
        complete=complete,
    )
    return {
        "created_at": created,
        "updated_at": instant(last),
        "started_at": life.started_at if complete else _started_at(values, life, changes),
        "done_at": life.done_at,
        "reopened_count": life.reopened_count,
        "last_meaningful_change_at": life.last_meaningful_change_at,
        "history_complete": complete,
    }


def _started_at(
    values: fields.Values, life: Timeline, changes: Sequence[Change]
) -> datetime | None:
    """When work began on an item whose history is not read: as a field tells it."""
    told = known_instant(values.get(fields.ACTIVATED))
    if changes or told is None or life.done_at is None or told > life.done_at:
        return life.started_at
    return told


def _closed_at(values: fields.Values, status: Status) -> datetime | None:
    is_done = status.category is StatusCategory.DONE
    return known_instant(values.get(fields.CLOSED)) if is_done else None


def _plan(values: fields.Values, known: Known, site: Site) -> dict[str, Any]:
    sprint = _sprint(values, known)
    due, source = due_of(values, site.zone), DateSource.EXPLICIT
    if due is None and sprint and sprint.end:
        due, source = sprint.end, DateSource.SPRINT_END
    points = fields.number(values, *fields.POINTS)
    tags = tags_of(values)
    assignee = account(values.get(fields.ASSIGNEE), site.connection)
    area = area_of(clean_line(fields.text(values, fields.AREA)))
    return {
        "priority": _priority(values),
        "must_have": any(fold(one) in site.rules.must_labels for one in tags),
        "components": (area,) if area else (),
        "sprints": (sprint,) if sprint else (),
        "assignees": (assignee,) if assignee else (),
        "reporter": account(values.get(fields.REPORTER), site.connection),
        "estimate": points,
        "estimate_unit": "points" if points is not None else "",
        "start_date": start_of(values, site.zone),
        "due_date": due,
        "date_source": source,
        "customers": tuple(_customers(tags, site)),
        "custom": _custom(values, site),
    }


def _sprint(values: fields.Values, known: Known) -> Sprint | None:
    """The iteration; an item that lies in the project's own is in none."""
    path = clean_line(fields.text(values, fields.ITERATION))
    name = iteration_of(path)
    if not name:
        return None
    told = known.iterations.get(fold_path(path), Iteration())
    id_ = fields.shown(values.get(fields.ITERATION_ID)) or path
    return Sprint(id=id_, name=name, end=told.end, closed=told.closed)


def fold_path(path: str) -> str:
    """A path as paths are compared."""
    return path.strip("\\").casefold()


def _priority(values: fields.Values) -> int | None:
    """Azure DevOps counts from 1, the highest, and gives 2 to whatever nobody has judged."""
    told = fields.number(values, fields.PRIORITY)
    return None if told is None else min(max(int(told), _HIGHEST), _LOWEST)


def _customers(tags: Sequence[str], site: Site) -> list[str]:
    patterns = site.rules.customer_labels
    return [one for one in tags if any(fnmatchcase(one.casefold(), p) for p in patterns)]


def _custom(values: fields.Values, site: Site) -> dict[str, str]:
    told = {
        AREA: area_of(fields.text(values, fields.AREA)),
        PROJECT: fields.text(values, fields.PROJECT),
        **{name: fields.shown(values.get(ref)) for name, ref in site.rules.custom.items()},
    }
    return {name: clean for name, value in told.items() if (clean := clean_line(value))}
