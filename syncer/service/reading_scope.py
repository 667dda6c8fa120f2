"""Scope ledgers for the pages: made when a page asks, once for each reading."""

from __future__ import annotations

import asyncio

from syncer.domain.portfolio import Project
from syncer.rollup.inputs import RollupInputs
from syncer.rollup.past.scope_ledger import ScopeLedger, scope_ledger
from syncer.rollup.past.views import PastViews


class ScopeLedgers:
    """The ledgers of the projects of one reading; no edition needs them, so no roll-up makes them.

    One is made at a time, off the event loop.
    """

    def __init__(self, inputs: RollupInputs) -> None:
        self._inputs = inputs
        self._projects = {project.key: project for project in inputs.portfolio.projects}
        self._past = PastViews(inputs)
        self._made: dict[str, ScopeLedger | None] = {}
        self._one_at_a_time = asyncio.Lock()

    async def of(self, key: str) -> ScopeLedger | None:
        """The ledger of a project, None for an unknown one and where it had no scope at first."""
        project = self._projects.get(key)
        if project is None:
            return None
        async with self._one_at_a_time:
            if key not in self._made:
                self._made[key] = await asyncio.to_thread(self._make, project)
        return self._made[key]

    def _make(self, project: Project) -> ScopeLedger | None:
        return scope_ledger(project, inputs=self._inputs, past=self._past)
