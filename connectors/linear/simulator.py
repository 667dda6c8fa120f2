"""A simulated Linear: the GraphQL API that a connector meets, over a scripted world.

It is a real HTTP server with Linear's manners: lists by time of change with the latest first,
cursors that are items, filters, a trash, relations told at either end, weights and limits with
their headers, errors with codes. For the demo and for tests.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self

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
from syncer.connect.testing.server import Account, FakeTracker, answer
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


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the server shows, with the facts it was made from and the instant it goes stale."""

    site: Site
    facts: tuple[object, ...]
    until: datetime | None

    def holds_at(self, instant: datetime) -> bool:
        return self.until is None or instant < self.until


class LinearSimulator:
    """Serves a world while it is open as an asynchronous context manager.

    Containers are teams. Items of types of level 1 are projects, of higher ones initiatives, and
    belong to the workspace `acme`. `containers` are those that live here, None for all;
    `foreign_url` gives the address of an item that lives on another tracker, to which an attachment
    then leads. `server` is the fake tracker underneath: script faults and read requests there.
    `limits` holds how much may be asked an hour. Containers in `hidden_containers` are out of the
    account's sight. `report(…)` writes an update of a project or initiative; `resolutions` say how
    coarse target dates are. Teams in `private` are private; `hooks` are the registered webhooks.
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
        self.world = world
        self.clock = clock
        self.quirks = Quirks()
        self.hidden_containers: set[str] = set()
        self.resolutions: dict[str, str] = {}
        self.private: set[str] = set()
        self.hooks = Hooks()
        self.limits = Counter(clock)
        self._reports: dict[str, tuple[Report, ...]] = {}
        self._containers = None if containers is None else frozenset(containers)
        self._foreign_url = foreign_url
        self._account = account or Account(user="syncer-bot", schemes=("Bearer",))
        self._kept: _Kept | None = None
        self._given = 0
        self.server = FakeTracker(account=self._account, clock=clock, open_paths=(EXCHANGE,))
        self.server.unauthorised = answer(401, body=_UNAUTHORISED)
        self.server.route("POST", "/graphql", self.limits.answering(self._answer))
        self.server.route("POST", EXCHANGE, self._token)

    @property
    def url(self) -> str:
        """The base URL of API and pages, without a final slash."""
        return self.server.url

    @property
    def account(self) -> Account:
        """The account; its secret is the token."""
        return self._account

    async def __aenter__(self) -> Self:
        await self.server.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.server.stop()

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
        instant = self.clock.now()
        mine = self.world.containers if self._containers is None else self._containers
        served = frozenset(mine) - self.hidden_containers
        reports, resolutions = dict(self._reports), dict(self.resolutions)
        purged = frozenset(self.quirks.purged)
        private = frozenset(self.private)
        facts = (self.world.revision, served, purged, reports, resolutions, private, self.url)
        if self._kept is None or self._kept.facts != facts or not self._kept.holds_at(instant):
            site = Site(
                index=Index(self.world, instant, served, purged),
                base=self.url,
                reports=reports,
                resolutions=resolutions,
                private=private,
                foreign_url=self._foreign_url,
            )
            self._kept = _Kept(site, facts, self.world.next_change(instant))
        return self._kept.site

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
