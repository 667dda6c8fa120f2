"""A first sync of every connector against a bare client that fetches the same pages.

Both read a recording of what a simulated tracker answered; the bare client parses the answers and
does nothing with them. Run: `make bench ARGS="--only connectors"`.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import aiohttp
import msgspec
import orjson

from bench.connector_world import DIALECTS, NOW, Dialect, configuration, sample_world
from bench.databases import SQLITE, Databases, databases
from bench.figures import Figure, Options, run
from bench.tape import Tape, recording
from bench.timing import Spent, Stopwatch, in_turns
from syncer.clock import FixedClock
from syncer.connect.registry import simulator_class
from syncer.service.core import Service
from syncer.settings.load import load_settings
from syncer.store.engine import Store
from syncer.store.items import count_items

ITEMS: Final = 2000
TINY: Final = 20
IN_FLIGHT: Final = 8
OURS: Final = "ours"
BARE: Final = "bare"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """One dialect with its recording, which is being served."""

    dialect: Dialect
    items: int
    tape: Tape
    made: Databases

    def once(self, variant: str) -> Spent:
        """The seconds of one run."""
        if variant == BARE:
            return asyncio.run(self._bare())
        with self.made.fresh(SQLITE) as database:
            return asyncio.run(self._ours(database))

    async def _bare(self) -> Spent:
        watch = Stopwatch()
        slots = asyncio.Semaphore(IN_FLIGHT)
        async with aiohttp.ClientSession() as session:

            async def fetch(number: int) -> None:
                call = self.tape.calls[number]
                async with (
                    slots,
                    session.request(
                        call.method,
                        f"{self.tape.url}{call.path}",
                        data=call.sent,
                        headers=call.headers,
                    ) as answer,
                ):
                    orjson.loads(await answer.read() or b"null")

            await asyncio.gather(*map(fetch, range(len(self.tape.calls))))
        return watch.spent()

    async def _ours(self, database: str) -> Spent:
        watch = Stopwatch()
        await pulled(self.dialect, self.tape.url, database=database)
        spent = watch.spent()
        await self._check(database)
        return spent

    async def _check(self, database: str) -> None:
        async with Store(database) as store, store.read() as session:
            stored = await count_items(session)
        if stored != self.items:
            raise RuntimeError(f"{self.dialect.kind}: {stored} of {self.items} items were stored")


async def pulled(dialect: Dialect, url: str, *, database: str) -> None:
    """Pull everything by the real service into a database."""
    with TemporaryDirectory() as name:
        file = Path(name) / "syncer.toml"
        file.write_text(configuration(dialect, url), encoding="utf-8")
        settings = load_settings(file, _environment(database))
        async with (
            Store(database) as store,
            Service(settings, clock=FixedClock(NOW), store=store) as service,
        ):
            result = await service.pull(dialect.kind)
    errors = [result.error, *(one.error for one in result.containers)]
    if any(errors):
        raise RuntimeError("; ".join(filter(None, errors)))


def _environment(database: str) -> Mapping[str, str]:
    return {"BENCH_TOKEN": "made-up-secret", "SYNCER_SERVICE__DATABASE_URL": database}


async def _recorded(dialect: Dialect, items: int, database: str) -> Tape:
    world, clock = sample_world(dialect, items), FixedClock(NOW)
    async with simulator_class(dialect.kind)(world, clock) as simulator:
        base = simulator.url.removesuffix(dialect.path)
        async with recording(base) as recorder:
            await pulled(dialect, recorder.url, database=database)
            return Tape(url=recorder.url, calls=recorder.calls)


@contextmanager
def _served(tape: Tape) -> Generator[None]:
    with TemporaryDirectory() as name:
        file = Path(name) / "tape"
        file.write_bytes(msgspec.msgpack.encode(tape))
        command = [sys.executable, "-m", "bench.tape_server", str(file)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:  # noqa: S603  our own module
            if server.stdout is None or server.stdout.readline() != b"ready\n":
                raise RuntimeError("the recording is not served")
            yield
            server.communicate()


def measure(options: Options) -> Iterator[Figure]:
    """One line a connector."""
    items = options.sized(ITEMS, TINY)
    for dialect in DIALECTS:
        with databases((SQLITE,)) as made:
            with made.fresh(SQLITE) as database:
                tape = asyncio.run(_recorded(dialect, items, database))
            with _served(tape):
                bench = Bench(dialect=dialect, items=items, tape=tape, made=made)
                timed = in_turns((OURS, BARE), bench.once, repeats=options.repeats)
        ours, bare = timed[OURS], timed[BARE]
        yield Figure(
            what=f"first sync of {items:,} items, {dialect.kind}: share of a bare client's speed",
            value=bare.best / ours.best,
            unit="%",
            beside=(
                f"{bare.processor / ours.processor:.0%} by processor; ours {ours.told(items)}; "
                f"{bare.told(items)} for the same {len(tape.calls)} requests, parsed and dropped"
            ),
        )


if __name__ == "__main__":
    run(measure)
