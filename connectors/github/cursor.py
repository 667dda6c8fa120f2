"""How far a repository has been read: the walk, and what milestones looked like on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import orjson

from connectors.github.mapping.milestones import UNKNOWN_MILESTONES, Milestones
from syncer.connect.walk import Mark
from syncer.domain.cursor import Cursor
from syncer.errors import CursorExpired

_VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a cursor holds."""

    mark: Mark = Mark()  # noqa: RUF009  a frozen value
    milestones: Milestones = UNKNOWN_MILESTONES

    def cursor(self) -> Cursor:
        """The place as an opaque text."""
        walk = orjson.loads(self.mark.cursor().value)
        content = {"v": _VERSION, "walk": walk, "milestones": self.milestones.saved()}
        return Cursor(orjson.dumps(content).decode())

    @classmethod
    def of(cls, cursor: Cursor | None) -> Place:
        """The place of a saved cursor; `CursorExpired` if it is none of ours."""
        if cursor is None:
            return cls()
        try:
            return _read(orjson.loads(cursor.value))
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            raise CursorExpired("The saved cursor of this repository cannot be read.") from None


def _read(content: dict[str, Any]) -> Place:
    if content["v"] != _VERSION:
        raise KeyError("v")
    mark = Mark.of(Cursor(orjson.dumps(content["walk"]).decode()))
    return Place(mark=mark, milestones=Milestones.of_saved(content["milestones"]))
