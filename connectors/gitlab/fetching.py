"""Single items: by the ids of their work items, else by where they were."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.gitlab.client import GitLabClient, Kind
from connectors.gitlab.config import GitLabConfig
from connectors.gitlab.graph_source import GraphSource
from connectors.gitlab.mapping.place import Place, is_path, place_at
from connectors.gitlab.mapping.site import Site
from connectors.gitlab.mapping.told import Told
from connectors.gitlab.rest_source import RestSource, moved_on
from connectors.gitlab.source import ABSENT, Box, Records
from syncer.connect.ahead import AT_ONCE, together
from syncer.connect.protocol import Fetched
from syncer.domain.item import ItemRecord, Unreadable
from syncer.domain.ref import ItemRef
from syncer.errors import BadPayload, Rejected


@dataclass(slots=True)
class _Outcome:
    """What became of the refs; `rows` are raw items by container, each with its ref."""

    rows: dict[Box, list[Any]] = field(default_factory=dict)
    moved: dict[ItemRef, ItemRef] = field(default_factory=dict)
    hidden: list[ItemRef] = field(default_factory=list)
    records: list[ItemRecord] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)


class Fetcher:
    """Fetches items and keeps the outcomes of an absent one apart.

    An item that was moved to another project has become another one there: `moved`. A 404 may mean
    that it was deleted or that the account may not see it, and GitLab says no more: `hidden`, of
    which a census makes what it is. What lies where the configuration excludes it is left out.
    """

    def __init__(
        self,
        site: Site,
        config: GitLabConfig,
        client: GitLabClient,
        *,
        graph: GraphSource | None,
        rest: RestSource,
    ) -> None:
        self._site = site
        self._connection = site.connection
        self._config = config
        self._client = client
        self._graph = graph
        self._rest = rest

    async def fetch(self, refs: Sequence[ItemRef]) -> Fetched:
        """The current state of these items; `NoGraphQL` where that way is closed."""
        wanted = [ref for ref in refs if not self._is_excluded(ref)]
        outcome = _Outcome()
        by_id = [ref for ref in wanted if self._graph is not None and ref.id.isdigit()]
        await self._by_id(by_id, outcome)
        rest = [ref for ref in wanted if ref not in set(by_id)]
        for start in range(0, len(rest), AT_ONCE):
            await together(self._by_place(ref, outcome) for ref in rest[start : start + AT_ONCE])
        await self._read(outcome, wanted)
        return Fetched(
            records=tuple(outcome.records),
            unreadable=tuple(outcome.unreadable),
            moved=outcome.moved,
            hidden=tuple(outcome.hidden),
        )

    def _is_excluded(self, ref: ItemRef) -> bool:
        place = place_at(ref.locator)
        return place is not None and self._config.excludes(place.path)

    async def _by_id(self, refs: Sequence[ItemRef], outcome: _Outcome) -> None:
        if self._graph is None or not refs:
            return
        found = await self._graph.single(refs)
        for ref in refs:
            raw = found.get(ref.id)
            if raw is None:
                outcome.hidden.append(ref)
            else:
                outcome.rows.setdefault(_box_of_node(raw, ref, self._site), []).append(raw)

    async def _by_place(self, ref: ItemRef, outcome: _Outcome) -> None:
        place = place_at(ref.locator)
        if place is None:
            reason = "no address known: over REST GitLab finds items by their place only"
            outcome.unreadable.append(_unreadable(ref, reason))
            return
        try:
            raw = await self._client.item(place)
        except Rejected as refused:
            if refused.status not in ABSENT and refused.status is not None:
                raise
            outcome.hidden.append(ref)
        except BadPayload as broken:
            outcome.unreadable.append(_unreadable(ref, broken.message))
        else:
            kind = Kind.GROUP if place.in_group else Kind.PROJECT
            outcome.rows.setdefault(Box(place.path, kind), []).append(raw)

    async def _read(self, outcome: _Outcome, wanted: Sequence[ItemRef]) -> None:
        by_uid = {ref.uid: ref for ref in wanted}
        for box, rows in outcome.rows.items():
            done = await self._records(box, rows)
            outcome.records += self._those_asked_for(done.records, by_uid, outcome)
            if self._config.selects(box.path):  # of others not even what is broken is kept
                outcome.unreadable += done.unreadable
            for one in done.moved:
                await self._follow(one, by_uid, outcome)

    async def _records(self, box: Box, rows: Sequence[Any]) -> Records:
        """Read the way in which they came."""
        by_graph = [row for row in rows if isinstance(row, dict) and "webUrl" in row]
        by_rest = [row for row in rows if not (isinstance(row, dict) and "webUrl" in row)]
        done = await self._rest.records(box, by_rest)
        if self._graph is None or not by_graph:
            return done
        more = await self._graph.records(box, by_graph)
        return Records(
            (*done.records, *more.records),
            (*done.unreadable, *more.unreadable),
            moved=(*done.moved, *more.moved),
        )

    def _those_asked_for(
        self, records: Iterable[ItemRecord], by_uid: dict[str, ItemRef], outcome: _Outcome
    ) -> list[ItemRecord]:
        """Another item may stand at a place by now: then the one asked for is out of sight."""
        found = []
        places = {ref.locator.casefold(): ref for ref in by_uid.values() if ref.locator}
        for record in records:
            if record.item.uid in by_uid:
                found.append(record)
            elif ref := places.get(record.item.key.casefold()):
                outcome.hidden.append(ref)
        return found

    async def _follow(self, one: Told, by_uid: dict[str, ItemRef], outcome: _Outcome) -> None:
        """An item that has become another one: what that is, and its record."""
        ref = by_uid.get(f"{self._connection}:{one.id}")
        if ref is None:
            return
        place = self._site.place(one.moved_to)
        id_ = await moved_on(self._client, one, place)
        if not id_:
            outcome.hidden.append(ref)
            return
        new = ItemRef(self._connection, id_, place.locator if place else "")
        outcome.moved[ref] = new
        if self._is_excluded(new):
            return
        following = await self._new_one(new, place)
        outcome.records += following.records
        outcome.unreadable += following.unreadable

    async def _new_one(self, new: ItemRef, place: Place | None) -> Records:
        """What the item is now; nothing where only its id is known and REST cannot ask by that."""
        if self._graph is not None:
            found = (await self._graph.single([new])).get(new.id)
            if found is None:
                return Records()
            return await self._graph.records(_box_of_node(found, new, self._site), [found])
        if place is None:
            return Records()
        raw = await self._client.item(place)
        kind = Kind.GROUP if place.in_group else Kind.PROJECT
        return await self._rest.records(Box(place.path, kind), [raw])


def _box_of_node(raw: Any, ref: ItemRef, site: Site) -> Box:  # noqa: ANN401  as sent
    """The container that holds an item, by what it says of itself, else by where it was."""
    page = site.place(raw.get("webUrl")) if isinstance(raw, dict) else None
    namespace = raw.get("namespace") if isinstance(raw, dict) else None
    named = namespace.get("fullPath") if isinstance(namespace, dict) else None
    known = page or place_at(ref.locator)
    path = named if is_path(named) else known.path if known else ""
    return Box(str(path), Kind.GROUP if known and known.in_group else Kind.PROJECT)


def _unreadable(ref: ItemRef, reason: str) -> Unreadable:
    return Unreadable(ref=ref, key=ref.locator, reason=reason, raw="")
