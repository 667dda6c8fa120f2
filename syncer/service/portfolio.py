"""The portfolio in force: what a configuration says, laid over what the store knows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from syncer.domain.addresses import with_known_ends
from syncer.domain.item import WorkItem
from syncer.domain.portfolio import Portfolio, Product
from syncer.domain.ref import ContainerKey
from syncer.domain.release import Release
from syncer.domain.selector import (
    InContainer,
    InQuery,
    Selector,
    all_followed,
    answered,
    queries,
)
from syncer.domain.statement import Statements
from syncer.publish.snapshot import Knowledge, read_knowledge
from syncer.rollup.view import with_implicit_projects
from syncer.rollup.work.splitting import with_split_projects
from syncer.service.collector import spare_loaded
from syncer.settings.portfolio import to_portfolio
from syncer.settings.root import Settings
from syncer.settings.statements import to_statements
from syncer.store.codec import no_collection
from syncer.store.engine import Store
from syncer.store.items import load_items
from syncer.store.renames import load_former_keys, load_renames
from syncer.store.selections import load_answers
from syncer.store.sources import container_names

Answers = Mapping[InQuery, frozenset[str]]
"""The uids of the items that each query found."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class Ground:
    """What the store knows and a portfolio is laid over: containers, items, answers to queries.

    `renamed` and `former_keys` give the present names of containers and items by former ones. It is
    one reading: nothing but itself is equal to it.
    """

    containers: Mapping[ContainerKey, str]
    items: Sequence[WorkItem]
    answers: Answers
    renamed: Mapping[str, str] = field(default_factory=dict)
    former_keys: Mapping[str, str] = field(default_factory=dict)

    def under_present_names(self, selectors: Sequence[Selector]) -> tuple[Selector, ...]:
        """The selectors as they pick now: queries answered, former names followed."""
        told = (answered(one, self.answers) for one in selectors)
        return all_followed(told, self.renamed, self.former_keys)


async def load_ground(session: AsyncSession, items: Sequence[WorkItem] | None = None) -> Ground:
    """Read it in the caller's transaction; `items` where the caller has read them there already."""
    if items is None:
        items = await asyncio.to_thread(with_known_ends, await load_items(session))
    return Ground(
        containers=await container_names(session),
        items=items,
        answers=await load_answers(session),
        renamed={str(old): str(new) for old, new in (await load_renames(session)).items()},
        former_keys=await load_former_keys(session),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """All that a roll-up is made from, of one moment of the database: no item is read twice."""

    ground: Ground
    known: Knowledge


async def load_all(store: Store, *, for_good: bool = False) -> Loaded:
    """Read it in one transaction, to be handed to everything that asks about this moment.

    What is read is no garbage: nothing searches through it while it grows, and `for_good` nothing
    ever does. That is for a process that ends with what it has read.
    """
    with no_collection():
        loaded = await _load_all(store)
        if for_good:
            spare_loaded()
        return loaded


async def _load_all(store: Store) -> Loaded:
    async with store.read() as session:
        known = await read_knowledge(session)
        ground = await load_ground(session, [record.item for record in known.records])
        return Loaded(ground=ground, known=known)


def portfolio_of(settings: Settings, ground: Ground) -> Portfolio:
    """The configured work, the projects that splits make, and one for every unclaimed container.

    Unclaimed containers are called as their tracker calls them. Pure.
    """
    configured = _answered(to_portfolio(settings, ground.containers), ground)
    split = with_split_projects(configured, ground.items)
    portfolio = with_implicit_projects(split, ground.items)
    names: dict[Selector, str] = {
        InContainer(str(key)): name for key, name in ground.containers.items() if name
    }
    projects = (
        replace(one, name=names.get(one.items[0], one.name)) if one.implicit else one
        for one in portfolio.projects
    )
    return replace(portfolio, projects=tuple(projects))


def queries_of(settings: Settings) -> list[InQuery]:
    """The queries by which the configuration selects, each once."""
    every = _selectors(settings, to_portfolio(settings))
    return list(dict.fromkeys(query for one in every for query in queries(one)))


def statements_of(settings: Settings, ground: Ground, *, as_of: datetime) -> Statements:
    """What the configuration says, as of an instant, the queries of its gates answered."""
    said = to_statements(settings, as_of)
    gates = (replace(one, items=ground.under_present_names(one.items)) for one in said.gates)
    return replace(said, gates=tuple(gates))


def _selectors(settings: Settings, portfolio: Portfolio) -> Iterator[Selector]:
    for project in portfolio.projects:
        yield from (*project.items, *project.excluding)
    for program in portfolio.programs:
        yield from program.items
    for team in portfolio.teams:
        yield from team.items
    for rule in portfolio.rules:
        yield from rule.select
    for product in portfolio.products:
        yield from product.bugs
        for release in product.releases:
            yield from (*release.items, *release.must, *release.must_fix)
    for gate in settings.gates:
        yield from gate.items


def _answered(portfolio: Portfolio, ground: Ground) -> Portfolio:
    told = ground.under_present_names
    return replace(
        portfolio,
        projects=tuple(
            replace(one, items=told(one.items), excluding=told(one.excluding))
            for one in portfolio.projects
        ),
        programs=tuple(replace(one, items=told(one.items)) for one in portfolio.programs),
        products=tuple(_product(one, ground) for one in portfolio.products),
        teams=tuple(replace(one, items=told(one.items)) for one in portfolio.teams),
        rules=tuple(replace(one, select=told(one.select)) for one in portfolio.rules),
    )


def _product(product: Product, ground: Ground) -> Product:
    releases = tuple(_release(one, ground) for one in product.releases)
    return replace(product, bugs=ground.under_present_names(product.bugs), releases=releases)


def _release(release: Release, ground: Ground) -> Release:
    told, present = ground.under_present_names, ground.former_keys
    gates = (replace(one, item=present.get(one.item, one.item)) for one in release.gates)
    return replace(
        release,
        items=told(release.items),
        must=told(release.must),
        must_fix=told(release.must_fix),
        gates=tuple(gates),
    )
