"""Who waits for whom, as the links of items declare it (rollup.md 2.7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from syncer.domain.item import WorkItem
from syncer.domain.link import LinkKind

_BLOCKING: Final = frozenset({LinkKind.BLOCKS, LinkKind.REQUIRES})


def edges(items: Iterable[WorkItem]) -> Iterator[tuple[str, str]]:
    """Every declared dependency as (predecessor uid, waiting uid); `requires` runs backwards.

    Trackers record an edge at one end or at both, so the same pair may appear twice.
    """
    for item in items:
        for link in item.links:
            if link.kind in _BLOCKING:
                first_is_self = (link.kind is LinkKind.BLOCKS) is not link.inward
                yield (item.uid, link.to.uid) if first_is_self else (link.to.uid, item.uid)
