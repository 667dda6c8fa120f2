"""Items that could not be read: asking for them again by hand, and giving them up."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from syncer.domain.lane import Lane
from syncer.errors import NotFound, SyncerError
from syncer.service.core import Service
from syncer.store.audit import AuditEvent, record
from syncer.store.quarantine import Quarantined, clear, load_quarantine
from syncer.sync.fetching import fetch_all, keep_fetched


class Outcome(StrEnum):
    """What became of an item that was asked for again."""

    READ = "read"
    UNREADABLE = "unreadable"
    ABSENT = "absent"
    """The tracker shows it no more: deleted, moved away or hidden."""
    FAILED = "failed"
    """It could not be asked for; it stays in quarantine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """An item that was asked for again; `reason` says why it is still in quarantine."""

    entry: Quarantined
    outcome: Outcome
    reason: str = ""


async def in_quarantine(service: Service, names: Collection[str] = ()) -> list[Quarantined]:
    """What is in quarantine, longest there first; with names only those.

    A name is a uid (`jira:10007`) or a connection with a key (`jira:NET-7`), or the key alone.
    `NotFound` for a name that is not there.
    """
    async with service.store.read() as session:
        every = await load_quarantine(session)
    found = [one for one in every if not names or not _names(one).isdisjoint(names)]
    missing = set(names).difference(*(_names(one) for one in found))
    if missing:
        raise NotFound(
            f"{min(missing)!r} is not in quarantine.", fix="See `syncer quarantine list`."
        )
    return found


def _names(one: Quarantined) -> set[str]:
    key, connection = one.unreadable.key, one.container.connection
    return {one.unreadable.ref.uid} | ({key, f"{connection}:{key}"} if key else set())


async def retry(service: Service, entries: Sequence[Quarantined]) -> list[Retried]:
    """Ask for each of the items now, one by one, so that none spoils it for the others."""
    done = [await _retry(service, one) for one in entries]
    if any(one.outcome is Outcome.READ for one in done):
        await service.judge(after_sync=False)
    return done


async def _retry(service: Service, one: Quarantined) -> Retried:
    if one.is_nameless:
        reason = "It tells no id, so it cannot be asked for alone; the next pull tries it."
        return Retried(entry=one, outcome=Outcome.FAILED, reason=reason)
    try:
        return await _ask(service, one)
    except SyncerError as error:
        return Retried(entry=one, outcome=Outcome.FAILED, reason=str(error))


async def _ask(service: Service, one: Quarantined) -> Retried:
    name, read_at = one.container.connection, service.clock.now()
    connector = await service.connections.connector(name)
    fetched = await fetch_all(connector, [one.ref], subject=str(one.container))
    async with service.store.write() as session:
        await keep_fetched(
            session,
            fetched,
            connection=name,
            wanted=service.wanted(name),
            at=service.clock.now(),
            read_at=read_at,
            lane=Lane.INCREMENTAL,
            home=one.container,
        )
    if fetched.unreadable:
        reason = fetched.unreadable[0].reason
        return Retried(entry=one, outcome=Outcome.UNREADABLE, reason=reason)
    return Retried(entry=one, outcome=Outcome.READ if fetched.records else Outcome.ABSENT)


async def drop(service: Service, entries: Sequence[Quarantined], *, who: str) -> int:
    """Give items up, with a line in the audit log for each; returns how many.

    One that the tracker sends again unreadable comes back.
    """
    async with service.store.write() as session:
        for one in entries:
            event = AuditEvent(
                at=service.clock.now(),
                who=who,
                what="quarantine.drop",
                subject=one.unreadable.ref.uid,
                before={"container": str(one.container), "reason": one.unreadable.reason},
            )
            await record(session, event)
        return await clear(session, [one.unreadable.ref.uid for one in entries])
