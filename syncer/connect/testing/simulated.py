"""What the simulators of all trackers share, over the fake tracker that each of them serves by.

A simulator subclasses `SimulatedTracker`, gives `server` its routes, and says where people see an
item and how a webhook of the tracker looks. What it makes of the world it keeps in a `Standing`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Generic, Self, TypeVar

from pydantic import SecretStr

from syncer.clock import Clock
from syncer.connect.testing.delivery import Delivery, HookAction
from syncer.connect.testing.server import Account, FakeTracker
from syncer.connect.testing.world import World

Site = TypeVar("Site")


class SimulatedTracker(ABC):
    """Serves a world while it is open as an asynchronous context manager.

    `containers` are those that live here, None for all; `hidden_containers` are out of the
    account's sight. `foreign_url` gives the address of an item that lives on another tracker.
    `server` is the fake tracker underneath: script faults and read requests there. It lets in
    whoever sends the credentials of `account`, and everybody to `open_paths` (globs).
    """

    def __init__(
        self,
        world: World,
        clock: Clock,
        *,
        account: Account,
        containers: Collection[str] | None = None,
        foreign_url: Callable[[str], str] | None = None,
        open_paths: tuple[str, ...] = (),
    ) -> None:
        self.world = world
        self.clock = clock
        self.hidden_containers: set[str] = set()
        self.server = FakeTracker(account=account, open_paths=open_paths, clock=clock)
        self._account = account
        self._containers = None if containers is None else frozenset(containers)
        self._foreign_url = foreign_url

    @property
    def url(self) -> str:
        """The base URL, without a final slash. `RuntimeError` before the server runs."""
        return self.server.url

    @property
    def account(self) -> Account:
        """The credentials that are accepted; where the tracker has tokens, the secret is one."""
        return self._account

    @abstractmethod
    def item_url(self, item_id: str) -> str:
        """The address at which people see an item; `KeyError` if there is none."""

    @abstractmethod
    def delivery(self, item_id: str, action: HookAction, *, secret: SecretStr) -> Delivery:
        """The webhook that tells what just happened to an item; `KeyError` if there is none."""

    def served(self) -> frozenset[str]:
        """The keys of the containers that live here and that the account sees."""
        mine = self.world.containers if self._containers is None else self._containers
        return frozenset(mine) - self.hidden_containers

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


@dataclass(frozen=True, slots=True)
class _Kept(Generic[Site]):
    """What was made, with the facts it was made from and the instant at which it goes stale."""

    site: Site
    facts: tuple[object, ...]
    until: datetime | None

    def is_of(self, facts: tuple[object, ...], instant: datetime) -> bool:
        return self.facts == facts and (self.until is None or instant < self.until)


class Standing(Generic[Site]):
    """What a server makes of a world, kept until the world, the time or another fact changes.

    A reading asks hundreds of times between two changes, and a world of thousands of items is slow
    to go through.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._kept: _Kept[Site] | None = None

    def at(self, instant: datetime, facts: tuple[object, ...], make: Callable[[], Site]) -> Site:
        """What stands at an instant; `make` is asked where `facts` are others than last time.

        `facts` are values that are compared: copy what a test may change in place.
        """
        known = (self._world.revision, *facts)
        if self._kept is None or not self._kept.is_of(known, instant):
            self._kept = _Kept(make(), known, self._world.next_change(instant))
        return self._kept.site
