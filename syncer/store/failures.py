"""What a database says when something goes wrong, in words for people.

Codes: PostgreSQL manual, appendix "PostgreSQL Error Codes".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from syncer.errors import Busy, ConfigError, SyncerError, Unreachable

_LATER: Final = "Try again once the other process has finished writing."


def locked() -> Busy:
    """Another process keeps what is to be written."""
    return Busy("The database is locked by another process.", fix=_LATER)


def crossed() -> Busy:
    """The transaction was undone in favour of another one."""
    return Busy("Two processes wrote the same rows at once, so one was undone.", fix="Try again.")


def full() -> SyncerError:
    """The disk of the database is full."""
    return SyncerError("The disk is full: nothing was written.", fix="Make room; nothing is lost.")


def exhausted() -> Busy:
    """All connections of this process are in use."""
    return Busy("All connections to the database are in use.", fix="Try again in a moment.")


def crowded() -> Busy:
    """The server takes no more connections."""
    return Busy(
        "The database takes no more connections.",
        fix="Run fewer replicas, or raise max_connections of PostgreSQL.",
    )


def gone() -> Unreachable:
    """The connection was lost, or the server went down."""
    return Unreachable(
        "The connection to the database was lost.",
        fix="Wait until it answers again; what was not confirmed is done again.",
    )


def slow() -> Unreachable:
    """A statement was given up."""
    return Unreachable(
        "The database took too long to answer.", fix="See what else it does, and try again."
    )


def _read_only() -> Unreachable:
    return Unreachable(
        "The database takes no writes.", fix="Is it a standby? Name the primary in database_url."
    )


def _forbidden() -> ConfigError:
    return ConfigError(
        "The database user may not do that.", fix="Make it the owner of the database."
    )


def _without_tables() -> ConfigError:
    return ConfigError("The database lacks tables.", fix="Run `syncer db upgrade`.")


_BY_CODE: Final[Mapping[str, Callable[[], SyncerError]]] = {
    "25006": _read_only,
    "25P03": gone,
    "40001": crossed,
    "40P01": crossed,
    "42501": _forbidden,
    "42P01": _without_tables,
    "53100": full,
    "53300": crowded,
    "55P03": locked,
    "57014": slow,
    "57P01": gone,
    "57P02": gone,
    "57P03": gone,
    "57P05": gone,
}
_CONNECTION_CLASS: Final = "08"


def in_words(error: Exception) -> SyncerError | None:
    """The error of a statement as one that a person can understand; None for a fault of ours."""
    if isinstance(error, PoolTimeout):
        return exhausted()
    if not isinstance(error, DBAPIError):
        return None
    code: str = getattr(error.orig, "sqlstate", None) or ""
    if code in _BY_CODE:
        return _BY_CODE[code]()
    if error.connection_invalidated or code.startswith(_CONNECTION_CLASS):
        return gone()
    return _of_sqlite(error)


def _of_sqlite(error: DBAPIError) -> SyncerError | None:
    reason = str(error.orig)
    if not isinstance(error, OperationalError):
        return None
    if "locked" in reason:
        return locked()
    return full() if "full" in reason else None


def opening(error: Exception, url: URL) -> SyncerError:
    """Why the database cannot be opened, and what to do about it. Shows no password."""
    code: str | None = getattr(getattr(error, "orig", None), "sqlstate", None)
    place = url.set(query={}).render_as_string(hide_password=True)  # a query may hold another one
    if code == "3D000":
        return ConfigError(
            f"There is no database {url.database!r} at {place}.",
            fix=f"Create it: createdb {url.database}",
        )
    if code in {"28000", "28P01"}:
        return ConfigError(
            f"{place} refuses the user {url.username!r} or its password.",
            fix="Check user, password and sslmode in database_url, and pg_hba.conf.",
        )
    known = in_words(error)
    if isinstance(known, Busy | Unreachable):
        return known
    return _unopened(error, url, place)


def _unopened(error: Exception, url: URL, place: str) -> SyncerError:
    reason = error.orig if isinstance(error, DBAPIError) else error
    if url.get_backend_name() == "sqlite":
        return ConfigError(f"The database {place} cannot be opened: {reason}.", fix=_CHECK_FILE)
    if isinstance(error, TimeoutError):
        return Unreachable(f"The database {place} does not answer.", fix=_CHECK_SERVER)
    if isinstance(error, OSError) and not _of_certificates(error):
        return Unreachable(f"The database {place} cannot be reached: {reason}.", fix=_CHECK_SERVER)
    return ConfigError(f"The database {place} cannot be opened: {reason}.", fix=_CHECK_URL)


def _of_certificates(error: OSError) -> bool:
    return isinstance(error, FileNotFoundError | PermissionError) or "SSL" in str(error)


_CHECK_SERVER: Final = "Start the server, or correct host and port in database_url."
_CHECK_FILE: Final = "Check database_url, the folder and who may write there."
_CHECK_URL: Final = "Check database_url, sslmode and the certificates that it names."
