"""The composition root: one configuration becomes a store, connectors, roll-ups and digests.

Nothing here prints. Whatever needs the present instant asks the clock that the service was given.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from datetime import datetime
from functools import cached_property
from types import TracebackType
from typing import Self
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from syncer.clock import Clock
from syncer.domain.lane import Lane
from syncer.domain.portfolio import FixedTarget, Portfolio
from syncer.domain.report import Snapshot
from syncer.domain.statement import (
    Door,
    Provenance,
    Statements,
    TrackerStatus,
    VerdictOverride,
    statement_id,
)
from syncer.domain.verdict import VerdictLevel
from syncer.errors import Busy, ConfigError, SyncerError
from syncer.publish.audience import AudienceView
from syncer.publish.audiences import Audience, audiences_of, chosen
from syncer.publish.doors import merge, tracker_statements
from syncer.publish.editions import Draft, draft, edition_before
from syncer.publish.snapshot import (
    Roller,
    SnapshotPair,
    stored_snapshot,
)
from syncer.publish.tracker_words import Unheard, heard
from syncer.publish.uncounted import without_restricted
from syncer.rollup.rules import HealthRules
from syncer.service.collector import spare_collections
from syncer.service.connections import Connections
from syncer.service.looking_back import look_back_on
from syncer.service.portfolio import (
    Ground,
    Loaded,
    load_all,
    load_ground,
    portfolio_of,
    queries_of,
    statements_of,
)
from syncer.service.traffic import Traffics
from syncer.settings.health import load_health_rules
from syncer.settings.root import Settings
from syncer.settings.work import work_text
from syncer.store.configurations import note_configuration
from syncer.store.engine import Store
from syncer.store.items import find_item
from syncer.store.migrate import upgrade
from syncer.store.sources import fail_connection
from syncer.store.statements import (
    Statement,
    load_statements,
    record_target,
    save_statement,
)
from syncer.store.tracker_statuses import load_statuses
from syncer.store.verdicts import add_override, undo_override
from syncer.sync.connection import (
    ConnectionResult,
    Survey,
    Wanted,
    pull_connection,
    survey,
)
from syncer.sync.progress import Progress
from syncer.sync.pull import EVERYDAY, Errand
from syncer.sync.selections import answer_queries
from syncer.sync.verdicts import Memory, judge

_CONFIGURATION = "configuration"


class Service:
    """Everything that one configuration runs, opened and closed together.

    `async with Service(settings, clock=clock) as service:` brings the database up to date first.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock,
        store: Store | None = None,
        traffics: Traffics | None = None,
    ) -> None:
        """A `store` that is given is open and up to date, and stays open at the end.

        `traffics` are what outlives one configuration of the same connections; without them this is
        a command by a person.
        """
        self.settings = settings
        self.clock = clock
        url = settings.service.database_url.get_secret_value()
        self.store = store or Store(url, folder=settings.folder)
        self._owns_store = store is None
        self._stack = AsyncExitStack()
        self.traffics = traffics or Traffics(self.store, clock, eager=True)
        self.connections = Connections(settings, self._stack, self.traffics)
        self._is_command = traffics is None
        self._memory = None if self._is_command else Memory()  # a command judges once and ends
        self._laid: WeakKeyDictionary[Ground, Portfolio] = WeakKeyDictionary()

    async def __aenter__(self) -> Self:
        spare_collections()
        if self._owns_store:
            await self._stack.enter_async_context(self.store)
            await upgrade(self.store)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which days are counted."""
        return ZoneInfo(self.settings.service.timezone)

    # --- what the configuration and people say --------------------------------------------------

    @cached_property
    def rules(self) -> HealthRules:
        """The thresholds in force."""
        return load_health_rules(self.settings.folder)

    async def portfolio(self, ground: Ground | None = None) -> Portfolio:
        """The configured work, and a project for every container that nobody claims."""
        ground = ground or await self._ground()
        return await asyncio.to_thread(self._laid_over, ground)

    def _laid_over(self, ground: Ground) -> Portfolio:
        """The portfolio over a ground, worked out once for as long as the ground lives."""
        known = self._laid.get(ground)
        if known is None:
            known = self._laid[ground] = portfolio_of(self.settings, ground)
        return known

    async def _ground(self) -> Ground:
        async with self.store.read() as session:
            return await load_ground(session)

    async def unheard(self) -> tuple[Unheard, ...]:
        """Trackers' projects whose status updates are not used, since nobody can say for what."""
        async with self.store.read() as session:
            reports = await load_statuses(session)
            if not reports:
                return ()
            ground = await load_ground(session)
        return heard(reports, await self.portfolio(ground), ground.items).unheard

    async def statements(self, *, as_of: datetime) -> Statements:
        """What people say, by command before configuration before tracker, each thing once."""
        return (await self.roller(as_of=as_of)).statements

    async def note_configuration(self) -> None:
        """Record the configuration as the one in use; a literal target that changed is a move."""
        now = self.clock.now()
        async with self.store.write() as session:
            for project in self.settings.projects:
                on = project.target.on if isinstance(project.target, FixedTarget) else None
                await record_target(session, project.key, on, at=now, by=_CONFIGURATION)
            work = work_text(self.settings.data)
            await note_configuration(session, self.settings.config_hash, work, at=now)

    async def record(self, statement: Statement) -> None:
        """Record what somebody said by command, with audit."""
        async with self.store.write() as session:
            await save_statement(session, statement)

    async def override(
        self, item: str, level: VerdictLevel, *, children: bool, reason: str, author: str
    ) -> VerdictOverride:
        """Record a person's verdict on an item (uid, `jira:NET-1` or key) and judge anew.

        `NotFound` where no item, or more than one, is called so.
        """
        now = self.clock.now()
        said = Provenance(author=author, at=now, door=Door.COMMAND, source="override add")
        async with self.store.write() as session:
            uid = (await find_item(session, item)).uid
            made = VerdictOverride(
                id=statement_id("V", uid, now.isoformat()),
                item_uid=uid,
                level=level,
                children=children,
                reason=reason,
                provenance=said,
            )
            await add_override(session, made)
        await self.judge(after_sync=False)
        return made

    async def undo_override(self, identity: str, *, author: str) -> None:
        """Take a person's verdict back and judge anew; `NotFound` for an unknown one."""
        async with self.store.write() as session:
            await undo_override(session, identity, who=author, at=self.clock.now())
        await self.judge(after_sync=False)

    # --- roll-up ------------------------------------------------------------------------------

    async def load(self) -> Loaded:
        """All that the store knows about work by now, for whoever asks several things about it."""
        return await load_all(self.store, for_good=self._is_command)

    async def roller(self, *, as_of: datetime, ground: Ground | None = None) -> Roller:
        """What rolls the store up under this configuration and what had been said by an instant."""
        ground = ground or await self._ground()
        async with self.store.read() as session:
            commands = await load_statements(session, until=as_of)
            reports = await load_statuses(session)
        return await asyncio.to_thread(self._roller, ground, commands, reports, as_of=as_of)

    def _roller(
        self,
        ground: Ground,
        commands: Statements,
        reports: Sequence[TrackerStatus],
        *,
        as_of: datetime,
    ) -> Roller:
        portfolio = self._laid_over(ground)
        configured = statements_of(self.settings, ground, as_of=as_of)
        tracked = tracker_statements(ground.items, portfolio)
        words = Statements(owner_statuses=heard(reports, portfolio, ground.items).statuses)
        return Roller(
            portfolio=portfolio,
            statements=merge(commands, configured, tracked, words),
            rules=self.rules,
            config_hash=self.settings.config_hash,
        )

    async def snapshots(
        self,
        *,
        as_of: datetime | None = None,
        view: AudienceView | None = None,
        prompt: bool = False,
        loaded: Loaded | None = None,
    ) -> SnapshotPair:
        """The snapshot of an instant (None: now) and the one to compare it with.

        For a past instant the stored snapshot of that moment, else one made from item history. It
        is compared with the last edition before for the audience, else with seven days earlier.
        For an audience that may not count restricted items they do not exist in any figure.
        With `prompt` the instant has only just passed: what is known now was known then.
        `loaded` is what the store knows, where the caller has asked already.
        `SyncerError` with the earliest date where nothing is known about the instant.
        """
        now = self.clock.now()
        instant = as_of or now
        if instant > now:
            raise ConfigError(f"{instant:%Y-%m-%d %H:%M %Z} lies in the future.")
        loaded = loaded or await self.load()
        roller, known = await self.roller(as_of=instant, ground=loaded.ground), loaded.known
        known = known if view is None or view.count_restricted else without_restricted(known)
        previous = await edition_before(self.store, view, before=instant) if view else None
        if previous is None:
            previous = await asyncio.to_thread(roller.week_before, known, as_of=instant, now=now)
        current = await self._stored(instant, view) if as_of and not prompt else None
        if as_of and not (known.records or current or prompt):
            raise SyncerError("Nothing has been synced yet.", fix="Run `syncer sync` first.")
        seen = instant if prompt else now
        if current is None:
            current = await asyncio.to_thread(
                roller.roll_up, known, as_of=instant, now=seen, previous=previous
            )
        changes = roller.changes(current, previous)
        return SnapshotPair(current=current, previous=previous, changes=changes, rules=roller.rules)

    async def _stored(self, instant: datetime, view: AudienceView | None) -> Snapshot | None:
        return await stored_snapshot(self.store, instant, audience=view.key if view else None)

    # --- editions -----------------------------------------------------------------------------

    async def audiences(self, key: str = "", *, ground: Ground | None = None) -> list[Audience]:
        """The audiences that a key names; without one the only audience there is."""
        return chosen(audiences_of(self.settings, await self.portfolio(ground)), key)

    async def draft(
        self,
        audience: Audience,
        *,
        as_of: datetime | None = None,
        correction: str = "",
        edition: str = "",
        loaded: Loaded | None = None,
    ) -> Draft:
        """The audience's edition of an instant (None: now), not sent to anybody.

        `edition` is its name, by default the ISO week of the instant.
        """
        pair = await self.snapshots(as_of=as_of, view=audience.view, loaded=loaded)
        return await draft(self.store, audience, pair, correction=correction, edition=edition)

    # --- syncing ------------------------------------------------------------------------------

    async def sync(
        self, *, only: str = "", full: bool = False, progress: Progress | None = None
    ) -> list[ConnectionResult]:
        """Bring the store up to date with all connections, or one, and judge what is new.

        A connection that fails hides no other's result.
        """
        names = [only] if only else list(self.connections.names)
        for name in names:
            self.connections.table(name)
        await self.note_configuration()
        results = await asyncio.gather(
            *(self.pull(name, errand=Errand(full=full), progress=progress) for name in names)
        )
        await self.judge()
        return list(results)

    async def judge(self, *, after_sync: bool = True) -> None:
        """Decide anew for every item whether it is program-level or product-level work."""
        portfolio, now = await self.portfolio(), self.clock.now()
        await judge(self.store, portfolio, at=now, after_sync=after_sync, memory=self._memory)

    async def pull(
        self, name: str, *, errand: Errand = EVERYDAY, progress: Progress | None = None
    ) -> ConnectionResult:
        """Bring the store up to date with one connection, and ask it what is selected by query."""
        try:
            connector = await self.connections.connector(name)
        except ConfigError as error:
            await self._record_failure(name, error)
            return ConnectionResult(connection=name, failure=error)
        with self.connections.on_lane(name, Lane.INCREMENTAL):
            result = await pull_connection(
                self.store,
                connector,
                connection=name,
                clock=self.clock,
                wanted=self.wanted(name),
                progress=progress,
                errand=errand,
            )
        if result.failure is None:
            await self.ask_queries(name)
            with suppress(Busy):  # another process looks back on it
                await look_back_on(self, name, command=errand.command)
        return result

    async def survey(self, name: str) -> Survey:
        """Ask one connection what it shows, and find what is to be read of it."""
        try:
            connector = await self.connections.connector(name)
        except ConfigError as error:
            await self._record_failure(name, error)
            return Survey(connection=name, failure=error)
        with self.connections.on_lane(name, Lane.INCREMENTAL):
            return await survey(
                self.store,
                connector,
                connection=name,
                clock=self.clock,
                wanted=self.wanted(name),
            )

    async def ask_queries(self, name: str) -> None:
        """Ask a connection what is selected by queries in its own language."""
        asked = [query for query in queries_of(self.settings) if query.connection == name]
        connector = await self.connections.connector(name)
        with self.connections.on_lane(name, Lane.INCREMENTAL):
            await answer_queries(self.store, connector, asked, at=self.clock.now())

    def wanted(self, name: str) -> Wanted:
        """Which containers of the connection the configuration wants."""
        config = self.connections.table(name)
        return Wanted(include=config.containers, exclude=config.exclude)

    async def _record_failure(self, name: str, error: ConfigError) -> None:
        kind = self.connections.table(name).kind
        now = self.clock.now()
        async with self.store.write() as session:
            await fail_connection(session, name, kind=kind, error=str(error), at=now)
