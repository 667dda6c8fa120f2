"""The portfolio as a graph, indexed once: who is whose child, product, team and neighbour.

Containers are not products (spec/classification.md section 1): every count here is over
distinct products and teams, and an item without a product (a program office) adds none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from syncer.classify.portfolio import Portfolio, PortfolioItem, PortfolioProject

BLOCKS = "blocks"
_REQUIRES, _THREATENS = "requires", "threatens"
_OUTGOING = {
    "blocks": BLOCKS,
    "blocking": BLOCKS,
    "requires": _REQUIRES,
    "threatens": _THREATENS,
}
_INCOMING = {
    "is blocked by": BLOCKS,
    "blocked by": BLOCKS,
    "is required by": _REQUIRES,
    "required by": _REQUIRES,
    "is threatened by": _THREATENS,
    "threatened by": _THREATENS,
}
_MOST_COMPONENTS = 250


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item belongs: its products (one, or several components) and its team."""

    products: tuple[str, ...]
    team: str


Edges = Mapping[str, frozenset[tuple[str, str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Indexes over one portfolio, by item key. `cyclic` items are their own ancestors.

    `outgoing` holds what an item blocks, requires or threatens, by kind and key.
    """

    items: Mapping[str, PortfolioItem]
    projects: Mapping[str, PortfolioProject]
    places: Mapping[str, Place]
    parents: Mapping[str, str]
    children: Mapping[str, tuple[str, ...]]
    outgoing: Edges
    cyclic: frozenset[str]
    top_down: tuple[str, ...]
    maps_products: bool

    def belongs_nowhere(self, key: str) -> bool:
        """Whether the item has no product although others have: a program office's item."""
        return self.maps_products and not self.places[key].products


def build_graph(portfolio: Portfolio) -> Graph:
    """Index a portfolio in one pass over items and links. Of two equal keys the first wins."""
    items: dict[str, PortfolioItem] = {}
    for item in portfolio.items:
        items.setdefault(item.key, item)
    projects = {project.key: project for project in reversed(portfolio.projects)}
    raw_parents = {
        key: item.parent
        for key, item in items.items()
        if item.parent is not None and item.parent in items
    }
    cyclic = _cyclic(raw_parents)
    parents = {key: up for key, up in raw_parents.items() if key not in cyclic}
    children = _children(parents)
    return Graph(
        items=items,
        projects=projects,
        places={key: _place(item, projects.get(item.project)) for key, item in items.items()},
        parents=parents,
        children=children,
        outgoing=_outgoing(items),
        cyclic=cyclic,
        top_down=_top_down(items, parents, children),
        maps_products=any(project.product for project in portfolio.projects),
    )


def _place(item: PortfolioItem, project: PortfolioProject | None) -> Place:
    """One product by the project's map; else the components of a shared container."""
    product = project.product if project else ""
    products = (product,) if product else tuple(dict.fromkeys(item.components[:_MOST_COMPONENTS]))
    return Place(products, item.team or (project.team if project else ""))


def _children(parents: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for child, parent in parents.items():
        found[parent].append(child)
    return {parent: tuple(below) for parent, below in found.items()}


def _cyclic(parents: Mapping[str, str]) -> frozenset[str]:
    """Items whose chain of parents leads back to themselves."""
    settled: set[str] = set()
    cyclic: set[str] = set()
    for start in parents:
        path: dict[str, None] = {}
        key: str | None = start
        while key is not None and key not in settled and key not in path:
            path[key] = None
            key = parents.get(key)
        if key is not None and key in path:
            walk = list(path)
            cyclic.update(walk[walk.index(key) :])
        settled.update(path)
    return frozenset(cyclic)


def _outgoing(items: Mapping[str, PortfolioItem]) -> dict[str, frozenset[tuple[str, str]]]:
    """Directed edges, merged from both ends: an incoming link is the other item's outgoing one."""
    edges: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for key, item in items.items():
        for link in item.links:
            if link.to == key or link.to not in items:
                continue
            name = _plain(link.type)
            if name in _OUTGOING:
                edges[key].add((_OUTGOING[name], link.to))
            elif name in _INCOMING:
                edges[link.to].add((_INCOMING[name], key))
    return {key: frozenset(found) for key, found in edges.items()}


def is_directed(link_type: str) -> bool:
    """Whether a link of this type orders anything; others, such as `relates to`, say nothing."""
    name = _plain(link_type)
    return name in _OUTGOING or name in _INCOMING


def _plain(link_type: str) -> str:
    return " ".join(link_type.casefold().replace("_", " ").replace("-", " ").split())


def _top_down(
    items: Mapping[str, PortfolioItem],
    parents: Mapping[str, str],
    children: Mapping[str, tuple[str, ...]],
) -> tuple[str, ...]:
    """Every item after its parent, so that one pass serves inheritance and, reversed, sums."""
    order = [key for key in items if key not in parents]
    for key in order:  # grows while it is read: breadth first without recursion
        order.extend(children.get(key, ()))
    return tuple(order)
