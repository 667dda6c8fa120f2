"""One request and its answer: the wire beneath `syncer.connect.http`, without a second attempt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import aiohttp

from syncer.connect.answers import Answer, JsonObject
from syncer.connect.decoding import Decode
from syncer.connect.origin import Origin
from syncer.connect.redirects import KEEPS_METHOD, REDIRECTS, next_stop
from syncer.errors import ConfigError, TooLong

Params = Mapping[str, str]
AuthHeaders = Callable[[], Mapping[str, str]]
"""Gives the headers that authenticate a request; asked for each one, so that tokens may change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long, how often and how much. Durations in seconds, the size in bytes.

    A call is made at most `attempts` times. The wait before a further attempt doubles from
    `first_wait` to `longest_wait`, half of it by chance, so that replicas spread out.
    """

    total: float = 30.0
    sock_read: float = 10.0
    attempts: int = 5
    first_wait: float = 0.5
    longest_wait: float = 20.0
    longest_answer: int = 32 * 1024 * 1024
    redirects: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as the connector means it; `local` says that a 403 concerns it alone."""

    method: str
    url: str
    path: str
    label: str
    params: Params
    body: JsonObject | None
    headers: Mapping[str, str]
    local: bool
    decode: Decode


class Exchange:
    """Sends requests with the credentials, over a session that the caller owns."""

    def __init__(
        self, session: aiohttp.ClientSession, origin: Origin, *, auth: AuthHeaders, limits: Limits
    ) -> None:
        self._session = session
        self._origin = origin
        self._auth = auth
        self._limits = limits

    async def answer(self, request: Request) -> Answer:
        """The answer, of whatever status, after redirects; never from another host.

        Raises aiohttp's errors and `TimeoutError` where there is none, `TooLong` for one of more
        bytes than `limits` allow, `AuthFailed` or `ConfigError` for a redirect to another host, and
        `ConfigError` for redirects that lead round in circles.
        """
        method, url, body = request.method, request.url, request.body
        params: Params | None = request.params
        for _ in range(self._limits.redirects + 1):
            async with self._session.request(
                method,
                url,
                params=params,
                json=body,
                headers={"Accept": "application/json", **request.headers, **self._auth()},
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    total=self._limits.total,
                    sock_connect=self._limits.sock_read,
                    sock_read=self._limits.sock_read,
                ),
            ) as response:
                if response.status not in REDIRECTS or "Location" not in response.headers:
                    return await self._read(request, response)
                url = next_stop(
                    self._origin, response.headers["Location"], seen_from=str(response.url)
                )
                params = None
                if response.status not in KEEPS_METHOD:
                    method, body = "GET", None
        raise ConfigError(f"{request.label} sends us round in circles.", fix="Check `url`.")

    async def _read(self, request: Request, response: aiohttp.ClientResponse) -> Answer:
        body = bytearray()
        async for part in response.content.iter_any():
            body += part
            if len(body) > self._limits.longest_answer:
                raise TooLong(
                    f"{request.label} answered with more than {self._limits.longest_answer} bytes."
                )
        return Answer(
            label=request.label,
            status=response.status,
            headers=response.headers,
            body=bytes(body),
            charset=response.charset or "utf-8",
            content_type=response.content_type,
            decode=request.decode,
        )
