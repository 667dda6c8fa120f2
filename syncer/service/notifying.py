"""Mails about overrides, through the same outbox as the editions: each goes out once.

Once a day, in the morning of the installation's time zone, whichever replica comes first looks at
what is overridden. What it finds to say, that it was said, and the mails are one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from syncer.publish.audiences import Audience
from syncer.publish.editions import address_to
from syncer.publish.mail.address import domain_of
from syncer.publish.notices import AUDIENCE, RECENT, Notice, audience, notices, recipients
from syncer.publish.recipients import EMAIL, Recipient
from syncer.publish.snapshot import SnapshotPair, keep_snapshot
from syncer.service.core import Service
from syncer.settings.portfolio import to_portfolio
from syncer.settings.root import Settings
from syncer.store.dispatches import Dispatch, add_dispatches
from syncer.store.editions import PublishedEdition, publish_edition
from syncer.store.leases import database_now
from syncer.store.periods import DecidedPeriod, PeriodState, decide, load_period
from syncer.store.statements import load_statements

_MORNING: Final = time(7)
_DAILY: Final = f"{AUDIENCE}day"


def notified(settings: Settings) -> Audience:
    """All who may get such mails: the people that the configuration gives an address."""
    people = to_portfolio(settings).people
    known = tuple(
        Recipient(channel=EMAIL, address=one.email, name=one.name) for one in people if one.email
    )
    return audience(settings.service.timezone, known)


async def notify_due(service: Service) -> Sequence[Dispatch]:
    """Say what is to be said today of overrides, unless somebody has; the mails that go out."""
    day = _day(service)
    if day is None or not service.settings.smtp.host or not await _is_open(service, day):
        return ()
    audiences = await service.audiences(_first(service.settings))
    pair = await service.snapshots(view=audiences[0].view if audiences else None)
    found = notices(pair.current, day)
    async with service.store.write() as session:
        if not await decide(session, _decided(_DAILY, day.isoformat(), service.clock.now())):
            return ()
        if found:
            await keep_snapshot(session, pair.current, at=service.clock.now(), weekly=False)
        return [
            dispatch
            for notice in found
            for dispatch in await _sent(session, notice, service, pair=pair)
        ]


def _first(settings: Settings) -> str:
    return settings.audiences[0].key if settings.audiences else ""


def _day(service: Service) -> date | None:
    """Today in the installation's zone, None before its morning."""
    local = service.clock.now().astimezone(ZoneInfo(service.settings.service.timezone))
    return local.date() if local.time() >= _MORNING else None


async def _is_open(service: Service, day: date) -> bool:
    """Whether there is anything to look at that nobody has looked at today."""
    async with service.store.read() as session:
        if await load_period(session, _DAILY, day.isoformat()) is not None:
            return False
        known = (await load_statements(session)).colour_overrides
    return any(one.undone_at is None and one.expires >= day - RECENT for one in known)


async def _sent(
    session: AsyncSession, notice: Notice, service: Service, *, pair: SnapshotPair
) -> Sequence[Dispatch]:
    """Put one notice on its way, if it never was."""
    now, snapshot = service.clock.now(), pair.current
    people = to_portfolio(service.settings).people
    if not await decide(session, _decided(AUDIENCE, notice.name, now)):
        return ()
    edition = PublishedEdition(
        audience=AUDIENCE,
        edition=notice.name,
        version=1,
        as_of=snapshot.as_of,
        snapshot_id=snapshot.id,
        previous_snapshot_id=None,
        published_at=now,
        subject=notice.subject,
        contents=notice.contents,
    )
    await publish_edition(session, edition)
    domain, at = domain_of(service.settings.smtp.sender), await database_now(session)
    made = [address_to(edition, to, domain=domain, now=at) for to in recipients(notice, people)]
    await add_dispatches(session, made)
    return made


def _decided(schedule: str, period: str, at: datetime) -> DecidedPeriod:
    return DecidedPeriod(
        schedule=schedule,
        period=period,
        due_at=at,
        decided_at=at,
        state=PeriodState.PUBLISHED,
    )
