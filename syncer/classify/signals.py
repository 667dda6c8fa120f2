"""Structural evidence: what hierarchy, links, products and teams say about one item.

The signals of spec/classification.md section 2. Each function yields `(signal, share, text)`;
the weight in log-odds is the configured weight of the signal times the share (mostly 1).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import chain

from syncer.classify.config import StructureConfig
from syncer.classify.graph import NO_ENDS, Graph, Place
from syncer.classify.portfolio import UNCLAIMED, PortfolioItem
from syncer.classify.printable import printable
from syncer.domain.verdict import Reason

Signal = tuple[str, float, str]
_TIED_KINDS = frozenset({"risk", "decision", "milestone"})
_LEVELS = {"epic": 1, "initiative": 2, "program epic": 2, "goal": 3, "objective": 3}
_LONGEST_LABEL = 40
MOST_LABELS = 1000
"""Labels of one item that are looked at, so that a verdict costs the same for any input."""
INSIDE = "inside_one_product"
"""The signal of an item that touches nothing else: so weak that the text is still on its own."""
MOST_NAMES = 250
"""Products, and teams, that are told apart below one item; more make no difference."""
_NOTHING: Counter[str] = Counter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Products and teams that an item's subtree and outgoing links touch, with counts."""

    products: Mapping[str, int]
    teams: Mapping[str, int]
    blocked: frozenset[str]
    spreads: bool
    linked: bool
    below: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The indexes that structural signals need, built once for a portfolio."""

    graph: Graph
    config: StructureConfig
    products_below: Mapping[str, Counter[str]]
    teams_below: Mapping[str, Counter[str]]
    campaigns: Mapping[tuple[str, str], frozenset[str]]
    projects: frozenset[str]
    """What counts as a product of its own and is a project: its reasons say so."""


def index_evidence(graph: Graph, config: StructureConfig) -> Evidence:
    """Sum products and teams bottom-up; an item without a product adds neither."""
    products: defaultdict[str, Counter[str]] = defaultdict(Counter)
    teams: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for key in reversed(graph.top_down):
        parent = graph.parents.get(key)
        if parent is None:
            continue
        place = graph.places[key]
        for name in place.products:
            products[parent][name] += 1
        if place.products and place.team:
            teams[parent][place.team] += 1
        _add(products.get(key, _NOTHING), products[parent])
        _add(teams.get(key, _NOTHING), teams[parent])
    return Evidence(
        graph=graph,
        config=config,
        products_below=products,
        teams_below=teams,
        campaigns=_campaigns(graph),
        projects=_projects(graph),
    )


def _projects(graph: Graph) -> frozenset[str]:
    """Projects of no product, which are counted beside products as what is run separately."""
    alone = {key for key, one in graph.projects.items() if one.product == key}
    called = {key for key in alone if graph.projects[key].kind.casefold() != "product"}
    return frozenset({*called, UNCLAIMED})


def _called(evidence: Evidence, names: AbstractSet[str]) -> str:
    """The word for two or more of what is run separately."""
    if names.isdisjoint(evidence.projects):
        return "products"
    return "projects" if names <= evidence.projects else "projects or products"


def _add(counts: Counter[str], into: Counter[str]) -> None:
    """Add counts to those of the parent, which tell only so many names apart.

    A tree as deep as it has items, each of a product of its own, must not cost their square.
    """
    if len(counts) + len(into) <= MOST_NAMES:
        into.update(counts)
        return
    for name, count in counts.items():
        if name in into or len(into) < MOST_NAMES:
            into[name] += count


def _campaigns(graph: Graph) -> dict[tuple[str, str], frozenset[str]]:
    """Products of the children of one parent that share one title."""
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for key, parent in graph.parents.items():
        found[parent, same_title(graph.items[key].title)].update(graph.places[key].products)
    return {title: frozenset(products) for title, products in found.items() if len(products) > 1}


def same_title(title: str) -> str:
    """What two titles must share to be the same work ordered twice."""
    return " ".join(title[:200].casefold().split())


def structural_reasons(evidence: Evidence, key: str) -> tuple[Reason, ...]:
    """Every structural reason for one item, in no particular order."""
    item = evidence.graph.items[key]
    reach = _reach(evidence, key)
    signals = (
        *_spread(evidence, item, reach),
        *_blocking(evidence, reach),
        *_membership(evidence, item),
        *_campaign(evidence, key),
        *_nature(evidence, item),
        *_single(evidence, key, reach),
        *_delivery(evidence.config, item, reach),
    )
    weights = evidence.config.weights
    if not any(weights[name] < 0 for name, _, _ in signals):
        signals = (*signals, *_inside(evidence, item, reach))
    return tuple(
        Reason(signal=name, weight=weights[name] * share, text=text)
        for name, share, text in signals
    )


def _reach(evidence: Evidence, key: str) -> Reach:
    """Everything below, and the direct targets of the outgoing links, each counted once."""
    graph = evidence.graph
    products = Counter(evidence.products_below.get(key, _NOTHING))
    teams = Counter(evidence.teams_below.get(key, _NOTHING))
    below = products.total()
    ends = graph.outgoing.get(key, NO_ENDS)
    blocked, own = _places(graph, ends.blocked), frozenset(graph.places[key].products)
    linked = blocked + _places(graph, ends.others)
    inside = (ends.blocked | ends.others).intersection(graph.children.get(key, ()))
    linked.subtract(_places(graph, inside))
    for place, count in linked.items():
        for name in place.products if count else ():
            products[name] += count
        if count and place.products and place.team:
            teams[place.team] += count
    return Reach(
        products=products,
        teams=teams,
        blocked=frozenset(chain.from_iterable(place.products for place in blocked)) - own,
        spreads=_spans(products, evidence.config.limits.outside_largest),
        linked=bool(ends.blocked or ends.others),
        below=below,
    )


def _places(graph: Graph, keys: Iterable[str]) -> Counter[Place]:
    return Counter(map(graph.places.__getitem__, keys))


def _spans(counts: Mapping[str, int], least: float) -> bool:
    """Two or more, with at least the given share of all outside the largest."""
    total = sum(counts.values())
    return len(counts) > 1 and total - max(counts.values()) >= least * total


def _spread(evidence: Evidence, item: PortfolioItem, reach: Reach) -> Iterator[Signal]:
    """Two or more products or teams must act; hierarchy and kind count only with that."""
    limits = evidence.config.limits
    teams = _spans(reach.teams, limits.outside_largest)
    only_blocks = set(reach.products) <= reach.blocked and not reach.below
    if reach.spreads and not only_blocks:
        called = _called(evidence, reach.products.keys())
        yield "spread_products", 1, f"children and links in {len(reach.products)} {called}"
    if teams:
        yield "spread_teams", 1, f"{len(reach.teams)} teams must act"
    level = _level_of(item)
    if reach.spreads and level > 0:
        yield "level_with_spread", 1, f"{printable(item.type) or 'level'} with spread"
    if reach.spreads and {item.kind.casefold(), item.type.casefold()} & _TIED_KINDS:
        what = printable(item.kind or item.type).lower()
        called = _called(evidence, reach.products.keys())
        yield "governance_kind", 1, f"{what} tied to several {called}"
    days = _span_days(item)
    if teams and days > limits.long_span_days:
        yield "long_span", 1, f"{days} days with several teams"


def _level_of(item: PortfolioItem) -> int:
    """The hierarchy level, by number, else by the name of the kind or of the native type."""
    if item.hierarchy_level is not None:
        return item.hierarchy_level
    return _LEVELS.get(item.kind.casefold()) or _LEVELS.get(item.type.casefold(), 0)


def _span_days(item: PortfolioItem) -> int:
    """Whole days from the start to the end or due date; 0 where either is unknown."""
    end = item.done_at or item.due_at
    if item.started_at is None or end is None:
        return 0
    return (end.date() - item.started_at.date()).days


def _blocking(evidence: Evidence, reach: Reach) -> Iterator[Signal]:
    count = len(reach.blocked)
    if count > 1:
        yield "blocks_many", 1, f"blocks {count} other {_called(evidence, reach.blocked)}"
    elif count == 1:
        yield "blocks_one", 1, "blocks work of another project"


def _membership(evidence: Evidence, item: PortfolioItem) -> Iterator[Signal]:
    """What the item's project and goal say: member of a program, a product, a goal."""
    project = evidence.graph.projects.get(item.project)
    if project and project.program:
        names = ", ".join(printable(name) for name in project.program[:2])
        yield "program_member", 1, f"member of {names}"
    if project and project.kind.casefold() == "product":
        yield "product_kind", 1, f"{printable(project.name or project.key)} is a product"
    if item.goal:
        yield "goal", 1, f"serves the goal {printable(item.goal)}"


