"""The computed state of the portfolio at one instant: what snapshots hold and digests print."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from syncer.domain.backtest import Backtest
from syncer.domain.completeness import Completeness
from syncer.domain.disagreement import Disagreement
from syncer.domain.facts import ForecastInputs, ProgramFacts, ProjectFacts
from syncer.domain.flow import Flow
from syncer.domain.gaming import BulkClosure, LateNews, MembershipChange
from syncer.domain.health import Colour, Confidence, Health
from syncer.domain.ledger import Ledgers
from syncer.domain.load import QualityFix, TeamLoad
from syncer.domain.mention import ItemMention as ItemMention  # noqa: PLC0414  also found here
from syncer.domain.override import OverrideState
from syncer.domain.portfolio import Criticality, ProjectKind
from syncer.domain.product import ProductView
from syncer.domain.progress import EstimateProgress
from syncer.domain.statement import DateMove, Decision, OwnerStatus, Roam
from syncer.domain.verdict import VerdictLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One figure: its label, the items behind it, and the rule, formula and inputs that gave it."""

    label: str
    value: str
    formula: str = ""
    items: tuple[str, ...] = ()
    url: str = ""
    rule: str = ""
    inputs: tuple[str, ...] = ()
    thresholds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The forecast of one scope; every figure is None where it is withheld or has no target.

    Dates beyond the horizon are None with `beyond_horizon`. `overrun_days` are expected
    working days after the target; `overrun_open` says that the true value is larger.
    `late_days` are working days from target to the 85 % date, negative when early.
    """

    inputs: ForecastInputs
    probability: float | None = None
    p50: date | None = None
    p85: date | None = None
    beyond_horizon: bool = False
    overrun_days: float | None = None
    overrun_open: bool = False
    late_days: int | None = None
    pace: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Levers:
    """What would bring the chance of the target to 85 % (rollup.md 2.4).

    `drop` items of `candidates` (optional: open, not started, not must, blocking nothing);
    or move the target to `move_to`; or raise the pace to `pace_needed` items a week.
    `drop` is None where too few candidates exist.
    """

    drop: int | None
    drop_probability: float | None
    candidates: tuple[ItemMention, ...]
    move_to: date | None
    move_probability: float | None
    move_days: int | None
    move_money: float | None
    raise_percent: int | None
    pace_needed: float | None
    pace_now: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Data quality 0..100, the confidence it allows, why it is not higher, what would raise it."""

    score: int | None
    confidence: Confidence
    reasons: tuple[str, ...] = ()
    fixes: tuple[QualityFix, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DependencyFinding:
    """A dependency whose waiting end belongs to `project`; lateness in working days.

    `root` is the first predecessor of the chain, `predecessor` the direct one; `hops` counts
    edges from root to waiting item. None lateness: an end has no date. `rules` are the risk rules
    that fire on it, or DEP-1: work of another project that is not done yet, in time so far.
    """

    root: ItemMention
    predecessor: ItemMention
    waiting: ItemMention
    project: str
    hops: int
    need_by: date | None
    eta: date | None
    lateness: int | None
    must: bool
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureForecast:
    """One open feature of a product's project, in the order in which features are worked off.

    `remaining` are its own open items, `ahead` those of all features up to and with it. Without a
    forecast of the project the dates are None and `withheld` says why; `probability` is of `due`.
    """

    item: ItemMention
    due: date | None
    remaining: int
    ahead: int
    probability: float | None = None
    p50: date | None = None
    p85: date | None = None
    withheld: str = ""


class RiskChange(StrEnum):
    """What happened to a risk since the last published edition."""

    NEW = "new"
    REOPENED = "reopened"
    WORSENED = "worsened"
    IMPROVED = "improved"
    UNCHANGED = "unchanged"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """A detected or human risk; merged where several share one root.

    `probability` and `impact` 1..5; `score` their product; `band` low, medium, high or
    critical. `projects` are the keys of the projects hit; `level` decides which lens may name
    it. `change` compares with the last published edition, None in a first edition, and for
    `unchanged_weeks` editions in a row it has said unchanged. A risk that fires no more was
    `quiet` for so many editions, and since `closed_on` it is closed. `text` says cause, event and
    effect in plain words. What is mitigated shows what `mitigations` are to leave: its residual
    probability and impact, 1..5, None where nobody said; its score is what it is without them.
    What has come true is an issue since `materialised_at`: its chance is 1, whatever people say.
    """

    id: str
    rule: str
    scope: str
    title: str
    probability: int
    impact: int
    score: int
    band: str
    owner: str = ""
    projects: tuple[str, ...] = ()
    level: VerdictLevel = VerdictLevel.PROGRAM
    subjects: tuple[ItemMention, ...] = ()
    root: ItemMention | None = None
    exposure_days: float | None = None
    exposure_money: float | None = None
    proximity: date | None = None
    evidence: tuple[Evidence, ...] = ()
    merged: tuple[str, ...] = ()
    ask: str = ""
    next_step: str = ""
    next_step_by: date | None = None
    roam: Roam = Roam.NEW
    first_seen: date | None = None
    change: RiskChange | None = None
    unchanged_weeks: int = 0
    quiet: int = 0
    closed_on: date | None = None
    text: str = ""
    mitigations: tuple[ItemMention, ...] = ()
    residual_probability: int | None = None
    residual_impact: int | None = None
    withdrawn_by: str = ""
    materialised_at: date | None = None

    @property
    def blast_radius(self) -> int:
        """How many projects wait for the one root behind it; 0 where it has no root."""
        return len(set(self.projects)) if self.root is not None else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """A gate with its own forecast; `probability` None with the reason in `withheld`.

    `p85` is the date by which its items are safely done, None where nothing can be said.
    `baseline` is the first date that is known of it, `slip_days` are working days from there.
    """

    scope: str
    name: str
    on: date
    owner: str
    remaining: int
    probability: float | None
    withheld: str = ""
    level: VerdictLevel = VerdictLevel.PROGRAM
    p85: date | None = None
    contractual: bool = False
    baseline: date | None = None
    slip_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectResult:
    """One project at the snapshot's instant.

    `before_unknown` is what it last showed before its data went missing, None while it is known.
    `progress` is the done share, of the items or, where `by_estimate` serves, of the estimates.
    """

    key: str
    name: str
    owner: str
    team: str
    kind: ProjectKind
    criticality: Criticality
    computed: Colour
    shown: Colour
    facts: ProjectFacts
    forecast: Forecast
    quality: Quality
    ledgers: Ledgers
    total: int
    done: int
    remaining: int
    wip: int
    progress: float | None
    planned: float | None
    start: date | None
    target: date | None
    baseline_target: date | None = None
    slip_days: int = 0
    pushes: int = 0
    pushes_explained: int = 0
    target_moves: tuple[DateMove, ...] = ()
    cost_of_delay_per_week: float | None = None
    levers: Levers | None = None
    dependencies: tuple[DependencyFinding, ...] = ()
    beyond_safe: tuple[ItemMention, ...] = ()
    restricted: int = 0
    contradictions: tuple[ItemMention, ...] = ()
    before_unknown: Health | None = None
    flow: Flow = field(default_factory=Flow)
    backtest: Backtest = field(default_factory=Backtest)
    features: tuple[FeatureForecast, ...] = ()
    override: OverrideState | None = None
    bulk_closures: tuple[BulkClosure, ...] = ()
    baseline_progress: float | None = None
    by_estimate: EstimateProgress | None = None

    @property
    def scope(self) -> str:
        """`proj:<key>`."""
        return f"proj:{self.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupResult:
    """One program or product at the snapshot's instant; `scope` tells which.

    `probability`, `p50`, `p85` are of the joint forecast; `target` the latest must target, or
    `own_target` where the group itself has one. `product` is a product manager's view of a product,
    None of a program.
    """

    scope: str
    key: str
    name: str
    owner: str
    objective: str
    projects: tuple[str, ...]
    computed: Colour
    shown: Colour
    facts: ProgramFacts
    probability: float | None
    p50: date | None
    p85: date | None
    target: date | None
    withheld: str
    at_best: float | None
    total: int
    done: int
    remaining: int
    progress: float | None
    planned: float | None
    quality: Quality
    ledgers: Ledgers
    own_target: date | None = None
    override: OverrideState | None = None
    membership: tuple[MembershipChange, ...] = ()
    strategic: bool = False
    product: ProductView | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """How fresh and how complete one container's data is. Instants are UTC.

    `last_success_at` None: never read. `error` is the last failure, empty after a success.
    `found_by_reconcile` are items that no webhook told of, `detail` is all else that is known.
    """

    connection: str
    container: str
    last_success_at: datetime | None
    error: str = ""
    found_by_reconcile: int = 0
    hidden: int = 0
    quarantined: int = 0
    missing_detail: tuple[str, ...] = ()
    detail: Completeness = field(default_factory=Completeness)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemDateMove:
    """The due date of a dependency root or program-level item moved since an earlier instant."""

    item: ItemMention
    move: DateMove
    working_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The roll-up of everything at one instant: immutable, serialisable, comparable.

    `as_of` is aware UTC; `timezone` the IANA zone of report-local dates. `reconstructed` marks
    a snapshot made from item history after the fact. `risks` are merged and ranked;
    `unmerged` are the projects' own. `recent_moves` cover the seven days before `as_of`.
    `cited` are the items that evidence refers to by uid. `past_risks` fire no more: since one
    edition (`change` None), closed in this one, or closed so lately that they would reopen.
    """

    id: str
    as_of: datetime
    timezone: str
    currency: str
    reconstructed: bool
    config_hash: str
    engine_version: str
    projects: tuple[ProjectResult, ...]
    programs: tuple[GroupResult, ...]
    products: tuple[GroupResult, ...]
    risks: tuple[Risk, ...]
    unmerged: tuple[Risk, ...]
    gates: tuple[GateResult, ...]
    decisions: tuple[Decision, ...]
    owner_statuses: tuple[OwnerStatus, ...]
    sources: tuple[SourceState, ...]
    unclaimed: tuple[ItemMention, ...]
    recent_moves: tuple[ItemDateMove, ...]
    restricted: int
    unclassified_share: float
    reopened: int
    overrides: int
    holidays: int
    freezes: int
    cited: tuple[ItemMention, ...] = ()
    past_risks: tuple[Risk, ...] = ()
    late_news: tuple[LateNews, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    loads: tuple[TeamLoad, ...] = ()

    @property
    def backtest(self) -> Backtest:
        """The backtests of all projects counted together."""
        every = [project.backtest for project in self.projects]
        return Backtest(
            held=sum(one.held for one in every),
            total=sum(one.total for one in every),
            plain_held=sum(one.plain_held for one in every),
        )

    def project(self, key: str) -> ProjectResult | None:
        """The project with this key, or None."""
        return next((project for project in self.projects if project.key == key), None)

    def group(self, scope: str) -> GroupResult | None:
        """The program or product with this scope (`prog:5g`, `prod:phone`), or None."""
        return next((g for g in (*self.programs, *self.products) if g.scope == scope), None)
