"""The pages of one container's changed items, sought so that none slips through."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from connectors.gitlab.client import Found
from connectors.gitlab.mapping.times import to_the_second
from connectors.gitlab.source import Box, Source
from syncer.clock import Clock
from syncer.connect.fresh import FreshRows, RawPage
from syncer.connect.paging import TokenChain
from syncer.connect.walk import Walk
from syncer.errors import Rejected, TooLong

_SHRINKS: Final = 2
_STALE: Final = frozenset({400, 404, 405, 422})
"""What GitLab answers to a link or cursor that it made long ago."""


@dataclass(slots=True, kw_only=True)
class Pager:
    """Reads one container from where its walk stands.

    A page begins at the second in which the one before ended: what came there unchanged is left
    out. What is too much for one answer is asked for in smaller and smaller pages.
    """

    source: Source
    box: Box
    walk: Walk
    size: int
    clock: Clock
    _resumed: bool = False
    _rows: FreshRows = field(init=False)

    def __post_init__(self) -> None:
        self._rows = FreshRows(self.walk, self.clock, changed=_changed, version=_version)

    async def pages(self) -> AsyncIterator[RawPage]:
        """All pages up to the end, in order."""
        label = f"items of {self.box.path}"
        chain = TokenChain(label=label)
        self._resumed = self.walk.position.token is not None
        while True:
            asked_at = self.clock.now()
            found = await self._next()
            if found is None or self._rows.were_ignored(found.rows):
                continue
            if self.walk.position.token is None:
                chain = TokenChain(label=label)
            token = chain.take(found.next, empty=not found.rows)
            yield self._taken(found, token, asked_at)
            if self.walk.mark.position is None:
                return

    async def _next(self) -> Found | None:
        """The page at the walk's place; None where it has to be asked for in another way."""
        try:
            found = await self.source.page(self.box, self.walk.position, self.size)
        except TooLong:
            if self.size == 1:
                raise
            self.size = max(1, self.size // _SHRINKS)
            self.walk.token_was_refused()  # a link asks for pages of the old size
            return None
        except Rejected as refused:
            if not self._resumed or refused.status not in _STALE:
                raise
            self._resumed = False
            self.walk.token_was_refused()
            return None
        self._resumed = False
        return found

    def _taken(self, found: Found, token: str | None, asked_at: datetime) -> RawPage:
        return self._rows.take(found.rows, token=token, date=found.date, asked_at=asked_at)


def _changed(row: Any) -> datetime:  # noqa: ANN401  as sent
    return to_the_second(_updated(row))


def _updated(row: Any) -> str:  # noqa: ANN401  as sent
    told = (row.get("updatedAt") or row.get("updated_at")) if isinstance(row, dict) else None
    return told if isinstance(told, str) else ""


def _version(row: Any) -> tuple[str, str] | None:  # noqa: ANN401  as sent
    """Which state of which item this is, None where it does not tell."""
    id_ = row.get("id") if isinstance(row, dict) else None
    updated = _updated(row)
    return (str(id_), updated) if id_ and updated else None
