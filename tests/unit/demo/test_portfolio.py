"""The figures of digest.md 4.2, counted by hand from the sample portfolio's script.

The counting here knows neither the connector nor the roll-up: it is the second opinion.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import pytest

from syncer.connect.testing.script import ItemState, Phase
from syncer.connect.testing.world import World
from syncer.demo.clock import AS_OF, ZONE, past_mondays
from syncer.demo.portfolio.build import (
    LIVE_DEMO_ID,
    NORTH_PERMIT_ID,
    SITE_WORKS_ID,
    build_world,
)
from syncer.demo.portfolio.phone import REPOSITORY
from syncer.demo.portfolio.regulatory import FILING_LABEL
from syncer.rollup.calendar import working_days

TODAY = AS_OF.date()
LAST_MONDAY = AS_OF - timedelta(weeks=1)
PHONE = REPOSITORY
CONTAINERS = ("NET", "OUT", "REG", PHONE)


@pytest.fixture(scope="module")
def world() -> World:
    return build_world()


def level(world: World, state: ItemState) -> int:
    return next(t.level for t in world.types if t.name == state.type)


def visible(world: World, at: datetime, container: str) -> dict[str, ItemState]:
    states = ((item_id, world.visible(item_id, at)) for item_id in world.ids())
    return {i: s for i, s in states if s is not None and s.container == container}


def everything(world: World, at: datetime) -> dict[str, ItemState]:
    return {i: s for c in CONTAINERS for i, s in visible(world, at, c).items()}


def is_cancelled(state: ItemState) -> bool:
    return state.resolution == "Won't Do"


def is_done(state: ItemState) -> bool:
    return state.status == "Done"


def phase(world: World, state: ItemState) -> Phase:
    return next(s.phase for s in world.statuses if s.name == state.status)


def countable(world: World, at: datetime, container: str) -> dict[str, ItemState]:
    """Leaves that are neither cancelled nor gates; an epic only while nothing lies below it."""
    alive = {i: s for i, s in everything(world, at).items() if not is_cancelled(s)}
    parents: Counter[str] = Counter()
    for state in alive.values():
        above = state.parent
        while above is not None and level(world, state) == 0:
            parents[above] += 1
            above = alive[above].parent
    return {
        i: s
        for i, s in alive.items()
        if s.container == container
        and s.type != "Gate"
        and (level(world, s) == 0 or (level(world, s) > 0 and not parents[i]))
    }


def done_at(world: World, item_id: str, at: datetime) -> datetime | None:
    entries = [e for e in world.history(item_id, at) if any(c.field == "status" for c in e.changes)]
    last = entries[-1] if entries else None
    return last.at if last is not None and last.state.status == "Done" else None


def started_at(world: World, item_id: str, at: datetime) -> datetime | None:
    entries = (e for e in world.history(item_id, at) if e.state.status != "To Do")
    return next((e.at for e in entries), None)


def throughput(world: World, container: str, monday: date, at: datetime) -> int:
    days = [
        moment.astimezone(ZONE).date()
        for i, s in countable(world, at, container).items()
        if is_done(s) and (moment := done_at(world, i, at)) is not None
    ]
    return sum(monday <= day < monday + timedelta(days=7) for day in days)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=ZONE)


def open_items(world: World, at: datetime, container: str) -> dict[str, ItemState]:
    return {i: s for i, s in countable(world, at, container).items() if not is_done(s)}


def in_progress(world: World, at: datetime, container: str) -> dict[str, ItemState]:
    chosen = open_items(world, at, container).items()
    return {i: s for i, s in chosen if phase(world, s) in (Phase.PROGRESS, Phase.WAITING)}


@pytest.mark.parametrize(
    ("container", "weeks"),
    [
        ("NET", [4, 5, 6, 4, 7, 3, 5, 6, 4, 2, 5, 4, 5]),
        ("OUT", [3, 2, 3, 4, 2, 3, 2, 3, 3, 2, 4, 1, 2]),
        ("REG", [1, 1, 2, 1, 2, 2, 1, 3, 1, 2, 2, 1, 2]),
        (PHONE, [5, 4, 5, 6, 4, 5, 3, 5, 6, 4, 5, 5, 4]),
    ],
)
def test_weekly_completions_of_the_weeks_35_to_47(
    world: World, container: str, weeks: list[int]
) -> None:
    first = date.fromisocalendar(2026, 35, 1)
    found = [throughput(world, container, first + timedelta(weeks=n), AS_OF) for n in range(13)]
    assert found == weeks


@pytest.mark.parametrize(
    ("container", "total", "left", "left_before"),
    [("NET", 240, 82, 85), ("OUT", 60, 20, 22), ("REG", 45, 6, 8), (PHONE, 150, 52, 56)],
)
def test_how_much_there_is_and_how_much_is_left(
    world: World, container: str, total: int, left: int, left_before: int
) -> None:
    assert len(countable(world, AS_OF, container)) == total
    assert len(open_items(world, AS_OF, container)) == left
    assert len(open_items(world, LAST_MONDAY, container)) == left_before


@pytest.mark.parametrize(
    ("container", "at", "week", "start", "grown"),
    [
        ("NET", AS_OF, 36, 229, 10),
        ("NET", LAST_MONDAY, 35, 229, 8),
        ("OUT", AS_OF, 36, 60, 0),
        ("REG", AS_OF, 36, 45, 0),
        (PHONE, AS_OF, 36, 147, 3),
        (PHONE, LAST_MONDAY, 35, 147, 3),
    ],
)
def test_growth_over_the_window_without_what_was_broken_down(
    world: World, container: str, at: datetime, week: int, start: int, grown: int
) -> None:
    before = countable(world, midnight(date.fromisocalendar(2026, week, 1)), container)
    now = countable(world, at, container)
    placeholders = {i for i, s in before.items() if level(world, s) > 0}
    added, removed = now.keys() - before.keys(), before.keys() - now.keys()
    broken_down = {i for i in added if now[i].parent in placeholders}
    assert len(before) == start
    assert len(added - broken_down) - len(removed - placeholders) == grown


def test_the_network_against_its_baseline_e36(world: World) -> None:
    base = countable(world, midnight(date(2026, 4, 2)), "NET")
    now = countable(world, AS_OF, "NET")
    placeholders = {i for i, s in base.items() if level(world, s) > 0}
    added, removed = now.keys() - base.keys(), base.keys() - now.keys()
    assert len(base) == 226
    assert len(added) == 22
    assert sum(now[i].parent in placeholders for i in added) == 8
    assert len(removed) == 8
    assert len(removed & placeholders) == 2


@pytest.mark.parametrize("at", [AS_OF, LAST_MONDAY])
def test_the_network_needs_at_most_18_working_days_for_85_percent_of_its_items(
    world: World, at: datetime
) -> None:
    since = at.date() - timedelta(days=90)
    times = []
    for item_id, state in countable(world, at, "NET").items():
        done, began = done_at(world, item_id, at), started_at(world, item_id, at)
        if is_done(state) and done and began and done.astimezone(ZONE).date() >= since:
            eve = began.astimezone(ZONE).date() - timedelta(days=1)
            times.append(working_days(eve, done.astimezone(ZONE).date()))
    assert len(times) > 50
    assert sorted(times)[math.ceil(0.85 * len(times)) - 1] == 18


def test_the_network_target_moved_once_by_twenty_working_days(world: World) -> None:
    changes = [c for e in world.history("10001", AS_OF) for c in e.changes if c.field == "due"]
    assert [(c.before, c.after) for c in changes] == [(date(2027, 2, 19), date(2027, 3, 19))]
    assert working_days(date(2027, 2, 19), date(2027, 3, 19)) == 20


def test_the_chain_of_the_example(world: World) -> None:
    permit, works, demo = (
        world.state(item_id, AS_OF) for item_id in (NORTH_PERMIT_ID, SITE_WORKS_ID, LIVE_DEMO_ID)
    )
    before = world.state(NORTH_PERMIT_ID, LAST_MONDAY)
    assert permit
    assert works
    assert demo
    assert before
    assert [s.key for s in (permit, works, demo)] == ["REG-112", "NET-87", "acme/phone#301"]
    assert (before.due, permit.due) == (date(2027, 1, 8), date(2027, 1, 22))
    assert (works.start, demo.start) == (date(2027, 1, 11), date(2027, 2, 15))
    assert working_days(date(2027, 1, 11), date(2027, 1, 22)) == 9
    assert "must-have" in works.labels
    assert demo.parent == "10001"
    edges = {(link.source, link.target) for link in world.links(SITE_WORKS_ID, AS_OF)}
    assert edges == {(NORTH_PERMIT_ID, SITE_WORKS_ID), (SITE_WORKS_ID, LIVE_DEMO_ID)}


@pytest.mark.parametrize(
    ("container", "version", "due", "left"),
    [
        ("NET", "Core freeze", date(2026, 12, 4), 9),
        ("OUT", "Town halls", date(2026, 12, 11), 7),
        (PHONE, "Phone beta", date(2026, 12, 4), 8),
    ],
)
def test_open_items_of_the_gates(
    world: World, container: str, version: str, due: date, left: int
) -> None:
    chosen = [s for s in open_items(world, AS_OF, container).values() if version in s.versions]
    assert len(chosen) == left
    assert all(state.due is not None and state.due <= due for state in chosen)
    assert next(v.due for v in world.versions if v.name == version) == due


def test_one_item_of_the_environmental_filing_is_open(world: World) -> None:
    tagged = [s for s in visible(world, AS_OF, "REG").values() if FILING_LABEL in s.labels]
    left = [s for s in open_items(world, AS_OF, "REG").values() if FILING_LABEL in s.labels]
    assert len(tagged) > len(left) == 1
    assert left[0].due == date(2026, 11, 27)


def test_31_items_of_the_network_could_be_cut(world: World) -> None:
    free = [
        item_id
        for item_id, state in open_items(world, AS_OF, "NET").items()
        if phase(world, state) is Phase.TODO
        and "must-have" not in state.labels
        and not any(link.source == item_id for link in world.links(item_id, AS_OF))
    ]
    assert len(free) == 31


def due_soon(world: World, at: datetime, container: str) -> int:
    first, last = at.date(), at.date() + timedelta(days=28)
    dues = [s.due for s in open_items(world, at, container).values()]
    return sum(due is not None and first < due <= last for due in dues)


def test_26_items_of_the_network_are_due_in_four_weeks(world: World) -> None:
    assert due_soon(world, AS_OF, "NET") == 26
    assert due_soon(world, LAST_MONDAY, "NET") == 26


@pytest.mark.parametrize("at", [AS_OF, LAST_MONDAY])
@pytest.mark.parametrize(("container", "most"), [("OUT", 11), ("REG", 7), (PHONE, 20)])
def test_nobody_else_is_overbooked(world: World, at: datetime, container: str, most: int) -> None:
    assert due_soon(world, at, container) <= most


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (AS_OF, {"NET": 0, "OUT": 3, "REG": 0, PHONE: 0}),
        (LAST_MONDAY, {"NET": 0, "OUT": 0, "REG": 0, PHONE: 0}),
    ],
)
def test_work_in_progress_without_an_owner(
    world: World, at: datetime, expected: dict[str, int]
) -> None:
    found = {
        c: sum(s.assignee is None for s in in_progress(world, at, c).values()) for c in CONTAINERS
    }
    assert found == expected
    assert len(in_progress(world, AS_OF, "OUT")) == 10


@pytest.mark.parametrize("at", [*past_mondays(8), AS_OF])
def test_the_data_are_sound_on_every_monday(world: World, at: datetime) -> None:
    """Nothing overdue, nothing forgotten, nothing that contradicts itself."""
    states = everything(world, at)
    released = {v.name for v in world.versions if v.released_at and v.released_at <= at}
    for item_id, state in states.items():
        if is_done(state):
            below = [s for s in states.values() if s.parent == item_id]
            assert all(is_done(child) for child in below), state.key
            continue
        assert state.resolution is None
        assert state.due is None or state.due >= at.date(), state.key
        assert released.isdisjoint(state.versions)
        if level(world, state) >= 1:
            assert state.due is not None
        if phase(world, state) in (Phase.PROGRESS, Phase.WAITING):
            assert state.start is None or state.start <= at.date()
            assert world.updated_at(item_id, at) >= at - timedelta(days=14), state.key
            assert phase(world, state) is Phase.PROGRESS


@pytest.mark.parametrize("at", [AS_OF, LAST_MONDAY])
@pytest.mark.parametrize("container", ["OUT", "REG", PHONE])
def test_work_in_progress_stays_below_four_weeks_of_work(
    world: World, at: datetime, container: str
) -> None:
    monday = at.date() - timedelta(weeks=12)
    weeks = [throughput(world, container, monday + timedelta(weeks=n), at) for n in range(12)]
    assert len(in_progress(world, at, container)) <= 4 * sum(weeks) / 12


@pytest.mark.parametrize("container", CONTAINERS)
def test_the_plan_is_a_straight_line_since_few_items_are_dated(
    world: World, container: str
) -> None:
    items = countable(world, AS_OF, container).values()
    assert sum(state.due is not None for state in items) < 0.6 * len(items)


def test_people_work_in_one_project_each(world: World) -> None:
    for person in world.people:
        busy = [
            c
            for c in CONTAINERS
            for s in in_progress(world, AS_OF, c).values()
            if s.assignee == person
        ]
        assert len(set(busy)) <= 1


def test_one_item_is_restricted_and_titles_are_hostile(world: World) -> None:
    states = list(everything(world, AS_OF).values())
    assert sum(state.restricted for state in states) == 1
    titles = "".join(state.title for state in states)
    for hostile in ("<script>", "\n", "\u202e", "\u2028", "{{", "=cmd|", "📡", "更新"):
        assert hostile in titles


def test_titles_are_all_different(world: World) -> None:
    work = [
        s.title for s in everything(world, AS_OF).values() if s.type not in ("Sub-task", "Gate")
    ]
    assert len(work) == len(set(work))


def test_one_history_is_longer_than_a_tracker_shows_at_once(world: World) -> None:
    assert max(len(world.history(item_id, AS_OF)) for item_id in world.ids()) > 40


def test_the_history_covers_a_year(world: World) -> None:
    first = min(world.item(item_id).created_at for item_id in world.ids())
    assert first <= AS_OF - timedelta(days=360)


def test_building_twice_gives_the_same_world(world: World) -> None:
    def told(which: World) -> Iterator[object]:
        for item_id in which.ids():
            yield which.item(item_id), which.history(item_id, AS_OF)

    assert list(told(build_world())) == list(told(world))
