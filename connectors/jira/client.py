"""What the connector asks of a Jira, whichever sort it is: one small interface, two dialects.

Cloud and Data Center differ in how they search, list projects and give changelogs; the rest they
share. Each dialect follows pages and checks outer shapes; it knows nothing of the domain.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, TypeVar

from connectors.jira.mapping.site import Tables
from connectors.jira.sent import IssuesPage, decoded
from connectors.jira.shapes import Version, as_query, each, read
from connectors.jira.wire import (
    FieldInfo,
    IssueType,
    LinkType,
    Named,
    Project,
    Status,
    User,
)
from syncer.connect.ahead import Ask, together
from syncer.connect.answers import Answer, JsonObject
from syncer.connect.decoding import loaded
from syncer.connect.http import HttpClient
from syncer.connect.paging import TokenChain
from syncer.errors import Rejected, Unreachable

ABSENT: Final = frozenset({403, 404, 405, 410})
"""Answers that say of one call: not here, or not for this account."""

NOT_POSTED: Final = frozenset({404, 405})
MOST_RESTARTS: Final = 20
"""So often a list may change under its reader before it is left for the next time."""

T = TypeVar("T")


class Shifted(Exception):
    """What a token leads to is no longer there: the list changed meanwhile and must be sought."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One page of a search: raw issues, the next token, and the tracker's clock as it told it.

    Where a dialect counts: `length` is how many issues came, those included that only prove the
    page's place, `after` the state of the last of these, `rest` how many come after the page, and
    `total` how many there are in all, None where it does not tell.
    """

    issues: tuple[Any, ...]
    token: str | None
    date: str
    length: int = 0
    after: Version | None = None
    rest: int = 0
    total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A search as it is meant: what to find, and what to tell of it."""

    jql: str
    fields: Sequence[str]
    expand: str = ""


