"""One work item as an item record, or as unreadable with the reason."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, Final

from connectors.gitlab.mapping.hierarchy import kind_and_level
from connectors.gitlab.mapping.history import Now, changes_of
from connectors.gitlab.mapping.links import links_of
from connectors.gitlab.mapping.site import NOTHING_KNOWN, Known, Site
from connectors.gitlab.mapping.status import Standing, Status, status_of
from connectors.gitlab.mapping.times import to_the_second
from connectors.gitlab.mapping.told import NO_DETAIL, Detail, Happened, Happening, Told
from connectors.gitlab.rules import fold
from syncer.connect.text_links import text_links
from syncer.connect.unreadable import Unmappable
from syncer.domain.addresses import ADDRESS
from syncer.domain.change import Change
from syncer.domain.item import DateSource, ItemRecord, ItemState, StatusCategory, WorkItem
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.domain.text import clean_block, clean_line
from syncer.domain.timeline import timeline

NO_TITLE: Final = "(no title)"
_LONGEST_BODY: Final = 100_000
_COMMENT: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
"""What GitLab's own page does not show of a description: the hints of templates."""

_HEALTH: Final = "Health status"


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What the connector found out beside the item itself."""

    detail: Detail = NO_DETAIL
    known: Known = NOTHING_KNOWN
    url: str | None = None


_NO_EXTRAS: Final = Extras()


def record_of(told: Told, *, site: Site, extras: Extras = _NO_EXTRAS) -> ItemRecord:
    """The record of one item; `Unmappable` where it lacks what no item lacks."""
    standing = standing_of(told, extras.detail.happenings)
    status = status_of(standing, site.rules)
    ids = {one.other.locator: one.other.id for one in extras.detail.links if one.other.id}
    if told.parent and told.parent.id:
        ids[told.parent.locator] = told.parent.id
    now = Now(own=told.place, standing=standing, ids=ids, categories=extras.known.categories)
    changes = changes_of(extras.detail.happenings, now=now, site=site)
    parent = site.ref(told.parent) if told.parent else None
    item = WorkItem(
        **_identity(told, site, extras),
        **_sort_of_thing(told, site),
        **_life(told, status, changes, complete=extras.detail.complete),
        **_plan(told, site),
        native_status=status.shown,
        status_category=status.category,
        backlog=status.backlog,
        resolution=status.shown if status.resolution else None,
        resolution_kind=status.resolution,
        labels=told.labels,
        assignees=told.assignees,
        reporter=told.author,
        parent=parent if parent and parent.connection != ADDRESS else None,
        parent_key=told.parent.locator if told.parent else "",
        links=(*links_of(extras.detail.links, site), *text_links(told.body, site.rules.phrases)),
        restricted=told.confidential,
        state=ItemState.MOVED if told.moved_to else ItemState.LIVE,
    )
    return ItemRecord(item=item, changes=changes)


def standing_of(told: Told, happenings: Sequence[Happening] = ()) -> Standing:
    """What the item's status depends on now; REST tells its status in the history only."""
    return Standing(
        closed=told.closed,
        name=told.status_name or _last_status(told, happenings),
        category=told.status_category,
        labels=frozenset(told.labels),
        assignees=frozenset(one.id for one in told.assignees),
        left=_went_elsewhere(told, happenings),
    )


def _went_elsewhere(told: Told, happenings: Sequence[Happening]) -> bool:
    """Where the account may not see what an item has become, only a note tells that it went."""
    if told.moved_to or told.duplicated or told.promoted:
        return True
    return any(one.what is Happened.MOVED_TO for one in happenings)


def _last_status(told: Told, happenings: Sequence[Happening]) -> str:
    ends = (Happened.STATUS, Happened.CLOSED, Happened.REOPENED)
    last = next((one for one in reversed(happenings) if one.what in ends), None)
    named = last is not None and last.what is Happened.STATUS and told.closed is False
    return last.after if last and named else ""


def _identity(told: Told, site: Site, extras: Extras) -> dict[str, Any]:
    key = told.place.locator
    return {
        "ref": ItemRef(site.connection, told.id, key),
        "key": key,
        "url": site.url(told.place, extras.url),
        "container": ContainerKey(site.connection, told.place.path),
        "title": told.title or NO_TITLE,
        "body": clean_block(_COMMENT.sub("", told.body[:_LONGEST_BODY])),
    }


def _sort_of_thing(told: Told, site: Site) -> dict[str, Any]:
    kind, level = kind_and_level(
        told.type_name,
        told.labels,
        children=told.children,
        has_parent=told.parent is not None,
        rules=site.rules,
    )
    return {"kind": kind, "hierarchy_level": level, "native_type": told.type_name}


def _life(
    told: Told, status: Status, changes: Sequence[Change], *, complete: bool
) -> dict[str, Any]:
    first, last = told.created or told.updated, told.updated or told.created
    if first is None or last is None:
        raise Unmappable("neither created nor updated is told")
    created = to_the_second(first)
    life = timeline(
        changes,
        current=status.category,
        created_at=created,
        resolved_at=_closed_at(told, status),
        complete=complete,
    )
    return {
        "created_at": created,
        "updated_at": to_the_second(last),
        "started_at": life.started_at,
        "done_at": life.done_at,
        "reopened_count": life.reopened_count,
        "last_meaningful_change_at": life.last_meaningful_change_at,
        "history_complete": complete,
    }


def _closed_at(told: Told, status: Status) -> datetime | None:
    done = status.category is StatusCategory.DONE and told.closed_at
    return to_the_second(told.closed_at) if done and told.closed_at else None


def _plan(told: Told, site: Site) -> dict[str, Any]:
    own = DateSource.ROLLED_UP if told.dates_rolled_up else DateSource.EXPLICIT
    due, source = told.due, own
    if due is None and told.version and told.version.due:
        due, source = told.version.due, DateSource.INHERITED
    elif due is None and told.sprint and told.sprint.end:
        due, source = told.sprint.end, DateSource.SPRINT_END
    return {
        "priority": _priority(told, site),
        "must_have": any(fold(one) in site.rules.must_labels for one in told.labels),
        "fix_versions": (told.version,) if told.version else (),
        "sprints": (told.sprint,) if told.sprint else (),
        "estimate": told.weight,
        "estimate_unit": "points" if told.weight is not None else "",
        "start_date": told.start,
        "due_date": due,
        "date_source": source if due else DateSource.EXPLICIT,
        "customers": tuple(_customers(told, site)),
        "custom": {_HEALTH: health_of(told.health)} if told.health else {},
    }


def health_of(told: str) -> str:
    """A health status as people see it: `onTrack` and `on_track` are both On track."""
    spaced = "".join(f" {c}" if c.isupper() else c for c in told).replace("_", " ")
    return clean_line(spaced).capitalize()


def _priority(told: Told, site: Site) -> int | None:
    ranks = (site.rules.priorities.get(site.rules.plain(one, "priority")) for one in told.labels)
    return min((rank for rank in ranks if rank is not None), default=None)


def _customers(told: Told, site: Site) -> list[str]:
    patterns = site.rules.customer_labels
    return [one for one in told.labels if any(fnmatchcase(one.casefold(), p) for p in patterns)]
