from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest

from syncer.errors import Busy
from syncer.store.engine import Store
from syncer.store.leases import LEASE, acquire, current_holder, database_now
from syncer.store.rows import table_of
from syncer.store.tables import LeaseRow
from syncer.sync.lease import held, is_dead, is_over, this_process, worker_name

LEASES = table_of(LeaseRow)


def _ended_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_this_process_is_alive_under_its_name() -> None:
    me = this_process("serve")

    assert me.owner == f"serve (pid {os.getpid()})"
    assert not is_dead(me)


def test_a_process_that_ended_here_is_dead() -> None:
    assert is_dead(replace(this_process("serve"), pid=_ended_pid()))


def test_nothing_is_known_of_processes_elsewhere() -> None:
    assert not is_dead(replace(this_process("serve"), pid=_ended_pid(), host="another host"))


def test_of_a_worker_is_known_by_its_name_whether_its_process_ran_here_and_ended() -> None:
    mine = worker_name("serve")
    ended = re.sub(r"pid \d+", f"pid {_ended_pid()}", mine)
    _, _, _, place, token = ended.split()

    assert mine.startswith(this_process("serve").owner)
    assert mine != worker_name("serve")
    assert not is_over(mine)
    assert is_over(ended)
    assert not is_over(ended.replace(place, "0" * len(place)))  # elsewhere
    assert not is_over(ended.removesuffix(f" {token}"))
    assert not is_over("")


async def test_a_lease_is_held_by_one_and_given_back(store: Store) -> None:
    me = this_process("sync")
    async with held(store, "x", me):
        with pytest.raises(Busy) as caught:
            async with held(store, "x", me):
                pass
        assert caught.value.holder == me.owner

    async with store.read() as session:
        assert await current_holder(session, "x") is None


async def test_a_dead_process_s_lease_is_taken_over_at_once(store: Store) -> None:
    dead = replace(this_process("serve"), pid=_ended_pid())
    async with store.write() as session:
        await acquire(session, "x", dead, is_dead=is_dead)

    async with held(store, "x", this_process("sync")) as lease:
        assert lease.attempt == 2


async def test_a_lease_elsewhere_is_respected_until_it_expires(store: Store) -> None:
    elsewhere = replace(this_process("serve"), host="another host")
    async with store.write() as session:
        await acquire(session, "x", elsewhere, is_dead=is_dead)
    with pytest.raises(Busy):
        async with held(store, "x", this_process("sync")):
            pass

    async with store.write() as session:
        past = await database_now(session) - timedelta(seconds=1)
        await session.execute(LEASES.update().values(expires_at=past))
    async with held(store, "x", this_process("sync")) as lease:
        assert lease.attempt == 2


async def test_a_held_lease_is_renewed_by_its_heartbeat(store: Store) -> None:
    async with held(store, "x", this_process("sync"), beat=0.01):
        async with store.write() as session:
            soon = await database_now(session) + LEASE / 100
            await session.execute(LEASES.update().values(expires_at=soon))
        renewed = soon
        while renewed == soon:
            await asyncio.sleep(0.01)
            async with store.read() as session:
                renewed = (
                    await session.scalars(LEASES.select().with_only_columns(LEASES.c.expires_at))
                ).one()

    assert renewed > soon


async def test_an_error_under_the_lease_gives_it_back(store: Store) -> None:
    async def fail() -> None:
        async with held(store, "x", this_process("sync")):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    async with store.read() as session:
        assert await current_holder(session, "x") is None
