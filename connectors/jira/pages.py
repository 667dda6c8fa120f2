"""The pages of one project's changed issues, sought so that none slips through."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

from connectors.jira.client import MOST_RESTARTS, Found, JiraClient, Shifted, never_still
from connectors.jira.cursor import Mark, Walk
from connectors.jira.jql import changed_since
from connectors.jira.mapping.faults import Unmappable
from connectors.jira.mapping.site import Site
from connectors.jira.mapping.times import epoch_ms, instant
from syncer.clock import Clock
from syncer.connect.paging import TokenChain
from syncer.domain.ref import ContainerKey
from syncer.errors import Rejected, TooLong

_HORIZON: Final = timedelta(minutes=1)
_SHRINKS: Final = 4

RawPage = tuple[tuple[Any, ...], Mark]
"""The raw issues of a page, and the mark to save with it."""


@dataclass(slots=True, kw_only=True)
class Pager:
    """Reads one project from where its walk stands.

    A page begins at the instant at which the one before ended: what came there unchanged is left
    out. Issues too long to come together are asked for in smaller and smaller pages.
    """

    client: JiraClient
    container: ContainerKey
    walk: Walk
    site: Site
    fields: Sequence[str]
    size: int
    clock: Clock
    _resumed: bool = field(init=False)
    _shifts: int = 0

    async def pages(self) -> AsyncIterator[RawPage]:
        """All pages up to the end; `Rejected` if the project is gone or closed."""
        self._resumed = self.walk.position.token is not None
        before: frozenset[tuple[str, str]] = frozenset()
        label = f"search of {self.container}"
        chain = TokenChain(label=label)
        while True:
            found = await self._next()
            if found is None:
                continue
            updated = self._times(found.issues)
            if self.walk.was_ignored(updated):
                continue
            if self.walk.position.token is None:
                chain = TokenChain(label=label)
            token = chain.take(found.token, empty=not found.issues)
            mark = self.walk.take(updated, token=token, horizon_ms=self._horizon(found.date))
            yield tuple(one for one in found.issues if _version(one) not in before), mark
            before = frozenset(version for one in found.issues if (version := _version(one)))
            if mark.position is None:
                return

    async def _next(self) -> Found | None:
        """The page at the walk's place; None where it has to be asked for in another way."""
        try:
            found = await self.client.search(
                changed_since(self.container.key, self.walk.position.from_ms),
                fields=self.fields,
                size=self.size,
                token=self.walk.position.token,
                expand="changelog",
            )
        except TooLong:
            if self.size == 1:
                raise
            self.size = max(1, self.size // _SHRINKS)
            return None
        except Shifted:
            self._seek_again()
            return None
        except Rejected as refused:
            if not self._resumed or refused.status != HTTPStatus.BAD_REQUEST:
                raise
            self._resumed = False
            self.walk.token_was_refused()
            return None
        self._resumed = False
        return found

    def _seek_again(self) -> None:
        self._shifts += 1
        if self._shifts > MOST_RESTARTS:
            raise never_still(f"search of {self.container}")
        self.walk.token_was_refused()

    def _horizon(self, date: str) -> int:
        """The tracker's present in epoch milliseconds; ours where it does not tell."""
        return epoch_ms((http_date(date) or self.clock.now()) + _HORIZON)

    def _times(self, issues: Iterable[Any]) -> list[int]:
        """The times of change that can be read, as finely as this Jira compares them."""
        told = (one["fields"].get("updated") for one in issues if _has_fields(one))
        found = (instant_or_none(value, self.site) for value in told)
        step = self.client.instant_ms
        return [epoch_ms(at) // step * step for at in found if at is not None]


def _version(raw: object) -> tuple[str, str] | None:
    """Which state of which issue this is, None where it does not tell."""
    if not isinstance(raw, dict) or not _has_fields(raw):
        return None
    id_, updated = raw.get("id"), raw["fields"].get("updated")
    return (id_, updated) if isinstance(id_, str) and isinstance(updated, str) else None


def _has_fields(raw: object) -> bool:
    return isinstance(raw, dict) and isinstance(raw.get("fields"), dict)


def instant_or_none(value: object, site: Site) -> datetime | None:
    """The instant, None where there is none that can be read."""
    if not isinstance(value, str):
        return None
    try:
        return instant(value, site.zone)
    except Unmappable:
        return None


def http_date(text: str) -> datetime | None:
    """The instant of a `Date` header, None where it is none."""
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, IndexError):
        return None
    return at if at.tzinfo else None
