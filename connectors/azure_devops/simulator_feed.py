"""The reporting feeds of a simulated organisation: all in the order in which it was stored."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Generic, TypeVar
from urllib.parse import urlencode

from connectors.azure_devops.simulator_index import HIERARCHY, Revision, rel_of, stamp
from connectors.azure_devops.simulator_request import Refusal, Request
from connectors.azure_devops.simulator_site import Site

Json = dict[str, Any]

_TOKEN: Final = re.compile(r"w([0-9]{1,12})")
_PAGE: Final = 1000
_REPORTED: Final = (
    "System.Id", "System.Rev", "System.TeamProject", "System.WorkItemType", "System.State",
    "System.ChangedDate", "System.IsDeleted",
)  # fmt: skip

K = TypeVar("K", bound=Hashable)


@dataclass(slots=True)
class Order(Generic[K]):
    """Gives each happening its place when it is first seen, in the order of time."""

    places: dict[K, int] = field(default_factory=dict)

    def see(self, happenings: Iterable[tuple[datetime, int, K]]) -> None:
        """Note what has happened by now."""
        new = [one for one in happenings if one[2] not in self.places]
        for _, _, key in sorted(new, key=lambda one: one[:2]):
            self.places[key] = len(self.places) + 1


@dataclass(slots=True)
class Feeds:
    """The two feeds; places stay as they are however a world is changed later."""

    revisions: Order[tuple[str, int]] = field(default_factory=Order)
    links: Order[tuple[str, str, bool]] = field(default_factory=Order)

    def see(self, site: Site) -> None:
        """Note what has happened in an organisation by now."""
        pasts = site.index.pasts.items()
        self.revisions.see(
            (one.at, int(id_), (id_, one.update))
            for id_, past in pasts
            for one in past
            if one.is_new
        )
        self.links.see((one.at, int(one.target), one.key) for one in _links(site))

    def revision_batch(self, site: Site, request: Request) -> Json:
        """A batch of revisions."""
        deleted, latest = request.flag("includeDeleted"), request.flag("includeLatestOnly")
        found = []
        for id_, past in site.index.pasts.items():
            state = site.index.state(id_)
            if state.hidden or id_ in site.index.destroyed or (state.deleted and not deleted):
                continue
            told = [site.index.latest(id_)] if latest else [one for one in past if one.is_new]
            found += [(self.revisions.places[id_, one.update], id_, one) for one in told]
        wanted = request.query.get("fields", ",".join(_REPORTED)).split(",")

        def show(row: tuple[int, str, Revision]) -> Json:
            values = site.fields_at(row[1], row[2])
            told = {name: values[name] for name in wanted if name in values}
            return {"id": int(row[1]), "rev": row[2].number, "fields": told}

        size = request.count("$maxPageSize", _PAGE)
        rows = sorted(found, key=lambda row: row[0])
        page = _Asked(request, site.base, size=size, end=len(self.revisions.places))
        return page.batch(rows, show)

    def link_batch(self, site: Site, request: Request) -> Json:
        """A batch of links that came or went."""
        since = request.instant("startDateTime")
        found = [
            (self.links.places[one.key], one)
            for one in _links(site)
            if since is None or one.at >= since
        ]

        def show(row: tuple[int, _LinkEvent]) -> Json:
            return row[1].shown()

        rows = sorted(found, key=lambda row: row[0])
        page = _Asked(request, site.base, size=_PAGE, end=len(self.links.places))
        return page.batch(rows, show)


@dataclass(frozen=True, slots=True, kw_only=True)
class _LinkEvent:
    """A link between two items came or went; `number` is that of its entry."""

    rel: str
    source: str
    target: str
    at: datetime
    added: bool
    number: int

    @property
    def key(self) -> tuple[str, str, bool]:
        return f"{self.target}.{self.number}", self.source, self.added

    def shown(self) -> Json:
        return {
            "rel": self.rel,
            "attributes": {
                "sourceId": int(self.source),
                "targetId": int(self.target),
                "isActive": self.added,
                "changedOperation": "create" if self.added else "remove",
                "changedDate": stamp(self.at),
            },
        }


def _links(site: Site) -> list[_LinkEvent]:
    """Every coming and going of a link by now of which both ends are here, told at its target."""
    pasts = site.index.pasts
    return [
        event
        for item_id, past in pasts.items()
        for one in past
        for event in _link_events(item_id, one)
        if event.source in pasts
    ]


def _link_events(item_id: str, one: Revision) -> Iterator[_LinkEvent]:
    entry = one.entry
    if entry is None:
        return
    told = [(HIERARCHY, c.before, False) for c in entry.changes if c.field == "parent"]
    told += [(HIERARCHY, c.after, True) for c in entry.changes if c.field == "parent"]
    if entry.link is not None and entry.link.inward:
        rel = rel_of(entry.link.kind, inward=False)
        told.append((rel, entry.link.other, entry.link.added))
    for rel, source, added in told:
        if isinstance(source, str):
            yield _LinkEvent(
                rel=rel, source=source, target=item_id, at=one.at, added=added, number=entry.id
            )


@dataclass(frozen=True, slots=True)
class _Asked:
    """What batch is asked for; `end` is the last place of the feed, filtered rows included."""

    request: Request
    base: str
    size: int
    end: int

    def batch(self, rows: Sequence[Any], show: Callable[[Any], Json]) -> Json:
        """The rows behind the request's token, and a token that leads on also at the end."""
        after = _place(self.request.query.get("continuationToken"))
        left = [row for row in rows if row[0] > after]
        page = left[: max(self.size, 1)]
        is_last = len(left) <= len(page)
        token = f"w{self.end if is_last else page[-1][0]}"
        query = urlencode({**self.request.query, "continuationToken": token})
        return {
            "values": [show(row) for row in page],
            "nextLink": f"{self.base}/_apis/wit/reporting?{query}",
            "continuationToken": token,
            "isLastBatch": is_last,
        }


def _place(token: str | None) -> int:
    found = _TOKEN.fullmatch(token or "w0")
    if found is None:
        raise Refusal(400, "The continuation token is not valid.")
    return int(found[1])
