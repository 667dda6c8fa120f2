"""The roll-up of many items against sums by SQL, and the weekly digest from a warm database.

A fifth of the items over as many projects tells how it grows. With `--million` also a million.
Run: `make bench ARGS="--only rollup"`.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any, Final

import orjson

from bench.configured import ENVIRONMENT
from bench.databases import SQLITE, databases
from bench.figures import Figure, Options, run
from bench.rollup_world import AS_OF, CONNECTION, PROGRAMS, PROJECTS, Company, verdicts
from syncer.clock import FixedClock
from syncer.domain.item import ItemRecord
from syncer.service.core import Service
from syncer.service.publishing import Publisher
from syncer.settings.load import load_settings
from syncer.settings.root import Settings
from syncer.store.codec import encode
from syncer.store.engine import Store
from syncer.store.items import save_records
from syncer.store.sources import ensure_container, finish_pass, save_connection
from syncer.store.verdicts import StoredVerdict, save_verdicts

USUAL: Final = 100_000
TINY: Final = 600
MILLION: Final = 1_000_000
PART: Final = 5
MOST_GROWTH: Final = 1.1
MOST_SECONDS: Final = 10.0
_CHUNK: Final = 2000
_WHO: Final = "bench"


def measure(options: Options) -> Iterator[Figure]:
    """All figures of the roll-up."""
    usual = options.sized(USUAL, TINY)
    projects, programs = options.sized(PROJECTS, 6), options.sized(PROGRAMS, 2)
    sizes = [usual // PART, usual, *([MILLION] if options.million else ())]
    made = [rolled(size, projects=projects, programs=programs) for size in sizes]
    for one in made[1:]:
        yield _against_floor(one)
        yield Figure(
            what=f"roll-up of {one['items']:,} items: peak memory beyond the items themselves",
            value=one["peak_mb"] - one["before_mb"],
            unit="MB",
            beside=f"peak {one['peak_mb']:,.0f} MB in all",
        )
    for smaller, larger in pairwise(made):
        yield _growth(smaller, larger)
    if not options.million:
        what = f"roll-up, {MILLION:,} items against {USUAL:,}"
        yield Figure(what=what, value=None, most=MOST_GROWTH, beside="not measured: --million")
    yield digest(Company(items=usual, projects=projects, programs=programs))


def rolled(items: int, *, projects: int, programs: int) -> dict[str, Any]:
    """What one roll-up took, in a process of its own."""
    command = [sys.executable, "-m", "bench.roll_once", *map(str, (items, projects, programs))]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)  # noqa: S603  our own module
    told: dict[str, Any] = orjson.loads(done.stdout)
    return told


def _against_floor(told: dict[str, Any]) -> Figure:
    return Figure(
        what=f"roll-up of {told['items']:,} items: times the sums and edges by SQL",
        value=told["cpu"] / told["floor"],
        beside=(
            f"{told['seconds']:.1f} s, {told['cpu']:.1f} s of one processor "
            f"({1e6 * told['cpu'] / told['items']:.0f} µs an item), floor {told['floor']:.2f} s"
        ),
    )


def _growth(smaller: dict[str, Any], larger: dict[str, Any]) -> Figure:
    times = larger["items"] / smaller["items"]
    return Figure(
        what=f"roll-up, {larger['items']:,} items against {smaller['items']:,}: beyond linear",
        value=larger["cpu"] / smaller["cpu"] / times,
        most=MOST_GROWTH,
        beside=f"{times:.0f} times the items, {larger['cpu'] / smaller['cpu']:.1f} times the time",
    )


def digest(company: Company) -> Figure:
    """The edition of this week, in a database that has seen the one of last week."""
    with (
        databases((SQLITE,)) as fresh,
        fresh.fresh(SQLITE) as database,
        TemporaryDirectory(prefix="syncer-bench-") as folder,
    ):
        file = Path(folder) / "syncer.toml"
        file.write_text(_configuration(company, folder), encoding="utf-8")
        told = {**ENVIRONMENT, "SYNCER_SERVICE__DATABASE_URL": database}
        settings = load_settings(file, told)
        asyncio.run(_fill(database, list(company.records())))
        asyncio.run(_publish(settings))
        seconds, cpu = asyncio.run(_draft(settings))
    return Figure(
        what=f"weekly digest of {company.items:,} items from a warm database",
        value=seconds,
        unit="s",
        most=MOST_SECONDS,
        beside=(
            f"{cpu:.1f} s of processors; {company.projects} projects, {company.programs} programs, "
            "last week's published"
        ),
    )


async def _publish(settings: Settings) -> None:
    """Last week's edition, with which this week's is compared."""
    async with Service(settings, clock=FixedClock(AS_OF - timedelta(weeks=1))) as service:
        (audience,) = await service.audiences()
        drafted = await service.draft(audience)
        await Publisher(service, owner=_WHO).send([drafted], author=_WHO)


async def _draft(settings: Settings) -> tuple[float, float]:
    """The seconds of this week's edition, and those of processors; nothing is in memory yet."""
    async with Service(settings, clock=FixedClock(AS_OF)) as service:
        start, worked = perf_counter(), process_time()
        loaded = await service.load()
        (audience,) = await service.audiences(ground=loaded.ground)
        await service.draft(audience, loaded=loaded)
        return perf_counter() - start, process_time() - worked


async def _fill(database: str, records: Sequence[ItemRecord]) -> None:
    found = verdicts(records)
    async with Store(database) as store:
        for start in range(0, len(records), _CHUNK):
            part = records[start : start + _CHUNK]
            async with store.write() as session:
                await save_records(session, [encode(one) for one in part], known={}, at=AS_OF)
                judged = {
                    one.item.uid: StoredVerdict(verdict=found[one.item.uid], since=AS_OF)
                    for one in part
                }
                await save_verdicts(session, judged)
        async with store.write() as session:
            await save_connection(session, CONNECTION, kind="jira", at=AS_OF)
            for container in sorted({record.item.container for record in records}):
                await ensure_container(session, container)
                await finish_pass(session, container, started_at=AS_OF - timedelta(hours=1))


def _configuration(company: Company, folder: str) -> str:
    """The company's projects and programs, and an audience with a file channel."""
    portfolio = company.portfolio()
    lines = [
        "[[connections]]",
        f'name = "{CONNECTION}"',
        'kind = "jira"',
        'url = "http://127.0.0.1:9"',
        f'auth = {{ token_env = "{next(iter(ENVIRONMENT))}" }}',
    ]
    for number, project in enumerate(portfolio.projects):
        lines += [
            "[[projects]]",
            f'key = "{project.key}"',
            f'name = "{project.name}"',
            f'owner = "{project.owner}"',
            f'items = ["{CONNECTION}:P{number}"]',
            f"start = {project.start}",
            f"target = {getattr(project.target, 'on', None)}",
            f'criticality = "{project.criticality}"',
        ]
    for program in portfolio.programs:
        keys = ", ".join(f'"{key}"' for key in program.projects)
        lines += ["[[programs]]", f'key = "{program.key}"', f'name = "{program.name}"']
        lines += [f'owner = "{program.owner}"', f"projects = [{keys}]"]
    lines += ["[[audiences]]", 'key = "leadership"', 'schedule = "Mon 07:00"']
    lines += [f'channels = [{{ kind = "file", path = "{folder}/out" }}]', ""]
    return "\n".join(lines)


if __name__ == "__main__":
    run(measure)
