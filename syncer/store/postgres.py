"""Engines on a PostgreSQL server, through asyncpg.

Nothing waits for ever: a statement, a lock and an idle transaction have their limits on the server,
and where the server does not even answer (a connection that died without a word), the driver gives
up by itself. Sources: PostgreSQL manual, "Client Connection Defaults" and "Connection Settings".
"""

from __future__ import annotations

from math import inf
from time import monotonic
from typing import Any, Final

import orjson
from sqlalchemy import URL, NullPool, event
from sqlalchemy.engine import Engine, ExceptionContext
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from syncer.errors import ConfigError
from syncer.store import failures
from syncer.store.types import to_json_text
from syncer.store.urls import driver_arguments

LOCK_SECONDS: Final = 5
"""How long a statement waits for what another transaction has locked."""

STATEMENT_SECONDS: Final = 12
"""How long one statement may run."""

SILENCE_SECONDS: Final = 15.0
"""After what time without an answer a connection is taken for dead."""

IDLE_SECONDS: Final = 30
"""How long a transaction may do nothing, as in a process that was stopped, and keep its locks."""

CONNECT_SECONDS: Final = 5
"""How long connecting may take."""

REST_SECONDS: Final = 1.0
"""After what time unused a connection is asked whether it still stands."""

_LEFT_AT: Final = "left at"
_POOL_SIZE: Final = 8
_OVERFLOW: Final = 8
_POOL_SECONDS: Final = 60
_RECYCLE_SECONDS: Final = 1800
_KEEPALIVE: Final = {  # the server's side of the connection, so that a dead client's locks end
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "3",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": f"{SILENCE_SECONDS:.0f}s",
}
_LIMITS: Final = {
    "statement_timeout": f"{STATEMENT_SECONDS}s",
    "lock_timeout": f"{LOCK_SECONDS}s",
    "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
}


def engine(url: URL, *, silence: float = SILENCE_SECONDS) -> AsyncEngine:
    """The engine of write transactions, which see what others have committed."""
    made = _engine(
        url,
        settings=_KEEPALIVE | _LIMITS,
        command_timeout=silence,
        pool_size=_POOL_SIZE,
        max_overflow=_OVERFLOW,
        pool_timeout=_POOL_SECONDS,
        pool_recycle=_RECYCLE_SECONDS,
        pool_use_lifo=True,
    )
    event.listen(made.sync_engine, "handle_error", _give_up_silent)
    _ping_rested(made.sync_engine)
    return made


def reading(writing: AsyncEngine) -> AsyncEngine:
    """The same connections for transactions that see one state throughout and write nothing."""
    return writing.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def alone(writing: AsyncEngine) -> AsyncEngine:
    """The same connections for statements that are transactions of their own."""
    return writing.execution_options(isolation_level="AUTOCOMMIT")


def unhurried(url: URL) -> AsyncEngine:
    """The engine of what may take long, each time with a connection of its own."""
    return _engine(url, settings=_KEEPALIVE, command_timeout=None, poolclass=NullPool)


def _engine(
    url: URL,
    *,
    settings: dict[str, str],
    command_timeout: float | None,
    **pool: Any,  # noqa: ANN401  settings of the pool
) -> AsyncEngine:
    address, arguments = driver_arguments(url)
    arguments["server_settings"] |= settings
    try:
        return create_async_engine(
            address,
            json_serializer=to_json_text,
            json_deserializer=orjson.loads,
            isolation_level="READ COMMITTED",
            connect_args={
                **arguments,
                "timeout": CONNECT_SECONDS,
                "command_timeout": command_timeout,
            },
            **pool,
        )
    except ModuleNotFoundError:
        raise ConfigError(
            "The driver for PostgreSQL is not installed.",
            fix="Install program-syncer[postgres].",
        ) from None


def _ping_rested(engine: Engine) -> None:
    """Ask a connection that has rested whether it still stands, before somebody relies on it.

    SQLAlchemy's own `pool_pre_ping` asks each time, by three errands to the server: as many as a
    transaction of one statement has. What has just answered is believed. Where it is lost all the
    same, the error makes the pool forget it and all that are as old.
    """
    dialect = engine.dialect

    def left(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info[_LEFT_AT] = monotonic()

    def wanted(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:  # noqa: ANN401  SQLAlchemy's own
        if monotonic() - record.info.get(_LEFT_AT, inf) < REST_SECONDS:
            return
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error

    event.listen(engine, "checkin", left)
    event.listen(engine, "checkout", wanted)


def _give_up_silent(context: ExceptionContext) -> None:
    """A connection on which no answer came is not used again, not even to undo what it began."""
    if isinstance(context.original_exception, TimeoutError):
        context.is_disconnect = True
        raise failures.slow() from context.original_exception
