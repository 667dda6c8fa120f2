"""Editions on time: what is due is published once, and what is published is delivered.

The ticker of every replica calls `publish_due` and `deliver_due`; the unique rows of periods and
dispatches decide who acts (reliability spec, section 4). Periods that were due before a schedule
was first seen are nobody's business: a fresh installation mails no digest of last Monday.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Final

from syncer.clock import SystemClock
from syncer.domain.statement import Statements
from syncer.errors import SyncerError
from syncer.failpoints import Edge, reach
from syncer.jobs.civil import Period
from syncer.log import get_logger
from syncer.publish.audiences import Audience, audiences_of
from syncer.publish.channels.file import files, stem
from syncer.publish.digest.model import Digest
from syncer.publish.editions import (
    Draft,
    Imprint,
    already_published,
    draft,
    kept_pair,
    publish,
    refuse_unsendable,
)
from syncer.publish.mail.address import domain_of
from syncer.publish.outbox import Outbox, Timing
from syncer.publish.recipients import FILE
from syncer.publish.snapshot import Roller, keep_snapshot, snapshot_schedule
from syncer.service.core import Service
from syncer.service.delivering import Delivering
from syncer.service.notifying import notified, notify_due
from syncer.service.periods import (
    LATE,
    decided,
    schedule_of,
    snapshots_of,
    taken_by,
    told_late,
)
from syncer.service.portfolio import Loaded
from syncer.settings.portfolio import to_portfolio
from syncer.store.dispatches import Dispatch, DispatchState, load_dispatches
from syncer.store.leases import database_now
from syncer.store.periods import (
    PeriodState,
    decide,
    last_decided,
    load_period,
)

_FIRST_SEEN: Final = "first-seen"
_SCHEDULED: Final = "schedule"
_PROMPT: Final = timedelta(minutes=5)
"""A snapshot taken this soon after its time bears it: nothing was heard in between."""

_SKEW: Final = timedelta(minutes=5)

_LOG = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """An edition that has just been published; `late` after it was due. `dispatches` go out."""

    audience: str
    edition: str
    late: timedelta
    dispatches: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What became of an edition that was sent by command; `files` are those of its folders."""

    digest: Digest
    dispatches: tuple[Dispatch, ...]
    files: tuple[Path, ...]

    @property
    def complete(self) -> bool:
        """Whether everyone has got it."""
        return all(one.state is DispatchState.SENT for one in self.dispatches)


