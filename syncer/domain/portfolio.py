"""What the configuration declares: projects, programs, products, teams, audiences' scopes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from syncer.domain.progress import ProgressMeasure
from syncer.domain.release import CustomerMarks, Release
from syncer.domain.selector import Selector
from syncer.domain.verdict import VerdictLevel


class Split(StrEnum):
    """By what the items of a program become its member projects."""

    CONTAINER = "container"
    EPIC = "epic"
    TEAM = "team"


class ProjectKind(StrEnum):
    """Delivery work under a program, or the life of a product."""

    DELIVERY = "delivery"
    PRODUCT = "product"


class ProjectState(StrEnum):
    """The declared state of a project."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    ON_HOLD = "on_hold"
    DONE = "done"
    CANCELLED = "cancelled"


class Criticality(StrEnum):
    """How much a program depends on the project."""

    MUST = "must"
    SHOULD = "should"
    COULD = "could"


@dataclass(frozen=True, slots=True)
class FixedTarget:
    """A target date written in the configuration."""

    on: date


@dataclass(frozen=True, slots=True)
class ItemTarget:
    """A target read from an item's due or start date; `item` is `<connection>:<key>`."""

    item: str
    field: str = "due"


@dataclass(frozen=True, slots=True)
class VersionTarget:
    """A target read from a version or milestone: `jira:NET/2.0`."""

    version: str


Target = FixedTarget | ItemTarget | VersionTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """Days (both included) on which only `capacity` (0..1) of the work gets done."""

    first: date
    last: date
    capacity: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A team and the containers or items it works on."""

    key: str
    name: str
    items: tuple[Selector, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A named person with accounts `<connection>:<account id>`."""

    name: str
    email: str = ""
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Our unit of delivery: the items that its selectors pick.

    `external`: somebody outside does the work, such as an authority or a supplier. `progress` is
    what its done share is weighted by.
    """

    key: str
    name: str
    items: tuple[Selector, ...]
    excluding: tuple[Selector, ...] = ()
    owner: str = ""
    team: str = ""
    kind: ProjectKind = ProjectKind.DELIVERY
    state: ProjectState = ProjectState.ACTIVE
    start: date | None = None
    target: Target | None = None
    criticality: Criticality = Criticality.SHOULD
    weight: float = 1.0
    contractual: bool = False
    external: bool = False
    cost_of_delay_per_week: float | None = None
    implicit: bool = False
    progress: ProgressMeasure = ProgressMeasure.COUNT

    @property
    def scope(self) -> str:
        """The project's scope name: `proj:<key>`."""
        return f"proj:{self.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Benefit:
    """A benefit metric of a program, shown only where given.

    `probability` and `impact`, 1..5, are how people size the risk of missing it.
    """

    name: str
    baseline: float | None = None
    now: float | None = None
    target: float | None = None
    due: date | None = None
    probability: int = 3
    impact: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The money of a program in the organisation's currency, shown only where given.

    `forecast` is what people expect it to cost in the end. `as_of` is the day of these figures.
    """

    approved: float
    spent: float | None = None
    forecast: float | None = None
    as_of: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Projects under one strategic objective.

    With a `split` the items that `items` picks make further member projects. A `strategic` one that
    is Red makes the portfolio Red, where anybody demands a colour of it.
    """

    key: str
    name: str
    projects: tuple[str, ...]
    objective: str = ""
    owner: str = ""
    sponsor: str = ""
    target: date | None = None
    benefits: tuple[Benefit, ...] = ()
    items: tuple[Selector, ...] = ()
    split: Split | None = None
    strategic: bool = False
    budget: Budget | None = None

    @property
    def scope(self) -> str:
        """The program's scope name: `prog:<key>`."""
        return f"prog:{self.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """Projects of one product line.

    `bugs` pick what counts as a bug; empty: items whose type or label is called so.
    """

    key: str
    name: str
    projects: tuple[str, ...]
    owner: str = ""
    vision: str = ""
    customers: CustomerMarks = field(default_factory=CustomerMarks)
    bugs: tuple[Selector, ...] = ()
    releases: tuple[Release, ...] = ()
    benefits: tuple[Benefit, ...] = ()

    @property
    def scope(self) -> str:
        """The product's scope name: `prod:<key>`."""
        return f"prod:{self.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassificationRule:
    """An explicit mapping: items that a selector picks have this level."""

    select: tuple[Selector, ...]
    level: VerdictLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """Everything that the configuration says about the company's work."""

    projects: tuple[Project, ...] = ()
    programs: tuple[Program, ...] = ()
    products: tuple[Product, ...] = ()
    teams: tuple[Team, ...] = ()
    people: tuple[Person, ...] = ()
    rules: tuple[ClassificationRule, ...] = ()
    holidays: frozenset[date] = frozenset()
    freezes: tuple[Freeze, ...] = ()
    timezone: str = "UTC"
    currency: str = "EUR"
