"""One replica: the real publisher and outbox on a real database, told the time by a file.

What `syncer serve` does about editions, without its other work: the two jobs that its ticker calls
run in turn without a pause. Only the leases are shorter, so that a minute sees many of them end.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from syncer.failpoints import VARIABLE, arm_from_environment
from syncer.jobs.crew import Job, run_isolated
from syncer.publish.outbox import Timing
from syncer.service.core import Service
from syncer.settings.load import load_settings
from tests.dispatch_kill.defects import Defect, publisher_of

ANSWER_SECONDS: Final = 1.5
"""What the configuration says of the mail server, and so `TIMING` as well."""

TIMING: Final = Timing(
    lease=timedelta(seconds=1.5),
    margin=timedelta(seconds=0.3),
    stale=timedelta(seconds=0.4),
    answer=timedelta(seconds=ANSWER_SECONDS),
    record=timedelta(seconds=0.6),
)

_PAUSE: Final = 0.03


@dataclass(frozen=True, slots=True)
class FileClock:
    """The instant that stands in a file, so that all replicas live at the same one."""

    file: Path

    def now(self) -> datetime:
        return datetime.fromisoformat(self.file.read_text(encoding="ascii"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What a replica is to be: its configuration, its control file, and whose outbox it has."""

    config: str
    clock: str
    database: str
    control: str = ""
    defect: str = ""


def live(spec: Spec) -> None:
    """Until somebody ends the process."""
    arm_from_environment({VARIABLE: spec.control})
    asyncio.run(_live(spec))


async def _live(spec: Spec) -> None:
    environment = {"SYNCER_SERVICE__DATABASE_URL": spec.database}
    settings = load_settings(Path(spec.config), environment)
    async with Service(settings, clock=FileClock(Path(spec.clock))) as service:
        owner = f"serve (pid {os.getpid()})"
        publisher = publisher_of(Defect(spec.defect), service, owner=owner, timing=TIMING)
        await asyncio.gather(
            _again("publish", publisher.publish_due), _again("deliver", publisher.deliver_due)
        )


async def _again(name: str, job: Job) -> None:
    while True:
        await run_isolated(name, job)
        await asyncio.sleep(_PAUSE)
