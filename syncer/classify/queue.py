"""The review queue: the items that only a person can place, the most consequential first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from syncer.domain.item import StatusCategory, WorkItem
from syncer.domain.link import LinkKind
from syncer.domain.verdict import Verdict, VerdictLevel

_ENDED = frozenset({StatusCategory.DONE, StatusCategory.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An item in the queue, and what hangs on the answer.

    `below` counts the unclassified items somewhere below it, which may take its level; `blocks`
    the items that wait for it; `above` are the uids of its ancestors.
    """

    item: WorkItem
    verdict: Verdict
    below: int
    blocks: int
    above: frozenset[str]

    @property
    def ended(self) -> bool:
        """Whether the work is over, so that an answer changes only what is counted as done."""
        return self.item.status_category in _ENDED

    @property
    def order(self) -> tuple[object, ...]:
        """Open before ended; by what hangs on it; by its due date; the least sure first."""
        due = self.item.due_date or date.max
        hanging = 1 + self.below + self.blocks
        return (self.ended, -hanging, due, self.verdict.confidence, self.item.key, self.item.uid)


def review_queue(items: Sequence[WorkItem], verdicts: Mapping[str, Verdict]) -> list[Waiting]:
    """What nothing decides; an item that a person calls unclassified is decided."""
    open_ = [item for item in items if _is_undecided(verdicts.get(item.uid))]
    parents = {item.uid: item.parent.uid for item in items if item.parent is not None}
    above = {item.uid: frozenset(_ancestors(item.uid, parents)) for item in open_}
    below = Counter(uid for ancestors in above.values() for uid in ancestors)
    blocks = _blocks(items)
    waiting = [
        Waiting(
            item=item,
            verdict=verdicts[item.uid],
            below=below[item.uid],
            blocks=blocks[item.uid],
            above=above[item.uid],
        )
        for item in open_
    ]
    return sorted(waiting, key=lambda one: one.order)


def _is_undecided(verdict: Verdict | None) -> bool:
    return (
        verdict is not None
        and verdict.level is VerdictLevel.UNCLASSIFIED
        and verdict.decided_by == "none"
    )


def _ancestors(uid: str, parents: Mapping[str, str]) -> Iterator[str]:
    """The items above one, each once; a circle of parents ends where it closes."""
    seen = {uid}
    while (uid := parents.get(uid, "")) and uid not in seen:
        seen.add(uid)
        yield uid


def _blocks(items: Sequence[WorkItem]) -> Counter[str]:
    """Items that wait for each item, whichever end the link was written on."""
    pairs = set()
    for item in items:
        for link in item.links:
            if link.kind is LinkKind.BLOCKS:
                ends = (link.to.uid, item.uid) if link.inward else (item.uid, link.to.uid)
                pairs.add(ends)
    return Counter(blocker for blocker, _ in pairs)
