"""The portfolio as a graph, indexed once: who is whose child, product, team and neighbour.

Containers are not products (spec/classification.md section 1): every count here is over
distinct products and teams, and an item without a product (a program office) adds none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from syncer.classify.portfolio import Portfolio, PortfolioItem, PortfolioProject

_BLOCKS = "blocks"
_REQUIRES, _THREATENS = "requires", "threatens"
_OUTGOING = {
    "blocks": _BLOCKS,
    "blocking": _BLOCKS,
    "requires": _REQUIRES,
    "threatens": _THREATENS,
}
_INCOMING = {
    "is blocked by": _BLOCKS,
    "blocked by": _BLOCKS,
    "is required by": _REQUIRES,
    "required by": _REQUIRES,
    "is threatened by": _THREATENS,
    "threatened by": _THREATENS,
}
_MOST_COMPONENTS = 250


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where an item belongs: its products (one, or several components) and its team.

    A graph holds one object for each place, so that tens of thousands of links are counted fast.
    """

    products: tuple[str, ...]
    team: str


@dataclass(frozen=True, slots=True)
class Ends:
    """Keys of the items that an item blocks, and of the others that it requires or threatens."""

    blocked: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)


NO_ENDS = Ends()


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Indexes over one portfolio, by item key. `cyclic` items are their own ancestors."""

    items: Mapping[str, PortfolioItem]
    projects: Mapping[str, PortfolioProject]
    places: Mapping[str, Place]
    parents: Mapping[str, str]
    children: Mapping[str, tuple[str, ...]]
    outgoing: Mapping[str, Ends]
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
        places=_places(items, projects),
        parents=parents,
        children=children,
        outgoing=_outgoing(items),
        cyclic=cyclic,
        top_down=_top_down(items, parents, children),
        maps_products=any(project.product for project in portfolio.projects),
    )


def _places(
    items: Mapping[str, PortfolioItem], projects: Mapping[str, PortfolioProject]
) -> dict[str, Place]:
    known: dict[tuple[tuple[str, ...], str], Place] = {}
    found: dict[str, Place] = {}
    for key, item in items.items():
        products, team = _products_and_team(item, projects.get(item.project))
        found[key] = known.setdefault((products, team), Place(products, team))
    return found


def _products_and_team(
    item: PortfolioItem, project: PortfolioProject | None
) -> tuple[tuple[str, ...], str]:
    """One product by the project's map; else the components of a shared container."""
    product = project.product if project else ""
    products = (product,) if product else tuple(dict.fromkeys(item.components[:_MOST_COMPONENTS]))
    return products, item.team or (project.team if project else "")


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


def _outgoing(items: Mapping[str, PortfolioItem]) -> Mapping[str, Ends]:
    """Directed edges, merged from both ends: an incoming link is the other item's outgoing one."""
    ends: defaultdict[str, Ends] = defaultdict(Ends)
    for key, item in items.items():
        for link in item.links:
            other = items.get(link.to)
            if other is None or other.key == key:
                continue
            name = _plain(link.type)
            if name in _OUTGOING:
                _add_end(ends[key], _OUTGOING[name], other.key)
            elif name in _INCOMING:
                _add_end(ends[other.key], _INCOMING[name], item.key)
    for found in ends.values():
        found.others.difference_update(found.blocked)
    return dict(ends)


def _add_end(ends: Ends, kind: str, to: str) -> None:
    (ends.blocked if kind == _BLOCKS else ends.others).add(to)


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
