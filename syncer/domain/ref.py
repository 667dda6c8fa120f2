"""Identities: which work item, which container."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any


class Identified:
    """What has a `uid`, worked out once: a roll-up asks each item for it forty times.

    It is no field, so that it is neither compared nor stored.
    """

    __slots__ = ("uid",)

    uid: str
    """The item's identity as one string: `<connection>:<immutable id>`."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies are made anew from the fields, and work it out themselves."""
        return partial(type(self), **_fields_of(self)), ()


def _fields_of(value: Any) -> dict[str, Any]:  # noqa: ANN401  any dataclass
    return {one.name: getattr(value, one.name) for one in fields(value)}


@dataclass(frozen=True, slots=True)
class ItemRef(Identified):
    """A work item by its connection and the tracker's immutable id.

    The human key changes when an item moves, so it is never part of the identity.
    `locator` (for example `acme/phone#12`) is a hint for trackers that cannot fetch
    by id; it takes no part in equality.
    """

    connection: str
    id: str
    locator: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        """Work the identity out."""
        object.__setattr__(self, "uid", f"{self.connection}:{self.id}")


@dataclass(frozen=True, slots=True, order=True)
class ContainerKey:
    """The unit of syncing at a tracker: a Jira project, a repository, a board."""

    connection: str
    key: str

    def __str__(self) -> str:
        """Render as in the configuration: `jira:NET`."""
        return f"{self.connection}:{self.key}"
