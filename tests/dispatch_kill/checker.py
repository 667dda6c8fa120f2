"""Did everybody get everything, and did nobody get anything twice without being told?

Reads nothing but what arrived (the sink's log, the folders) and what the database says.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from syncer.publish.channels.file import files, stem
from syncer.publish.recipients import EMAIL, FILE
from syncer.store.dispatches import Dispatch, DispatchState, InDoubt
from syncer.store.editions import PublishedEdition

FLAG = "possible-duplicate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A message that the sink took."""

    message_id: str
    recipient: str
    flag: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All that is known at the end. `expected` are audience, edition, channel and recipient."""

    expected: frozenset[tuple[str, str, str, str]]
    dispatches: Sequence[Dispatch]
    editions: Sequence[PublishedEdition]
    arrivals: Sequence[Arrival]
    folder: Path


def arrivals(log: Path) -> list[Arrival]:
    """What the sink has logged; the last line may be half written where it was ended."""
    lines = log.read_bytes().split(b"\n")[:-1] if log.exists() else []
    told = [json.loads(line) for line in lines]
    return [Arrival(**{name: one[name] for name in Arrival.__slots__}) for one in told]


def faults(found: Found, policy: InDoubt) -> list[str]:
    """Everything that breaks the promise, in words; none where it was kept."""
    by_id: dict[str, list[Arrival]] = defaultdict(list)
    for one in found.arrivals:
        by_id[one.message_id].append(one)
    rows = {(d.audience, d.edition, d.channel, d.recipient) for d in found.dispatches}
    known = {one.message_id for one in found.dispatches}
    return [
        *(f"missing: nothing was ever to go to {key}" for key in sorted(found.expected - rows)),
        *(f"stranger: {key} is no recipient" for key in sorted(rows - found.expected)),
        *(f"stranger: a mail of no dispatch ({name})" for name in by_id.keys() - known),
        *_of_mails(found.dispatches, by_id, policy),
        *_of_files(found),
    ]


def _of_mails(
    dispatches: Iterable[Dispatch], by_id: Mapping[str, Sequence[Arrival]], policy: InDoubt
) -> Iterator[str]:
    for one in dispatches:
        if one.channel == EMAIL:
            copies = by_id.get(one.message_id, ())
            name = f"{one.recipient} of {one.audience} {one.edition}"
            yield from (f"missing: {name}: {why}" for why in _lost(one, copies))
            yield from (f"duplicate: {name}: {why}" for why in _doubled(one, copies, policy))


def _lost(one: Dispatch, copies: Sequence[Arrival]) -> Iterator[str]:
    if one.state is DispatchState.SENT:
        if not copies:
            yield "recorded as sent, never arrived"
    elif one.state is not DispatchState.HELD or not one.in_doubt:
        yield f"left {one.state} with {one.in_doubt} in doubt: {one.error}"
    if len({copy.body for copy in copies}) > 1:
        yield "two copies with different texts"


def _doubled(one: Dispatch, copies: Sequence[Arrival], policy: InDoubt) -> Iterator[str]:
    if len(copies) > 1 and policy is InDoubt.HOLD:
        yield f"{len(copies)} copies, though doubtful ones are to be held"
    if one.in_doubt and policy is InDoubt.HOLD and one.state is not DispatchState.HELD:
        yield f"{one.state} with {one.in_doubt} in doubt, though doubtful ones are to be held"
    if len(copies) > one.in_doubt + 1:
        yield f"{len(copies)} copies with {one.in_doubt} in doubt"
    if sum(copy.flag != FLAG for copy in copies) > 1:
        yield "two copies that do not say that they may be one too many"


def _of_files(found: Found) -> Iterator[str]:
    by_name = {(one.audience, one.edition): one for one in found.editions}
    for one in found.dispatches:
        if one.channel != FILE:
            continue
        if one.state is not DispatchState.SENT or one.in_doubt:
            yield f"missing: the files of {one.audience} {one.edition} are left {one.state}"
        edition = by_name[one.audience, one.edition]
        for path in files(stem(edition), found.folder / one.recipient):
            text = path.read_bytes() if path.exists() else b""
            if hashlib.sha256(text).hexdigest() != edition.sha256[path.suffix[1:]]:
                yield f"missing: {path.name} is not whole"


def summary(found: Found) -> str:
    """Counts for people."""
    mails = [one for one in found.dispatches if one.channel == EMAIL]
    doubtful = sum(one.in_doubt > 0 for one in mails)
    held = sum(one.state is DispatchState.HELD for one in mails)
    extra = len(found.arrivals) - len({one.message_id for one in found.arrivals})
    return (
        f"{len(found.dispatches)} dispatches ({len(mails)} mails), {len(found.arrivals)} arrivals, "
        f"{extra} duplicates, {doubtful} in doubt, {held} held"
    )
