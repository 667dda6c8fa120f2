"""What one roll-up is computed from. Same inputs, same snapshot, byte for byte."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from syncer.domain.change import Change
from syncer.domain.item import WorkItem
from syncer.domain.portfolio import Portfolio
from syncer.domain.report import Snapshot, SourceState
from syncer.domain.statement import Statements
from syncer.domain.verdict import Verdict
from syncer.rollup.rules import HealthRules


@dataclass(frozen=True, slots=True, kw_only=True)
class RollupInputs:
    """Everything that a roll-up may look at.

    `as_of` is an aware UTC instant; `items` and `changes` (oldest first, by uid) are the store's
    newest knowledge and are rewound to `as_of`. `previous` is the snapshot to compare with:
    the last published edition's, else one of a week before. `paces` is empty but for a what-if:
    how many times as many items a project finishes each week, by key.
    """

    as_of: datetime
    items: Sequence[WorkItem]
    changes: Mapping[str, Sequence[Change]]
    verdicts: Mapping[str, Verdict]
    portfolio: Portfolio
    statements: Statements = field(default_factory=Statements)
    sources: Sequence[SourceState] = ()
    rules: HealthRules = field(default_factory=HealthRules)
    previous: Snapshot | None = None
    reconstructed: bool = False
    config_hash: str = ""
    engine_version: str = ""
    paces: Mapping[str, float] = field(default_factory=dict)
