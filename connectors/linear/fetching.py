"""Single items by id, and what may be said of those that do not come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.linear.client import BadInput
from connectors.linear.mapping.project import Workspace
from connectors.linear.mapping.site import Kind, is_id, is_uuid, kind_at
from connectors.linear.source import Records, Source
from syncer.connect.protocol import Fetched
from syncer.domain.item import ItemState
from syncer.domain.ref import ItemRef

_SHRINKS: Final = 2


@dataclass(slots=True)
class _Outcome:
    """What became of the refs so far; `left` are those of which nothing came yet."""

    left: dict[str, ItemRef]
    found: Records = field(default_factory=Records)


class Fetcher:
    """Fetches items and keeps the outcomes of an absent one apart.

    What lies in the trash is `gone`: somebody deleted it. What Linear does not show at all may have
    left the trash for good, or be out of the account's sight: `hidden`. An issue that moved to
    another team keeps its id.
    """

    def __init__(self, source: Source, workspace: Workspace, *, size: int) -> None:
        self._source = source
        self._workspace = workspace
        self._size = size

    async def fetch(self, refs: Sequence[ItemRef]) -> Fetched:
        """The current state of these items."""
        askable = {ref.id: ref for ref in refs if is_id(ref.id)}
        outcome = _Outcome(dict(askable))
        for kind in Kind:
            await self._of_kind(kind, outcome)
        records = outcome.found.records
        trashed = {r.item.ref.id for r in records if r.item.state is ItemState.DELETED}
        strange = [ref for ref in refs if ref.id not in askable]
        return Fetched(
            records=tuple(r for r in records if r.item.ref.id not in trashed),
            unreadable=outcome.found.unreadable,
            gone=tuple(ref for id_, ref in askable.items() if id_ in trashed),
            hidden=(*strange, *outcome.left.values()),
        )

    async def _of_kind(self, kind: Kind, outcome: _Outcome) -> None:
        """Those that may be of a kind: of which it is known, and of which nothing is known."""
        wanted = [id_ for id_, ref in outcome.left.items() if kind_at(ref.locator) in (kind, None)]
        for start in range(0, len(wanted), self._size):
            rows = await self._rows(kind, wanted[start : start + self._size])
            asked = [row for row in rows if _id(row) in outcome.left]
            outcome.found += await self._source.records(kind, asked, self._workspace)
            for row in asked:
                outcome.left.pop(_id(row), None)

    async def _rows(self, kind: Kind, ids: Sequence[str]) -> list[Any]:
        """The rows; one id that Linear finds odd does not cost the others."""
        try:
            return await self._source.rows(kind, ids)
        except BadInput:
            if len(ids) == 1 and not is_uuid(ids[0]):
                return []
            if len(ids) == 1:
                raise
        middle = len(ids) // _SHRINKS
        return [
            row for part in (ids[:middle], ids[middle:]) for row in await self._rows(kind, part)
        ]


def _id(row: Any) -> str:  # noqa: ANN401  as sent
    told = row.get("id") if isinstance(row, dict) else None
    return told if isinstance(told, str) else ""
