"""Linked items as directed edges: docs.gitlab.com/user/project/issues/related_issues."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from connectors.gitlab.mapping.site import Site
from connectors.gitlab.mapping.told import LinkWord, ToldLink
from syncer.domain.link import Link, LinkKind

EDGES: Final = {
    LinkWord.BLOCKS: (LinkKind.BLOCKS, False),
    LinkWord.BLOCKED_BY: (LinkKind.BLOCKS, True),
    LinkWord.RELATES: (LinkKind.RELATES, False),
}
"""What a word says: the kind of the edge, and whether it comes in."""


def links_of(links: Iterable[ToldLink], site: Site) -> tuple[Link, ...]:
    """The links of one item, each once."""
    made = (_link(one, site) for one in links)
    return tuple(dict.fromkeys(made))


def _link(one: ToldLink, site: Site) -> Link:
    kind, inward = EDGES[one.word]
    return Link(
        kind=kind,
        to=site.ref(one.other),
        to_key=one.other.locator,
        inward=inward,
        native_type=one.word.value.replace("_", " "),
        created_at=one.created_at,
    )
