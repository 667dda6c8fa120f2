"""The demo's two trackers: a simulated Jira and a simulated GitHub over one world and one clock."""

from __future__ import annotations

import secrets
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Final, Self

from pydantic import SecretStr

from syncer.clock import Clock
from syncer.connect.registry import simulator_class
from syncer.connect.testing.server import Simulator
from syncer.connect.testing.world import World
from syncer.demo.portfolio.build import ON_GITHUB, ON_JIRA

JIRA: Final = "jira"
GITHUB: Final = "github"


class Trackers:
    """Both simulators, open together as one asynchronous context manager.

    A dependency that crosses them is a line of text on GitHub: the address of the other issue.
    `webhook_secrets` are made up anew each time; they sign what the simulators send.
    """

    def __init__(self, world: World, clock: Clock) -> None:
        self.world = world
        make_jira: type[Any] = simulator_class(JIRA)
        make_github: type[Any] = simulator_class(GITHUB)
        jira = make_jira(world, clock, containers=ON_JIRA)
        # A check compares the clocks when it asks who it is: it would rightly tell that this Jira
        # lives in another week.
        jira.server.machine_time_paths.add("*/myself")
        self.jira: Simulator = jira
        self.github: Simulator = make_github(
            world, clock, containers=ON_GITHUB, foreign_url=self.jira.item_url
        )
        self.simulators: dict[str, Simulator] = {JIRA: self.jira, GITHUB: self.github}
        self.webhook_secrets = {
            name: SecretStr(secrets.token_urlsafe(24)) for name in self.simulators
        }
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.jira)
        await self._stack.enter_async_context(self.github)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()
