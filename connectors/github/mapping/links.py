"""Dependencies and duplicates as directed edges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connectors.github.mapping.detail import Detail, Happened, Happening, Neighbour
from connectors.github.mapping.site import Site
from connectors.github.mapping.text_links import text_links
from syncer.domain.addresses import by_address
from syncer.domain.link import Link, LinkKind


def links_of(detail: Detail, body: str, *, own: Neighbour, site: Site) -> tuple[Link, ...]:
    """GitHub's own links, then those that only the description makes."""
    native = tuple(_native(detail, own, site))
    known = {(link.kind, _address(link, site), link.inward) for link in native}
    itself = by_address(site.url(own)).id
    written = (
        link
        for link in text_links(body, repository=own.repository, site=site)
        if link.to.id != itself and (link.kind, link.to.id, link.inward) not in known
    )
    return (*native, *written)


def duplicate_of(timeline: Iterable[Happening], own: Neighbour) -> Neighbour | None:
    """The issue that this one was last marked as a duplicate of, None if that was taken back."""
    found: Neighbour | None = None
    for one in timeline:
        if one.what is Happened.DUPLICATE and one.other and one.other.locator != own.locator:
            found = one.other
        elif one.what is Happened.NO_DUPLICATE and one.other == found:
            found = None
    return found


def _native(detail: Detail, own: Neighbour, site: Site) -> Iterator[Link]:
    for inward, others in ((True, detail.blocked_by), (False, detail.blocking)):
        for other in others:
            yield _link(LinkKind.BLOCKS, other, inward=inward, site=site)
    original = duplicate_of(detail.timeline, own)
    if original is not None:
        yield _link(LinkKind.DUPLICATES, original, inward=False, site=site)


def _link(kind: LinkKind, other: Neighbour, *, inward: bool, site: Site) -> Link:
    native = {LinkKind.BLOCKS: "blocked by" if inward else "blocking"}.get(kind, "duplicate of")
    return Link(
        kind=kind,
        to=site.ref(other),
        to_key=other.locator,
        inward=inward,
        native_type=native,
    )


def _address(link: Link, site: Site) -> str:
    place, _, number = link.to_key.rpartition("#")
    return by_address(f"{site.web_url}/{place}/issues/{number}").id
