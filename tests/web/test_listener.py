"""The listener itself: where it listens, how it ends, and who is sent away: A27, F18, F54."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest
from aiohttp import web

from syncer.errors import ConfigError
from syncer.web.server import Limits, Listener, _customer
from tests.web.door import answer_of, exchange, request, until

BIG = b"x" * (32 * 1024 * 1024)


async def _big(_: web.Request) -> web.Response:
    return web.Response(body=BIG)


async def _hello(_: web.Request) -> web.Response:
    return web.Response(text="hello")


def app() -> web.Application:
    built = web.Application()
    built.router.add_get("/big", _big)
    built.router.add_get("/", _hello)
    return built


async def test_port_0_is_told_once_it_is_known() -> None:
    listener = Listener(app(), "127.0.0.1:0")
    assert listener.port == 0

    async with listener:
        assert listener.address == f"127.0.0.1:{listener.port}"
        assert listener.port > 0
        assert (await exchange(listener.port, request("/", method="GET"))).body == b"hello"


async def test_it_listens_on_ipv6() -> None:
    async with Listener(app(), "[::1]:0") as listener:
        assert listener.address == f"[::1]:{listener.port}"
        reader, writer = await asyncio.open_connection("::1", listener.port)
        writer.write(request("/", method="GET"))
        assert answer_of(await reader.read()).status == 200
        writer.close()


async def test_a_port_that_is_taken_is_told_in_words() -> None:
    async with Listener(app(), "127.0.0.1:0") as listener:
        with pytest.raises(ConfigError, match=f"Cannot listen on {listener.address}"):
            await Listener(app(), listener.address).start()


async def test_a_name_that_is_no_address_is_told_in_words() -> None:
    with pytest.raises(ConfigError, match=r"Cannot listen on no-such-host\.invalid:80"):
        await Listener(app(), "no-such-host.invalid:80").start()


async def test_a_listener_that_never_started_can_be_stopped() -> None:
    listener = Listener(app(), "127.0.0.1:0")
    await listener.stop()
    assert listener.connections == 0
    await listener.start()  # and can be started all the same
    assert (await exchange(listener.port, request("/big", method="GET"))).body == BIG
    await listener.stop()


async def test_f18_who_does_not_read_the_answer_is_sent_away() -> None:
    async with Listener(app(), "127.0.0.1:0", limits=Limits(answer_seconds=0.3)) as listener:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port, limit=1024)
        writer.write(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
        await until(lambda: listener.connections == 1)
        await until(lambda: listener.connections == 0)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(len(BIG))
        writer.close()


async def test_who_reads_gets_all_of_a_long_answer() -> None:
    async with Listener(app(), "127.0.0.1:0", limits=Limits(answer_seconds=5)) as listener:
        assert (await exchange(listener.port, request("/big", method="GET"))).body == BIG


async def test_the_end_comes_in_time_whoever_is_connected() -> None:
    listener = Listener(app(), "127.0.0.1:0", limits=Limits(stop_seconds=0.2))
    await listener.start()
    idle = await asyncio.open_connection("127.0.0.1", listener.port)
    stuck = await asyncio.open_connection("127.0.0.1", listener.port, limit=1024)
    stuck[1].write(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
    await until(lambda: listener.connections == 2)

    async with asyncio.timeout(20):
        await listener.stop()

    await until(lambda: listener.connections == 0)
    for _, writer in (idle, stuck):
        writer.close()


@pytest.mark.parametrize(
    ("peer", "customer"),
    [
        (("192.0.2.7", 1), "192.0.2.7"),
        (("2001:db8:1:2:3::4", 1, 0, 0), "2001:db8:1:2::/64"),
        (("fe80::1%eth0", 1, 0, 2), "fe80::/64"),
        (("::ffff:192.0.2.7", 1, 0, 0), "::ffff:192.0.2.7"),
        (None, ""),
        (("no address", 1), "no address"),
    ],
)
def test_an_ipv6_network_counts_as_one_address(peer: object, customer: str) -> None:
    assert _customer(peer) == customer


FEW = """
import asyncio, resource, socket
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
from aiohttp import web
from syncer.web.server import Listener
async def hello(_):
    return web.Response(text="hello")
async def main():
    app = web.Application()
    app.router.add_get("/", hello)
    async with Listener(app, "127.0.0.1:0") as listener:
        print(listener.port, flush=True)
        await asyncio.get_running_loop().run_in_executor(None, input)
asyncio.run(main())
"""


async def test_f54_when_descriptors_run_out_service_recovers(root: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        FEW,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert process.stdout is not None
    port = int(await process.stdout.readline())
    crowd = [await asyncio.open_connection("127.0.0.1", port) for _ in range(120)]
    for _, writer in crowd:
        writer.close()
    statuses = set()
    async with asyncio.timeout(20):
        while 200 not in statuses:
            statuses.add((await exchange(port, request("/", method="GET"))).status)
    _, said = await process.communicate(b"\n")

    assert process.returncode == 0
    assert b"Traceback" not in said
