"""What was seen of each row, kept in the cursor: a sheet does not say when a cell changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

from syncer.domain.cursor import Cursor
from syncer.errors import CursorExpired

_VERSION: Final = 1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One row as it was seen last: a digest of its cells, and since when it says so (UTC).

    `status` and `due` are the texts of what a change is told from: the category and the ISO day.
    """

    digest: str
    first_at: datetime
    updated_at: datetime
    status: str = ""
    due: str = ""
    started_at: datetime | None = None
    done_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """The whole sheet as it was read last: digests of the file and of the rules, the rows by id.

    Without `file_digest` it was read in part only.
    """

    file_digest: str = ""
    rules_digest: str = ""
    rows: Mapping[str, Seen] = field(default_factory=dict)

    def cursor(self) -> Cursor:
        """The memory as an opaque text."""
        rows = {id_: _saved(seen) for id_, seen in self.rows.items()}
        content = {
            "v": _VERSION,
            "file": self.file_digest,
            "rules": self.rules_digest,
            "rows": rows,
        }
        return Cursor(orjson.dumps(content).decode())

    @classmethod
    def of(cls, cursor: Cursor | None) -> Memory:
        """The memory in a saved cursor; `CursorExpired` if it is none of this connector's."""
        if cursor is None:
            return cls()
        try:
            content = orjson.loads(cursor.value)
            return _memory(content)
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
            raise CursorExpired("The saved cursor of this sheet cannot be read.") from None


def _memory(content: dict[str, Any]) -> Memory:
    if content["v"] != _VERSION:
        raise KeyError("v")
    return Memory(
        file_digest=str(content["file"]),
        rules_digest=str(content["rules"]),
        rows={str(id_): _read(saved) for id_, saved in content["rows"].items()},
    )


def _saved(seen: Seen) -> list[Any]:
    times = (seen.first_at, seen.updated_at, seen.started_at, seen.done_at)
    return [seen.digest, seen.status, seen.due, *(None if t is None else _ms(t) for t in times)]


def _read(saved: list[Any]) -> Seen:
    digest, status, due, first, updated, started, done = saved
    return Seen(
        digest=digest,
        status=status,
        due=due,
        first_at=_at(first),
        updated_at=_at(updated),
        started_at=None if started is None else _at(started),
        done_at=None if done is None else _at(done),
    )


def _ms(at: datetime) -> int:
    return (at - _EPOCH) // _MS


def _at(ms: int) -> datetime:
    return _EPOCH + ms * _MS
