"""Fitting the text model: logistic regression with a prior, in plain Python.

Cyclic coordinate descent with Newton steps on the penalised likelihood. Deterministic: same
rows in the same order give the same weights on every machine, to the digits that are written.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Row = Mapping[str, float]
BIAS = "bias"
_SWEEPS = 200
_SMALL = 1e-6
_LEAST_CURVATURE = 1e-3
_LEAST_SPREAD = 0.05  # keeps Newton steps short where the model is sure


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One labelled item: its features (without the bias), 1 for program, and its weight."""

    features: Row
    program: bool
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """Where a feature's weight is expected, and how strongly (1 ÷ variance)."""

    mean: float = 0.0
    strength: float = 1.0


@dataclass(slots=True, kw_only=True)
class _State:
    """A fit in progress; `scores` always agree with `weights`."""

    examples: Sequence[Example]
    columns: Mapping[str, Sequence[tuple[int, float]]]
    weights: dict[str, float]
    scores: list[float]


def sigmoid(score: float) -> float:
    """The probability that belongs to log-odds, without overflow."""
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, score))))


def fit(
    examples: Sequence[Example], priors: Mapping[str, Prior], *, sweeps: int = _SWEEPS
) -> dict[str, float]:
    """The most probable weights, by feature; only features with a prior are fitted."""
    weights = {name: prior.mean for name, prior in priors.items()}
    state = _State(
        examples=examples,
        columns=_columns(examples, priors),
        weights=weights,
        scores=[score(example.features, weights) for example in examples],
    )
    for _ in range(sweeps):
        moves = [abs(_step(state, name, priors[name])) for name in sorted(priors)]
        if max(moves, default=0.0) < _SMALL:
            break
    return weights


def score(features: Row, weights: Mapping[str, float]) -> float:
    """The log-odds of one row."""
    total = weights.get(BIAS, 0.0)
    for name in sorted(features):
        total += weights.get(name, 0.0) * features[name]
    return total


def _columns(
    examples: Sequence[Example], priors: Mapping[str, Prior]
) -> dict[str, list[tuple[int, float]]]:
    columns: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
    for number, example in enumerate(examples):
        for name, value in example.features.items():
            if name in priors:
                columns[name].append((number, value))
    columns[BIAS] = [(number, 1.0) for number in range(len(examples))]
    return columns


def _step(state: _State, name: str, prior: Prior) -> float:
    """Move one weight by a Newton step, keep the scores in step, and say how far it went."""
    column = state.columns[name]
    slope = -prior.strength * (state.weights[name] - prior.mean)
    curvature = prior.strength + _LEAST_CURVATURE
    for number, value in column:
        example = state.examples[number]
        expected = sigmoid(state.scores[number])
        slope += example.weight * value * (example.program - expected)
        spread = max(expected * (1 - expected), _LEAST_SPREAD)
        curvature += example.weight * value * value * spread
    step = slope / curvature
    state.weights[name] += step
    for number, value in column:
        state.scores[number] += step * value
    return step
