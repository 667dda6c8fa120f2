"""Drafting an edition and publishing it: only what is published becomes the last edition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from syncer.domain.report import Snapshot
from syncer.errors import ConfigError, NotFound, Rejected
from syncer.failpoints import Edge, reach
from syncer.publish.audience import AudienceView
from syncer.publish.audiences import Audience
from syncer.publish.digest.compose import compose
from syncer.publish.digest.model import Digest
from syncer.publish.lapses import record_lapses
from syncer.publish.mail.message import message_id
from syncer.publish.recipients import EMAIL, Recipient
from syncer.publish.render.formats import RENDERERS
from syncer.publish.render.mail import MAIL, render_mail
from syncer.publish.snapshot import (
    Roller,
    SnapshotPair,
    keep_snapshot,
    previous_snapshot,
    stored_snapshot,
)
from syncer.rollup.calendar import iso_week, report_date
from syncer.store.audit import AuditEvent, record
from syncer.store.dispatches import Dispatch, DispatchState, add_dispatches
from syncer.store.editions import PublishedEdition, load_edition, publish_edition
from syncer.store.engine import Store
from syncer.store.leases import database_now


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An edition that nobody has got yet. `published` is the newest sent version of it."""

    audience: Audience
    pair: SnapshotPair
    digest: Digest
    published: PublishedEdition | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Imprint:
    """Who publishes at what instant; `domain` ends the Message-IDs, `note` goes into the audit."""

    author: str
    at: datetime
    domain: str
    note: str = ""


def edition_of(instant: datetime, view: AudienceView) -> str:
    """The name of the edition to which an instant belongs: the ISO week of its local date."""
    return iso_week(report_date(instant, view.timezone))


async def published_edition(
    session: AsyncSession, audience: str, edition: str, *, version: int | None = None
) -> PublishedEdition | None:
    """A sent version of an edition, by default the newest; None where none was sent."""
    try:
        return await load_edition(session, audience, edition, version=version)
    except NotFound:
        return None


async def edition_before(store: Store, view: AudienceView, *, before: datetime) -> Snapshot | None:
    """The snapshot of the audience's edition before that of an instant, None for none.

    A correction compares as the first version of its edition did.
    """
    async with store.read() as session:
        first = await published_edition(session, view.key, edition_of(before, view), version=1)
    until = min(before, first.as_of) if first else before
    return await previous_snapshot(store, view.key, before=until)


async def kept_pair(
    store: Store, view: AudienceView, as_of: datetime, *, roller: Roller
) -> SnapshotPair | None:
    """What an audience's edition of an instant is made from, where no item has to be read for it.

    None where the snapshot, or the one to compare it with, is not kept. `roller` needs to know
    nothing but calendar and thresholds.
    """
    current = await stored_snapshot(store, as_of, audience=view.key)
    previous = await edition_before(store, view, before=as_of) if current else None
    if current is None or previous is None:
        return None
    changes = roller.changes(current, previous)
    return SnapshotPair(current=current, previous=previous, changes=changes, rules=roller.rules)


async def draft(
    store: Store,
    audience: Audience,
    pair: SnapshotPair,
    *,
    correction: str = "",
    edition: str = "",
) -> Draft:
    """Compose an edition for an audience; with a `correction` its next version.

    `edition` is its name, by default the ISO week of the snapshot.
    """
    named = edition or edition_of(pair.current.as_of, audience.view)
    async with store.read() as session:
        published = await published_edition(session, audience.view.key, named)
    version = published.version if published else 1
    digest = compose(
        pair.current,
        pair.previous,
        pair.changes,
        audience=audience.view,
        version=version + 1 if published and correction else version,
        correction=correction,
        edition=named,
        rules=pair.rules,
    )
    return Draft(audience=audience, pair=pair, digest=digest, published=published)


