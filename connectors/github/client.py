"""The calls of GitHub's REST and GraphQL APIs that the connector makes, and no more.

Addresses: docs.github.com/en/rest/issues (issues, sub-issues, issue dependencies, milestones,
timeline), docs.github.com/en/rest/repos, docs.github.com/en/graphql.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from connectors.github.conditional import Conditional
from connectors.github.wire import Milestone, Repository, User
from syncer.connect.answers import Answer
from syncer.connect.http import HttpClient
from syncer.connect.paging import TokenChain, linked
from syncer.errors import BadPayload, Rejected, TooLong

_A_PAGE: Final = 100
_MOST_ROWS: Final = 20_000
_PAGE: Final = re.compile(r"([?&]page=)([1-9]\d{0,4})(?!\d)")
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}")

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One page of a listing: raw rows, where the next and the last are, GitHub's clock as told."""

    rows: tuple[Any, ...]
    next: str | None
    last: str | None
    date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An answer of the GraphQL API: data, perhaps in part, and what was wrong with the rest."""

    data: Mapping[str, Any] | None
    errors: tuple[Mapping[str, Any], ...]

    def speak_of(self, *words: str) -> bool:
        """Whether an error has one of these types or codes, or concerns a field of such a name."""
        wanted = set(words)
        return any(wanted & _marks(error) for error in self.errors)


class GitHubClient:
    """GitHub over the kit's client: asks, checks the outer shape, follows pages.

    `listing` is where the repositories of the token are listed.
    """

    def __init__(self, http: HttpClient, *, listing: str = "/user/repos") -> None:
        self.http = http
        self._listing = listing
        self._conditional = Conditional(http)

    async def me(self) -> Answer:
        """The account's own page; its headers tell scopes, limits and when the token expires."""
        return await self.http.get("/user")

    async def login(self) -> str:
        """The account's login; `Rejected` 404 where there is no GitHub API."""
        return _read(User, (await self.me()).object(), "user").login or ""

    async def repository(self, name: str) -> Repository:
        """One repository, under its present name; `Rejected` where it is not to be seen."""
        answer = await self.http.get(f"/repos/{checked(name)}", local=True)
        return _read(Repository, answer.object(), "repository")

    async def repositories(self) -> list[Repository]:
        """All repositories that the token is for."""
        return _each(Repository, await self.every_row(self._listing, "repositories"))

    async def repositories_of(self, owner: str) -> list[Repository]:
        """The repositories of an organisation or a person, as far as they are to be seen."""
        if not _NAME.fullmatch(owner):
            return []
        for kind in ("orgs", "users"):
            try:
                return _each(Repository, await self.every_row(f"/{kind}/{owner}/repos"))
            except Rejected:
                continue
        return []

    async def issues(self, repository: str, *, since: int | None, size: int) -> Found:
        """One page of a repository's issues and pull requests, by time of change.

        `since` is in epoch milliseconds; GitHub counts in whole seconds and includes that second.
        `Rejected` 410 where the repository has no issues.
        """
        params = {"state": "all", "sort": "updated", "direction": "asc", "per_page": str(size)}
        if since is not None:
            params["since"] = _second(since)
        return await self._page(f"/repos/{checked(repository)}/issues", params)

    async def more_issues(self, link: str) -> Found:
        """The page behind the `next` of another one."""
        return await self._page(link, None)

    async def issues_of(self, repository: str, milestone: int) -> AsyncIterator[tuple[Any, ...]]:
        """The raw issues and pull requests of one milestone, page by page."""
        params = {
            "state": "all",
            "milestone": str(milestone),
            "sort": "created",
            "direction": "asc",
        }
        async for page in self.pages(f"/repos/{checked(repository)}/issues", params):
            yield page

    async def all_issues(self, repository: str) -> AsyncIterator[tuple[Any, ...]]:
        """All raw issues and pull requests, page by page; some may come twice, none is left out.

        Where pages are counted, an issue that is deleted meanwhile moves the ones behind it a place
        forward, out of a page not yet read into one that was. So the pages are read backwards, and
        the last ones again for what is new. Where pages have cursors none of that is needed.
        """
        params = {"state": "all", "sort": "created", "direction": "asc"}
        path = f"/repos/{checked(repository)}/issues"
        first = await self._page(path, {**params, "per_page": str(_A_PAGE)})
        yield first.rows
        count = page_number(first.last)
        if first.last is None or count is None:
            async for page in self._following(first.next, path):
                yield page
            return
        for number in range(count, 0, -1):
            found = await self._page(with_page(first.last, number), None)
            yield found.rows
        async for page in self._following(first.last, path):
            yield page

    async def issue(self, repository: str, number: int) -> Any:  # noqa: ANN401  raw
        """One raw issue, wherever it has gone within this GitHub."""
        return (await self.http.get(_issue(repository, number), local=True)).object()

    async def milestones(self, repository: str) -> list[Milestone]:
        """The milestones, open and closed."""
        path = f"/repos/{checked(repository)}/milestones"
        return _each(Milestone, await self.every_row(path, state="all"))

    async def timeline(self, repository: str, number: int) -> list[Any]:
        """The raw timeline of one issue, whole."""
        return await self.every_row(f"{_issue(repository, number)}/timeline")

    async def blocked_by(self, repository: str, number: int) -> list[Any]:
        """The raw issues that block one."""
        return await self.every_row(f"{_issue(repository, number)}/dependencies/blocked_by")

    async def blocking(self, repository: str, number: int) -> list[Any]:
        """The raw issues that one blocks."""
        return await self.every_row(f"{_issue(repository, number)}/dependencies/blocking")

    async def sub_issues(self, repository: str, number: int) -> list[Any]:
        """The raw sub-issues of one issue."""
        return await self.every_row(f"{_issue(repository, number)}/sub_issues")

    async def parent(self, repository: str, number: int) -> Any:  # noqa: ANN401  raw
        """The raw parent of one issue."""
        return (await self.http.get(f"{_issue(repository, number)}/parent", local=True)).object()

    async def ask(self, url: str, query: str, variables: Mapping[str, str]) -> Told:
        """One GraphQL query; it answers 200 whatever it thinks of the query.

        `RateLimited` where it tells of a limit: docs.github.com/en/graphql/overview/rate-limits.
        """
        body = {"query": query, "variables": dict(variables)}
        answer = await self.http.post(url, body, local=True)
        errors, data = answer.object().get("errors"), answer.object().get("data")
        listed = errors if isinstance(errors, list) else []
        told = Told(
            data=data if isinstance(data, dict) else None,
            errors=tuple(one for one in listed if isinstance(one, dict)),
        )
        if told.speak_of("RATE_LIMITED", "RATE_LIMIT"):
            raise await self.http.told_limit(answer)
        return told

    async def every_row(self, path: str, key: str = "", **params: str) -> list[Any]:
        """All rows of a listing; `key` is where they are if the answer is an object.

        `TooLong` for more than anybody could have made.
        """
        rows: list[Any] = []
        async for page in self.pages(path, params, key=key):
            rows += page
            if len(rows) > _MOST_ROWS:
                raise TooLong(f"{path} has more than {_MOST_ROWS} entries.")
        return rows

    async def pages(
        self, path: str, params: Mapping[str, str], *, key: str = ""
    ) -> AsyncIterator[tuple[Any, ...]]:
        """The pages of a listing, each behind the `next` link of the one before."""
        found = await self._page(path, {**params, "per_page": str(_A_PAGE)}, key=key)
        yield found.rows
        async for page in self._following(found.next, path, key=key):
            yield page

    async def _following(
        self, link: str | None, label: str, *, key: str = ""
    ) -> AsyncIterator[tuple[Any, ...]]:
        """The page behind a link and those behind it."""
        chain = TokenChain(label=label.partition("?")[0])
        while link is not None:
            found = await self._page(link, None, key=key)
            yield found.rows
            link = chain.take(found.next, empty=not found.rows)

    async def _page(self, path: str, params: Mapping[str, str] | None, *, key: str = "") -> Found:
        answer = await self._conditional.get(path, params)
        return Found(
            rows=tuple(_rows(answer, key)),
            next=linked(answer.headers),
            last=linked(answer.headers, "last"),
            date=answer.headers.get("Date", ""),
        )


