"""Runs a number of examples of the machine on one database, with a seed of their own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final, cast

from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import event

from syncer.connect.session import client_session
from syncer.failpoints import Crash
from syncer.store.engine import Store
from tests.convergence.machine import Convergence, Shard
from tests.convergence.tally import Tally

STEPS: Final = 50
SEED: Final = int(os.environ.get("SYNCER_TEST_SEED", "0"))
ROUNDS: Final = int(os.environ.get("SYNCER_TEST_ROUNDS", "1"))


def campaign(
    url: str,
    *,
    seed: int,
    examples: int,
    machine: type[Convergence] = Convergence,
    shrink: bool = True,
) -> Tally:
    """Drive `examples` examples of fifty steps; what they did. Raises where one diverges."""
    phases = [Phase.generate, Phase.shrink] if shrink else [Phase.generate]
    with _shard(url) as shard:

        def made() -> Convergence:
            return machine(shard)

        made._hypothesis_internal_use_seed = SEED * 1000 + seed  # type: ignore[attr-defined]  # what `@seed` sets
        run_state_machine_as_test(
            cast("type[Convergence]", made),  # any factory will do
            settings=settings(
                max_examples=examples,
                stateful_step_count=STEPS,
                deadline=None,
                database=None,
                phases=phases,
                suppress_health_check=list(HealthCheck),
                verbosity=Verbosity.normal,
                print_blob=False,
                report_multiple_bugs=False,
            ),
        )
        return shard.tally


@contextmanager
def _shard(url: str) -> Generator[Shard]:
    with asyncio.Runner() as runner:
        runner.get_loop().set_exception_handler(_tolerate_crashes)

        async def opened() -> Shard:
            store = Store(url)
            if store.is_sqlite:
                event.listen(store._write_engine.sync_engine, "connect", _unsafe)
            return Shard(runner=runner, store=store, session=client_session())

        shard = runner.run(opened())
        try:
            yield shard
        finally:

            async def closed() -> None:
                await shard.session.close()
                await shard.store.close()

            runner.run(closed())


def _unsafe(connection: Any, _record: object) -> None:
    """No test here pulls the plug: what it ends is a process, not the machine."""
    connection.execute("PRAGMA synchronous = OFF")


def _tolerate_crashes(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    if not isinstance(context.get("exception"), Crash):
        loop.default_exception_handler(context)
