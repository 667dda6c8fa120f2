"""A TCP proxy on loopback that delays, throttles, cuts off, resets and swallows on demand.

It knows no protocol and no test framework: HTTP, SMTP and PostgreSQL go through it alike.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self

_CHUNK: Final = 65_536
_NO_LINGER: Final = struct.pack("ii", 1, 0)
"""With this option a close sends RST instead of FIN (socket(7), SO_LINGER)."""


class Way(StrEnum):
    """A direction through the proxy."""

    UP = "up"
    """From the client to the target."""

    DOWN = "down"
    """From the target to the client."""


class End(StrEnum):
    """What happens to a connection once its bytes are used up."""

    RESET = "reset"
    """Both sides get RST."""

    CLOSE = "close"
    """Both sides get FIN, as if the other one had ended in good order: a truncation."""

    SILENCE = "silence"
    """Nothing gets through any more and nobody is told: a half-open connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What a connection through the proxy meets; by default nothing.

    `wait`: seconds before anything is passed on. `delay`: seconds before each piece. `rate`: bytes
    a second at most, in each direction. After `after` bytes in the direction `way` it meets `end`:
    those bytes get through and none beyond them; with 0 the target is never reached.
    """

    wait: float = 0.0
    delay: float = 0.0
    rate: float | None = None
    end: End | None = None
    after: int = 0
    way: Way = Way.DOWN


class FaultProxy:
    """Listens on a loopback port and passes bytes on to a target, as far as `choose` lets it.

    Use it as an asynchronous context manager. Fates handed to `next` go to the next connections,
    each once; for all others `choose` is asked with the number of the connection, from 1.
    `counts` holds how many connections came (`connections`) and met each `End`, and how many
    bytes were passed on each `Way`.
    """

    def __init__(
        self, host: str, port: int, *, choose: Callable[[int], Fate] = lambda _: Fate()
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.choose = choose
        self._target = host, port
        self._next: deque[Fate] = deque()
        self._port = 0
        self._server: asyncio.Server | None = None
        self._links: dict[_Link, asyncio.Task[None]] = {}

    @property
    def port(self) -> int:
        """The port to connect to on 127.0.0.1; `RuntimeError` before the first start."""
        if not self._port:
            raise RuntimeError("the proxy was never started")
        return self._port

    @property
    def open(self) -> int:
        """How many connections go through it now, half-open ones among them."""
        return len(self._links)

    def next(self, *fates: Fate) -> None:
        """Give the next connections these fates, one after the other."""
        self._next.extend(fates)

    def end_all(self, end: End) -> None:
        """Let every connection that is open now meet its end; later ones are not concerned."""
        for link in tuple(self._links):
            link.meet(end)

    async def start(self) -> None:
        """Listen: on a free port at first, after a `refuse` on the same one."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
        self._port = int(self._server.sockets[0].getsockname()[1])

    def refuse(self) -> None:
        """Refuse new connections until the next `start`; open ones go on."""
        if self._server is not None:
            self._server.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Refuse new connections and drop the open ones."""
        self.refuse()
        tasks = tuple(self._links.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.counts["connections"] += 1
        number = self.counts["connections"]
        fate = self._next.popleft() if self._next else self.choose(number)
        link = _Link(fate, self.counts, (reader, writer))
        self._links[link] = task = asyncio.create_task(link.run(*self._target))
        task.add_done_callback(lambda _: self._links.pop(link))


_Side = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(eq=False)
class _Link:
    """One connection: two sides, and how many of its bytes are left."""

    fate: Fate
    counts: Counter[str]
    client: _Side
    left: int = field(init=False)
    ended: bool = field(default=False, init=False)
    writers: list[asyncio.StreamWriter] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self.left = self.fate.after
        self._write_at_once(self.client)

    async def run(self, host: str, port: int) -> None:
        """Pass bytes on until both sides have ended; abruptly where the target is away."""
        abruptly = True
        try:
            await asyncio.sleep(self.fate.wait)
            if self.fate.end is not None and not self.left:
                self.meet(self.fate.end)
                await self._swallow()
            else:
                await self._connect(await asyncio.open_connection(host, port))
            abruptly = False
        except OSError:
            pass
        finally:
            self._close(abruptly=abruptly)

    def meet(self, end: End) -> None:
        """Let the connection meet its end now."""
        self.counts[end] += 1
        self.ended = True
        if end is End.RESET:
            self._close(abruptly=True)
        elif end is End.CLOSE:
            for writer in self.writers:
                writer.write_eof()  # no close: bytes that are not read would make a reset of it

    async def _connect(self, target: _Side) -> None:
        self._write_at_once(target)
        async with asyncio.TaskGroup() as both:
            both.create_task(self._pump(Way.UP, self.client[0], target[1]))
            both.create_task(self._pump(Way.DOWN, target[0], self.client[1]))

    def _write_at_once(self, side: _Side) -> None:
        """Let `drain` wait until all is written, so that a reset costs nothing sent before it."""
        side[1].transport.set_write_buffer_limits(0)
        self.writers.append(side[1])

    async def _pump(
        self, way: Way, source: asyncio.StreamReader, sink: asyncio.StreamWriter
    ) -> None:
        try:
            while piece := await source.read(self._most()):
                await self._pass_on(way, piece, sink)
            if not self.ended:
                sink.write_eof()
        except OSError:
            if not self.ended:
                self._close(abruptly=True)

    def _most(self) -> int:
        """Throttled pieces are small, so that the rate holds within a second too."""
        rate = self.fate.rate
        return _CHUNK if rate is None else max(1, min(_CHUNK, int(rate / 20)))

    async def _pass_on(self, way: Way, piece: bytes, sink: asyncio.StreamWriter) -> None:
        await asyncio.sleep(self.fate.delay + len(piece) / (self.fate.rate or float("inf")))
        end = self.fate.end if way is self.fate.way else None
        passed = piece[: self.left] if end else piece
        if self.ended:
            return
        sink.write(passed)
        await sink.drain()
        self.counts[way] += len(passed)
        if end is not None:
            self.left -= len(passed)
            if not self.left:
                self.meet(end)

    async def _swallow(self) -> None:
        while await self.client[0].read(_CHUNK):
            pass

    def _close(self, *, abruptly: bool = False) -> None:
        for writer in self.writers:
            if abruptly and not writer.transport.is_closing():
                sock: socket.socket = writer.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
                writer.transport.abort()
            else:
                writer.close()
