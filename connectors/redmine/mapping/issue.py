"""One issue as an item record, or as unreadable with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from connectors.redmine.mapping.history import changes_of
from connectors.redmine.mapping.kinds import kind_and_level
from connectors.redmine.mapping.links import links_of
from connectors.redmine.mapping.people import account
from connectors.redmine.mapping.site import Known, Site, key_of
from connectors.redmine.mapping.status import Status, status_of
from connectors.redmine.mapping.text import plain_text
from connectors.redmine.mapping.times import civil_date, instant
from connectors.redmine.rules import fold
from connectors.redmine.wire import CustomField, Issue, Named
from connectors.redmine.wire import Status as ToldStatus
from syncer.connect.text_links import text_links
from syncer.connect.unreadable import Unmappable
from syncer.domain.change import Change
from syncer.domain.item import DateSource, ItemRecord, StatusCategory, Version, WorkItem
from syncer.domain.ref import ContainerKey
from syncer.domain.text import clean_line
from syncer.domain.timeline import timeline

NO_TITLE: Final = "(no title)"
_LOWEST: Final = 4


def record_of(issue: Issue, *, site: Site, known: Known, complete: bool = True) -> ItemRecord:
    """The record of one issue; `Unmappable` where it lacks what no issue lacks."""
    changes = changes_of(issue.journals or (), site=site, known=known) if complete else ()
    status = status_of(_status(issue, known), site.rules)
    values = _values(issue)
    labels = _named_values(values, site.rules.label_fields)
    body = plain_text(issue.description)
    item = WorkItem(
        **_identity(issue, site, known),
        **_sort_of_thing(issue, labels, site=site, known=known),
        **_life(issue, status, changes, complete=complete),
        **_plan(issue, site, known),
        body=body,
        native_status=status.shown,
        status_category=status.category,
        backlog=status.backlog,
        resolution=status.shown if status.resolution else None,
        resolution_kind=status.resolution,
        must_have=any(fold(one) in site.rules.must_labels for one in labels),
        labels=labels,
        components=tuple(filter(None, [_name(issue.category)])),
        assignees=tuple(filter(None, [account(issue.assigned_to, site.connection)])),
        reporter=account(issue.author, site.connection),
        parent=site.ref(issue.parent.id) if issue.parent else None,
        parent_key=key_of(issue.parent.id) if issue.parent else "",
        links=(
            *links_of(issue.relations, issue.id, site),
            *text_links(body, site.rules.phrases),
        ),
        restricted=bool(issue.is_private),
        customers=_named_values(values, site.rules.customer_fields),
        custom=_custom(values, site),
    )
    return ItemRecord(item=item, changes=changes)


def _status(issue: Issue, known: Known) -> ToldStatus | None:
    """The status; before Redmine 5 an issue does not tell whether it is a closed one."""
    told = issue.status
    if told is None or told.is_closed is not None:
        return told
    return known.statuses.get(str(told.id), told)


def _identity(issue: Issue, site: Site, known: Known) -> dict[str, Any]:
    container = known.containers.get(issue.project.id or 0)
    if container is None:
        raise Unmappable("it does not tell in which project it is")
    return {
        "ref": site.ref(issue.id),
        "key": key_of(issue.id),
        "url": site.url(issue.id),
        "container": ContainerKey(site.connection, container),
        "title": clean_line(issue.subject or "") or NO_TITLE,
    }


def _sort_of_thing(
    issue: Issue, labels: Sequence[str], *, site: Site, known: Known
) -> dict[str, Any]:
    tracker = _name(issue.tracker)
    parent = known.trackers.get(issue.parent.id) if issue.parent else None
    kind, level = kind_and_level(tracker, labels, parent=parent, rules=site.rules)
    return {"kind": kind, "hierarchy_level": level, "native_type": tracker}


def _life(
    issue: Issue, status: Status, changes: Sequence[Change], *, complete: bool
) -> dict[str, Any]:
    first, last = issue.created_on or issue.updated_on, issue.updated_on or issue.created_on
    if first is None or last is None:
        raise Unmappable("neither created_on nor updated_on is told")
    created = instant(first)
    life = timeline(
        changes,
        current=status.category,
        created_at=created,
        resolved_at=_closed_at(issue, status),
        complete=complete,
    )
    return {
        "created_at": created,
        # A relation makes a journal and leaves `updated_on` as it was: what is later, counts.
        "updated_at": max([instant(last), *(change.at for change in changes[-1:])]),
        "started_at": life.started_at,
        "done_at": life.done_at,
        "reopened_count": life.reopened_count,
        "last_meaningful_change_at": life.last_meaningful_change_at,
        "history_complete": complete,
    }


def _closed_at(issue: Issue, status: Status) -> datetime | None:
    done = status.category is StatusCategory.DONE and issue.closed_on
    return instant(issue.closed_on) if done and issue.closed_on else None


def _plan(issue: Issue, site: Site, known: Known) -> dict[str, Any]:
    version = _version(issue.fixed_version, known)
    derived = site.rules.derives_dates and bool(issue.children)
    own = DateSource.ROLLED_UP if derived else DateSource.EXPLICIT
    due, source = civil_date(issue.due_date), own
    if due is None and version and version.due:
        due, source = version.due, DateSource.INHERITED
    return {
        "priority": site.rules.priorities.get(fold(_name(issue.priority))) or _rank(issue, known),
        "fix_versions": (version,) if version else (),
        "estimate": issue.estimated_hours,
        "estimate_unit": "hours" if issue.estimated_hours is not None else "",
        "start_date": civil_date(issue.start_date),
        "due_date": due,
        "date_source": source if due else DateSource.EXPLICIT,
    }


def _rank(issue: Issue, known: Known) -> int | None:
    """A priority of no known name by its place among all of them, the last being the highest."""
    number = str(issue.priority.id) if issue.priority else ""
    if number not in known.priorities:
        return None
    above = len(known.priorities) - 1 - known.priorities.index(number)
    return min(above, _LOWEST)


def _version(told: Named | None, known: Known) -> Version | None:
    if told is None or not told.id:
        return None
    name = clean_line(told.name or str(told.id))
    return known.versions.get(str(told.id)) or Version(id=str(told.id), name=name)


def _name(told: Named | None) -> str:
    return clean_line(told.name or "", limit=255) if told else ""


def _values(issue: Issue) -> dict[str, tuple[str, ...]]:
    """The values of custom fields, by folded name and by number."""
    found: dict[str, tuple[str, ...]] = {}
    for one in issue.custom_fields or ():
        if one is not None and (values := _texts(one)):
            found[fold(one.name or "")] = found[str(one.id)] = values
    return found


def _texts(one: CustomField) -> tuple[str, ...]:
    every = one.value if isinstance(one.value, list) else [one.value]
    told = (clean_line(str(v)) for v in every if isinstance(v, str | int | float))
    return tuple(value for value in told if value)


def _named_values(values: dict[str, tuple[str, ...]], names: frozenset[str]) -> tuple[str, ...]:
    every = [value for name in sorted(names) for value in values.get(name, ())]
    return tuple(dict.fromkeys(every))


def _custom(values: dict[str, tuple[str, ...]], site: Site) -> dict[str, str]:
    told = {name: ", ".join(values.get(field, ())) for name, field in site.rules.custom.items()}
    return {name: value for name, value in told.items() if value}
