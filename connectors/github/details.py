"""What a listing leaves out: timelines, dependencies, parents, places in projects.

One GraphQL query completes many issues. Where that API is refused or fails, the REST API is asked
issue by issue, and only for what the listing's own summaries say there is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from connectors.github import queries
from connectors.github.client import GitHubClient, Told
from connectors.github.mapping import graph, rest
from connectors.github.mapping.detail import NO_DETAIL, Detail, Happening, Neighbour
from connectors.github.wire import Issue
from syncer.connect.ahead import AT_ONCE, together
from syncer.errors import BadPayload, Rejected, Unreachable

ABSENT: Final = frozenset({403, 404, 405, 410, 451})
_UNKNOWN_FIELDS: Final = ("undefinedField", "undefinedType", "argumentLiteralsIncompatible")
PROJECT_MARKS: Final = (
    "projectItems",
    "project",
    "projectsV2",
    "fieldValues",
    "INSUFFICIENT_SCOPES",
)
"""Of errors that say that the token may not read projects."""

_TOO_MUCH: Final = ("RESOURCE_LIMITS_EXCEEDED", "MAX_NODE_LIMIT_EXCEEDED", "TIMEOUT")

T = TypeVar("T")


@dataclass(slots=True)
class Completed:
    """The details by issue, and the names of what GitHub keeps from us."""

    details: dict[Neighbour, Detail] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)


class Details:
    """Completes issues; remembers what GitHub refuses, so that it is not asked for each issue.

    `url` is the address of GraphQL, `size` how many issues one query is for. `refused` holds the
    repositories with the names of the details that they keep back.
    """

    def __init__(self, url: str, *, graphql: bool, size: int) -> None:
        self.url = url
        self.size = size
        self.wanted = graphql
        self.graphql = graphql
        self.projects = True
        self.refused: set[tuple[str, str]] = set()

    def forget_refusals(self, repository: str) -> None:
        """Ask again what was refused: a new pass, perhaps other rights, or a passing fault."""
        self.graphql, self.projects = self.wanted, True
        self.refused = {one for one in self.refused if one[0] != repository}

    async def complete(self, client: GitHubClient, issues: Mapping[Neighbour, Issue]) -> Completed:
        """The details of these issues, as far as GitHub gives them."""
        run = _Completion(self, client)
        by_repository: dict[str, list[Neighbour]] = {}
        for place in issues:
            by_repository.setdefault(place.repository, []).append(place)
        await together(
            run.by_graphql(repository, places[start : start + self.size])
            for repository, places in by_repository.items()
            for start in range(0, len(places), self.size)
        )
        rest = [place for place in issues if place not in run.done.details]
        for start in range(-AT_ONCE + 1, len(rest), AT_ONCE):  # one alone: it may be refused
            some = rest[max(start, 0) : start + AT_ONCE]
            told = await together(run.by_rest(place, issues[place]) for place in some)
            run.done.details.update(zip(some, told, strict=True))
        if self.wanted and not (self.graphql and self.projects):
            run.done.missing.add("projects")
        return run.done


class _Completion:
    """The completion of one page of issues."""

    def __init__(self, known: Details, client: GitHubClient) -> None:
        self._known = known
        self._client = client
        self.done = Completed()

    # --- GraphQL ------------------------------------------------------------------------------

    async def by_graphql(self, repository: str, places: Sequence[Neighbour]) -> None:
        size, start = self._known.size, 0
        while self._known.graphql and start < len(places):
            chunk = places[start : start + size]
            nodes = await self._nodes(repository, chunk)
            if nodes is None:
                if size == 1:
                    start += 1
                size = max(1, size // 2)
                continue
            start += len(chunk)
            for place in chunk:
                node = nodes.get(f"i{place.number}")
                if isinstance(node, dict):
                    self.done.details[place] = await self._whole(place, node)

    async def _nodes(
        self, repository: str, places: Sequence[Neighbour]
    ) -> Mapping[str, Any] | None:
        """The issues by alias; None where so many at once are too much."""
        query = queries.details((one.number for one in places), projects=self._known.projects)
        owner, _, name = repository.partition("/")
        try:
            told = await self._client.ask(self._known.url, query, {"owner": owner, "name": name})
        except Rejected as refused:
            if refused.status not in {*ABSENT, 400, 422}:
                raise
            self._known.graphql = False
            return {}
        except (Unreachable, BadPayload):  # a query too heavy ends in 502, or in half an answer
            return None
        return await self._judged(repository, places, told)

    async def _judged(
        self, repository: str, places: Sequence[Neighbour], told: Told
    ) -> Mapping[str, Any] | None:
        found = told.data.get("repository") if told.data else None
        if self._known.projects and told.speak_of(*PROJECT_MARKS):
            self._known.projects = False
            if not isinstance(found, dict):
                return await self._nodes(repository, places)
        if isinstance(found, dict):
            return found
        if told.speak_of(*_TOO_MUCH):
            return None
        if told.speak_of(*_UNKNOWN_FIELDS) or not told.speak_of("NOT_FOUND"):
            self._known.graphql = False  # an older server, or a token that may not ask
        return {}

    async def _whole(self, place: Neighbour, node: Mapping[str, Any]) -> Detail:
        """The detail, with what the query cut off read to its end."""
        detail = graph.detail(node)
        where = (place.repository, place.number)
        if not detail.complete:
            rows = await self._allowed("timeline", place, lambda: self._client.timeline(*where))
            if rows is not None:
                detail = replace(detail, timeline=_merged(detail, rows), complete=True)
        if graph.is_cut(node, "blockedBy"):
            rows = await self._allowed(
                "dependencies", place, lambda: self._client.blocked_by(*where)
            )
            detail = replace(detail, blocked_by=rest.neighbours(rows or ()) or detail.blocked_by)
        if graph.is_cut(node, "blocking"):
            rows = await self._allowed("dependencies", place, lambda: self._client.blocking(*where))
            detail = replace(detail, blocking=rest.neighbours(rows or ()) or detail.blocking)
        return detail

    # --- REST ---------------------------------------------------------------------------------

    async def by_rest(self, place: Neighbour, issue: Issue) -> Detail:
        where = (place.repository, place.number)
        detail = await self._timeline(place, issue)
        sums = issue.issue_dependencies_summary
        if sums and (sums.total_blocked_by or sums.blocked_by):
            rows = await self._allowed(
                "dependencies", place, lambda: self._client.blocked_by(*where)
            )
            detail = replace(detail, blocked_by=rest.neighbours(rows or ()))
        if sums and (sums.total_blocking or sums.blocking):
            rows = await self._allowed("dependencies", place, lambda: self._client.blocking(*where))
            detail = replace(detail, blocking=rest.neighbours(rows or ()))
        if issue.parent_issue_url:
            detail = replace(detail, parent=await self._parent(place, issue))
        if issue.sub_issues_summary and issue.sub_issues_summary.total:
            rows = await self._allowed("sub-issues", place, lambda: self._client.sub_issues(*where))
            detail = replace(detail, height=_height(rows or ()))
        return detail

    async def _timeline(self, place: Neighbour, issue: Issue) -> Detail:
        """The timeline; an issue that nobody has touched since it was made has none."""
        if issue.created_at and issue.created_at == issue.updated_at and issue.state == "open":
            return Detail(complete=True)
        rows = await self._allowed(
            "timeline", place, lambda: self._client.timeline(place.repository, place.number)
        )
        return NO_DETAIL if rows is None else Detail(timeline=rest.timeline(rows), complete=True)

    async def _parent(self, place: Neighbour, issue: Issue) -> Neighbour | None:
        told = rest.neighbour_by_url(issue.parent_issue_url)
        raw = await self._allowed(
            "sub-issues", place, lambda: self._client.parent(place.repository, place.number)
        )
        return next(iter(rest.neighbours([raw])), told) if raw is not None else told

    async def _allowed(
        self, what: str, place: Neighbour, ask: Callable[[], Awaitable[T]]
    ) -> T | None:
        """What was asked for; None, and noted as missing, where GitHub refuses it."""
        if (place.repository, what) in self._known.refused:
            self.done.missing.add(what)
            return None
        try:
            return await ask()
        except Rejected as refused:
            if refused.status not in ABSENT:
                raise
            if refused.status == 403:  # noqa: PLR2004  the permission is missing for all its issues
                self._known.refused.add((place.repository, what))
        except BadPayload:  # one odd answer costs one detail
            pass
        self.done.missing.add(what)
        return None


def readable(rows: Sequence[Any]) -> Iterator[tuple[Any, Issue]]:
    """The raw issues whose shape is as promised, with what is read of them."""
    for row in rows:
        try:
            yield row, Issue.model_validate(row)
        except ValidationError:
            continue


def _merged(detail: Detail, rows: Sequence[Any]) -> tuple[Happening, ...]:
    """What GraphQL told, which is more of each entry, and what the REST API tells beyond it."""
    last = detail.timeline[-1].at if detail.timeline else None
    known = {one.id for one in detail.timeline}
    beyond = (
        one
        for one in rest.timeline(rows)
        if last is None or one.at > last or (one.at == last and one.id not in known)
    )
    return (*detail.timeline, *beyond)


def _height(children: Sequence[Any]) -> int:
    totals = (
        (row.get("sub_issues_summary") or {}).get("total")
        for row in children
        if isinstance(row, dict)
    )
    return 2 if any(isinstance(total, int) and total > 0 for total in totals) else 1
