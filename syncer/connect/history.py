"""Changes as the histories of several trackers tell them alike: pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final, Protocol

from msgspec import structs

from syncer.domain.change import Change, ChangeField

TEXT_LIMIT: Final = 300
"""Characters of what people saw of a value."""

VALUE_LIMIT: Final = 8000
"""Characters of a canonical value; a longer one cannot be read."""

Values = tuple[ChangeField, str | None, str | None, str, str]
"""A field, its canonical values before and after, and what people saw of them."""


class Entry(Protocol):
    """Who changed something, and when."""

    @property
    def id(self) -> str:
        """The entry's own id, the same whenever it is told."""
        ...

    @property
    def at(self) -> datetime:
        """The instant, in UTC."""
        ...

    @property
    def actor(self) -> str:
        """The account's id, empty where it is not told."""
        ...

    @property
    def by_bot(self) -> bool:
        """Whether no person did it."""
        ...


def change_of(entry: Entry, values: Values) -> Change:
    """One property that an entry changed; what people saw is cut to `TEXT_LIMIT`."""
    field, before, after, before_text, after_text = values
    return Change(
        id=entry.id,
        at=entry.at,
        field=field,
        before=None if before is None else str(before),
        after=None if after is None else str(after),
        before_text=before_text[:TEXT_LIMIT],
        after_text=after_text[:TEXT_LIMIT],
        actor=entry.actor,
        by_bot=entry.by_bot,
    )


def joined(names: Iterable[str]) -> str | None:
    """The names in order, None for none and for more than anybody could read."""
    every = ",".join(sorted(name for name in names if name))
    return every if 0 < len(every) <= VALUE_LIMIT else None


def numbered(changes: Iterable[Change], *, mark: str = "~") -> Iterator[Change]:
    """The changes with ids that are unique by field, as those of two links of one entry are not.

    The later ones get a number after `mark`. Ids are stored, so a connector keeps to its mark.
    """
    seen: dict[tuple[str, ChangeField], int] = {}
    for change in changes:
        count = seen[change.id, change.field] = seen.get((change.id, change.field), 0) + 1
        yield change if count == 1 else structs.replace(change, id=f"{change.id}{mark}{count}")
