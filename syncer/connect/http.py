"""The one way in which a connector asks its tracker.

Every answer becomes either data or one of the errors of `syncer.errors`: a refusal never becomes
"nothing found". The token leaves for one origin only, and no error text holds it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Final, NoReturn, Protocol, runtime_checkable

import aiohttp

from syncer.clock import Clock, SystemClock, is_ahead
from syncer.connect.answers import Answer, JsonObject
from syncer.connect.budget import Traffic
from syncer.connect.decoding import Decode, loaded
from syncer.connect.exchange import AuthHeaders, Exchange, Limits, Params, Request
from syncer.connect.origin import Origin
from syncer.connect.passage import Call, new_call, traffic_in_force
from syncer.connect.rate import UNTOLD_PAUSE, Sleep, asked_pause, is_rate_limit
from syncer.connect.refusals import TRY_AGAIN
from syncer.connect.silence import why_silent
from syncer.errors import (
    AuthFailed,
    BadPayload,
    RateLimited,
    Rejected,
    SyncerError,
    TooLong,
    Unreachable,
)
from syncer.log import redact


@runtime_checkable
class Renewing(Protocol):
    """`AuthHeaders` that need looking after: tokens that expire and are asked for anew."""

    def __call__(self) -> Mapping[str, str]:
        """The headers that authenticate a request."""
        ...

    async def renew(self) -> None:
        """See to it, before each attempt, that the headers are good for it."""
        ...


Examine = Callable[[Answer], None]
"""A connector's own look at every answer; raises what it finds wrong."""

_FIXES: Final = {
    401: "Give this connection a valid token.",
    403: "Give the account the missing permission.",
    404: "Check `url`; it may also be that the account may not see this.",
    410: "The tracker has removed this; it may be archived.",
}


