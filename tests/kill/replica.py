"""One replica: the real door for webhooks, inbox worker and pulls, put together as a daemon's.

What `syncer serve` does about work items, without verdicts, pages and editions, which would cost a
minute of kills its time. It tells its address by a file.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from syncer.clock import SystemClock
from syncer.connect.registry import connector_class
from syncer.failpoints import VARIABLE, arm_from_environment
from syncer.jobs.crew import Crew, run_isolated
from syncer.service.core import Service
from syncer.service.daemon import POLL_SECONDS
from syncer.service.daemon_doors import endpoints_of
from syncer.service.daemon_jobs import Jobs
from syncer.service.daemon_pulls import COMMAND
from syncer.service.daemon_serving import Serving
from syncer.service.traffic import Traffics
from syncer.settings.load import load_settings
from syncer.store.holder import hold_file
from syncer.store.wakeup import Wakeup
from syncer.sync.inbox import InboxWorker, Worked
from syncer.sync.lease import this_process
from syncer.web.hooks import HookContext, hooks_app
from syncer.web.keeping import INBOX
from syncer.web.metrics import Metrics
from syncer.web.server import Listener
from tests.kill.defects import Defect, keeper_of, worker_of

TOKEN: Final = "KILL_TOKEN"
SECRET: Final = "KILL_SECRET"
ENVIRONMENT: Final = {TOKEN: "a-made-up-token", SECRET: "a-made-up-webhook-secret"}

_LOOK_SECONDS: Final = 0.25


connector_class("jira")  # loaded once, by the process that replicas are forked from


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What a replica is to be: its files, its database, its failpoints and its defect."""

    config: str
    database: str
    address: str
    control: str = ""
    defect: str = ""


def live(spec: Spec) -> None:
    """Until somebody ends the process."""
    arm_from_environment({VARIABLE: spec.control})
    asyncio.run(_live(spec))


async def _live(spec: Spec) -> None:
    async with AsyncExitStack() as stack:
        service = await _service(spec, stack)
        clock, owner = service.clock, this_process(COMMAND).owner
        keeper = keeper_of(Defect(spec.defect), service.store, clock)
        metrics = Metrics(service.connections.names, clock=clock)
        jobs = Jobs(
            Serving(service, owner=owner),
            crew=Crew(),
            metrics=metrics,
            keeper=keeper,
            refresh=_nothing,
        )
        endpoints = await endpoints_of(service, strict=True)
        door = HookContext(endpoint=endpoints.get, accept=keeper.accept, ready=_yes)
        listener = await stack.enter_async_context(Listener(hooks_app(door), "127.0.0.1:0"))
        wakeup = await stack.enter_async_context(service.store.wakeups(INBOX))

        def worked(done: Worked) -> None:
            jobs.worked(done)
            wakeup.call()

        worker = worker_of(
            Defect(spec.defect),
            service.store,
            jobs.open_source,
            clock=clock,
            owner=f"{owner} {secrets.token_hex(4)}",
            on_worked=worked,
        )
        _tell(Path(spec.address), listener.address)
        await asyncio.gather(_work_inbox(worker, wakeup), _pull(jobs))


async def _service(spec: Spec, stack: AsyncExitStack) -> Service:
    """As the daemon opens it: the file is held, the limits are shared by all replicas."""
    environment = {"SYNCER_SERVICE__DATABASE_URL": spec.database, **ENVIRONMENT}
    settings, clock = load_settings(Path(spec.config), environment), SystemClock()
    opened = Service(settings, clock=clock)
    if opened.store.file is not None:
        stack.enter_context(hold_file(opened.store.file, this_process(COMMAND).owner))
    await stack.enter_async_context(opened)
    traffics = Traffics(opened.store, clock)
    service = Service(settings, clock=clock, store=opened.store, traffics=traffics)
    return await stack.enter_async_context(service)


def _tell(file: Path, address: str) -> None:
    scrap = file.with_suffix(f".{os.getpid()}")
    scrap.write_text(address, encoding="ascii")
    scrap.replace(file)


async def _work_inbox(worker: InboxWorker, wakeup: Wakeup) -> None:
    while True:
        await run_isolated("inbox", worker.take)
        await wakeup.wait(POLL_SECONDS)


async def _pull(jobs: Jobs) -> None:
    while True:
        jobs.pulls.due()
        await asyncio.sleep(_LOOK_SECONDS)


async def _nothing() -> None:
    """No pages are shown here."""


async def _yes() -> bool:
    return True
