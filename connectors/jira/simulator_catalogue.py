"""What a Jira Cloud site knows besides issues, rendered from a scripted world.

Ids follow the habits of a real site: In Progress is 3, a new status gets a five-digit number,
priorities count from 1, custom fields have numbers of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from syncer.connect.testing.script import Container, ItemType, Person, Phase, Sprint, Version
from syncer.connect.testing.world import World
from syncer.domain.link import LinkKind

Json = dict[str, Any]

START_FIELD: Final = "customfield_10015"
STORY_POINTS_FIELD: Final = "customfield_10016"
EPIC_LINK_FIELD: Final = "customfield_10014"
RANK_FIELD: Final = "customfield_10019"
SPRINT_FIELD: Final = "customfield_10020"
FLAGGED_FIELD: Final = "customfield_10021"

_GREENHOPPER: Final = "com.pyxis.greenhopper.jira"
_FIELD_TYPES: Final = "com.atlassian.jira.plugin.system.customfieldtypes"

SYSTEM_FIELDS: Final[tuple[tuple[str, str, str], ...]] = (
    ("summary", "Summary", "string"),
    ("issuetype", "Issue Type", "issuetype"),
    ("status", "Status", "status"),
    ("project", "Project", "project"),
    ("priority", "Priority", "priority"),
    ("resolution", "Resolution", "resolution"),
    ("resolutiondate", "Resolved", "datetime"),
    ("created", "Created", "datetime"),
    ("updated", "Updated", "datetime"),
    ("assignee", "Assignee", "user"),
    ("reporter", "Reporter", "user"),
    ("creator", "Creator", "user"),
    ("labels", "Labels", "array"),
    ("components", "Components", "array"),
    ("fixVersions", "Fix versions", "array"),
    ("description", "Description", "string"),
    ("duedate", "Due date", "date"),
    ("parent", "Parent", "issuelink"),
    ("subtasks", "Sub-tasks", "array"),
    ("issuelinks", "Linked Issues", "array"),
    ("security", "Security Level", "securitylevel"),
    ("comment", "Comment", "comments-page"),
)
CUSTOM_FIELDS: Final[tuple[tuple[str, str, str, str], ...]] = (
    (EPIC_LINK_FIELD, "Epic Link", "any", f"{_GREENHOPPER}:gh-epic-link"),
    (START_FIELD, "Start date", "date", f"{_FIELD_TYPES}:datepicker"),
    (STORY_POINTS_FIELD, "Story Points", "number", f"{_FIELD_TYPES}:float"),
    (RANK_FIELD, "Rank", "any", f"{_GREENHOPPER}:gh-lexo-rank"),
    (SPRINT_FIELD, "Sprint", "array", f"{_GREENHOPPER}:gh-sprint"),
    (FLAGGED_FIELD, "Flagged", "array", f"{_FIELD_TYPES}:multicheckboxes"),
)
LINK_TYPES: Final[dict[LinkKind, tuple[str, str, str, str]]] = {
    LinkKind.BLOCKS: ("10000", "Blocks", "blocks", "is blocked by"),
    LinkKind.DUPLICATES: ("10002", "Duplicate", "duplicates", "is duplicated by"),
    LinkKind.RELATES: ("10003", "Relates", "relates to", "relates to"),
    LinkKind.MITIGATES: ("10004", "Mitigates", "mitigates", "is mitigated by"),
    LinkKind.THREATENS: ("10005", "Threatens", "threatens", "is threatened by"),
    LinkKind.REQUIRES: ("10006", "Requires", "requires", "is required by"),
    LinkKind.IMPLEMENTS: ("10007", "Implements", "implements", "is implemented by"),
}
_RESOLUTIONS: Final = ("Done", "Won't Do", "Duplicate", "Cannot Reproduce", "Declined")
_CATEGORIES: Final[dict[Phase, tuple[int, str, str, str]]] = {
    Phase.TODO: (2, "new", "blue-gray", "To Do"),
    Phase.PROGRESS: (4, "indeterminate", "yellow", "In Progress"),
    Phase.WAITING: (4, "indeterminate", "yellow", "In Progress"),
    Phase.DONE: (3, "done", "green", "Done"),
}
_KNOWN_STATUS_IDS: Final = {"In Progress": "3", "To Do": "10000", "Done": "10001"}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Users, statuses, types, versions and the like of one site.

    `base` is the site's URL; instants are written in the account's time zone, as Jira does.
    """

    world: World
    base: str
    zone: ZoneInfo
    _made: dict[tuple[str, str], Json] = field(default_factory=dict)

    def _once(self, table: str, name: str, make: Callable[[str], Json]) -> Json:
        """An object that thousands of issues share, made once."""
        if (table, name) not in self._made:
            self._made[table, name] = make(name)
        return self._made[table, name]

    def link(self, path: str) -> str:
        """A `self` link."""
        return f"{self.base}/rest/api/3/{path}"

    def instant(self, at: datetime) -> str:
        """An instant as Jira writes it: `2026-11-23T05:30:00.000+0100`."""
        text = at.astimezone(self.zone).isoformat(timespec="milliseconds")
        return text[:-3] + text[-2:]

    def user(self, person_id: str | None) -> Json | None:
        """A user object, or None for nobody. An unknown id becomes a deactivated account."""
        return self._once("user", person_id, self._user) if person_id else None

    def _user(self, person_id: str) -> Json:
        person = self.world.people.get(person_id)
        known = person or Person(id=person_id, name="Former user")
        return {
            "self": self.link(f"user?accountId={known.id}"),
            "accountId": known.id,
            "emailAddress": known.email,
            "displayName": known.name,
            "active": person is not None,
            "timeZone": str(self.zone),
            "accountType": "app" if known.bot else "atlassian",
        }

    def status_id(self, name: str) -> str:
        """The id of a status; an unknown name gets one that no list mentions."""
        names = [status.name for status in self.world.statuses]
        number = 10010 + names.index(name) if name in names else 10999
        return _KNOWN_STATUS_IDS.get(name, str(number))

    def status(self, name: str) -> Json:
        """A status with its category; an unknown one has Jira's category "undefined"."""
        return self._once("status", name, self._status)

    def _status(self, name: str) -> Json:
        phase = next((s.phase for s in self.world.statuses if s.name == name), None)
        number, key, colour, title = (
            _CATEGORIES[phase] if phase else (1, "undefined", "medium-gray", "No Category")
        )
        return {
            "self": self.link(f"status/{self.status_id(name)}"),
            "description": "",
            "name": name,
            "id": self.status_id(name),
            "statusCategory": {
                "self": self.link(f"statuscategory/{number}"),
                "id": number,
                "key": key,
                "colorName": colour,
                "name": title,
            },
        }

    def statuses(self) -> list[Json]:
        """All statuses of the site."""
        return [self.status(status.name) for status in self.world.statuses]

    def type(self, name: str) -> ItemType:
        """The item type of this name; an unknown one is an ordinary item."""
        return next((t for t in self.world.types if t.name == name), ItemType(name=name))

    def type_id(self, name: str) -> str:
        """The id of an issue type."""
        names = [known.name for known in self.world.types]
        return str(10100 + names.index(name)) if name in names else "10199"

    def issue_type(self, name: str) -> Json:
        """An issue type as it stands in an issue."""
        return self._once("type", name, self._issue_type)

    def _issue_type(self, name: str) -> Json:
        level = self.type(name).level
        return {
            "self": self.link(f"issuetype/{self.type_id(name)}"),
            "id": self.type_id(name),
            "description": "",
            "name": name,
            "subtask": level < 0,
            "hierarchyLevel": level,
        }

    def issue_types(self) -> list[Json]:
        """All issue types with their untranslated names."""
        return [
            self.issue_type(known.name) | {"untranslatedName": known.untranslated or known.name}
            for known in self.world.types
        ]

    def priority_id(self, name: str) -> str:
        """The id of a priority, 1 for the highest."""
        names = self.world.priorities
        return str(names.index(name) + 1) if name in names else "10099"

    def priority(self, name: str | None) -> Json | None:
        """A priority, or None."""
        if name is None:
            return None
        number = self.priority_id(name)
        return {"self": self.link(f"priority/{number}"), "name": name, "id": number}

    def priorities(self) -> list[Json | None]:
        """All priorities, the highest first."""
        return [self.priority(name) for name in self.world.priorities]

    def resolution_id(self, name: str) -> str:
        """The id of a resolution."""
        return str(10000 + _RESOLUTIONS.index(name)) if name in _RESOLUTIONS else "10099"

    def resolution(self, name: str | None) -> Json | None:
        """A resolution, or None for unresolved."""
        if name is None:
            return None
        number = self.resolution_id(name)
        return {
            "self": self.link(f"resolution/{number}"),
            "id": number,
            "description": "",
            "name": name,
        }

    def link_type(self, kind: LinkKind) -> Json:
        """An issue link type; kinds that Jira does not know become "Relates"."""
        number, name, outward, inward = LINK_TYPES.get(kind, LINK_TYPES[LinkKind.RELATES])
        return {
            "id": number,
            "name": name,
            "inward": inward,
            "outward": outward,
            "self": self.link(f"issueLinkType/{number}"),
        }

    def link_types(self) -> list[Json]:
        """All issue link types."""
        return [self.link_type(kind) for kind in LINK_TYPES]

    def version_id(self, container: str, name: str) -> str:
        """The id of a container's version, empty if it has none of this name."""
        found = (v.id for v in self.world.versions if (v.container, v.name) == (container, name))
        return next(found, "")

    def version(self, version: Version, now: datetime) -> Json:
        """A version as it stands at an instant."""
        shown: Json = {
            "self": self.link(f"version/{version.id}"),
            "id": version.id,
            "name": version.name,
            "archived": False,
            "released": version.released_at is not None and version.released_at <= now,
        }
        return shown | ({"releaseDate": version.due.isoformat()} if version.due else {})

    def versions_of(self, container: str, names: tuple[str, ...], now: datetime) -> list[Json]:
        """The versions of an issue."""
        known = self.world.versions
        return [self.version(v, now) for v in known if v.container == container and v.name in names]

    def sprint(self, sprint: Sprint, now: datetime) -> Json:
        """A sprint as the Sprint field holds it."""
        state = "future" if now < sprint.start else "active" if now < sprint.end else "closed"
        dates = {"startDate": _utc(sprint.start), "endDate": _utc(sprint.end)}
        closed = {"completeDate": _utc(sprint.end)} if state == "closed" else {}
        return {
            "id": int(sprint.id),
            "name": sprint.name,
            "state": state,
            "boardId": 1,
            "goal": "",
            **dates,
            **closed,
        }

    def project(self, container: Container) -> Json:
        """A project as it stands in an issue."""
        return {
            "self": self.link(f"project/{container.id}"),
            "id": container.id,
            "key": container.key,
            "name": container.name,
            "projectTypeKey": "software",
            "simplified": False,
        }

    def fields(self) -> list[Json]:
        """The answer of `/field`."""
        return [_system_field(*row) for row in SYSTEM_FIELDS] + [
            _custom_field(key, name, schema=schema, custom=custom)
            for key, name, schema, custom in CUSTOM_FIELDS
        ]

    def server_info(self, now: datetime) -> Json:
        """The answer of `/serverInfo`."""
        return {
            "baseUrl": self.base,
            "displayUrl": self.base,
            "version": "1001.0.0-SNAPSHOT",
            "versionNumbers": [1001, 0, 0],
            "deploymentType": "Cloud",
            "buildNumber": 100290,
            "buildDate": "2026-11-16T00:00:00.000+0000",
            "serverTime": self.instant(now),
            "scmInfo": "0000000000000000000000000000000000000000",
            "serverTitle": "Jira",
            "defaultLocale": {"locale": "en_US"},
            "serverTimeZone": str(self.zone),
        }


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"


def _system_field(key: str, name: str, schema: str) -> Json:
    return {
        "id": key,
        "key": key,
        "name": name,
        "custom": False,
        "orderable": True,
        "navigable": True,
        "searchable": True,
        "clauseNames": [key],
        "schema": {"type": schema, "system": key},
    }


def _custom_field(key: str, name: str, *, schema: str, custom: str) -> Json:
    number = key.removeprefix("customfield_")
    return {
        "id": key,
        "key": key,
        "name": name,
        "untranslatedName": name,
        "custom": True,
        "orderable": True,
        "navigable": True,
        "searchable": True,
        "clauseNames": [f"cf[{number}]", name],
        "schema": {"type": schema, "custom": custom, "customId": int(number)},
    }
