"""The demo: four simulated trackers, and everything else as it runs for real.

The demo lives through its last weeks Monday by Monday: the simulators show what was known then,
syncer syncs it over HTTP, judges it, rolls it up and publishes an edition. The last Monday is the
one whose digest is printed. From then on the daemon can serve it, while a story goes on.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from syncer.clock import as_utc
from syncer.connect.testing.world import World
from syncer.demo.clock import AS_OF, DemoClock, local, past_mondays
from syncer.demo.configuration import (
    AUDIENCE,
    DATABASE_FILE,
    configuration_text,
    credential_file,
    signing_file,
)
from syncer.demo.portfolio.build import build_world
from syncer.demo.story import Stage, tell_story
from syncer.demo.trackers import JIRA, LABELS, Trackers
from syncer.domain.statement import Door, OwnerStatus, Provenance
from syncer.errors import ConfigError, SyncerError
from syncer.publish.digest.model import Digest
from syncer.publish.render.text import render_text
from syncer.service.core import Service
from syncer.service.daemon import Daemon
from syncer.service.daemon_doors import Addresses
from syncer.service.publishing import Publisher
from syncer.settings.load import load_settings

PAST_EDITIONS: Final = 8
_ANY_PORTS: Final = Addresses(hooks="127.0.0.1:0", pages="127.0.0.1:0")
_SENDER: Final = "J. Roth"
_SAID_AT: Final = local(date(2026, 11, 20), "15:40")
_SAID: Final = OwnerStatus(
    scope="prog:5g",
    text="We can hold March only without the rural sites; I ask for A.",
    value=None,
    provenance=Provenance(author="J. Roth", at=as_utc(_SAID_AT), door=Door.COMMAND, source="say"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """What a run left behind: the digest of the last Monday, its files, the configuration."""

    digest: Digest
    files: tuple[Path, ...]
    configuration: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """A demo that has come to its last Monday, with trackers that still answer."""

    trackers: Trackers
    clock: DemoClock
    result: DemoResult

    @asynccontextmanager
    async def served(self, tell: Callable[[str], None]) -> AsyncGenerator[Stage]:
        """Run the daemon on the demo's configuration, at free loopback ports."""
        daemon = Daemon(
            lambda: load_settings(self.result.configuration, {}),
            clock=self.clock,
            addresses=_ANY_PORTS,
        )
        async with daemon:
            yield Stage(trackers=self.trackers, clock=self.clock, daemon=daemon, tell=tell)


def run_demo(*, folder: Path | None = None, serve: bool = False) -> None:
    """Make the sample digest, print it and, with `serve`, run the daemon until interrupted.

    Files go to `folder`, or to a new one. Results on standard output, progress on standard error.

    Raises:
        SyncerError: if a part of the demo failed.
    """
    place = folder or Path(tempfile.mkdtemp(prefix="syncer-demo-"))
    try:
        asyncio.run(_run(place, serve=serve))
    except KeyboardInterrupt:
        _tell("Stopped.")


async def _run(folder: Path, *, serve: bool) -> None:
    async with open_demo(folder, world=await asyncio.to_thread(build_world)) as demo:
        result = demo.result
        sys.stdout.write(render_text(result.digest))
        sys.stdout.flush()
        place, names = result.files[0].parent, ", ".join(path.name for path in result.files)
        _tell(f"Its files in {place}: {names}")
        _tell(f"Its configuration: {result.configuration}")
        if serve:
            await _serve(demo)


async def _serve(demo: Demo) -> None:
    """Serve the pages and tell the story; then go on serving until cancelled."""
    async with demo.served(_tell) as stage:
        for name, simulator in demo.trackers.simulators.items():
            _tell(f"The simulated {LABELS[name]} answers at {simulator.url}.")
        _tell(f"\nThe pages: {stage.daemon.pages_url}/ (Ctrl-C ends everything)")
        _tell("Open them now: soon something happens at the trackers, and a colour changes.")
        await tell_story(stage)
        _tell("\nThat was the story. The pages stay until you press Ctrl-C.")
        await asyncio.Event().wait()


async def make_demo(
    folder: Path, *, world: World | None = None, past_editions: int = PAST_EDITIONS
) -> DemoResult:
    """Make the sample digest, or that of a changed `world`, in `folder`, without printing it."""
    async with open_demo(folder, world=world or build_world(), past_editions=past_editions) as demo:
        return demo.result


@asynccontextmanager
async def open_demo(
    folder: Path, *, world: World, past_editions: int = PAST_EDITIONS
) -> AsyncGenerator[Demo]:
    """Live through the weeks of a world; its trackers answer until the end of the context."""
    mondays = past_mondays(past_editions)
    clock = DemoClock(min((*mondays, AS_OF)))
    async with Trackers(world, clock) as trackers:
        result = await live_through(folder, trackers, clock=clock, mondays=mondays)
        yield Demo(trackers=trackers, clock=clock, result=result)


async def live_through(
    folder: Path, trackers: Trackers, *, clock: DemoClock, mondays: Sequence[datetime]
) -> DemoResult:
    """Publish an edition on every past Monday and on the demo's own, each as of its time.

    Raises:
        ConfigError: if the folder holds a demo already, whose editions stay as they are.
    """
    if (folder / DATABASE_FILE).exists():
        raise ConfigError(f"{folder} holds a demo already.", fix="Name another folder.")
    before = _configured(folder, trackers, this_week=False)
    async with Service(load_settings(before, {}), clock=clock) as service:
        for monday in mondays:
            clock.stand_at(monday)
            await _publish(service, before)
            _tell(f"Published the edition of {monday.day} {monday:%B}.")
    clock.run_from(AS_OF)
    configuration = _configured(folder, trackers, this_week=True)
    async with Service(load_settings(configuration, {}), clock=clock) as service:
        await service.record(_SAID)
        return await _publish(service, configuration)


def _configured(folder: Path, trackers: Trackers, *, this_week: bool) -> Path:
    """Write the configuration and the made-up secrets; the path of the configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, secret in _secrets(trackers).items():
        file = folder / name
        file.touch(mode=0o600)
        file.write_text(secret, encoding="utf-8")
    path = folder / "syncer.toml"
    text = configuration_text(
        urls={name: simulator.url for name, simulator in trackers.simulators.items()},
        user=trackers.simulators[JIRA].account.user,
        this_week=this_week,
    )
    path.write_text(text, encoding="utf-8")
    return path


def _secrets(trackers: Trackers) -> dict[str, str]:
    """The made-up secrets by the names of their files."""
    accounts = {name: one.account.secret for name, one in trackers.simulators.items()}
    signing = {name: one.get_secret_value() for name, one in trackers.webhook_secrets.items()}
    return {credential_file(name): secret for name, secret in accounts.items()} | {
        signing_file(name): secret for name, secret in signing.items()
    }


async def _publish(service: Service, configuration: Path) -> DemoResult:
    """Sync and send the edition of this instant."""
    for result in await service.sync():
        if not result.ok:
            errors = filter(None, (result.error, *(one.error for one in result.containers)))
            raise SyncerError(f"The simulated trackers could not be read: {'; '.join(errors)}")
    (audience,) = await service.audiences(AUDIENCE)
    publisher = Publisher(service, owner=_SENDER)
    (sent,) = await publisher.send([await service.draft(audience)], author=_SENDER)
    return DemoResult(digest=sent.digest, files=sent.files, configuration=configuration)


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
