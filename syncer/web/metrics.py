"""What the service counts about itself, for Prometheus, on the pages listener behind its door.

Lower layers know nothing of Prometheus: they are handed single methods of `Metrics`. A label is a
connection's name or a word from a short list, whatever a tracker or a visitor sends (attacks.md
A70): for a name beyond the configured ones, or a word beyond `MOST_WORDS`, stands `other`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import partial
from typing import Final

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from syncer.clock import Clock

MOST_WORDS: Final = 30
"""Different outcomes that one metric may tell apart."""

OTHER: Final = "other"
NONE: Final = "none"

_LAG_SECONDS: Final = 1.0
_LAG_STEPS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


class Metrics:
    """The counters and gauges of one process, in a registry of their own.

    `connections` are the configured names. Ages are counted by `clock` at the time of asking.
    """

    def __init__(self, connections: Collection[str], *, clock: Clock) -> None:
        self.registry = CollectorRegistry()
        self._clock = clock
        self._connections: frozenset[str] = frozenset()
        self._words: dict[str, set[str]] = {}
        self._succeeded: dict[str, datetime] = {}
        self._oldest: datetime | None = None
        self._count()
        self._measure()
        self.know(connections)

    def know(self, connections: Collection[str]) -> None:
        """The configured connections are these now."""
        self._connections = frozenset(connections)
        for name in sorted(self._connections):
            self._age.labels(name).set_function(partial(self._age_of, name))

    def _count(self) -> None:
        registry = self.registry
        self._deliveries = Counter(
            "syncer_deliveries",
            "Requests to the hooks listener, by what became of them.",
            ("connection", "outcome"),
            registry=registry,
        )
        self._syncs = Counter(
            "syncer_syncs", "Pulls of a connection.", ("connection", "outcome"), registry=registry
        )
        self._dispatches = Counter(
            "syncer_dispatches", "Outbound messages, by their state.", ("state",), registry=registry
        )
        self._ticks = Counter("syncer_ticks", "Rounds of the ticker.", registry=registry)
        self._lag = Histogram(
            "syncer_loop_lag_seconds",
            "How late the event loop comes to what is due.",
            buckets=_LAG_STEPS,
            registry=registry,
        )

    def _measure(self) -> None:
        registry = self.registry
        self._inbox = Gauge(
            "syncer_inbox_deliveries", "Deliveries by state.", ("state",), registry=registry
        )
        self._inbox_age = Gauge(
            "syncer_inbox_oldest_seconds", "Age of the oldest waiting delivery.", registry=registry
        )
        self._inbox_age.set_function(lambda: self._since(self._oldest) or 0)
        self._items = Gauge(
            "syncer_items", "Live items in the store.", ("connection",), registry=registry
        )
        self._age = Gauge(
            "syncer_last_success_age_seconds",
            "Time since a connection was last read completely; NaN before the first time.",
            ("connection",),
            registry=registry,
        )
        self._faulty = Gauge(
            "syncer_configuration_faulty",
            "1 while a changed configuration was refused and the one before it is in force.",
            registry=registry,
        )

    def watch_configuration(self, fault: Callable[[], str]) -> None:
        """Ask `fault` at each reading; it tells what is wrong, or nothing."""
        self._faulty.set_function(lambda: float(bool(fault())))

    # --- what lower layers are handed -------------------------------------------------------------

    def delivery(self, connection: str, outcome: str) -> None:
        """A request to the hooks listener had this outcome; an empty connection is nobody's."""
        self._deliveries.labels(self._name(connection), self._word("delivery", outcome)).inc()

    def sync(self, connection: str, outcome: str) -> None:
        """A pull of the connection ended so: `done`, `failed` or `busy`."""
        self._syncs.labels(self._name(connection), self._word("sync", outcome)).inc()

    def succeeded(self, connection: str, at: datetime) -> None:
        """The connection was read completely at this instant (UTC)."""
        if connection in self._connections:
            self._succeeded[connection] = at

    def dispatch(self, state: str) -> None:
        """An outbound message came into this state."""
        self._dispatches.labels(self._word("dispatch", state)).inc()

    def tick(self) -> None:
        """The ticker went round once."""
        self._ticks.inc()

    def inbox(self, counts: Mapping[str, int], *, oldest: datetime | None) -> None:
        """How many deliveries are in each state, and when the oldest waiting one came in (UTC)."""
        for state, count in counts.items():
            self._inbox.labels(self._word("inbox", str(state))).set(count)
        self._oldest = oldest

    def items(self, connection: str, count: int) -> None:
        """How many live items of the connection are stored."""
        self._items.labels(self._name(connection)).set(count)

    async def watch_loop(self, *, seconds: float = _LAG_SECONDS) -> None:
        """Measure the event loop's lag until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + seconds
            await asyncio.sleep(seconds)
            self._lag.observe(max(0.0, loop.time() - due))

    # --- what Prometheus reads --------------------------------------------------------------------

    def text(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self.registry)

    async def answer(self, _: web.Request) -> web.Response:
        """The handler of `GET /metrics`."""
        return web.Response(body=self.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    # --- bounds -----------------------------------------------------------------------------------

    def _name(self, connection: str) -> str:
        if not connection:
            return NONE
        return connection if connection in self._connections else OTHER

    def _word(self, metric: str, word: str) -> str:
        known = self._words.setdefault(metric, set())
        if word not in known and len(known) >= MOST_WORDS:
            return OTHER
        known.add(word)
        return word

    def _age_of(self, connection: str) -> float:
        age = self._since(self._succeeded.get(connection))
        return float("nan") if age is None else age

    def _since(self, instant: datetime | None) -> float | None:
        return None if instant is None else (self._clock.now() - instant).total_seconds()
