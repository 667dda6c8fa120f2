"""The portfolio by count, and its one colour on demand (roll-up spec, section 3.4)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncer.domain.health import Colour, Health
from syncer.domain.portfolio import Portfolio, Program
from syncer.domain.report import GroupResult, Snapshot
from syncer.rollup.colours.portfolio import portfolio_colour, portfolio_line
from tests.unit.rollup.scenes import planned, run, steady

COLOURS = {
    "R": Health.RED, "A": Health.AMBER, "G": Health.GREEN, "U": Health.UNKNOWN,
    "N": Health.NO_PLAN, "T": Health.TOO_EARLY, "D": Health.DONE, "H": Health.ON_HOLD,
}  # fmt: skip


def base() -> Snapshot:
    program = Program(key="0", name="P0", projects=("net",))
    of = Portfolio(projects=(planned("net"),), programs=(program,))
    return run(steady("NET", weekly=3, remaining=12), of)


BASE = base()


def portfolio(letters: str, *, strategic: int | None = None) -> Snapshot:
    """Programs of these colours; the one at `strategic` is strategic."""
    programs = tuple(
        one(COLOURS[letter], n, strategic=n == strategic) for n, letter in enumerate(letters)
    )
    return replace(BASE, programs=programs)


def one(health: Health, n: int, *, strategic: bool) -> GroupResult:
    colour = Colour(health=health, rule="", reason="")
    return replace(
        BASE.programs[0], scope=f"prog:{n}", name=f"P{n}", shown=colour, strategic=strategic
    )


@pytest.mark.parametrize(
    ("letters", "strategic", "health", "rule"),
    [
        ("GGGG", None, Health.GREEN, "G"),
        ("RGGG", None, Health.RED, "R2"),
        ("RGGGG", None, Health.AMBER, "A1"),
        ("RGGGGGGGGG", 0, Health.RED, "R1"),
        ("RGGGGGGGGG", 1, Health.AMBER, "A1"),
        ("AGG", None, Health.AMBER, "A2"),
        ("AUNGGGGGG", None, Health.AMBER, "A2"),
        ("AGGG", None, Health.GREEN, "G"),
        ("RGGDHT", None, Health.RED, "R2"),
        ("DDH", None, Health.UNKNOWN, "0"),
        ("", None, Health.GREEN, "G"),
    ],
)
def test_the_stated_rule(letters: str, strategic: int | None, health: Health, rule: str) -> None:
    found = portfolio_colour(portfolio(letters, strategic=strategic))
    assert (found.health, found.rule) == (health, rule)


def test_by_default_there_is_a_count_and_no_colour() -> None:
    assert portfolio_line(portfolio("RGGG"), portfolio("AGGG")) == "1 of 4 programs Red; 1 worsened"
    assert portfolio_line(portfolio("GRGD"), portfolio("RAGG")) == (
        "1 of 3 programs Red; 1 worsened; 1 improved"
    )
    assert portfolio_line(portfolio("G"), None) == "0 of 1 program Red"
    assert portfolio_line(portfolio("DD"), None) == "no program is running"


def test_without_programs_projects_are_counted() -> None:
    assert portfolio_line(portfolio(""), None) == "0 of 1 project Red"
