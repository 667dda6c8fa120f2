"""What the probes of several connectors find out alike: pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from syncer.connect.protocol import Finding

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def unencrypted(url: str, *, key: str = "url", what: str = "token") -> Iterator[Finding]:
    """That a secret travels unencrypted, where the address under a key of the table says so."""
    parts = urlsplit(url)
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        yield Finding(
            message=f"The {what} travels unencrypted: `{key}` begins with http://.",
            fix=f"Use https:// in `{key}`.",
        )
