"""Identities: which work item, which container."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ItemRef:
    """A work item by its connection and the tracker's immutable id.

    The human key changes when an item moves, so it is never part of the identity.
    `locator` (for example `acme/phone#12`) is a hint for trackers that cannot fetch
    by id; it takes no part in equality.
    """

    connection: str
    id: str
    locator: str = field(default="", compare=False)

    @property
    def uid(self) -> str:
        """The item's identity as one string: `<connection>:<immutable id>`."""
        return f"{self.connection}:{self.id}"


@dataclass(frozen=True, slots=True, order=True)
class ContainerKey:
    """The unit of syncing at a tracker: a Jira project, a repository, a board."""

    connection: str
    key: str

    def __str__(self) -> str:
        """Render as in the configuration: `jira:NET`."""
        return f"{self.connection}:{self.key}"
