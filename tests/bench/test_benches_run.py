"""Every bench runs, in a size whose figures say nothing: so none rots unseen."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from bench.__main__ import BENCHES, ON_DEMAND, run_all
from bench.figures import Figure, Options, table

TINY = Options(tiny=True, repeats=1)
EXPECTED = {
    "forecast": ["plain bootstrap"],
    "writes": ["executemany", "`.values([…])`"],
    "sync": ["own ceiling", "floor", "`jira` package", "tap-jira", "dlt"],
    "connectors": ["jira", "github", "gitlab", "azuredevops", "linear", "redmine"],
    "memory": ["idle daemon", "requests a container", "rows of items written", "1,000,000"],
    "hooks": ["throughput", "p99", "burst"],
    "classify": ["in one batch", "peak memory", "from the store", "has changed", "hostile"],
    "rollup": ["sums and edges by SQL", "peak memory", "beyond linear", "weekly digest"],
}


@pytest.mark.parametrize("name", BENCHES)
def test_a_bench_measures_what_it_promises(name: str) -> None:
    figures = list(import_module(f"bench.bench_{name}").measure(TINY))
    for words in EXPECTED[name]:
        assert any(words in figure.what for figure in figures), words
    assert [f.what for f in figures if f.value is None and not f.beside] == []


def test_every_module_of_a_bench_is_in_the_table_of_benches(root: Path) -> None:
    modules = {path.stem.removeprefix("bench_") for path in (root / "bench").glob("bench_*.py")}
    assert modules == {*BENCHES, *ON_DEMAND}


def test_a_goal_is_met_or_missed_in_plain_words() -> None:
    shown = table(
        [
            Figure(what="enough", value=0.5, unit="%", least=0.5),
            Figure(what="too slow", value=0.49, unit="%", least=0.5, beside="2 s"),
            Figure(what="too much", value=91, unit="MB", most=90),
            Figure(what="not done", value=None, unit="", most=90, beside="not measured: --million"),
        ]
    ).splitlines()[2:]
    assert [line.split() for line in shown] == [
        ["enough", "50", "%", "≥", "50", "%", "met"],
        ["too", "slow", "49", "%", "≥", "50", "%", "MISSED", "2", "s"],
        ["too", "much", "91", "MB", "≤", "90", "MB", "MISSED"],
        ["not", "done", "–", "≤", "90", "not", "measured:", "--million"],
    ]


def test_an_unknown_bench_is_refused() -> None:
    assert run_all(["--only", "nonsense"]) == 2
