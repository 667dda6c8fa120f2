"""One process at a time works on a container, and the others are told who."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import secrets
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Final, TypeVar

from syncer.domain.ref import ContainerKey
from syncer.errors import Busy, SyncerError
from syncer.log import get_logger
from syncer.store.engine import Store
from syncer.store.leases import Holder, Lease, acquire, release, renew

T = TypeVar("T")

BEAT_SECONDS: Final = 10.0
"""How often a held lease is renewed: twice may fail before it expires."""

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_PID_NAMESPACE: Final = Path("/proc/self/ns/pid")
_WORKER: Final = re.compile(
    r"\(pid (?P<pid>[0-9]{1,10})\) (?P<place>[0-9a-f]{12}) [0-9a-f]{8}", re.ASCII
)
_log: Final = get_logger(__name__)


def this_process(command: str) -> Holder:
    """This process under its name for people: `serve (pid 4711)`."""
    return Holder(owner=f"{command} (pid {os.getpid()})", host=_host(), pid=os.getpid())


@cache
def _host() -> str:
    """Where process ids mean the same: host, boot and, in containers, process namespace."""
    boot, namespace = "", ""
    with suppress(OSError):
        boot = _BOOT_ID.read_text(encoding="ascii").strip()
    with suppress(OSError):
        namespace = str(_PID_NAMESPACE.readlink())
    return f"{socket.gethostname()}/{boot}/{namespace}"


def is_dead(holder: Holder) -> bool:
    """Whether the holder ran here and runs no more; False where that cannot be known."""
    if holder.host != _host():
        return False
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # it runs, as another user
        return False
    return False


def worker_name(command: str) -> str:
    """A name of its own for a worker of this process: `serve (pid 4711) <place> <token>`.

    The place stands for where process ids mean the same, and tells nothing about it.
    """
    return f"{this_process(command).owner} {_place()} {secrets.token_hex(4)}"


def is_over(worker: str) -> bool:
    """Whether the worker's process ran here and runs no more; False where that cannot be known."""
    found = _WORKER.search(worker)
    if found is None or found["place"] != _place():
        return False
    return is_dead(Holder(owner=worker, host=_host(), pid=int(found["pid"])))


@cache
def _place() -> str:
    return hashlib.sha256(_host().encode()).hexdigest()[:12]


def container_lease(container: ContainerKey) -> str:
    """The name of the lease on a container."""
    return f"container:{container}"


@asynccontextmanager
async def held(
    store: Store, name: str, holder: Holder, *, beat: float = BEAT_SECONDS
) -> AsyncGenerator[Lease]:
    """Hold a lease, renewed every `beat` seconds, and give it back at the end.

    `Busy` while another process has it. A write under the lease must renew it in its own
    transaction: only that tells whether the lease was lost on the way. Who is cancelled, at
    whatever instant, holds nothing on.
    """
    lease = await _taken(store, name, holder)
    heart = asyncio.create_task(_beat(store, lease, beat))
    try:
        yield lease
    finally:
        heart.cancel()
        await _to_its_end(asyncio.create_task(_give_back(store, lease, heart)))


async def _taken(store: Store, name: str, holder: Holder) -> Lease:
    taking = asyncio.create_task(_take(store, name, holder))
    try:
        return await _to_its_end(taking)
    except asyncio.CancelledError:
        if taking.done() and not taking.cancelled() and taking.exception() is None:
            await _give_back(store, taking.result())
        raise


async def _take(store: Store, name: str, holder: Holder) -> Lease:
    async with store.write() as session:
        return await acquire(session, name, holder, is_dead=is_dead)


async def _give_back(store: Store, lease: Lease, *ending: asyncio.Task[None]) -> None:
    await asyncio.gather(*ending, return_exceptions=True)
    async with store.write() as session:
        await release(session, lease)


async def _to_its_end(work: asyncio.Task[T]) -> T:
    """The work's result; whoever is cancelled meanwhile waits for its end and is cancelled then.

    Breaking off a commit says nothing about whether it was made.
    """
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.gather(work, return_exceptions=True)
        raise


async def _beat(store: Store, lease: Lease, seconds: float) -> None:
    holding = True
    while holding:
        await asyncio.sleep(seconds)
        try:
            async with store.write() as session:
                holding = await renew(session, lease)
        except SyncerError as error:  # locked for too long, or the disk is full: the next beat
            _log.warning("a lease could not be renewed", lease=lease.name, error=str(error))


def lost(lease: Lease) -> Busy:
    """The error for work whose lease another process took."""
    return Busy(f"The lease on {lease.name} was lost to another process.", fix="Try again.")
