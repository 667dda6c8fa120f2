"""Addresses of databases: what may be written in `database_url`, and what the drivers are given."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from sqlalchemy import URL
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from syncer.errors import ConfigError

SSL_MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
"""The modes of `sslmode` (PostgreSQL manual, "SSL Support"); asyncpg knows them all."""

_POSTGRES: Final = frozenset({"postgres", "postgresql", "postgresql+asyncpg"})
_SQLITE: Final = frozenset({"sqlite", "sqlite+aiosqlite"})
_PLACES: Final = frozenset({"host", "port"})
_SSL_FILES: Final = frozenset({"sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl"})
_OTHERS: Final = frozenset({"ssl", "application_name", "target_session_attrs"})
_WITHOUT_EFFECT: Final = frozenset({"gssencmode", "connect_timeout"})
_SYSTEM: Final = "system"


def normalise_url(url: str, *, folder: Path = Path()) -> URL:
    """The database URL with the driver that syncer uses.

    A relative SQLite path is taken from `folder`. `sslmode` of a PostgreSQL URL becomes the
    driver's `ssl`. `ConfigError` for other databases, for SQLite in memory, which two engines
    cannot share, and for a parameter that would be passed over in silence.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise ConfigError(
            "The database URL cannot be read.", fix="Write sqlite:///syncer.db, or postgresql://…"
        ) from None
    if parsed.drivername in _SQLITE:
        return _sqlite(parsed, folder)
    if parsed.drivername in _POSTGRES:
        return _postgres(parsed)
    raise ConfigError(
        f"Databases of the kind {parsed.drivername!r} are not supported.",
        fix="Use sqlite:///… or postgresql://…",
    )


def _sqlite(url: URL, folder: Path) -> URL:
    if not url.database or url.database == ":memory:":
        raise ConfigError(
            "A SQLite database needs a file.", fix="Write database_url = sqlite:///syncer.db"
        )
    return url.set(drivername="sqlite+aiosqlite", database=str(folder / url.database))


def _postgres(url: URL) -> URL:
    query: dict[str, Any] = {k: v for k, v in url.query.items() if k not in _WITHOUT_EFFECT}
    mode = query.pop("sslmode", None)
    if mode is not None:
        query["ssl"] = mode
    _refuse_unknown(query)
    return url.set(drivername="postgresql+asyncpg", query=query)


def _refuse_unknown(query: Mapping[str, Any]) -> None:
    known = _PLACES | _SSL_FILES | _OTHERS
    for name in query:
        if name not in known:
            raise ConfigError(
                f"The database URL holds the parameter {name!r}, which syncer does not know.",
                fix=f"Leave it out. Known are sslmode, {', '.join(sorted(known - {'ssl'}))}.",
            )
    mode = query.get("ssl", "prefer")
    if mode not in SSL_MODES:
        raise ConfigError(
            f"The database URL holds the sslmode {mode!r}, which there is not.",
            fix=f"Use one of {', '.join(SSL_MODES)}.",
        )


def driver_arguments(url: URL) -> tuple[URL, dict[str, Any]]:
    """The URL and the further arguments that asyncpg takes in another form than in a URL."""
    query = dict(url.query)
    files = {name: query.pop(name) for name in _SSL_FILES if name in query}
    arguments: dict[str, Any] = {}
    if files.get("sslrootcert") == _SYSTEM:
        query.pop("ssl", None)
        arguments["ssl"] = ssl.create_default_context()  # checks the host's name too
    elif files:
        arguments["dsn"] = f"postgresql://?{urlencode(_single(files))}"  # the rest comes by name
    settings = {"application_name": query.pop("application_name", "syncer")}
    return url.set(query=query), arguments | {"server_settings": settings}


def _single(values: Mapping[str, str | Sequence[str]]) -> dict[str, str]:
    return {name: one if isinstance(one, str) else one[-1] for name, one in values.items()}
