from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from syncer.domain.portfolio import Freeze
from syncer.rollup.forecast import (
    completion_cdf,
    date_reached,
    expected_overrun,
    joint_cdf,
    probability_on_time,
)
from syncer.rollup.forecasting.levers import SAFE, levers
from syncer.rollup.tolerance import at_least
from tests.unit.rollup.samples import AS_OF

HORIZON = 30
ROUNDING = 1e-12
WEEKS = st.lists(st.integers(0, 9), min_size=2, max_size=12).filter(any)
ITEMS = st.integers(0, 40)
GROWTH = st.floats(0.0, 0.5)
DISTANCE = st.integers(-20, 250)


def curve(weeks: Sequence[int], items: int, growth: float = 0.0) -> list[float]:
    return completion_cdf(weeks, items, growth, HORIZON)


@given(WEEKS, ITEMS, GROWTH, st.booleans())
def test_chance_lies_in_range_and_never_falls(
    weeks: list[int], items: int, growth: float, uncertain: bool
) -> None:
    cdf = completion_cdf(weeks, items, growth, HORIZON, rate_uncertainty=uncertain)
    assert len(cdf) == HORIZON + 1
    assert all(0.0 <= value <= 1.0 for value in cdf)
    assert all(before <= after for before, after in pairwise(cdf))


@given(WEEKS, ITEMS, GROWTH)
def test_another_open_item_never_raises_the_chance(
    weeks: list[int], items: int, growth: float
) -> None:
    fewer, more = curve(weeks, items, growth), curve(weeks, items + 1, growth)
    assert all(b <= a + ROUNDING for a, b in zip(fewer, more, strict=True))


@given(st.lists(st.lists(st.tuples(WEEKS, ITEMS), min_size=1, max_size=3), min_size=1, max_size=3))
def test_another_project_never_raises_a_joint(teams: list[list[tuple[list[int], int]]]) -> None:
    groups = [[curve(*project) for project in team] for team in teams]
    whole = joint_cdf(groups)
    apart = joint_cdf([[*groups[0], curve([1, 2, 3], 5)], *groups[1:]])
    disjoint = joint_cdf([*groups, [curve([1, 2, 3], 5)]])
    assert all(b <= a + ROUNDING for a, b in zip(whole, apart, strict=True))
    assert all(b <= a + ROUNDING for a, b in zip(whole, disjoint, strict=True))
    assert all(before <= after for before, after in pairwise(whole))


@given(WEEKS, ITEMS, GROWTH, st.randoms())
def test_order_of_weeks_leaves_every_bit(
    weeks: list[int], items: int, growth: float, rng: random.Random
) -> None:
    shuffled = rng.sample(weeks, len(weeks))
    assert curve(shuffled, items, growth) == curve(weeks, items, growth)


@given(st.permutations([curve([1, 2, 4], 9), curve([3, 1, 5], 11), curve([2, 2, 1], 7)]))
def test_order_of_teams_leaves_every_bit(curves: list[list[float]]) -> None:
    expected = joint_cdf([[curve([1, 2, 4], 9)], [curve([3, 1, 5], 11)], [curve([2, 2, 1], 7)]])
    assert joint_cdf([[cdf] for cdf in curves]) == expected


@given(WEEKS, ITEMS, DISTANCE, st.floats(0.01, 0.99))
def test_the_date_reached_is_the_first_with_the_chance(
    weeks: list[int], items: int, distance: int, probability: float
) -> None:
    cdf = curve(weeks, items)
    target = AS_OF + timedelta(days=distance)
    reached = date_reached(cdf, AS_OF, probability)
    on_time = at_least(probability_on_time(cdf, AS_OF, target), probability)
    assume(items > 0 or distance >= 0)
    assert on_time == (reached is not None and reached <= target)


@given(WEEKS, ITEMS, DISTANCE, st.integers(-10, 60), st.integers(0, 30), st.floats(0.0, 1.0))
def test_a_freeze_never_helps(
    weeks: list[int], items: int, distance: int, first: int, length: int, capacity: float
) -> None:
    start = AS_OF + timedelta(days=first)
    freeze = Freeze(first=start, last=start + timedelta(days=length), capacity=capacity)
    cdf, target = curve(weeks, items), AS_OF + timedelta(days=distance)
    frozen = probability_on_time(cdf, AS_OF, target, freezes=[freeze])
    assert frozen <= probability_on_time(cdf, AS_OF, target) + ROUNDING


@given(WEEKS, ITEMS, DISTANCE)
def test_a_later_target_never_raises_the_overrun(
    weeks: list[int], items: int, distance: int
) -> None:
    cdf, target = curve(weeks, items), AS_OF + timedelta(days=distance)
    sooner = expected_overrun(cdf, AS_OF, target)
    later = expected_overrun(cdf, AS_OF, target + timedelta(days=3))
    assert 0.0 <= later <= sooner + ROUNDING


@given(WEEKS, st.integers(0, 25), GROWTH, st.integers(0, 120))
def test_the_lever_keeps_as_many_items_as_a_search_one_by_one(
    weeks: list[int], items: int, growth: float, distance: int
) -> None:
    target = AS_OF + timedelta(days=distance)

    def chance(count: int) -> float:
        return probability_on_time(completion_cdf(weeks, count, growth), AS_OF, target)

    found = levers(weeks, items, as_of=AS_OF, target=target, scope_growth=growth)
    safe = [count for count in range(items + 1) if at_least(chance(count), SAFE)]
    assert found.keep == max(safe)
    assert found.p_drop is None or found.p_drop == pytest.approx(chance(found.keep), abs=1e-9)


def simulated(weeks: Sequence[int], items: int, *, runs: int, rng: random.Random) -> list[float]:
    """The plain bootstrap that every other tool ships: draw weeks until the items are done."""
    totals = [0] * runs
    chances = []
    for _ in range(HORIZON + 1):
        chances.append(sum(total >= items for total in totals) / runs)
        totals = [a + b for a, b in zip(totals, rng.choices(weeks, k=runs), strict=True)]
    return chances


@pytest.mark.parametrize("seed", range(50))
def test_a_simulation_agrees_within_two_points(seed: int) -> None:
    rng = random.Random(seed)
    weeks = [rng.randint(0, 8) for _ in range(rng.randint(6, 12))]
    items = rng.randint(1, 60)
    exact = completion_cdf(weeks, items, 0.0, HORIZON, rate_uncertainty=False)
    drawn = simulated(weeks, items, runs=6000, rng=rng)
    assert max(abs(a - b) for a, b in zip(exact, drawn, strict=True)) < 0.02


def test_the_dates_type_is_plain() -> None:
    assert type(date_reached(curve([1, 2], 3), AS_OF, 0.5)) is date
