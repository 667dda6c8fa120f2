"""The stateful test: whatever happens at the tracker, on the way and to us, the store converges."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar, TypeVar

import aiohttp
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from syncer.store.engine import Store
from syncer.store.schema import METADATA
from tests.convergence import conditions, faults, oracle
from tests.convergence.conditions import LANES, WEBHOOK, Conditions
from tests.convergence.process import Surroundings, Syncer
from tests.convergence.quiet import Quiet
from tests.convergence.site import Site, made_site
from tests.convergence.tally import Tally
from tests.convergence.timekeeping import SkewedClock, Time

F = TypeVar("F", bound=Callable[..., None])

_pick, _few = st.integers(0, 10_000), st.integers(1, 6)


@dataclass
class Shard:
    """What the examples of one test share: loop, database, session, counts, what they found."""

    runner: asyncio.Runner
    store: Store
    session: aiohttp.ClientSession
    tally: Tally = field(default_factory=Tally)
    diverged: list[str] = field(default_factory=list)

    def run(self, work: Awaitable[Any]) -> Any:
        """Do it on the shard's loop."""

        async def done() -> Any:
            return await work

        return self.runner.run(done())

    async def emptied(self) -> None:
        """Leave no row of the example before."""
        async with self.store.write() as session:
            for table in reversed(METADATA.sorted_tables):
                await session.execute(table.delete())


def _in_trouble(sort: str) -> Callable[[F], F]:
    """A rule's own condition: it is trouble of that sort."""
    return precondition(lambda self: self.given.has(sort))


