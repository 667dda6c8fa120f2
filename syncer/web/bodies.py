"""Reading a request that may mean harm: its shape first, then its body within bounds.

Nothing here depends on which endpoint was called, so that the answers do not tell which exist.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import aiohttp
from aiohttp import HttpVersion11, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

MIB: Final = 1024 * 1024

_ONCE: Final = re.compile(
    r"host|expect|authorization|content-(?:type|length|encoding)|transfer-encoding|"
    r".*(?:signature|delivery|webhook|hook|event|timestamp|token|secret|idempotency).*",
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
    seen = Counter(name.decode("latin-1").lower() for name, _ in request.raw_headers)
    if any(count > 1 and _ONCE.fullmatch(name) for name, count in seen.items()):
        raise Refusal(400, "doubled header")
    if request.headers.get(hdrs.CONTENT_ENCODING, "").strip().lower() not in _PLAIN:
        raise Refusal(415, "encoded")
    if (request.content_length or 0) > limits.largest:
        raise Refusal(413, "too large")


def lowered(request: web.BaseRequest) -> Mapping[str, str]:
    """The headers under lower-case names; one that may come more than once, joined by commas."""
    names = dict.fromkeys(name.lower() for name in request.headers)
    return {name: ", ".join(request.headers.getall(name)) for name in names}


class Bodies:
    """Reads bodies, and knows how much of them is in memory."""

    def __init__(self, limits: BodyLimits) -> None:
        self.limits = limits
        self.held = 0

    @asynccontextmanager
    async def read(self, request: web.BaseRequest) -> AsyncGenerator[bytes]:
        """The raw body, in memory until the end of the context.

        `Refusal` where it is too long, too slow, broken off, or one too many.
        """
        body = bytearray()
        began = asyncio.get_running_loop().time()
        try:
            while chunk := await _chunk(request.content, self._due(began, len(body))):
                self._refuse_excess(len(body) + len(chunk), more=len(chunk))
                self.held += len(chunk)
                body += chunk
            yield bytes(body)
        finally:
            self.held -= len(body)

    def _due(self, began: float, received: int) -> float:
        """Until when the next bytes must be there, having received so many."""
        limits = self.limits
        return began + min(limits.seconds, limits.patience + received / limits.slowest)

    def _refuse_excess(self, length: int, *, more: int) -> None:
        if length > self.limits.largest:
            raise Refusal(413, "too large")
        if self.held + more > self.limits.in_all:
            raise Refusal(503, "busy")


async def _chunk(content: aiohttp.StreamReader, due: float) -> bytes:
    """What came in next; empty at the end."""
    try:
        async with asyncio.timeout_at(due):
            return await content.readany()
    except TimeoutError:
        raise Refusal(408, "too slow") from None
    except _BROKEN:
        raise Refusal(400, "broken off") from None
