"""What the pages need to know, and who tells them: web defines it, the service implements it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from syncer.domain.change import Change
from syncer.domain.health import Health
from syncer.domain.item import WorkItem
from syncer.domain.portfolio import Portfolio
from syncer.domain.report import ItemMention, SourceState
from syncer.domain.statement import Roam
from syncer.domain.verdict import Verdict
from syncer.publish.audience import AudienceView
from syncer.publish.digest.model import Digest
from syncer.publish.snapshot import SnapshotPair
from syncer.rollup.past.scope_ledger import ScopeLedger
from syncer.rollup.rules import HealthRules
from syncer.store.editions import PublishedEdition


@dataclass(frozen=True, slots=True, kw_only=True)
class PastScope:
    """What a published edition's snapshot said of one scope; probability 0..1, None withheld."""

    health: Health
    probability: float | None
    target: date | None
    p85: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRisk:
    """What a published edition's snapshot said of one risk."""

    score: int
    band: str
    roam: Roam


@dataclass(frozen=True, slots=True, kw_only=True)
class PastWeek:
    """One published snapshot in short: id, instant (UTC), every scope (`prog:5g`) and risk in it.

    A risk stands under its own id and under those that were merged into it.
    """

    snapshot: str
    as_of: datetime
    scopes: Mapping[str, PastScope]
    risks: Mapping[str, PastRisk] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """The live items that pages may show, in the order of their keys; no restricted one.

    `projects` is the project key of an item by uid, `restricted` how many items are withheld,
    None where not even that may be told. `counted` are the uids that count in figures. `withheld`
    are the restricted ones, only to keep their names out of
    other texts.
    """

    items: Sequence[WorkItem] = ()
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    projects: Mapping[str, str] = field(default_factory=dict)
    counted: Collection[str] = ()
    restricted: int | None = 0
    withheld: Sequence[ItemMention] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """One consistent reading of everything, as the pages show it.

    `view` is what pages may show: the strictest of all audiences. `now` is the present instant,
    `pair.current.as_of` the one that was read; they part where reading anew fails, for the reason
    in `fault`. All instants are UTC. `people_for` are the readers who may see who has how much to
    do, by the names that the proxy gives them.
    """

    pair: SnapshotPair
    portfolio: Portfolio
    rules: HealthRules
    view: AudienceView
    stock: Stock
    past: Sequence[PastWeek]
    now: datetime
    fault: str = ""
    people_for: Collection[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container in the completeness ledger, with the name that people know."""

    state: SourceState
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """How a connection's webhook endpoint does; `refused` since the last genuine delivery."""

    last_delivery_at: datetime | None
    last_event: str
    refused: int
    refused_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One connection with all that is known of its completeness.

    `findings` are sentences of its last probe. With an error it fails `failing_since` then (UTC).
    `hook` None: it has no endpoint.
    """

    name: str
    kind: str
    account: str = ""
    server: str = ""
    last_success_at: datetime | None = None
    error: str = ""
    failing_since: datetime | None = None
    findings: Sequence[str] = ()
    containers: Sequence[Container] = ()
    hook: Hook | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InQuarantine:
    """An item that could not be read, by a name that may be shown; instants UTC."""

    connection: str
    container: str
    key: str
    reason: str
    first_seen_at: datetime
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The completeness ledger: what is known, how well, and what waits.

    `inbox` counts deliveries by state, `dispatches` what goes out. `configuration_fault` tells why
    a reloaded configuration was not taken, empty where all is well.
    """

    now: datetime
    sources: Sequence[Source] = ()
    quarantine: Sequence[InQuarantine] = ()
    inbox: Mapping[str, int] = field(default_factory=dict)
    inbox_oldest_at: datetime | None = None
    dispatches: Mapping[str, int] = field(default_factory=dict)
    configuration_fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceEntry:
    """An audience by key and name; `implicit` ones get no editions."""

    key: str
    name: str
    implicit: bool = False


class Reader(Protocol):
    """Reads for the pages. Everything it gives is as far as pages may show it.

    Any method may raise `SyncerError` where nothing can be read at all.
    """

    async def current(self) -> Current:
        """The newest reading; an older one is given while a new one is made."""
        ...

    async def audiences(self) -> Sequence[AudienceEntry]:
        """Every audience, as configured."""
        ...

    async def draft(self, audience: str) -> Digest | None:
        """What the audience's next edition would say now; None for an unknown audience."""
        ...

    async def editions(self) -> Sequence[PublishedEdition]:
        """All published editions without their contents, newest first."""
        ...

    async def edition(
        self, audience: str, edition: str, version: int | None
    ) -> PublishedEdition | None:
        """One published edition with its contents (None: its newest version)."""
        ...

    async def history(self, uid: str) -> Sequence[Change]:
        """The changes of an item in the stock, oldest first, none that names a restricted one."""
        ...

    async def scope_ledger(self, project: str) -> ScopeLedger | None:
        """What came into a project (a key) and what left it, None where it had nothing at first."""
        ...

    async def ledger(self) -> Ledger:
        """How complete the data is."""
        ...
