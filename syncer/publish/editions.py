"""Drafting an edition and sending it: only what is sent becomes the last edition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from syncer.errors import ConfigError, NotFound, Rejected
from syncer.publish.audience import AudienceView
from syncer.publish.audiences import Audience
from syncer.publish.channels.file import RENDERERS, write_edition
from syncer.publish.digest.compose import compose
from syncer.publish.digest.model import Digest
from syncer.publish.snapshot import SnapshotPair, keep_snapshot
from syncer.rollup.calendar import iso_week, report_date
from syncer.settings.models import FileChannelSettings
from syncer.store.audit import AuditEvent, record
from syncer.store.editions import PublishedEdition, load_edition, publish_edition
from syncer.store.engine import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An edition that nobody has got yet. `published` is the newest sent version of it."""

    audience: Audience
    pair: SnapshotPair
    digest: Digest
    published: PublishedEdition | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What became of an edition: the files written, and channels that could not be used."""

    digest: Digest
    files: tuple[Path, ...]
    skipped: tuple[str, ...]


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


async def draft(
    store: Store, audience: Audience, pair: SnapshotPair, *, correction: str = ""
) -> Draft:
    """Compose an edition for an audience; with a `correction` its next version."""
    edition = edition_of(pair.current.as_of, audience.view)
    async with store.read() as session:
        published = await published_edition(session, audience.view.key, edition)
    version = published.version if published else 1
    digest = compose(
        pair.current,
        pair.previous,
        pair.changes,
        audience=audience.view,
        version=version + 1 if published and correction else version,
        correction=correction,
    )
    return Draft(audience=audience, pair=pair, digest=digest, published=published)


def refuse_unsendable(drafts: Sequence[Draft]) -> None:
    """Say why editions cannot be sent, before any of them is.

    `ConfigError` where there is no channel to send through; `Rejected` where the edition has been
    published and no correction is named.
    """
    for one in drafts:
        key = one.audience.view.key
        if one.audience.implicit:
            raise ConfigError(
                "There is no audience to send to.", fix="Configure one with [[audiences]]."
            )
        if not _folders(one.audience):
            raise ConfigError(
                f"The audience {key!r} has no channel that works yet.",
                fix='Give it channels = [{ kind = "file", path = "digests/" }].',
            )
        if one.published and not one.digest.correction:
            raise Rejected(
                f"{one.digest.edition} for {key} has been published.",
                fix='Send a correction: --send --correction "reason".',
            )


def _folders(audience: Audience) -> list[str]:
    return [one.path for one in audience.channels if isinstance(one, FileChannelSettings)]


async def send(store: Store, one: Draft, *, folder: Path, author: str, at: datetime) -> Sent:
    """Hand an edition to its channels, then freeze it as published, with audit.

    The channels come first: an edition that could not be written was not published and may be
    sent again. `folder` is where relative paths of channels begin.
    """
    files = [
        path for name in _folders(one.audience) for path in write_edition(one.digest, folder / name)
    ]
    await keep_snapshot(store, one.pair.current, at=at, weekly=True)
    if one.pair.previous is not None:
        await keep_snapshot(store, one.pair.previous, at=at, weekly=False)
    async with store.write() as session:
        await publish_edition(session, _frozen(one, at))
        await record(session, _event(one.digest, author=author, at=at))
    skipped = [str(c.kind) for c in one.audience.channels if not isinstance(c, FileChannelSettings)]
    return Sent(digest=one.digest, files=tuple(files), skipped=tuple(skipped))


def _frozen(one: Draft, at: datetime) -> PublishedEdition:
    digest, previous = one.digest, one.pair.previous
    return PublishedEdition(
        audience=digest.audience,
        edition=digest.edition,
        version=digest.version,
        as_of=digest.as_of,
        snapshot_id=one.pair.current.id,
        previous_snapshot_id=previous.id if previous else None,
        published_at=at,
        subject=digest.subject,
        correction=digest.correction,
        contents={ending: render(digest) for ending, render in RENDERERS.items()},
    )


def _event(digest: Digest, *, author: str, at: datetime) -> AuditEvent:
    return AuditEvent(
        at=at,
        who=author,
        what="edition.publish",
        subject=f"{digest.audience}/{digest.edition}/{digest.version}",
        after={"snapshot": digest.snapshot, "subject": digest.subject},
        why=digest.correction,
    )
