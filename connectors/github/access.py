"""Ways into GitHub: one token for everything, or an App with a token for each installation.

Apps: docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app. The App signs a
short-lived JSON Web Token with its private key and exchanges it for a token of one installation,
which is valid for an hour and for the repositories of one owner only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from connectors.github.client import GitHubClient
from syncer.clock import Clock
from syncer.connect.auth import AppAuth
from syncer.connect.exchange import AuthHeaders
from syncer.connect.http import HttpClient
from syncer.connect.times import utc_instant
from syncer.connect.unreadable import Unmappable
from syncer.errors import AuthFailed, BadPayload, ConfigError, Rejected
from syncer.log import register_secret

HEADERS: Final = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
}
_SKEW: Final = timedelta(seconds=60)
"""GitHub advises to date a token back so much, since clocks differ."""

_LIFE: Final = timedelta(minutes=9)
"""GitHub refuses tokens that are valid for more than ten minutes."""

_RENEW_BEFORE: Final = timedelta(minutes=5)

NewHttp = Callable[[AuthHeaders], HttpClient]
"""Makes a client with these headers."""


class Access(Protocol):
    """Gives the client that may ask about the repositories of an owner."""

    async def of(self, owner: str) -> GitHubClient:
        """The client for an owner's repositories; `AuthFailed` if there is no way to them."""
        ...

    async def every(self) -> Sequence[GitHubClient]:
        """All clients there are, one for each token."""
        ...

    async def who(self) -> str:
        """The name of the account or App; errors as of `GitHubClient.login`."""
        ...


def bearer(token: str) -> Mapping[str, str]:
    """The headers of every request, with a token."""
    return {**HEADERS, "Authorization": f"Bearer {token}"}


class TokenAccess:
    """One token for everything that its account sees."""

    def __init__(self, token: str, new_http: NewHttp) -> None:
        headers = bearer(token)
        self._client = GitHubClient(new_http(lambda: headers))

    async def of(self, owner: str) -> GitHubClient:  # noqa: ARG002  one token for all owners
        """The one client."""
        return self._client

    async def every(self) -> Sequence[GitHubClient]:
        """The one client."""
        return [self._client]

    async def who(self) -> str:
        """The account's login."""
        return await self._client.login()


class AppAccess:
    """A GitHub App: finds its installations, and keeps a fresh token for each that is used."""

    def __init__(self, auth: AppAuth, new_http: NewHttp, clock: Clock) -> None:
        self._auth = auth
        self._new_http = new_http
        self._clock = clock
        self._key = _private_key(auth)
        self._app = GitHubClient(new_http(self._signed))
        self._clients: dict[str, GitHubClient] = {}
        self._lock = asyncio.Lock()

    async def of(self, owner: str) -> GitHubClient:
        """The client of the installation at this owner."""
        found = (await self._found()).get(owner.casefold())
        if found is None:
            found = (await self._found(again=True)).get(owner.casefold())
        if found is None:
            raise Rejected(
                f"The App is not installed at {owner!r}.",
                fix="Install it there, or take the repositories of this owner out of `containers`.",
            )
        return found

    async def every(self) -> Sequence[GitHubClient]:
        """One client for each installation."""
        return list((await self._found(again=True)).values())

    async def who(self) -> str:
        """The App's name."""
        told = (await self._app.http.get("/app")).object()
        return str(told.get("slug") or told.get("name") or f"App {self._auth.app_id}")

    async def _found(self, *, again: bool = False) -> Mapping[str, GitHubClient]:
        async with self._lock:
            if again or not self._clients:
                for id_, owner in await self._installations():
                    self._clients.setdefault(owner, self._client(id_))
            return self._clients

    async def _installations(self) -> list[tuple[int, str]]:
        """Id and owner, folded, of each installation; of the configured one only if one is."""
        rows = await self._app.every_row("/app/installations")
        found = [one for row in rows if (one := _installation(row)) is not None]
        wanted = self._auth.installation_id
        return [one for one in found if wanted is None or one[0] == wanted]

    def _client(self, installation: int) -> GitHubClient:
        path = f"/app/installations/{installation}/access_tokens"
        token = InstallationToken(lambda: self._exchanged(path), self._clock)
        return GitHubClient(self._new_http(token), listing="/installation/repositories")

    async def _exchanged(self, path: str) -> tuple[str, datetime]:
        told = (await self._app.http.post(path, {})).object()
        token, expires = told.get("token"), told.get("expires_at")
        if not isinstance(token, str) or not isinstance(expires, str):
            raise BadPayload("GitHub gave the App no token.")
        try:
            at = utc_instant(expires)
        except Unmappable:
            raise BadPayload("GitHub does not say how long the App's token is valid.") from None
        return token, at

    def _signed(self) -> Mapping[str, str]:
        """The headers with a token of the App itself, signed anew for each request."""
        now = self._clock.now()
        claims = {
            "iat": int((now - _SKEW).timestamp()),
            "exp": int((now + _LIFE).timestamp()),
            "iss": str(self._auth.app_id),
        }
        return bearer(jwt.encode({"alg": "RS256"}, claims, self._key, algorithms=["RS256"]))


@dataclass(slots=True)
class _Held:
    token: str
    expires_at: datetime


class InstallationToken:
    """Headers with the token of one installation, asked for anew before it expires."""

    def __init__(
        self, exchange: Callable[[], Awaitable[tuple[str, datetime]]], clock: Clock
    ) -> None:
        self._exchange = exchange
        self._clock = clock
        self._lock = asyncio.Lock()
        self._held: _Held | None = None

    def __call__(self) -> Mapping[str, str]:
        """The headers; `AuthFailed` before the first `renew`."""
        if self._held is None:
            raise AuthFailed("The App has no token for this installation yet.")
        return bearer(self._held.token)

    async def renew(self) -> None:
        """Get a token if there is none or little of its life is left."""
        async with self._lock:
            held = self._held
            if held is None or held.expires_at - self._clock.now() < _RENEW_BEFORE:
                token, expires_at = await self._exchange()
                register_secret(token)
                self._held = _Held(token, expires_at)


def _private_key(auth: AppAuth) -> RSAKey:
    try:
        return RSAKey.import_key(auth.secret.get_secret_value())
    except (ValueError, TypeError, JoseError):
        raise ConfigError(
            "The App's private key cannot be read.",
            fix="Give the PEM file as GitHub made it when the key was generated.",
        ) from None


def _installation(row: Any) -> tuple[int, str] | None:  # noqa: ANN401  as sent
    id_ = row.get("id") if isinstance(row, dict) else None
    account = row.get("account") if isinstance(row, dict) else None
    owner = account.get("login") if isinstance(account, dict) else None
    if not isinstance(id_, int) or not isinstance(owner, str) or row.get("suspended_at"):
        return None
    return id_, owner.casefold()
