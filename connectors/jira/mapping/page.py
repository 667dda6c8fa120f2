"""A page of raw issues to records; also as bytes to bytes, for a second process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgspec

from connectors.jira.mapping.item import Extras, read_issue
from connectors.jira.mapping.site import Site, SiteParts, site_from
from connectors.jira.sent import Sent, sent
from syncer.domain.item import ItemRecord, Unreadable
from syncer.domain.ref import ContainerKey

RawIssues = Sequence[tuple[Any, bool]]
"""Issues as they were sent, each with whether its changelog is whole."""

_SITES: Final = 4


class Mapped(NamedTuple):
    """What became of raw issues: each lies in one of the two, in the order of the page."""

    records: tuple[ItemRecord, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()

    def and_then(self, other: Mapped) -> Mapped:
        """Both, this one first."""
        return Mapped(self.records + other.records, self.unreadable + other.unreadable)


class _Job(NamedTuple):
    """Raw issues with all that their mapping needs."""

    site: bytes
    container: ContainerKey
    ids: dict[str, str]
    issues: list[tuple[bytes, bool]]


_ENCODER: Final = msgspec.msgpack.Encoder()
_MAPPED: Final = msgspec.msgpack.Decoder(Mapped)
_JOB: Final = msgspec.msgpack.Decoder(_Job)
_PARTS: Final = msgspec.msgpack.Decoder(SiteParts)


def read_page(
    issues: RawIssues, *, ids: Mapping[str, str], container: ContainerKey, site: Site
) -> Mapped:
    """The records and the unreadable ones among raw issues; `ids` are those of known keys."""
    cut, whole = (Extras(complete=complete, ids=ids) for complete in (False, True))
    read = [
        read_issue(one, container=container, site=site, extras=whole if complete else cut)
        for one, complete in issues
    ]
    return Mapped(
        records=tuple(one for one in read if isinstance(one, ItemRecord)),
        unreadable=tuple(one for one in read if isinstance(one, Unreadable)),
    )


def parts_told(parts: SiteParts) -> bytes:
    """What a site was made of, for jobs."""
    return _ENCODER.encode(parts)


def job_of(
    issues: RawIssues, *, ids: Mapping[str, str], container: ContainerKey, site: bytes
) -> bytes | None:
    """The reading of a page as a job, `site` as `parts_told` tells it.

    None where an issue has another shape than promised.
    """
    texts = [(bytes(one.text), whole) for one, whole in issues if isinstance(one, Sent)]
    if len(texts) < len(issues):
        return None
    return _ENCODER.encode(_Job(site, container, dict(ids), texts))


def done(job: bytes) -> bytes:
    """What a second process answers; nothing where a record holds what cannot be told on.

    Halves of surrogate pairs cannot; the store replaces them later.
    """
    told = _JOB.decode(job)
    issues = [(sent(text), whole) for text, whole in told.issues]
    mapped = read_page(issues, ids=told.ids, container=told.container, site=_site(told.site))
    try:
        return _ENCODER.encode(mapped)
    except UnicodeEncodeError:
        return b""


def mapped_from(answer: bytes) -> Mapped:
    """What such an answer says."""
    return _MAPPED.decode(answer)


@lru_cache(maxsize=_SITES)
def _site(told: bytes) -> Site:
    """The site, the same over many pages: it remembers what they said before."""
    return site_from(_PARTS.decode(told))
