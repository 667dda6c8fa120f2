"""The whole precedence of spec/classification.md section 2, for every item of a portfolio.

1 human override · 2 nearest ancestor's override that covers children · 3 mapping rule ·
4 explicit field or label · 5 evidence · 6 the parent's level × 0.9 · 7 the project's default ·
8 unclassified. Total: any portfolio gives one verdict an item and never an exception.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

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
from syncer.classify.signals import Evidence as Structure
from syncer.classify.signals import index_evidence, structural_reasons
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


def classify_portfolio(
    portfolio: Portfolio | Mapping[str, object], *, config: ClassifierConfig | None = None
) -> dict[str, Verdict]:
    """A verdict for every item, by item key; of two equal keys the first item counts.

    A plain mapping is validated first: `pydantic.ValidationError` says what is wrong with it.
    """
    if not isinstance(portfolio, Portfolio):
        portfolio = Portfolio.model_validate(portfolio)
    return judge_anew(portfolio, {}, config=config)


def judge_anew(
    portfolio: Portfolio,
    kept: Mapping[str, Verdict],
    *,
    config: ClassifierConfig | None = None,
) -> dict[str, Verdict]:
    """A verdict for every item; those in `kept` are taken as they are."""
    case = _prepare(portfolio, _model(config))
    verdicts: dict[str, Verdict] = {}
    inherited: dict[str, PortfolioOverride] = {}
    for key in case.graph.top_down:
        parent = case.graph.parents.get(key)
        _inherit(case, key, parent=parent, inherited=inherited)
        verdicts[key] = kept.get(key) or _judge(
            case, key, ruling=inherited.get(key), parent=verdicts.get(parent or "")
        )
    return verdicts


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


def _inherit(
    case: _Case, key: str, *, parent: str | None, inherited: dict[str, PortfolioOverride]
) -> None:
    """Hand the parent's own ruling, or the one above it, down to this item."""
    if parent is None:
        return
    own = case.overrides.get(parent)
    ruling = own if own is not None and own.children else inherited.get(parent)
    if ruling is not None:
        inherited[key] = ruling


def _judge(
    case: _Case, key: str, *, ruling: PortfolioOverride | None, parent: Verdict | None
) -> Verdict:
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
        _ordered(case, item, ruling=ruling, evidence=evidence)
        or _by_evidence(evidence, case.model.config.decides_at)
        or _by_parent(parent, evidence, case.model.config.decides_at)
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
    for name in item.labels:
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


def _by_parent(parent: Verdict | None, evidence: Evidence, decides_at: float) -> Verdict | None:
    """The parent's level at nine tenths of its confidence, while that still decides."""
    if parent is None or parent.level is VerdictLevel.UNCLASSIFIED:
        return None
    confidence = parent.confidence * _PARENT_FACTOR
    if confidence < decides_at:
        return None
    reason = Reason(signal="parent", weight=0.0, text=f"its parent is {parent.level}")
    return Verdict(
        level=parent.level,
        leaning=parent.level,
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
