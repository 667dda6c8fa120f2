"""The calls of Jira Cloud's REST API version 3 that the connector makes, and no more.

Addresses and limits: the vendor's OpenAPI description of "The Jira Cloud platform REST API".
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from connectors.jira.mapping.site import Tables
from connectors.jira.wire import (
    FieldInfo,
    IssueType,
    LinkType,
    Named,
    Project,
    SearchPage,
    Status,
    User,
)
from syncer.connect.answers import Answer, JsonObject
from syncer.connect.http import HttpClient
from syncer.connect.paging import TokenChain
from syncer.errors import AuthFailed, BadPayload, Rejected, TooLong, Unreachable

_API: Final = "/rest/api/3"
_SEARCH: Final = f"{_API}/search/jql"
_ABSENT: Final = frozenset({403, 404, 405, 410})
_NOT_POSTED: Final = frozenset({404, 405})
_PROJECTS_A_PAGE: Final = 50
_CHANGES_A_PAGE: Final = 100
_CHANGES_A_BULK: Final = 1000
_ISSUES_A_BULK: Final = 100
_MOST_PROJECT_PAGES: Final = 400
_MOST_CHANGES: Final = 100_000

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One page of a search: raw issues, the next token, and the tracker's clock as it told it."""

    issues: tuple[Any, ...]
    token: str | None
    date: str


class JiraClient:
    """Jira Cloud over the kit's client: asks, checks the outer shape, follows pages."""

    def __init__(self, http: HttpClient) -> None:
        self.http = http
        self._posts_searches = True

    async def myself(self) -> User:
        """The account; `Rejected` 404 where there is no Jira Cloud."""
        return _read(User, (await self.http.get(f"{_API}/myself")).object(), "myself")

    async def deployment(self, version: int = 3) -> str:
        """`Cloud`, `Server` or `DataCenter`; empty where the site does not tell."""
        try:
            answer = await self.http.get(f"/rest/api/{version}/serverInfo", local=True)
            told = answer.object().get("deploymentType")
        except (Rejected, AuthFailed, BadPayload):
            return ""
        return told if isinstance(told, str) else ""

    async def tables(self) -> Tables:
        """The site's statuses, types, fields, link types and priorities, as far as allowed."""
        missing: list[str] = []

        async def table(path: str, read: Callable[[Answer], list[T]]) -> list[T]:
            try:
                return read(await self.http.get(f"{_API}/{path}", local=True))
            except Rejected as refused:
                if refused.status not in _ABSENT:
                    raise
                missing.append(path)
                return []

        return Tables(
            statuses=await table("status", lambda a: _each(Status, a.array(), "status")),
            types=await table("issuetype", lambda a: _each(IssueType, a.array(), "issuetype")),
            fields=await table("field", lambda a: _each(FieldInfo, a.array(), "field")),
            link_types=await table(
                "issueLinkType",
                lambda a: _each(LinkType, a.object().get("issueLinkTypes", []), "issueLinkType"),
            ),
            priorities=await table("priority", lambda a: _each(Named, a.array(), "priority")),
            missing=tuple(missing),
        )

    async def projects(self, named: Sequence[str] = ()) -> list[Project]:
        """The live projects that the account sees, with their last change where it is told.

        Where a site closes its list of projects, those with the keys `named` are taken to exist:
        reading them tells. `Rejected` where none is named either.
        """
        try:
            return await self._searched_projects()
        except Rejected as refused:
            if refused.status not in _ABSENT:
                raise
            return await self._listed_projects() or _taken_for_granted(named, refused)

    async def _listed_projects(self) -> list[Project]:
        """The older list, in one piece and without last changes; empty where it is closed too."""
        try:
            answer = await self.http.get(f"{_API}/project", local=True)
        except Rejected as refused:
            if refused.status not in _ABSENT:
                raise
            return []
        return _each(Project, answer.array(), "project")

    async def _searched_projects(self) -> list[Project]:
        found: dict[str, Project] = {}
        for _ in range(_MOST_PROJECT_PAGES):
            page = await self._project_page(len(found))
            known = len(found)
            for project in _each(Project, page.get("values"), "project/search"):
                found.setdefault(project.id, project)
            if len(found) == known or page.get("isLast") is True or _is_all(page, len(found)):
                return list(found.values())
        raise BadPayload("The list of projects has no end.")

    async def _project_page(self, start: int) -> JsonObject:
        wanted = {
            "expand": "insight",
            "status": "live",
            "startAt": str(start),
            "maxResults": str(_PROJECTS_A_PAGE),
        }
        return (await self.http.get(f"{_API}/project/search", wanted, local=True)).object()

    async def search(
        self,
        jql: str,
        *,
        fields: Sequence[str],
        size: int,
        token: str | None = None,
        expand: str = "",
    ) -> Found:
        """One page of a search; `size` is a wish. `Rejected` with the status on any 4xx."""
        body: JsonObject = {"jql": jql, "fields": list(fields), "maxResults": size}
        if expand:
            body["expand"] = expand
        if token is not None:
            body["nextPageToken"] = token
        answer = await self._searched(body)
        page = _read(SearchPage, answer.object(), "search/jql")
        return Found(
            issues=tuple(page.issues),
            token=page.next_page_token or None,
            date=answer.headers.get("Date", ""),
        )

    async def _searched(self, body: JsonObject) -> Answer:
        """By POST, since queries grow long; by GET where only that is let through."""
        if self._posts_searches:
            try:
                return await self.http.post(_SEARCH, body, local=True)
            except Rejected as refused:
                if refused.status not in _NOT_POSTED:
                    raise
        answer = await self.http.get(_SEARCH, _as_query(body), local=True)
        self._posts_searches = False
        return answer

    async def every_page(
        self, jql: str, *, fields: Sequence[str], size: int
    ) -> AsyncIterator[Found]:
        """All pages of a search, by tokens."""
        chain = TokenChain(label=_SEARCH)
        token: str | None = None
        while True:
            found = await self.search(jql, fields=fields, size=size, token=token)
            token = chain.take(found.token, empty=not found.issues)
            yield found
            if token is None:
                return

    async def approximate_count(self, jql: str) -> int | None:
        """About how many issues a query finds; None where the site does not tell."""
        try:
            answer = await self.http.post(
                f"{_API}/search/approximate-count", {"jql": jql}, local=True
            )
            told = answer.object().get("count")
        except (Rejected, BadPayload, Unreachable):
            return None
        return told if isinstance(told, int) else None

    async def issues_by_id(
        self, ids: Sequence[str], *, fields: Sequence[str]
    ) -> tuple[list[Any], frozenset[str]]:
        """The issues with these ids, and the ids that failed for now; the rest is not visible."""
        found: list[Any] = []
        failed: set[str] = set()
        for start in range(0, len(ids), _ISSUES_A_BULK):
            body = {
                "issueIdsOrKeys": list(ids[start : start + _ISSUES_A_BULK]),
                "fields": list(fields),
                "expand": ["changelog"],
            }
            answer = await self.http.post(f"{_API}/issue/bulkfetch", body, local=True)
            page = answer.object()
            found += _list(page.get("issues"), "issue/bulkfetch")
            failed |= {str(e.get("id")) for e in page.get("issueErrors") or () if _is_object(e)}
        return found, frozenset(failed)

    async def issue(self, id_: str, *, fields: Sequence[str]) -> JsonObject | None:
        """One issue; None where it is gone or not visible."""
        try:
            answer = await self.http.get(
                f"{_API}/issue/{id_}",
                {"fields": ",".join(fields), "expand": "changelog"},
                local=True,
            )
        except Rejected as refused:
            if refused.status not in _ABSENT:
                raise
            return None
        return answer.object()

    async def changelogs(self, ids: Sequence[str]) -> dict[str, list[Any]]:
        """The whole changelogs of many issues, raw, by issue id."""
        found: dict[str, list[Any]] = {}
        chain = TokenChain(
            label=f"{_API}/changelog/bulkfetch", most_pages=_MOST_CHANGES // _CHANGES_A_BULK
        )
        body: JsonObject = {"issueIdsOrKeys": list(ids), "maxResults": _CHANGES_A_BULK}
        while True:
            page = (await self.http.post(chain.label, body, local=True)).object()
            logs = [
                log for log in _list(page.get("issueChangeLogs"), chain.label) if _is_object(log)
            ]
            for log in logs:
                entries = _list(log.get("changeHistories") or [], chain.label)
                found.setdefault(str(log.get("issueId")), []).extend(entries)
            token = chain.take(page.get("nextPageToken") or None, empty=not logs)
            if token is None:
                return found
            body = {**body, "nextPageToken": token}

    async def changelog(self, id_: str) -> list[Any]:
        """The whole changelog of one issue, raw; `TooLong` for one that nobody could have made."""
        found: list[Any] = []
        while len(found) <= _MOST_CHANGES:
            answer = await self.http.get(
                f"{_API}/issue/{id_}/changelog",
                {"startAt": str(len(found)), "maxResults": str(_CHANGES_A_PAGE)},
                local=True,
            )
            page = answer.object()
            entries = _list(page.get("values"), "changelog")
            found += entries
            if not entries or _is_all(page, len(found)):
                return found
        raise TooLong(f"The changelog of one issue has more than {_MOST_CHANGES} entries.")


