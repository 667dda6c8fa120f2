"""Relations as directed edges: redmine.org/projects/redmine/wiki/Rest_IssueRelations.

Either end of a relation shows the same one: `issue_id` does to `issue_to_id` what the type says,
and "blocked", "follows" and their like are stored with the ends swapped. A dependency is read at
the end that waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from connectors.redmine.mapping.site import Site
from connectors.redmine.wire import Relation
from syncer.domain.link import Link, LinkKind

BLOCKS: Final = "blocks"
PRECEDES: Final = "precedes"
WAITS: Final = {BLOCKS: "blocked", PRECEDES: "follows"}
"""Relations that make wait, and what Redmine calls them at the other end: names of filters too."""

_OUTWARD: Final = {
    "relates": LinkKind.RELATES,
    "duplicates": LinkKind.DUPLICATES,
    "copied_to": LinkKind.RELATES,
}
EDGES: Final = {
    "blocked": (LinkKind.BLOCKS, True),
    "follows": (LinkKind.BLOCKS, True),
    "relates": (LinkKind.RELATES, False),
    "duplicates": (LinkKind.DUPLICATES, False),
    "copied_to": (LinkKind.RELATES, False),
}
"""What the words of journals say: the kind of the edge, and whether it comes in."""


def links_of(relations: Iterable[Relation | None] | None, own: int, site: Site) -> tuple[Link, ...]:
    """The links that are read at this issue, each once."""
    made = (_link(one, own, site) for one in relations or () if one is not None)
    return tuple(dict.fromkeys(link for link in made if link is not None))


def _link(one: Relation, own: int, site: Site) -> Link | None:
    word = one.relation_type or ""
    if not one.issue_id or not one.issue_to_id:
        return None
    if one.issue_to_id == own and word in WAITS:
        return Link(
            kind=LinkKind.BLOCKS,
            to=site.ref(one.issue_id),
            to_key=site.ref(one.issue_id).locator,
            inward=True,
            lag_days=one.delay or 0,
            native_type=WAITS[word],
        )
    if one.issue_id == own and word in _OUTWARD:
        other = site.ref(one.issue_to_id)
        return Link(kind=_OUTWARD[word], to=other, to_key=other.locator, native_type=word)
    return None


def waits_of(rows: Iterable[Relation | None] | None, own: int) -> Iterator[tuple[object, ...]]:
    """What tells one state of an issue's dependencies from another."""
    for one in rows or ():
        if one is not None and one.issue_to_id == own and one.relation_type in WAITS:
            yield one.id, one.relation_type, one.issue_id, one.delay
