"""Single issues by number, and what may be said of those that do not come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from connectors.redmine.client import PAGE, number_of
from connectors.redmine.source import Source
from syncer.connect.ahead import AT_ONCE, together
from syncer.connect.protocol import Fetched
from syncer.connect.unreadable import unreadable
from syncer.domain.item import Unreadable
from syncer.domain.ref import ItemRef
from syncer.errors import BadPayload, Rejected

_LONGEST = 9
"""Digits of a number that any Redmine could have given: its database counts to 2,147,483,647."""


@dataclass(slots=True)
class _Outcome:
    rows: list[Any] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    absent: list[ItemRef] = field(default_factory=list)
    hidden: list[ItemRef] = field(default_factory=list)


class Fetcher:
    """Fetches issues and keeps the outcomes of an absent one apart.

    Redmine answers 404 for an issue that does not exist and 403 for one that the account may not
    see, that of an archived project included (seen on a Redmine 5.0). A 404 is believed only where
    the list of issues answers as well, without the issue: else a wrong address or a proxy would
    delete everything.
    """

    def __init__(self, source: Source) -> None:
        self._source = source

    async def fetch(self, refs: Sequence[ItemRef]) -> Fetched:
        """The current state of these issues."""
        outcome = _Outcome()
        outcome.hidden += [ref for ref in refs if not _is_number(ref.id)]
        askable = [ref for ref in refs if _is_number(ref.id)]
        for start in range(0, len(askable), AT_ONCE):
            await together(self._one(ref, outcome) for ref in askable[start : start + AT_ONCE])
        gone = await self._truly_gone(outcome)
        done = await self._source.records(outcome.rows)
        return Fetched(
            records=done.records,
            unreadable=(*outcome.unreadable, *done.unreadable),
            gone=tuple(gone),
            hidden=tuple(outcome.hidden),
        )

    async def _one(self, ref: ItemRef, outcome: _Outcome) -> None:
        try:
            row = await self._source.client.issue(ref.id)
        except Rejected as refused:
            if refused.status == HTTPStatus.FORBIDDEN:
                outcome.hidden.append(ref)
            elif refused.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
                outcome.absent.append(ref)
            else:
                raise
        except BadPayload as broken:
            outcome.unreadable.append(_broken(ref, broken.message))
        else:
            if number_of(row) == int(ref.id):
                outcome.rows.append(row)
            else:
                outcome.unreadable.append(_broken(ref, "Redmine showed another issue for it"))

    async def _truly_gone(self, outcome: _Outcome) -> list[ItemRef]:
        """The absent ones that the list of issues does not show either; the others are hidden."""
        gone: list[ItemRef] = []
        for start in range(0, len(outcome.absent), PAGE):
            part = outcome.absent[start : start + PAGE]
            params = {"issue_id": ",".join(ref.id for ref in part), "limit": str(PAGE)}
            try:
                found = await self._source.client.issues(params)
            except Rejected:
                outcome.hidden += part
                continue
            shown = {str(number_of(row)) for row in found.rows}
            gone += [ref for ref in part if ref.id not in shown]
            outcome.hidden += [ref for ref in part if ref.id in shown]
        return gone


def _is_number(id_: str) -> bool:
    return id_.isascii() and id_.isdigit() and len(id_) <= _LONGEST and not id_.startswith("0")


def _broken(ref: ItemRef, reason: str) -> Unreadable:
    told = unreadable({"id": ref.id}, connection=ref.connection, key=ref.locator, reason=reason)
    return Unreadable(ref=ref, key=told.key, reason=told.reason, raw="")
