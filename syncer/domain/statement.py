"""What people say, through any of the three doors: tracker item, command, configuration."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from syncer.domain.health import Health
from syncer.domain.item import Account
from syncer.domain.ref import ContainerKey
from syncer.domain.selector import Selector
from syncer.domain.verdict import VerdictLevel

_ID_DIGITS: Final = 10


def statement_id(letter: str, *parts: str) -> str:
    """A stable id such as `D-1f0a…`: equal words give equal ids, whatever door they came in by."""
    return f"{letter}-{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:_ID_DIGITS]}"


class Door(StrEnum):
    """Where a statement came in."""

    TRACKER = "tracker"
    COMMAND = "command"
    CONFIGURATION = "configuration"


class OwnerWord(StrEnum):
    """The states in which an owner may report a scope."""

    ON_TRACK = "on_track"
    AT_RISK = "at_risk"
    OFF_TRACK = "off_track"
    ON_HOLD = "on_hold"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Who said it, when (UTC) and through which door; `source` names file, command or item."""

    author: str
    at: datetime
    door: Door
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerStatus:
    """An owner's own word on a scope (`prog:5g`): a sentence and, where given, a state."""

    scope: str
    text: str
    value: OwnerWord | None
    provenance: Provenance

    def by_other_than(self, owner: str) -> str:
        """Who said it, where that was not the owner; empty where there is no owner to compare."""
        author = self.provenance.author
        return author if owner and author.casefold() != owner.casefold() else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackerStatus:
    """What somebody reported at a tracker of a project as the tracker knows it.

    `id` is the tracker's own; one report may come from several containers, since a tracker's
    project may hold the work of many. `subject` is the name of that project, `url` its address and
    identity. `author` is None where the account is gone, `value` where the report gives no state
    that we know. `at` is UTC; `start` and `target` are the dates that the report claims.
    """

    id: str
    container: ContainerKey
    subject: str
    url: str
    author: Account | None
    at: datetime
    value: OwnerWord | None
    text: str
    start: date | None = None
    target: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateDefinition:
    """A dated gate of a scope. Without `items` the roll-up finds its scope by version or date."""

    scope: str
    name: str
    on: date
    owner: str = ""
    items: tuple[Selector, ...] = ()
    contractual: bool = False
    provenance: Provenance


class DecisionState(StrEnum):
    """Where a decision stands; overdue is computed, not stored."""

    OPEN = "open"
    DECIDED = "decided"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionOption:
    """One way to decide, with the effect its author claims."""

    text: str
    effect: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A question put to a named decider.

    It reaches a digest only when a named person has confirmed it. Without options of its
    own, the levers of the scope's forecast (cut, move, keep) become the options A, B, C.
    """

    id: str
    scope: str
    question: str
    decider: str
    needed_by: date | None
    options: tuple[DecisionOption, ...] = ()
    recommendation: str = ""
    confirmed_by: str = ""
    state: DecisionState = DecisionState.OPEN
    outcome: str = ""
    decided_on: date | None = None
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanRisk:
    """A risk that a person wrote down; probability and impact 1..5."""

    id: str
    scope: str
    title: str
    probability: int
    impact: int
    owner: str = ""
    next_step: str = ""
    provenance: Provenance


class Roam(StrEnum):
    """The usual treatment states of a risk."""

    NEW = "new"
    RESOLVED = "resolved"
    OWNED = "owned"
    ACCEPTED = "accepted"
    MITIGATED = "mitigated"


LONGEST_ACCEPTANCE: Final = timedelta(days=90)
"""For how long a risk may be accepted (rollup.md 2.9)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskResponse:
    """What people do about a detected risk.

    `rule` and `scope` (or `item`, as `<connection>:<key>`) say which risk is meant. `mitigations`
    are the items, named alike, that are to lower it to the residual probability and impact, 1..5.
    """

    rule: str
    scope: str = ""
    item: str = ""
    owner: str = ""
    ask: str = ""
    next_step: str = ""
    by: date | None = None
    roam: Roam = Roam.OWNED
    accept_until: date | None = None
    mitigations: tuple[str, ...] = ()
    residual_probability: int | None = None
    residual_impact: int | None = None
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictOverride:
    """A person's correction of one item's verdict; `children` extends it to the tree below."""

    id: str
    item_uid: str
    level: VerdictLevel
    children: bool
    reason: str = ""
    undone: bool = False
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class ColourOverride:
    """A colour that a person wants shown instead of the computed one (rollup.md 3.5).

    `computed` and `target` are those of the moment at which it was made (`provenance.at`). It holds
    through the report-local day `expires`. `renewals` counts the overrides that it continues, of
    which the first was made on the day `since`. `evidence` is an address. Whoever took it back did
    so at `undone_at` (UTC).
    """

    id: str
    scope: str
    colour: Health
    computed: Health
    target: date | None
    reason: str
    since: date
    expires: date
    renewals: int = 0
    approver: str = ""
    evidence: str = ""
    undone_at: datetime | None = None
    undone_by: str = ""
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """An approved plan of a project: start, target and the items it holds."""

    project: str
    approved_by: str
    at: datetime
    start: date | None = None
    target: date | None = None
    item_uids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class DateMove:
    """A date moved: from, to, when (UTC), by whom, why. None means that there was no date."""

    at: datetime
    before: date | None
    after: date | None
    by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """All human inputs of one moment."""

    owner_statuses: tuple[OwnerStatus, ...] = ()
    gates: tuple[GateDefinition, ...] = ()
    decisions: tuple[Decision, ...] = ()
    risks: tuple[HumanRisk, ...] = ()
    responses: tuple[RiskResponse, ...] = ()
    overrides: tuple[VerdictOverride, ...] = ()
    colour_overrides: tuple[ColourOverride, ...] = ()
    baselines: tuple[Baseline, ...] = ()
    target_moves: tuple[tuple[str, DateMove], ...] = ()
