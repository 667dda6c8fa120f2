"""What happened to a simulated issue, in the shape of `IssueHistory`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from connectors.linear.mapping.site import Kind
from connectors.linear.simulator_index import Index, Row, made_id, stamp
from syncer.connect.testing.script import Entry, ItemState

Json = dict[str, Any]


def entries(index: Index, row: Row) -> list[Json]:
    """The history of an issue, the latest first, as Linear lists it."""
    before, found = index.world.item(row.id).initial, []
    for entry in index.history(row):
        told = _entry(index, before, entry)
        if told:
            found.append(_whole(entry, told))
        before = entry.state
    return found[::-1]


def _whole(entry: Entry, told: Json) -> Json:
    return {
        "id": f"history-{entry.id}",
        "createdAt": stamp(entry.at),
        "actorId": made_id("user", entry.actor) if entry.actor else None,
        **dict.fromkeys(f"{side}{name}" for name in _READERS for side in ("from", "to")),
        "addedLabelIds": None,
        "removedLabelIds": None,
        "updatedDescription": None,
        "archived": None,
        "trashed": None,
        **told,
    }


def _entry(index: Index, before: ItemState, entry: Entry) -> Json:
    """What one entry says; a comment alone is none, nor is a relation read from here."""
    told: Json = {}
    if entry.changes:
        for name, read in _READERS.items():
            old, new = read(index, before), read(index, entry.state)
            if old != new:
                told |= {f"from{name}": old, f"to{name}": new}
        told |= dict(_labels(index, before, entry.state))
        if before.body != entry.state.body:
            told["updatedDescription"] = True
    return told


def state_id(index: Index, state: ItemState) -> str:
    """The id of the status of an item in this state."""
    return made_id("state", f"{state.container}/{index.status(state)[0]}")


def _team(index: Index, state: ItemState) -> str:
    return index.world.container_named(state.container).id


def _above(kind: Kind) -> Callable[[Index, ItemState], str | None]:
    def read(index: Index, state: ItemState) -> str | None:
        parent = index.rows.get(state.parent or "")
        return parent.id if parent and parent.kind is kind else None

    return read


_READERS: Final[dict[str, Callable[[Index, ItemState], Any]]] = {
    "StateId": state_id,
    "AssigneeId": lambda _, state: made_id("user", state.assignee) if state.assignee else None,
    "DueDate": lambda _, state: state.due.isoformat() if state.due else None,
    "Estimate": lambda _, state: state.estimate,
    "Priority": lambda index, state: index.priority(state),
    "Title": lambda _, state: state.title,
    "ParentId": _above(Kind.ISSUE),
    "ProjectId": _above(Kind.PROJECT),
    "CycleId": lambda _, state: state.sprint,
    "TeamId": _team,
}


def _labels(index: Index, before: ItemState, after: ItemState) -> Iterator[tuple[str, list[str]]]:
    old, new = set(index.labels(before)), set(index.labels(after))
    for name, names in (("addedLabelIds", new - old), ("removedLabelIds", old - new)):
        if names:
            yield name, sorted(made_id("label", one) for one in names)
