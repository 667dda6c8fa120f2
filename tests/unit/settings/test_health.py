"""Thresholds: shipped, and those of a `health.toml` beside the configuration."""

from __future__ import annotations

import pytest

from syncer.rollup.rules import HealthRules
from syncer.settings.faults import ConfigurationFaults
from syncer.settings.health import load_health_rules
from tests.unit.settings.conftest import Folder


def test_the_shipped_thresholds_are_the_codes_own(folder: Folder) -> None:
    assert load_health_rules(folder.path) == HealthRules()


def test_only_what_differs_needs_to_be_written(folder: Folder) -> None:
    folder.write("health.toml", "[colour]\nred_below = 0.4\n")
    rules = load_health_rules(folder.path)
    assert rules.colour.red_below == pytest.approx(0.4)
    assert rules.colour.amber_below == HealthRules().colour.amber_below


def test_faults_name_their_line(folder: Folder) -> None:
    folder.write("health.toml", "[colour]\n\nred_blow = 0.4\n")
    with pytest.raises(ConfigurationFaults) as caught:
        load_health_rules(folder.path)
    assert str(caught.value) == (
        'health.toml:3: colour.red_blow: unknown key. Did you mean "red_below"?'
    )
