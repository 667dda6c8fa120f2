"""How far past forecasts held."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """How many of a scope's past 85 % dates held, as far as they can be judged (rollup.md 2.4).

    `plain_held` counts those that the plain bootstrap would have kept in the same places.
    """

    held: int = 0
    total: int = 0
    plain_held: int = 0
