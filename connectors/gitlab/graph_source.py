"""Items over the GraphQL API: a listing of many, and a query for the details of some."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from connectors.gitlab import queries
from connectors.gitlab.client import Found, GitLabClient, Kind, Told, shaped
from connectors.gitlab.mapping import graph
from connectors.gitlab.mapping.health import status_of_health
from connectors.gitlab.mapping.item import Extras, record_of
from connectors.gitlab.mapping.notes import label_numbers
from connectors.gitlab.mapping.place import Place, place_at
from connectors.gitlab.mapping.site import Known, Site, number_of
from connectors.gitlab.mapping.told import NO_DETAIL, Detail
from connectors.gitlab.mapping.told import Told as ToldItem
from connectors.gitlab.rules import fold
from connectors.gitlab.source import ABSENT, LABELS, Box, NoGraphQL, Records, each, hidden
from connectors.gitlab.wire import Node
from syncer.connect.ahead import together
from syncer.connect.paging import TokenChain
from syncer.connect.walk import Position
from syncer.domain.item import ItemRecord
from syncer.domain.ref import ItemRef
from syncer.domain.statement import TrackerStatus
from syncer.errors import Rejected, TooLong

_SCHEMA: Final = re.compile(
    r"doesn't exist on type|doesn't accept argument|No such type|can't be spread"
    r"|isn't a defined input type|Unknown (?:field|argument|type)|is declared by"
)
_TYPE: Final = re.compile(r"\bWorkItem[A-Za-z]*\b")
_FIELD: Final = re.compile(r"Field '([A-Za-z]{1,100})' doesn't exist")
_HIDDEN: Final = "does not exist or you don't have permission"
_REFUSED: Final = ABSENT | {HTTPStatus.METHOD_NOT_ALLOWED}
_SHRINKS: Final = 2
_MOST_PAGES: Final = 50
_AT_A_PLACE: Final = 50
_BY_ID: Final = 3
"""Items fetched by one query: so many keep clear of the complexity that GitLab allows."""

_WIRE_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"


class GraphSource:
    """Reads work items of whatever type with the GraphQL API.

    Parts of the queries that a server does not know are left out from then on. `NoGraphQL` where
    it knows nothing of work items as we ask for them.
    """

    def __init__(self, client: GitLabClient, site: Site, *, size: int, history: bool) -> None:
        self._client = client
        self._site = site
        self._size = size
        self._history = history
        self.left_out: set[str] = set()
        self._categories: dict[str, str] = {}
        self._labels: dict[str, dict[str, str]] = {}
        self._asked_labels: set[str] = set()

    def begin(self, path: str) -> None:
        """A new pass over a container: what is not known of its labels may be asked for again."""
        self._asked_labels.discard(path)

    async def page(self, box: Box, position: Position, size: int) -> Found:
        """A page of what changed in a container, oldest change first."""
        variables = {
            "path": box.path,
            "size": size,
            "since": wire_time(position.from_ms),
            "after": position.token,
        }
        told = await self._ask(lambda: queries.pages(box.kind, self.left_out), variables)
        return self._found(told, box)

    async def inventory(self, box: Box) -> AsyncIterator[tuple[str, Place]]:
        """Every item of a container that has not moved away: its id and place."""
        chain = TokenChain(label=f"ids of {box.path}")
        after: str | None = None
        while True:
            variables = {"path": box.path, "after": after}
            told = await self._ask(lambda: queries.ids(box.kind, self.left_out), variables)
            found = self._found(told, box)
            for row in found.rows:
                node = shaped(Node, row)
                if not node.moved_to_work_item_url and (id_ := number_of(node.id)):
                    yield id_, graph.place_of(node, box.path, self._site)
            after = chain.take(found.next, empty=not found.rows)
            if after is None:
                return

    async def healths(self, box: Box) -> AsyncIterator[TrackerStatus]:
        """What people say of the health of a group's epics."""
        chain = TokenChain(label=f"health in {box.path}")
        after: str | None = None
        while "health" not in self.left_out:
            variables = {"path": box.path, "after": after}
            told = await self._ask(lambda: queries.healths(box.kind, self.left_out), variables)
            found = self._found(told, box)
            read, _ = each(found.rows, lambda row: self._told(row, box), connection="")
            spoken = [one for _, one in read if one.health and one.closed is False]
            details, _ = await self._details(box, spoken)
            for one in spoken:
                happenings = details.get(one.id, NO_DETAIL).happenings
                status = status_of_health(one, happenings, self._site)
                if status is not None:
                    yield status
            after = chain.take(found.next, empty=not found.rows)
            if after is None:
                return

    async def single(self, refs: Sequence[ItemRef]) -> dict[str, Any]:
        """Single items by id, as sent; those that GitLab does not show are not among them.

        Those whose place is known are asked for by that, many at once; the others by id, which
        weighs more.
        """
        found: dict[str, Any] = {}
        for box, numbers in _by_box(refs).items():
            for start in range(0, len(numbers), _AT_A_PLACE):
                found |= await self._placed(box, numbers[start : start + _AT_A_PLACE])
        wanted = {ref.id for ref in refs}
        found = {id_: node for id_, node in found.items() if id_ in wanted}
        left = sorted(wanted - found.keys())
        for start in range(0, len(left), _BY_ID):
            found |= await self._by_id(left[start : start + _BY_ID])
        return found

    async def _placed(self, box: Box, numbers: Sequence[str]) -> dict[str, Any]:
        """The items with these numbers in a container; none where it is not shown."""

        def query() -> str:
            return queries.numbered(box.kind, len(numbers), self.left_out)

        try:
            told = await self._ask(query, {"path": box.path, "iids": list(numbers)})
            rows = self._found(told, box).rows
        except Rejected as refused:
            if refused.status not in ABSENT:
                raise
            return {}
        return {number_of(row.get("id")): row for row in rows if isinstance(row, dict)}

    async def _by_id(self, ids: Sequence[str]) -> dict[str, Any]:
        told = await self._ask(lambda: queries.single(ids, self.left_out), {})
        shown = ((one, told.data.get(f"i{one}")) for one in ids)
        return {id_: node for id_, node in shown if isinstance(node, dict)}

    async def records(self, box: Box, rows: Sequence[Any]) -> Records:
        """The rows with their details as records; those that moved away apart."""
        connection = self._site.connection
        nodes, broken = each(rows, lambda row: shaped(Node, row), connection=connection)
        told, unmapped = each(
            (row for row, _ in nodes), lambda row: self._told(row, box), connection=connection
        )
        moved = [one for _, one in told if one.moved_to]
        staying = [(row, one) for row, one in told if not one.moved_to]
        details, missing = await self._details(box, [one for _, one in staying])
        read, unrecorded = each(
            (row for row, _ in staying),
            lambda row: self._record(row, box, details),
            connection=connection,
        )
        return Records(
            tuple(record for _, record in read),
            (*broken, *unmapped, *unrecorded),
            tuple(sorted(missing)),
            tuple(moved),
        )

    def _told(self, row: Any, box: Box) -> ToldItem:  # noqa: ANN401  as sent
        one = graph.told(shaped(Node, row), container=box.path, site=self._site)
        if one.status_name and one.status_category:
            self._categories[fold(one.status_name)] = one.status_category
        return one

    def _record(self, row: Any, box: Box, details: Mapping[str, Detail]) -> ItemRecord:  # noqa: ANN401  as sent
        one = self._told(row, box)
        extras = Extras(
            detail=details.get(one.id, NO_DETAIL),
            known=Known(categories=self._categories),
            url=row.get("webUrl"),
        )
        return record_of(one, site=self._site, extras=extras)

    # --- details ------------------------------------------------------------------------------

    async def _details(
        self, box: Box, told: Sequence[ToldItem]
    ) -> tuple[dict[str, Detail], set[str]]:
        """Links and histories by the items' ids, and the names of what was refused."""
        nodes: dict[str, Node] = {}
        chunks = [told[at : at + self._size] for at in range(0, len(told), self._size)]
        for found in await together(self._some(box, chunk) for chunk in chunks):
            nodes |= found
        missing = {"details"} if len(nodes) < len(told) else set()
        labels, refused = await self._labels_of(box, nodes.values())
        known = Known(labels=labels)
        details = {
            one.id: graph.detail(nodes[one.id], place=one.place, known=known, site=self._site)
            for one in told
            if one.id in nodes
        }
        return details, missing | refused

    async def _some(self, box: Box, told: Sequence[ToldItem]) -> dict[str, Node]:
        """The details of some items; too many for one query are asked for in halves."""
        if not told:
            return {}
        iids = [str(one.place.number) for one in told]

        def query() -> str:
            return queries.details(box.kind, len(iids), self.left_out, history=self._history)

        try:
            answer = await self._ask(query, {"path": box.path, "iids": iids})
        except TooLong:
            if len(told) == 1:
                raise
            middle = len(told) // _SHRINKS
            halves = [await self._some(box, part) for part in (told[:middle], told[middle:])]
            return halves[0] | halves[1]
        rows = self._found(answer, box).rows
        read, _ = each(rows, lambda row: shaped(Node, row), connection=self._site.connection)
        return {number_of(node.id): await self._whole(node) for _, node in read}

    async def _whole(self, node: Node) -> Node:
        """The details with the pages of history that did not fit."""
        widget = graph.Widgets(node).one("discussions")
        page = widget.discussions if widget else None
        for _ in range(_MOST_PAGES):
            info = page.page_info if page else None
            if page is None or info is None or not (info.has_next_page and info.end_cursor):
                break
            query = queries.more_activity(number_of(node.id))
            told = await self._ask(partial(str, query), {"after": info.end_cursor})
            raw = told.data.get("workItem")
            more = graph.Widgets(shaped(Node, raw)).value("discussions") if raw else None
            if more is None:
                break
            page.nodes = [*(page.nodes or ()), *(more.nodes or ())]
            page.page_info = more.page_info
        return node

    async def _labels_of(
        self, box: Box, nodes: Collection[Node]
    ) -> tuple[Mapping[str, str], set[str]]:
        """The titles of the labels of which the histories speak by number."""
        known = self._labels.setdefault(box.path, {})
        for node in nodes:
            known |= graph.Widgets(node).labels()
        spoken = label_numbers(
            note for node in nodes for note in graph.notes(graph.Widgets(node).value("discussions"))
        )
        if spoken <= known.keys() or box.path in self._asked_labels:
            return known, set()
        self._asked_labels.add(box.path)
        try:
            known |= await self._client.labels(box.path, box.kind)
        except Rejected as refused:
            if refused.status not in ABSENT:
                raise
            return known, {LABELS}
        return known, set()

    # --- asking -------------------------------------------------------------------------------

    def _found(self, told: Told, box: Box) -> Found:
        """A page of items; `Rejected` where the container itself is not shown."""
        owner = told.data.get(box.kind)
        if not isinstance(owner, dict):
            raise hidden(box.path)
        items = owner.get("workItems")
        page = items if isinstance(items, dict) else {}
        info, rows = page.get("pageInfo"), page.get("nodes")
        goes_on = isinstance(info, dict) and info.get("hasNextPage")
        end = info.get("endCursor") if isinstance(info, dict) and goes_on else None
        return Found(
            rows=tuple(rows) if isinstance(rows, list) else (),
            next=end if isinstance(end, str) else None,
            date=told.date,
        )

    async def _ask(self, query: Callable[[], str], variables: Mapping[str, Any]) -> Told:
        """The answer to a query, without the parts that this server does not know."""
        while True:
            told = await self._asked(query(), variables)
            strange = [message for message in told.errors if _SCHEMA.search(message)]
            unknown = _parts_in(strange) - self.left_out
            if not strange:
                break
            if not unknown:
                raise NoGraphQL(strange[0][:200])
            self.left_out |= unknown
        _refuse_broken(told)
        return told

    async def _asked(self, query: str, variables: Mapping[str, Any]) -> Told:
        try:
            return await self._client.query(query, variables)
        except Rejected as refused:
            if refused.status not in _REFUSED:
                raise
            raise NoGraphQL(refused.message) from refused


