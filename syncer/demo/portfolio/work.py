"""A planned life of a work item, and how it becomes a scripted item of the world."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from syncer.connect.testing.script import Event, ItemState, ScriptedItem
from syncer.demo.clock import local
from syncer.demo.portfolio.schedule import working_days_after

_TOUCH_EVERY: Final = 5
_ROUND: Final = 6
_TUESDAY, _THURSDAY = 1, 3


@dataclass(slots=True, kw_only=True)
class Work:
    """One level-0 item of the sample portfolio as its author thinks of it.

    Days are local. `done` or `cancelled` end it; `started` None means not begun. `stuck` puts a
    day of "Blocked" into its progress. `more` are further events.
    """

    title: str
    epic: str
    created: date
    type: str = "Task"
    body: str = ""
    started: date | None = None
    done: date | None = None
    cancelled: date | None = None
    due: date | None = None
    start: date | None = None
    assignee: str | None = None
    priority: str = "Medium"
    labels: tuple[str, ...] = ()
    version: str = ""
    restricted: bool = False
    stuck: bool = False
    subtasks: tuple[str, ...] = ()
    number: int | None = None
    parent: str | None = None
    more: tuple[Event, ...] = ()


def scripted(
    work: Work, *, item_id: str, container: str, key: str, parent: str | None, owner: str
) -> ScriptedItem:
    """The item with the events that its dates imply, reported by the container's `owner`."""
    assigned_from_the_start = work.started is None or work.due is not None
    initial = ItemState(
        container=container,
        key=key,
        title=work.title,
        body=work.body,
        type=work.type,
        priority=work.priority,
        assignee=work.assignee if assigned_from_the_start else None,
        labels=work.labels,
        versions=(work.version,) if work.version else (),
        parent=parent,
        start=work.start,
        due=work.due,
        restricted=work.restricted,
    )
    events = sorted((*_progress(work, owner), *work.more), key=lambda event: event.at)
    return ScriptedItem(
        id=item_id,
        created_at=local(work.created, "09:00"),
        reporter=owner,
        initial=initial,
        events=tuple(events),
    )


def _progress(work: Work, owner: str) -> Iterator[Event]:
    actor = work.assignee or owner
    if work.started is not None:
        begin = {"status": "In Progress", "assignee": work.assignee}
        yield Event(at=local(work.started, "09:30"), actor=actor, changes=begin)
        yield from _touches(work, actor)
        yield from _blocked_day(work, actor)
    if work.done is not None:
        end = {"status": "Done", "resolution": "Done"}
        yield Event(at=local(work.done, "16:30"), actor=actor, changes=end)
    if work.cancelled is not None:
        end = {"status": "Done", "resolution": "Won't Do"}
        yield Event(at=local(work.cancelled, "14:00"), actor=owner, changes=end)


def _touches(work: Work, actor: str) -> Iterator[Event]:
    """Long work is estimated anew every week, so that nobody takes it for forgotten."""
    if work.started is None or work.done is None:
        return
    day, points = working_days_after(work.started, _TOUCH_EVERY), 8.0
    while day < work.done:
        yield Event(at=local(day, "11:00"), actor=actor, changes={"estimate": points})
        day, points = working_days_after(day, _TOUCH_EVERY), max(points / 2, 1.0)


def _blocked_day(work: Work, actor: str) -> Iterator[Event]:
    """A day in the middle of a week on which nothing moved."""
    if not work.stuck or work.started is None or work.done is None:
        return
    day = working_days_after(work.started, 1)
    while not _TUESDAY <= day.weekday() <= _THURSDAY:
        day += timedelta(days=1)
    if day + timedelta(days=1) < work.done:
        yield Event(at=local(day, "12:00"), actor=actor, changes={"status": "Blocked"})
        back = local(day + timedelta(days=1), "10:00")
        yield Event(at=back, actor=actor, changes={"status": "In Progress"})


def subtasks(work: Work, parent: ScriptedItem, *, mark: str) -> Iterator[ScriptedItem]:
    """The sub-tasks of an item: done with it, or not begun like it; `mark` as in `Plan`."""
    for number, title in enumerate(work.subtasks, start=1):
        done = (
            Event(
                at=local(work.done, "15:00"),
                actor=work.assignee or "",
                changes={"status": "Done", "resolution": "Done"},
            )
            if work.done
            else None
        )
        key = f"{parent.initial.container}{mark}{900 + int(parent.id) % 1000 * _ROUND + number}"
        state = ItemState(
            container=parent.initial.container,
            key=key,
            title=title,
            type="Sub-task",
            parent=parent.id,
            assignee=work.assignee,
        )
        yield ScriptedItem(
            id=f"{parent.id}{number}",
            created_at=parent.created_at + timedelta(hours=2),
            reporter=parent.reporter,
            initial=state,
            events=(done,) if done else (),
        )


def but(work: Work, **changes: object) -> Work:
    """The work with some of its plan changed."""
    return dataclasses.replace(work, **changes)  # type: ignore[arg-type]  # names of its own fields
