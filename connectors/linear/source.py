"""Items by id with all that is read of them, as records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec

from connectors.linear import queries
from connectors.linear.client import LinearClient, each, shaped
from connectors.linear.mapping.issue import record_of
from connectors.linear.mapping.names import Names
from connectors.linear.mapping.project import Workspace, project_record
from connectors.linear.mapping.site import Kind, Site
from connectors.linear.wire import History, Issue, Label, PageInfo, Project, State, Team, User
from syncer.connect.ahead import together
from syncer.connect.paging import TokenChain
from syncer.connect.unreadable import Unmappable, unreadable
from syncer.domain.item import ItemRecord, Unreadable
from syncer.errors import TooLong

_SHRINKS: Final = 2
_NAMES_AT_ONCE: Final = 100
_PARTS: Final = {
    "labels": "labels",
    "relations": "relations",
    "inverseRelations": "inverse_relations",
    "history": "history",
}
"""The parts that are read to their ends, and what the wire calls them."""

S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Records:
    """What became of raw rows."""

    records: tuple[ItemRecord, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()

    def __add__(self, other: Records) -> Records:
        """Both."""
        return Records((*self.records, *other.records), (*self.unreadable, *other.unreadable))


class Source:
    """Reads items of any kind. Names that histories speak of are asked for once."""

    def __init__(self, client: LinearClient, site: Site) -> None:
        self._client = client
        self._site = site
        self._names = Names()

    async def rows(self, kind: Kind, ids: Sequence[str]) -> list[Any]:
        """The items with these ids as sent; those that Linear does not show are not among them."""
        if not ids:
            return []
        try:
            told = await self._client.ask(queries.details(kind, ids))
        except TooLong:
            if len(ids) == 1:
                raise
            middle = len(ids) // _SHRINKS
            halves = [await self.rows(kind, part) for part in (ids[:middle], ids[middle:])]
            return [row for half in halves for row in half]
        return list(told.page(queries.FIELDS[kind]).rows)

    async def records(self, kind: Kind, rows: Iterable[Any], workspace: Workspace) -> Records:
        """The rows as records, those that cannot be read apart."""
        raw = ((row, row) for row in rows)
        shapes, broken = self._each(raw, lambda row: _shape(kind, row))
        issues = [one for _, one in shapes if isinstance(one, Issue)]
        await together(self._complete(issue) for issue in issues)
        await self._learn(entry for issue in issues for entry in _entries(issue))
        read, unmapped = self._each(shapes, lambda one: self._record(one, kind, workspace))
        return Records(tuple(record for _, record in read), (*broken, *unmapped))

    def _record(self, one: Issue | Project, kind: Kind, workspace: Workspace) -> ItemRecord:
        if isinstance(one, Issue):
            return record_of(one, workspace=workspace.key, names=self._names, site=self._site)
        return project_record(one, kind, workspace=workspace, site=self._site)

    def _each(
        self, rows: Iterable[tuple[Any, S]], read: Callable[[S], T]
    ) -> tuple[list[tuple[Any, T]], list[Unreadable]]:
        """What could be made of each beside what was sent, and what was sent in vain."""
        found, broken = [], []
        for raw, one in rows:
            try:
                found.append((raw, read(one)))
            except (msgspec.ValidationError, Unmappable) as error:  # neither tells what was sent
                broken.append(self.set_aside(raw, str(error)))
        return found, broken

    def set_aside(self, row: Any, reason: str) -> Unreadable:  # noqa: ANN401  as sent
        """A row that cannot be read."""
        key = row.get("identifier") if isinstance(row, dict) else None
        return unreadable(
            row,
            connection=self._site.connection,
            key=key if isinstance(key, str) else "",
            reason=reason,
        )

    # --- what did not fit ---------------------------------------------------------------------

    async def _complete(self, issue: Issue) -> None:
        """Add to an issue the pages of its parts that did not fit."""
        for part, name in _PARTS.items():
            page = getattr(issue, name)
            chain = TokenChain(label=f"{part} of {issue.identifier}")
            after = chain.take(_next(page), empty=False)
            while after is not None:
                more = await self._more(issue, part, after)
                if more is None:
                    break
                page.nodes = [*(page.nodes or ()), *(more.nodes or ())]
                page.page_info = more.page_info
                after = chain.take(_next(page), empty=not more.nodes)

    async def _more(self, issue: Issue, part: str, after: str) -> Any:  # noqa: ANN401  one of several parts
        """The next page of a part; None where the issue is not shown any more."""
        told = await self._client.ask(queries.more(part, issue.id, after))
        rows = told.page("issues").rows
        if not rows or not isinstance(rows[0], dict):
            return None
        bare = {"id": issue.id, "identifier": issue.identifier, part: rows[0].get(part)}
        return getattr(shaped(Issue, bare), _PARTS[part])

    # --- names --------------------------------------------------------------------------------

    async def _learn(self, entries: Iterable[History]) -> None:
        """Ask what the ids are called of which histories speak, as far as that is not known."""
        unknown = self._names.unknown(entries)
        most = max(map(len, unknown.values()))
        for start in range(0, most, _NAMES_AT_ONCE):
            wanted = {what: ids[start : start + _NAMES_AT_ONCE] for what, ids in unknown.items()}
            told = await self._client.ask(queries.names(wanted))
            self._take(wanted, {what: told.page(what).rows for what, ids in wanted.items() if ids})

    def _take(self, wanted: dict[str, list[str]], told: dict[str, Sequence[Any]]) -> None:
        """What was not told is known to be nobody's, and not asked for again."""
        names = self._names
        for what, ids in wanted.items():
            names.known(what).update(dict.fromkeys(ids))
        names.users.update((one.id or "", one) for one in each(User, told.get("users")))
        names.states.update((one.id or "", one) for one in each(State, told.get("states")))
        names.labels.update((one.id or "", one) for one in each(Label, told.get("labels")))
        names.teams.update((one.id or "", one) for one in each(Team, told.get("teams")))


def _shape(kind: Kind, row: object) -> Issue | Project:
    return shaped(Issue, row) if kind is Kind.ISSUE else shaped(Project, row)


def _entries(issue: Issue) -> list[History]:
    nodes = issue.history.nodes if issue.history else None
    return [one for one in nodes or () if one is not None]


def _next(page: Any) -> str | None:  # noqa: ANN401  one of several parts
    info: PageInfo | None = page.page_info if page is not None else None
    return info.end_cursor if info is not None and info.has_next_page else None
