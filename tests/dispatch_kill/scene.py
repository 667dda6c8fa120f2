"""One edition, and replicas that end or stand still where a test wants it, one after the other.

What a campaign meets by chance is met here for certain, in a few seconds: a scene is the shortest
way to what a planted defect does wrong, and the real outbox plays the same scene to the same check.
"""

from __future__ import annotations

import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from syncer.failpoints import Edge
from syncer.store.dispatches import Dispatch
from tests.dispatch_kill.checker import Found
from tests.dispatch_kill.defects import Defect
from tests.dispatch_kill.processes import PATIENCE, Replica, eventually
from tests.dispatch_kill.stage import House, Plan, Stage, staged

ENOUGH_SECONDS: Final = 60.0
"""After this a planted defect has left the rows as they stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A world whose first editions are due and not yet published."""

    stage: Stage

    async def falls(self, edge: Edge, *, at: int = 1) -> list[Dispatch]:
        """A replica that ends at an edge; the rows as it leaves them."""
        replica = await self.stage.begin({edge: ("kill", at)})
        assert await replica.dead_or_still() == ""
        assert replica.hits == [edge]
        return await self.stage.dispatches()

    async def stands_still(self, edge: Edge, *, at: int = 1) -> Replica:
        """A replica that stops at an edge."""
        replica = await self.stage.begin({edge: ("stop", at)})
        assert await replica.dead_or_still() == "T"
        return replica

    async def wakes_up(self, replica: Replica) -> None:
        """The stopped replica goes on, ends what it had begun, and delivers a next edition alone.

        While its old attempts are not through, that edition waits for their share of its lanes.
        """
        replica.signal(signal.SIGCONT)
        self.next_week()
        await self.settles()
        replica.signal(signal.SIGKILL)

    async def wakes_up_refused(self, replica: Replica) -> None:
        """As `wakes_up`, but at first the mail server takes nothing of what it had begun."""
        refuse = self.stage.folder / "sink.log.refuse"
        refuse.touch()

        async def refused() -> bool:
            return refuse.stat().st_size > 0

        replica.signal(signal.SIGCONT)
        await eventually(refused)
        refuse.unlink()
        await self.wakes_up(replica)

    def next_week(self) -> None:
        """The next editions are due."""
        self.stage.set_weeks(self.stage.weeks + 1)

    @property
    def _patience(self) -> float:
        return PATIENCE if self.stage.plan.defect is Defect.NONE else ENOUGH_SECONDS

    async def settles(self) -> None:
        """Until everything is published and nothing is on its way, or a defect has left it so."""

        with suppress(TimeoutError):
            await eventually(self.stage.is_settled, seconds=self._patience)

    async def others_work(self, *, replicas: int = 1) -> None:
        """Replicas that nobody disturbs do what is left, as far as the outbox lets them."""
        with suppress(TimeoutError):
            await self.stage.calm(replicas=replicas, seconds=self._patience)

    async def found(self) -> Found:
        """All that is known by now."""
        return await self.stage.found()


@asynccontextmanager
async def scene(house: House, folder: Path, plan: Plan) -> AsyncGenerator[Scene]:
    """The Monday of the first edition; a replica that saw the Sunday has come and gone."""
    async with staged(house, folder, plan) as stage:
        first = await stage.begin()
        await eventually(stage.is_ready)
        first.signal(signal.SIGKILL)
        stage.set_weeks(1)
        yield Scene(stage=stage)
