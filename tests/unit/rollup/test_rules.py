from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from syncer.paths import shipped
from syncer.rollup.risks import scoring
from syncer.rollup.rules import HealthRules
from syncer.rollup.work import quality


def shipped_file() -> Path:
    return shipped("config") / "health.toml"


def shipped_rules() -> dict[str, Any]:
    return tomllib.loads(shipped_file().read_text("utf-8"))


def test_the_shipped_thresholds_are_the_defaults() -> None:
    assert HealthRules.model_validate(shipped_rules()) == HealthRules()


def test_the_shipped_file_holds_every_threshold_with_a_comment() -> None:
    tables = HealthRules().model_dump()
    assert {table: set(names) for table, names in shipped_rules().items()} == {
        table: set(names) for table, names in tables.items()
    }
    lines = shipped_file().read_text("utf-8").splitlines()
    assert [line for line in lines if " = " in line and "#" not in line] == []


def test_every_threshold_says_what_it_means() -> None:
    tables = [type(table) for _, table in HealthRules()]
    assert [
        name for table in tables for name, f in table.model_fields.items() if not f.description
    ] == []


def test_every_threshold_is_read_by_something(root: Path) -> None:
    """One that nothing reads would be a promise in the file that nobody keeps."""
    code = "".join(path.read_text("utf-8") for path in sorted((root / "syncer").rglob("*.py")))
    names = [name for _, table in HealthRules() for name in type(table).model_fields]
    assert [name for name in names if not re.search(rf"\.{name}\b", code)] == []


def test_the_plain_formulas_have_the_same_thresholds() -> None:
    assert HealthRules().scoring.thresholds == scoring.DEFAULTS
    assert HealthRules().quality.thresholds == quality.DEFAULTS


@pytest.mark.parametrize(
    "table",
    [
        {"colour": {"amber": 0.5}},
        {"weather": {}},
        {"colour": {"amber_below": 1.5}},
        {"colour": {"amber_below": float("nan")}},
        {"detectors": {"res2_load": float("inf")}},
        {"detectors": {"res2_weeks": 0}},
        {"scoring": {"bands": [5, 10]}},
        {"quality": {"high": "much"}},
    ],
)
def test_what_is_no_threshold_is_refused(table: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        HealthRules.model_validate(table)


def test_a_company_may_differ_in_one_figure() -> None:
    rules = HealthRules.model_validate({"scoring": {"bands": [4, 8, 12]}})
    assert rules.scoring.thresholds.bands == (4, 8, 12)
    assert rules.colour == HealthRules().colour
