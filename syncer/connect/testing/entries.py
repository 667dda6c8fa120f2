"""What happened to a scripted item as entries of its history."""

from __future__ import annotations

import dataclasses
from datetime import datetime

from syncer.connect.testing.script import (
    INVISIBLE_FIELDS,
    Entry,
    Event,
    FieldChange,
    ItemState,
    LinkChange,
    ScriptedLink,
)


def seen_from(item_id: str, link: ScriptedLink) -> LinkChange:
    """A link as the item at one of its ends sees it come."""
    inward = link.target == item_id
    other = link.source if inward else link.target
    return LinkChange(kind=link.kind, other=other, inward=inward, added=True)


def event_entry(number: int, event: Event, state: ItemState) -> Entry:
    """The entry of an event, and the state after it."""
    before = {name: getattr(state, name) for name in event.changes}
    changes = tuple(
        FieldChange(field=name, before=before[name], after=after)
        for name, after in event.changes.items()
        if name not in INVISIBLE_FIELDS and before[name] != after and not event.silent
    )
    after = dataclasses.replace(state, **event.changes)  # type: ignore[arg-type]  # checked names
    return Entry(
        id=number,
        at=event.at,
        actor=event.actor,
        changes=changes,
        comment=event.comment,
        state=after,
    )


def link_entry(
    number: int, at: datetime, *, happening: tuple[str, LinkChange], state: ItemState
) -> Entry:
    """The entry of a link that came or went."""
    actor, change = happening
    return Entry(id=number, at=at, actor=actor, link=change, state=state)