def checked(repository: str) -> str:
    """The name of a repository, safe in a path; `Rejected` for what is none."""
    owner, _, name = repository.partition("/")
    for part in (owner, name):
        if not _NAME.fullmatch(part) or part in {".", ".."}:
            raise Rejected(f"{repository[:100]!r} is no repository.", fix="Write owner/name.")
    return repository


def _issue(repository: str, number: int) -> str:
    return f"/repos/{checked(repository)}/issues/{number}"


def page_number(link: str | None) -> int | None:
    """The number of the page behind a link, None where pages are not counted."""
    found = _PAGE.search(link or "")
    return int(found[2]) if found else None


def with_page(link: str, number: int) -> str:
    """The link to another page of the same listing."""
    return _PAGE.sub(lambda found: f"{found[1]}{number}", link)


def _second(ms: int) -> str:
    """The whole second, never later than asked for."""
    try:
        at = datetime.fromtimestamp(ms // 1000, UTC)
    except (OverflowError, ValueError, OSError):
        at = datetime(1970, 1, 1, tzinfo=UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _rows(answer: Answer, key: str) -> Sequence[Any]:
    value = answer.data
    if key and isinstance(value, dict):
        value = value.get(key)
    if not isinstance(value, list):
        raise BadPayload(f"{answer.label} did not answer with a list.")
    return value


def _marks(error: Mapping[str, Any]) -> set[str]:
    extensions, path = error.get("extensions"), error.get("path")
    code = extensions.get("code") if isinstance(extensions, dict) else None
    told = (error.get("type"), code, *(path if isinstance(path, list) else ()))
    return {one for one in told if isinstance(one, str)}


def _read(model: type[T], value: object, label: str) -> T:
    try:
        return TypeAdapter(model).validate_python(value)
    except ValidationError as error:
        where = "; ".join(".".join(map(str, fault["loc"])) for fault in error.errors()[:3])
        raise BadPayload(f"{label} has another shape than promised: {where}.") from None


def _each(model: type[T], rows: Sequence[Any]) -> list[T]:
    """Every entry that can be read; one odd entry must not cost a whole list."""
    adapter = TypeAdapter(model)
    found = []
    for row in rows:
        try:
            found.append(adapter.validate_python(row))
        except ValidationError:
            continue
    return found
