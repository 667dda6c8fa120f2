"""Quiet: nothing disturbs syncer for a while, and then its store must equal the tracker."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from syncer.store.engine import Store
from syncer.store.inbox import replay
from tests.convergence import oracle
from tests.convergence.conditions import CENSUS, LIVE, PULL
from tests.convergence.process import Syncer, Work
from tests.convergence.site import Site

_ROUNDS: Final = 4
_DRAINS: Final = 12
_QUIET: Final = timedelta(minutes=70)
"""More than an hour, after which a look back is due, and an idle container may be passed over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """One time of quiet; `alone` is the only lane at work."""

    store: Store
    site: Site
    syncer: Syncer
    alone: str

    async def settled(self) -> None:
        """It stays quiet, all lanes have their turn; then all must be equal."""
        await self.calm()
        await self._until(self._round, oracle.check_all)
        await oracle.check_never(self.store, self.site)

    async def calm(self) -> None:
        """It is quiet for a while; what the lane that is alone promises must be there."""
        self.site.jira.server.recover()
        self.site.time.pass_by(_QUIET)
        if self.alone == LIVE:
            await self._hear()
        await self._drain()
        await oracle.check_inbox(self.store, self.syncer)
        await oracle.check_told(self.store, self.site, self.syncer)
        if self.alone == PULL:
            await self._until(self.syncer.pull, oracle.check_pulled)
        elif self.alone == CENSUS:
            await self._until(self._count, oracle.check_counted)

    async def _until(self, work: Work, check: Callable[[Store, Site], Awaitable[None]]) -> None:
        """Do it again until that holds, a few times."""
        for left in reversed(range(_ROUNDS)):
            await work()
            self.site.time.pass_by(_QUIET)
            try:
                await check(self.store, self.site)
            except oracle.Diverged:
                if not left:
                    raise
            else:
                return

    async def _round(self) -> None:
        """What a syncer does within its intervals."""
        await self.syncer.pull()
        await self.syncer.look_back()
        await self._count()
        await self._drain()

    async def _count(self) -> None:
        await self.syncer.census(confirmed=True)

    async def _hear(self) -> None:
        """All webhooks come in, and a person has what failed too often tried again."""
        while self.site.mail:
            await self.syncer.receive(self.site.mail.pop())
        async with self.store.write() as session:
            await replay(session)

    async def _drain(self) -> None:
        for _ in range(_DRAINS):
            if not await oracle.pending(self.store):
                return
            await self.syncer.leases_run_out()
            await self.syncer.work()
