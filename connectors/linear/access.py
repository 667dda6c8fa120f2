"""Ways into Linear: an API key, an OAuth token, or an OAuth application that gets its own tokens.

linear.app/developers/oauth-2-0-authentication, "Client credentials": an application for which that
is switched on exchanges its secret for a token that is valid for 30 days and belongs to nobody's
account. Tokens that people grant end after a day.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

import aiohttp

from syncer.clock import Clock, is_ahead
from syncer.connect.auth import OAuthClientAuth, PatAuth
from syncer.connect.decoding import loaded
from syncer.connect.origin import Origin
from syncer.connect.rate import UNTOLD_PAUSE, asked_pause
from syncer.connect.silence import why_silent
from syncer.errors import AuthFailed, BadPayload, RateLimited, Unreachable
from syncer.log import register_secret

EXCHANGE: Final = "/oauth/token"
_API_KEY: Final = "lin_api_"
"""How personal API keys begin, which are sent bare: linear.app/developers/graphql."""

_SCOPE: Final = "read"
"""Always the same: a token of other scopes would revoke those that other replicas hold."""

_RENEW_BEFORE: Final = timedelta(hours=1)
_USUAL_LIFE: Final = timedelta(hours=2)
_REFUSED_FOR: Final = timedelta(minutes=5)
_TIMEOUT: Final = aiohttp.ClientTimeout(total=30)
_LONGEST: Final = 64 * 1024


def bearer(token: str) -> Mapping[str, str]:
    """The header of every request, with a token."""
    return {"Authorization": f"Bearer {token}"}


def told_by(auth: PatAuth) -> Mapping[str, str]:
    """The header for a key or token that is configured."""
    secret = auth.secret.get_secret_value()
    return {"Authorization": secret} if secret.startswith(_API_KEY) else bearer(secret)


@dataclass(slots=True)
class _Held:
    token: str
    expires_at: datetime


class ApplicationToken:
    """Headers with a token of an application, asked for anew before it expires or once refused."""

    def __init__(
        self, auth: OAuthClientAuth, session: aiohttp.ClientSession, url: str, *, clock: Clock
    ) -> None:
        self._auth = auth
        self._session = session
        self._url = Origin.of(url).absolute(EXCHANGE)
        self._clock = clock
        self._lock = asyncio.Lock()
        self._held: _Held | None = None
        self._refused_until: datetime | None = None

    def __call__(self) -> Mapping[str, str]:
        """The headers; `AuthFailed` before the first `renew`."""
        if self._held is None:
            raise AuthFailed("The application has no token yet.")
        return bearer(self._held.token)

    def forget(self) -> None:
        """The token is good for nothing any more: get another one."""
        self._held = None

    async def renew(self) -> None:
        """Get a token if there is none or little of its life is left.

        `AuthFailed` where the application is refused, which is remembered for five minutes.
        """
        async with self._lock:
            now, until = self._clock.now(), self._refused_until
            if self._held is not None and self._held.expires_at - now > _RENEW_BEFORE:
                return
            if until is not None and is_ahead(until, now=now, within=_REFUSED_FOR):
                raise self._refusal()
            self._held = await self._exchanged(now)

    async def _exchanged(self, now: datetime) -> _Held:
        status, headers, raw = await self._asked()
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            pause = asked_pause(status, headers, now=now) or UNTOLD_PAUSE
            raise RateLimited("Linear gives no token for a while.", retry_at=now + pause)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Unreachable(f"Linear answered {status} to the application.")
        if status != HTTPStatus.OK:
            self._refused_until = now + _REFUSED_FOR
            raise self._refusal()
        token, life = _read(raw)
        register_secret(token)
        return _Held(token, now + life)

    async def _asked(self) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body of the answer; redirects are not followed with the secret."""
        form = {
            "grant_type": "client_credentials",
            "scope": _SCOPE,
            "client_id": self._auth.client_id,
            "client_secret": self._auth.secret.get_secret_value(),
        }
        try:
            async with self._session.post(
                self._url, data=form, allow_redirects=False, timeout=_TIMEOUT
            ) as response:
                return response.status, response.headers, await response.content.read(_LONGEST)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise Unreachable(
                f"Linear gave the application no answer ({why_silent(error)}).",
                fix="Check the address and the network; the next sync tries again.",
            ) from error

    def _refusal(self) -> AuthFailed:
        return AuthFailed(
            "Linear refused the application.",
            fix="Check client_id and its secret, and switch on client credentials at Linear.",
        )


def _read(raw: bytes) -> tuple[str, timedelta]:
    """The token and how long it is valid."""
    try:
        told: Any = loaded(raw)
    except ValueError:
        told = None
    token = told.get("access_token") if isinstance(told, dict) else None
    if not isinstance(token, str) or not token.isprintable() or not token:
        raise BadPayload("Linear gave the application no token.")
    life = told.get("expires_in")
    known = isinstance(life, int) and not isinstance(life, bool) and 0 < life < 10**8
    return token, timedelta(seconds=life) if known else _USUAL_LIFE
