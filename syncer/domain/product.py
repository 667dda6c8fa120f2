"""What a snapshot holds for product managers: readiness, customers, flow, roadmap (digest.md 4.4).

Every part names the items behind it. None means that nobody knows, which is not zero.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from syncer.domain.mention import ItemMention
from syncer.domain.release import Function, GateState


class Readiness(StrEnum):
    """Whether a release may ship. A checklist, not a score."""

    READY = "READY"
    CONDITIONAL = "CONDITIONAL"
    NOT_READY = "NOT READY"


class Horizon(StrEnum):
    """Where a feature stands on the roadmap."""

    NOW = "now"
    NEXT = "next"
    LATER = "later"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPoint:
    """One line of the checklist that is not ticked; a `waivable` one makes a release conditional.

    `kind`: must, bugs, gate, date or wait.
    """

    kind: str
    text: str
    waivable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MustFeatures:
    """The must-have features of a release. `total` 0: nobody has said which they are."""

    total: int = 0
    done: int = 0
    cancelled: int = 0
    open: tuple[ItemMention, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GateCheck:
    """A release gate as it counts on the day of the snapshot; `why` tells it in words."""

    function: Function
    state: GateState
    must: bool = True
    by: str = ""
    on: date | None = None
    until: date | None = None
    reason: str = ""
    item: ItemMention | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """An item of the product (`ours`) that waits for another group's (`theirs`), or blocks it.

    `partner` is the scope and `partner_name` the name of the program, product or project at the
    other end. `lateness` in working days, None where an end has no date. `rules` are the risk rules
    that fire on it.
    """

    ours: ItemMention
    theirs: ItemMention
    partner: str
    partner_name: str
    blocks: bool
    lateness: int | None
    need_by: date | None = None
    eta: date | None = None
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCheck:
    """A release with its checklist.

    `probability` is the chance of `on`, None with the reason in `withheld`. `waits` are what lies
    on its path: open items of the release that wait for others.
    """

    name: str
    on: date | None = None
    verdict: Readiness = Readiness.NOT_READY
    points: tuple[OpenPoint, ...] = ()
    must: MustFeatures = field(default_factory=MustFeatures)
    must_fix: tuple[ItemMention, ...] = ()
    gates: tuple[GateCheck, ...] = ()
    probability: float | None = None
    withheld: str = ""
    waits: tuple[Wait, ...] = ()
    released: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerSignal:
    """Who asked, each customer counted once.

    `requests` count the items that a customer asked for, twice where two did. `weight` is None
    where no customer has one. `oldest_unanswered` are the calendar days since the oldest request
    that was neither done nor told; None: no such request. `unanswered` counts them.
    """

    customers: int
    requests: int
    weight: float | None = None
    first_asked: date | None = None
    unanswered: int = 0
    oldest_unanswered: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedLoop:
    """Of those who asked for shipped features, each once a feature, how many have been told.

    `told` None: nothing is configured that would say so.
    """

    features: int
    requesters: int
    told: int | None

    @property
    def share(self) -> float | None:
        """0..1; None where nobody asked for what shipped, or nobody knows who was told."""
        return self.told / self.requesters if self.requesters and self.told is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureFlow:
    """How features come through: days from start to done, and what the pace is spent on.

    Cycle times are calendar days of the `finished` features of a year. `features`, `bugs` and
    `others` are the items done in the last complete `weeks`.
    """

    finished: int = 0
    cycle_p50: int | None = None
    cycle_p85: int | None = None
    weeks: int = 0
    features: int = 0
    bugs: int = 0
    others: int = 0

    @property
    def total(self) -> int:
        """Every item done in those weeks, each in one part."""
        return self.features + self.bugs + self.others


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadmapFeature:
    """A feature epic: its state, its work, when it will be done, and who asked.

    `p50`, `p85`, `probability` (of its own due date) and `withheld` are its forecast's.
    `releases` are the names of those it belongs to. `why` says why it has its level. `customers`
    None: nobody has said how customers are marked.
    """

    item: ItemMention
    horizon: Horizon
    status: str
    must: bool
    done: int
    total: int
    p50: date | None = None
    p85: date | None = None
    probability: float | None = None
    withheld: str = ""
    releases: tuple[str, ...] = ()
    why: str = ""
    customers: CustomerSignal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterRelease:
    """What came back after a release: items reopened since, and bugs of the first 30 days.

    `days` of the 30 have passed so far.
    """

    name: str
    released: date
    days: int
    reopened: tuple[ItemMention, ...] = ()
    bugs: tuple[ItemMention, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BenefitCheck:
    """A benefit metric against its target; `reached` None: one of the two is not known."""

    name: str
    baseline: float | None
    now: float | None
    target: float | None
    due: date | None
    reached: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductView:
    """The product manager's view of one product.

    `customers` and `loop` are None where nobody has said how customers are marked.
    """

    roadmap: tuple[RoadmapFeature, ...] = ()
    releases: tuple[ReleaseCheck, ...] = ()
    customers: CustomerSignal | None = None
    loop: ClosedLoop | None = None
    flow: FeatureFlow = field(default_factory=FeatureFlow)
    incoming: tuple[Wait, ...] = ()
    after: tuple[AfterRelease, ...] = ()
    benefits: tuple[BenefitCheck, ...] = ()