def _campaign(evidence: Evidence, key: str) -> Iterator[Signal]:
    parent = evidence.graph.parents.get(key)
    if parent is None or _automated(evidence.config, evidence.graph.items[key]):
        return
    products = evidence.campaigns.get(
        (parent, same_title(evidence.graph.items[key].title)), frozenset()
    )
    others = products.difference(evidence.graph.places[key].products)
    if len(others) > 1:
        called = _called(evidence, others)
        yield "campaign_instance", 1, f"same work ordered in {len(others)} other {called}"


def _automated(config: StructureConfig, item: PortfolioItem) -> bool:
    known = config.automation.labels
    return any(name[:_LONGEST_LABEL].casefold() in known for name in item.labels[:MOST_LABELS])


def _nature(evidence: Evidence, item: PortfolioItem) -> Iterator[Signal]:
    """What the item's own type and labels say it is."""
    types = evidence.config.types
    name = item.type.casefold().strip()
    project = evidence.graph.projects.get(item.project)
    where = (project.name or project.product or project.key) if project else item.project
    text = f"{printable(item.type)} in {printable(where)}"
    if name in types.feature:
        yield "type_feature", 1, text
    elif name in types.story:
        yield "type_story", 1, text
    elif name in types.bug:
        yield "type_bug", 1, text
    if _automated(evidence.config, item):
        yield "automated", 1, "opened by a bot or scanner"


