"""From the plan of one container to scripted items with keys, epics and sub-tasks."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count

from syncer.connect.testing.script import Event, ItemState, ScriptedItem
from syncer.connect.testing.world import World
from syncer.demo.clock import local
from syncer.demo.portfolio.work import Work, scripted, subtasks


@dataclass(frozen=True, slots=True, kw_only=True)
class Epic:
    """A level-1 item. `name` is how the plan refers to it."""

    name: str
    title: str
    due: date
    created: date
    body: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything of one container. Keys count on by `stride`, from `first_number`.

    Item ids are `id_base` plus the number of the key. Epics of the plan hang under `top`. `mark`
    stands between container and number: `NET-1`, `acme/phone#1`.
    """

    container: str
    id_base: int
    epics: Sequence[Epic]
    works: Sequence[Work]
    owner: str
    top: str | None = None
    first_number: int = 1
    stride: int = 1
    mark: str = "-"


def add_plan(world: World, plan: Plan) -> dict[str, str]:
    """Create all items of a plan; the ids of its works and epics by title."""
    numbers = _numbers(plan)
    epics = {epic.name: (epic, next(numbers)) for epic in plan.epics}
    ids = {name: str(plan.id_base + number) for name, (_, number) in epics.items()}
    items = list(_items(plan, ids, numbers))
    for epic, number in epics.values():
        children = [item for item in items if item.initial.parent == ids[epic.name]]
        world.create(_scripted_epic(epic, number, plan=plan, children=children))
    for item in items:
        world.create(item)
    return {item.initial.title: item.id for item in items} | ids


def _numbers(plan: Plan) -> Iterator[int]:
    reserved = {work.number for work in plan.works}
    return (n for n in count(plan.first_number, plan.stride) if n not in reserved)


def _items(plan: Plan, epics: dict[str, str], numbers: Iterator[int]) -> Iterator[ScriptedItem]:
    for work in sorted(plan.works, key=lambda work: work.created):
        number = work.number if work.number is not None else next(numbers)
        item = scripted(
            work,
            item_id=str(plan.id_base + number),
            container=plan.container,
            key=f"{plan.container}{plan.mark}{number}",
            parent=work.parent or epics[work.epic],
            owner=plan.owner,
        )
        yield item
        yield from subtasks(work, item, mark=plan.mark)


def _scripted_epic(
    epic: Epic, number: int, *, plan: Plan, children: Sequence[ScriptedItem]
) -> ScriptedItem:
    state = ItemState(
        container=plan.container,
        key=f"{plan.container}{plan.mark}{number}",
        title=epic.title,
        body=epic.body,
        type="Epic",
        status="Open",
        parent=plan.top,
        due=epic.due,
        assignee=plan.owner,
    )
    ended = _ended_at(children)
    closing = {"status": "Done", "resolution": "Done"}
    events = (Event(at=ended, actor=plan.owner, changes=closing),) if ended else ()
    return ScriptedItem(
        id=str(plan.id_base + number),
        created_at=local(epic.created, "08:30"),
        reporter=plan.owner,
        initial=state,
        events=events,
    )


def _ended_at(children: Sequence[ScriptedItem]) -> datetime | None:
    """An hour after the last child came to its end; None while one is open."""
    ends = [_end(child) for child in children]
    known = [end for end in ends if end is not None]
    return max(known) + timedelta(hours=1) if known and len(known) == len(ends) else None


def _end(item: ScriptedItem) -> datetime | None:
    state, end = item.initial, None
    for event in item.events:
        state = dataclasses.replace(state, **event.changes)  # type: ignore[arg-type]  # checked by World
        if "status" in event.changes:
            end = event.at if state.status == "Done" else None
    return end
