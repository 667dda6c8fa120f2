"""Exact distribution of the items finished in k weeks, as sums of independent weekly draws.

No random numbers: the same throughput gives the same bytes, in whatever order its weeks come,
because values are taken in sorted order (roll-up spec, section 2.4).
"""

from __future__ import annotations

import math
import operator
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import Final

from syncer.rollup.tolerance import at_least, round_half_up

_NODES: Final = (
    (0.0, 533_334),
    (1.355626, 222_076),
    (-1.355626, 222_076),
    (2.85697, 11_257),
    (-2.85697, 11_257),
)
"""Five Gauss-Hermite nodes of the standard normal and their weights in millionths."""
_WHOLE: Final = 1_000_000
_SLOWEST_RATE: Final = 0.2
_LARGEST_GROWTH: Final = 0.5
_WEEKS_FOR_DEVIATION: Final = 2


@dataclass(frozen=True, slots=True)
class Rate:
    """One possible true pace, as a multiple of the observed one, with its weight in millionths."""

    factor: float
    weight: int


PLAIN: Final = (Rate(1.0, _WHOLE),)
"""The observed pace taken as exact: the plain bootstrap."""


def checked_throughput(weekly_throughput: Sequence[int]) -> tuple[int, ...]:
    """Return the weekly counts in sorted order.

    Raises:
        ValueError: if there is no week or a count is negative.
        TypeError: if a count is no whole number.
    """
    weeks = tuple(sorted(operator.index(count) for count in weekly_throughput))
    if not weeks:
        raise ValueError("no week of throughput")
    if weeks[0] < 0:
        raise ValueError(f"a week cannot have finished {weeks[0]} items")
    return weeks


def rates(weekly_throughput: Sequence[int]) -> tuple[Rate, ...]:
    """Return the possible true paces, given that the mean is known from few weeks only.

    Raises:
        ValueError: if there are fewer than two weeks, or nothing was ever finished.
    """
    weeks = checked_throughput(weekly_throughput)
    n, total = len(weeks), sum(weeks)
    if n < _WEEKS_FOR_DEVIATION or total == 0:
        raise ValueError(
            f"no rate from {n} weeks with {total} finished items: two weeks and one item are needed"
        )
    # Whole numbers up to the last step keep the sample variance exact.
    variance = (n * sum(count * count for count in weeks) - total * total) / (n * (n - 1))
    error = math.sqrt(variance) / (total / n) / math.sqrt(n)
    return tuple(Rate(max(_SLOWEST_RATE, 1.0 + z * error), weight) for z, weight in _NODES)


def scope_range(remaining: int, scope_growth: float) -> range:
    """Return the equally likely numbers of items to finish, growth clamped to 0..0.5."""
    growth = min(max(scope_growth, 0.0), _LARGEST_GROWTH)
    return range(remaining, round_half_up(remaining * (1.0 + growth)) + 1)


def unfinished_shares(scope: range, paces: Sequence[Rate]) -> list[float]:
    """Return, for every total of finished items, the chance that it is not yet enough.

    Entry ``s`` belongs to a total of ``s``; totals beyond the list are always enough. Weights
    are summed as whole numbers, so that the first entry is exactly 1 and nothing drifts.
    """
    slowest = min(pace.factor for pace in paces)
    weights = [0] * (math.ceil(max(scope) / slowest) + 1)
    for pace in paces:
        factor, weight = pace.factor, pace.weight
        for needed in scope:
            weights[math.ceil(needed / factor)] += weight
    whole = sum(weights)
    return [(whole - weight) / whole for weight in accumulate(weights[:-1])]


@dataclass(frozen=True, slots=True)
class Totals:
    """How likely every total of some weeks is: ``chances[0]`` is the chance of ``first``.

    All that can come about lies in between, so that nobody counts with noughts.
    """

    first: int
    chances: list[float]


def totals(weekly_throughput: Sequence[int], limit: int) -> Iterator[Totals]:
    """Yield, for k = 0, 1, 2 … weeks, the chances of every total below ``limit``, without end.

    Chances of totals of ``limit`` or more are left out: no later week needs them.
    """
    weeks = checked_throughput(weekly_throughput)
    draws = [(value, count / len(weeks)) for value, count in sorted(Counter(weeks).items())]
    made = Totals(0, [1.0][:limit])
    while True:
        yield made
        made = _one_week_more(made, draws, limit)


def _one_week_more(before: Totals, draws: Sequence[tuple[int, float]], limit: int) -> Totals:
    """Add one independent week to a distribution of totals.

    Adding whole shifted lists is several times faster in plain Python than one loop over both
    indexes; ``sum`` is avoided, as its last bit depends on Python's version. Most weeks are equally
    likely, so that their lists are one list.
    """
    least, most = draws[0][0], draws[-1][0]
    first = before.first + least
    size = max(min(before.first + len(before.chances) + most, limit) - first, 0)
    weighted = {
        weight: [chance * weight for chance in before.chances] for weight in {w for _, w in draws}
    }
    result = weighted[draws[0][1]][:size]
    result += [0.0] * (size - len(result))
    for value, weight in draws[1:]:
        shifted = weighted[weight]
        start, end = value - least, value - least + len(shifted)
        result[start:end] = map(operator.add, result[start:end], shifted)
    return Totals(first, result)


def completion(
    weekly_throughput: Sequence[int],
    shares: Sequence[float],
    weeks: int,
) -> list[float]:
    """Return the chance of being finished after 0 … ``weeks`` weeks, never decreasing."""
    curve: list[float] = []
    done = 0.0
    for made in islice(totals(weekly_throughput, len(shares)), weeks + 1):
        done = max(done, finished(made, shares))
        curve.append(done)
        if done >= 1.0:
            break
    return curve + [1.0] * (weeks + 1 - len(curve))


def completions(
    weekly_throughput: Sequence[int],
    scopes: Sequence[Sequence[float]],
    weeks: int,
    *,
    until: float = 1.0,
) -> list[list[float]]:
    """Return ``completion`` of several scopes, each by its shares, from one convolution.

    The curves end with the first week in which all have reached ``until``: most of a curve's cost
    lies behind the date that somebody asks for.
    """
    curves: list[list[float]] = [[] for _ in scopes]
    limit = max(map(len, scopes), default=0)
    for made in islice(totals(weekly_throughput, limit), weeks + 1):
        for curve, shares in zip(curves, scopes, strict=True):
            before = curve[-1] if curve else 0.0
            # What lies beyond a smaller scope's shares is enough for it anyway.
            curve.append(before if before >= 1.0 else max(before, finished(made, shares)))
        if all(curve[-1] >= until for curve in curves):
            break
    return curves


def finished(made: Totals, shares: Sequence[float]) -> float:
    """Return the chance that a total drawn from ``made`` is enough, between 0 and 1."""
    open_share = math.fsum(map(operator.mul, made.chances, shares[made.first :]))
    return min(max(1.0 - open_share, 0.0), 1.0)


def quantile_total(weekly_throughput: Sequence[int], weeks: int, probability: float) -> int:
    """Return the largest total that ``weeks`` weeks reach with at least ``probability``."""
    limit = max(checked_throughput(weekly_throughput)) * weeks + 1
    made = next(islice(totals(weekly_throughput, limit), weeks, None))
    reached = 0.0
    for place in reversed(range(len(made.chances))):
        reached += made.chances[place]
        if at_least(reached, probability):
            return made.first + place
    return 0
