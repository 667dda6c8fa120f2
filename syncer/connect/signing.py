"""Is a webhook's signature right? Pure, and the only place that compares one.

All comparisons are of bytes and take the same time whatever differs (attacks.md A2, A3, A18).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from typing import Final

from pydantic import SecretStr

_SHA256_HEX: Final = 64


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


def _any(answers: Iterable[bool]) -> bool:
    """Whether one is true, all of them asked."""
    return sum(answers) > 0


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
