"""How the work of a scope flows, as figures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """How a project's work flows (rollup.md 2.6). Days are calendar days, both ends counted.

    `cycle_p50` to `cycle_p95` are the cycle times of the `finished` items of level 0 that were
    done lately, None without any. `aging` items have been in progress for more than `aging_limit`
    days, `blocked` ones are in progress and cannot go on: both as uids. `blocked_days` are the days
    on which finished items and those in progress could not be worked on, `efficiency` is the share
    of their cycle time in which the finished ones could, None without any.
    """

    finished: int = 0
    cycle_p50: int | None = None
    cycle_p85: int | None = None
    cycle_p95: int | None = None
    aging_limit: int | None = None
    aging: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    blocked_days: int = 0
    efficiency: float | None = None
