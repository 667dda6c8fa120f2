"""Colours, confidence, and the rule that produced them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """The states of rollup.md section 3.1; UNKNOWN is a state of its own, never Green."""

    GREEN = "GREEN"
    AMBER = "AMBER"
    RED = "RED"
    UNKNOWN = "UNKNOWN"
    NO_PLAN = "NO_PLAN"
    TOO_EARLY = "TOO_EARLY"
    NOT_STARTED = "NOT_STARTED"
    ON_HOLD = "ON_HOLD"
    DONE = "DONE"
    CANCELLED = "CANCELLED"


class Confidence(StrEnum):
    """How far the data carries the colour."""

    HIGH = "High"
    MEDIUM = "Medium"
    LOW = "Low"


@dataclass(frozen=True, slots=True, kw_only=True)
class Colour:
    """A health with the id of the rule that gave it (`R2`, `A6`, `G`) and one plain sentence."""

    health: Health
    rule: str
    reason: str
