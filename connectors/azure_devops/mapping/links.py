"""Relations as directed edges, each read at one of its two ends.

Types: learn.microsoft.com/azure/devops/boards/queries/link-type-reference. Azure DevOps stores a
link at both ends: the waiting end of a dependency tells of it (its Predecessor), the duplicate of
what it duplicates.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from connectors.azure_devops.mapping.site import Site, id_in, key_of, page_of
from connectors.azure_devops.mapping.times import known_instant
from connectors.azure_devops.rules import Rules
from connectors.azure_devops.wire import Relation
from syncer.connect.text_links import spoken, text_links
from syncer.domain.addresses import by_address
from syncer.domain.link import Link, LinkKind
from syncer.domain.ref import ItemRef

PARENT: Final = "System.LinkTypes.Hierarchy-Reverse"
HYPERLINK: Final = "Hyperlink"
_REMOTE: Final = "System.LinkTypes.Remote."
_COMMENT: Final = "comment"
_LONGEST: Final = 2000

Edge = tuple[LinkKind, bool]
"""The kind of an edge, and whether it comes in."""

EDGES: Final[Mapping[str, Edge]] = {
    "System.LinkTypes.Dependency-Reverse": (LinkKind.BLOCKS, True),
    "System.LinkTypes.Remote.Dependency-Reverse": (LinkKind.BLOCKS, True),
    "System.LinkTypes.Related": (LinkKind.RELATES, False),
    "System.LinkTypes.Remote.Related": (LinkKind.RELATES, False),
    "System.LinkTypes.Duplicate-Reverse": (LinkKind.DUPLICATES, False),
    "Microsoft.VSTS.Common.Affects-Forward": (LinkKind.RELATES, False),
}
NAMES: Final = {
    "System.LinkTypes.Dependency-Reverse": "Predecessor",
    "System.LinkTypes.Remote.Dependency-Reverse": "Consumes From",
    "System.LinkTypes.Related": "Related",
    "System.LinkTypes.Remote.Related": "Remote Related",
    "System.LinkTypes.Duplicate-Reverse": "Duplicate Of",
    "Microsoft.VSTS.Common.Affects-Forward": "Affects",
}


def parent_of(relations: Iterable[Relation | None] | None) -> str:
    """The id of the parent, empty without one."""
    found = (id_in(one.url) for one in relations or () if one and one.rel == PARENT)
    return next((id_ for id_ in found if id_), "")


def links_of(
    relations: Iterable[Relation | None] | None, site: Site, *, body: str = ""
) -> tuple[Link, ...]:
    """The links of one item, each once: the tracker's own, then those of its description."""
    written = text_links(body, site.rules.phrases if site.rules.reads_text else ())
    return (*dict.fromkeys(_links(relations or (), site)), *written)


def _links(relations: Iterable[Relation | None], site: Site) -> Iterator[Link]:
    for one in relations:
        edge = edge_of(one, site.rules)
        end = end_of(one, site) if one and edge else None
        if one is None or edge is None or end is None:
            continue
        attributes = one.attributes or {}
        yield Link(
            kind=edge[0],
            to=end,
            to_key=end.locator if end.connection == site.connection else "",
            inward=edge[1],
            native_type=NAMES.get(one.rel or "", one.rel or ""),
            created_at=known_instant(attributes.get("resourceCreatedDate")),
        )


def edge_of(relation: Relation | None, rules: Rules) -> Edge | None:
    """What a relation says; None for the end that is not read, and for what is no link of items.

    A hyperlink relates, unless its comment begins with words that say more: "Blocked by".
    """
    if relation is None or relation.rel is None:
        return None
    if relation.rel != HYPERLINK:
        return EDGES.get(relation.rel)
    comment = _text((relation.attributes or {}).get(_COMMENT))[:_LONGEST]
    heard = next(spoken(comment, rules.phrases), None)
    return (heard[0].kind, heard[0].inward) if heard else (LinkKind.RELATES, False)


def end_of(relation: Relation, site: Site) -> ItemRef | None:
    """The other end: of this organisation by its id, of any other by its page."""
    url = (relation.url or "")[:_LONGEST]
    rel = relation.rel or ""
    if rel == HYPERLINK:
        return by_address(url) if url.startswith(("https://", "http://")) else None
    if rel.startswith(_REMOTE):
        page = page_of(url)
        return by_address(page) if page else None
    id_ = id_in(url)
    return ItemRef(site.connection, id_, key_of(id_)) if id_ else None


def _text(value: Any) -> str:  # noqa: ANN401  whatever somebody wrote
    return value if isinstance(value, str) else ""
