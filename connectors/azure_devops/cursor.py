"""How far the feeds of an organisation have been read: pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import orjson

from syncer.domain.cursor import Cursor
from syncer.errors import CursorExpired

_VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a cursor holds: Azure DevOps' own continuation tokens, which order what happened.

    `revisions` and `links` lead on in the two feeds. Where no token of links is known yet they are
    read from the instant `links_from`. `whole`: the revisions have been read to the end once.
    """

    revisions: str | None = None
    links: str | None = None
    links_from: str | None = None
    whole: bool = False

    def cursor(self) -> Cursor:
        """The mark as an opaque text."""
        return Cursor(orjson.dumps({"v": _VERSION, **asdict(self)}).decode())

    @classmethod
    def of(cls, cursor: Cursor | None) -> Mark:
        """The mark of a saved cursor; `CursorExpired` if it is none of ours."""
        if cursor is None:
            return cls()
        try:
            return _read(orjson.loads(cursor.value))
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise CursorExpired("The saved cursor of this container cannot be read.") from None


def _read(content: dict[str, Any]) -> Mark:
    if content["v"] != _VERSION or not isinstance(content["whole"], bool):
        raise KeyError("v")
    return Mark(
        revisions=_text(content["revisions"]),
        links=_text(content["links"]),
        links_from=_text(content["links_from"]),
        whole=content["whole"],
    )


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise TypeError
