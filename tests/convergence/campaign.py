"""Runs a number of examples of the machine on one database, with a seed of their own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final, cast

from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import event

from syncer.connect.session import client_session
from syncer.failpoints import Crash
from syncer.store.engine import Store
from tests.convergence.conditions import Conditions
from tests.convergence.machine import Convergence, Shard
from tests.convergence.oracle import Diverged
from tests.convergence.process import Syncer
from tests.convergence.tally import Tally

STEPS: Final = 50
SEED: Final = int(os.environ.get("SYNCER_TEST_SEED", "0"))
ROUNDS: Final = int(os.environ.get("SYNCER_TEST_ROUNDS", "1"))


def campaign(url: str, *, seed: int, examples: int, shrink: bool = True) -> Tally:
    """Drive `examples` examples of fifty steps; what they did. Raises where one diverges."""
    with _shard(url) as shard:
        _drive(shard, Convergence, seed=seed, examples=examples, shrink=shrink)
        return shard.tally


def caught(url: str, syncer: type[Syncer], *, seed: int, examples: int) -> tuple[str, int]:
    """What the campaign first finds amiss with a syncer, empty for nothing; after how many."""
    with _shard(url) as shard:
        with suppress(Diverged, Flaky):
            _drive(shard, _machine(syncer), seed=seed, examples=examples, shrink=False)
        begun = shard.tally.total("begin")
        return next(iter(shard.diverged), ""), begun


def acted(
    url: str,
    syncer: type[Syncer],
    given: Conditions,
    steps: Sequence[tuple[str, Mapping[str, Any]]],
) -> str:
    """What the machine finds amiss with a syncer after certain steps, empty for nothing."""
    with _shard(url) as shard:
        machine = _machine(syncer)(shard)
        machine.start(given)
        try:
            with suppress(Diverged):
                for rule, arguments in steps:
                    getattr(machine, rule)(**arguments)
        finally:
            with suppress(Diverged):
                machine.teardown()
        return next(iter(shard.diverged), "")


def _machine(syncer: type[Syncer]) -> type[Convergence]:
    return type(syncer.__name__, (Convergence,), {"syncer_type": syncer})


def _drive(
    shard: Shard, machine: type[Convergence], *, seed: int, examples: int, shrink: bool
) -> None:
    def made() -> Convergence:
        return machine(shard)

    made._hypothesis_internal_use_seed = seed  # type: ignore[attr-defined]  # what `@seed` sets
    run_state_machine_as_test(
        cast("type[Convergence]", made),  # any factory will do
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
            suppress_health_check=list(HealthCheck),
            print_blob=False,
            report_multiple_bugs=False,
        ),
    )


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
