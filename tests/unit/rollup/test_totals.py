"""Counting only with totals that can come about changes no bit of their chances."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from syncer.rollup.forecasting.convolution import totals

_WEEKS = st.lists(st.integers(0, 9), min_size=1, max_size=12)


def _dense(weeks: Sequence[int], limit: int, count: int) -> list[float]:
    """Every total below the limit, the impossible ones too, one addition after the other."""
    draws = [(value, n / len(weeks)) for value, n in sorted(Counter(weeks).items())]
    chances = [float(total == 0) for total in range(limit)]
    for _ in range(count):
        after = [0.0] * limit
        for value, weight in draws:
            for total in range(value, limit):
                after[total] += chances[total - value] * weight
        chances = after
    return chances


@given(weeks=_WEEKS, limit=st.integers(0, 60), count=st.integers(0, 12))
def test_chances_are_those_of_the_whole_table(weeks: list[int], limit: int, count: int) -> None:
    made = next(islice(totals(weeks, limit), count, None))

    assert all(0 <= made.first + place < limit for place in range(len(made.chances)))
    rest = limit - made.first - len(made.chances)
    assert [0.0] * made.first + made.chances + [0.0] * rest == _dense(weeks, limit, count) or (
        not made.chances and not any(_dense(weeks, limit, count))
    )