class _Moment:
    """One planned moment: what the store knows is read once for all audiences that are due in it.

    It lives as long as one look at what is due, so that nothing of it is kept for the next.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._loaded: Loaded | None = None

    async def loaded(self) -> Loaded:
        """What the store knows, read when the first audience needs it."""
        if self._loaded is None:
            self._loaded = await self._service.load()
        return self._loaded


class Publisher:
    """Publishes and delivers for one service; any number of replicas may do so at once.

    `owner` names this process among the replicas, such as `serve host (pid 4711)`. `timing` is how
    long each step of a dispatch may take; the answer of the mail server is the configuration's.
    """

    def __init__(self, service: Service, *, owner: str, timing: Timing | None = None) -> None:
        self._service = service
        self._owner = owner
        self._timing = timing

    @cached_property
    def _audiences(self) -> Sequence[Audience]:
        """The configured audiences; whom and what they are about needs no items."""
        settings = self._service.settings
        every = audiences_of(settings, to_portfolio(settings))
        return tuple(one for one in every if not one.implicit)

    def next_due(self) -> datetime | None:
        """When `publish_due` will next have something to do, UTC; None without any schedule."""
        now = self._service.clock.now()
        times = [
            one.next_due(now).due_at
            for audience in self._audiences
            for one in (schedule_of(audience), snapshots_of(audience))
        ]
        return min(times, default=None)

    # --- what is due ----------------------------------------------------------------------------

    async def publish_due(self) -> Sequence[Published]:
        """Take the snapshots and publish the editions that are due and that nobody has made."""
        await self._refuse_wild_clock()
        made: list[Published] = []
        failures: list[SyncerError] = []
        moment = _Moment(self._service)
        for audience in self._audiences:
            try:
                made += await self._due_of(audience, moment)
            except SyncerError as error:  # told at the end: it must hold up no other audience
                failures.append(error)
        if failures:
            raise failures[0]
        return made

    async def _due_of(self, audience: Audience, moment: _Moment) -> list[Published]:
        if await self._is_first_seen(audience):
            return []
        await self._take_snapshot(audience, moment)
        missed = await self._missed(audience)
        found = [await self._publish_due(audience, one, moment) for one in missed]
        return [one for one in found if one is not None]

    async def _refuse_wild_clock(self) -> None:
        """A machine's clock that is far off would publish next week's edition (F35)."""
        if not isinstance(self._service.clock, SystemClock):
            return
        async with self._service.store.read() as session:
            apart = self._service.clock.now() - await database_now(session)
        if abs(apart) > _SKEW:
            minutes = round(apart.total_seconds() / 60)
            raise SyncerError(
                f"The clock of this machine is {minutes} minutes apart from the database's.",
                fix="Set it right; nothing is published until then.",
            )

    async def _is_first_seen(self, audience: Audience) -> bool:
        """Record that the schedule exists from now on."""
        key, now = audience.view.key, self._service.clock.now()
        async with self._service.store.read() as session:
            if await load_period(session, key, _FIRST_SEEN) is not None:
                return False
        seen = decided(key, Period(now, _FIRST_SEEN), PeriodState.STARTED, at=now)
        async with self._service.store.write() as session:
            return await decide(session, seen)

    async def _missed(self, audience: Audience) -> list[Period]:
        """The newest period that is due and undecided; older ones are recorded as skipped."""
        key, now = audience.view.key, self._service.clock.now()
        async with self._service.store.read() as session:
            after = await last_decided(session, key) or now
            due = schedule_of(audience).due_since(after, now)
            found = [one for one in due if await load_period(session, key, one.key) is None]
        if found[:-1]:
            async with self._service.store.write() as session:
                for one in found[:-1]:
                    note = f"{found[-1].key} was due as well"
                    skipped = decided(key, one, PeriodState.SKIPPED, at=now, note=note)
                    await decide(session, skipped)
        return found[-1:]

    async def _publish_due(
        self, audience: Audience, period: Period, moment: _Moment
    ) -> Published | None:
        """One edition of one period; None where another replica was faster."""
        draft = await self._draft(audience, period, moment)
        now, key = self._service.clock.now(), audience.view.key
        late = now - period.due_at
        note = told_late(late)
        published = decided(key, period, PeriodState.PUBLISHED, at=now, note=note)
        async with self._service.store.write() as session:
            if draft.published or not await decide(session, published):
                return None
            imprint = Imprint(author=_SCHEDULED, at=now, domain=self._domain, note=note)
            dispatches = await publish(session, draft, imprint)
        reach(Edge.PUBLISH_COMMITTED)
        _LOG.info("edition.published", audience=key, edition=period.key, note=note)
        return Published(
            audience=key,
            edition=period.key,
            late=late if late > LATE else timedelta(),
            dispatches=len(dispatches),
        )

    async def _draft(self, audience: Audience, period: Period, moment: _Moment) -> Draft:
        """From the snapshot of that morning, without reading an item, else as of now."""
        async with self._service.store.read() as session:
            schedule = snapshot_schedule(audience.view.key)
            taken = await load_period(session, schedule, period.key)
        as_of = taken.decided_at if taken else None
        service = self._service
        roller = Roller(
            portfolio=to_portfolio(service.settings), statements=Statements(), rules=service.rules
        )
        if as_of and (kept := await kept_pair(service.store, audience.view, as_of, roller=roller)):
            return await draft(service.store, audience, kept, edition=period.key)
        loaded = await moment.loaded()
        return await service.draft(audience, as_of=as_of, edition=period.key, loaded=loaded)

    async def _take_snapshot(self, audience: Audience, moment: _Moment) -> None:
        """The figures of the morning, unless the edition is due already or they are taken."""
        now, key = self._service.clock.now(), audience.view.key
        period = snapshots_of(audience).newest_due(now)
        publishes = schedule_of(audience).next_due(period.due_at)
        schedule = snapshot_schedule(key)
        if period.key != publishes.key or now >= publishes.due_at:
            return
        async with self._service.store.read() as session:
            since = await load_period(session, key, _FIRST_SEEN)
            known = await load_period(session, schedule, period.key)
            done = await load_period(session, key, period.key)
        if known or done or since is None or since.due_at > period.due_at:
            return
        as_of = period.due_at if now - period.due_at <= _PROMPT else now
        pair = await self._service.snapshots(
            as_of=as_of, view=audience.view, prompt=True, loaded=await moment.loaded()
        )
        taken = decided(schedule, period, PeriodState.TAKEN, at=as_of, note=pair.current.id)
        async with self._service.store.write() as session:
            if await decide(session, taken):
                await keep_snapshot(session, pair.current, at=now, weekly=True)

    # --- by command -----------------------------------------------------------------------------

    async def send(self, drafts: Sequence[Draft], *, author: str) -> list[Sent]:
        """Publish drafts by command, take their periods, and deliver them at once.

        Nothing is published where one of them cannot be: see `refuse_unsendable`.
        """
        refuse_unsendable(drafts)
        return [await self._send(one, author=author) for one in drafts]

    async def _send(self, draft: Draft, *, author: str) -> Sent:
        now = self._service.clock.now()
        imprint = Imprint(author=author, at=now, domain=self._domain)
        async with self._service.store.write() as session:
            period = taken_by(draft, now)
            if not await decide(session, period):
                earlier = await load_period(session, period.schedule, period.period)
                if earlier is None or earlier.state is not PeriodState.SKIPPED:
                    raise already_published(draft.digest.edition, draft.digest.audience)
            made = await publish(session, draft, imprint)
        reach(Edge.PUBLISH_COMMITTED)
        await self.outbox().deliver(only=[one.id for one in made])
        return await self._outcome(draft)

    async def _outcome(self, draft: Draft) -> Sent:
        digest = draft.digest
        async with self._service.store.read() as session:
            dispatches = await load_dispatches(
                session, audience=digest.audience, edition=digest.edition, version=digest.version
            )
        written = [
            path
            for one in dispatches
            if one.channel == FILE and one.state is DispatchState.SENT
            for path in files(stem(digest), self._service.settings.path(one.recipient))
        ]
        return Sent(digest=digest, dispatches=tuple(dispatches), files=tuple(written))

    async def notify_due(self) -> Sequence[Dispatch]:
        """Tell those behind overrides what ends, lapsed or lacks approval; each of it once."""
        await self._refuse_wild_clock()
        return await notify_due(self._service)

    # --- delivering -----------------------------------------------------------------------------

    async def deliver_due(self) -> Sequence[Dispatch]:
        """Deliver what is due to go out, one attempt each; what became of each."""
        return await self.outbox().deliver()

    async def probe_mail(self) -> str:
        """Ask the mail server whether it would take mail; empty where none is configured."""
        return await self._delivering.probe_mail()

    @property
    def _domain(self) -> str:
        return domain_of(self._service.settings.smtp.sender)

    @cached_property
    def _delivering(self) -> Delivering:
        told = notified(self._service.settings)
        return Delivering(self._service, (*self._audiences, told))

    def outbox(self) -> Outbox:
        """What delivers dispatches for this process."""
        return self._delivering.outbox(self._owner, self._timing)
