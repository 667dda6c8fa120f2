"""The calls of Azure DevOps' REST API that the connector makes, and no more.

Addresses: learn.microsoft.com/rest/api/azure/devops, version 7.1. All of work item tracking is
asked of the organisation as a whole: calls of one project, or of some types, miss what moved or
changed its type (…/wit/reporting-work-item-revisions). States and iterations belong to projects.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import parse_qs, quote, urlsplit

import msgspec

from connectors.azure_devops.wire import ConnectionData, Deleted, Node, Project, Type
from syncer.connect.answers import Answer
from syncer.connect.http import HttpClient
from syncer.connect.paging import TokenChain
from syncer.errors import BadPayload, TooLong

_WIT: Final = "/_apis/wit"
_UPDATES: Final = 200
_SHRINKS: Final = 8
_PROJECTS: Final = 100
_DEEPEST: Final = 14
"""Levels of iterations that Azure DevOps allows at most."""

_MOST_UPDATES: Final = 50_000
_FIELDS: Final = "System.Id,System.Rev,System.TeamProject,System.WorkItemType"

_QUERY: Final = "SELECT [System.Id] FROM WorkItems WHERE {wanted} ORDER BY [System.Id]"

T = TypeVar("T", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One batch of a feed: raw rows, the token that leads on, whether all was read, their clock."""

    rows: tuple[Any, ...]
    token: str | None
    is_last: bool
    date: str


