"""The whole precedence of spec/classification.md section 2, for every item of a portfolio.

1 human override · 2 nearest ancestor's override that covers children · 3 mapping rule ·
4 explicit field or label · 5 evidence · 6 the parent's level × 0.9 · 7 the project's default ·
8 unclassified. Total: any portfolio gives one verdict an item and never an exception.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

from syncer.classify.config import ClassifierConfig
from syncer.classify.evidence import Evidence, TextModel, probability, weigh
from syncer.classify.features import build_extractor
from syncer.classify.graph import Graph, build_graph
from syncer.classify.portfolio import (
    Portfolio,
    PortfolioItem,
    PortfolioMapping,
    PortfolioOverride,
)
from syncer.classify.printable import printable
from syncer.classify.shipped import shipped_config
from syncer.classify.signals import MOST_LABELS, index_evidence, structural_reasons
from syncer.classify.signals import Evidence as Structure
from syncer.domain.verdict import Reason, Verdict, VerdictLevel

_PARENT_FACTOR = 0.9
_LONGEST_LABEL = 40
_EXPLICIT = {
    "syncer:program": VerdictLevel.PROGRAM,
    "syncer:product": VerdictLevel.PRODUCT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One portfolio, ready to be judged item by item."""

    graph: Graph
    structure: Structure
    model: TextModel
    overrides: Mapping[str, PortfolioOverride]
    mappings: Mapping[str, PortfolioMapping]


class Above(NamedTuple):
    """All that reaches an item from above: the nearest ruling, and its parent's verdict.

    `level` is None where the item has no parent.
    """

    ruling: PortfolioOverride | None = None
    level: VerdictLevel | None = None
    confidence: float = 0.0


_NOTHING_ABOVE = Above()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Verdicts by item key, what stood above each item, and how many were `judged` for it."""

    verdicts: Mapping[str, Verdict]
    above: Mapping[str, Above]
    judged: int


_NOTHING_KNOWN = Standing(verdicts={}, above={}, judged=0)


def classify_portfolio(
    portfolio: Portfolio | Mapping[str, object], *, config: ClassifierConfig | None = None
) -> dict[str, Verdict]:
    """A verdict for every item, by item key; of two equal keys the first item counts.

    A plain mapping is validated first: `pydantic.ValidationError` says what is wrong with it.
    """
    if not isinstance(portfolio, Portfolio):
        portfolio = Portfolio.model_validate(portfolio)
    return dict(judge_again(portfolio, config=config).verdicts)


def judge_again(
    portfolio: Portfolio,
    before: Standing = _NOTHING_KNOWN,
    touched: AbstractSet[str] = frozenset(),
    *,
    config: ClassifierConfig | None = None,
) -> Standing:
    """A verdict for every item; one from `before` stays while nothing that it was made from moved.

    `touched` names the items of which anything but what stands above them may differ.
    """
    case = _prepare(portfolio, _model(config))
    verdicts: dict[str, Verdict] = {}
    above: dict[str, Above] = {}
    values: dict[Verdict | Reason, Any] = {}
    judged = 0
    for key in case.graph.top_down:
        over = above[key] = _above(case, key, verdicts=verdicts, above=above)
        if key not in touched and before.above.get(key) == over:
            verdicts[key] = before.verdicts[key]
        else:
            verdicts[key] = _shared(_judge(case, key, over), values)
            judged += 1
    return Standing(verdicts=verdicts, above=above, judged=judged)


def _shared(made: Verdict, values: dict[Verdict | Reason, Any]) -> Verdict:
    """The same verdict, of which equal ones and their equal reasons are one object.

    Most of a portfolio says the same few things, and a daemon remembers them all.
    """
    found: Verdict | None = values.get(made)
    if found is None:
        reasons = tuple(values.setdefault(reason, reason) for reason in made.reasons)
        found = values[made] = replace(made, reasons=reasons)
    return found


def _model(config: ClassifierConfig | None) -> TextModel:
    if config is None:
        return _shipped_model()
    return TextModel(build_extractor(config.words), config)


@lru_cache(maxsize=1)
def _shipped_model() -> TextModel:
    config = shipped_config()
    return TextModel(build_extractor(config.words), config)


def _prepare(portfolio: Portfolio, model: TextModel) -> _Case:
    graph = build_graph(portfolio)
    return _Case(
        graph=graph,
        structure=index_evidence(graph, model.config.structure),
        model=model,
        overrides={override.item: override for override in portfolio.overrides},
        mappings={mapping.item: mapping for mapping in reversed(portfolio.mappings)},
    )


def _above(
    case: _Case, key: str, *, verdicts: Mapping[str, Verdict], above: Mapping[str, Above]
) -> Above:
    """What the parent hands down: its own ruling where that covers all below, else its parent's."""
    parent = case.graph.parents.get(key)
    if parent is None:
        return _NOTHING_ABOVE
    own = case.overrides.get(parent)
    ruling = own if own is not None and own.children else above[parent].ruling
    verdict = verdicts[parent]
    return Above(ruling, verdict.level, verdict.confidence)


