"""Sends signed deliveries from a process of its own and tells how long each answer took.

Run: `python -m bench.hooks_load ADDRESS --deliveries 5000`; prints one line of JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Final

import orjson

from bench.configured import ENDPOINT, ENVIRONMENT, SECRET
from bench.fake_jira import made

CONNECTIONS: Final = 32
WARM: Final = 200
PATIENCE: Final = 900.0
"""Seconds that any load may take: a bound for what hangs."""

_OK: Final = (b"HTTP/1.1 200", b"HTTP/1.1 202", b"HTTP/1.1 204")


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What one load took: seconds in all, milliseconds an answer."""

    deliveries: int
    seconds: float
    p50_ms: float
    p99_ms: float


def load(address: str, *, deliveries: int, items: int) -> Load:
    """Send deliveries about so many items, by a process of its own, and wait for all answers."""
    command = [sys.executable, "-m", "bench.hooks_load", address]
    command += [f"--deliveries={deliveries}", f"--items={items}"]
    done = subprocess.run(  # noqa: S603  our own module by our own interpreter
        command, check=True, stdout=subprocess.PIPE, timeout=PATIENCE
    )
    return Load(**orjson.loads(done.stdout))


def requests(deliveries: int, items: int, *, host: str) -> Iterator[bytes]:
    """Signed requests of about 6 KB, each with an id and a body of its own."""
    jira, secret = made("dc", issues=items, containers=1), ENVIRONMENT[SECRET].encode()
    bodies = [jira.issues.whole(number, changelog=True) for number in range(items)]
    for number in range(deliveries):
        body = b'{"timestamp":%d,"webhookEvent":"jira:issue_updated","issue":%s}' % (
            1_760_000_000_000 + number,
            bodies[number % items],
        )
        signature = hmac.digest(secret, body, hashlib.sha256).hex()
        head = (
            f"POST /hooks/{ENDPOINT} HTTP/1.1\r\nHost: {host}\r\n"
            "Content-Type: application/json\r\nUser-Agent: Atlassian HTTP Client\r\n"
            f"X-Atlassian-Webhook-Identifier: delivery-{number}\r\n"
            f"X-Hub-Signature: sha256={signature}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        yield head.encode() + body


async def _send(address: str, every: Sequence[bytes]) -> list[float]:
    """The seconds that each answer took, over a few connections that stay open."""
    host, _, port = address.rpartition(":")
    waiting = iter(every)
    took: list[float] = []

    async def one_connection() -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        for request in waiting:
            begun = perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(_length(head))
            took.append(perf_counter() - begun)
            if not head.startswith(_OK):
                raise RuntimeError(head.decode("latin-1"))
        writer.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(one_connection())
    return took


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name == b"content-length":
            return int(value)
    return 0


async def _loaded(address: str, *, deliveries: int, items: int) -> Load:
    every = list(requests(WARM + deliveries, items, host=address))
    await _send(address, every[:WARM])
    begun = perf_counter()
    took = sorted(await _send(address, every[WARM:]))
    seconds = perf_counter() - begun
    return Load(
        deliveries=deliveries,
        seconds=seconds,
        p50_ms=1000 * took[len(took) // 2],
        p99_ms=1000 * took[len(took) * 99 // 100],
    )


def main() -> None:
    """Send as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("--deliveries", type=int, default=5000)
    parser.add_argument("--items", type=int, default=500)
    told = parser.parse_args()
    done = asyncio.run(_loaded(told.address, deliveries=told.deliveries, items=told.items))
    print(orjson.dumps(done).decode())


if __name__ == "__main__":
    main()
