"""One issue as an item record, or as unreadable with the reason."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from typing import Any, Final

from pydantic import ValidationError

from connectors.github.mapping.detail import NO_DETAIL, Detail, Neighbour, neighbour_at
from connectors.github.mapping.fields import (
    custom_of,
    fields_of,
    rank_of_labels,
    statuses,
    without_others,
)
from connectors.github.mapping.hierarchy import kind_and_level
from connectors.github.mapping.history import Now, changes_of
from connectors.github.mapping.links import links_of
from connectors.github.mapping.milestones import UNKNOWN_MILESTONES, Milestones, due_of
from connectors.github.mapping.people import account, login
from connectors.github.mapping.rest import repository_of
from connectors.github.mapping.site import Site
from connectors.github.mapping.status import Standing, status_of
from connectors.github.rules import fold
from connectors.github.wire import Issue, Label
from syncer.connect.times import utc_instant
from syncer.connect.unreadable import Unmappable, reason_of, unreadable
from syncer.domain.addresses import ADDRESS
from syncer.domain.change import Change
from syncer.domain.item import DateSource, ItemRecord, Unreadable, Version, WorkItem
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.domain.text import clean_block, clean_line
from syncer.domain.timeline import timeline

NO_TITLE: Final = "(no title)"
_LONGEST_BODY: Final = 100_000
_COMMENT: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
"""What GitHub's own page does not show of a description: the hints of issue templates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What the connector found out beside the issue itself."""

    detail: Detail = NO_DETAIL
    milestones: Milestones = UNKNOWN_MILESTONES


_NO_EXTRAS: Final = Extras()


def is_pull_request(raw: object) -> bool:
    """Whether this row of a listing is no issue: GitHub's issues include pull requests."""
    return isinstance(raw, dict) and raw.get("pull_request") is not None


def read_issue(
    raw: object, *, container: ContainerKey, site: Site, extras: Extras = _NO_EXTRAS
) -> ItemRecord | Unreadable:
    """The record of one issue as GitHub sent it; `Unreadable` where its shape is not as promised.

    `container` stands in for the repository if the issue does not name its own.
    """
    try:
        return _Mapper(raw, container=container, site=site, extras=extras).record()
    except ValidationError as error:
        reason = reason_of(error)
    except Unmappable as error:
        reason = str(error)
    own = place_of(raw, container)
    return unreadable(
        raw, connection=site.connection, key=own.locator if own else "", reason=reason
    )


def place_of(raw: object, container: ContainerKey) -> Neighbour | None:
    """Where a raw issue is, None where it does not tell its number."""
    if not isinstance(raw, dict) or not isinstance(raw.get("number"), int):
        return None
    told = raw.get("repository_url")
    repository = repository_of(told) if isinstance(told, str) else ""
    return neighbour_at(f"{repository or container.key}#{raw['number']}")


