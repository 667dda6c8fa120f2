"""Which deliveries are worked off by one fetch. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from syncer.connect.protocol import HookReply
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.store.inbox import Delivery
from syncer.sync.fetching import AT_ONCE, Hints

MOST: Final = AT_ONCE
"""Items that one batch names at most, unless a single delivery names more."""


@dataclass(frozen=True, slots=True)
class Told:
    """A delivery and what it names: as it was kept, or as its body was read anew."""

    delivery: Delivery
    names: Delivery | HookReply

    @property
    def items(self) -> frozenset[ItemRef]:
        """The items to fetch."""
        return frozenset((*self.names.refs, *self.names.deleted))

    @property
    def containers(self) -> Sequence[ContainerKey]:
        """The containers to pull."""
        return self.names.containers


def hints(batch: Iterable[Told]) -> Hints:
    """All items that the deliveries name, each once."""
    every = [one.names for one in batch]
    refs = Hints.of(ref for one in every for ref in one.refs)
    return refs.with_deleted(ref for one in every for ref in one.deleted)


def batches(told: Iterable[Told], *, most: int = MOST) -> list[list[Told]]:
    """The deliveries in batches that name up to `most` items, each item in one batch if possible.

    So however many deliveries name an item, one fetch serves them all.
    """
    made: list[list[Told]] = []
    home: dict[ItemRef, int] = {}
    size = most  # of the newest batch
    for one in told:
        items = one.items
        homes = {home.get(item) for item in items}
        at = homes.pop() if len(homes) == 1 else None
        if at is None:
            if size + len(items) > most or not made:
                made.append([])
                size = 0
            at, size = len(made) - 1, size + len(items)
            home |= dict.fromkeys(items, at)
        made[at].append(one)
    return made


def alike(told: Iterable[Told]) -> list[list[Told]]:
    """The deliveries by what they name: those that name the same share their fate."""
    grouped: dict[frozenset[ItemRef], list[Told]] = {}
    for one in told:
        grouped.setdefault(one.items, []).append(one)
    return list(grouped.values())
