"""The HTTP session that all connectors of a process share."""

from __future__ import annotations

import ssl
from pathlib import Path

import aiohttp

from syncer.errors import ConfigError


def client_session(
    *, proxy: str | None = None, ca_file: Path | None = None
) -> aiohttp.ClientSession:
    """A session through a proxy, trusting the system's certificates and those of `ca_file` (PEM).

    It keeps no cookies: a tracker's session must not outlive or override the configured account.
    `ConfigError` where the file cannot be used.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=trust(ca_file)),
        cookie_jar=aiohttp.DummyCookieJar(),
        proxy=proxy,
    )


def trust(ca_file: Path | None) -> ssl.SSLContext:
    """The system's certificates and those of `ca_file`; `ConfigError` where it cannot be used."""
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:  # ssl.SSLError is one
            raise ConfigError(
                f"The certificates of {ca_file.name!r} cannot be used ({error.strerror}).",
                fix="Check `ca_file`: it must be a readable file of PEM certificates.",
            ) from None
    return context