class JiraClient(ABC):
    """A Jira over the kit's client: asks, checks the outer shape, follows pages.

    `api` is the interface's path. `inline_cap` is how many changelog entries come with an issue of
    a search at most, None where all of them do. `instant_ms` is how finely the search compares and
    orders instants, in milliseconds. `issues_in_bulk` and `changelogs_in_bulk` say whether there
    are such calls.
    """

    product: ClassVar[str]
    api: ClassVar[str]
    search_path: ClassVar[str]
    inline_cap: ClassVar[int | None]
    instant_ms: ClassVar[int]
    issues_in_bulk: ClassVar[bool]
    changelogs_in_bulk: ClassVar[bool]

    def __init__(self, http: HttpClient) -> None:
        self.http = http
        self._posts_searches = True

    @abstractmethod
    async def projects(self, named: Sequence[str] = ()) -> list[Project]:
        """The projects that the account sees, with their last change where it is told.

        Where a site closes its list of projects, those with the keys `named` are taken to exist:
        reading them tells. `Rejected` where none is named either.
        """

    @abstractmethod
    async def search(
        self,
        jql: str,
        *,
        fields: Sequence[str],
        size: int,
        token: str | None = None,
        expand: str = "",
    ) -> Found:
        """One page of a search; `size` is a wish. `Rejected` with the status on any 4xx.

        `Shifted` if the list has changed so that the token would leave issues out.
        """

    def ahead(self, query: Query, *, pages: int, length: int) -> Iterator[Ask[Found]]:  # noqa: ARG002  for the other dialect
        """Calls for the first `pages` of a search, which need not wait for each other.

        Each page but the first begins after the last issue of the page before it, if `after` says
        so. None where a dialect cannot tell pages beforehand.
        """
        return iter(())

    @abstractmethod
    async def approximate_count(self, jql: str) -> int | None:
        """About how many issues a query finds; None where the site does not tell."""

    @abstractmethod
    async def issues_by_id(
        self, ids: Sequence[str], *, fields: Sequence[str]
    ) -> tuple[list[Any], frozenset[str]]:
        """The issues with these ids, and the ids that failed for now; the rest is not visible."""

    @abstractmethod
    async def changelogs(self, ids: Sequence[str]) -> dict[str, list[Any]]:
        """The whole changelogs of many issues, raw, by issue id."""

    @abstractmethod
    async def changelog(self, id_: str) -> list[Any]:
        """The whole changelog of one issue, raw; `TooLong` for one that nobody could have made."""

    async def myself(self) -> tuple[User, Answer]:
        """The account, and the answer that told it; `Rejected` 404 where there is no such Jira."""
        answer = await self.http.get(f"{self.api}/myself")
        return read(User, answer.object(), "myself"), answer

    async def tables(self) -> Tables:
        """The site's statuses, types, fields, link types and priorities, as far as allowed."""
        missing: list[str] = []

        async def table(path: str, take: Callable[[Answer], list[T]]) -> list[Any]:
            try:
                return take(await self.http.get(f"{self.api}/{path}", local=True))
            except Rejected as refused:
                if refused.status not in ABSENT:
                    raise
                missing.append(path)
                return []

        statuses, types, fields, link_types, priorities = await together(
            [
                table("status", lambda a: each(Status, a.array(), "status")),
                table("issuetype", lambda a: each(IssueType, a.array(), "issuetype")),
                table("field", lambda a: each(FieldInfo, a.array(), "field")),
                table(
                    "issueLinkType",
                    lambda a: each(LinkType, a.object().get("issueLinkTypes", []), "issueLinkType"),
                ),
                table("priority", lambda a: each(Named, a.array(), "priority")),
            ]
        )
        return Tables(
            statuses=statuses,
            types=types,
            fields=fields,
            link_types=link_types,
            priorities=priorities,
            missing=tuple(sorted(missing)),
        )

    async def every_page(
        self, jql: str, *, fields: Sequence[str], size: int
    ) -> AsyncIterator[Found]:
        """All pages of a search, by tokens; from the start again where the list changed.

        An issue may then come twice, but none is left out.
        """
        for _ in range(MOST_RESTARTS):
            try:
                async for found in self._pages(jql, fields=fields, size=size):
                    yield found
            except Shifted:
                continue
            return
        raise never_still(self.search_path)

    async def _pages(self, jql: str, *, fields: Sequence[str], size: int) -> AsyncIterator[Found]:
        chain = TokenChain(label=self.search_path)
        token: str | None = None
        while True:
            found = await self.search(jql, fields=fields, size=size, token=token)
            token = chain.take(found.token, empty=not found.issues)
            yield found
            if token is None:
                return

    async def issue(self, id_: str, *, fields: Sequence[str]) -> JsonObject | None:
        """One issue; None where it is gone or not visible."""
        try:
            answer = await self.http.get(
                f"{self.api}/issue/{id_}",
                {"fields": ",".join(fields), "expand": "changelog"},
                local=True,
            )
        except Rejected as refused:
            if refused.status not in ABSENT:
                raise
            return None
        return answer.object()

    async def searched(self, body: JsonObject) -> Answer:
        """By POST, since queries grow long; by GET where only that is let through.

        Whole issues come as `IssuesPage`, see `connectors.jira.sent`.
        """
        decode = decoded if "expand" in body else loaded
        if self._posts_searches:
            try:
                return await self.http.post(self.search_path, body, local=True, decode=decode)
            except Rejected as refused:
                if refused.status not in NOT_POSTED:
                    raise
        query = as_query(body)
        answer = await self.http.get(self.search_path, query, local=True, decode=decode)
        self._posts_searches = False
        return answer

    async def listed_projects(self, **wanted: str) -> list[Project]:
        """The list of projects in one piece and without last changes; empty where it is closed."""
        try:
            answer = await self.http.get(f"{self.api}/project", wanted, local=True)
        except Rejected as refused:
            if refused.status not in ABSENT:
                raise
            return []
        return each(Project, answer.array(), "project")


def page_of(answer: Answer, label: str) -> IssuesPage:
    """The page of issues that an answer holds; `BadPayload` where it has another shape."""
    told = answer.data
    return told if isinstance(told, IssuesPage) else read(IssuesPage, answer.object(), label)


def taken_for_granted(keys: Sequence[str], refused: Rejected) -> list[Project]:
    """Projects of which nothing but the key is known."""
    if not keys:
        raise refused
    return [Project(id=key, key=key, name=key) for key in keys]


def never_still(label: str) -> Unreachable:
    """What to say of a list that changes whenever it is read."""
    return Unreachable(
        f"{label}: the list changed {MOST_RESTARTS} times while it was read.",
        fix="The next sync tries again; if it stays so, sync at a quieter time.",
    )
