"""How replicas end: at which edges, by what, and how often."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from syncer.failpoints import Edge

_PARTS: Final = ("hook.", "inbox.", "pull.")
EDGES: Final = tuple(edge for edge in Edge if edge.startswith(_PARTS))
"""Every edge of the inbox and of pulls; the list is the program's own."""

_MOST_PASSES: Final = {"hook": 6, "inbox": 2, "pull": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """How a replica ends: at the pass `at` of an edge, or (None) at a random instant.

    With `stop` it first stands still for longer than its claims hold, wakes up, and goes on.
    """

    edge: Edge | None = None
    at: int = 1
    stop: bool = False


def scripts(*, kills: int, each: int, stops: int = 0, rounds: int = 1, seed: int) -> list[Script]:
    """`each` kills at every edge, random ones up to `kills` in all, and `stops` standstills."""
    dice = random.Random(seed)
    made: list[Script] = []
    for _ in range(rounds):
        made += [_at(edge, dice) for edge in EDGES for _ in range(each)]
        made += [Script() for _ in range(kills - each * len(EDGES))]
        made += [_at(dice.choice(EDGES), dice, stop=True) for _ in range(stops)]
    dice.shuffle(made)
    return made


def _at(edge: Edge, dice: random.Random, *, stop: bool = False) -> Script:
    return Script(edge=edge, at=dice.randint(1, _MOST_PASSES[edge.partition(".")[0]]), stop=stop)
