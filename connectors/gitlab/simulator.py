"""A simulated GitLab: the REST and GraphQL APIs that a connector meets, over a scripted world.

It is a real HTTP server with GitLab's manners: pages by number and by key, Link headers, 404 alike
for what does not exist and what may not be seen, GraphQL with the weighing of queries, epics in
groups under ids that are not those of their work items, what moved left behind closed, rate-limit
headers on every answer. For the demo and for tests.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from pydantic import SecretStr

from connectors.gitlab import simulator_graphql, simulator_rest
from connectors.gitlab.simulator_delivery import item_delivery
from connectors.gitlab.simulator_index import Index, Row
from connectors.gitlab.simulator_notes import Health, label_number
from connectors.gitlab.simulator_register import PATHS, new_book
from connectors.gitlab.simulator_request import (
    Counter,
    Json,
    Listing,
    Refusal,
    Request,
    not_found,
)
from connectors.gitlab.simulator_site import Site
from syncer.clock import Clock
from syncer.connect.testing.delivery import Delivery, HookAction
from syncer.connect.testing.script import Container
from syncer.connect.testing.server import Account, answer
from syncer.connect.testing.simulated import SimulatedTracker, Standing
from syncer.connect.testing.world import World

_API: Final = "/api/v4"
_ISSUE: Final = "/projects/{id}/issues/{iid}"
_EPIC: Final = "/groups/{id}/epics/{iid}"
_UNAUTHORISED: Final = '{"message":"401 Unauthorized"}'
_EVENTS: Final = ("state", "label", "milestone", "iteration")


@dataclass(slots=True, kw_only=True)
class Quirks:
    """Real servers' oddities, off unless a test turns them on.

    `no_graphql`: it answers 404 there. `unknown`: types, fields and arguments that an older server
    does not know, as in `simulator_graphql.without`. `no_epics`: the licence has none. `no_keyset`:
    issues are paged by number only. `no_events`: resource events are refused.
    """

    no_graphql: bool = False
    unknown: set[str] = field(default_factory=set)
    no_epics: bool = False
    no_keyset: bool = False
    no_events: bool = False


class GitLabSimulator(SimulatedTracker):
    """Serves a world's projects and groups as GitLab; everything else as `SimulatedTracker`.

    Keys of containers are full paths; a container of one part, or that holds others, is a group,
    whose items are epics. Keys of items end with their number, ids of items are numbers. Links
    stay within GitLab, so `foreign_url` is not asked. `limits.limit` is how many requests a minute
    holds. `say_health(…)` gives an item a health status. `hooks` are the registered webhooks.
    """

    def __init__(
        self,
        world: World,
        clock: Clock,
        *,
        containers: Collection[str] | None = None,
        foreign_url: Callable[[str], str] | None = None,
        account: Account | None = None,
    ) -> None:
        super().__init__(
            world,
            clock,
            account=account or Account(user="syncer-bot", schemes=("Bearer",)),
            containers=containers,
            foreign_url=foreign_url,
        )
        self.quirks = Quirks()
        self._health: dict[str, tuple[Health, ...]] = {}
        self.limits = Counter(clock)
        self._standing: Standing[Site] = Standing(world)
        self.server.unauthorised = answer(401, body=_UNAUTHORISED)
        self.hooks = new_book()
        for hooks in PATHS:
            self.hooks.serve(self.server, hooks)
        for path, make in self._answers():
            self.server.route("GET", f"{_API}{path}", self.limits.answering(make))
        self.server.route("POST", "/api/graphql", self.limits.answering(self._graphql))

    def item_url(self, item_id: str) -> str:
        """The address at which people see an item; `KeyError` if there is none."""
        site = self.site()
        return site.page(site.index.row(item_id))

    def delivery(self, item_id: str, action: HookAction, *, secret: SecretStr) -> Delivery:
        """The webhook that tells what just happened to an item.

        Raises:
            KeyError: if there is no such item.
        """
        site = self.site()
        return item_delivery(site, site.index.row(item_id), action, secret=secret)

    def say_health(self, item_id: str, value: str, *, at: datetime, actor: str) -> None:
        """Give an item a health status: `onTrack`, `needsAttention` or `atRisk`."""
        said = Health(value=value, at=at, actor=actor)
        self._health[item_id] = (*self._health.get(item_id, ()), said)

    # --- the server at this instant -----------------------------------------------------------

    def site(self) -> Site:
        """What stands now; made anew when anything has changed."""
        instant, served, health = self.clock.now(), self.served(), dict(self._health)
        return self._standing.at(
            instant,
            (served, health, self.url),
            lambda: Site(Index(self.world, instant, served), self.url, health),
        )

    # --- routes -------------------------------------------------------------------------------

    def _answers(self) -> Iterator[tuple[str, Callable[[Request], Json | list[Json] | Listing]]]:
        yield "/user", self._user
        yield "/personal_access_tokens/self", self._token
        yield "/projects", self._projects
        yield "/projects/{id}", lambda request: self.site().project(self._container(request))
        yield "/groups", self._groups
        yield "/groups/{id}", lambda request: self.site().group(self._container(request))
        yield "/projects/{id}/issues", self._items
        yield "/groups/{id}/epics", self._items
        yield "/{kind}/{id}/labels", self._labels
        for path in (_ISSUE, _EPIC):
            yield path, self._item
            yield f"{path}/notes", self._notes
        yield f"{_ISSUE}/links", self._links
        yield f"{_EPIC}/related_epics", self._links
        for kind in _EVENTS:
            yield f"{_ISSUE}/resource_{kind}_events", self._events(kind)
        yield f"{_EPIC}/resource_state_events", self._events("state")

    def _graphql(self, request: Request) -> Json:
        if self.quirks.no_graphql:
            raise not_found()
        return simulator_graphql.answer(self.site(), request, unknown=self.quirks.unknown)

    def _user(self, _request: Request) -> Json:
        return {"id": 1, "username": self._account.user, "name": "Syncer Bot", "state": "active"}

    def _token(self, _request: Request) -> Json:
        return {"id": 1, "name": "syncer", "scopes": ["read_api"], "expires_at": None}

    def _projects(self, _request: Request) -> Listing:
        site = self.site()
        return Listing(site.containers(groups=False), site.project, key=lambda one: one.key)

    def _groups(self, _request: Request) -> Listing:
        site = self.site()
        return Listing(site.containers(groups=True), site.group)

    def _container(self, request: Request) -> Container:
        """The project or group in the path, in any case; 404 for what is not seen."""
        groups = request.path.startswith(f"{_API}/groups/")
        path = request.names["id"].casefold()
        found = (c for c in self.site().containers(groups=groups) if c.key.casefold() == path)
        container = next(found, None)
        if container is None:
            raise not_found("Group Not Found" if groups else "Project Not Found")
        return container

    def _items(self, request: Request) -> Listing:
        site, path = self.site(), self._container(request).key
        self._refuse_epics(request)
        by_update = request.query.get("order_by") == "updated_at"
        since = request.instant("updated_after")
        rows = site.index.ordered(path, by_update=by_update)
        rows = [row for row in rows if since is None or row.updated >= since]
        if request.query.get("sort", "desc") == "desc":
            rows.reverse()
        keyed = not self.quirks.no_keyset and "/issues" in request.path
        key = _by_change if by_update else _by_number
        return Listing(rows, self._shown, key=key if keyed else None)

    def _shown(self, row: Row) -> Json:
        return simulator_rest.item(self.site(), row)

    def _item(self, request: Request) -> Json:
        return self._shown(self._row(request))

    def _row(self, request: Request) -> Row:
        """The item in the path; 404 alike for a deleted and a hidden one."""
        path, place = self._container(request).key, request.place
        self._refuse_epics(request)
        rows = self.site().index.listed.get(path, [])
        row = next((one for one in rows if one.place.number == place.number), None)
        if row is None:
            raise not_found()
        return row

    def _refuse_epics(self, request: Request) -> None:
        if self.quirks.no_epics and "/epics" in request.path:
            raise Refusal(403, "403 Forbidden")

    def _labels(self, request: Request) -> Listing:
        titles = self.site().labels(self._container(request).key)
        return Listing([{"id": label_number(title), "name": title} for title in titles])

    def _links(self, request: Request) -> list[Json]:
        return simulator_rest.links(self.site(), self._row(request))

    def _notes(self, request: Request) -> Listing:
        return Listing(simulator_rest.notes(self.site(), self._row(request)))

    def _events(self, kind: str) -> Callable[[Request], Listing]:
        def answer_(request: Request) -> Listing:
            row = self._row(request)
            if self.quirks.no_events:
                raise not_found()
            return Listing(simulator_rest.events(self.site(), row, kind))

        return answer_


def _by_change(row: Row) -> str:
    return row.cursor


def _by_number(row: Row) -> str:
    return f"{row.id:020}"
