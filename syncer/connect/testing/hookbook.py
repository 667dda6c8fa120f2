"""The webhooks that are registered at a simulated tracker: one list a path, as its API shows them.

The vendor's shapes are handed in; what all of these APIs share is here: list, show, add, change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import orjson
from aiohttp import web

from syncer.connect.testing.server import FakeTracker

Json = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class HookBook:
    """What is registered, by the path of the list.

    `made` makes of a request's body what is kept of a new webhook, `changed` of the kept one and a
    body what is kept then; both get the webhook's number. `shown` is what the API shows of one: the
    secret never. `changing` is the method of a change. While `refusal` is a status, every request
    gets it, as an account without the right to look does.
    """

    made: Callable[[Json, int], Json]
    changed: Callable[[Json, Json], Json]
    shown: Callable[[Json], Json]
    changing: str
    refusal: int = 0
    kept: dict[str, dict[int, Json]] = field(default_factory=dict)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def serve(self, server: FakeTracker, path: str) -> None:
        """Answer under a path (aiohttp's pattern); before the server starts."""
        server.route("GET", path, self._list)
        server.route("POST", path, self._add)
        server.route("GET", f"{path}/{{hook}}", self._show)
        server.route(self.changing, f"{path}/{{hook}}", self._change)

    def at(self, path: str) -> list[Json]:
        """What is kept under one list, secrets included, oldest first."""
        return list(self.kept.get(path, {}).values())

    def put(self, path: str, body: Mapping[str, Any]) -> Json:
        """Register a webhook as a person would have done."""
        number = next(self._numbers)
        kept = self.made(dict(body), number)
        self.kept.setdefault(path, {})[number] = kept
        return kept

    async def _list(self, request: web.Request) -> web.StreamResponse:
        return self._answer([self.shown(one) for one in self.at(request.rel_url.raw_path)])

    async def _add(self, request: web.Request) -> web.StreamResponse:
        if self.refusal:
            return self._answer({})
        kept = self.put(request.rel_url.raw_path, orjson.loads(await request.read()))
        return self._answer(self.shown(kept), status=201)

    async def _show(self, request: web.Request) -> web.StreamResponse:
        path, number = self._place(request)
        kept = self.kept.get(path, {}).get(number)
        return self._answer(self.shown(kept) if kept else {}, status=200 if kept else 404)

    async def _change(self, request: web.Request) -> web.StreamResponse:
        path, number = self._place(request)
        kept = self.kept.get(path, {}).get(number)
        if kept is None or self.refusal:
            return self._answer({}, status=404)
        self.kept[path][number] = self.changed(kept, orjson.loads(await request.read()))
        return self._answer(self.shown(self.kept[path][number]))

    def _place(self, request: web.Request) -> tuple[str, int]:
        name = request.match_info["hook"]
        return request.rel_url.raw_path.rpartition("/")[0], int(name) if name.isdigit() else 0

    def _answer(self, content: Json | list[Json], *, status: int = 200) -> web.Response:
        if self.refusal:
            content, status = {"message": "Not Found"}, self.refusal
        return web.Response(
            body=orjson.dumps(content), status=status, content_type="application/json"
        )
