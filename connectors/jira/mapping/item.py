"""One issue as an item record, or as unreadable with the reason."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote

import msgspec

from connectors.jira.jql import is_project_key
from connectors.jira.mapping import adf, wiki
from connectors.jira.mapping.fields import (
    Raw,
    as_date_text,
    as_number,
    as_text,
    first_value,
    is_yes,
)
from connectors.jira.mapping.hierarchy import kind_and_level, parent_of
from connectors.jira.mapping.history import HOURS_FIELD, Now, changes_of
from connectors.jira.mapping.links import links_of
from connectors.jira.mapping.people import account
from connectors.jira.mapping.site import Site, standard_rank
from connectors.jira.mapping.sprints import sprints_of
from connectors.jira.mapping.status import category_of, category_of_key, resolution_kind
from connectors.jira.mapping.times import day, instant
from connectors.jira.rules import FieldRole, fold
from connectors.jira.sent import Sent, as_json
from connectors.jira.shapes import shaped
from connectors.jira.wire import LONGEST_NAME, FixVersion, Issue, Status
from syncer.connect.text_links import text_links
from syncer.connect.unreadable import Unmappable
from syncer.domain.change import Change
from syncer.domain.item import (
    ItemKind,
    ItemRecord,
    ResolutionKind,
    Sprint,
    StatusCategory,
    Unreadable,
    Version,
    WorkItem,
)
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.domain.text import clean_block, clean_line
from syncer.domain.timeline import Timeline, timeline

NO_SUMMARY: Final = "(no summary)"
_RAW_LIMIT: Final = 100_000
_SECONDS_AN_HOUR: Final = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What the connector found out beside the issue itself.

    `complete` says whether the changelog holds all entries; `ids` are the ids of known keys.
    """

    complete: bool = True
    ids: Mapping[str, str] = field(default_factory=dict)


_NO_EXTRAS: Final = Extras()


def read_issue(
    raw: object, *, container: ContainerKey, site: Site, extras: Extras = _NO_EXTRAS
) -> ItemRecord | Unreadable:
    """The record of one issue as Jira sent it; `Unreadable` where its shape is not as promised.

    `container` stands in for the project if the issue does not name its own.
    """
    try:
        return _Mapper(raw, container=container, site=site, extras=extras).record()
    except (msgspec.ValidationError, Unmappable) as error:  # both tell nothing of what was sent
        return _unreadable(as_json(raw), site, str(error))


def _unreadable(raw: object, site: Site, reason: str) -> Unreadable:
    text = _as_json(raw)
    told = raw if isinstance(raw, dict) else {}
    id_, key = (
        value if isinstance(value, str) else "" for value in (told.get("id"), told.get("key"))
    )
    known_id = (
        id_ if 0 < len(id_) <= LONGEST_NAME else f"unknown-{sha256(text.encode()).hexdigest()[:16]}"
    )
    return Unreadable(
        ref=ItemRef(site.connection, known_id, key[:LONGEST_NAME]),
        key=clean_line(key),
        reason=clean_line(reason),
        raw=text[:_RAW_LIMIT],
    )


def _as_json(raw: object) -> str:
    try:
        return json.dumps(raw, default=str)
    except RecursionError:
        return "nested too deeply to be kept"


