"""A simulated Linear: the GraphQL API that a connector meets, over a scripted world.

It is a real HTTP server with Linear's manners: lists by time of change with the latest first,
cursors that are items, filters, a trash, relations told at either end, weights and limits with
their headers, errors with codes. For the demo and for tests.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson
from aiohttp import web
from pydantic import SecretStr

from connectors.linear.access import EXCHANGE
from connectors.linear.simulator_delivery import item_delivery
from connectors.linear.simulator_gql import Refused
from connectors.linear.simulator_graphql import answering
from connectors.linear.simulator_hooks import Hooks
from connectors.linear.simulator_index import Index
from connectors.linear.simulator_request import Counter, Json
from connectors.linear.simulator_site import Report, Site
from syncer.clock import Clock
from syncer.connect.signing import same
from syncer.connect.testing.delivery import Delivery, HookAction
from syncer.connect.testing.server import Account, answer
from syncer.connect.testing.simulated import SimulatedTracker, Standing
from syncer.connect.testing.world import World

APPLICATION: Final = "app-made-up"
"""The client id of the OAuth application that is known; its newest token counts."""

_UNAUTHORISED: Final = orjson.dumps(
    Refused("AUTHENTICATION_ERROR", "Authentication required, not authenticated").told()
)


@dataclass(slots=True, kw_only=True)
class Quirks:
    """What a test may turn on.

    `earliest_first`: lists begin with the earliest. `purged`: ids of items that have left the trash
    for good. `ignores_times`: filters by time of change count for nothing.
    """

    earliest_first: bool = False
    ignores_times: bool = False
    purged: set[str] = field(default_factory=set)


class LinearSimulator(SimulatedTracker):
    """Serves a world as Linear; everything else as `SimulatedTracker`.

    Containers are teams. Items of types of level 1 are projects, of higher ones initiatives, and
    belong to the workspace `acme`. An attachment leads to an item that lives on another tracker.
    `limits` holds how much may be asked an hour. `report(…)` writes an update of a project or
    initiative; `resolutions` say how coarse target dates are. Teams in `private` are private;
    `hooks` are the registered webhooks.
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
            open_paths=(EXCHANGE,),
        )
        self.quirks = Quirks()
        self.resolutions: dict[str, str] = {}
        self.private: set[str] = set()
        self.hooks = Hooks()
        self.limits = Counter(clock)
        self._reports: dict[str, tuple[Report, ...]] = {}
        self._standing: Standing[Site] = Standing(world)
        self._given = 0
        self.server.unauthorised = answer(401, body=_UNAUTHORISED)
        self.server.route("POST", "/graphql", self.limits.answering(self._answer))
        self.server.route("POST", EXCHANGE, self._token)

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

    def report(
        self, item_id: str, health: str, *, at: datetime, actor: str, body: str = ""
    ) -> None:
        """Write an update of a project or initiative: `onTrack`, `atRisk` or `offTrack`."""
        said = Report(at=at, actor=actor, health=health, body=body)
        self._reports[item_id] = (*self._reports.get(item_id, ()), said)

    # --- the server at this instant -----------------------------------------------------------

    def site(self) -> Site:
        """What stands now; made anew when anything has changed."""
        instant, served = self.clock.now(), self.served()
        reports, resolutions = dict(self._reports), dict(self.resolutions)
        purged = frozenset(self.quirks.purged)
        private = frozenset(self.private)

        def made() -> Site:
            return Site(
                index=Index(self.world, instant, served, purged),
                base=self.url,
                reports=reports,
                resolutions=resolutions,
                private=private,
                foreign_url=self._foreign_url,
            )

        facts = (served, purged, reports, resolutions, private, self.url)
        return self._standing.at(instant, facts, made)

    async def _token(self, request: web.Request) -> web.StreamResponse:
        """A token for the application, whose secret is that of the account."""
        form = await request.post()
        asked = (form.get("grant_type"), form.get("client_id"))
        proven = same(str(form.get("client_secret")), self._account.secret)
        if asked != ("client_credentials", APPLICATION) or not proven:
            return web.json_response({"error": "invalid_client"}, status=401)
        self._given += 1
        token = f"lin_oauth_made_up_{self._given}"
        self.server.admitted = {f"Bearer {token}"}
        told = {"access_token": token, "token_type": "Bearer", "expires_in": 2_591_999}
        return web.json_response(told)

    def _answer(self, query: str, variables: Mapping[str, Any]) -> tuple[Json, int]:
        return answering(
            self.site(),
            variables,
            account=self._account.user,
            earliest_first=self.quirks.earliest_first,
            ignores_times=self.quirks.ignores_times,
            hooks=self.hooks,
        ).answer(query)
