"""The tables of `syncer.toml` about products: who asked, what ships when, and who must say go."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, model_validator

from syncer.domain.release import Function, GateState
from syncer.settings.models import Key, Table
from syncer.settings.portfolio_models import BenefitSettings, SelectorValue

Worth = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class CustomersSettings(Table):
    """What marks an item as asked for by a customer, and the customer as told."""

    labels: tuple[str, ...] = Field(
        (), description="Globs of labels; what `*` stands for is the customer's name."
    )
    fields: tuple[str, ...] = Field(
        (), description="Custom fields, as named in the connection, that hold customers' names."
    )
    told: tuple[str, ...] = Field(
        (),
        description="Globs of labels that say that a customer was told; what `*` stands for is "
        "the customer's name. One without `*` speaks for all who asked for the item.",
    )
    weights: dict[str, Worth] = Field(
        {}, description="What customers are worth, by name; who is not listed is worth 1."
    )


class ProductSettings(Table):
    """Projects of one product line."""

    key: Key = Field(description="Its short name: `prod:<key>`.")
    name: str = Field("", description="Its name; empty: the key.")
    vision: str = Field("", description="What it is for, in one sentence.")
    owner: str = Field("", description="The product manager.")
    projects: tuple[str, ...] = Field(min_length=1, description="Keys of its projects.")
    customers: CustomersSettings = Field(CustomersSettings(), description="Marks of customers.")
    bugs: tuple[SelectorValue, ...] = Field(
        (), description="Selectors of bugs; left out: items of a type or label Bug or Defect."
    )
    benefits: tuple[BenefitSettings, ...] = Field((), description="Shown only where given.")


class ReleaseGateSettings(Table):
    """The word of one function on a release. A waiver needs `by`, `until` and `reason`."""

    function: Function = Field(description="Whose word it is.")
    state: GateState | None = Field(
        None, description="Where it stands; left out: as `item` says, else nobody has said."
    )
    must: bool = Field(
        default=True, description="Whether the release waits for it; if not, it may stay open."
    )
    by: str = Field("", description="Who says so, or who waives it.")
    on: date | None = Field(None, description="The day on which it was said.")
    until: date | None = Field(None, description="The last day of a waiver.")
    reason: str = Field("", description="Why it is waived.")
    item: str = Field("", description="The item that decides it: `<connection>:<key>`, once done.")

    @model_validator(mode="after")
    def _told_in_full(self) -> ReleaseGateSettings:
        if self.state is GateState.UNSAID:
            raise ValueError('leave "state" out where nobody has said anything')
        if self.state is GateState.READY and not self.by:
            raise ValueError('a gate that is ready names who says so: by = "…"')
        if self.state is GateState.WAIVED and not (self.by and self.until and self.reason.strip()):
            raise ValueError(
                'a waiver names who gives it, until when and why: by = "…", until = …, reason = "…"'
            )
        if self.item and self.state in {GateState.READY, GateState.NOT_READY}:
            raise ValueError('say it by "state" or by "item"; only a waiver goes with an item')
        return self


class ReleaseSettings(Table):
    """One release of a product, with what has to be done and said before it ships."""

    product: Key = Field(description="The key of the product.")
    name: str = Field(min_length=1, description="Its name, such as `2.0`.")
    on: date | None = Field(
        None, alias="date", description="When it is to ship; left out: the product's target."
    )
    items: tuple[SelectorValue, ...] = Field(
        (), description="Selectors of its work; left out: all work of the product."
    )
    must: tuple[SelectorValue, ...] = Field(
        (), description="Selectors of its must-have features; left out: those marked must-have."
    )
    must_fix: tuple[SelectorValue, ...] = Field(
        (),
        description="Selectors of bugs that forbid it; left out: bugs that are marked must-have or "
        "of the highest priority.",
    )
    gates: tuple[ReleaseGateSettings, ...] = Field((), description="Who has said go, and who not.")
    released: date | None = Field(None, description="The day on which it shipped.")

    @model_validator(mode="after")
    def _each_function_once(self) -> ReleaseSettings:
        functions = [gate.function for gate in self.gates]
        twice = next((one for one in functions if functions.count(one) > 1), None)
        if twice is not None:
            raise ValueError(f"the gate {twice.value!r} is given twice")
        return self