class AzureDevOpsClient:
    """One organisation over the kit's client: asks, and checks the outer shape."""

    def __init__(self, http: HttpClient, *, version: str) -> None:
        self.http = http
        self._version = version

    # --- the account and what it sees ---------------------------------------------------------

    async def connection(self) -> ConnectionData:
        """Who we are and in which organisation."""
        answer = await self._get("/_apis/connectionData", {}, preview=True)
        return _read(ConnectionData, answer.object(), "connection data")

    async def projects(self) -> list[Project]:
        """All projects that the account sees."""
        found: list[Project] = []
        chain = TokenChain(label="projects", most_empty=0)
        while True:
            params = {"$top": str(_PROJECTS), "$skip": str(len(found))}
            rows = _rows(await self._get("/_apis/projects", params))
            found += [_read(Project, row, "project") for row in rows]
            if not rows:
                return found
            chain.take(str(len(found)), empty=False)

    # --- feeds --------------------------------------------------------------------------------

    async def revisions(self, token: str | None, *, deleted: bool, size: int) -> Batch:
        """The latest revisions of the items that changed after the token; all without one."""
        params = {
            "fields": _FIELDS,
            "includeLatestOnly": "true",
            "includeDeleted": str(deleted).lower(),
            "$maxPageSize": str(size),
        }
        params |= {"continuationToken": token} if token is not None else {}
        return _batch(await self._get(f"{_WIT}/reporting/workitemrevisions", params))

    async def links(self, token: str | None, *, since: str | None) -> Batch:
        """The links that came and went after the token, else since an instant."""
        params = {"startDateTime": since} if since is not None else {}
        params = {"continuationToken": token} if token is not None else params
        return _batch(await self._get(f"{_WIT}/reporting/workitemlinks", params, local=True))

    # --- items --------------------------------------------------------------------------------

    async def items(self, ids: Sequence[int]) -> tuple[Any, ...]:
        """These items with their relations; null, or nothing, for what is not to be seen."""
        body = {"ids": list(ids), "$expand": "relations", "errorPolicy": "omit"}
        path = f"{_WIT}/workitemsbatch?api-version={self._version}"
        return _rows(await self.http.post(path, body, local=True))

    async def updates(self, id_: int, *, last: int) -> list[Any]:
        """The whole history of one item up to the revision `last` at least.

        Each update holds the texts that it altered, before and after: where many are too much for
        one answer, fewer are asked for. `TooLong` for more than anybody could have made.
        """
        path, rows, size = f"{_WIT}/workItems/{id_}/updates", list[Any](), _UPDATES
        while len(rows) <= _MOST_UPDATES:
            params = {"$top": str(size), "$skip": str(len(rows))}
            try:
                more = _rows(await self._get(path, params, local=True))
            except TooLong:
                if size == 1:
                    raise
                size = max(1, size // _SHRINKS)
                continue
            rows += more
            if not more or (len(more) < size and _revision(more) >= last):
                return rows
        raise TooLong(f"Work item {id_} has more than {_MOST_UPDATES} updates.")

    async def in_recycle_bin(self, ids: Sequence[int]) -> set[int]:
        """Those of the ids that were deleted and can be restored."""
        params = {"ids": ",".join(map(str, ids))}
        rows = _rows(await self._get(f"{_WIT}/recyclebin", params, local=True))
        found = (_read(Deleted, row, "deleted item") for row in rows if row is not None)
        return {one.id for one in found if one.id and one.deleted_date and _is_there(one.code)}

    async def census(self, wanted: str, size: int) -> AsyncIterator[int]:
        """The ids of all items for which a condition in WIQL holds, in ascending order.

        It seeks by id, so that an item which vanishes meanwhile hides no other one, and so that the
        ceiling of 20,000 ids a query is never met.
        """
        last = 0
        while True:
            ids = await self._ids(f"[System.Id] > {last}{wanted}", size)
            for id_ in ids:
                yield id_
            if not ids:
                return
            if ids[0] <= last or ids != sorted(set(ids)):
                raise BadPayload("A query for ids was not answered in the order asked for.")
            last = ids[-1]

    async def _ids(self, wanted: str, size: int) -> list[int]:
        path = f"{_WIT}/wiql?timePrecision=true&$top={size}&api-version={self._version}"
        query = _QUERY.format(wanted=wanted)
        answer = await self.http.post(path, {"query": query}, local=True)
        rows = answer.object().get("workItems")
        if not isinstance(rows, list):
            raise BadPayload(f"{answer.label} did not answer with a list of work items.")
        return [_id(row, answer.label) for row in rows]

    # --- projects -----------------------------------------------------------------------------

    async def types(self, project: str) -> list[Type]:
        """The work item types of a project, with their states."""
        answer = await self._get(f"/{quote(project, safe='')}{_WIT}/workitemtypes", {}, local=True)
        return [_read(Type, row, "work item type") for row in _rows(answer)]

    async def nodes(self, project: str) -> tuple[list[Node], str]:
        """The roots of a project's areas and iterations with all below, and their clock."""
        path = f"/{quote(project, safe='')}{_WIT}/classificationnodes"
        answer = await self._get(path, {"$depth": str(_DEEPEST)}, local=True)
        return [_read(Node, row, "node") for row in _rows(answer)], _date(answer)

    # --- service hooks ------------------------------------------------------------------------

    async def subscriptions(self, wanted: Mapping[str, str]) -> tuple[Any, ...]:
        """The service hooks of a sort."""
        return _rows(await self._get("/_apis/hooks/subscriptions", wanted, local=True))

    async def subscribe(self, body: Mapping[str, Any], *, id_: str | None) -> None:
        """Make a service hook, or set the one that has this id."""
        place = f"/{quote(id_, safe='')}" if id_ else ""
        path = f"/_apis/hooks/subscriptions{place}?api-version={self._version}"
        await self.http.change("PUT" if id_ else "POST", path, dict(body))

    async def _get(
        self, path: str, params: Mapping[str, str], *, local: bool = False, preview: bool = False
    ) -> Answer:
        version = self._version.partition("-")[0] + "-preview" if preview else self._version
        return await self.http.get(path, {**params, "api-version": version}, local=local)


def among(field: str, names: Iterable[str], *, negated: bool = False) -> str:
    """A further condition in WIQL: a field has one of these values, or none of them."""
    listed = ", ".join("'{}'".format(name.replace("'", "''")) for name in names)
    return f" AND [{field}] {'NOT IN' if negated else 'IN'} ({listed})"


def shaped(model: type[T], value: object) -> T:
    """The value as a model; `msgspec.ValidationError` tells where it is another."""
    return msgspec.convert(value, model)


def _read(model: type[T], value: object, label: str) -> T:
    try:
        return shaped(model, value)
    except msgspec.ValidationError as error:
        raise BadPayload(f"A {label} has another shape than promised: {error}.") from None


def _rows(answer: Answer) -> tuple[Any, ...]:
    return _listed(answer, "value")


def _listed(answer: Answer, name: str) -> tuple[Any, ...]:
    rows = answer.object().get(name)
    if not isinstance(rows, list):
        raise BadPayload(f"{answer.label} did not answer with a list of {name}.")
    return tuple(rows)


def _batch(answer: Answer) -> Batch:
    told = answer.object()
    is_last = told.get("isLastBatch") is True
    token = _token(told)
    if token is None and not is_last:
        raise BadPayload(f"{answer.label} says that there is more, and not where.")
    return Batch(rows=_listed(answer, "values"), token=token, is_last=is_last, date=_date(answer))


def _token(told: Mapping[str, Any]) -> str | None:
    """The token itself, else that in the address of the next batch; never the address."""
    token = told.get("continuationToken")
    if isinstance(token, str) and token:
        return token
    link = told.get("nextLink")
    query = parse_qs(urlsplit(link).query) if isinstance(link, str) else {}
    return next(iter(query.get("continuationToken", [])), None)


def _revision(rows: Sequence[Any]) -> int:
    told = (row.get("rev") for row in rows if isinstance(row, dict))
    return max((rev for rev in told if isinstance(rev, int)), default=0)


def _is_there(code: int | None) -> bool:
    return code is None or code == 200  # noqa: PLR2004  what HTTP calls found


def _id(row: object, label: str) -> int:
    id_ = row.get("id") if isinstance(row, dict) else None
    if not isinstance(id_, int) or isinstance(id_, bool) or id_ < 1:
        raise BadPayload(f"{label} names a work item without an id.")
    return id_


def _date(answer: Answer) -> str:
    return answer.headers.get("Date", "")
