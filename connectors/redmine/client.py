"""Redmine's REST API: which address tells what. redmine.org/projects/redmine/wiki/Rest_api."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec

from connectors.redmine.wire import Named, Project, Status, User, Version
from syncer.connect.answers import Answer
from syncer.connect.http import HttpClient
from syncer.connect.paging import TokenChain
from syncer.errors import BadPayload, Rejected

PAGE: Final = 100
"""The most that Redmine gives at once; asked for more, it cuts silently."""

WITH_CLOSED: Final = "1|5"
"""Active and closed projects: without it, only active ones are listed."""

T = TypeVar("T", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One page of a list: raw rows, how many there are in all, Redmine's clock as told."""

    rows: tuple[Any, ...]
    total: int
    date: str


class RedmineClient:
    """Redmine over the kit's client."""

    def __init__(self, http: HttpClient) -> None:
        self.http = http

    async def account(self) -> User:
        """Who the key belongs to."""
        answer = await self.http.get("/users/current.json")
        return _read(User, answer.object().get("user"), "the account")

    async def project(self, name: str | int) -> Project:
        """A project by identifier or number.

        `Rejected` 404 where there is none, 403 where it is archived or closed to the account.
        """
        answer = await self.http.get(f"/projects/{_part(name)}.json", local=True)
        return _read(Project, answer.object().get("project"), "a project")

    async def projects(self) -> list[Project]:
        """Every project that the account sees and that is not archived."""
        listed = self._every("/projects.json", "projects", {"status": WITH_CLOSED})
        return each(Project, [row async for row in listed])

    async def statuses(self) -> list[Status]:
        """Every status."""
        found = await self._list("/issue_statuses.json", "issue_statuses")
        return each(Status, found.rows)

    async def priorities(self) -> list[Named]:
        """Every priority, the lowest first."""
        found = await self._list("/enumerations/issue_priorities.json", "issue_priorities")
        return each(Named, found.rows)

    async def versions(self, project: int) -> list[Version]:
        """The versions that issues of a project may bear, shared ones included."""
        found = await self._list(f"/projects/{project}/versions.json", "versions")
        return each(Version, found.rows)

    async def issues(self, params: Mapping[str, str]) -> Found:
        """A page of issues; `params` are filters, order and place. Closed ones are there too."""
        return await self._list("/issues.json", "issues", {"status_id": "*", **params})

    async def issue(self, number: str) -> Any:  # noqa: ANN401  as sent
        """One issue with relations, journals and children; `Rejected` where it is not to be had."""
        params = {"include": "relations,journals,children"}
        answer = await self.http.get(f"/issues/{_part(number)}.json", params, local=True)
        told = answer.object().get("issue")
        if not isinstance(told, dict):
            raise BadPayload(f"Redmine answered for issue {number} without an issue.")
        return told

    async def by_id(self, params: Mapping[str, str], *, size: int = PAGE) -> AsyncIterator[Any]:
        """Every issue that the filters leave, by number: what vanishes meanwhile hides no other."""
        chain, after = TokenChain(label="issues by number"), 0
        while True:
            place = {"issue_id": f">={after + 1}", "sort": "id", "limit": str(size)}
            found = await self.issues({**params, **place})
            for row in found.rows:
                yield row
            numbers = [number for row in found.rows if (number := number_of(row))]
            more = found.total > len(found.rows)
            if more and max(numbers, default=0) <= after:
                raise BadPayload("Redmine has more issues and does not tell which.")
            if chain.take(str(max(numbers)) if more else None, empty=not found.rows) is None:
                return
            after = max(numbers)

    async def _every(self, path: str, key: str, params: Mapping[str, str]) -> AsyncIterator[Any]:
        """Every row of a list that changes seldom."""
        chain, offset = TokenChain(label=path), 0
        while True:
            place = {"limit": str(PAGE), "offset": str(offset)}
            found = await self._list(path, key, {**params, **place}, local=False)
            for row in found.rows:
                yield row
            offset += len(found.rows)
            more = bool(found.rows) and offset < found.total
            if chain.take(str(offset) if more else None, empty=not found.rows) is None:
                return

    async def _list(
        self, path: str, key: str, params: Mapping[str, str] | None = None, *, local: bool = True
    ) -> Found:
        answer = await self.http.get(path, params, local=local)
        body = answer.object()
        rows, total = body.get(key), body.get("total_count")
        if not isinstance(rows, list):
            raise BadPayload(f"{path} told no {key}.")
        count = total if isinstance(total, int) else len(rows)
        return Found(rows=tuple(rows), total=count, date=_date(answer))


def number_of(row: Any) -> int:  # noqa: ANN401  as sent
    """The number of a raw issue, 0 without one."""
    told = row.get("id") if isinstance(row, dict) else None
    return told if isinstance(told, int) and not isinstance(told, bool) and told > 0 else 0


def each(model: type[T], rows: Sequence[Any]) -> list[T]:
    """Every entry that can be read; one odd entry must not cost a whole list."""
    found = []
    for row in rows:
        try:
            found.append(msgspec.convert(row, model))
        except msgspec.ValidationError:
            continue
    return found


def _read(model: type[T], value: object, label: str) -> T:
    try:
        return msgspec.convert(value, model)
    except msgspec.ValidationError as error:
        raise BadPayload(f"{label} has another shape than promised: {error}.") from None


def _part(name: str | int) -> str:
    """A number or identifier as one part of an address; `Rejected` 404 for what is neither."""
    text = str(name)
    if not text.isascii() or not text.replace("-", "").replace("_", "").isalnum():
        raise Rejected(f"{text[:100]!r} names nothing in Redmine.", status=404)
    return text


def _date(answer: Answer) -> str:
    return answer.headers.get("Date", "")
