"""The demo's four trackers: simulators of four kinds over one world and one clock."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Final, Self

from pydantic import SecretStr

from syncer.clock import Clock
from syncer.connect.registry import simulator_class
from syncer.connect.testing.server import Simulator
from syncer.connect.testing.world import World
from syncer.demo.portfolio.phone import REPOSITORY

JIRA: Final = "jira"
AZURE_DEVOPS: Final = "ado"
LINEAR: Final = "linear"
GITHUB: Final = "github"
"""The connections by name."""

KINDS: Final[Mapping[str, str]] = {
    JIRA: "jira",
    AZURE_DEVOPS: "azuredevops",
    LINEAR: "linear",
    GITHUB: "github",
}
LABELS: Final[Mapping[str, str]] = {
    JIRA: "Jira",
    AZURE_DEVOPS: "Azure DevOps",
    LINEAR: "Linear",
    GITHUB: "GitHub",
}
HOMES: Final[Mapping[str, str]] = {
    "NET": JIRA,
    "REG": AZURE_DEVOPS,
    "OUT": LINEAR,
    REPOSITORY: GITHUB,
}
"""On which tracker each container of the world lives."""


class Trackers:
    """All simulators, open together as one asynchronous context manager.

    A dependency that crosses two of them is told by the address of the other item: a hyperlink, an
    attachment, a line of text, as people do it there. `webhook_secrets` are made up anew each time;
    they sign what the simulators send.
    """

    def __init__(self, world: World, clock: Clock) -> None:
        self.world = world
        self._clock = clock
        self.simulators: dict[str, Simulator] = {name: self._made(name) for name in KINDS}
        # A check compares the clocks when it asks who it is: it would rightly tell that this Jira
        # lives in another week.
        jira: Any = self.simulators[JIRA]
        jira.server.machine_time_paths.add("*/myself")
        self.webhook_secrets = {
            name: SecretStr(secrets.token_urlsafe(24)) for name in self.simulators
        }
        self._stack = AsyncExitStack()

    def _made(self, name: str) -> Simulator:
        make: type[Simulator] = simulator_class(KINDS[name])
        here = tuple(container for container, home in HOMES.items() if home == name)
        return make(self.world, self._clock, containers=here, foreign_url=self.item_url)

    def item_url(self, item_id: str) -> str:
        """The address at which people see an item, on whichever tracker it lives."""
        state = self.world.visible(item_id, self._clock.now())
        if state is None:
            raise KeyError(item_id)
        return self.simulators[HOMES[state.container]].item_url(item_id)

    async def __aenter__(self) -> Self:
        for simulator in self.simulators.values():
            await self._stack.enter_async_context(simulator)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()
