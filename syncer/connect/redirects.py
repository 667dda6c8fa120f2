"""Where a tracker may send us on to: never to another host, and so never with the token. Pure."""

from __future__ import annotations

from typing import Final

from syncer.connect.origin import Origin
from syncer.errors import AuthFailed, ConfigError, Rejected

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
KEEPS_METHOD: Final = frozenset({307, 308})
"""Redirects after which the same method is used again; after the others it is GET."""

_LOGINS: Final = ("login", "signin", "sso", "auth")


def next_stop(origin: Origin, location: str, *, seen_from: str) -> str:
    """The address behind a `Location` on the same origin.

    `AuthFailed` where another host wants a login, `ConfigError` for any other host.
    """
    try:
        return origin.same(location, seen_from=seen_from)
    except Rejected as elsewhere:
        if any(word in location.lower() for word in _LOGINS):
            raise AuthFailed(
                f"{origin.host} sends us to a login on another host: login needed.",
                fix="Check the credentials of this connection.",
            ) from None
        raise ConfigError(elsewhere.message, fix=elsewhere.fix) from None
