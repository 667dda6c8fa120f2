"""Published digests: frozen bytes, never edited."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from syncer.errors import NotFound, Rejected
from syncer.store.bulk import insert
from syncer.store.once import insert_new
from syncer.store.rows import table_of
from syncer.store.tables import EditionContentRow, EditionRow

_EDITIONS: Final = table_of(EditionRow)
_CONTENTS: Final = table_of(EditionContentRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedEdition:
    """One version of one audience's digest, such as `2026-W48`.

    Instants are UTC. `contents` holds the text by format (`md`, `html`, `txt`, `json`).
    `correction` is the reason of a version after the first, empty for the first.
    """

    audience: str
    edition: str
    version: int
    as_of: datetime
    snapshot_id: str
    previous_snapshot_id: str | None
    published_at: datetime
    subject: str = ""
    correction: str = ""
    contents: Mapping[str, str] = field(default_factory=dict)

    @property
    def sha256(self) -> Mapping[str, str]:
        """The digest of each content's UTF-8 bytes, by format."""
        return {name: _sha256(text) for name, text in self.contents.items()}


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


async def publish_edition(session: AsyncSession, edition: PublishedEdition) -> None:
    """Keep a published edition with its bytes.

    `Rejected` where this version exists, and where a version after the first gives no reason.
    """
    expected = await next_version(session, audience=edition.audience, edition=edition.edition)
    name = f"{edition.edition} for {edition.audience}"
    if edition.version != expected:
        raise Rejected(
            f"Version {edition.version} of {name} cannot be published; the next is {expected}.",
            fix="A published edition is never changed: send a correction.",
        )
    if edition.version > 1 and not edition.correction:
        raise Rejected(
            f"{name} has been published.", fix='Send a correction: --send --correction "reason".'
        )
    if await insert_new(session, _EDITIONS, _row(edition), returning=_EDITIONS.c.version) is None:
        raise Rejected(
            f"Somebody else has just published version {edition.version} of {name}.",
            fix="Look at it first: syncer dispatches.",
        )
    await insert(session, _CONTENTS, _content_rows(edition))


async def next_version(session: AsyncSession, *, audience: str, edition: str) -> int:
    """1 for an edition that has not been published, else one more than its newest version."""
    c = _EDITIONS.c
    query = select(func.max(c.version)).where(c.audience == audience, c.edition == edition)
    return (await session.scalar(query) or 0) + 1


def _row(edition: PublishedEdition) -> dict[str, Any]:
    return {
        "audience": edition.audience,
        "edition": edition.edition,
        "version": edition.version,
        "as_of": edition.as_of,
        "snapshot_id": edition.snapshot_id,
        "previous_snapshot_id": edition.previous_snapshot_id,
        "subject": edition.subject,
        "correction": edition.correction,
        "published_at": edition.published_at,
    }


def _content_rows(edition: PublishedEdition) -> list[dict[str, Any]]:
    return [
        {
            "audience": edition.audience,
            "edition": edition.edition,
            "version": edition.version,
            "format": name,
            "sha256": _sha256(text),
            "content": text,
        }
        for name, text in edition.contents.items()
    ]


async def latest_edition(
    session: AsyncSession, audience: str, *, before: datetime | None = None
) -> PublishedEdition | None:
    """The audience's newest edition (as of an instant before `before`), with its contents."""
    found = await list_editions(session, audience, before=before, limit=1)
    return await _with_contents(session, found[0]) if found else None


async def load_edition(
    session: AsyncSession, audience: str, edition: str, *, version: int | None = None
) -> PublishedEdition:
    """One edition with its contents, by default its newest version; `NotFound` if there is none."""
    c = _EDITIONS.c
    query = select(*c).where(c.audience == audience, c.edition == edition)
    if version is not None:
        query = query.where(c.version == version)
    row = (await session.execute(query.order_by(c.version.desc()).limit(1))).one_or_none()
    if row is None:
        raise NotFound(f"No edition {edition!r} has been published for {audience!r}.")
    return await _with_contents(session, _edition(row))


async def list_editions(
    session: AsyncSession,
    audience: str | None = None,
    *,
    before: datetime | None = None,
    limit: int = 1000,
) -> Sequence[PublishedEdition]:
    """Published editions without their contents, newest first."""
    c = _EDITIONS.c
    query = select(*c).order_by(c.as_of.desc(), c.version.desc(), c.audience).limit(limit)
    if audience is not None:
        query = query.where(c.audience == audience)
    if before is not None:
        query = query.where(c.as_of < before)
    return [_edition(row) for row in await session.execute(query)]


def _edition(row: Any) -> PublishedEdition:  # noqa: ANN401  a row of columns
    return PublishedEdition(
        audience=row.audience,
        edition=row.edition,
        version=row.version,
        as_of=row.as_of,
        snapshot_id=row.snapshot_id,
        previous_snapshot_id=row.previous_snapshot_id,
        published_at=row.published_at,
        subject=row.subject,
        correction=row.correction,
    )


async def _with_contents(session: AsyncSession, edition: PublishedEdition) -> PublishedEdition:
    c = _CONTENTS.c
    query = select(c.format, c.content).where(
        c.audience == edition.audience,
        c.edition == edition.edition,
        c.version == edition.version,
    )
    rows = await session.execute(query.order_by(c.format))
    return replace(edition, contents={row[0]: row[1] for row in rows})