def _is_all(page: Mapping[str, Any], held: int) -> bool:
    total = page.get("total")
    return isinstance(total, int) and held >= total


def _as_query(body: JsonObject) -> dict[str, str]:
    return {k: ",".join(v) if isinstance(v, list) else str(v) for k, v in body.items()}


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _list(value: object, label: str) -> list[Any]:
    if isinstance(value, list):
        return value
    raise BadPayload(f"{label} did not send a list where it promised one.")


def _taken_for_granted(keys: Sequence[str], refused: Rejected) -> list[Project]:
    """Projects of which nothing but the key is known."""
    if not keys:
        raise refused
    return [Project(id=key, key=key, name=key) for key in keys]


def _read(model: type[T], value: object, label: str) -> T:
    try:
        return TypeAdapter(model).validate_python(value)
    except ValidationError as error:
        raise BadPayload(
            f"{label} has another shape than promised: {_where(error)}.",
            fix="If it stays so, report it: Jira may have changed its answers.",
        ) from None


def _each(model: type[T], value: object, label: str) -> list[T]:
    """Every entry that can be read; one odd entry must not cost a whole table."""
    adapter = TypeAdapter(model)
    return [one for raw in _list(value, label) for one in _readable(adapter, raw)]


def _readable(adapter: TypeAdapter[T], raw: object) -> Iterable[T]:
    try:
        yield adapter.validate_python(raw)
    except ValidationError:
        return


def _where(error: ValidationError) -> str:
    return "; ".join(".".join(map(str, fault["loc"])) for fault in error.errors()[:3])
