"""A process that remembers what it judged last stores what one would store that judges everything.

Random portfolios in a real database go through random changes: items edited, moved, linked, deleted
and named anew, people's words given and taken back, another configuration. After each the verdicts
of the round with a memory must be those of the classifier on the whole, settled as ever.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from syncer.classify.changes import Known, Marks, reclassify
from syncer.classify.classifier import judge_again
from syncer.classify.portfolio import Portfolio as Input
from syncer.domain.addresses import with_known_ends
from syncer.domain.item import ItemRecord, ItemState, WorkItem
from syncer.domain.link import Link, LinkKind
from syncer.domain.portfolio import ClassificationRule, Portfolio, Product, Program, Project
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.domain.selector import InContainer, WithLabel
from syncer.domain.statement import Door, Provenance, VerdictOverride
from syncer.domain.verdict import VerdictLevel
from syncer.store.engine import Store
from syncer.store.items import LIVE, load_items
from syncer.store.rows import table_of
from syncer.store.tables import AliasRow, ItemRow, OverrideRow, VerdictRow
from syncer.store.verdicts import (
    StoredVerdict,
    add_override,
    load_overrides,
    load_stored_verdicts,
    undo_override,
)
from syncer.sync.classification import classifier_input
from syncer.sync.ingest import ingest, mark
from syncer.sync.verdicts import Memory, judge, settle, verdicts_of
from tests.store.samples import NET, NOON, item

NUMBERS = range(1, 8)
NAMES = ("NET", "OUT", "PHN", "PMO")
TITLES = ("Adopt the address format", "All teams must migrate", "Fix the button", "Sync")
TYPES = ("Epic", "Story", "Bug", "Task", "Risk")
LABELS = ("prog:5g", "syncer:product", "radio")
KINDS = (LinkKind.BLOCKS, LinkKind.REQUIRES, LinkKind.RELATES)
LEVELS = tuple(VerdictLevel)
Doing = tuple[str, Any]
Start = Mapping[int, Mapping[str, Any]]
Spoil = Callable[[Known, Input], Known]


def _ref(number: int) -> ItemRef:
    return item(number).ref


def _blocks(number: int) -> Link:
    return Link(kind=LinkKind.BLOCKS, to=_ref(number))


numbers = st.sampled_from(NUMBERS)
ends = st.tuples(st.sampled_from(KINDS), st.integers(1, 8), st.booleans())  # 8 is never synced
places = st.sampled_from(NAMES).map(lambda name: ("container", ContainerKey("jira", name)))
fields = st.one_of(
    places,
    places,
    st.tuples(st.just("title"), st.sampled_from(TITLES)),
    st.tuples(st.just("native_type"), st.sampled_from(TYPES)),
    st.tuples(st.just("key"), st.integers(1, 20).map(lambda n: f"ANEW-{n}")),
    st.tuples(st.just("parent"), st.none() | st.integers(1, 8).map(_ref)),
    st.tuples(st.just("labels"), st.lists(st.sampled_from(LABELS), max_size=1).map(tuple)),
    st.tuples(
        st.just("links"),
        st.lists(ends, max_size=2).map(
            lambda found: tuple(Link(kind=k, to=_ref(n), inward=i) for k, n, i in found)
        ),
    ),
)
doings: st.SearchStrategy[Doing] = st.one_of(
    *[st.tuples(st.just("edit"), st.tuples(numbers, fields))] * 4,
    st.tuples(st.just("delete"), numbers),
    st.tuples(st.just("say"), st.tuples(numbers, st.sampled_from(LEVELS), st.booleans())),
    st.tuples(st.just("unsay"), st.none()),
    st.tuples(st.just("configure"), st.tuples(*[st.booleans()] * 3)),
    st.tuples(st.just("configure"), st.tuples(st.just(True), *[st.booleans()] * 2)),
)
starts = st.fixed_dictionaries({n: st.lists(fields, max_size=1).map(dict) for n in NUMBERS})
TREE: Start = {
    1: {"native_type": "Epic"},
    2: {"parent": _ref(1)},
    3: {"parent": _ref(1), "native_type": "Epic"},
    4: {"parent": _ref(3)},
    5: {"parent": _ref(3), "title": "Sync", "links": (_blocks(7),)},
    6: {"container": ContainerKey("jira", "OUT"), "links": (_blocks(2), _blocks(4))},
    7: {"container": ContainerKey("jira", "PHN"), "links": (_blocks(6), _blocks(3))},
}
"""What an item is where its start does not say otherwise."""

TELLING: Sequence[Doing] = (
    ("edit", (4, ("container", ContainerKey("jira", "OUT")))),
    ("configure", (True, False, True)),
    ("say", (3, VerdictLevel.PROGRAM, True)),
    ("unsay", None),
)
"""What any memory with a defect stumbles over; the first history of a campaign."""


def _portfolio(*, joined: bool = False, program: bool = True, ruled: bool = True) -> Portfolio:
    """Three products and a program office; two of the products may be one."""
    projects = [
        Project(key=name.lower(), name=name, items=(InContainer(f"jira:{name}"),), team=name)
        for name in NAMES
    ]
    return Portfolio(
        projects=tuple(projects),
        programs=(Program(key="5g", name="5G", projects=("net",)),) if program else (),
        products=(Product(key="one", name="One", projects=("out", "phn")),) if joined else (),
        rules=(ClassificationRule(select=(WithLabel("prog:*"),), level=VerdictLevel.PROGRAM),)
        if ruled
        else (),
    )


@dataclass
class Stage:
    """A database with items, and what must be stored of their verdicts."""

    store: Store
    told: Counter[str]
    spoil: Spoil | None
    portfolio: Portfolio = field(default_factory=_portfolio)
    memory: Memory = field(default_factory=Memory)
    expected: dict[str, StoredVerdict] = field(default_factory=dict)
    items: dict[int, WorkItem] = field(default_factory=dict)
    time: int = 0

    async def begin(self, start: Start) -> None:
        async with self.store.write() as session:
            for row in (OverrideRow, VerdictRow, AliasRow, ItemRow):
                await session.execute(table_of(row).delete())
        for number, given_ in start.items():
            self.items[number] = item(number, **{**TREE[number], **given_})
        await self._ingest(*self.items.values())
        await self.compare()

    async def do(self, doing: Doing) -> None:
        """Let one thing happen, then judge, and compare with judging all."""
        name, what = doing
        self.time += 1
        acts: Mapping[str, Callable[[Any], Awaitable[None]]] = {
            "edit": self._edit,
            "delete": self._delete,
            "say": self._say,
            "unsay": self._unsay,
            "configure": self._configure,
        }
        await acts[name](what)
        await self.compare()

    async def compare(self) -> None:
        async with self.store.read() as session:
            items = with_known_ends(await load_items(session, states=LIVE))
            overrides = await load_overrides(session)
        if self.spoil and self.memory.known:
            now = classifier_input(self.portfolio, items, overrides)
            self.memory.known = self.spoil(self.memory.known, now)
        done = await judge(self.store, self.portfolio, at=self._now, memory=self.memory)
        self.told.update(items=done.items, judged=done.judged)
        for uid, found in verdicts_of(self.portfolio, items, overrides).items():
            self.expected[uid] = settle(self.expected.get(uid), found, at=self._now)
        async with self.store.read() as session:
            assert await load_stored_verdicts(session) == self.expected

    @property
    def _now(self) -> datetime:
        return NOON + timedelta(hours=self.time)

    async def _ingest(self, *items: WorkItem) -> None:
        async with self.store.write() as session:
            await ingest(session, map(_record, items), container=NET, at=self._now)

    async def _edit(self, what: tuple[int, tuple[str, Any]]) -> None:
        number, (name, value) = what
        edited = replace(self.items[number], updated_at=self._now, **{name: value})
        self.items[number] = edited
        await self._ingest(edited)

    async def _delete(self, number: int) -> None:
        async with self.store.write() as session:
            await mark(session, [_ref(number)], ItemState.DELETED, at=self._now)

    async def _say(self, what: tuple[int, VerdictLevel, bool]) -> None:
        number, level, children = what
        made = VerdictOverride(
            id=f"O-{self.time}",
            item_uid=_ref(number).uid,
            level=level,
            children=children,
            provenance=Provenance(author="A. Silva", at=self._now, door=Door.COMMAND),
        )
        async with self.store.write() as session:
            await add_override(session, made)

    async def _unsay(self, _: None) -> None:
        async with self.store.write() as session:
            for made in (await load_overrides(session))[-1:]:
                await undo_override(session, made.id, who="A. Silva", at=self._now)

    async def _configure(self, what: tuple[bool, bool, bool]) -> None:
        joined, program, ruled = what
        self.portfolio = _portfolio(joined=joined, program=program, ruled=ruled)


def _record(one: WorkItem) -> ItemRecord:
    return ItemRecord(item=one)


def _campaign(url: str, *, examples: int, spoil: Spoil | None = None) -> Counter[str]:
    """Live through random histories; counts items, and those whose verdict was made anew."""
    told: Counter[str] = Counter()

    async def live_through(start: Start, happening: Sequence[Doing]) -> None:
        async with Store(url) as store:
            stage = Stage(store, told, spoil)
            await stage.begin(start)
            for doing in happening:
                await stage.do(doing)

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],
    )
    @example(start={number: {} for number in NUMBERS}, happening=TELLING)
    @given(start=starts, happening=st.lists(doings, min_size=2, max_size=5))
    def run(start: Start, happening: Sequence[Doing]) -> None:
        asyncio.run(live_through(start, happening))

    run()
    return told


def test_a_memory_changes_no_verdict(sqlite_url: str) -> None:
    told = _campaign(sqlite_url, examples=25)
    assert 0 < told["judged"] < told["items"]


# --- what the test above must find ----------------------------------------------------------------


def _touching(touched: Callable[[Marks, Marks], set[str]]) -> Spoil:
    """A process that judges anew only what `touched` says, from the marks before and after."""

    def spoil(known: Known, now: Input) -> Known:
        fresh = reclassify(None, now)
        if known.projects != now.projects:
            return fresh
        standing = judge_again(now, known.standing, touched(known.marks, fresh.marks))
        return replace(known, standing=standing, marks=fresh.marks)

    return spoil


def _changed(old: Marks, new: Marks) -> set[str]:
    return {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}


def _and_linked(old: Marks, new: Marks) -> set[str]:
    changed = _changed(old, new)
    ends = {to for at in (old, new) for key in changed & at.keys() for to in at[key].links}
    return changed | ends | {key for key, one in new.items() if changed & set(one.links)}


def _and_above(old: Marks, new: Marks) -> set[str]:
    found = waiting = _changed(old, new)
    while waiting:
        ups = {at[key].parent for at in (old, new) for key in waiting & at.keys()}
        waiting = {up for up in ups if up is not None} - found
        found = found | waiting
    return found


DEFECTS: Mapping[str, Spoil] = {
    "notices no change of an item": _touching(lambda _old, _new: set()),
    "does not go up from what changed": _touching(_and_linked),
    "does not follow links from what changed": _touching(_and_above),
    "does not look at what stands above": lambda known, now: replace(
        known, standing=replace(known.standing, above=reclassify(None, now).standing.above)
    ),
    "does not hear what people and rules say": lambda known, now: replace(
        known, spoken=reclassify(None, now).spoken
    ),
    "does not see another configuration": lambda known, now: replace(known, projects=now.projects),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_memory_with_a_defect_is_found_out(sqlite_url: str, defect: str) -> None:
    with pytest.raises(AssertionError):
        _campaign(sqlite_url, examples=100, spoil=DEFECTS[defect])
