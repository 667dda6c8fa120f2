"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import DateTime
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from syncer.clock import as_utc


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Refuses naive values, stores UTC, and gives back aware UTC.

    SQLite keeps no zone and both PostgreSQL drivers accept naive values in silence, so the
    refusal must happen here.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The instant in UTC; `ValueError` for a time without a zone."""
        if value is None:
            return None
        instant = as_utc(value)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  SQLAlchemy passes it by position
        """The stored instant, aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class JsonText(str):
    """JSON text that was made already: it goes into a JSON column as it is."""

    __slots__ = ()


def _plain(value: object) -> Any:  # noqa: ANN401  what orjson knows to write
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if hasattr(value, "items"):
        return dict(value.items())
    raise TypeError(f"no JSON for {type(value).__name__}")


def to_json(value: object) -> bytes:
    """JSON of a domain value: dataclasses, enums, dates, sets (sorted) and mappings included.

    `TypeError` for anything else, and for text that is no valid Unicode.
    """
    return orjson.dumps(value, default=_plain)


def to_json_text(value: object) -> str:
    """`to_json` as text, for JSON columns."""
    return to_json(value).decode()
