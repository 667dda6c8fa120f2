"""What the configuration declares of a product's releases and customers (digest.md 4.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from syncer.domain.selector import Selector


class Function(StrEnum):
    """Who has to say go before a release ships, in the order in which they are listed."""

    QA = "qa"
    SECURITY = "security"
    LEGAL = "legal"
    DOCS = "docs"
    SUPPORT = "support"
    MARKETING = "marketing"
    ROLLBACK = "rollback"


class GateState(StrEnum):
    """Where a release gate stands; UNSAID: nobody has said anything, which is not ready."""

    READY = "ready"
    NOT_READY = "not_ready"
    WAIVED = "waived"
    UNSAID = "unsaid"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseGate:
    """One function's word on a release.

    A waiver names who gives it (`by`), why (`reason`), and its last day (`until`). `item`
    (`<connection>:<key>`) decides where it is given: done means ready. A gate that is not `must`
    may stay open: the release is conditional then.
    """

    function: Function
    state: GateState = GateState.UNSAID
    must: bool = True
    by: str = ""
    on: date | None = None
    until: date | None = None
    reason: str = ""
    item: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One release of a product.

    `on` None: the product's own target. `items` empty: all work of the product. `must` picks the
    must-have features; empty: those that the tracker marks as must-have. `must_fix` picks the bugs
    that forbid it; empty: bugs marked must-have or of the highest priority. `released` is the day
    on which it shipped.
    """

    name: str
    on: date | None = None
    items: tuple[Selector, ...] = ()
    must: tuple[Selector, ...] = ()
    must_fix: tuple[Selector, ...] = ()
    gates: tuple[ReleaseGate, ...] = ()
    released: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerMarks:
    """How items of a product name the customers who asked for them.

    `labels` are globs of which `*` stands for the customer's name, `fields` custom fields that hold
    it. `told` are globs of labels that say that a customer has heard of it; one without `*` speaks
    for all who asked. `weights` are what customers are worth, in whatever unit; who is not in it is
    worth 1, where anybody is.
    """

    labels: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    weights: tuple[tuple[str, float], ...] = ()
