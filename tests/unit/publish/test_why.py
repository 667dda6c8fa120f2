"""`syncer why`: every figure with its rule, formula, inputs, thresholds, and its items."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncer.cli.why import explanation
from syncer.errors import NotFound
from syncer.rollup.rules import ColourRules, HealthRules
from tests.unit.publish.builders import PROGRAM_VIEW
from tests.unit.publish.portfolios import PERMIT, example


def test_it_tells_how_each_figure_came_about() -> None:
    told = "\n".join(explanation("network", example(), HealthRules(), PROGRAM_VIEW))
    assert "Rule R2: the chance of the target is too low" in told
    assert "A chance of the target below this is Red: 50 % (colour.red_below)" in told
    assert "computed 0.3017; target 2027-03-19" in told
    assert "82 open; items a week, oldest first: 5, 6, 4, 7" in told
    assert "planned: working days passed by working days from start to target" in told


def test_it_names_the_items_with_their_addresses() -> None:
    lines = list(explanation("network", example(), HealthRules(), PROGRAM_VIEW))
    assert any(
        line.split() == ["REG-112", "North", "permit", "https://acme.example/browse/REG-112"]
        for line in lines
    )


def test_it_names_the_thresholds_in_force() -> None:
    rules = HealthRules(colour=ColourRules(red_below=0.4))
    told = "\n".join(explanation("network", example(), rules))
    assert "A chance of the target below this is Red: 40 % (colour.red_below)" in told


@pytest.mark.parametrize("scope", ["prog:5g", "prod:phone", "proj:regulatory"])
def test_every_sort_of_scope_has_evidence(scope: str) -> None:
    lines = list(explanation(scope, example(), HealthRules()))
    assert "Evidence:" in lines
    assert any(line.startswith("  Chance of target: ") for line in lines)


def test_a63_a_restricted_item_is_only_counted() -> None:
    secret = replace(PERMIT, title="Acquire the rival", restricted=True)
    given = example()
    risks = tuple(replace(risk, root=None, subjects=(secret,)) for risk in given.risks[1:2])
    phone = replace(given.projects[3], dependencies=())
    shown = replace(given, risks=risks, unmerged=(), projects=(phone,), recent_moves=())
    told = "\n".join(explanation("proj:phone", shown, HealthRules(), PROGRAM_VIEW))
    assert "restricted item" in told
    assert "Acquire" not in told
    assert PERMIT.key not in told


def test_what_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound):
        list(explanation("nothing", example(), HealthRules()))
