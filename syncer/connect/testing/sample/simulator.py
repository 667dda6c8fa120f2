"""A simulated Sample: its API over a scripted world, on loopback, for tests."""

from __future__ import annotations

import html
from collections.abc import Callable, Collection
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson
from aiohttp import web
from pydantic import SecretStr

from syncer.clock import Clock
from syncer.connect.testing.delivery import Delivery, HookAction, signature
from syncer.connect.testing.sample.webhook import DELIVERY, SIGNATURE
from syncer.connect.testing.script import ItemState
from syncer.connect.testing.server import Account
from syncer.connect.testing.simulated import SimulatedTracker
from syncer.connect.testing.world import World

_PAGE_OF_IDS: Final = 5
Json = dict[str, Any]


class SampleSimulator(SimulatedTracker):
    """Serves a world as Sample; everything else as `SimulatedTracker`.

    `zone` is the one in which it writes instants. Links to items of other trackers are not shown,
    so `foreign_url` is not asked.
    """

    def __init__(
        self,
        world: World,
        clock: Clock,
        *,
        containers: Collection[str] | None = None,
        foreign_url: Callable[[str], str] | None = None,
        zone: str = "UTC",
    ) -> None:
        super().__init__(
            world,
            clock,
            account=Account(user="bot", schemes=("Bearer",)),
            containers=containers,
            foreign_url=foreign_url,
        )
        self._zone = ZoneInfo(zone)
        self._deliveries = 0
        self.server.route("GET", "/api/me", self._me)
        self.server.route("GET", "/api/containers", self._list_containers)
        self.server.route("GET", "/api/items", self._list_items)
        self.server.route("GET", "/api/items/{id}", self._single)
        self.server.route("GET", "/api/ids", self._ids)

    def item_url(self, item_id: str) -> str:
        """The address at which people see an item."""
        return f"{self.url}/items/{item_id}"

    def delivery(self, item_id: str, action: HookAction, *, secret: SecretStr) -> Delivery:
        """The webhook that tells what just happened to an item."""
        self._deliveries += 1
        item = {"id": int(item_id), "title": self._state(item_id).title}
        return signed({"event": f"item.{action}", "item": item}, self._deliveries, secret=secret)

    # --- routes -----------------------------------------------------------------------------------

    async def _me(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({"account": self._account.user, "timezone": str(self._zone)})

    async def _list_containers(self, _request: web.Request) -> web.StreamResponse:
        known = [c for key, c in self.world.containers.items() if key in self.served()]
        shown = [{"id": c.id, "key": c.key, "name": c.name} for c in known]
        return web.json_response({"containers": shown})

    async def _list_items(self, request: web.Request) -> web.StreamResponse:
        """By whole second of change and id; a page's token holds both, `offset` merely counts."""
        asked = request.query
        first = (int(asked.get("changed_from", 0)), 0)
        after = tuple(map(int, asked["page"].split("."))) if "page" in asked else (0, 0)
        places = sorted((self._second(one), int(one)) for one in self._in(asked["container"]))
        found = [place for place in places if place >= first and place > after]
        found, size = found[int(asked.get("offset", 0)) :], int(asked.get("size", 50))
        page = found[:size]
        token = f"{page[-1][0]}.{page[-1][1]}" if len(found) > size else None
        items = [self._item(str(id_)) for _, id_ in page]
        return web.json_response({"items": items, "next": token})

    async def _ids(self, request: web.Request) -> web.StreamResponse:
        after = int(request.query.get("page", 0))
        found = sorted(int(one) for one in self._in(request.query["container"]) if int(one) > after)
        page = found[:_PAGE_OF_IDS]
        token = str(page[-1]) if len(found) > _PAGE_OF_IDS else None
        ids = [{"id": id_, "key": self._state(str(id_)).key} for id_ in page]
        return web.json_response({"ids": ids, "next": token})

    async def _single(self, request: web.Request) -> web.StreamResponse:
        item_id = request.match_info["id"]
        state = self.world.state(item_id, self.clock.now())
        if state is None or state.hidden:
            return web.json_response({"message": "There is no such item."}, status=404)
        if state.deleted:
            return web.json_response({"message": "This item was deleted."}, status=410)
        return web.json_response(self._item(item_id))

    # --- items ------------------------------------------------------------------------------------

    def _in(self, container: str) -> list[str]:
        if container not in self.served():
            return []
        now = self.clock.now()
        states = ((one, self.world.visible(one, now)) for one in self.world.ids())
        return [one for one, s in states if s and s.container == container]

    def _state(self, item_id: str) -> ItemState:
        state = self.world.state(item_id, self.clock.now())
        if state is None:
            raise KeyError(item_id)
        return state

    def _second(self, item_id: str) -> int:
        return int(self.world.updated_at(item_id, self.clock.now()).timestamp())

    def _item(self, item_id: str) -> Json:
        now, state, script = self.clock.now(), self._state(item_id), self.world.item(item_id)
        person = self.world.people.get(script.reporter)
        return {
            "id": int(item_id),
            "key": state.key,
            "container": state.container,
            "title": state.title,
            "body": html.escape(state.body).replace("\n", "<br>"),
            "type": state.type,
            "status": state.status,
            "resolution": state.resolution,
            "labels": list(state.labels),
            "parent": int(state.parent) if state.parent else None,
            "links": self._links(item_id),
            "reporter": {"id": person.id, "name": person.name} if person else None,
            "created": script.created_at.astimezone(self._zone).isoformat(timespec="seconds"),
            "changed": self.world.updated_at(item_id, now)
            .astimezone(self._zone)
            .isoformat(timespec="seconds"),
            "history": self._history(item_id),
        }

    def _links(self, item_id: str) -> list[Json]:
        standing = self.world.links(item_id, self.clock.now())
        return [
            {
                "kind": link.kind.value,
                "to": int(link.target),
                "to_key": self._state(link.target).key,
            }
            for link in standing
            if link.source == item_id
        ]

    def _history(self, item_id: str) -> list[Json]:
        return [
            {
                "id": entry.id,
                "at": entry.at.astimezone(self._zone).isoformat(),
                "field": change.field,
                "before": change.before,
                "after": change.after,
            }
            for entry in self.world.history(item_id, self.clock.now())
            for change in entry.changes
            if change.field in ("status", "title", "resolution")
        ]


def signed(content: Json, number: int, *, secret: SecretStr) -> Delivery:
    """A webhook with its headers; `number` makes its id a fresh one."""
    body = orjson.dumps(content)
    headers = {
        "Content-Type": "application/json",
        DELIVERY: f"delivery-{number}",
        SIGNATURE: signature(secret, body),
    }
    return Delivery(headers=headers, body=body)
