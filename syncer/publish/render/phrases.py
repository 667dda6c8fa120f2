"""Sentences that every text format words alike, from the parts of the digest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from syncer.domain.health import Health
from syncer.domain.report import Evidence
from syncer.publish.digest.figures import named, word
from syncer.publish.digest.model import (
    DecisionNeeded,
    Digest,
    GateLine,
    OwnerWords,
    Place,
    RiskLine,
    StatusRow,
    Trend,
)
from syncer.publish.digest.wording import counted, day, sentence

NO_BREAK: Final = "\u00a0"
_OWNERLESS: Final = "DQ-2"
"""The rule whose risk is that there is no owner: not to be said twice."""
_GLUED = re.compile(r" (?=[%·])|(?<=≈) |(?<=\b[A-Z]\.) (?=[A-Z])|(?<=\d) (?=[A-Z][a-z]{2})")

_WAS = re.compile(r" \((was [^)]*)\)")

TREND_WORDS = {
    Trend.BETTER: "better than last week",
    Trend.WORSE: "worse than last week",
    Trend.SAME: "as last week",
    Trend.NONE: "",
}
"""What a screen reader says for an arrow."""


def glued(text: str) -> str:
    """The text with no-break spaces where a line must not end: `30 %`, `19 March`, `J. Roth`."""
    return _GLUED.sub(NO_BREAK, text)


def table_rows(digest: Digest) -> tuple[StatusRow, ...]:
    """The rows that stand in the table."""
    return tuple(row for row in digest.status if row.place is Place.ROW)


DISAGREEMENT: Final = "Owner and data disagree"
"""The headline over what an owner says and the data does not."""


PRODUCT: Final = "Release and customers"
"""The headline over what product managers read of their products."""


def decisions_title(digest: Digest) -> str:
    """`Decision needed`, `Decisions needed`."""
    return "Decision needed" if len(digest.decisions) == 1 else "Decisions needed"


def decision_facts(decision: DecisionNeeded) -> str:
    """Who, by when, how often it moved, what waiting costs: `CTO, by Thu 26 Nov`."""
    who = ", ".join(part for part in (decision.decider or "No decider", decision.deadline) if part)
    parts = (f"{who}.", decision.moved, decision.cost_of_waiting)
    return " ".join(part for part in parts if part)


def more_decisions(digest: Digest) -> str:
    """That more decisions wait than the digest has room for."""
    more = digest.decisions_more
    return f"{counted(more, 'more decision')} wait." if more > 1 else "1 more decision waits."


def recommends(by: str) -> str:
    """Whose recommendation an option is: `J. Roth recommends this`."""
    return f"{by} recommends this."


def colour_word(row: StatusRow) -> str:
    """`RED`; with a star where a person's override is shown."""
    return word(row.health) + ("*" if row.health is not row.computed else "")


def last_week(row: StatusRow) -> str:
    """`(Amber)`; a scope that was not there is new."""
    if row.previous is not None:
        return f"({named(row.previous).capitalize()})"
    return ""


def chance_now(row: StatusRow) -> str:
    """The chance cell without last week's: `30 % · 19 Mar`."""
    return _WAS.sub("", row.chance)


def chance_before(row: StatusRow) -> str:
    """What the chance was last week, where it reads otherwise: `was 34 %`."""
    found = _WAS.search(row.chance)
    return found.group(1) if found else ""


def row_name(row: StatusRow) -> str:
    """`Network upgrade, must`: criticality only where it decides the program's colour."""
    must = row.depth > 0 and row.criticality is not None and row.criticality.value == "must"
    return f"{row.name}, must" if must else row.name


def owner_said(words: OwnerWords, digest: Digest) -> tuple[str, str]:
    """Who and when, and the quotation; or the silence alone."""
    if words.silence or words.on is None:
        name = f"{words.name}: " if words.name else ""
        return sentence(f"{name}{words.silence}"), ""
    today = digest.as_of.date()
    return f"{words.author}, {day(words.on, today=today)}:", f"“{words.text}”"


def risk_facts(risk: RiskLine) -> str:
    """Band, reach and age: `critical, expected overrun 8 days (≈ €184k), since 9 Nov`."""
    parts = (risk.band, risk.detail, risk.since)
    return ", ".join(part for part in parts if part) + "."


def risk_owner(risk: RiskLine) -> str:
    """Owner and next step: `M. Okafor: re-plans by 30 Nov`."""
    owner = risk.owner or ("Name one" if risk.rule == _OWNERLESS else "No owner")
    return sentence(f"{owner}: {risk.next_step}" if risk.next_step else owner)


def gate_owner(gate: GateLine) -> str:
    """`, L. Brandt`; that nobody owns a gate is said."""
    return f", {gate.owner}" if gate.owner else ", no owner"


def derivation(entry: Evidence) -> Iterator[str]:
    """How a figure came about, a line each: formula, rule, what went in, thresholds."""
    yield from filter(None, (entry.formula, _ruled(entry)))
    if entry.inputs:
        yield f"From: {'; '.join(entry.inputs)}"
    if entry.thresholds:
        yield f"Thresholds: {'; '.join(entry.thresholds)}"


def _ruled(entry: Evidence) -> str:
    """The rule, unless the formula begins with just that."""
    told = not entry.rule or entry.formula.startswith(f"{entry.rule}:")
    return "" if told else f"Rule {entry.rule}"


def trust_words(digest: Digest) -> str:
    """The trust line as running text."""
    return " ".join(claim.text for claim in digest.trust)


def correction_line(digest: Digest) -> str:
    """That and why this is a correction: `Correction, version 2: the reason`."""
    return sentence(f"Correction, version {digest.version}: {digest.correction}")


def edition_line(digest: Digest) -> str:
    """`Senior management · 2026-W48`, with the version where it is not the first."""
    name = digest.audience_name or digest.audience
    version = f" · version {digest.version}" if digest.version > 1 else ""
    return f"{name} · {digest.edition}{version}"


SHAPES = {Health.RED: "◆", Health.AMBER: "▲", Health.GREEN: "●"}
"""A shape beside each colour, for eyes that cannot tell the colours apart."""
