"""What a configuration might say, and what a changed one would do: nothing is written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date
from fnmatch import fnmatchcase
from typing import Final

from syncer.domain.portfolio import Product, Program
from syncer.domain.ref import ContainerKey
from syncer.domain.report import Snapshot
from syncer.domain.selector import InArea, InContainer, WithLabel
from syncer.publish.doors import merge, tracker_statements
from syncer.publish.snapshot import Knowledge, Roller
from syncer.rollup.calendar import report_date
from syncer.rollup.colours.comparison import Comparison, compare
from syncer.rollup.discovery.drafts import Discovery
from syncer.rollup.discovery.proposals import Known, discover
from syncer.rollup.view import View
from syncer.service.core import Service
from syncer.service.portfolio import Ground, load_ground, portfolio_of, statements_of
from syncer.settings.root import Settings
from syncer.settings.work import settings_of_work
from syncer.store.configurations import last_configuration
from syncer.store.statements import load_statements

_MANY: Final = 1000
"""From so many items on, a roll-up takes more than a moment."""


async def configuration_in_use(service: Service) -> Settings | None:
    """What the configuration used last says about the work; None before the first sync."""
    async with service.store.read() as session:
        found = await last_configuration(session)
    return None if found is None else settings_of_work(found[1])


async def plan(
    service: Service, before: Settings, *, progress: Callable[[str], None] = lambda _: None
) -> Comparison:
    """What the service's own configuration would change about `before`, as of now.

    The same items, verdicts and words of people are rolled up under both. `progress` is told, in
    words for people, what takes a while.
    """
    loaded = await service.load()
    known, ground = loaded.known, loaded.ground
    if len(known.records) > _MANY:
        progress(f"Rolling up {len(known.records)} items under both configurations.")
    old = await _under(service, before, known=known, ground=ground)
    new = await _under(service, service.settings, known=known, ground=ground)
    return await asyncio.to_thread(compare, old, new)


async def discovered(service: Service, *, only: str = "") -> Discovery | None:
    """What the items say that the configuration does not; None where none was ever synced.

    `only` is the one connection to look at, empty for all.
    """
    async with service.store.read() as session:
        ground = await load_ground(session)
    containers = {key: name for key, name in ground.containers.items() if _is_of(key, only)}
    items = [item for item in ground.items if _is_of(item.container, only)]
    if not items:
        return None
    today = report_date(service.clock.now(), service.settings.service.timezone)
    known = _known(service.settings, ground, today)
    return await asyncio.to_thread(discover, items, containers, today=today, known=known)


def _is_of(container: ContainerKey, connection: str) -> bool:
    return connection in {"", container.connection}


def _known(settings: Settings, ground: Ground, today: date) -> Known:
    """What the configuration says already, laid over the items."""
    portfolio = portfolio_of(settings, ground)
    view = View(portfolio=portfolio, items=ground.items, verdicts={}, today=today)
    groups: list[Program | Product] = [*portfolio.programs, *portfolio.products]
    meant = {key for group in groups for key in group.projects}
    chosen = [one for one in portfolio.projects if not one.implicit or one.key in meant]
    patterns = [s.pattern for one in chosen for s in one.items if isinstance(s, InContainer)]
    taken = {one.key for one in settings.projects} | {one.key for one in groups}
    return Known(
        keys=frozenset(taken.union(one.key for one in portfolio.teams)),
        programs=tuple(
            frozenset(item.uid for key in one.projects for item in view.members.get(key, ()))
            for one in portfolio.programs
        ),
        containers=frozenset(
            str(key) for key in ground.containers if any(fnmatchcase(str(key), p) for p in patterns)
        ),
        labels=frozenset(
            s.pattern for one in portfolio.teams for s in one.items if isinstance(s, WithLabel)
        ),
        areas=frozenset(
            s.pattern.partition(":")[0]
            for one in chosen
            for s in one.items
            if isinstance(s, InArea)
        ),
        people=frozenset(person.name for person in portfolio.people),
        gates=frozenset(gate.name for gate in settings.gates),
        audiences=bool(settings.audiences),
    )


async def _under(
    service: Service, settings: Settings, *, known: Knowledge, ground: Ground
) -> tuple[View, Snapshot]:
    now = service.clock.now()
    async with service.store.read() as session:
        commands = await load_statements(session, until=now)
    portfolio = portfolio_of(settings, ground)
    configured = statements_of(settings, ground, as_of=now)
    roller = Roller(
        portfolio=portfolio,
        statements=merge(commands, configured, tracker_statements(ground.items, portfolio)),
        rules=service.rules,
        config_hash=settings.config_hash,
    )
    snapshot = await asyncio.to_thread(roller.roll_up, known, as_of=now, now=now)
    view = View(
        portfolio=portfolio,
        items=[record.item for record in known.records],
        verdicts=known.verdicts,
        today=report_date(now, portfolio.timezone),
    )
    return view, snapshot
