"""Decides after each sync what is program-level and what product-level, and keeps the answers.

Evidence turns a verdict only when two syncs agree; a person's or a rule's word turns it at once.
Every turn is in the audit log. A process that goes on remembers what it judged last, and judges
only what has changed since and what that can affect.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from syncer.classify.changes import Known, reclassify
from syncer.classify.classifier import classify_portfolio
from syncer.domain.addresses import with_known_ends
from syncer.domain.item import WorkItem
from syncer.domain.portfolio import Portfolio
from syncer.domain.statement import VerdictOverride
from syncer.domain.verdict import Verdict
from syncer.store.audit import AuditEvent, record
from syncer.store.engine import Store
from syncer.store.items import LIVE, load_items
from syncer.store.verdicts import (
    StoredVerdict,
    load_overrides,
    load_stored_verdicts,
    lock_verdicts,
    save_verdicts,
)
from syncer.sync.classification import classifier_input, classifier_names

_SPOKEN: Final = frozenset({"override", "ancestor_override", "mapping", "explicit"})
_AUTHOR: Final = "syncer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What one round of verdicts did.

    Of the live `items` so many were `judged` anew, `written` verdicts differ from before, `flipped`
    turned their level, and `pending` turns wait for a second sync.
    """

    items: int
    judged: int
    written: int
    flipped: int
    pending: int


@dataclass(slots=True)
class Memory:
    """What a process judged last: verdicts without regard to what is stored, and their grounds.

    It saves time and decides nothing: an empty one, or one of long ago, gives the same verdicts,
    whatever other processes have stored meanwhile.
    """

    known: Known | None = None


async def judge(
    store: Store,
    portfolio: Portfolio,
    *,
    at: datetime,
    after_sync: bool = True,
    memory: Memory | None = None,
) -> Judged:
    """Judge the live items at the instant `at` (UTC) and keep what changed.

    `portfolio` holds a project for every container. With `after_sync` false, as after an override,
    evidence turns nothing: only a sync counts as a second look. With a `memory` only those are
    judged anew that may differ from what it remembers.
    """
    while True:
        async with store.read() as session:
            items = with_known_ends(await load_items(session, states=LIVE))
            overrides = await load_overrides(session)
        found, judged = await asyncio.to_thread(_found, portfolio, items, overrides, memory=memory)
        done = await _keep(store, found, overrides, at=at, after_sync=after_sync, judged=judged)
        if done is not None:
            return done


def _found(
    portfolio: Portfolio,
    items: Sequence[WorkItem],
    overrides: Sequence[VerdictOverride],
    *,
    memory: Memory | None,
) -> tuple[dict[str, Verdict], int]:
    """The classifier's answers by uid, and how many of them were made anew."""
    if memory is None:
        answers = verdicts_of(portfolio, items, overrides)
        return answers, len(answers)
    known = memory.known = reclassify(memory.known, classifier_input(portfolio, items, overrides))
    return _by_uid(known.verdicts, items), known.judged


def verdicts_of(
    portfolio: Portfolio, items: Sequence[WorkItem], overrides: Sequence[VerdictOverride]
) -> dict[str, Verdict]:
    """The classifier's answers by uid, without regard to earlier ones. Pure."""
    return _by_uid(classify_portfolio(classifier_input(portfolio, items, overrides)), items)


def _by_uid(answers: Mapping[str, Verdict], items: Sequence[WorkItem]) -> dict[str, Verdict]:
    return {uid: answers[name] for uid, name in classifier_names(items).items()}


async def _keep(
    store: Store,
    found: Mapping[str, Verdict],
    overrides: Sequence[VerdictOverride],
    *,
    at: datetime,
    after_sync: bool,
    judged: int,
) -> Judged | None:
    """Write what changed; None where a person spoke meanwhile, so that all must be judged again."""
    async with store.write() as session:
        await lock_verdicts(session)
        if await load_overrides(session) != overrides:
            return None
        stored = await load_stored_verdicts(session)
        settled = {
            uid: settle(stored.get(uid), verdict, at=at, after_sync=after_sync)
            for uid, verdict in found.items()
        }
        changed = {uid: new for uid, new in settled.items() if stored.get(uid) != new}
        flips = [
            flip_event(uid, stored[uid].verdict, new.verdict, at=at)
            for uid, new in changed.items()
            if uid in stored and stored[uid].verdict.level is not new.verdict.level
        ]
        await save_verdicts(session, changed)
        await record(session, *flips)
    return Judged(
        items=len(found),
        judged=judged,
        written=len(changed),
        flipped=len(flips),
        pending=sum(new.pending is not None for new in settled.values()),
    )


def settle(
    stored: StoredVerdict | None, found: Verdict, *, at: datetime, after_sync: bool = True
) -> StoredVerdict:
    """The verdict in force once `found` has come in at `at`. Pure.

    The same level only brings its new reasons. Another level comes into force at once where a
    person or a rule spoke, or spoke before and no longer does; by evidence when a second sync finds
    it again.
    """
    if stored is None:
        return StoredVerdict(verdict=found, since=at)
    if stored.verdict.level is found.level:
        return StoredVerdict(verdict=found, since=stored.since)
    spoken = {stored.verdict.decided_by, found.decided_by} & _SPOKEN
    if spoken or (after_sync and stored.pending is found.level):
        return StoredVerdict(verdict=found, since=at)
    if not after_sync:
        return stored
    return replace(stored, pending=found.level, pending_since=at)


def flip_event(uid: str, before: Verdict, after: Verdict, *, at: datetime) -> AuditEvent:
    """The audit log's line on a turned verdict."""
    return AuditEvent(
        at=at,
        who=_AUTHOR,
        what="verdict.flip",
        subject=uid,
        before=_summary(before),
        after=_summary(after),
        why="; ".join(reason.text for reason in after.reasons[:3]),
    )


def _summary(verdict: Verdict) -> dict[str, Any]:
    return {
        "level": verdict.level.value,
        "decided_by": verdict.decided_by,
        "confidence": verdict.confidence,
    }
