"""The pages of one project's changed issues, sought so that none slips through.

Redmine pages by offset. An issue that changes meanwhile moves to the end of the list, and the next
page would begin one too late. So a page begins at the time at which the one before ended; and
within one second, where only an offset leads on, at the last issue of the one before, which must
still be there: if not, the second is read again from its begin.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from connectors.redmine.client import Found, RedmineClient, number_of
from connectors.redmine.mapping.times import instant, wire_time
from syncer.clock import Clock
from syncer.connect.fresh import FreshRows, RawPage
from syncer.connect.paging import TokenChain
from syncer.connect.walk import Position, Walk
from syncer.errors import BadPayload

_MOST_BEGINNINGS: Final = 1000


@dataclass(slots=True, kw_only=True)
class Pager:
    """Reads one project from where its walk stands; `project` is its number."""

    client: RedmineClient
    project: int
    walk: Walk
    size: int
    clock: Clock
    _begun_again: int = 0
    _rows: FreshRows = field(init=False)

    def __post_init__(self) -> None:
        self._rows = FreshRows(self.walk, self.clock, changed=_changed, version=_version)

    async def pages(self) -> AsyncIterator[RawPage]:
        """All pages up to the end, in order."""
        label = f"issues of project {self.project}"
        chain = TokenChain(label=label)
        while True:
            asked_at = self.clock.now()
            place = _Place.of(self.walk.position)
            found = await self._page(place)
            if place.slipped(found):
                self._begin_again()
                continue
            if self._rows.were_ignored(found.rows):
                continue
            if self.walk.position.token is None:
                chain = TokenChain(label=label)
            token = chain.take(place.following(found), empty=not found.rows)
            yield self._taken(found, token, asked_at)
            if self.walk.mark.position is None:
                return

    async def _page(self, place: _Place) -> Found:
        params = {
            "project_id": str(self.project),
            "subproject_id": "!*",
            "sort": "updated_on,id",
            "limit": str(self.size),
            "offset": str(place.offset),
        }
        since = self.walk.position.from_ms
        bound = {} if since is None else {"updated_on": f">={wire_time(since)}"}
        return await self.client.issues(params | bound)

    def _begin_again(self) -> None:
        self._begun_again += 1
        if self._begun_again > _MOST_BEGINNINGS:
            raise BadPayload(f"The list of issues of project {self.project} never stands still.")
        self.walk.token_was_refused()

    def _taken(self, found: Found, token: str | None, asked_at: datetime) -> RawPage:
        return self._rows.take(found.rows, token=token, date=found.date, asked_at=asked_at)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a page begins: at an offset, at which an issue is expected that is known already."""

    offset: int = 0
    number: int = 0

    @classmethod
    def of(cls, position: Position) -> _Place:
        offset, _, number = (position.token or "").partition(":")
        if not (offset.isdecimal() and number.isdecimal()):
            return cls()
        return cls(int(offset), int(number))

    def slipped(self, found: Found) -> bool:
        """Whether the issue that was expected stands elsewhere by now."""
        return bool(self.number) and (not found.rows or number_of(found.rows[0]) != self.number)

    def following(self, found: Found) -> str | None:
        """The token of the next page, which begins with the last issue of this one."""
        end = self.offset + len(found.rows)
        if not found.rows or end >= found.total:
            return None
        return f"{end - 1}:{number_of(found.rows[-1])}"


def _changed(row: Any) -> datetime:  # noqa: ANN401  as sent
    return instant(_updated(row))


def _updated(row: Any) -> str:  # noqa: ANN401  as sent
    told = row.get("updated_on") if isinstance(row, dict) else None
    return told if isinstance(told, str) else ""


def _version(row: Any) -> tuple[int, str] | None:  # noqa: ANN401  as sent
    """Which state of which issue this is, None where it does not tell."""
    number, updated = number_of(row), _updated(row)
    return (number, updated) if number and updated else None
