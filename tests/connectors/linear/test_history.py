"""What Linear's history of an issue becomes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from connectors.linear.mapping.history import changes_of
from connectors.linear.mapping.names import Names
from connectors.linear.mapping.site import Site
from connectors.linear.rules import Rules
from connectors.linear.wire import Comment, Comments, History, HistoryPage, Issue
from syncer.connect.testing.world import blocks
from syncer.domain.change import Change, ChangeField
from syncer.domain.item import ItemRecord, StatusCategory
from tests.connectors.linear.small_linear import NOW, Still, read, records, running, small_world

HOUR = timedelta(hours=1)
SITE = Site(connection="li", web_url="https://linear.app", rules=Rules())


async def record_of(world: Any, key: str = "RAN-1", **config: Any) -> ItemRecord:
    async with running(world, clock=Still(NOW + timedelta(days=1)), **config) as (_, connector):
        return records(await read(connector))[key]


def told(record: ItemRecord, field: ChangeField) -> list[tuple[str | None, str | None, str]]:
    return [(one.before, one.after, one.actor) for one in record.changes if one.field is field]


async def test_statuses_with_their_categories_and_who_set_them() -> None:
    world = small_world()
    world.edit("3", NOW, actor="kim", status="In Progress")
    world.edit("3", NOW + HOUR, actor="robot", status="Done", resolution="Won't Do")
    world.edit("3", NOW + 2 * HOUR, actor="kim", status="Blocked", resolution=None)
    record = await record_of(world)
    assert told(record, ChangeField.STATUS) == [
        ("TODO", "IN_PROGRESS", "kim"),
        ("IN_PROGRESS", "CANCELLED", "robot"),
        ("CANCELLED", "WAITING", "kim"),
    ]
    assert told(record, ChangeField.RESOLUTION) == [
        (None, "not_delivered", "robot"), ("not_delivered", None, "kim"),
    ]  # fmt: skip
    assert [one.by_bot for one in record.changes if one.field is ChangeField.STATUS] == [
        False, True, False,
    ]  # fmt: skip
    assert record.item.status_category is StatusCategory.WAITING
    assert record.item.started_at == NOW
    assert record.item.history_complete


async def test_dates_people_estimates_parents_and_labels() -> None:
    world = small_world()
    world.edit("3", NOW, actor="kim", due=date(2026, 12, 1), assignee="kim", estimate=3.0)
    world.edit("3", NOW + HOUR, actor="kim", due=date(2026, 12, 15), labels=("north",))
    world.edit("3", NOW + 2 * HOUR, actor="kim", parent="7", title="Mast two", body="More")
    record = await record_of(world)
    assert told(record, ChangeField.DUE) == [
        (None, "2026-12-01", "kim"), ("2026-12-01", "2026-12-15", "kim"),
    ]  # fmt: skip
    assert told(record, ChangeField.ASSIGNEE) == [(None, "kim", "kim")]
    assert told(record, ChangeField.ESTIMATE) == [(None, "3", "kim")]
    assert told(record, ChangeField.LABELS) == [(None, "north", "kim")]
    assert told(record, ChangeField.PARENT) == [("li:2", "li:7", "kim")]
    assert told(record, ChangeField.TITLE) == [("Mast", "Mast two", "kim")]
    assert told(record, ChangeField.BODY) == [(None, None, "kim")]
    assert record.item.last_meaningful_change_at == NOW + HOUR


async def test_comments_and_relations_show_care() -> None:
    world = small_world()
    world.comment("4", NOW, "Any news?", actor="kim")
    world.link(blocks("l5", "4", "3", at=NOW + HOUR, actor="kim"))
    record = await record_of(world, "RAN-2")
    assert [one.at for one in record.changes if one.field is ChangeField.COMMENT] == [NOW]
    (link,) = [one for one in record.changes if one.field is ChangeField.LINK]
    assert (link.at, link.after, link.after_text) == (NOW + HOUR, "blocks>li:3", "RAN-1")
    assert record.item.last_meaningful_change_at == NOW + HOUR


async def test_a_move_between_teams_is_a_change_of_container() -> None:
    world = small_world()
    world.move("6", NOW, container="RAN", key="RAN-77")
    record = await record_of(world, "RAN-77")
    (change,) = [one for one in record.changes if one.field is ChangeField.CONTAINER]
    assert (change.before, change.after) == ("CORE", "RAN")


async def test_a_long_history_is_read_to_its_end() -> None:
    world = small_world()
    for number in range(135):
        world.edit("3", NOW + timedelta(minutes=number), actor="kim", title=f"Mast {number}")
    record = await record_of(world)
    titles = [one.after for one in record.changes if one.field is ChangeField.TITLE]
    assert titles == [f"Mast {number}" for number in range(135)]
    assert record.item.history_complete


async def test_what_ids_are_called_is_asked_once() -> None:
    world = small_world()
    world.edit("3", NOW, actor="kim", status="In Progress", assignee="kim")
    async with running(world, clock=Still(NOW + HOUR)) as (linear, connector):
        await read(connector)
        linear.server.forget_requests()
        await read(connector)
        asked = [r.body for r in linear.server.requests if b"workflowStates" in r.body]
    assert asked == []


def changes(**fields: Any) -> list[Change]:
    entry = History(id="h1", created_at="2026-11-23T12:00:00.000Z", **fields)
    issue = Issue(id="1", identifier="RAN-1", history=HistoryPage(nodes=[entry, None]))
    return list(changes_of(issue, names=Names(), site=SITE))


def test_a_status_that_is_gone_is_unknown_and_an_unknown_actor_is_no_person() -> None:
    (change,) = changes(from_state_id="old", to_state_id="new")
    assert (change.before, change.after, change.by_bot) == ("UNKNOWN", "UNKNOWN", True)


def test_a_date_that_is_none_does_not_cost_the_issue() -> None:
    assert changes(from_due_date="someday", to_due_date="never") == []


def test_several_changes_of_one_entry_have_ids_of_their_own() -> None:
    told = changes(updated_description=True, trashed=True, archived=True, to_title="Mast")
    assert len({(one.id, one.field) for one in told}) == len(told) == 3


def test_thrown_away_and_restored_is_told() -> None:
    assert [one.after for one in changes(trashed=True)] == ["trashed"]
    assert [one.after for one in changes(archived=False)] == ["unarchived"]


def test_odd_instants_cost_only_themselves() -> None:
    issue = Issue(
        id="1",
        identifier="RAN-1",
        history=HistoryPage(nodes=[History(id="h", created_at="soon", to_title="x")]),
        comments=Comments(nodes=[Comment(id="c", created_at="later"), None]),
    )
    assert changes_of(issue, names=Names(), site=SITE) == ()
