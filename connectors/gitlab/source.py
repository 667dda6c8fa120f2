"""What both ways of reading GitLab have in common."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Protocol, TypeVar

import msgspec

from connectors.gitlab.client import Found, Kind
from connectors.gitlab.mapping.place import Place
from connectors.gitlab.mapping.told import Told
from syncer.connect.unreadable import Unmappable, unreadable
from syncer.connect.walk import Position
from syncer.domain.item import ItemRecord, Unreadable
from syncer.domain.ref import ItemRef
from syncer.errors import Rejected

ABSENT: Final = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
"""What GitLab answers for what is not there, not licensed, or not for this account."""

LABELS: Final = "labels"

T = TypeVar("T")


class NoGraphQL(Exception):
    """This GitLab cannot answer our queries: it is read over REST instead."""


@dataclass(frozen=True, slots=True)
class Box:
    """A container by its full path, and what it is."""

    path: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Records:
    """What became of raw rows. `missing` names details that GitLab refused.

    `moved` are the items that have become another one elsewhere, each with where.
    """

    records: tuple[ItemRecord, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    missing: tuple[str, ...] = ()
    moved: tuple[Told, ...] = ()


class Source(Protocol):
    """One way of reading GitLab."""

    async def page(self, box: Box, position: Position, size: int) -> Found:
        """A page of what changed in a container, oldest change first."""
        ...

    async def records(self, box: Box, rows: Sequence[Any]) -> Records:
        """The rows with their details as records."""
        ...

    def inventory(self, box: Box) -> AsyncIterator[tuple[str, Place]]:
        """Every item of a container that has not moved away: its id and place."""
        ...


def each(
    rows: Iterable[Any], read: Callable[[Any], T], *, connection: str
) -> tuple[list[tuple[Any, T]], list[Unreadable]]:
    """What could be read of each row, beside the row, and the rows that could not."""
    found, broken = [], []
    for row in rows:
        try:
            found.append((row, read(row)))
        except (msgspec.ValidationError, Unmappable) as error:  # neither tells what was sent
            broken.append(
                unreadable(_numbered(row), connection=connection, key=_key(row), reason=str(error))
            )
    return found, broken


def hidden(path: str) -> Rejected:
    """A container that GitLab does not show."""
    return Rejected(
        f"GitLab shows no project or group {path!r} to this account.",
        status=HTTPStatus.NOT_FOUND,
        fix="Correct the path, or make the account a member of it.",
    )


def ref_of(connection: str, id_: str, place: Place) -> ItemRef:
    """The ref of an item at a place."""
    return ItemRef(connection, id_, place.locator)


def _numbered(row: Any) -> Any:  # noqa: ANN401  as sent
    """The row under the number of its work item: that is what it is called when it can be read."""
    if not isinstance(row, dict) or not isinstance(row.get("id"), str):
        return row
    return {**row, "id": row["id"].rpartition("/")[2]}


def _key(row: Any) -> str:  # noqa: ANN401  as sent
    references = row.get("references") if isinstance(row, dict) else None
    full = references.get("full") if isinstance(references, dict) else None
    return full if isinstance(full, str) else ""
