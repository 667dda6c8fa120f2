"""How a report names a work item."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from syncer.domain.verdict import VerdictLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemMention:
    """A work item as a report may mention it.

    A `restricted` item is shown as "restricted item" without link by every renderer.
    """

    uid: str
    key: str
    title: str
    url: str
    project: str
    level: VerdictLevel
    due: date | None = None
    restricted: bool = False
