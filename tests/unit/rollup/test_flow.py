from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.rollup.forecasting.flow import (
    age,
    aging_limit,
    blocked_days,
    cycle_time,
    flow_efficiency,
    likely_total,
    load,
    nearest_rank,
)
from tests.unit.rollup.samples import NET

TIMES = [1, 2, 2, 3, 4, 5, 6, 8, 9, 20]


def nov(day: int) -> date:
    return date(2026, 11, day)


@pytest.mark.parametrize(("p", "expected"), [(0.5, 4), (0.85, 9), (0.95, 20), (1.0, 20), (0.1, 1)])
def test_e33_percentiles(p: float, expected: int) -> None:
    assert nearest_rank(reversed(TIMES), p) == expected


def test_float_noise_adds_no_rank() -> None:
    assert nearest_rank(range(1, 101), 0.07) == 7  # 0.07 · 100 is 7.000000000000001


def test_no_values_have_no_percentile() -> None:
    assert nearest_rank(list[int](), 0.5) is None


@pytest.mark.parametrize("p", [0.0, 1.01])
def test_a_percentile_beyond_the_values(p: float) -> None:
    with pytest.raises(ValueError, match="percentile"):
        nearest_rank(TIMES, p)


def test_e34_age_counts_both_ends() -> None:
    assert age(nov(16), nov(23)) == 8
    assert cycle_time(nov(16), nov(16)) == 1
    assert cycle_time(nov(16), nov(15)) == 1


def test_e35_overlapping_blocks_count_once() -> None:
    blocks = [(nov(5), nov(10)), (nov(2), nov(6))]
    blocked = blocked_days(blocks, started=nov(1), until=nov(15))
    assert blocked == 9
    assert flow_efficiency(15, blocked) == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        ([], 0),
        ([(nov(1), nov(30))], 6),
        ([(nov(1), nov(4))], 0),
        ([(nov(12), nov(30))], 0),
        ([(nov(9), None)], 2),
        ([(nov(6), nov(6)), (nov(6), nov(6))], 1),
        ([(nov(5), nov(9)), (nov(6), nov(7))], 5),
    ],
)
def test_blocks_count_while_the_item_is_worked_on(
    blocks: list[tuple[date, date | None]], expected: int
) -> None:
    assert blocked_days(blocks, started=nov(5), until=nov(10)) == expected


DAYS = st.dates(nov(1), nov(30))
BLOCKS = st.lists(st.tuples(DAYS, DAYS).map(lambda pair: (min(pair), max(pair))), max_size=6)


@given(BLOCKS, DAYS, DAYS)
def test_blocked_days_equal_counting_each_day(
    blocks: list[tuple[date, date]], one: date, other: date
) -> None:
    started, until = min(one, other), max(one, other)
    days = (nov(day) for day in range(started.day, until.day + 1))
    counted = sum(any(first <= day <= last for first, last in blocks) for day in days)
    assert blocked_days(blocks, started=started, until=until) == counted


def test_an_item_without_cycle_time_has_no_efficiency() -> None:
    assert flow_efficiency(0, 0) is None


def test_aging_limit() -> None:
    assert aging_limit(TIMES) == 9
    assert aging_limit(TIMES[:9]) == 14
    assert aging_limit([]) == 14


def test_e43_four_weeks_of_the_network() -> None:
    assert likely_total(NET.throughput) == 19
    assert likely_total(NET.throughput, probability=0.85) == 16
    found = load(26, NET.throughput)
    assert found == pytest.approx(1.37, abs=5e-3)


@pytest.mark.parametrize("throughput", [[], [0, 0, 0]])
def test_no_throughput_has_no_load(throughput: list[int]) -> None:
    assert load(5, throughput) is None


def test_a_certain_total() -> None:
    assert likely_total([3], 4) == 12
    assert likely_total([3], 0) == 0
