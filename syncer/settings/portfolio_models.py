"""The tables of `syncer.toml` about the company's work: projects, programs, products, people.

And what people say in the configuration: gates, decisions, risks and what is done about them.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, PlainValidator, model_validator

from syncer.domain.portfolio import Criticality, ProjectKind, ProjectState, Target
from syncer.domain.progress import ProgressMeasure
from syncer.domain.selector import Selector
from syncer.domain.statement import LONGEST_ACCEPTANCE, DecisionState, OwnerWord, Roam
from syncer.domain.verdict import VerdictLevel
from syncer.settings.models import Key, Table
from syncer.settings.selectors import parse_selector, parse_target

SelectorValue = Annotated[Selector, PlainValidator(parse_selector)]
TargetValue = Annotated[Target | None, PlainValidator(parse_target)]
Scale = Annotated[int, Field(ge=1, le=5)]


class TeamSettings(Table):
    """A team and what it works on."""

    key: Key = Field(description="Its short name.")
    name: str = Field("", description="Its name; empty: the key.")
    items: tuple[SelectorValue, ...] = Field((), description="Selectors of what it works on.")


class PersonSettings(Table):
    """A person and their accounts."""

    name: str = Field(min_length=1, description="The name, as owners and deciders are written.")
    email: str = Field("", description="The address for mail.")
    accounts: tuple[str, ...] = Field((), description="`<connection>:<account id>`.")


class ProjectSettings(Table):
    """A unit of delivery: the work items that its selectors pick."""

    key: Key = Field(description="Its short name: `proj:<key>`.")
    name: str = Field("", description="Its name; empty: the key.")
    owner: str = Field("", description="Who answers for it.")
    team: str = Field("", description="The key of the team that does it.")
    kind: ProjectKind = Field(ProjectKind.DELIVERY, description="Delivery, or a product's life.")
    state: ProjectState = Field(ProjectState.ACTIVE, description="Its declared state.")
    items: tuple[SelectorValue, ...] = Field(min_length=1, description="Selectors of its items.")
    excluding: tuple[SelectorValue, ...] = Field(
        (), alias="except", description="Selectors of items that do not belong to it."
    )
    start: date | None = Field(None, description="Its start; left out: its first item's.")
    target: TargetValue = Field(
        None, description="A date, or the item, version or milestone that holds it."
    )
    criticality: Criticality = Field(
        Criticality.SHOULD, description="How much its program depends on it."
    )
    weight: float = Field(1.0, gt=0, description="Its weight among the projects of a program.")
    contractual: bool = Field(
        default=False, description="Whether the target is promised in a contract."
    )
    external: bool = Field(
        default=False, description="Whether others do the work: an authority, a supplier."
    )
    cost_of_delay_per_week: float | None = Field(
        None, ge=0, allow_inf_nan=False, description="Money a week, in the service's currency."
    )
    progress: ProgressMeasure = Field(
        ProgressMeasure.COUNT,
        description="What its told progress is a share of: `count`, the items, or `estimate`, "
        "their estimates, where at least 80 % of the items are estimated in one unit.",
    )


class BenefitSettings(Table):
    """What a program is for, as a number."""

    name: str = Field(min_length=1, description="What is measured.")
    baseline: float | None = Field(None, description="Its value before.")
    now: float | None = Field(None, description="Its value today.")
    target: float | None = Field(None, description="Its promised value.")
    due: date | None = Field(None, description="When it is promised.")
    probability: Scale = Field(3, description="How likely it is missed: 1 (rare) to 5.")
    impact: Scale = Field(3, description="How grave that is: 1 (slight) to 5 (severe).")


class BudgetSettings(Table):
    """The money of a program, in `service.currency`, as people report it."""

    approved: float = Field(ge=0, description="What may be spent.")
    spent: float | None = Field(None, ge=0, description="What has been spent.")
    forecast: float | None = Field(None, ge=0, description="What it will have cost in the end.")
    as_of: date | None = Field(None, description="The day of these figures.")


class ProgramSettings(Table):
    """Projects under one strategic objective.

    Either `projects` names them, or `items` with `split` makes them.
    """

    key: Key = Field(description="Its short name: `prog:<key>`.")
    name: str = Field("", description="Its name; empty: the key.")
    objective: str = Field("", description="What it is for, in one sentence.")
    owner: str = Field("", description="The program manager.")
    sponsor: str = Field("", description="Who pays.")
    projects: tuple[str, ...] = Field(
        (), description="Keys of its projects, or containers as they are: `jira:OUT`."
    )
    items: tuple[SelectorValue, ...] = Field((), description="With `split`: selectors.")
    split: Literal["", "container", "epic", "team"] = Field(
        "",
        description="What makes the items that `items` picks into projects: each `container`, each "
        "`epic`, or each configured `team` is one, and what is left over is one more.",
    )
    target: date | None = Field(None, description="Left out: the latest of its must projects.")
    strategic: bool = Field(
        default=False,
        description="Its Red alone makes the portfolio Red, where a colour of it is demanded.",
    )
    benefits: tuple[BenefitSettings, ...] = Field((), description="Shown only where given.")
    budget: BudgetSettings | None = Field(None, description="Shown only where given.")

    @model_validator(mode="after")
    def _one_way(self) -> ProgramSettings:
        if bool(self.items) != bool(self.split):
            raise ValueError(
                '"items" and "split" belong together: items = [...], split = "container"'
            )
        if not self.projects and not self.items:
            raise ValueError('has no projects: write projects = ["key", …]')
        return self


class GateSettings(Table):
    """A date by which a part of a scope must be done."""

    scope: str = Field(description="A key, or `prog:KEY`, `proj:KEY`, `prod:KEY`.")
    name: str = Field(min_length=1, description="What must be done.")
    on: date = Field(alias="date", description="By when.")
    owner: str = Field("", description="Who answers for it.")
    items: tuple[SelectorValue, ...] = Field(
        (), description="Its items; left out: by version of that name, else by due date."
    )
    contractual: bool = Field(default=False, description="Whether it is promised in a contract.")


class OptionSettings(Table):
    """One way to decide."""

    text: str = Field(min_length=1, description="What would be done.")
    effect: str = Field("", description="What that would bring.")


class DecisionSettings(Table):
    """A question to a named decider; it reaches a digest once `confirmed_by` names a person."""

    scope: str = Field(description="A key, or `prog:KEY`, `proj:KEY`, `prod:KEY`.")
    question: str = Field(min_length=1, description="The question, as the digest prints it.")
    decider: str = Field(min_length=1, description="Who decides.")
    needed_by: date | None = Field(None, description="By when.")
    options: tuple[OptionSettings, ...] = Field(
        (), description="Left out: the levers of the forecast."
    )
    recommendation: str = Field("", description="The letter of the recommended option.")
    confirmed_by: str = Field("", description="Who says that this is to be asked.")
    state: DecisionState = Field(DecisionState.OPEN, description="Where it stands.")
    outcome: str = Field("", description="What was decided.")
    decided_on: date | None = Field(None, description="When it was decided.")


class RiskSettings(Table):
    """A risk that a person sees."""

    scope: str = Field(description="A key, or `prog:KEY`, `proj:KEY`, `prod:KEY`.")
    title: str = Field(min_length=1, description="The risk in one line.")
    probability: Scale = Field(description="1 (rare) to 5 (almost certain).")
    impact: Scale = Field(description="1 (slight) to 5 (severe).")
    owner: str = Field("", description="Who answers for it.")
    next_step: str = Field("", description="What happens next.")


class RiskResponseSettings(Table):
    """What is done about a risk that syncer found: named by its rule and a scope or an item."""

    rule: str = Field(pattern=r"^[A-Z]+-\d+$", description="The rule's id, such as `DEP-2`.")
    scope: str = Field("", description="The scope of the risk.")
    item: str = Field("", description="Or the item at its root: `<connection>:<key>`.")
    owner: str = Field("", description="Who answers for it.")
    ask: str = Field("", description="What the reader of a digest is asked to do.")
    next_step: str = Field("", description="What happens next.")
    by: date | None = Field(
        None, description="When the next step is done; without it nothing is `owned`, but new."
    )
    roam: Roam = Field(Roam.OWNED, description="How the risk is treated.")
    on: date | None = Field(None, description="The day on which it is said; `accepted` needs it.")
    accept_until: date | None = Field(
        None, description="With `accepted`: the last day, at most 90 days after `on`."
    )
    mitigations: tuple[str, ...] = Field(
        (), description="With `mitigated`: the items that do it: `<connection>:<key>`."
    )
    residual_probability: Scale | None = Field(
        None, description="With `mitigated`: the probability that is left, 1 to 5."
    )
    residual_impact: Scale | None = Field(
        None, description="With `mitigated`: the impact that is left, 1 to 5."
    )

    @model_validator(mode="after")
    def _names_a_risk(self) -> RiskResponseSettings:
        if bool(self.scope) == bool(self.item):
            raise ValueError('name the risk by either "scope" or "item"')
        return self

    @model_validator(mode="after")
    def _accepts_for_a_while(self) -> RiskResponseSettings:
        if self.roam is Roam.ACCEPTED:
            longest = LONGEST_ACCEPTANCE.days
            days = (self.accept_until - self.on).days if self.accept_until and self.on else -1
            if not self.owner or not 0 <= days <= longest:
                raise ValueError(
                    f'an acceptance needs "owner", "on" and "accept_until", '
                    f"at most {longest} days later"
                )
        return self


class StatusSettings(Table):
    """An owner's own word on a scope; a state worse than the computed colour counts for 14 days."""

    scope: str = Field(description="A key, or `prog:KEY`, `proj:KEY`, `prod:KEY`.")
    text: str = Field(min_length=1, description="One sentence, as the digest quotes it.")
    status: OwnerWord | None = Field(None, description="How it stands; left out: words only.")
    by: str = Field(min_length=1, description="Who says so.")
    on: date = Field(description="The day on which it is said.")


class BaselineSettings(Table):
    """An approved plan of a project; the items that it holds are approved by command."""

    scope: str = Field(description="The project.")
    target: date = Field(description="The approved target.")
    start: date | None = Field(None, description="The approved start.")
    approved_by: str = Field(min_length=1, description="Who approved it.")
    on: date = Field(description="The day on which it was approved.")

    @model_validator(mode="after")
    def _of_a_project(self) -> BaselineSettings:
        if self.scope.startswith(("prog:", "prod:", "team:")) or self.scope == "portfolio":
            raise ValueError("a baseline belongs to a project")
        return self


class ClassificationSettings(Table):
    """An explicit mapping: the picked items have this level."""

    select: tuple[SelectorValue, ...] = Field(min_length=1, description="Selectors of items.")
    level: VerdictLevel = Field(description="What they are.")