class Convergence(RuleBasedStateMachine):
    """Drives one tracker and one syncer. `syncer_type` is what a planted defect replaces."""

    syncer_type: ClassVar[type[Syncer]] = Syncer

    def __init__(self, shard: Shard) -> None:
        super().__init__()
        self.shard = shard
        self.stack = AsyncExitStack()
        self.failed = False
        self.days = 0
        self.site: Site
        self.syncer: Syncer

    # --- the example's own conditions ----

    @initialize(
        alone=st.sampled_from(conditions.ALONE),
        trouble=st.sampled_from(conditions.TROUBLES),
        every=st.integers(8, 16),
        dice=_pick,
        cloud=st.booleans(),
        start=st.sampled_from(conditions.STARTS),
        zone=st.sampled_from(conditions.ZONES),
        theirs=st.sampled_from(conditions.SKEWS),
        ours=st.sampled_from(conditions.SKEWS),
        items=st.integers(0, 5),
        opens=st.booleans(),
        looks_back=st.sampled_from([False, False, True]),
        is_read=st.sampled_from([True, True, False]),
        turns=st.integers(0, 3),
    )
    def begin(self, **drawn: Any) -> None:
        """Draw the conditions, but for those under which a planted defect shows."""
        self.start(Conditions.of({**drawn, **self.syncer_type.conditions}))

    def start(self, given: Conditions) -> None:
        """Open a site and a syncer under these conditions."""
        time = Time(given.start)
        self.given = given
        self.turns_left = given.turns
        self.steps = 0
        self.clock = SkewedClock(time, given.ours)
        theirs = SkewedClock(time, given.theirs)
        self.site = made_site(time, cloud=given.cloud, zone=given.zone, clock=theirs)
        self._run(self._open())
        for number in range(given.items):
            self.site.create(("NET", "OUT")[number % 2], kind="Story", parent=None)
        if given.is_read:
            self._life(self.syncer.pull)
        self.shard.tally.count("begin", "cloud" if given.cloud else "data center")
        self.shard.tally.count("alone", given.alone or "nobody")

    async def _open(self) -> None:
        await self.shard.emptied()
        await self.stack.enter_async_context(self.site.jira)
        around = Surroundings(
            store=self.shard.store,
            session=self.shard.session,
            clock=self.clock,
            site=self.site,
            tally=self.shard.tally,
            cloud=self.given.cloud,
            looks_back=self.given.looks_back,
        )
        self.syncer = self.syncer_type(around)

    def count(self, name: str) -> None:
        self.shard.tally.count("rule", name)

    def _run(self, work: Awaitable[Any]) -> Any:
        try:
            return self.shard.run(work)
        except BaseException as error:
            self.failed = True
            if isinstance(error, oracle.Diverged):
                self.shard.diverged.append(str(error))
            raise

    # --- what happens at the tracker ----

    def _one(self, items: list[str], number: int) -> str:
        return items[number % len(items)]

    @rule(container=_pick, epic=st.booleans(), parent=_pick)
    def create(self, container: int, parent: int, *, epic: bool) -> None:
        epics = [one for one in self.site.visible if self.site.state(one).type == "Epic"]
        above = self._one(epics, parent) if epics and not epic and parent % 2 else None
        kind = "Epic" if epic else "Story"
        self.site.create(self._one(self.site.containers, container), kind=kind, parent=above)
        self.count("create")

    @rule()
    def everyday(self) -> None:
        """Hypothesis falls back on the first rule that needs nothing: this one, of every use."""
        self.days += 1
        match self.days % 6:
            case 0:
                self.lane("pull")
            case 3 if self.comes:
                self.webhook(0, "in")
                self.lane("inbox")
            case _ if self.site.visible:
                self.edit(self.site.changes, "title")
            case _:
                self.create(self.site.changes, 0, epic=False)

    @precondition(lambda self: self.site.visible)
    @rule(item=_pick, what=st.sampled_from(["title", "status", "labels", "comment"]))
    def edit(self, item: int, what: str) -> None:
        self.site.edit(self._one(self.site.visible, item), what)
        self.count("edit")

    @precondition(lambda self: self.site.visible)
    @rule(first=_pick, second=_pick)
    def edit_within_a_second(self, first: int, second: int) -> None:
        self.site.edit(self._one(self.site.visible, first), "title")
        self.site.edit(self._one(self.site.visible, second), "status")
        self.site.edit(self._one(self.site.visible, first), "title")
        self.count("edit within a second")

    @precondition(lambda self: len(self.site.visible) > 1)
    @rule(first=_pick, second=_pick, kind=_few)
    def link(self, first: int, second: int, kind: int) -> None:
        one, other = self._one(self.site.visible, first), self._one(self.site.visible, second)
        if one != other:
            self.site.link(one, other, kind)
            self.count("link")

    @precondition(lambda self: self.site.links)
    @rule(name=_pick)
    def unlink(self, name: int) -> None:
        self.site.unlink(self._one(self.site.links, name))
        self.count("unlink")

    @precondition(lambda self: self.site.visible)
    @rule(item=_pick, container=_pick)
    def move(self, item: int, container: int) -> None:
        moved = self._one(self.site.visible, item)
        target = self._one(self.site.containers, container)
        if self.site.state(moved).container != target:
            self.site.move(moved, target)
            self.count("move")

    @precondition(lambda self: len(self.site.visible) > 1)
    @rule(item=_pick)
    def delete(self, item: int) -> None:
        self.site.delete(self._one(self.site.visible, item))
        self.count("delete")

    @_in_trouble(conditions.ACCESS)
    @precondition(lambda self: self.site.visible)
    @rule(item=_pick)
    def hide(self, item: int) -> None:
        self.site.hide(self._one(self.site.visible, item))
        self.count("hide")

    @_in_trouble(conditions.ACCESS)
    @precondition(lambda self: self.site.hidden)
    @rule(item=_pick)
    def restore(self, item: int) -> None:
        self.site.reveal(self._one(self.site.hidden, item))
        self.count("restore")

    @_in_trouble(conditions.ACCESS)
    @precondition(lambda self: self.turns_left)
    @rule(container=_pick)
    def rename_container(self, container: int) -> None:
        self.turns_left -= 1
        self.site.rename_container(self._one(self.site.containers, container))
        self.count("rename container")

    @_in_trouble(conditions.ACCESS)
    @precondition(lambda self: self.turns_left or self.site.jira.hidden_containers)
    @rule(container=_pick, shows=st.booleans())
    def container_access(self, container: int, *, shows: bool) -> None:
        if self.site.jira.hidden_containers and (shows or not self.turns_left):
            self.site.show_containers()
            self.count("show containers")
        else:
            self.turns_left -= 1
            self.site.hide_container(self._one(self.site.containers, container))
            self.count("hide container")

    # --- time, search and faults ----

    @_in_trouble(conditions.SEARCH)
    @rule(
        how=st.sampled_from(["lags", "finds late", "shows empty pages"]),
        item=_pick,
        lag=st.sampled_from(conditions.LAGS),
    )
    def search(self, how: str, item: int, lag: timedelta) -> None:
        quirks = self.site.jira.quirks
        lag = lag if self.given.lags else timedelta()
        if how == "lags":
            quirks.search_lag = min(lag, conditions.LAGS[-2])
        elif how == "shows empty pages":
            quirks.empty_pages, quirks.empty_between = item % 3, lag.seconds % 2 + 1
        elif self.site.visible:
            longest = conditions.LAGS[-1] if self.given.looks_back else conditions.LAGS[-2]
            late = self._one(self.site.visible, item)
            quirks.late[late] = min(lag, longest)
            self.site.edit(late, "title")
            self.site.edit(self._one(self.site.beside(late), item), "status")
        self.count(f"search {how}")

    @_in_trouble(conditions.FAULTS)
    @rule(
        name=st.sampled_from(faults.NAMES),
        skip=st.integers(0, 30),
        times=st.sampled_from([1, 1, 2, 6, 25]),
        path=st.sampled_from(faults.PATHS),
    )
    def fault(self, name: str, skip: int, times: int, path: str) -> None:
        faults.strike(self.site, name, skip=skip, times=times, path=path, tally=self.shard.tally)
        self.count("fault")

    @_in_trouble(conditions.CLOCKS)
    @rule(
        span=st.sampled_from(conditions.SPANS),
        wrong=st.booleans(),
        skew=st.sampled_from(conditions.SKEWS),
    )
    def token_or_clock(self, span: timedelta, skew: timedelta, *, wrong: bool) -> None:
        if wrong:
            self.clock.skew = skew
            self.count("our clock turns")
        else:
            faults.expire(self.site, span, self.shard.tally)
            self.count("token expires")

    @_in_trouble(conditions.CLOCKS)
    @rule(span=st.sampled_from(conditions.SPANS))
    def time_passes(self, span: timedelta) -> None:
        self.site.time.pass_by(span)
        self.count("time passes")

    # --- webhooks ----

    @property
    def comes(self) -> bool:
        """Whether there is a webhook that may come in."""
        return self.given.works(WEBHOOK) and bool(self.site.mail)

    @precondition(lambda self: self.comes)
    @rule(which=_pick, fate=st.sampled_from(["in", "in", "twice", "lost"]))
    def webhook(self, which: int, fate: str) -> None:
        fate = "in" if self.given.alone == conditions.LIVE and fate == "lost" else fate
        told = self.site.mail.pop(which % len(self.site.mail))
        for _ in range({"in": 1, "twice": 2, "lost": 0}[fate]):
            self._life(lambda: self.syncer.receive(told))
        self.count(f"webhook {fate}")

    # --- the other lanes ----

    @precondition(lambda self: not self.given.every)
    @rule(which=st.sampled_from(["pull", "pull", "inbox", "inbox", "census", "look back"]))
    def lane(self, which: str) -> None:
        which = self.given.at_work(which)
        self._life(self._works()[which])
        self.count(which)

    @_in_trouble(conditions.CRASHES)
    @rule(edge=st.integers(1, 40), named=st.booleans(), what=st.sampled_from([*LANES, WEBHOOK]))
    def crash(self, edge: int, what: str, *, named: bool) -> None:
        what = self.given.at_work(what)
        if what != WEBHOOK:
            at = edge % 8 + 1 if named else edge
            self._life(self._works()[what], crash_at=at, named=named)
        elif self.site.mail:
            told = self.site.mail.pop(0)
            self._life(lambda: self.syncer.receive(told), crash_at=edge % 3 + 1)
            if told.change > self.syncer.acknowledged.get(told.item, 0):
                self.site.mail.append(told)  # no 2xx: the tracker sends it again
        self.count(f"crash in {what}")

    def _works(self) -> dict[str, Callable[[], Awaitable[object]]]:
        syncer = self.syncer
        done = (syncer.pull, syncer.census, syncer.look_back, syncer.work)
        return dict(zip(LANES, done, strict=True))

    def _life(
        self,
        work: Callable[[], Awaitable[object]],
        *,
        crash_at: int | None = None,
        named: bool = False,
    ) -> None:
        async def lived() -> None:
            await self.syncer.lived(work, crash_at=crash_at, named=named)
            await oracle.check_never(self.shard.store, self.site)

        self._run(lived())

    # --- quiet ----

    @precondition(lambda self: self.given.every)
    @invariant()
    def comes_round(self) -> None:
        """The lane that is alone works by itself, and then it is quiet for a while."""
        self.steps += 1
        if self.steps % self.given.every:
            return
        number = self.given.dice + self.steps // self.given.every  # each sort has its turn
        if self.comes:
            self.webhook(number, "in")
        self._trouble(number)
        self.lane(conditions.PULL)
        self._run(self.quiet.calm())
        self.count("lull")

    def _trouble(self, number: int) -> None:
        """What troubles the lane comes just then, besides when it comes as a step."""
        match self.given.trouble:
            case conditions.SEARCH:
                how = ("finds late", "finds late", "shows empty pages", "lags")[number % 4]
                self.site.jira.quirks.search_lag = timedelta()  # it would hide those beside as well
                self.search(how, number, conditions.LAGS[number % len(conditions.LAGS)])
            case conditions.CRASHES:
                what = WEBHOOK if self.comes and number % 2 else conditions.PULL
                self.crash(number % 40 + 1, what, named=number % 3 > 0)
            case conditions.ACCESS if self.turns_left:
                self.container_access(number, shows=number % 3 > 1)

    @property
    def quiet(self) -> Quiet:
        """What happens when nobody disturbs."""
        return Quiet(
            store=self.shard.store, site=self.site, syncer=self.syncer, alone=self.given.alone
        )

    def teardown(self) -> None:
        try:
            if hasattr(self, "syncer") and not self.failed:
                if self.given.opens:
                    self.site.show_containers()
                self._run(self.quiet.settled())
        finally:
            self.shard.run(self.stack.aclose())
