"""What a changed configuration would do, before it is used: nothing is written."""

from __future__ import annotations

import asyncio

from syncer.domain.report import Snapshot
from syncer.publish.doors import merge, tracker_statements
from syncer.publish.snapshot import Knowledge, Roller, load_knowledge
from syncer.rollup.calendar import report_date
from syncer.rollup.comparison import Comparison, compare
from syncer.rollup.view import View
from syncer.service.core import Service
from syncer.service.portfolio import Ground, load_ground, portfolio_of, statements_of
from syncer.settings.root import Settings
from syncer.settings.work import settings_of_work
from syncer.store.configurations import last_configuration
from syncer.store.statements import load_statements


async def configuration_in_use(service: Service) -> Settings | None:
    """What the configuration used last says about the work; None before the first sync."""
    async with service.store.read() as session:
        found = await last_configuration(session)
    return None if found is None else settings_of_work(found[1])


async def plan(service: Service, before: Settings) -> Comparison:
    """What the service's own configuration would change about `before`, as of now.

    The same items, verdicts and words of people are rolled up under both.
    """
    known = await load_knowledge(service.store)
    async with service.store.read() as session:
        ground = await load_ground(session)
    old = await _under(service, before, known=known, ground=ground)
    new = await _under(service, service.settings, known=known, ground=ground)
    return await asyncio.to_thread(compare, old, new)


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
