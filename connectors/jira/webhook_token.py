"""The JSON Web Tokens of webhooks that an OAuth app registered with Jira Cloud. Pure.

One algorithm, HS256 with the app's client secret (RFC 7515, 7519): what a token says of its own
algorithm or key is compared with that and never followed (RFC 8725, 3.1), so that neither `none`
nor a public key used as a secret gets through (attacks.md A15). The token does not cover the body.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import SecretStr
from pydantic_core import from_json

from syncer.connect.signing import hmac_sha256, same

LEEWAY: Final = 60.0
"""Seconds by which the two clocks may differ."""

LONGEST: Final = 366 * 86_400.0
"""Seconds that a token may yet hold: what claims more was not written in seconds."""

_FORM: Final = re.compile(r"([A-Za-z0-9_-]{1,2000})\.([A-Za-z0-9_-]{1,6000})\.([A-Za-z0-9_-]{43})")
_ALGORITHM: Final = "HS256"
_END_OF_CALENDAR: Final = 253_402_300_800
"""Seconds from 1970 to the year 10000."""


def token_is_right(token: str, secrets: Sequence[SecretStr], *, now: datetime | None) -> bool:
    """Whether one of the secrets signed the token and it holds until after `now`.

    It must say when it expires. `now` None, from a caller who knows no present, leaves that
    instant unchecked: as the body is a hint only and its hash makes it count once, an old token
    then buys nothing but a fetch. Never raises.
    """
    parts = _FORM.fullmatch(token)
    if parts is None:
        return False
    content, signature = token.rpartition(".")[0].encode(), _decoded(parts[3])
    genuine = [same(hmac_sha256(secret, content), signature) for secret in secrets]
    if not any(genuine):
        return False
    header, claims = _object(parts[1]), _object(parts[2])
    return header.get("alg") == _ALGORITHM and "crit" not in header and _holds(claims, now)


def _holds(claims: dict[str, Any], now: datetime | None) -> bool:
    expires, begins = _seconds(claims.get("exp")), _seconds(claims.get("nbf", 0))
    if expires is None or begins is None:
        return False
    if now is None:
        return True
    present = now.timestamp()
    return begins - LEEWAY <= present < expires + LEEWAY <= present + LEEWAY + LONGEST


def _seconds(value: object) -> float | None:
    """An instant in seconds since 1970; None for what no calendar holds (attacks.md A12)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if 0 <= value < _END_OF_CALENDAR else None


def _object(part: str) -> dict[str, Any]:
    try:
        value = from_json(_decoded(part), allow_inf_nan=False)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _decoded(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        return b""
