"""A simulated Azure DevOps organisation: its REST API as a connector meets it, over a world.

It is a real HTTP server with Azure DevOps' manners: reporting feeds whose tokens lead on for ever,
batches that leave out what may not be seen, a recycle bin, queries for ids with a ceiling, links
that make a revision of one end alone, limits of which only late answers tell. The projects of the
organisation are the world's containers. For the demo and for tests.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from pydantic import SecretStr

from connectors.azure_devops.simulator_delivery import item_delivery
from connectors.azure_devops.simulator_feed import Feeds
from connectors.azure_devops.simulator_index import Index
from connectors.azure_devops.simulator_register import Subscriptions
from connectors.azure_devops.simulator_request import Counter, Json, Refusal, Request, listed
from connectors.azure_devops.simulator_site import Site
from syncer.clock import Clock
from syncer.connect.testing.delivery import Delivery, HookAction
from syncer.connect.testing.server import Account, answer
from syncer.connect.testing.simulated import SimulatedTracker, Standing
from syncer.connect.testing.world import World

ORGANISATION: Final = "acme"
_ID: Final = "20000000-0000-4000-8000-000000000001"
_WIT: Final = "/_apis/wit"
_MOST_IDS: Final = 200
_MOST_UPDATES: Final = 200
_AFTER: Final = re.compile(r"\[System\.Id\] > ([0-9]+)")
_AMONG: Final = re.compile(
    r" AND \[(System\.[A-Za-z]+)\] (IN|NOT IN) \(((?:'(?:[^']|'')*'(?:, )?)+)\)"
)
_NAME: Final = re.compile(r"'((?:[^']|'')*)'")
_QUERY: Final = re.compile(
    r"SELECT \[System\.Id\] FROM WorkItems WHERE (.+) ORDER BY \[System\.Id\]"
)


@dataclass(slots=True, kw_only=True)
class Quirks:
    """Real organisations' oddities, off unless a test turns them on.

    `refused` are endings of paths that are answered with 403; `no_scope` those answered with 401,
    as for a token without the scope. `no_type_names`: queries may not name types that no project
    has. `ceiling` is how many ids a query gives at most.
    """

    refused: tuple[str, ...] = ()
    no_scope: tuple[str, ...] = ()
    no_type_names: bool = False
    ceiling: int = 20_000


class AzureDevOpsSimulator(SimulatedTracker):
    """Serves a world's containers as projects; everything else as `SimulatedTracker`.

    Keys of containers are names of projects, ids of items are numbers; keys of items play no part,
    since a work item is called by its id. `limits.limit` is how many requests five minutes hold.
    `hooks` are the registered service hooks. Items in `destroyed` leave no trace once they are
    deleted.
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
            account=account or Account(user=""),
            containers=containers,
            foreign_url=foreign_url,
        )
        self.quirks = Quirks()
        self.destroyed: set[str] = set()
        self.limits = Counter(clock)
        self.hooks = Subscriptions()
        self._feeds = Feeds()
        self._standing: Standing[Site] = Standing(world)
        self.server.unauthorised = answer(401, body='{"message":"TF400813: not authorized"}')
        for method, path, make in self._answers():
            handler = self.limits.answering(self._guarded(path, make))
            self.server.route(method, f"/{ORGANISATION}{path}", handler)

    @property
    def url(self) -> str:
        """The organisation's address, without a final slash."""
        return f"{self.server.url}/{ORGANISATION}"

    def item_url(self, item_id: str) -> str:
        """The address at which people see an item; `KeyError` if there is none."""
        return self.site().page(item_id)

    def delivery(self, item_id: str, action: HookAction, *, secret: SecretStr) -> Delivery:
        """The service hook that tells what just happened to an item.

        Raises:
            KeyError: if there is no such item.
        """
        return item_delivery(self.site(), item_id, action, secret=secret)

    # --- the server at this instant -----------------------------------------------------------

    def site(self) -> Site:
        """What stands now; made anew when anything has changed."""
        instant, destroyed = self.clock.now(), frozenset(self.destroyed)
        projects = self.served() & frozenset(self.world.containers)

        def made() -> Site:
            index = Index(self.world, instant, projects, destroyed)
            site = Site(index, self.url, self._foreign_url)
            self._feeds.see(site)
            return site

        return self._standing.at(instant, (projects, destroyed, self.url), made)

    # --- routes -------------------------------------------------------------------------------

    def _answers(self) -> Iterator[tuple[str, str, Callable[[Request], Json]]]:
        yield "GET", "/_apis/connectionData", self._connection
        yield "GET", "/_apis/projects", self._projects
        yield "GET", f"{_WIT}/reporting/workitemrevisions", self._revisions
        yield "GET", f"{_WIT}/reporting/workitemlinks", self._links
        yield "POST", f"{_WIT}/workitemsbatch", self._batch
        yield "GET", f"{_WIT}/recyclebin", self._recycle_bin
        yield "POST", f"{_WIT}/wiql", self._query
        yield "GET", f"{_WIT}/workItems/{{id}}/updates", self._updates
        yield "GET", "/_apis/hooks/subscriptions", self.hooks.list
        yield "POST", "/_apis/hooks/subscriptions", self.hooks.add
        yield "PUT", "/_apis/hooks/subscriptions/{id}", self.hooks.change
        yield "GET", f"/{{project}}{_WIT}/workitemtypes", self._types
        yield "GET", f"/{{project}}{_WIT}/classificationnodes", self._nodes

    def _guarded(self, path: str, make: Callable[[Request], Json]) -> Callable[[Request], Json]:
        def answered(request: Request) -> Json:
            if path.endswith(self.quirks.refused):
                raise Refusal(403, "TF401027: You need a permission for that.")
            if path.endswith(self.quirks.no_scope):
                raise Refusal(401, "TF400813: The user is not authorized to access this resource.")
            return make(request)

        return answered

    def _connection(self, _request: Request) -> Json:
        user = {"providerDisplayName": "Syncer Bot", "isActive": True}
        return {"authenticatedUser": user, "instanceId": _ID}

    def _projects(self, request: Request) -> Json:
        site = self.site()
        first, size = request.count("$skip", 0), request.count("$top", 100)
        shown = site.projects()[first : first + size]
        return listed([site.project(one) for one in shown])

    def _revisions(self, request: Request) -> Json:
        return self._feeds.revision_batch(self.site(), request)

    def _links(self, request: Request) -> Json:
        return self._feeds.link_batch(self.site(), request)

    def _batch(self, request: Request) -> Json:
        """The items that the account sees; null in the place of any other."""
        ids = request.body.get("ids") if isinstance(request.body, dict) else None
        if not isinstance(ids, list) or not 0 < len(ids) <= _MOST_IDS:
            raise Refusal(400, "VS402333: Between 1 and 200 ids must be given.")
        site = self.site()
        seen = [str(one) for one in ids]
        return listed([site.item(one) if site.index.is_seen(one) else None for one in seen])

    def _recycle_bin(self, request: Request) -> Json:
        site = self.site()
        ids = request.query.get("ids", "").split(",")
        there = [one for one in ids if site.index.is_in_recycle_bin(one)]
        return listed(
            [{"id": int(one), "deletedDate": "2026-11-23T00:00:00Z", "code": 200} for one in there]
            + [{"id": int(one), "code": 404} for one in ids if one not in there]
        )

    def _updates(self, request: Request) -> Json:
        id_, site = request.names["id"], self.site()
        if not site.index.is_seen(id_):
            raise Refusal(404, f"TF401232: Work item {id_} does not exist, or may not be read.")
        first = request.count("$skip", 0)
        size = min(request.count("$top", _MOST_UPDATES), _MOST_UPDATES)
        return listed(site.updates(id_)[first : first + size])

    def _types(self, request: Request) -> Json:
        return listed(self.site().types() if self._project(request) else [])

    def _nodes(self, request: Request) -> Json:
        return listed(self.site().nodes(self._project(request)))

    def _project(self, request: Request) -> str:
        name = request.names["project"]
        found = (one.key for one in self.site().projects() if one.key == name)
        key = next(found, None)
        if key is None:
            raise Refusal(404, f"TF200016: The project {name} does not exist.")
        return key

    # --- queries ------------------------------------------------------------------------------

    def _query(self, request: Request) -> Json:
        text = request.body.get("query") if isinstance(request.body, dict) else None
        found = _QUERY.fullmatch(text) if isinstance(text, str) else None
        after = _AFTER.match(found[1]) if found else None
        if found is None or after is None:
            raise Refusal(400, "TF51006: The query statement is not valid.")
        conditions = found[1][after.end() :]
        if _AMONG.sub("", conditions):
            raise Refusal(400, "TF51006: The query statement is not valid.")
        ids = [one for one in self._wanted(conditions) if int(one) > int(after[1])]
        size = request.count("$top", self.quirks.ceiling)
        if len(ids) > self.quirks.ceiling and size > self.quirks.ceiling:
            raise Refusal(400, "VS402337: The number of work items exceeds the size limit.")
        url = f"{self.url}{_WIT}/workItems"
        rows: list[dict[str, Any]] = [{"id": int(x), "url": f"{url}/{x}"} for x in ids[:size]]
        return {"queryType": "flat", "queryResultType": "workItem", "workItems": rows}

    def _wanted(self, conditions: str) -> list[str]:
        site = self.site()
        ids = site.index.seen()
        for field, word, names in _AMONG.findall(conditions):
            if field == "System.WorkItemType" and self.quirks.no_type_names:
                raise Refusal(400, "TF51005: A work item type does not exist.")
            named = {one.replace("''", "'") for one in _NAME.findall(names)}
            keeps = word == "IN"
            ids = [x for x in ids if (site.item(x)["fields"].get(field) in named) is keeps]
        return ids
