"""Links to items of another tracker: known by their web address until the item itself is.

A connector cannot know another tracker's immutable ids. It records the address that people see, and
the address becomes an identity wherever all items are at hand. An end that nobody has synced stays
unresolved and resolves later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from syncer.domain.item import WorkItem
from syncer.domain.link import Link
from syncer.domain.ref import ItemRef

ADDRESS: Final = "@url"
"""Stands where a ref names its connection; no connection can be called so."""


def by_address(url: str) -> ItemRef:
    """A ref to whatever item has this web address."""
    return ItemRef(ADDRESS, _plain(url), url)


def with_known_ends(items: Sequence[WorkItem]) -> list[WorkItem]:
    """The items, their links by address resolved where the other end is among them."""
    if not any(_by_address(item.links) for item in items):
        return list(items)
    known = {_plain(item.url): item for item in items if item.url}
    return [_resolved(item, known) if _by_address(item.links) else item for item in items]


def _by_address(links: Iterable[Link]) -> bool:
    return any(link.to.connection == ADDRESS for link in links)


def _resolved(item: WorkItem, known: Mapping[str, WorkItem]) -> WorkItem:
    return replace(item, links=tuple(_end_of(link, known) for link in item.links))


def _end_of(link: Link, known: Mapping[str, WorkItem]) -> Link:
    end = known.get(link.to.id) if link.to.connection == ADDRESS else None
    return link if end is None else replace(link, to=end.ref, to_key=end.key)


def _plain(url: str) -> str:
    """The address without what leads to a part of the page."""
    return url.partition("#")[0].partition("?")[0].rstrip("/")
