"""The pages of one repository's changed issues, sought so that none slips through."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from connectors.github.ahead import read_ahead
from connectors.github.client import Found, GitHubClient
from connectors.github.mapping.item import raw_id
from syncer.clock import Clock
from syncer.connect.fresh import FreshRows, RawPage
from syncer.connect.paging import TokenChain
from syncer.connect.times import utc_instant
from syncer.connect.walk import Walk
from syncer.errors import Rejected, TooLong

_SHRINKS: Final = 4
_STALE_LINK: Final = frozenset({400, 404, 422})
"""GitHub refuses pages beyond its limits with 422, and links that it made long ago."""


@dataclass(slots=True, kw_only=True)
class Pager:
    """Reads one repository from where its walk stands.

    A page begins at the second in which the one before ended: what came there unchanged is left
    out. Issues too long to come together are asked for in smaller and smaller pages. Where there
    are many pages, several are read at once.
    """

    client: GitHubClient
    repository: str
    walk: Walk
    size: int
    clock: Clock
    _resumed: bool = False
    _rows: FreshRows = field(init=False)

    def __post_init__(self) -> None:
        self._rows = FreshRows(self.walk, self.clock, changed=_changed, version=_version)

    async def batches(self) -> AsyncIterator[list[RawPage]]:
        """All pages up to the end, in order, as many together as were read at once."""
        label = f"issues of {self.repository}"
        chain = TokenChain(label=label)
        self._resumed = self.walk.position.token is not None
        while True:
            asked_at = self.clock.now()
            found = await self._next()
            if found is None or self._rows.were_ignored(found.rows):
                continue
            sought = self.walk.position.token is None
            if sought:
                chain = TokenChain(label=label)
            token = chain.take(found.next, empty=not found.rows)
            yield [self._taken(found, token, asked_at)]
            if sought and token is not None:
                asked_at = self.clock.now()
                ahead = await read_ahead(self.client, found)
                yield [self._taken(one, one.next, asked_at) for one in ahead]
            if self.walk.mark.position is None:
                return

    async def _next(self) -> Found | None:
        """The page at the walk's place; None where it has to be asked for in another way."""
        try:
            found = await self._asked()
        except TooLong:
            if self.size == 1:
                raise
            self.size = max(1, self.size // _SHRINKS)
            self.walk.token_was_refused()  # its link asks for pages of the old size
            return None
        except Rejected as refused:
            if not self._resumed or refused.status not in _STALE_LINK:
                raise
            self._resumed = False
            self.walk.token_was_refused()
            return None
        self._resumed = False
        return found

    async def _asked(self) -> Found:
        position = self.walk.position
        if position.token is not None:
            return await self.client.more_issues(position.token)
        return await self.client.issues(self.repository, since=position.from_ms, size=self.size)

    def _taken(self, found: Found, token: str | None, asked_at: datetime) -> RawPage:
        return self._rows.take(found.rows, token=token, date=found.date, asked_at=asked_at)


def _changed(row: Any) -> datetime | None:  # noqa: ANN401  as sent
    told = row.get("updated_at") if isinstance(row, dict) else None
    return utc_instant(told) if isinstance(told, str) else None


def _version(raw: object) -> tuple[str, str] | None:
    """Which state of which issue this is, None where it does not tell."""
    if not isinstance(raw, dict):
        return None
    id_, updated = raw_id(raw), raw.get("updated_at")
    return (id_, updated) if id_ and isinstance(updated, str) else None
