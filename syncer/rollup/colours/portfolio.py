"""The portfolio: by exception and by count; one colour only for whoever demands it (3.4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from syncer.domain.health import Colour, Health
from syncer.domain.report import GroupResult, ProjectResult, Snapshot
from syncer.rollup.colours.health import severity
from syncer.rollup.colours.overrides import CLOSED, UNSURE
from syncer.rollup.tolerance import at_least

_RED_SHARE: Final = 0.25
_AMBER_SHARE: Final = 0.33
_NOT_GREEN: Final = frozenset({Health.AMBER, Health.RED, *UNSURE})

Entry = GroupResult | ProjectResult


def _entries(snapshot: Snapshot) -> tuple[Sequence[Entry], str]:
    """What the portfolio is counted in, and the word for one: programs, else what there is."""
    if snapshot.programs:
        return snapshot.programs, "program"
    if snapshot.products:
        return snapshot.products, "product"
    return snapshot.projects, "project"


def portfolio_line(snapshot: Snapshot, previous: Snapshot | None) -> str:
    """`1 of 4 programs Red; 1 worsened`: no single colour. What has ended is not counted."""
    every, noun = _entries(snapshot)
    running = [entry for entry in every if entry.shown.health not in CLOSED]
    nouns = noun if len(running) == 1 else f"{noun}s"
    if not running:
        return f"no {noun} is running"
    red = sum(entry.shown.health is Health.RED for entry in running)
    head = f"{red} of {len(running)} {nouns} Red"
    worse, better = (_turned(running, previous, worse=w) for w in (True, False))
    parts = [f"{worse} worsened"] if worse else []
    parts += [f"{better} improved"] if better else []
    return "; ".join([head, *parts])


def _turned(running: Sequence[Entry], previous: Snapshot | None, *, worse: bool) -> int:
    pairs = ((entry, _before(entry, previous)) for entry in running)
    steps = (severity(e.shown.health) - severity(b.shown.health) for e, b in pairs if b is not None)
    return sum(step > 0 if worse else step < 0 for step in steps)


def _before(entry: Entry, previous: Snapshot | None) -> Entry | None:
    if previous is None:
        return None
    if isinstance(entry, GroupResult):
        return previous.group(entry.scope)
    return previous.project(entry.key)


def portfolio_colour(snapshot: Snapshot) -> Colour:
    """The one colour of the portfolio, for whoever demands it.

    Red: a strategic program is, or a quarter of all are. Amber: any is Red, or a third is Amber or
    unknown. What has ended, rests or is too early to judge does not count.
    """
    every, noun = _entries(snapshot)
    neutral = CLOSED | {Health.TOO_EARLY}
    counted = [entry for entry in every if entry.shown.health not in neutral]
    if not counted:
        return Colour(health=Health.UNKNOWN, rule="0", reason=f"no {noun} to judge by")
    red = [entry for entry in counted if entry.shown.health is Health.RED]
    names = ", ".join(entry.name for entry in red)
    strategic = [e.name for e in red if isinstance(e, GroupResult) and e.strategic]
    if strategic:
        reason = f"strategic and Red: {', '.join(strategic)}"
        return Colour(health=Health.RED, rule="R1", reason=reason)
    if at_least(len(red) / len(counted), _RED_SHARE):
        return Colour(health=Health.RED, rule="R2", reason=f"Red: {names}")
    if red:
        return Colour(health=Health.AMBER, rule="A1", reason=f"Red: {names}")
    dark = [entry.name for entry in counted if entry.shown.health in _NOT_GREEN]
    if at_least(len(dark) / len(counted), _AMBER_SHARE):
        return Colour(health=Health.AMBER, rule="A2", reason=f"not Green: {', '.join(dark)}")
    few = f"{len(dark)} of {len(counted)} not Green" if dark else f"every {noun} Green"
    return Colour(health=Health.GREEN, rule="G", reason=few)
