"""The digest as data: what every renderer prints and what `--format json` gives.

All text in here is plain: one line, cleaned, not escaped for any format. Whatever may hold a
figure is a claim with its `Backing`, or a `Told` line: neither can be made without evidence, and
renderers take nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from syncer.domain.evidence import Backing, Told
from syncer.domain.health import Health
from syncer.domain.portfolio import Criticality
from syncer.publish.audience import Lens


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One statement of the digest with what stands behind it.

    Raises `TypeError` where nothing does.
    """

    text: str
    evidence: Backing
    kind: str = ""

    def __post_init__(self) -> None:
        _demand(self.evidence, self.text)


def _demand(evidence: object, what: str) -> None:
    """The last guard, for whatever no type checker has seen."""
    if not isinstance(evidence, Backing):
        raise TypeError(f"a claim without evidence: {what!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownItem:
    """A work item as this audience may see it; `url` is empty unless its origin is allowed."""

    label: str
    key: str = ""
    url: str = ""
    restricted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One way to decide. `items` are the candidates of a cut, `listed` the first by key."""

    letter: str
    text: str
    effect: str = ""
    recommended_by: str = ""
    items: tuple[ShownItem, ...] = ()
    listed: str = ""
    evidence: Backing

    def __post_init__(self) -> None:
        _demand(self.evidence, self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionNeeded:
    """A confirmed question that waits for its decider. `overdue_days` are calendar days."""

    id: str
    scope: str
    question: str
    decider: str
    needed_by: date | None
    overdue_days: int
    deadline: str
    moved: str
    cost_of_waiting: str
    recommendation: str
    options: tuple[Option, ...]
    evidence: Backing

    def __post_init__(self) -> None:
        _demand(self.evidence, self.question)


class Trend(StrEnum):
    """The direction since the last edition; empty where there is nothing to compare with."""

    BETTER = "▲"
    WORSE = "▼"
    SAME = "►"
    NONE = ""


class Place(StrEnum):
    """Where a status row stands: as a row, or by name in a line below the table."""

    ROW = "row"
    LINE = "line"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRow:
    """One program, product or project. `chance`, `dates` and `note` are the printed cells.

    `depth` 1 is a project under its program. Probabilities are 0..1, None where withheld.
    """

    scope: str
    name: str
    depth: int
    criticality: Criticality | None
    health: Health
    computed: Health
    previous: Health | None
    trend: Trend
    rule: str
    reason: str
    probability: float | None
    previous_probability: float | None
    target: date | None
    p50: date | None
    p85: date | None
    chance: str
    dates: str
    note: str = ""
    place: Place = Place.ROW
    evidence: Backing

    def __post_init__(self) -> None:
        _demand(self.evidence, self.scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerWords:
    """The last word of a program's owner, or that there is none (`silence`)."""

    scope: str
    name: str
    author: str
    on: date | None
    text: str
    silence: str = ""
    evidence: Backing

    def __post_init__(self) -> None:
        _demand(self.evidence, self.silence or self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskLine:
    """One of the top risks. `owner` empty: nobody owns it, which is said."""

    id: str
    rule: str
    scope: str
    title: str
    band: str
    mark: str
    detail: str
    owner: str
    ask: str
    next_step: str
    since: str
    evidence: Backing

    def __post_init__(self) -> None:
        _demand(self.evidence, self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateLine:
    """A gate of the next four weeks; `low` marks a chance that would not make Green.

    `baseline` is the first date that is known of it, `slip_days` are working days from there.
    """

    scope: str
    on: date
    day: str
    name: str
    chance: str
    probability: float | None
    low: bool
    owner: str
    baseline: date | None = None
    slip_days: int = 0
    evidence: Backing

    def __post_init__(self) -> None:
        _demand(self.evidence, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Where the edition leads on; empty where no pages are served."""

    details: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One edition for one audience: a pure function of two snapshots and the audience.

    `as_of` is aware UTC, `edition` the ISO week of its local date. `banner` comes before
    everything else where data is missing. `status_lines` name what has no row of its own.
    `product` is what only product managers read: readiness, features, customers, flow.
    `evidence` stands behind what the edition says of itself: its instant, version, reason.
    """

    audience: str
    audience_name: str
    lens: Lens
    edition: str
    version: int
    correction: str
    snapshot: str
    timezone: str
    as_of: datetime
    subject: Told
    banner: tuple[Claim, ...]
    headline: Told
    disagreements: tuple[Claim, ...] = ()
    decisions: tuple[DecisionNeeded, ...]
    decisions_more: int
    status: tuple[StatusRow, ...]
    status_lines: tuple[Told, ...]
    words_of_owners: tuple[OwnerWords, ...]
    comparison: Told | None
    changes: tuple[Claim, ...]
    product: tuple[Claim, ...] = ()
    dependencies: tuple[Claim, ...]
    risks: tuple[RiskLine, ...]
    gates: tuple[GateLine, ...]
    trust: tuple[Claim, ...]
    quiet: bool
    evidence: Backing
    links: Links = field(default_factory=Links)
    word_count: int = 0

    def __post_init__(self) -> None:
        _demand(self.evidence, self.edition)
        lines = (self.subject, self.headline, *self.status_lines)
        for line in (*lines, *(() if self.comparison is None else (self.comparison,))):
            _demand(getattr(line, "evidence", None), line)
