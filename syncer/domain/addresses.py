"""Links to items of another tracker: known by their web address or key until the item itself is.

A connector cannot know another tracker's immutable ids. It records the address that people see, and
the address becomes an identity wherever all items are at hand. An end that nobody has synced stays
unresolved and resolves later. A key stands for the only item that is called so; while there is
none, or more than one, it is no link at all: ISO-9001 looks like a key as well.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from syncer.domain.item import WorkItem
from syncer.domain.link import Link, LinkKind, LinkOrigin
from syncer.domain.ref import ItemRef

ADDRESS: Final = "@url"
"""Stands where a ref names its connection; no connection can be called so."""


_TITLED: Final = re.compile(r"(/issue/[A-Z][A-Z0-9_]{0,19}-[1-9][0-9]{0,9})/[^/]*$")
"""How Linear's and YouTrack's addresses end: with the title, which changes and may be left out."""

KEY: Final = "@key"
"""Stands there where only a key is known; no connection can be called so either."""


def by_key(key: str) -> ItemRef:
    """A ref to the only item of all trackers that people call so."""
    return ItemRef(KEY, key, key)


def by_address(url: str) -> ItemRef:
    """A ref to whatever item has this web address."""
    return ItemRef(ADDRESS, _plain(url), url)


def with_known_ends(items: Sequence[WorkItem]) -> list[WorkItem]:
    """The items, their links by address or key resolved where the other end is among them.

    Links by a key that is nobody's, several items' or the item's own are left out. A text that
    calls its item a mirror is believed where it names one item, in another tracker, and no second
    item of its own tracker names the same; else they are merely related: work must not vanish from
    a count by what somebody writes.
    """
    loose = [bool(item.links) and _is_loose(item.links) for item in items]
    if not any(loose):
        return list(items)
    known = {(ADDRESS, _plain(item.url)): item for item in items if item.url}
    called = Counter(item.key for item in items)
    known |= {(KEY, item.key): item for item in items if called[item.key] == 1}
    resolved = [
        _resolved(item, known) if is_loose else item
        for item, is_loose in zip(items, loose, strict=True)
    ]
    return _believed(resolved)


def _is_loose(links: Iterable[Link]) -> bool:
    return any(link.to.connection in (ADDRESS, KEY) for link in links)


def _resolved(item: WorkItem, known: Mapping[tuple[str, str], WorkItem]) -> WorkItem:
    ends = ((link, _end_of(link, known)) for link in item.links)
    told = (end for link, end in ends if end is link or end.to != item.ref)
    return replace(item, links=tuple(one for one in told if one.to.connection != KEY))


def _end_of(link: Link, known: Mapping[tuple[str, str], WorkItem]) -> Link:
    end = known.get((link.to.connection, link.to.id))
    return link if end is None else replace(link, to=end.ref, to_key=end.key)


def _plain(url: str) -> str:
    """The address without what leads to a part of the page, or only says what it is about."""
    bare = url.partition("#")[0].partition("?")[0].rstrip("/")
    return _TITLED.sub(r"\1", bare) if "/issue/" in bare else bare


def _believed(items: list[WorkItem]) -> list[WorkItem]:
    """The items, their doubtful mirrors related instead."""
    claims = Counter(
        (link.to.uid, item.ref.connection)
        for item in items
        for link in item.links
        if _is_said_to_mirror(link)
    )
    return [_without_doubtful(item, claims) if claims else item for item in items]


def _is_said_to_mirror(link: Link) -> bool:
    return link.kind is LinkKind.MIRRORS and link.origin is LinkOrigin.TEXT


def _without_doubtful(item: WorkItem, claims: Mapping[tuple[str, str], int]) -> WorkItem:
    said, own = [link for link in item.links if _is_said_to_mirror(link)], item.ref.connection
    if not said:
        return item
    only = said[0].to
    if len(said) == 1 and only.connection != own and claims[only.uid, own] == 1:
        return item
    related = (
        replace(link, kind=LinkKind.RELATES) if _is_said_to_mirror(link) else link
        for link in item.links
    )
    return replace(item, links=tuple(related))
