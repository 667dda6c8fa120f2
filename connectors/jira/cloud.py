"""The dialect of Jira Cloud: REST API version 3.

Addresses and limits: the vendor's OpenAPI description of "The Jira Cloud platform REST API".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from connectors.jira.client import ABSENT, Found, JiraClient, page_of, taken_for_granted
from connectors.jira.sent import decoded
from connectors.jira.shapes import each, is_all, is_object, list_of
from connectors.jira.wire import Project
from syncer.connect.answers import JsonObject
from syncer.connect.paging import TokenChain
from syncer.errors import BadPayload, Rejected, TooLong, Unreachable

_PROJECTS_A_PAGE: Final = 50
_CHANGES_A_PAGE: Final = 100
_CHANGES_A_BULK: Final = 1000
_ISSUES_A_BULK: Final = 100
_MOST_PROJECT_PAGES: Final = 400
_MOST_CHANGES: Final = 100_000


class CloudClient(JiraClient):
    """Jira Cloud: searches by page tokens without a total, changelogs by a call of their own."""

    product: ClassVar[str] = "Jira Cloud"
    api: ClassVar[str] = "/rest/api/3"
    search_path: ClassVar[str] = f"{api}/search/jql"
    inline_cap: ClassVar[int | None] = 40  # trackers.md 1.2
    instant_ms: ClassVar[int] = 1
    issues_in_bulk: ClassVar[bool] = True
    changelogs_in_bulk: ClassVar[bool] = True

    async def projects(self, named: Sequence[str] = ()) -> list[Project]:
        """The live and archived projects, by the paged search, else by the older list."""
        try:
            return await self._searched_projects()
        except Rejected as refused:
            if refused.status not in ABSENT:
                raise
            return await self.listed_projects() or taken_for_granted(named, refused)

    async def _searched_projects(self) -> list[Project]:
        found: dict[str, Project] = {}
        for _ in range(_MOST_PROJECT_PAGES):
            page = await self._project_page(len(found))
            known = len(found)
            for project in each(Project, page.get("values"), "project/search"):
                found.setdefault(project.id, project)
            if len(found) == known or page.get("isLast") is True or is_all(page, len(found)):
                return list(found.values())
        raise BadPayload("The list of projects has no end.")

    async def _project_page(self, start: int) -> JsonObject:
        wanted = {
            "expand": "insight",
            "startAt": str(start),
            "maxResults": str(_PROJECTS_A_PAGE),
        }
        path = f"{self.api}/project/search?status=live&status=archived"  # a list is no value here
        return (await self.http.get(path, wanted, local=True)).object()

    async def search(
        self,
        jql: str,
        *,
        fields: Sequence[str],
        size: int,
        token: str | None = None,
        expand: str = "",
    ) -> Found:
        """One page by token; a repeated or empty page is for the caller to see."""
        body: JsonObject = {"jql": jql, "fields": list(fields), "maxResults": size}
        if expand:
            body["expand"] = expand
        if token is not None:
            body["nextPageToken"] = token
        answer = await self.searched(body)
        page = page_of(answer, "search/jql")
        return Found(
            issues=tuple(page.issues),
            token=page.next_page_token or None,
            date=answer.headers.get("Date", ""),
        )

    async def approximate_count(self, jql: str) -> int | None:
        """About how many issues a query finds; None where the site does not tell."""
        try:
            answer = await self.http.post(
                f"{self.api}/search/approximate-count", {"jql": jql}, local=True
            )
            told = answer.object().get("count")
        except (Rejected, BadPayload, Unreachable):
            return None
        return told if isinstance(told, int) else None

    async def issues_by_id(
        self, ids: Sequence[str], *, fields: Sequence[str]
    ) -> tuple[list[Any], frozenset[str]]:
        """By the bulk call, which leaves out what does not exist or may not be seen."""
        found: list[Any] = []
        failed: set[str] = set()
        for start in range(0, len(ids), _ISSUES_A_BULK):
            body = {
                "issueIdsOrKeys": list(ids[start : start + _ISSUES_A_BULK]),
                "fields": list(fields),
                "expand": ["changelog"],
            }
            path = f"{self.api}/issue/bulkfetch"
            answer = await self.http.post(path, body, local=True, decode=decoded)
            page = page_of(answer, "issue/bulkfetch")
            found += page.issues
            failed |= {str(e.get("id")) for e in page.issue_errors or () if is_object(e)}
        return found, frozenset(failed)

    async def changelogs(self, ids: Sequence[str]) -> dict[str, list[Any]]:
        """By the bulk call, all pages of it."""
        found: dict[str, list[Any]] = {}
        chain = TokenChain(
            label=f"{self.api}/changelog/bulkfetch", most_pages=_MOST_CHANGES // _CHANGES_A_BULK
        )
        body: JsonObject = {"issueIdsOrKeys": list(ids), "maxResults": _CHANGES_A_BULK}
        while True:
            page = (await self.http.post(chain.label, body, local=True)).object()
            logs = [
                log for log in list_of(page.get("issueChangeLogs"), chain.label) if is_object(log)
            ]
            for log in logs:
                entries = list_of(log.get("changeHistories") or [], chain.label)
                found.setdefault(str(log.get("issueId")), []).extend(entries)
            token = chain.take(page.get("nextPageToken") or None, empty=not logs)
            if token is None:
                return found
            body = {**body, "nextPageToken": token}

    async def changelog(self, id_: str) -> list[Any]:
        """By pages, oldest entry first."""
        found: list[Any] = []
        while len(found) <= _MOST_CHANGES:
            answer = await self.http.get(
                f"{self.api}/issue/{id_}/changelog",
                {"startAt": str(len(found)), "maxResults": str(_CHANGES_A_PAGE)},
                local=True,
            )
            page = answer.object()
            entries = list_of(page.get("values"), "changelog")
            found += entries
            if not entries or is_all(page, len(found)):
                return found
        raise TooLong(f"The changelog of one issue has more than {_MOST_CHANGES} entries.")
