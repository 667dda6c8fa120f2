"""Issues with their details as records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import msgspec

from connectors.redmine.client import RedmineClient, each, number_of
from connectors.redmine.mapping.issue import record_of
from connectors.redmine.mapping.site import Known, Site, key_of
from connectors.redmine.mapping.times import civil_date
from connectors.redmine.wire import Issue, Status
from connectors.redmine.wire import Version as ToldVersion
from syncer.connect.ahead import AT_ONCE, together
from syncer.connect.unreadable import Unmappable, unreadable
from syncer.domain.item import ItemRecord, Unreadable, Version
from syncer.domain.text import clean_line
from syncer.errors import Rejected

ABSENT: Final = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_PARENTS_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class Records:
    """What became of raw issues."""

    records: tuple[ItemRecord, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()


class Source:
    """Reads issues with their details, and what these refer to.

    What is the same for all issues is asked for once a pass (`begin`).
    """

    def __init__(self, client: RedmineClient, site: Site, *, history: bool) -> None:
        self.client = client
        self._site = site
        self._history = history
        self._statuses: Mapping[str, Status] = {}
        self._priorities: tuple[str, ...] = ()
        self._containers: dict[int, str] = {}
        self._versions: dict[int, Mapping[str, Version]] = {}

    def begin(self) -> None:
        """Forget what may have changed: statuses, priorities, versions. Identifiers never do."""
        self._statuses, self._priorities = {}, ()
        self._versions.clear()

    async def detailed(self, rows: Sequence[Any]) -> list[Any]:
        """The rows each with its journals, in their order; one that vanished meanwhile is left out.

        The list tells no journals (trackers.md 4), so each issue is asked for.
        """
        found: list[Any] = []
        for start in range(0, len(rows), AT_ONCE):
            parts = await together(self._one(row) for row in rows[start : start + AT_ONCE])
            found += [row for part in parts for row in part]
        return found

    async def _one(self, row: Any) -> tuple[Any, ...]:  # noqa: ANN401  as sent
        """The issue, or nothing; a refusal is raised where the list still shows it."""
        number = number_of(row)
        if not number:
            return (row,)
        try:
            return (await self.client.issue(str(number)),)
        except Rejected as refused:
            if refused.status not in ABSENT:
                raise
            if (await self.client.issues({"issue_id": str(number)})).rows:
                raise
            return ()

    async def records(self, rows: Sequence[Any]) -> Records:
        """The rows, with their details, as records."""
        issues: list[tuple[Any, Issue]] = []
        broken: list[Unreadable] = []
        for row in rows:
            try:
                issues.append((row, msgspec.convert(row, Issue)))
            except msgspec.ValidationError as error:  # it does not tell what was sent
                broken.append(self._set_aside(row, str(error)))
        await self._prepare([issue for _, issue in issues])
        trackers = await self._parents([issue for _, issue in issues])
        records = []
        for row, issue in issues:
            try:
                records.append(self._record(issue, trackers))
            except Unmappable as error:
                broken.append(self._set_aside(row, str(error)))
        return Records(tuple(records), tuple(broken))

    def _record(self, issue: Issue, trackers: Mapping[int, str]) -> ItemRecord:
        known = Known(
            statuses=self._statuses,
            priorities=self._priorities,
            containers=self._containers,
            trackers=trackers,
            versions=self._versions.get(issue.project.id or 0, {}),
        )
        return record_of(issue, site=self._site, known=known, complete=self._history)

    def _set_aside(self, row: Any, reason: str) -> Unreadable:  # noqa: ANN401  as sent
        number = number_of(row)
        key = key_of(number) if number else ""
        return unreadable(row, connection=self._site.connection, key=key, reason=reason)

    # --- what issues refer to -----------------------------------------------------------------

    async def _prepare(self, issues: Sequence[Issue]) -> None:
        """Ask for what is not known yet of what these issues name."""
        if issues and not self._statuses:
            self._statuses = {str(one.id): one for one in await self.client.statuses()}
            told = await self.client.priorities()
            self._priorities = tuple(str(one.id) for one in told if one.id)
        for project in sorted({issue.project.id for issue in issues if issue.project.id}):
            await self.container(project)
            if project not in self._versions:
                self._versions[project] = await self._versions_of(project)

    async def container(self, project: int) -> str:
        """The identifier of a project, empty where the account may not see it."""
        if project not in self._containers:
            try:
                told = await self.client.project(project)
            except Rejected as refused:
                if refused.status not in ABSENT:
                    raise
                return ""
            if told.identifier:
                self._containers[project] = told.identifier
        return self._containers.get(project, "")

    async def _versions_of(self, project: int) -> Mapping[str, Version]:
        """The versions that its issues may bear; none where the account may not see them."""
        try:
            told = await self.client.versions(project)
        except Rejected as refused:
            if refused.status not in ABSENT:
                raise
            return {}
        return {str(one.id): _version(one) for one in told}

    async def _parents(self, issues: Sequence[Issue]) -> Mapping[int, str]:
        """The names of the trackers of the issues above: these say what lies below them."""
        known = {issue.id: issue.tracker.name or "" for issue in issues if issue.tracker}
        wanted = {issue.parent.id for issue in issues if issue.parent} - set(known)
        found = {number: known[number] for number in known}
        for part in _parts(sorted(wanted), _PARENTS_AT_ONCE):
            params = {"issue_id": ",".join(map(str, part)), "limit": str(_PARENTS_AT_ONCE)}
            rows = (await self.client.issues(params)).rows
            found |= {one.id: one.tracker.name or "" for one in each(Issue, rows) if one.tracker}
        return found


def _version(told: ToldVersion) -> Version:
    try:
        due = civil_date(told.due_date)
    except Unmappable:
        due = None
    name = clean_line(told.name or str(told.id))
    return Version(id=str(told.id), name=name, due=due, closed=told.status == "closed")


def _parts(numbers: Sequence[int], size: int) -> list[Sequence[int]]:
    return [numbers[at : at + size] for at in range(0, len(numbers), size)]
