"""Jira Cloud's way to many issues: a chain of pages of ids, and the issues in bulk beside it.

A search gives 5,000 ids a page where it gives 100 issues, and issues whose ids are known can be
asked for several hundred at a time ("Issue search" and "Bulk fetch issues" of the vendor's OpenAPI
description of "The Jira Cloud platform REST API"). The ids come in their own order, which no change
alters; so nothing slips through while issues change. See docs/decisions/0021.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus
from itertools import pairwise
from typing import Any, Final

from connectors.jira.client import Found, JiraClient, Shifted
from connectors.jira.details import Completed, Details
from connectors.jira.jql import ids_changed_since, is_issue_id
from connectors.jira.mapping.site import Site
from syncer.clock import Clock
from syncer.connect.ahead import Ask, given_up
from syncer.connect.paging import TokenChain
from syncer.errors import Rejected

IDS_A_PAGE: Final = 5000
ISSUES_A_PART: Final = 100

_PLACE: Final = re.compile(r"ids:([0-9]{1,18}):([0-9]{1,18})")


class Disordered(Exception):
    """The ids do not come in their order, or something is no id: a chain cannot be trusted."""


@dataclass(frozen=True, slots=True)
class ChainPlace:
    """How far a chain has been saved: up to the id `after`.

    What changed up to the instant `until_ms`, in epoch milliseconds of the tracker's clock, will
    have been seen whole at its end.
    """

    until_ms: int
    after: int = 0

    def token(self) -> str:
        """The place as a page token."""
        return f"ids:{self.until_ms}:{self.after}"

    @classmethod
    def of(cls, token: str | None) -> ChainPlace | None:
        """The place that a token tells, None for one that leads to a page of a search."""
        parts = _PLACE.fullmatch(token or "")
        return cls(int(parts[1]), int(parts[2])) if parts else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """Some issues of a chain, with their details.

    `failed` are the ids of those that Jira could not give. `asked_at` is by our clock (UTC). `last`
    is the id up to which the chain has come, None at its end.
    """

    completed: Completed
    failed: tuple[str, ...]
    asked_at: datetime
    last: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The issues beyond the id `after` of one project that changed from `from_ms` on.

    `keeps` tells of a raw issue whether it still is the project's: it may have been moved since it
    was found.
    """

    client: JiraClient
    details: Details
    site: Site
    fields: Sequence[str]
    clock: Clock
    project: str
    from_ms: int | None
    after: int
    keeps: Callable[[Any], bool]

    async def asks(self) -> AsyncGenerator[Ask[Bulk]]:
        """The calls for all issues, in the order of their ids; at least one.

        The next page of ids is on its way meanwhile. If its token has expired, the last call raises
        `Shifted`: a chain can be begun anew after any of its ids. `BulkRefused` by a call where
        there is no such call. `Disordered` if the ids cannot be relied on.
        """
        guard = TokenChain(label=f"search for ids of {self.project}")
        page, last = await self._page(None), 0
        while True:
            ids = _checked(page.issues, beyond=last)
            last = ids[-1] if ids else last
            token = guard.take(page.token, empty=not ids)
            following = None if token is None else asyncio.create_task(self._page(token))
            try:
                for some, place in self._parts(ids, is_last=token is None):
                    yield partial(self._bulk, some, place)
                if following is None:
                    return
                page = await following
            except Shifted:
                yield _expired
                return
            finally:
                await given_up(*([] if following is None else [following]))

    def _parts(
        self, ids: Sequence[int], *, is_last: bool
    ) -> Iterator[tuple[Sequence[int], int | None]]:
        new = [id_ for id_ in ids if id_ > self.after]
        starts = range(0, len(new) or is_last, ISSUES_A_PART)
        for at in starts:
            some = new[at : at + ISSUES_A_PART]
            yield some, None if is_last and at == starts[-1] else some[-1]

    async def _bulk(self, ids: Sequence[int], last: int | None) -> Bulk:
        asked_at = self.clock.now()
        found, failed = await self.details.bulk([str(id_) for id_ in ids], self.fields)
        ours = [one for one in found if self.keeps(one)]
        return Bulk(
            completed=await self.details.complete(ours, self.site),
            failed=tuple(sorted(failed)),
            asked_at=asked_at,
            last=last,
        )

    async def _page(self, token: str | None) -> Found:
        jql = ids_changed_since(self.project, self.from_ms)
        try:
            return await self.client.search(jql, fields=["id"], size=IDS_A_PAGE, token=token)
        except Rejected as refused:
            if token is None or refused.status != HTTPStatus.BAD_REQUEST:
                raise
            raise Shifted from refused


async def _expired() -> Bulk:
    raise Shifted


def _checked(entries: Sequence[Any], *, beyond: int) -> list[int]:
    """The ids that a page tells, as numbers; they ascend, and from `beyond` on."""
    told = [str(entry.get("id")) if isinstance(entry, dict) else "" for entry in entries]
    if not all(map(is_issue_id, told)):
        raise Disordered
    ids = [int(id_) for id_ in told]
    if any(one >= other for one, other in pairwise([beyond, *ids])):
        raise Disordered
    return ids
