"""Links between work items, normalised to outgoing kinds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from syncer.domain.ref import ItemRef


class LinkKind(StrEnum):
    """Outgoing kinds of rollup.md 1.1; an inverse is the same kind with `inward` set."""

    BLOCKS = "blocks"
    START_BEFORE = "start_before"
    FINISH_BEFORE = "finish_before"
    RELATES = "relates"
    DUPLICATES = "duplicates"
    MIRRORS = "mirrors"
    MITIGATES = "mitigates"
    REQUIRES = "requires"
    THREATENS = "threatens"
    EVIDENCES = "evidences"
    IMPLEMENTS = "implements"
    CONTRIBUTES_TO = "contributes_to"


class LinkOrigin(StrEnum):
    """Who says that the link exists; text found in a description is trusted least."""

    TRACKER = "tracker"
    SYNCER = "syncer"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One end of a directed edge, as seen from the item that carries it.

    With `inward` false the edge runs from the carrying item to `to`; with `inward`
    true it runs from `to` to the carrying item ("is blocked by"). Both ends of one
    edge may be recorded; whoever builds a graph merges them.
    """

    kind: LinkKind
    to: ItemRef
    to_key: str = ""
    inward: bool = False
    lag_days: int = 0
    native_type: str = ""
    origin: LinkOrigin = LinkOrigin.TRACKER
    created_at: datetime | None = None
