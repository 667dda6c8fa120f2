"""What the conformance suite must be told of one tracker, built-in or a third party's.

An adapter is small: which simulator, which connector over it, and the few things that every tracker
says in its own way. The truth itself is a `World`, changed with the world's verbs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Protocol

import aiohttp
from pydantic import SecretStr

from syncer.clock import Clock
from syncer.connect.protocol import Connector
from syncer.connect.rate import Sleep
from syncer.connect.testing.delivery import Delivery
from syncer.connect.testing.script import Container
from syncer.connect.testing.server import FakeTracker, Fault, Simulator
from syncer.connect.testing.world import World

JsonObject = dict[str, Any]
Spoil = Callable[[JsonObject], None]
"""Makes one item of an answer unreadable, in place."""

CONNECTION = "suite"
"""The name of the connection under test."""


class SuiteTracker(Simulator, Protocol):
    """A simulator whose server can be told to misbehave."""

    server: FakeTracker


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One way in which the tracker asks for patience.

    `fault` makes the answer from the pause and the tracker's present (UTC). `tells_pause` is false
    where the answer does not say how long.
    """

    fault: Callable[[timedelta, datetime], Fault]
    tells_pause: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeText:
    """A description as the tracker stores it, and the words that people read in it, in order."""

    native: object
    words: tuple[str, ...]


class Adapter(ABC):
    """One tracker, as the suite meets it. Subclass it; see `docs/adding-a-connector.md`.

    `edition` tells several trackers of one connector apart, such as Cloud and Data Center.
    `containers` are the two that the world holds. `chain` are the names of types from the top of
    the hierarchy down. `spoils` make an item unreadable; `limits` are the tracker's own ways to
    ask for patience; `texts` are descriptions in its own markup. `signs_body` is false where a
    webhook bears only a shared secret, `names_deliveries` where it has no id of its own.
    """

    connector_type: ClassVar[type[Connector]]
    edition: ClassVar[str] = ""
    containers: ClassVar[tuple[Container, Container]] = (
        Container(id="10001", key="NET", name="Network"),
        Container(id="10002", key="OUT", name="Outreach"),
    )
    chain: ClassVar[tuple[str, ...]] = ("Initiative", "Epic", "Story", "Sub-task")
    signs_body: ClassVar[bool] = True
    names_deliveries: ClassVar[bool] = True
    limits: ClassVar[Mapping[str, Limit]]
    spoils: ClassVar[Mapping[str, Spoil]]
    texts: ClassVar[Sequence[NativeText]]

    @abstractmethod
    def tracker(self, world: World, clock: Clock, *, zone: str) -> SuiteTracker:
        """The simulator over a world; `zone` is the account's, where the tracker has one."""

    @abstractmethod
    def connect(
        self,
        tracker: SuiteTracker,
        session: aiohttp.ClientSession,
        *,
        clock: Clock,
        sleep: Sleep,
        page: int,
    ) -> Connector:
        """A connector named `CONNECTION` that reads about `page` items at a time."""

    @abstractmethod
    def is_item(self, raw: JsonObject, item_id: str) -> bool:
        """Whether an object within an answer is this item itself, and not a mention of it."""

    @abstractmethod
    def put_text(self, raw: JsonObject, native: object) -> None:
        """Give an item of an answer another description, in the tracker's own markup."""

    @abstractmethod
    def unknown_event(self, secret: SecretStr) -> Delivery:
        """A genuine webhook about something of which no connector has ever heard."""

    @abstractmethod
    def rubbish(self, secret: SecretStr) -> Delivery:
        """A genuine webhook, about an item by its event's name, whose body cannot be read."""

    def key(self, container: str, number: int) -> str:
        """The human key of an item."""
        return f"{container}-{number}"

    def shown_key(self, item_id: str, key: str) -> str:  # noqa: ARG002  for trackers of that sort
        """What people call an item that has this key in the world; some trackers use its id."""
        return key

    def container_key(self, container: str) -> str:
        """The connector's container in which one of `containers` lies, by default itself.

        The two may be parts of the one container that the tracker has: projects of an organisation.
        """
        return container

    def world(self) -> World:
        """An empty world with the two containers; override it for statuses of your own."""
        world = World()
        for container in self.containers:
            world.add_container(container)
        return world
