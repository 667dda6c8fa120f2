"""Reading a request that may mean harm: its shape first, then its body within bounds.

Nothing here depends on which endpoint was called, so that the answers do not tell which exist.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import aiohttp
from aiohttp import HttpVersion11, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

MIB: Final = 1024 * 1024

_ONCE: Final = re.compile(
    rb"host|expect|authorization|content-(?:type|length|encoding)|transfer-encoding|"
    rb".*(?:signature|delivery|webhook|hook|event|timestamp|token|secret|idempotency).*",
    re.IGNORECASE,
)
"""Headers of which a second one would let two readers see two requests (A7)."""

_BROKEN: Final = (
    web.RequestPayloadError,
    aiohttp.ClientPayloadError,
    HttpProcessingError,
    ConnectionError,
)
OLD_HTTP: Final = "old HTTP"
"""Why a request of another version than HTTP/1.1 is refused."""

_PLAIN: Final = frozenset({"", "identity"})


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyLimits:
    """What a body may cost. Sizes in bytes, times in seconds, `slowest` in bytes a second.

    `in_all` bounds the bodies that are being read at one time. After `patience` a body must have
    come in at least as fast as `slowest`.
    """

    largest: int = 5 * MIB
    in_all: int = 32 * MIB
    seconds: float = 14
    patience: float = 5
    slowest: int = 1024


class Refusal(Exception):
    """The request gets this status and nothing else; `word` says why, for metrics and logs."""

    def __init__(self, status: int, word: str) -> None:
        super().__init__(word)
        self.status = status
        self.word = word


def refuse_malformed(request: web.BaseRequest, limits: BodyLimits) -> None:
    """`Refusal` of a request that is no plain HTTP/1.1 POST, or says that its body is too long."""
    if request.version != HttpVersion11:
        raise Refusal(400, OLD_HTTP)
    if request.method != hdrs.METH_POST:
        raise Refusal(405, "method")
    # The raw ones: the keys of `request.headers` come once each.
    names = [name.lower() for name, _ in request.raw_headers]
    if len(set(names)) < len(names) and _is_doubled(names):
        raise Refusal(400, "doubled header")
    if request.headers.get(hdrs.CONTENT_ENCODING, "").strip().lower() not in _PLAIN:
        raise Refusal(415, "encoded")
    if (request.content_length or 0) > limits.largest:
        raise Refusal(413, "too large")


def _is_doubled(names: Sequence[bytes]) -> bool:
    """Whether a header comes twice that may come once only."""
    seen = Counter(names)
    return any(count > 1 and _ONCE.fullmatch(name) for name, count in seen.items())


async def invite(request: web.BaseRequest) -> None:
    """Tell a client to send its body where it waits for that (RFC 9110, section 10.1.1).

    `Refusal` of any other expectation.
    """
    expected = request.headers.get(hdrs.EXPECT)
    if expected is None:
        return
    if expected.lower() != "100-continue":
        raise Refusal(417, "expectation")
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    request.writer.output_size = 0  # it counts what was sent of the answer, and that is none of it


def lowered(request: web.BaseRequest) -> Mapping[str, str]:
    """The headers under lower-case names; one that may come more than once, joined by commas."""
    told: dict[str, str] = {}
    for name, value in request.headers.items():
        key = name.lower()
        told[key] = f"{told[key]}, {value}" if key in told else value
    return told


class Bodies:
    """Reads bodies, and knows how much of them is in memory."""

    def __init__(self, limits: BodyLimits) -> None:
        self.limits = limits
        self.held = 0

    async def read(self, request: web.BaseRequest) -> bytes:
        """The raw body, which counts as held until `free` is told.

        `Refusal` where it is too long, too slow, broken off, or one too many.
        """
        if request.content.is_eof():  # it came in with its headers: there is nothing to wait for
            body = await _chunk(request.content)
            self._refuse_excess(len(body), more=len(body))
            self.held += len(body)
            return body
        return await self._read(request.content)

    def free(self, body: bytes) -> None:
        """The body is needed no longer."""
        self.held -= len(body)

    async def _read(self, content: aiohttp.StreamReader) -> bytes:
        body = bytearray()
        began = asyncio.get_running_loop().time()
        try:
            while chunk := await _timely(content, self._due(began, len(body))):
                self._refuse_excess(len(body) + len(chunk), more=len(chunk))
                self.held += len(chunk)
                body += chunk
        except BaseException:
            self.held -= len(body)
            raise
        return bytes(body)

    def _due(self, began: float, received: int) -> float:
        """Until when the next bytes must be there, having received so many."""
        limits = self.limits
        return began + min(limits.seconds, limits.patience + received / limits.slowest)

    def _refuse_excess(self, length: int, *, more: int) -> None:
        if length > self.limits.largest:
            raise Refusal(413, "too large")
        if self.held + more > self.limits.in_all:
            raise Refusal(503, "busy")


async def _timely(content: aiohttp.StreamReader, due: float) -> bytes:
    try:
        async with asyncio.timeout_at(due):
            return await _chunk(content)
    except TimeoutError:
        raise Refusal(408, "too slow") from None


async def _chunk(content: aiohttp.StreamReader) -> bytes:
    """What came in next; empty at the end."""
    try:
        return await content.readany()
    except _BROKEN:
        raise Refusal(400, "broken off") from None
