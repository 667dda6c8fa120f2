"""A simulated GitHub App: signed requests for tokens that live an hour.

docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app: a JWT signed with
RS256, `iss` the app's id, valid ten minutes at most.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from connectors.github.simulator_index import stamp
from connectors.github.simulator_request import Json, Refusal, Request
from syncer.clock import Clock
from syncer.connect.testing.server import FakeTracker, RecordedRequest

_LONGEST_JWT: Final = timedelta(minutes=10)
_TOKEN_LIVES: Final = timedelta(hours=1)
_SKEW: Final = timedelta(seconds=60)
_UNREADABLE: Final = "A JSON web token could not be decoded"
_PERMISSIONS: Final = {"issues": "read", "metadata": "read", "organization_projects": "read"}


@dataclass(slots=True, kw_only=True)
class App:
    """An app with its public key (PEM) and its one installation; it gives out tokens."""

    public_key: str
    clock: Clock
    id: int = 4711
    installation_id: int = 815
    owner: str = "acme"
    tokens: dict[str, datetime] = field(default_factory=dict)

    def watch(self, server: FakeTracker) -> None:
        """Let the server take the tokens that were given out, as long as they live."""

        def admit(_request: RecordedRequest) -> None:
            now = self.clock.now()
            server.admitted.clear()
            server.admitted.update(f"Bearer {t}" for t, until in self.tokens.items() if now < until)

        server.on_request.append(admit)

    def installations(self, request: Request) -> list[Json]:
        """The answer of `/app/installations`."""
        self._check(request)
        return [self._installation()]

    def installation(self, request: Request) -> Json:
        """The answer of `/repos/{owner}/{repo}/installation`."""
        self._check(request)
        return self._installation()

    def about(self, request: Request) -> Json:
        """The answer of `/app`."""
        self._check(request)
        return {"id": self.id, "slug": "syncer", "name": "Syncer", "permissions": _PERMISSIONS}

    def new_token(self, request: Request) -> Json:
        """The answer of `/app/installations/{id}/access_tokens`."""
        self._check(request)
        if request.names["id"] != str(self.installation_id):
            raise Refusal(404, "Not Found")
        token, until = f"ghs_{secrets.token_hex(18)}", self.clock.now() + _TOKEN_LIVES
        self.tokens[token] = until
        return {
            "token": token,
            "expires_at": stamp(until),
            "permissions": _PERMISSIONS,
            "repository_selection": "all",
        }

    def _installation(self) -> Json:
        return {
            "id": self.installation_id,
            "app_id": self.id,
            "account": {"login": self.owner, "type": "Organization"},
            "repository_selection": "all",
            "permissions": _PERMISSIONS,
            "suspended_at": None,
        }

    def _check(self, request: Request) -> None:
        """Refuse all but a JWT of the app that GitHub would take now."""
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        try:
            claims = jwt.decode(value, RSAKey.import_key(self.public_key), ["RS256"]).claims
        except (JoseError, ValueError):
            raise Refusal(401, _UNREADABLE) from None
        if scheme.lower() != "bearer" or not self._holds(claims):
            raise Refusal(401, _UNREADABLE)

    def _holds(self, claims: dict[str, Any]) -> bool:
        now, issued, ends = self.clock.now().timestamp(), claims.get("iat"), claims.get("exp")
        if not (isinstance(issued, int) and isinstance(ends, int)):
            return False
        fresh = issued <= now + _SKEW.total_seconds()
        ends_soon = now < ends <= now + (_LONGEST_JWT + _SKEW).total_seconds()
        return fresh and ends_soon and str(claims.get("iss")) == str(self.id)