def _single(evidence: Evidence, key: str, reach: Reach) -> Iterator[Signal]:
    """Everything the item reaches lies in one product, and one team does it.

    It is the item's own product, or the item has none: then what lies below tells whose it is
    (spec/classification.md section 1, tie-break 2).
    """
    own = evidence.graph.places[key].products
    if len(reach.products) != 1 or len(reach.teams) > 1:
        return
    (only,) = reach.products
    if reach.below and own in ((only,), (), (UNCLAIMED,)):
        yield "one_product", 1, f"everything below lies in {printable(only)}"
    elif reach.linked and own == (only,):
        yield "one_product_links", 1, f"its links stay in {printable(only)}"


def _inside(evidence: Evidence, item: PortfolioItem, reach: Reach) -> Iterator[Signal]:
    """An item of one product that touches nothing, where nothing else speaks for product."""
    own = evidence.graph.places[item.key].products
    project = evidence.graph.projects.get(item.project)
    if len(own) == 1 and project and project.product and not reach.below and not reach.linked:
        yield INSIDE, 1, f"no work beyond {printable(project.name or project.product)} hangs on it"


def _delivery(config: StructureConfig, item: PortfolioItem, reach: Reach) -> Iterator[Signal]:
    """Marks of one product's delivery; a release train over several products is none."""
    if item.fix_versions and not reach.spreads:
        yield "fix_version", 1, f"fix version {printable(item.fix_versions[0])}"
    asked = max(item.customers, item.votes, 0)
    if asked:
        text = _asked(item)
        yield "customers", min(1.0, asked / config.limits.customers_full), text
    if item.pull_requests > 0 and not reach.spreads:
        yield "pull_request", 1, "pull request linked"


def _asked(item: PortfolioItem) -> str:
    """Who wants it, in words: customers where they are at least as many as votes."""
    if item.customers >= item.votes:
        return "1 customer asked" if item.customers == 1 else f"{item.customers} customers asked"
    return "1 vote" if item.votes == 1 else f"{item.votes} votes"
