"""Items over the REST API, for a GitLab that cannot answer our queries: issues and epics."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final, TypeVar

import msgspec

from connectors.gitlab.client import Found, GitLabClient, shaped
from connectors.gitlab.graph_source import wire_time
from connectors.gitlab.mapping import rest
from connectors.gitlab.mapping.item import Extras, record_of
from connectors.gitlab.mapping.place import Place
from connectors.gitlab.mapping.site import Site
from connectors.gitlab.mapping.told import Detail, Happening, Told
from connectors.gitlab.source import ABSENT, Box, Records, each
from connectors.gitlab.wire import RestEvent, RestItem, RestLink, RestNote
from syncer.connect.ahead import together
from syncer.connect.walk import Position
from syncer.domain.item import ItemRecord
from syncer.errors import Rejected

_ISSUE_EVENTS: Final = (
    "resource_state_events",
    "resource_label_events",
    "resource_milestone_events",
    "resource_iteration_events",
)
_EPIC_EVENTS: Final = ("resource_state_events",)
_OPTIONAL: Final = frozenset({"resource_iteration_events", "related_epics"})
"""What some editions lack: its absence is no gap."""

T = TypeVar("T", bound=msgspec.Struct)


@dataclass(slots=True)
class _Details:
    """The details of one item, and which of them were refused."""

    detail: Detail
    missing: set[str]


class RestSource:
    """Reads issues and epics over REST: one listing, and some calls for each item's details."""

    def __init__(self, client: GitLabClient, site: Site, *, history: bool) -> None:
        self._client = client
        self._site = site
        self._history = history
        self._epics: dict[str, str] = {}

    async def page(self, box: Box, position: Position, size: int) -> Found:
        """A page of what changed in a container, oldest change first."""
        if position.token is not None:
            return await self._client.more(position.token)
        since = wire_time(position.from_ms)
        return await self._client.items(box.path, box.kind, since=since, size=size)

    async def inventory(self, box: Box) -> AsyncIterator[tuple[str, Place]]:
        """Every item of a container that has not moved away: its id and place."""
        told: set[str] = set()
        async for rows in self._client.all_items(box.path, box.kind):
            read, _ = each(rows, lambda row: self._told(row, box), connection="")
            for _, one in read:
                if not one.moved_to and one.id not in told:
                    told.add(one.id)
                    yield one.id, one.place

    async def records(self, box: Box, rows: Sequence[Any]) -> Records:
        """The rows with their details as records; those that moved away apart."""
        connection = self._site.connection
        told, broken = each(rows, lambda row: self._told(row, box), connection=connection)
        moved = [one for _, one in told if one.moved_to]
        staying = [(row, one) for row, one in told if not one.moved_to]
        parents = await together(self._with_parent(one) for _, one in staying)
        staying = [(row, one) for (row, _), one in zip(staying, parents, strict=True)]
        details = await together(self._details(one.place) for _, one in staying)
        by_id = {one.id: found for (_, one), found in zip(staying, details, strict=True)}
        by_row = {id(row): one for row, one in staying}
        read, unrecorded = each(
            (row for row, _ in staying),
            lambda row: self._record(row, by_row[id(row)], by_id),
            connection=connection,
        )
        missing = {name for found in details for name in found.missing}
        return Records(
            tuple(record for _, record in read),
            (*broken, *unrecorded),
            tuple(sorted(missing)),
            tuple(moved),
        )

    def _told(self, row: Any, box: Box) -> Told:  # noqa: ANN401  as sent
        item = shaped(RestItem, row)
        return rest.told(item, container=box.path, site=self._site)

    def _record(self, row: Any, one: Told, details: dict[str, _Details]) -> ItemRecord:  # noqa: ANN401  as sent
        extras = Extras(detail=details[one.id].detail, url=row.get("web_url"))
        return record_of(one, site=self._site, extras=extras)

    async def _with_parent(self, one: Told) -> Told:
        """The item, its epic's id found out by the epic's place: once for each epic."""
        place = one.parent.place if one.parent and not one.parent.id else None
        if one.parent is None or place is None:
            return one
        if place.locator not in self._epics:
            self._epics[place.locator] = await self._epic(place)
        return replace(one, parent=replace(one.parent, id=self._epics[place.locator]))

    async def _epic(self, place: Place) -> str:
        try:
            raw = await self._client.item(place)
            return rest.id_of(shaped(RestItem, raw))
        except Rejected as refused:
            if refused.status not in ABSENT:
                raise
            return ""
        except msgspec.ValidationError:
            return ""

    async def _details(self, place: Place) -> _Details:
        asked = _Asked(self._client, place)
        links = await asked.rows(RestLink, "related_epics" if place.in_group else "links")
        happenings: list[Happening] = []
        if self._history:
            for name in _EPIC_EVENTS if place.in_group else _ISSUE_EVENTS:
                happenings += rest.events_of(await asked.rows(RestEvent, name))
            happenings += rest.notes_of(await asked.rows(RestNote, "notes"), place)
        happenings.sort(key=lambda one: one.at)
        detail = Detail(
            links=tuple(rest.links_of(links, self._site)),
            happenings=tuple(happenings),
            complete=self._history and not asked.missing,
        )
        return _Details(detail, asked.missing)


class _Asked:
    """The details of one item, asked for one after the other; `missing` are those refused."""

    def __init__(self, client: GitLabClient, place: Place) -> None:
        self._client = client
        self._place = place
        self.missing: set[str] = set()

    async def rows(self, model: type[T], name: str) -> Iterable[T]:
        """The rows of a detail that can be read; none, and named, where GitLab refuses them."""
        try:
            rows = await self._client.details(self._place, name)
        except Rejected as refused:
            if refused.status not in ABSENT:
                raise
            if name not in _OPTIONAL:
                self.missing.add(name)
            return ()
        read, _ = each(rows, lambda row: shaped(model, row), connection="")
        return [one for _, one in read]


async def moved_on(client: GitLabClient, one: Told, place: Place | None) -> str:
    """The id of the item that this one has become, empty where it is out of sight."""
    if known := rest.moved_to_id(one):
        return known
    if place is None:
        return ""
    try:
        raw = await client.item(place)
    except Rejected as refused:
        if refused.status not in ABSENT | {HTTPStatus.UNAUTHORIZED}:
            raise
        return ""
    return str(raw.get("id") or "")
