"""What each delivery brought about, noted by the database itself in the transaction that did it.

An effect is one of three: a delivery was kept, a delivery was finished, a state of an item was
stored. Triggers note each, so that an effect that was applied twice is seen though the second time
changes nothing any more, and one that was undone by a crash is not seen at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import text

from syncer.store.engine import Store


class Sort(StrEnum):
    """What happened."""

    KEPT = "kept"
    FINISHED = "finished"
    STORED = "stored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a trigger noted.

    The subject is a delivery's id, or an item's uid; of an item there are also the tracker's time
    of its last change and a digest of its state.
    """

    sort: Sort
    subject: str
    changed_at: str = ""
    digest: str = ""


_NOTE: Final = (
    "INSERT INTO kill_effects (sort, subject, changed_at, digest) "
    "VALUES ('{sort}', {subject}, {changed_at}, {digest});"
)
_OF_DELIVERY: Final = {"subject": "NEW.delivery_id", "changed_at": "''", "digest": "''"}
_OF_ITEM: Final = {
    "subject": "NEW.uid",
    "changed_at": "CAST(NEW.updated_at AS text)",
    "digest": "NEW.state || ' ' || NEW.digest",
}
_KEPT: Final = _NOTE.format(sort=Sort.KEPT, **_OF_DELIVERY)
_FINISHED: Final = _NOTE.format(sort=Sort.FINISHED, **_OF_DELIVERY)
_STORED: Final = _NOTE.format(sort=Sort.STORED, **_OF_ITEM)
_WHEN: Final = {
    "kill_kept": ("AFTER INSERT ON inbox", "", _KEPT),
    "kill_finished": (
        "AFTER UPDATE ON inbox",
        "WHEN (OLD.state <> 'done' AND NEW.state = 'done')",
        _FINISHED,
    ),
    "kill_new": ("AFTER INSERT ON items", "", _STORED),
    "kill_changed": ("AFTER UPDATE ON items", "", _STORED),
}


async def note_effects(store: Store) -> None:
    """Let the database note effects from now on."""
    number = "INTEGER PRIMARY KEY" if store.is_sqlite else "BIGSERIAL PRIMARY KEY"
    columns = "sort TEXT, subject TEXT, changed_at TEXT, digest TEXT"
    table = f"CREATE TABLE kill_effects (id {number}, {columns})"
    async with store.write() as session:
        await session.execute(text(table))
        for name, (event, when, note) in _WHEN.items():
            for statement in _trigger(name, event, when, note, sqlite=store.is_sqlite):
                await session.execute(text(statement))


def _trigger(name: str, event: str, when: str, note: str, *, sqlite: bool) -> Sequence[str]:
    if sqlite:
        return [f"CREATE TRIGGER {name} {event} FOR EACH ROW {when} BEGIN {note} END"]
    body = f"BEGIN {note} RETURN NULL; END"
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $note$ {body} $note$",
        f"CREATE TRIGGER {name} {event} FOR EACH ROW {when} EXECUTE FUNCTION {name}()",
    ]


async def load_effects(store: Store) -> list[Effect]:
    """All that was noted; what concerns one subject in the order in which it happened."""
    asked = "SELECT sort, subject, changed_at, digest FROM kill_effects ORDER BY id"
    async with store.read() as session:
        rows = (await session.execute(text(asked))).all()
    return [
        Effect(sort=Sort(row[0]), subject=row[1], changed_at=row[2], digest=row[3]) for row in rows
    ]
