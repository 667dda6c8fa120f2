"""Training: deterministic, calibrated, blind to sources, and parted by source."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.classify.fitting import BIAS, Example, Prior, fit, score, sigmoid
from syncer.classify.labelled import Labelled, folds, labelled
from syncer.classify.shipped import shipped_words
from syncer.classify.training import train, written

SOURCES = [f"org{n}/zebra" for n in range(8)]
ROWS: list[dict[str, object]] = [
    {"title": title, "label": label, "source": source, "confidence": 0.95, "tracker": "github"}
    for source in SOURCES
    for title, label in (
        ("Every zebra team must move to the gizmo", "program"),
        ("The zebra page crashes with a widget", "product"),
    )
]


def test_fit_finds_the_rate_of_a_coin() -> None:
    rows = [Example(features={}, program=n < 30) for n in range(40)]
    found = fit(rows, {BIAS: Prior(strength=1e-6)})
    assert sigmoid(found[BIAS]) == pytest.approx(0.75, abs=1e-3)


def test_fit_stays_at_its_prior_without_examples_and_leaves_it_with_them() -> None:
    priors = {"x": Prior(mean=1.0, strength=1.0), BIAS: Prior(strength=100.0)}
    against = [Example(features={"x": 1.0}, program=False)] * 20
    assert fit([], priors)["x"] == 1.0
    assert fit(against, priors)["x"] < 0


def test_fit_ignores_features_without_a_prior_and_heeds_weights() -> None:
    rows = [
        Example(features={"x": 1.0, "noise": 9.0}, program=True, weight=9.0),
        Example(features={"x": 1.0}, program=False, weight=1.0),
    ]
    found = fit(rows, {"x": Prior(strength=0.01), BIAS: Prior(strength=100.0)})
    assert set(found) == {"x", BIAS}
    assert score({"x": 1.0}, found) == pytest.approx(math.log(9), abs=0.2)


def test_the_same_items_give_the_same_bytes() -> None:
    items = labelled(ROWS)
    first, second = (written(train(items, shipped_words()), items) for _ in range(2))
    assert first == second
    assert first.startswith("#")


def test_names_of_sources_and_words_of_few_sources_are_not_learnt() -> None:
    rows: list[dict[str, object]] = [*ROWS]
    rows.append({"title": "rareword gizmo", "label": "program", "source": "org1/zebra"})
    weights = train(labelled(rows), shipped_words()).weights
    assert "word:gizmo" in weights
    assert not [name for name in weights if "zebra" in name or "rareword" in name]


def test_items_without_a_usable_label_teach_nothing() -> None:
    assert labelled([{"title": "x", "label": "unclear"}, {"title": "y"}]) == []


@given(st.lists(st.sampled_from(SOURCES), min_size=1, max_size=40), st.integers(1, 60))
def test_folds_hold_every_row_once_and_no_source_twice(groups: list[str], count: int) -> None:
    found = folds(groups, count)
    assert sorted(n for fold in found for n in fold) == list(range(len(groups)))
    homes = [{groups[n] for n in fold} for fold in found]
    assert sum(map(len, homes)) == len(set(groups))


def _development(shared_data: Path) -> list[Labelled]:
    path = shared_data / "classification" / "real_dev.jsonl"
    return labelled(map(json.loads, path.read_text(encoding="utf-8").splitlines()))


def test_the_shipped_weights_can_be_made_again_to_the_byte(root: Path, shared_data: Path) -> None:
    items = _development(shared_data)
    shipped = (root / "config" / "classification" / "text.toml").read_text(encoding="utf-8")
    assert written(train(items, shipped_words()), items) == shipped


def test_no_learnt_word_names_a_source(root: Path, shared_data: Path) -> None:
    names = frozenset().union(*(one.names for one in _development(shared_data)))
    shipped = (root / "config" / "classification" / "text.toml").read_text(encoding="utf-8")
    learnt = [line.split('"')[1] for line in shipped.splitlines() if line.startswith('"word:')]
    assert learnt
    assert not [term for term in learnt if names.intersection(term[len("word:") :].split())]
