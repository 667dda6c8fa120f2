"""What would follow if a project's scope, target or pace were another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from syncer.domain.item import WorkItem
from syncer.domain.report import Snapshot
from syncer.errors import SyncerError
from syncer.rollup.evaluate import evaluate
from syncer.rollup.whatif import Assumption, suppose
from syncer.service.core import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Supposed:
    """The roll-up as it is, and as it would be."""

    now: Snapshot
    then: Snapshot


Assume = Callable[[Snapshot, Sequence[WorkItem]], Assumption]


async def what_if(service: Service, assume: Assume) -> Supposed:
    """Roll up twice; `assume` says what is assumed, seeing what is and all items. Stores nothing.

    `SyncerError` where nothing has been synced yet, and whatever `assume` raises.
    """
    instant = service.clock.now()
    loaded = await service.load()
    roller, known = await service.roller(as_of=instant, ground=loaded.ground), loaded.known
    if not known.records:
        raise SyncerError("Nothing has been synced yet.", fix="Run `syncer sync` first.")

    def both() -> Supposed:
        previous = roller.week_before(known, as_of=instant, now=instant)
        inputs = roller.inputs(known, as_of=instant, now=instant, previous=previous)
        now = evaluate(inputs)
        assumption = assume(now, inputs.items)
        project = now.project(assumption.project)
        if project is None:
            raise SyncerError(f"There is no project {assumption.project!r}.")
        return Supposed(now=now, then=evaluate(suppose(inputs, assumption, project)))

    return await asyncio.to_thread(both)
