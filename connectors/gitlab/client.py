"""The calls of GitLab's REST and GraphQL APIs that the connector makes, and no more.

Addresses: docs.gitlab.com/api/issues, …/api/epics, …/api/issue_links, …/api/related_epics,
…/api/projects, …/api/groups, …/api/resource_state_events and its siblings, …/api/notes,
…/api/graphql. Paging by `Link` headers: docs.gitlab.com/api/rest, "Pagination".
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final, TypeVar
from urllib.parse import quote

import msgspec

from connectors.gitlab.mapping.place import Place, is_path
from connectors.gitlab.wire import Account, Group, Project, Token
from syncer.connect.answers import Answer
from syncer.connect.http import HttpClient
from syncer.connect.paging import TokenChain, linked
from syncer.errors import BadPayload, Rejected, TooLong

_API: Final = "/api/v4"
_A_PAGE: Final = "100"
_MOST_ROWS: Final = 20_000
_NO_KEYSET: Final = frozenset({400, 405})
"""What a server answers that cannot page this listing by keys: "405 Method Not Allowed"."""

T = TypeVar("T", bound=msgspec.Struct)


class Kind(StrEnum):
    """What a container is."""

    PROJECT = "project"
    GROUP = "group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One page of a listing: raw rows, what leads on, GitLab's clock as told."""

    rows: tuple[Any, ...]
    next: str | None
    date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An answer of the GraphQL API: data, perhaps in part, and what was wrong with the rest."""

    data: Mapping[str, Any]
    errors: tuple[str, ...]
    date: str


class GitLabClient:
    """GitLab over the kit's client: asks, checks the outer shape, follows pages."""

    def __init__(self, http: HttpClient) -> None:
        self.http = http

    # --- the account and what it sees ---------------------------------------------------------

    async def username(self) -> str:
        """The account's name; `Rejected` 404 where there is no GitLab."""
        answer = await self.http.get(f"{_API}/user")
        return _read(Account, answer.object(), "user").username or ""

    async def token(self) -> Token | None:
        """What the token tells of itself; None for one that is no personal access token."""
        try:
            answer = await self.http.get(f"{_API}/personal_access_tokens/self", local=True)
        except Rejected:
            return None
        return _read(Token, answer.object(), "token")

    async def projects(self) -> list[Project]:
        """All projects that the account is a member of."""
        params = {"membership": "true", "order_by": "id", "sort": "asc", "pagination": "keyset"}
        return _each(Project, await self.every_row("/projects", params))

    async def groups(self) -> list[Group]:
        """All groups that the account is a member of."""
        params = {"all_available": "false", "order_by": "id", "sort": "asc"}
        return _each(Group, await self.every_row("/groups", params))

    async def project(self, path: str) -> Project:
        """One project, under its present path; `Rejected` where it is not to be seen."""
        answer = await self.http.get(f"{_API}/projects/{encoded(path)}", local=True)
        return _read(Project, answer.object(), "project")

    async def group(self, path: str) -> Group:
        """One group; `Rejected` where it is not to be seen."""
        address = f"{_API}/groups/{encoded(path)}"
        answer = await self.http.get(address, {"with_projects": "false"}, local=True)
        return _read(Group, answer.object(), "group")

    async def kind_of(self, path: str) -> Kind:
        """What a full path leads to; `Rejected` 404 where it leads to nothing that we may see."""
        try:
            await self.project(path)
        except Rejected as refused:
            if refused.status != HTTPStatus.NOT_FOUND:
                raise
        else:
            return Kind.PROJECT
        await self.group(path)
        return Kind.GROUP

    async def labels(self, path: str, kind: Kind) -> dict[str, str]:
        """The titles of the labels that items of a container may bear, by their numbers."""
        params = {"include_ancestor_groups": "true", "with_counts": "false"}
        rows = await self.every_row(f"/{kind}s/{encoded(path)}/labels", params)
        told = [(row.get("id"), row.get("name")) for row in rows if isinstance(row, dict)]
        return {str(id_): name for id_, name in told if isinstance(name, str)}

    # --- GraphQL ------------------------------------------------------------------------------

    async def query(self, text: str, variables: Mapping[str, Any]) -> Told:
        """The answer to a query; `Rejected` where GraphQL as such is refused."""
        body = {"query": text, "variables": dict(variables)}
        answer = await self.http.post("/api/graphql", body, local=True)
        told = answer.object()
        data, errors = told.get("data"), told.get("errors")
        every = errors if isinstance(errors, list) else []
        return Told(
            data=data if isinstance(data, dict) else {},
            errors=tuple(str(one.get("message")) for one in every if isinstance(one, dict)),
            date=answer.headers.get("Date", ""),
        )

    # --- REST ---------------------------------------------------------------------------------

    async def items(self, path: str, kind: Kind, *, since: str | None, size: int) -> Found:
        """The first page of the issues of a project or the epics of a group, by time of change."""
        params = {"order_by": "updated_at", "sort": "asc", "state": "all", "per_page": str(size)}
        params |= {"updated_after": since} if since else {}
        if kind is Kind.GROUP:
            alone = {"include_descendant_groups": "false", "include_ancestor_groups": "false"}
            return await self._page(f"{_API}/groups/{encoded(path)}/epics", params | alone)
        return await self._issues(path, params)

    async def _issues(self, path: str, params: Mapping[str, str]) -> Found:
        """The first page of a project's issues, by keys where the server can."""
        address = f"{_API}/projects/{encoded(path)}/issues"
        try:
            return await self._page(address, {**params, "scope": "all", "pagination": "keyset"})
        except Rejected as refused:
            if refused.status not in _NO_KEYSET:
                raise
        return await self._page(address, {**params, "scope": "all"})

    async def more(self, link: str) -> Found:
        """The page behind a `next` link."""
        return await self._page(link, None)

    async def all_items(self, path: str, kind: Kind) -> AsyncIterator[tuple[Any, ...]]:
        """Every issue or epic in the order in which they were made, a page at a time.

        By keys where the server can: by numbers, one deleted meanwhile hides the next from view.
        """
        params = {"order_by": "created_at", "sort": "asc", "state": "all"}
        if kind is Kind.GROUP:
            alone = {"include_descendant_groups": "false", "include_ancestor_groups": "false"}
            async for page in self.pages(f"/groups/{encoded(path)}/epics", params | alone):
                yield page
            return
        chain = TokenChain(label=f"issues of {path}")
        found = await self._issues(path, {**params, "per_page": _A_PAGE})
        yield found.rows
        link = chain.take(found.next, empty=not found.rows)
        while link is not None:
            found = await self._page(link, None)
            yield found.rows
            link = chain.take(found.next, empty=not found.rows)

    async def item(self, place: Place) -> Any:  # noqa: ANN401  as sent
        """One issue or epic by its place; `Rejected` 404 where it is not to be seen."""
        answer = await self.http.get(f"{_API}{address_of(place)}", local=True)
        return answer.object()

    async def details(self, place: Place, what: str) -> list[Any]:
        """All rows of a detail of an item such as its links."""
        return await self.every_row(f"{address_of(place)}/{what}", {})

    async def every_row(self, path: str, params: Mapping[str, str]) -> list[Any]:
        """All rows of a listing. `TooLong` for more than anybody could have made."""
        rows: list[Any] = []
        async for page in self.pages(path, params):
            rows += page
            if len(rows) > _MOST_ROWS:
                raise TooLong(f"{path} has more than {_MOST_ROWS} entries.")
        return rows

    async def pages(self, path: str, params: Mapping[str, str]) -> AsyncIterator[tuple[Any, ...]]:
        """The pages of a listing, each behind the `next` link of the one before."""
        chain = TokenChain(label=path)
        found = await self._page(f"{_API}{path}", {**params, "per_page": _A_PAGE})
        yield found.rows
        link = chain.take(found.next, empty=not found.rows)
        while link is not None:
            found = await self._page(link, None)
            yield found.rows
            link = chain.take(found.next, empty=not found.rows)

    async def _page(self, path: str, params: Mapping[str, str] | None) -> Found:
        answer = await self.http.get(path, params, local=True)
        return Found(
            rows=tuple(answer.array()),
            next=linked(answer.headers),
            date=_date(answer),
        )


def address_of(place: Place) -> str:
    """The address of an issue or epic below the API's."""
    owner = encoded(place.path)
    if place.in_group:
        return f"/groups/{owner}/epics/{place.number}"
    return f"/projects/{owner}/issues/{place.number}"


def encoded(path: str) -> str:
    """A full path as one part of an address; `Rejected` for what is none."""
    if not is_path(path):
        raise Rejected(f"{path[:100]!r} is no path.", fix="Write group/project.")
    return quote(path, safe="")


def shaped(model: type[T], value: object) -> T:
    """The value as a model; `msgspec.ValidationError` tells where it is another."""
    return msgspec.convert(value, model)


def _read(model: type[T], value: object, label: str) -> T:
    try:
        return shaped(model, value)
    except msgspec.ValidationError as error:
        raise BadPayload(f"{label} has another shape than promised: {error}.") from None


def _each(model: type[T], rows: Sequence[Any]) -> list[T]:
    """Every entry that can be read; one odd entry must not cost a whole list."""
    found = []
    for row in rows:
        try:
            found.append(shaped(model, row))
        except msgspec.ValidationError:
            continue
    return found


def _date(answer: Answer) -> str:
    return answer.headers.get("Date", "")
