"""The dialect of Jira Data Center and Server: REST API version 2.

Addresses and shapes: "Jira Data Center platform REST API reference" of the vendor's developer site.
A page is told by an offset, which is no place in a list that changes: a page therefore begins with
the last issue of the page before it, and if that is another one now, the list is sought anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Final

from connectors.jira.client import Found, JiraClient, Query, Shifted, page_of, taken_for_granted
from connectors.jira.sent import IssuesPage, sent_id, version_of
from connectors.jira.shapes import Version, list_of
from connectors.jira.wire import Project
from syncer.connect.ahead import Ask
from syncer.connect.answers import JsonObject
from syncer.errors import BadPayload, Rejected, Unreachable

_DEEPEST: Final = 10_000
"""Beyond so many issues pages are not asked for ahead: deep offsets cost a server ever more."""

_NOBODY: Final[Version] = ("", "")
_TOKEN: Final = re.compile(r"([0-9]{1,18}):([0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the page before ended: the offset of its last issue, and that issue's id."""

    offset: int
    id: str

    @classmethod
    def of(cls, token: str) -> _Place:
        """The place that a token tells; `Shifted` for one that is none of ours."""
        parts = _TOKEN.fullmatch(token)
        if parts is None:
            raise Shifted
        return cls(int(parts[1]), parts[2])

    def token(self) -> str:
        """The place as an opaque text."""
        return f"{self.offset}:{self.id}"

    def after(self, issues: Sequence[Any]) -> list[Any]:
        """What comes after this place on a page that begins with it."""
        if not issues or (self.id and _id(issues[0]) != self.id):
            raise Shifted
        return list(issues[1:])


class DataCenterClient(JiraClient):
    """Jira Data Center: searches by offset with a total; changelogs come whole with the issues.

    Its index holds instants in whole seconds, so issues of one second come in the order of ids.
    """

    product: ClassVar[str] = "Jira Data Center"
    api: ClassVar[str] = "/rest/api/2"
    search_path: ClassVar[str] = f"{api}/search"
    inline_cap: ClassVar[int | None] = None
    instant_ms: ClassVar[int] = 1000
    issues_in_bulk: ClassVar[bool] = False
    changelogs_in_bulk: ClassVar[bool] = False

    async def projects(self, named: Sequence[str] = ()) -> list[Project]:
        """The live and archived projects, in one piece."""
        closed = Rejected("The list of projects is closed to this account.", status=403)
        return await self.listed_projects(includeArchived="true") or (
            taken_for_granted(named, closed) if named else []
        )

    async def search(
        self,
        jql: str,
        *,
        fields: Sequence[str],
        size: int,
        token: str | None = None,
        expand: str = "",
    ) -> Found:
        """One page by offset, which begins with the last issue of the page before it."""
        place = _Place.of(token) if token is not None else None
        start = place.offset if place else 0
        length = size + 1 if place else size
        query = Query(jql=jql, fields=fields, expand=expand)
        page, date = await self._page(query, start=start, length=length)
        return _found(
            page, start=start, fresh=place.after(page.issues) if place else page.issues, date=date
        )

    def ahead(self, query: Query, *, pages: int, length: int) -> Iterator[Ask[Found]]:
        """By offset, each page beginning with the last issue of the page before it."""
        for start in range(0, min(pages * (length - 1), _DEEPEST), length - 1):
            yield partial(self._ahead, query, start=start, length=length)

    async def _ahead(self, query: Query, *, start: int, length: int) -> Found:
        page, date = await self._page(query, start=start, length=length)
        return _found(page, start=start, fresh=page.issues[1:] if start else page.issues, date=date)

    async def _page(self, query: Query, *, start: int, length: int) -> tuple[IssuesPage, str]:
        body: JsonObject = {
            "jql": query.jql,
            "fields": list(query.fields),
            "startAt": start,
            "maxResults": length,
        }
        if query.expand:
            body["expand"] = [query.expand]
        answer = await self.searched(body)
        return page_of(answer, "search"), answer.headers.get("Date", "")

    async def approximate_count(self, jql: str) -> int | None:
        """How many issues a query finds; None where the site does not tell."""
        try:
            answer = await self.searched({"jql": jql, "fields": ["id"], "maxResults": 0})
            told = answer.object().get("total")
        except (Rejected, BadPayload, Unreachable):
            return None
        return told if isinstance(told, int) else None

    async def issues_by_id(
        self, ids: Sequence[str], *, fields: Sequence[str]
    ) -> tuple[list[Any], frozenset[str]]:
        """One by one: a search for ids is refused as a whole if one of them does not exist."""
        found = [await self.issue(id_, fields=fields) for id_ in ids]
        return [one for one in found if one is not None], frozenset()

    async def changelogs(self, ids: Sequence[str]) -> dict[str, list[Any]]:
        """One by one, as far as the issues are visible."""
        return {id_: await self.changelog(id_) for id_ in ids}

    async def changelog(self, id_: str) -> list[Any]:
        """As it comes with the issue, which is whole; `Rejected` 404 for one not visible."""
        issue = await self.issue(id_, fields=["updated"])
        if issue is None:
            raise Rejected(f"Issue {id_} is not visible.", status=404)
        log = issue.get("changelog")
        return list_of(log.get("histories") if isinstance(log, dict) else None, "changelog")


def _found(page: IssuesPage, *, start: int, fresh: Sequence[Any], date: str) -> Found:
    first = version_of(page.issues[0]) if page.issues else None
    return Found(
        issues=tuple(fresh),
        token=_following(page, start=start, fresh=len(fresh)),
        date=date,
        length=len(page.issues),
        after=first or _NOBODY,
        rest=max(0, (page.total or 0) - start - len(page.issues)),
        total=page.total,
    )


def _following(page: IssuesPage, *, start: int, fresh: int) -> str | None:
    """The token of the next page, None on the last one; `BadPayload` if a page falls short."""
    end = start + len(page.issues)
    if page.total is None or end >= page.total:
        return None
    if not fresh:
        raise BadPayload(f"search promised {page.total} issues and stopped at {end}.")
    return _Place(end - 1, _id(page.issues[-1])).token()


def _id(raw: object) -> str:
    told = sent_id(raw)
    return told if told.isascii() and told.isdigit() else ""
