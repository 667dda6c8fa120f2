"""HTTP/1.1 for a server that must never be what a measurement measures: bytes in, bytes out.

Keep-alive and bodies by length only; every client of these benches sends nothing else.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from typing import Final

_END: Final = b"\r\n\r\n"
_LENGTH: Final = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    method: str
    target: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Told:
    """One answer of JSON: the parts of its body in order."""

    parts: Sequence[bytes]
    status: int = HTTPStatus.OK


Answerer = Callable[[Asked], Told]


class Server(asyncio.Protocol):
    """One connection of a client; each answer waits `latency` seconds."""

    def __init__(self, answer: Answerer, latency: float) -> None:
        self._answer = answer
        self._latency = latency
        self._held = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where answers go."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a stream is wanted")
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._held += data
        while (asked := self._next()) is not None:
            told = self._answer(asked)
            if self._latency:
                asyncio.get_running_loop().call_later(self._latency, self._send, told)
            else:
                self._send(told)

    def _next(self) -> Asked | None:
        end = self._held.find(_END)
        if end < 0:
            return None
        head = bytes(self._held[:end])
        found = _LENGTH.search(head)
        begin, size = end + len(_END), int(found[1]) if found else 0
        if len(self._held) < begin + size:
            return None
        body = bytes(self._held[begin : begin + size])
        del self._held[: begin + size]
        method, target, _ = head.split(b"\r\n", 1)[0].decode("ascii").split(" ", 2)
        return Asked(method, target, body)

    def _send(self, told: Told) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        size = sum(map(len, told.parts))
        head = (
            f"HTTP/1.1 {told.status} {HTTPStatus(told.status).phrase}\r\n"
            "Content-Type: application/json;charset=UTF-8\r\n"
            f"Date: {formatdate(time.time(), usegmt=True)}\r\n"
            f"Content-Length: {size}\r\n\r\n"
        )
        self._transport.writelines([head.encode(), *told.parts])


async def listening(answer: Answerer, *, latency: float) -> asyncio.Server:
    """A server on a free port of loopback; `latency` in seconds."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: Server(answer, latency), "127.0.0.1", 0)


def port_of(server: asyncio.Server) -> int:
    """The port on which a server listens."""
    port: int = server.sockets[0].getsockname()[1]
    return port