class _TryAgain(Exception):
    """The attempt failed in a way that another may mend; carries what to raise otherwise."""

    def __init__(
        self,
        final: SyncerError,
        *,
        paused: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(final.message)
        self.final = final
        self.paused = paused
        self.headers = headers or {}


class HttpClient:
    """Asks one tracker with one account, over a session that the caller owns.

    Answers are retried on 5xx, on connection errors and on truncated JSON, and after the pause
    that a 429, a 403 of that meaning or a `Retry-After` asks for. Each attempt waits for its turn
    in the traffic in force (`syncer.connect.budget`); without one, a pause holds for all calls of
    this client. A 401 is remembered for five minutes, in which nothing is asked.

    Raises `AuthFailed` (401, 403, a login page), `Rejected` with the status (other 4xx),
    `RateLimited`, `Unreachable` (5xx, network), `BadPayload` (no JSON, too long), `ConfigError`
    (a redirect to another host).
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base_url: str,
        *,
        auth: AuthHeaders,
        limits: Limits | None = None,
        clock: Clock | None = None,
        sleep: Sleep = asyncio.sleep,
        jitter: Callable[[], float] = random.random,  # noqa: S311  spreads calls out
        examine: Examine | None = None,
    ) -> None:
        self.origin = Origin.of(base_url)
        self._exchange = Exchange(session, self.origin, auth=auth, limits=limits or Limits())
        self._auth = auth
        self._limits = limits or Limits()
        self._clock = clock or SystemClock()
        self._sleep = sleep
        self._jitter = jitter
        self._examine = examine
        self._refused: AuthFailed | None = None
        self._refused_until = self._clock.now()
        self._own = Traffic(clock=self._clock, sleep=sleep, jitter=jitter)

    @property
    def traffic(self) -> Traffic:
        """What the calls of this client belong to now."""
        return traffic_in_force() or self._own

    async def get(
        self,
        path: str,
        params: Params | None = None,
        *,
        local: bool = False,
        headers: Mapping[str, str] | None = None,
        decode: Decode = loaded,
    ) -> Answer:
        """The answer to GET; `path` may be an absolute address of the same origin.

        `local` says that the path concerns one container or one detail: a 403 is then `Rejected`
        and says nothing about the account's other rights. With `If-None-Match` among the `headers`
        the answer may be a 304 without data. `decode` makes the answer's data from its JSON.
        """
        asked = self._request(
            "GET", path, params=params, local=local, headers=headers, decode=decode
        )
        return await self._answer(asked)

    async def post(
        self, path: str, body: JsonObject, *, local: bool = False, decode: Decode = loaded
    ) -> Answer:
        """The answer to a POST that only reads, and so may be made again; the rest as in `get`."""
        request = self._request("POST", path, body=body, local=local, decode=decode)
        return await self._answer(request)

    async def change(self, method: str, path: str, body: JsonObject) -> Answer:
        """The answer to a request that changes something; it is made once.

        Without an answer nobody knows whether it was done: look, and ask for it again if not. A 403
        is `Rejected`, as with `local`. The data are raw bytes: some answers have none.
        """
        request = self._request(method, path, body=body, local=True, decode=bytes)
        return await self._answer(request, attempts=1)

    async def told_limit(self, answer: Answer) -> RateLimited:
        """The error to raise for an answer whose body tells of a limit, as GraphQL does with 200.

        The pause that its headers ask for holds for all calls that the limit is on.
        """
        now = self.traffic.clock.now()
        asked = asked_pause(HTTPStatus.TOO_MANY_REQUESTS, answer.headers, now=now)
        method, _, path = answer.label.partition(f" {self.origin.host}")
        call = new_call(method, path)
        await self.traffic.postpone(call, asked or UNTOLD_PAUSE, headers=answer.headers)
        return self._limited(answer, call)

    def _request(
        self,
        method: str,
        path: str,
        *,
        local: bool,
        params: Params | None = None,
        body: JsonObject | None = None,
        headers: Mapping[str, str] | None = None,
        decode: Decode,
    ) -> Request:
        url = self.origin.absolute(path)
        bare = url.split("?", 1)[0].removeprefix(self.origin.base)
        return Request(
            method=method,
            url=url,
            path=bare,
            label=f"{method} {self.origin.host}{bare}",
            params=params or {},
            body=body,
            headers=headers or {},
            local=local,
            decode=decode,
        )

    async def _answer(self, request: Request, *, attempts: int = 0) -> Answer:
        """The answer whose JSON can be read, in at most so many attempts; 0: as many as usual."""
        call = new_call(request.method, request.path)
        number, most = 0, attempts or self._limits.attempts
        while True:
            number += 1
            self._raise_if_refused()
            try:
                return await self._attempt(request, call)
            except _TryAgain as failed:
                if call.probe or number == most:
                    if isinstance(failed.final, Unreachable):
                        await self.traffic.failed(call, failed.final)
                    raise failed.final from failed.__cause__
                await self._back_off(failed, call, number)

    async def _back_off(self, failed: _TryAgain, call: Call, number: int) -> None:
        if failed.paused:
            return
        wait = self._wait(number)
        if isinstance(failed.final, RateLimited):
            pause = timedelta(seconds=wait)
            await self.traffic.postpone(call, pause, headers=failed.headers)
        else:
            await self._sleep(wait)

    def _wait(self, number: int) -> float:
        longest = min(self._limits.first_wait * 2 ** (number - 1), self._limits.longest_wait)
        return float(longest * (0.5 + self._jitter() / 2))

    async def _attempt(self, request: Request, call: Call) -> Answer:
        if isinstance(self._auth, Renewing):
            await self._auth.renew()  # by calls of its own, so before this one takes a place
        async with self.traffic.attempt(call):
            answer = await self._send(request, call)
        paused = await self.traffic.heard(
            call, answer.status, answer.headers, said=answer.explanation
        )
        self._look(answer)
        if answer.status == HTTPStatus.NOT_MODIFIED:
            return answer
        self._raise_for_status(answer, request, call, paused=paused)
        try:
            _ = answer.data
        except TooLong:
            raise
        except BadPayload as broken:
            raise _TryAgain(broken) from None
        return answer

    def _look(self, answer: Answer) -> None:
        if self._examine is None:
            return
        try:
            self._examine(answer)
        except AuthFailed as refused:
            self._remember(refused)
            raise

    async def _send(self, request: Request, call: Call) -> Answer:
        try:
            return await self._exchange.answer(request)
        except aiohttp.ClientSSLError as error:
            raise Unreachable(
                f"{request.label}: no trusted encrypted connection ({type(error).__name__}).",
                fix="Check `url`, and `network.ca_file` if your network has its own certificates.",
            ) from error
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            if isinstance(error, TimeoutError):
                self.traffic.timed_out(call)
            raise _TryAgain(
                Unreachable(
                    f"{request.label} gave no usable answer ({why_silent(error)}).",
                    fix="Check the address and the network; the next sync tries again.",
                )
            ) from error

    def _raise_for_status(
        self, answer: Answer, request: Request, call: Call, *, paused: bool
    ) -> None:
        status = answer.status
        if status < HTTPStatus.MULTIPLE_CHOICES:
            return
        if is_rate_limit(status, answer.headers, answer.explanation):
            raise _TryAgain(self._limited(answer, call), paused=paused, headers=answer.headers)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise _TryAgain(Unreachable(f"{answer.label} answered {status}."), paused=paused)
        if status == HTTPStatus.UNAUTHORIZED:
            self._refuse(answer)
        message = f"{answer.label} answered {status}.{answer.explanation()}"
        if status == HTTPStatus.FORBIDDEN and not request.local:
            raise AuthFailed(message, fix=_FIXES[status])
        raise Rejected(message, status=status, fix=_FIXES.get(status, ""))

    def _limited(self, answer: Answer, call: Call) -> RateLimited:
        longest = timedelta(seconds=self._limits.longest_wait)
        retry_at = self.traffic.retry_at(call) or self.traffic.clock.now() + longest
        reason = redact(answer.headers.get("RateLimit-Reason", "too many requests"))[:80]
        return RateLimited(
            f"{answer.label} answered {answer.status}: {reason!r}.", retry_at=retry_at
        )

    def _refuse(self, answer: Answer) -> NoReturn:
        refused = AuthFailed(
            f"{answer.label} refused the credentials (401).", fix=_FIXES[answer.status]
        )
        self._remember(refused)
        raise refused

    def _remember(self, refused: AuthFailed) -> None:
        self._refused = refused
        self._refused_until = self._clock.now() + TRY_AGAIN
        if not isinstance(self._auth, Renewing):
            self.traffic.refusals.remember(self.origin.base, self._auth(), refused)

    def _raise_if_refused(self) -> None:
        now = self._clock.now()
        waits = is_ahead(self._refused_until, now=now, within=TRY_AGAIN)
        if self._refused is not None and waits:
            raise type(self._refused)(self._refused.message, fix=self._refused.fix)
        if self.traffic.refusals and not isinstance(self._auth, Renewing):
            self.traffic.refusals.check(self.origin.base, self._auth())