def _by_box(refs: Sequence[ItemRef]) -> dict[Box, list[str]]:
    """The numbers of items by the containers in which they were."""
    found: dict[Box, list[str]] = {}
    for ref in refs:
        place = place_at(ref.locator)
        if place is not None:
            kind = Kind.GROUP if place.in_group else Kind.PROJECT
            found.setdefault(Box(place.path, kind), []).append(str(place.number))
    return found


def wire_time(ms: int | None) -> str | None:
    """The whole second, never later than asked for."""
    if ms is None:
        return None
    try:
        at = datetime.fromtimestamp(ms // 1000, UTC)
    except (OverflowError, ValueError, OSError):
        at = datetime(1970, 1, 1, tzinfo=UTC)
    return at.strftime(_WIRE_TIME)


def _refuse_broken(told: Told) -> None:
    """`TooLong` for an answer that is none: whatever the server could not do, ask it for less.

    What it does not show is null beside an error that says so, and an answer all the same.
    """
    real = [message for message in told.errors if _HIDDEN not in message]
    if real and (not told.data or all(value is None for value in told.data.values())):
        raise TooLong(f"GitLab could not answer a query: {real[0][:200]!r}.")


def _parts_in(messages: Sequence[str]) -> set[str]:
    """The parts of our queries of which errors speak."""
    found: set[str] = set()
    for message in messages:
        field, types = _FIELD.search(message), set(_TYPE.findall(message))
        for name, (type_, text) in queries.PARTS.items():
            named = field[1] in text.split() if field else True
            if type_ in types and named:
                found.add(name)
        if field:
            found |= {name for name, text in queries.FIELDS.items() if text == field[1]}
    return found
