"""The colour table of one project: vectors V1 to V14 of the roll-up specification."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.domain.facts import ProjectFacts
from syncer.domain.health import Colour, Confidence, Health
from syncer.domain.portfolio import ProjectState
from syncer.domain.statement import OwnerWord
from syncer.rollup.colours.health import firing_rules, project_colour, settle, severity
from syncer.rollup.forecast import completion_cdf, probability_on_time
from syncer.rollup.rules import ColourRules

AS_OF = date(2026, 11, 23)
RULES = ColourRules()


def chance(throughput: list[int], remaining: int, target: date, growth: float = 0.0) -> float:
    """The probability that examples E19 to E22 compute."""
    return probability_on_time(completion_cdf(throughput, remaining, growth), AS_OF, target)


NET = ProjectFacts(
    total=240, remaining=82, wip=12, target=date(2027, 3, 19), p85=date(2027, 4, 13),
    probability=chance([5, 6, 4, 7, 3, 5, 6, 4, 2, 5, 4, 5], 82, date(2027, 3, 19), 10 / 229),
    planned=0.668, spi=0.986, slip_days=20, pushes=1, baseline_duration_days=233,
    lateness_own=9, lateness_must=9, top_risk_score=20, top_risk="misses its date",
)  # fmt: skip
OUT = ProjectFacts(
    target=date(2027, 1, 22),
    probability=chance([2, 3, 4, 2, 3, 2, 3, 3, 2, 4, 1, 2], 20, date(2027, 1, 22)),
)
REG = ProjectFacts(
    target=date(2027, 1, 22),
    probability=chance([1, 2, 1, 2, 2, 1, 3, 1, 2, 2, 1, 2], 6, date(2027, 1, 22)),
)
PHN = ProjectFacts(
    target=date(2027, 2, 26), lateness_own=2,
    probability=chance([4, 5, 6, 4, 5, 3, 5, 6, 4, 5, 5, 4], 52, date(2027, 2, 26), 0.02),
)  # fmt: skip
LIKELY = ProjectFacts(probability=0.92, target=date(2027, 3, 19))
NO_FORECAST = ProjectFacts(target=date(2027, 3, 19), withheld="needs 6 weeks, has 3")

VECTORS = [
    pytest.param(NET, Health.RED, "R2", id="V1"),
    pytest.param(OUT, Health.AMBER, "A1", id="V2"),
    pytest.param(REG, Health.GREEN, "G", id="V3"),
    pytest.param(PHN, Health.AMBER, "A6", id="V4"),
    pytest.param(replace(LIKELY, probability=0.85), Health.GREEN, "G", id="V5-.85"),
    pytest.param(replace(LIKELY, probability=0.8499), Health.AMBER, "A1", id="V5-.8499"),
    pytest.param(replace(LIKELY, probability=0.50), Health.AMBER, "A1", id="V5-.50"),
    pytest.param(replace(LIKELY, probability=0.4999), Health.RED, "R2", id="V5-.4999"),
    pytest.param(replace(LIKELY, probability=0.85 - 1e-12), Health.GREEN, "G", id="V5-tolerance"),
    pytest.param(replace(LIKELY, confidence=Confidence.LOW), Health.AMBER, "A8", id="V6"),
    pytest.param(
        replace(LIKELY, owner_word=OwnerWord.OFF_TRACK, owner_word_age=3),
        Health.RED,
        "A9",
        id="V7-fresh",
    ),
    pytest.param(
        replace(LIKELY, owner_word=OwnerWord.OFF_TRACK, owner_word_age=15),
        Health.GREEN,
        "G",
        id="V7-stale",
    ),
    pytest.param(replace(NO_FORECAST, planned=0.5, spi=0.79), Health.RED, "R3", id="V8-.79"),
    pytest.param(replace(NO_FORECAST, planned=0.5, spi=0.94), Health.AMBER, "A2", id="V8-.94"),
    pytest.param(replace(NO_FORECAST, planned=0.5, spi=0.95), Health.GREEN, "G", id="V8-.95"),
    pytest.param(replace(NO_FORECAST, planned=0.05), Health.TOO_EARLY, "4", id="V9"),
    pytest.param(replace(LIKELY, source_age_hours=73.0), Health.UNKNOWN, "3", id="V10"),
    pytest.param(replace(LIKELY, probability=0.0, target_past_days=1), Health.RED, "R1", id="V11"),
    pytest.param(replace(LIKELY, total=12, remaining=0), Health.DONE, "1", id="V12"),
    pytest.param(
        replace(LIKELY, slip_days=20, pushes=1, baseline_duration_days=233),
        Health.AMBER,
        "A4",
        id="V13",
    ),
]


@pytest.mark.parametrize(("facts", "health", "rule"), VECTORS)
def test_vectors(facts: ProjectFacts, health: Health, rule: str) -> None:
    colour = project_colour(facts)
    assert (colour.health, colour.rule) == (health, rule)
    assert colour.reason


@pytest.mark.parametrize(("by", "who"), [("", "owner"), ("Sam Iten", "Sam Iten")])
def test_who_is_not_the_owner_is_not_called_so(by: str, who: str) -> None:
    facts = replace(LIKELY, owner_word=OwnerWord.AT_RISK, owner_word_by=by)
    assert project_colour(facts).reason.startswith(f"{who} says at risk; data: ")


def test_stale_owner_status_is_mentioned() -> None:
    stale = replace(LIKELY, owner_word=OwnerWord.OFF_TRACK, owner_word_age=15)
    assert "stale owner status" in project_colour(stale).reason


def _weeks(probabilities: list[float]) -> list[Colour]:
    shown: list[Colour] = []
    computed: list[Colour] = []
    for probability in probabilities:
        colour = project_colour(replace(LIKELY, probability=probability))
        before = (shown[-1].health, computed[-1].health) if shown else (None, None)
        shown.append(settle(colour, shown_before=before[0], computed_before=before[1], cause=False))
        computed.append(colour)
    return shown


def test_v14_improvement_needs_two_snapshots() -> None:
    shown = _weeks([0.48, 0.51, 0.52])
    assert [c.health for c in shown] == [Health.RED, Health.RED, Health.AMBER]
    assert "improving" in shown[1].reason


def test_improvement_never_skips_the_week_between() -> None:
    assert [c.health for c in _weeks([0.4, 0.6, 0.9, 0.9])] == [
        Health.RED, Health.RED, Health.AMBER, Health.GREEN,
    ]  # fmt: skip


def test_worsening_and_discrete_causes_show_at_once() -> None:
    assert [c.health for c in _weeks([0.9, 0.4])] == [Health.GREEN, Health.RED]
    better = project_colour(replace(LIKELY, probability=0.9))
    settled = settle(better, shown_before=Health.RED, computed_before=Health.RED, cause=True)
    assert settled.health is Health.GREEN


@pytest.mark.parametrize(
    ("before", "computed", "shown"),
    [
        pytest.param(Health.RED, Health.UNKNOWN, Health.UNKNOWN, id="missing data is told at once"),
        pytest.param(Health.RED, Health.TOO_EARLY, Health.RED, id="losing the forecast is no help"),
        pytest.param(Health.UNKNOWN, Health.GREEN, Health.GREEN, id="grey was never bad"),
        pytest.param(Health.NO_PLAN, Health.TOO_EARLY, Health.TOO_EARLY, id="a plan is a cause"),
        pytest.param(Health.RED, Health.DONE, Health.DONE, id="done is done"),
        pytest.param(Health.AMBER, Health.RED, Health.RED, id="worse at once"),
    ],
)
def test_only_red_and_amber_linger(before: Health, computed: Health, shown: Health) -> None:
    colour = Colour(health=computed, rule="G", reason="x")
    settled = settle(colour, shown_before=before, computed_before=before, cause=False)
    assert settled.health is shown
    assert ("improving" in settled.reason) is (shown is not computed)


ROWS = [
    pytest.param(replace(LIKELY, state=ProjectState.ON_HOLD), Health.ON_HOLD, "1", id="on-hold"),
    pytest.param(replace(LIKELY, state=ProjectState.DONE), Health.DONE, "1", id="done"),
    pytest.param(replace(LIKELY, start_in_future=True), Health.NOT_STARTED, "2", id="future"),
    pytest.param(replace(LIKELY, source_age_hours=None), Health.UNKNOWN, "3", id="never-read"),
    pytest.param(replace(LIKELY, source_age_hours=72.0), Health.GREEN, "G", id="72-hours"),
    pytest.param(replace(LIKELY, total=0, remaining=0), Health.UNKNOWN, "3", id="no-work"),
    pytest.param(
        replace(LIKELY, total=0, remaining=0, cancelled_only=True),
        Health.CANCELLED,
        "3",
        id="E10",
    ),
    pytest.param(
        replace(LIKELY, target=None, lost_target=date(2027, 3, 19)), Health.AMBER, "R0", id="R0"
    ),
    pytest.param(
        replace(LIKELY, probability=0.3, target=None, lost_target=date(2027, 3, 19)),
        Health.RED,
        "R0",
        id="R0-red",
    ),
    pytest.param(replace(LIKELY, has_owner=False, lost_owner="A"), Health.AMBER, "R0", id="R0-own"),
    pytest.param(replace(LIKELY, top_risk_score=20), Health.RED, "R4", id="R4"),
    pytest.param(
        replace(LIKELY, top_risk_score=15, unowned_high_risk_days=8), Health.RED, "R4", id="R4-u"
    ),
    pytest.param(
        replace(LIKELY, top_risk_score=15, unowned_high_risk_days=7), Health.AMBER, "A3", id="A3-u"
    ),
    pytest.param(replace(LIKELY, top_risk_score=10), Health.AMBER, "A3", id="A3"),
    pytest.param(replace(LIKELY, top_risk_score=9), Health.GREEN, "G", id="A3-below"),
    pytest.param(
        replace(LIKELY, slip_days=47, baseline_duration_days=233), Health.RED, "R5", id="R5"
    ),
    pytest.param(
        replace(LIKELY, slip_days=47, baseline_duration_days=233, rebaseline_approved=True),
        Health.AMBER,
        "A4",
        id="R5-approved",
    ),
    pytest.param(replace(LIKELY, must_gate_missed_days=5), Health.RED, "R6", id="R6-gate"),
    pytest.param(
        replace(LIKELY, lateness_own=11, lateness_must=11), Health.RED, "R6", id="R6-dependency"
    ),
    pytest.param(replace(LIKELY, lateness_own=11), Health.AMBER, "A6", id="A6-not-must"),
    pytest.param(replace(LIKELY, pushes=2), Health.AMBER, "A4", id="A4-pushes"),
    pytest.param(replace(LIKELY, slip_days=4), Health.GREEN, "G", id="A4-below"),
    pytest.param(
        replace(LIKELY, first_edition_after_rebaseline=True), Health.AMBER, "A4", id="A4-rebase"
    ),
    pytest.param(replace(LIKELY, warnings=("RES-2",)), Health.AMBER, "A5", id="A5"),
    pytest.param(
        replace(NO_FORECAST, target=None, probability=None), Health.NO_PLAN, "N", id="N-target"
    ),
    pytest.param(replace(LIKELY, has_owner=False), Health.NO_PLAN, "N", id="N-owner"),
    pytest.param(
        replace(NO_FORECAST, planned=0.05, too_early_weeks=7), Health.UNKNOWN, "4", id="late-early"
    ),
]


@pytest.mark.parametrize(("facts", "health", "rule"), ROWS)
def test_rows(facts: ProjectFacts, health: Health, rule: str) -> None:
    colour = project_colour(facts)
    assert (colour.health, colour.rule) == (health, rule)


def test_firing_rules_name_the_next_worst() -> None:
    assert [colour.rule for colour in firing_rules(NET, RULES)][:2] == ["R2", "R4"]


FACTS = st.builds(
    ProjectFacts,
    remaining=st.integers(0, 5),
    target=st.just(date(2027, 3, 19)),
    probability=st.none() | st.floats(0, 1),
    planned=st.none() | st.floats(0, 1),
    spi=st.none() | st.floats(0, 2),
    top_risk_score=st.integers(0, 25),
    slip_days=st.integers(-10, 60),
    pushes=st.integers(0, 4),
    lateness_own=st.none() | st.integers(1, 20),
    confidence=st.sampled_from(Confidence),
    source_age_hours=st.none() | st.floats(0, 200),
)


@given(FACTS, st.sampled_from(OwnerWord), st.integers(0, 14))
def test_an_owner_status_never_lightens(facts: ProjectFacts, word: OwnerWord, age: int) -> None:
    spoken = replace(facts, owner_word=word, owner_word_age=age)
    assert severity(project_colour(spoken).health) >= severity(project_colour(facts).health)


@given(FACTS)
def test_removing_target_or_owner_never_lightens(facts: ProjectFacts) -> None:
    before = severity(project_colour(facts).health)
    no_target = replace(facts, target=None, lost_target=facts.target)
    no_owner = replace(facts, has_owner=False, lost_owner="M. Okafor")
    assert severity(project_colour(no_target).health) >= before
    assert severity(project_colour(no_owner).health) >= before
