"""Program-level or product-level: the classifier's answer and its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class VerdictLevel(StrEnum):
    """The three answers of spec/classification.md section 1."""

    PROGRAM = "program"
    PRODUCT = "product"
    UNCLASSIFIED = "unclassified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One signal that spoke: its name, its weight in log-odds, and a readable text."""

    signal: str
    weight: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The level of one item, how sure (0..1), by which step of precedence, and why.

    `decided_by`: override, ancestor_override, mapping, explicit, evidence, parent,
    default or none. Reasons are ordered by absolute weight, strongest first.
    """

    level: VerdictLevel
    leaning: VerdictLevel
    confidence: float
    decided_by: str
    reasons: tuple[Reason, ...] = ()