def refuse_unsendable(drafts: Sequence[Draft]) -> None:
    """Say why editions cannot be sent, before any of them is.

    `ConfigError` where there is no channel to send through, or nothing to correct; `Rejected`
    where the edition has been published and no correction is named.
    """
    for one in drafts:
        key = one.audience.view.key
        if one.audience.implicit:
            raise ConfigError(
                "There is no audience to send to.", fix="Configure one with [[audiences]]."
            )
        if not one.audience.recipients:
            raise ConfigError(
                f"The audience {key!r} has no channel.",
                fix='Give it channels = [{ kind = "file", path = "digests/" }].',
            )
        if one.published and not one.digest.correction:
            raise already_published(one.digest.edition, key)
        if one.digest.correction and not one.published:
            raise ConfigError(
                f"Nothing of {one.digest.edition} has been published for {key!r}: there is nothing "
                "to correct.",
                fix="Leave out --correction.",
            )


def already_published(edition: str, audience: str) -> Rejected:
    """That an edition went out and cannot be made to go out again."""
    return Rejected(
        f"{edition} for {audience} has been published.",
        fix='Send a correction: --send --correction "reason".',
    )


async def publish(session: AsyncSession, one: Draft, imprint: Imprint) -> list[Dispatch]:
    """Freeze an edition with its snapshots, and put it on its way to every recipient, with audit.

    All in the caller's transaction. `Rejected` where this version has been published.
    """
    await keep_snapshot(session, one.pair.current, at=imprint.at, weekly=True)
    if one.pair.previous is not None:
        await keep_snapshot(session, one.pair.previous, at=imprint.at, weekly=False)
    edition = _frozen(one, imprint.at)
    await publish_edition(session, edition)
    now = await database_now(session)
    made = [
        address_to(edition, to, domain=imprint.domain, now=now) for to in one.audience.recipients
    ]
    await add_dispatches(session, made)
    await record(session, _event(one.digest, imprint, dispatches=len(made)))
    await record_lapses(session, one.pair.current, at=imprint.at)
    reach(Edge.PUBLISH_BEFORE_COMMIT)
    return made


def _frozen(one: Draft, at: datetime) -> PublishedEdition:
    digest, previous = one.digest, one.pair.previous
    contents = {ending: render(digest) for ending, render in RENDERERS.items()}
    if any(to.channel == EMAIL for to in one.audience.recipients):
        contents[MAIL] = render_mail(digest)
    return PublishedEdition(
        audience=digest.audience,
        edition=digest.edition,
        version=digest.version,
        as_of=digest.as_of,
        snapshot_id=one.pair.current.id,
        previous_snapshot_id=previous.id if previous else None,
        published_at=at,
        subject=str(digest.subject),
        correction=digest.correction,
        contents=contents,
    )


def address_to(edition: PublishedEdition, to: Recipient, *, domain: str, now: datetime) -> Dispatch:
    """The way to one recipient; somebody without an address is a failure that everyone sees."""
    parts = (edition.audience, edition.edition, str(edition.version), to.address, to.channel)
    identity = message_id(*parts, domain=domain)
    return Dispatch(
        id=identity.strip("<>").partition("@")[0],
        audience=edition.audience,
        edition=edition.edition,
        version=edition.version,
        channel=to.channel,
        recipient=to.address,
        message_id=identity,
        created_at=now,
        next_try_at=now,
        state=DispatchState.FAILED if to.problem else DispatchState.PENDING,
        error=to.problem,
    )


def _event(digest: Digest, imprint: Imprint, *, dispatches: int) -> AuditEvent:
    after = {"snapshot": digest.snapshot, "subject": str(digest.subject), "dispatches": dispatches}
    return AuditEvent(
        at=imprint.at,
        who=imprint.author,
        what="edition.publish",
        subject=f"{digest.audience}/{digest.edition}/{digest.version}",
        after=after,
        why="; ".join(filter(None, (digest.correction, imprint.note))),
    )
