"""Was anything lost that was acknowledged, and did anything take effect twice?

Reads nothing but what the sender was told, what the tracker holds, and what the database says.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tests.kill.effects import Effect, Sort


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A row of the inbox."""

    delivery_id: str
    body_sha256: str
    state: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """An item, as the tracker shows it or as it is stored. `changes` are the ids of its history."""

    title: str
    status: str
    is_live: bool
    changes: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All that is known at the end; items are by the tracker's id, stored ones perhaps doubled."""

    acknowledged: Mapping[str, bytes]
    inbox: Sequence[Kept]
    truth: Mapping[str, State]
    stored: Sequence[tuple[str, State]]
    effects: Sequence[Effect]


def faults(found: Found) -> list[str]:
    """Everything that breaks the promise, in words; none where it was kept."""
    return [*_of_inbox(found), *_of_items(found), *_of_effects(found)]


def _of_inbox(found: Found) -> Iterator[str]:
    rows: dict[str, list[Kept]] = defaultdict(list)
    for one in found.inbox:
        rows[one.delivery_id].append(one)
    for name, body in found.acknowledged.items():
        if name not in rows:
            yield f"lost: {name} was acknowledged and is not there"
        for one in rows.get(name, ()):
            if one.body_sha256 != hashlib.sha256(body).hexdigest():
                yield f"lost: {name} was kept with another body"
            if one.state != "done":
                yield f"lost: {name} is left {one.state}: {one.note}"
    for name in rows.keys() - found.acknowledged.keys():
        yield f"duplicate: {name} is no delivery of the tracker's"
    for name, copies in rows.items():
        if len(copies) > 1:
            yield f"duplicate: {name} was kept {len(copies)} times"


def _of_items(found: Found) -> Iterator[str]:
    stored = dict(found.stored)
    for name, times in Counter(name for name, _ in found.stored).items():
        if times > 1:
            yield f"duplicate: item {name} is stored {times} times"
    for name in stored.keys() - found.truth.keys():
        yield f"duplicate: item {name} is none of the tracker's"
    for name, true in found.truth.items():
        have = stored.get(name)
        if not true.is_live:
            if have is not None and have.is_live:
                yield f"lost: that item {name} was deleted"
        elif have is None:
            yield f"lost: item {name} is not stored"
        else:
            yield from _compared(name, true, have)


def _compared(name: str, true: State, have: State) -> Iterator[str]:
    if (true.title, true.status, true.is_live) != (have.title, have.status, have.is_live):
        yield f"lost: item {name} is stored as {have.title!r} and is {true.title!r}"
    if missing := set(true.changes) - set(have.changes):
        yield f"lost: {len(missing)} changes of item {name}"
    if len(have.changes) > len(true.changes):
        yield f"duplicate: changes of item {name}"


def _of_effects(found: Found) -> Iterator[str]:
    by_sort: dict[Sort, list[Effect]] = defaultdict(list)
    for one in found.effects:
        by_sort[one.sort].append(one)
    for sort in (Sort.KEPT, Sort.FINISHED):
        times = Counter(one.subject for one in by_sort[sort])
        yield from (f"duplicate: {n} was {sort} {k} times" for n, k in times.items() if k > 1)
        missing = found.acknowledged.keys() - times.keys()
        yield from (f"lost: {name} was never {sort}" for name in missing)
    yield from _of_stored(by_sort[Sort.STORED])


def _of_stored(effects: Iterable[Effect]) -> Iterator[str]:
    """No state of an item is written twice in a row, and none is followed by an older one."""
    by_item: dict[str, list[Effect]] = defaultdict(list)
    for one in effects:
        by_item[one.subject].append(one)
    for name, states in by_item.items():
        for before, after in pairwise(states):
            if after.digest == before.digest:
                yield f"duplicate: {name} was stored twice as it was at {after.changed_at}"
            if after.changed_at < before.changed_at:
                yield f"duplicate: {name} went back to what it was at {after.changed_at}"


def summary(found: Found) -> str:
    """Counts for people."""
    told = Counter(one.partition(":")[0] for one in faults(found))
    stored = sum(one.sort is Sort.STORED for one in found.effects)
    return (
        f"{len(found.acknowledged)} acknowledged deliveries, {len(found.stored)} items in "
        f"{stored} states; {told['lost']} lost, {told['duplicate']} duplicate effects"
    )