def _judge(case: _Case, key: str, above: Above) -> Verdict:
    """The first step of precedence that exists."""
    item = case.graph.items[key]
    evidence = weigh(
        item,
        structural_reasons(case.structure, key),
        model=case.model,
        cyclic=key in case.graph.cyclic,
        belongs_nowhere=case.graph.belongs_nowhere(key),
    )
    return (
        _ordered(case, item, ruling=above.ruling, evidence=evidence)
        or _by_evidence(evidence, case.model.config.decides_at)
        or _by_parent(above, evidence, case.model.config.decides_at)
        or _by_default(case, item, evidence)
        or _undecided(evidence)
    )


def _ordered(
    case: _Case, item: PortfolioItem, *, ruling: PortfolioOverride | None, evidence: Evidence
) -> Verdict | None:
    """Steps 1 to 4: what a person or a rule says outright."""
    own = case.overrides.get(item.key)
    if own is not None:
        return _said(own.level, "override", f"set by {_by(own)}", evidence=evidence)
    if ruling is not None:
        text = f"{printable(ruling.item)} and all below set by {_by(ruling)}"
        return _said(ruling.level, "ancestor_override", text, evidence=evidence)
    mapping = case.mappings.get(item.key)
    if mapping is not None:
        return _said(
            mapping.level, "mapping", f"rule {printable(mapping.rule, 60)}", evidence=evidence
        )
    if item.explicit is not None:
        return _said(item.explicit, "explicit", "field says so", evidence=evidence)
    for name in item.labels[:MOST_LABELS]:
        if (level := _EXPLICIT.get(name[:_LONGEST_LABEL].strip().casefold())) is not None:
            return _said(level, "explicit", f'label "{printable(name)}"', evidence=evidence)
    return None


def _by(override: PortfolioOverride) -> str:
    author = printable(override.author) or "a person"
    return f"{author}: {printable(override.reason, 60)}" if override.reason else author


def _said(level: VerdictLevel, decided_by: str, text: str, *, evidence: Evidence) -> Verdict:
    """A spoken level is certain; its one reason has no weight in log-odds to add."""
    leaning = _leaning(evidence) if level is VerdictLevel.UNCLASSIFIED else level
    return Verdict(
        level=level,
        leaning=leaning,
        confidence=1.0,
        decided_by=decided_by,
        reasons=(Reason(signal=decided_by, weight=0.0, text=text),),
    )


def _leaning(evidence: Evidence) -> VerdictLevel:
    return VerdictLevel.PROGRAM if evidence.score > 0 else VerdictLevel.PRODUCT


def _confidence(evidence: Evidence) -> float:
    return probability(abs(evidence.score))


def _by_evidence(evidence: Evidence, decides_at: float) -> Verdict | None:
    if _confidence(evidence) < decides_at:
        return None
    leaning = _leaning(evidence)
    return Verdict(
        level=leaning,
        leaning=leaning,
        confidence=_confidence(evidence),
        decided_by="evidence",
        reasons=evidence.reasons,
    )


def _by_parent(above: Above, evidence: Evidence, decides_at: float) -> Verdict | None:
    """The parent's level at nine tenths of its confidence, while that still decides."""
    level = above.level
    if level is None or level is VerdictLevel.UNCLASSIFIED:
        return None
    confidence = above.confidence * _PARENT_FACTOR
    if confidence < decides_at:
        return None
    reason = Reason(signal="parent", weight=0.0, text=f"its parent is {level}")
    return Verdict(
        level=level,
        leaning=level,
        confidence=confidence,
        decided_by="parent",
        reasons=(reason, *evidence.reasons),
    )


def _by_default(case: _Case, item: PortfolioItem, evidence: Evidence) -> Verdict | None:
    """The project's default says nothing about this item: just enough confidence to decide."""
    project = case.graph.projects.get(item.project)
    level = project.default_level if project else None
    if project is None or level is None or level is VerdictLevel.UNCLASSIFIED:
        return None
    text = f"default of {printable(project.name or project.key)}"
    return Verdict(
        level=level,
        leaning=level,
        confidence=case.model.config.decides_at,
        decided_by="default",
        reasons=(Reason(signal="default", weight=0.0, text=text), *evidence.reasons),
    )


def _undecided(evidence: Evidence) -> Verdict:
    return Verdict(
        level=VerdictLevel.UNCLASSIFIED,
        leaning=_leaning(evidence),
        confidence=_confidence(evidence),
        decided_by="none",
        reasons=evidence.reasons,
    )
