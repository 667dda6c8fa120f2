from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from syncer.connect.testing.script import Container, Event, ItemState, ScriptedItem
from syncer.connect.testing.world import World, blocks, uniform_world

BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def small_world(*events: Event) -> World:
    world = World()
    world.add_container(Container(id="10001", key="NET", name="Network"))
    world.add_container(Container(id="10002", key="OUT", name="Outreach"))
    for number in (1, 2):
        state = ItemState(container="NET", key=f"NET-{number}", title=f"Mast {number}")
        script = events if number == 1 else ()
        world.create(
            ScriptedItem(
                id=str(number), created_at=BEGIN, reporter="kim", initial=state, events=script
            )
        )
    return world


def test_an_item_has_the_state_of_each_instant() -> None:
    world = small_world(
        Event(at=BEGIN + HOUR, changes={"status": "In Progress"}),
        Event(at=BEGIN + 3 * HOUR, changes={"status": "Done", "due": date(2026, 4, 1)}),
    )
    states = [world.state("1", BEGIN + n * HOUR) for n in (-1, 0, 1, 2, 3)]
    assert [state and state.status for state in states] == [
        None, "To Do", "In Progress", "In Progress", "Done",
    ]  # fmt: skip
    assert [world.updated_at("1", BEGIN + n * HOUR) for n in (0, 2, 4)] == [
        BEGIN, BEGIN + HOUR, BEGIN + 3 * HOUR,
    ]  # fmt: skip


def test_history_tells_what_changed_and_leaves_out_what_did_not() -> None:
    world = small_world(Event(at=BEGIN + HOUR, changes={"status": "To Do", "title": "Tall mast"}))
    (entry,) = world.history("1", BEGIN + HOUR)
    assert [(c.field, c.before, c.after) for c in entry.changes] == [
        ("title", "Mast 1", "Tall mast")
    ]
    assert world.history("1", BEGIN) == ()


def test_events_count_in_the_order_of_their_instants() -> None:
    world = small_world(Event(at=BEGIN + 3 * HOUR, changes={"title": "late"}))
    world.edit("1", BEGIN + HOUR, title="early")
    assert [entry.state.title for entry in world.history("1", BEGIN + 4 * HOUR)] == [
        "early",
        "late",
    ]


def test_entry_ids_are_unique_and_do_not_depend_on_who_asks_first() -> None:
    worlds = []
    for first in ("1", "2"):
        world = small_world(Event(at=BEGIN + HOUR, changes={"title": "a"}))
        world.edit("2", BEGIN + HOUR, title="b")
        world.link(blocks("9", "1", "2", at=BEGIN + 2 * HOUR))
        world.history(first, BEGIN + 9 * HOUR)
        worlds.append({i: [e.id for e in world.history(i, BEGIN + 9 * HOUR)] for i in ("1", "2")})
    assert worlds[0] == worlds[1]
    ids = [number for numbers in worlds[0].values() for number in numbers]
    assert len(ids) == len(set(ids)) == 4


def test_a_link_touches_both_ends_until_it_is_removed() -> None:
    world = small_world()
    world.link(blocks("9", "1", "2", at=BEGIN + HOUR, actor="kim"))
    world.unlink("9", BEGIN + 2 * HOUR)
    assert [link.id for link in world.links("2", BEGIN + HOUR)] == ["9"]
    assert world.links("2", BEGIN + 2 * HOUR) == ()
    changes = [entry.link for entry in world.history("2", BEGIN + 3 * HOUR)]
    assert [(c.other, c.inward, c.added) for c in changes if c] == [
        ("1", True, True),
        ("1", True, False),
    ]


def test_hiding_and_deleting_leave_no_trace_in_the_history() -> None:
    world = small_world()
    world.hide("1", BEGIN + HOUR)
    assert world.visible("1", BEGIN + HOUR) is None
    assert world.updated_at("1", BEGIN + HOUR) == BEGIN
    world.reveal("1", BEGIN + 2 * HOUR)
    assert world.visible("1", BEGIN + 2 * HOUR) is not None
    world.delete("1", BEGIN + 3 * HOUR)
    assert world.visible("1", BEGIN + 3 * HOUR) is None
    assert all(not entry.changes for entry in world.history("1", BEGIN + 4 * HOUR))


def test_a_moved_item_is_found_by_its_old_key_until_another_has_it() -> None:
    world = small_world()
    world.move("1", BEGIN + HOUR, container="OUT", key="OUT-7")
    now = BEGIN + 2 * HOUR
    assert world.find("OUT-7", now) == world.find("NET-1", now) == "1"
    assert world.keys("1", now) == ("NET-1", "OUT-7")
    world.edit("2", now, key="NET-1")
    assert world.find("NET-1", now) == "2"
    assert world.find("NET-9", now) is None


def test_what_comes_next() -> None:
    world = small_world(Event(at=BEGIN + 5 * HOUR, changes={"title": "a"}))
    assert world.next_change(BEGIN - HOUR) == BEGIN
    assert world.next_change(BEGIN) == BEGIN + 5 * HOUR
    assert world.next_change(BEGIN + 5 * HOUR) is None


def test_every_change_moves_the_revision() -> None:
    world = small_world()
    before = world.revision
    world.comment("1", BEGIN + HOUR, "Is the crane booked?", actor="kim")
    assert world.revision > before
    assert world.updated_at("1", BEGIN + HOUR) == BEGIN + HOUR


def test_mistakes_in_a_script_are_refused() -> None:
    world = small_world()
    with pytest.raises(ValueError, match="no such field: colour"):
        world.edit("1", BEGIN, colour="red")
    with pytest.raises(ValueError, match="exists already"):
        world.create(world.item("1"))
    with pytest.raises(ValueError, match="no container"):
        world.move("1", BEGIN, container="XYZ", key="XYZ-1")
    with pytest.raises(KeyError):
        world.link(blocks("9", "1", "404", at=BEGIN))
    with pytest.raises(ValueError, match="before it is created"):
        small_world(Event(at=BEGIN - HOUR))
    with pytest.raises(ValueError, match="zone"):
        world.edit("1", datetime(2026, 3, 2, 10), title="naive")  # noqa: DTZ001 - the point


def test_a_big_world_is_made_of_thirds() -> None:
    world = uniform_world(count=30)
    end = datetime(2026, 6, 1, tzinfo=UTC)
    states = [world.state(item_id, end) for item_id in world.ids()]
    statuses = [state.status for state in states if state]
    assert {name: statuses.count(name) for name in set(statuses)} == {
        "To Do": 10,
        "In Progress": 10,
        "Done": 10,
    }