class _Mapper:
    """Holds one issue while its record is made."""

    def __init__(self, raw: Any, *, container: ContainerKey, site: Site, extras: Extras) -> None:  # noqa: ANN401  JSON is any value
        is_sent = isinstance(raw, Sent)
        self.issue = raw.issue if is_sent else shaped(Issue, raw)
        self.raw: Raw = site.customs.read(raw) if is_sent else raw["fields"]
        self.fields = self.issue.fields
        self.container = container
        self.site = site
        self.extras = extras
        self.labels = tuple(clean_line(label) for label in self.fields.labels or () if label)

    def record(self) -> ItemRecord:
        """The record; a flat call, since this is done for every issue (docs/decisions/0035)."""
        fields, site, connection = self.fields, self.site, self.site.connection
        estimate, unit, estimate_id = self._estimate()
        due, due_id = self._due()
        resolution = resolution_kind(fields.resolution, site.rules)
        changes = self._changes(resolution, due_id=due_id, estimate_id=estimate_id)
        category, flagged = self._category(resolution)
        created, updated, life = self._life(category, changes)
        kind, level = self._kind()
        parent, parent_key = self._parent()
        assignee = account(fields.assignee, site)
        key, status = clean_line(self.issue.key), _name(fields.status)
        item = WorkItem(
            ref=ItemRef(connection, self.issue.id, self.issue.key),
            key=key,
            url=_address(site.url, key),
            container=self._place(),
            title=clean_line(fields.summary or "") or NO_SUMMARY,
            native_type=_name(fields.issuetype),
            kind=kind,
            hierarchy_level=level,
            native_status=status,
            status_category=category,
            backlog=category is StatusCategory.TODO and fold(status) in site.rules.backlog,
            flagged=flagged,
            resolution=_name(fields.resolution) or None,
            resolution_kind=resolution,
            labels=self.labels,
            assignees=(assignee,) if assignee else (),
            reporter=account(fields.reporter, site),
            parent=parent,
            parent_key=clean_line(parent_key),
            estimate=estimate,
            estimate_unit=unit,
            due_date=due,
            created_at=created,
            updated_at=updated,
            started_at=life.started_at,
            done_at=life.done_at,
            reopened_count=life.reopened_count,
            last_meaningful_change_at=life.last_meaningful_change_at,
            restricted=self._is_restricted(),
            customers=self._customers(),
            history_complete=self.extras.complete,
            unread=site.unread,
            **self._plan(),
            **self._words(),
        )
        return ItemRecord(item=item, changes=changes)

    def _words(self) -> dict[str, Any]:
        """The description, and what it and Jira's own links lead to."""
        body, rules = clean_block(_body(self.fields.description)), self.site.rules
        tied = links_of(self.fields.issuelinks, site=self.site)
        return {"body": body, "links": (*tied, *text_links(body, rules.phrases))}

    def _changes(
        self, resolution: ResolutionKind | None, *, due_id: str, estimate_id: str
    ) -> tuple[Change, ...]:
        fields, log = self.fields, self.issue.changelog
        now = Now(
            resolution=resolution,
            versions={v.id or v.name or "": v.name or "" for v in fields.fix_versions or () if v},
            due_id=due_id,
            estimate_id=estimate_id,
            ids=self.extras.ids,
        )
        histories = (log.histories if log else None) or ()
        return changes_of(histories, fields.comment, site=self.site, now=now)

    def _place(self) -> ContainerKey:
        """The issue's own project, where it names one."""
        project = (self.fields.project.key if self.fields.project else None) or ""
        known = self.site.known.places
        try:
            place = known[project]
        except KeyError:
            named = ContainerKey(self.site.connection, project)
            place = known.keep(project, named if is_project_key(project) else None)
        return place or self.container

    def _kind(self) -> tuple[ItemKind, int]:
        known, told = self.site.known.kinds, self.fields.issuetype
        names = (told.name, told.untranslated_name, told.subtask) if told else None
        key = (told.id, told.hierarchy_level, names, self.labels) if told else self.labels
        try:
            return known[key]
        except KeyError:
            return known.keep(key, kind_and_level(told, self.labels, self.site))

    def _parent(self) -> tuple[ItemRef | None, str]:
        epic_link = first_value(self.raw, self.site.ids_of(FieldRole.EPIC_LINK))
        return parent_of(
            self.fields, epic_link, connection=self.site.connection, ids=self.extras.ids
        )

    def _category(self, resolution: ResolutionKind | None) -> tuple[StatusCategory, bool]:
        flag = first_value(self.raw, (*self.site.ids_of(FieldRole.FLAGGED), "flagged"))
        flagged = bool(flag)
        status = self.fields.status
        if status is None:
            return StatusCategory.UNKNOWN, flagged
        base = None if status.category is None else (status.category.key,)
        known, key = self.site.known.categories, (status.id, status.name, base, resolution, flagged)
        try:
            return known[key], flagged
        except KeyError:
            category = self._category_of(status, resolution, flagged=flagged)
            return known.keep(key, category), flagged

    def _category_of(
        self, status: Status, resolution: ResolutionKind | None, *, flagged: bool
    ) -> StatusCategory:
        base = category_of_key(status.category)
        if status.category is None:
            base = self.site.categories.get(status.id, base)
        return category_of(
            base,
            rules=self.site.rules,
            status_id=status.id,
            status_name=status.name or "",
            resolution=resolution,
            flagged=flagged,
        )

    def _life(
        self, category: StatusCategory, changes: Sequence[Change]
    ) -> tuple[datetime, datetime, Timeline]:
        """When the issue was created, when it changed last, and what its history says."""
        zone, fields = self.site.zone, self.fields
        first, last = fields.created or fields.updated, fields.updated or fields.created
        if first is None or last is None:
            raise Unmappable("neither created nor updated is told")
        created = instant(first, zone)
        life = timeline(
            changes,
            current=category,
            created_at=created,
            resolved_at=instant(fields.resolutiondate, zone) if fields.resolutiondate else None,
            complete=self.extras.complete,
        )
        return created, instant(last, zone), life

    def _is_restricted(self) -> bool:
        """A security level, or the restriction of a team-managed project, hides the issue."""
        restrictions = (self.fields.issuerestriction or {}).get("issuerestrictions")
        return self.fields.security is not None or bool(restrictions)

    def _customers(self) -> tuple[str, ...]:
        _, by_label = self._said_by_labels()
        if not self.site.customer_field_ids:
            return by_label
        by_field = [as_text(self.raw.get(one)) for one in self.site.customer_field_ids]
        return tuple(dict.fromkeys(filter(None, [*by_label, *by_field])))

    def _said_by_labels(self) -> tuple[bool, tuple[str, ...]]:
        """Whether a label makes the issue a must, and the customers that labels name."""
        known, rules = self.site.known.labels, self.site.rules
        try:
            return known[self.labels]
        except KeyError:
            must = any(fold(label) in rules.must_labels for label in self.labels)
            named = (
                x for x in self.labels for p in rules.customer_labels if fnmatchcase(fold(x), p)
            )
            return known.keep(self.labels, (must, tuple(dict.fromkeys(filter(None, named)))))

    def _plan(self) -> dict[str, Any]:
        start = as_date_text(first_value(self.raw, self.site.ids_of(FieldRole.START)))
        customs = {
            name: as_text(first_value(self.raw, ids)) for name, ids in self.site.custom_ids.items()
        }
        return {
            "priority": self._priority(),
            "must_have": self._must_have(),
            "components": tuple([_name(c) for c in self.fields.components or () if c]),
            "fix_versions": tuple(map(self._version, self._versions())),
            "sprints": self._sprints(),
            "start_date": day(start, self.site.zone) if start else None,
            "custom": {name: text for name, text in customs.items() if text},
        }

    def _priority(self) -> int | None:
        priority = self.fields.priority
        if priority is None:
            return None
        return self.site.priorities.get(priority.id, standard_rank(priority.name))

    def _must_have(self) -> bool:
        labelled, _ = self._said_by_labels()
        value = first_value(self.raw, self.site.must_field_ids)
        return labelled or (value is not None and is_yes(value))

    def _versions(self) -> list[FixVersion]:
        return [version for version in self.fields.fix_versions or () if version]

    def _version(self, told: FixVersion) -> Version:
        known = self.site.known.versions
        key = (told.id, told.name, told.release_date, told.released, told.archived)
        try:
            return known[key]
        except KeyError:
            return known.keep(key, _version_of(told, self.site.zone))

    def _sprints(self) -> tuple[Sprint, ...]:
        value = first_value(self.raw, self.site.ids_of(FieldRole.SPRINT))
        return tuple(
            Sprint(
                id=str(sprint.id),
                name=clean_line(sprint.name or ""),
                end=day(sprint.end_date, self.site.zone) if sprint.end_date else None,
                closed=sprint.state == "closed",
            )
            for sprint in sprints_of(value)
        )

    def _due(self) -> tuple[date | None, str]:
        """The due date and the field that it comes from: Jira's own, else the end of the plan."""
        ends = [one for one in self.site.ids_of(FieldRole.END) if self.raw.get(one)]
        if self.fields.duedate or not ends:
            text, source = self.fields.duedate, "duedate"
        else:
            text, source = as_date_text(self.raw.get(ends[0])), ends[0]
        return (day(text, self.site.zone) if text else None), source

    def _estimate(self) -> tuple[float | None, str, str]:
        """Amount, unit and the field that they come from: points before hours."""
        points = self.site.ids_of(FieldRole.POINTS)
        given = next((one for one in points if self.raw.get(one) is not None), None)
        if given is not None:
            return as_number(self.raw[given]), "points", given
        seconds = as_number(self.fields.timeoriginalestimate)
        if seconds is not None:
            return seconds / _SECONDS_AN_HOUR, "hours", HOURS_FIELD
        return None, "", points[0] if points else HOURS_FIELD


def _version_of(told: FixVersion, zone: tzinfo | None) -> Version:
    return Version(
        id=told.id,
        name=clean_line(told.name or ""),
        due=day(told.release_date, zone) if told.release_date else None,
        closed=bool(told.released or told.archived),
    )


def _address(url: str, key: str) -> str:
    """Where people see the issue."""
    is_plain = key.isascii() and key.replace("-", "").isalnum()
    return f"{url}/browse/{key if is_plain else quote(key, safe='')}"


def _body(description: object) -> str:
    """Cloud sends documents, Data Center and older interfaces wiki markup."""
    is_markup = isinstance(description, str)
    return wiki.plain_text(description) if is_markup else adf.plain_text(description)


def _name(thing: object) -> str:
    """The name exactly as it comes, in its own language, but on one line."""
    name = getattr(thing, "name", None)
    return clean_line(name) if isinstance(name, str) else ""