class _Mapper:
    """Holds one issue while its record is made."""

    def __init__(self, raw: object, *, container: ContainerKey, site: Site, extras: Extras) -> None:
        self.issue = Issue.model_validate(raw)
        place = place_of(raw, container)
        if place is None:
            raise Unmappable("the issue does not tell where it is")
        self.own = Neighbour(place.repository, place.number, self.issue.id)
        self.site = site
        self.rules = site.rules
        self.detail = extras.detail
        self.milestones = extras.milestones
        self.body = clean_block(_COMMENT.sub("", (self.issue.body or "")[:_LONGEST_BODY]))
        self.labels = _labels(self.issue.labels)
        self.fields = fields_of(self.detail.boards, self.rules)
        self.due, self.source = self._due()

    def record(self) -> ItemRecord:
        standing = self._standing()
        now = Now(
            own=self.own,
            standing=standing,
            inherits_due=self.due is None or self.source is DateSource.INHERITED,
            milestones=self.milestones,
        )
        told = without_others(self.detail.timeline, self.rules)
        changes = changes_of(told, now=now, site=self.site)
        item = WorkItem(
            **self._identity(),
            **self._sort_of_thing(),
            **self._life(standing, changes),
            **self._people(),
            **self._plan(),
        )
        return ItemRecord(item=item, changes=changes)

    def _identity(self) -> dict[str, Any]:
        return {
            "ref": ItemRef(self.site.connection, self.own.id, self.own.locator),
            "key": self.own.locator,
            "url": self.site.url(self.own),
            "container": ContainerKey(self.site.connection, self.own.repository),
            "title": clean_line(self.issue.title or "") or NO_TITLE,
            "body": self.body,
        }

    def _standing(self) -> Standing:
        told = {"open": False, "closed": True}.get(self.issue.state or "")
        milestone = self.issue.milestone
        return Standing(
            closed=told,
            reason=clean_line(self.issue.state_reason or "", limit=40) if told else "",
            labels=frozenset(self.labels),
            boards=statuses(self.detail.boards, self.rules),
            assignees=frozenset(one.id for one in self._assignees()),
            milestone=clean_line(milestone.title or "") if milestone else "",
        )

    def _sort_of_thing(self) -> dict[str, Any]:
        type_name = clean_line((self.issue.type.name if self.issue.type else None) or "")
        told = self.issue.sub_issues_summary
        height = max(self.detail.height, 1 if told and (told.total or 0) > 0 else 0)
        kind, level = kind_and_level(type_name, self.labels, height=height, rules=self.rules)
        parent = self.detail.parent
        ref = self.site.ref(parent) if parent else None
        return {
            "kind": kind,
            "hierarchy_level": level,
            "native_type": type_name,
            "labels": self.labels,
            "parent": ref if ref is not None and ref.connection != ADDRESS else None,
            "parent_key": parent.locator if parent else "",
            "links": links_of(self.detail, self.body, own=self.own, site=self.site),
        }

    def _life(self, standing: Standing, changes: Sequence[Change]) -> dict[str, Any]:
        issue = self.issue
        first, last = issue.created_at or issue.updated_at, issue.updated_at or issue.created_at
        if first is None or last is None:
            raise Unmappable("neither created_at nor updated_at is told")
        created, status = utc_instant(first), status_of(standing, self.rules)
        life = timeline(
            changes,
            current=status.category,
            created_at=created,
            resolved_at=utc_instant(issue.closed_at) if issue.closed_at else None,
            complete=self.detail.complete,
        )
        return {
            "native_status": status.shown,
            "status_category": status.category,
            "backlog": status.backlog,
            "resolution": standing.reason or None,
            "resolution_kind": standing.resolution,
            "created_at": created,
            "updated_at": utc_instant(last),
            "started_at": life.started_at,
            "done_at": life.done_at,
            "reopened_count": life.reopened_count,
            "last_meaningful_change_at": life.last_meaningful_change_at,
            "history_complete": self.detail.complete,
        }

    def _people(self) -> dict[str, Any]:
        customers = self.rules.customer_labels
        return {
            "assignees": self._assignees(),
            "reporter": account(self.issue.user, self.site.connection),
            "customers": tuple(
                label
                for label in self.labels
                if any(fnmatchcase(label.casefold(), pattern) for pattern in customers)
            ),
        }

    def _assignees(self) -> tuple[Any, ...]:
        users = self.issue.assignees if self.issue.assignees is not None else [self.issue.assignee]
        by_login = {login(user): account(user, self.site.connection) for user in users}
        return tuple(one for one in by_login.values() if one is not None)

    def _plan(self) -> dict[str, Any]:
        ranked = self.fields.priority
        return {
            "priority": rank_of_labels(self.labels, self.rules) if ranked is None else ranked,
            "must_have": any(fold(label) in self.rules.must_labels for label in self.labels),
            "fix_versions": self._versions(),
            "sprints": (self.fields.sprint,) if self.fields.sprint else (),
            "estimate": self.fields.points,
            "estimate_unit": "" if self.fields.points is None else "points",
            "start_date": self.fields.start,
            "due_date": self.due,
            "date_source": self.source,
            "custom": custom_of(self.detail.boards, self.rules),
        }

    def _due(self) -> tuple[date | None, DateSource]:
        """The date of a project's field, else the milestone's, else the end of the iteration."""
        if self.fields.end is not None:
            return self.fields.end, DateSource.EXPLICIT
        inherited = due_of(self.issue.milestone)
        if inherited is not None:
            return inherited, DateSource.INHERITED
        sprint = self.fields.sprint
        if sprint is not None and sprint.end is not None:
            return sprint.end, DateSource.SPRINT_END
        return None, DateSource.EXPLICIT

    def _versions(self) -> tuple[Version, ...]:
        milestone = self.issue.milestone
        if milestone is None or milestone.number is None:
            return ()
        return (
            Version(
                id=str(milestone.number),
                name=clean_line(milestone.title or ""),
                due=due_of(milestone),
                closed=milestone.state == "closed",
            ),
        )


def _labels(raw: Sequence[Label | str | None] | None) -> tuple[str, ...]:
    names = (one.name if isinstance(one, Label) else one for one in raw or ())
    return tuple(dict.fromkeys(clean_line(name) for name in names if name))


def raw_id(raw: Mapping[str, Any]) -> str:
    """The database id of a raw issue, empty where it tells none."""
    told = raw.get("id")
    return str(told) if isinstance(told, int | str) and not isinstance(told, bool) else ""
