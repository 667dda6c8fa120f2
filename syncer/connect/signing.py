"""Is a webhook's signature right? Pure, and the only place that compares one.

All comparisons are of bytes and take the same time whatever differs (attacks.md A2, A3, A18).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from pydantic import SecretStr

STANDARD: Final = "whsec_"
"""How the secrets of Standard Webhooks begin; the rest is the key in Base64."""

TOLERANCE: Final = 300
"""Seconds by which the time of a Standard Webhook may be off (spec/trackers.md 3)."""

_LEAST_KEY: Final = 24
_SHA256_HEX: Final = 64
_LONGEST_STAMP: Final = 12
_MOST_SIGNATURES: Final = 16


def same(one: str | bytes, other: str | bytes) -> bool:
    """Whether two texts are equal, compared as bytes in constant time; never raises."""
    return hmac.compare_digest(_bytes(one), _bytes(other))


def hmac_sha256(secret: SecretStr, content: bytes) -> bytes:
    """HMAC-SHA256 of the content under a secret (UTF-8); `ValueError` for an empty secret."""
    key = secret.get_secret_value().encode()
    if not key:
        raise ValueError("an empty secret signs nothing")
    return hmac.digest(key, content, hashlib.sha256)


def signed_hex(
    header: str, content: bytes, secrets: Sequence[SecretStr], *, prefix: str = "sha256="
) -> bool:
    """Whether a header such as `sha256=<hex>` signs the raw content under one of the secrets.

    Hexadecimal digits count in either case; anything else about the form must be exact. Every
    secret is tried, so the time does not tell which one fits. Without secrets nothing is signed.
    """
    told = header.removeprefix(prefix)
    well_formed = header.startswith(prefix) and len(told) == _SHA256_HEX
    expected = [hmac_sha256(secret, content).hex() for secret in secrets]
    return _any(same(told.lower(), one) for one in expected) and well_formed


def signed_standard(
    headers: Mapping[str, str],
    content: bytes,
    secrets: Sequence[SecretStr],
    *,
    now: datetime | None,
) -> bool:
    """Whether a delivery is signed as Standard Webhooks are, and was sent about now.

    `headers` (names in lower case) hold `webhook-id`, `webhook-timestamp` in epoch seconds and
    `webhook-signature`: `v1,<Base64>` of HMAC-SHA256 over `id.timestamp.content`, several of them
    after one another while a key is being changed. Only secrets of the form `whsec_<Base64>` count.
    `now` None, from a caller who knows no present, leaves the time unchecked.

    Source: github.com/standard-webhooks/standard-webhooks, the specification.
    """
    id_, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    told = headers.get("webhook-signature", "").split(" ")[:_MOST_SIGNATURES]
    signed = b".".join((_bytes(id_), _bytes(stamp), content))
    expected = [
        "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        for key in map(_standard_key, secrets)
        if key
    ]
    genuine = _any(same(one, other) for one in told for other in expected)
    return genuine and bool(id_) and _is_present(stamp, now)


def standard_fault(secret: SecretStr) -> str:
    """Why no Standard Webhook can be signed with a secret; empty for a good one.

    The specification wants keys of 24 to 64 bytes; a longer one does no harm.
    """
    key = _standard_key(secret)
    if not key:
        return f"it does not have the form {STANDARD}<Base64>"
    return "" if len(key) >= _LEAST_KEY else f"its key has fewer than {_LEAST_KEY} bytes"


def _standard_key(secret: SecretStr) -> bytes:
    """The key of a Standard Webhook's secret, empty for a secret of another form."""
    text = secret.get_secret_value()
    try:
        encoded = text.removeprefix(STANDARD).encode("ascii")
        return base64.b64decode(encoded, validate=True) if text.startswith(STANDARD) else b""
    except (binascii.Error, ValueError):
        return b""


def _is_present(stamp: str, now: datetime | None) -> bool:
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= _LONGEST_STAMP):
        return False
    return now is None or abs(now.timestamp() - int(stamp)) <= TOLERANCE


def _any(answers: Iterable[bool]) -> bool:
    """Whether one is true, all of them asked."""
    return sum(answers) > 0


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
