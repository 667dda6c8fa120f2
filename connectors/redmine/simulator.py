"""A simulated Redmine: the REST API that a connector meets, over a scripted world, for tests.

Its manners are those of the real Redmine 5.0 against which the connector is held too: pages by
offset and never longer than a hundred, whole seconds, closed issues only where they are asked for,
journals for single issues alone, 404 for what is not there and 403 for what may not be seen, and
relations that leave `updated_on` as it was.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Final

from aiohttp import web
from pydantic import SecretStr

from connectors.redmine.simulator_answers import Answers, Json, signed
from syncer.clock import Clock
from syncer.connect.signing import same
from syncer.connect.testing.delivery import Delivery, HookAction
from syncer.connect.testing.server import Account
from syncer.connect.testing.simulated import SimulatedTracker
from syncer.connect.testing.world import World

_MOST: Final = 100
_USUAL: Final = 25

Make = Callable[[web.Request], Json | None]
"""Makes an answer; None for what does not exist."""


class RedmineSimulator(SimulatedTracker):
    """Serves a world's projects as Redmine; everything else as `SimulatedTracker`.

    Ids of items are numbers. Relations stay within Redmine, so `foreign_url` is not asked.
    """

    def __init__(
        self,
        world: World,
        clock: Clock,
        *,
        containers: Collection[str] | None = None,
        foreign_url: Callable[[str], str] | None = None,
    ) -> None:
        super().__init__(
            world,
            clock,
            account=Account(user="syncer-bot", schemes=("Bearer",)),
            containers=containers,
            foreign_url=foreign_url,
        )
        # The key comes in a header of its own, at which each answer looks.
        self.server.account = None
        self._answers = Answers(world, clock, self.served)
        for path, make in self._routes():
            self.server.route("GET", path, self._answering(make))

    def item_url(self, item_id: str) -> str:
        """The address at which people see an item."""
        return f"{self.url}/issues/{item_id}"

    def delivery(self, item_id: str, action: HookAction, *, secret: SecretStr) -> Delivery:
        """The webhook that tells what just happened to an item, as Redmine 7.0 sends it."""
        issue = self._answers.issue(item_id, whole=False)
        now = self.clock.now().isoformat(timespec="seconds")
        content = {"type": f"issue.{action}", "timestamp": now, "data": {"issue": issue}}
        return signed(content, secret=secret)

    def _routes(self) -> list[tuple[str, Make]]:
        told = self._answers
        return [
            ("/users/current.json", lambda _: told.account(self._account.user)),
            ("/issue_statuses.json", lambda _: told.statuses()),
            ("/enumerations/issue_priorities.json", lambda _: told.priorities()),
            ("/projects.json", lambda request: _paged(request, "projects", told.projects())),
            ("/projects/{name}.json", lambda request: told.project(request.match_info["name"])),
            ("/projects/{name}/versions.json", lambda request: told.versions(_name(request))),
            ("/issues.json", self._issues),
            ("/issues/{id}.json", self._issue),
        ]

    def _answering(self, make: Make) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handler(request: web.Request) -> web.StreamResponse:
            if not same(request.headers.get("X-Redmine-API-Key", ""), self._account.secret):
                return web.Response(status=401)
            answer = make(request)
            # A refusal has no body, as with the real one.
            return web.Response(status=404) if answer is None else web.json_response(answer)

        return handler

    def _issues(self, request: web.Request) -> Json | None:
        rows = self._answers.issues(request.query)
        return None if rows is None else _paged(request, "issues", rows)

    def _issue(self, request: web.Request) -> Json | None:
        item_id = request.match_info["id"]
        state = self.world.state(item_id, self.clock.now()) if item_id.isdecimal() else None
        if state is None or state.deleted:
            return None
        if state.hidden or state.container in self.hidden_containers:
            raise web.HTTPForbidden(text="")
        return {"issue": self._answers.issue(item_id, whole=True)}


def _name(request: web.Request) -> str:
    return request.match_info["name"]


def _paged(request: web.Request, key: str, rows: list[Json]) -> Json:
    """A page of rows, cut silently to a hundred."""
    limit = min(int(request.query.get("limit", _USUAL)), _MOST)
    offset = int(request.query.get("offset", 0))
    page = rows[offset : offset + limit]
    return {key: page, "total_count": len(rows), "offset": offset, "limit": limit}
