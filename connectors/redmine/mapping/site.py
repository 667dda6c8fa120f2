"""What holds for every issue of one connection, and what is known beside the issues: pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from connectors.redmine.rules import Rules
from connectors.redmine.wire import Status
from syncer.domain.item import Version
from syncer.domain.ref import ItemRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One connection: its name, where people see issues, and what names mean."""

    connection: str
    web_url: str
    rules: Rules

    def ref(self, number: int | str) -> ItemRef:
        """The ref of an issue; its number is its id, its key, and never another's."""
        return ItemRef(self.connection, str(number), key_of(number))

    def url(self, number: int | str) -> str:
        """The page of an issue."""
        return f"{self.web_url}/issues/{number}"


def key_of(number: int | str) -> str:
    """What people call an issue: `#12`."""
    return f"#{number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What other answers told, by Redmine's numbers.

    `priorities` are the numbers of all of them, the lowest first; `containers` the identifiers of
    projects; `trackers` the names of the trackers of issues that others lie below; `versions` those
    that the project may use.
    """

    statuses: Mapping[str, Status] = field(default_factory=dict)
    priorities: tuple[str, ...] = ()
    containers: Mapping[int, str] = field(default_factory=dict)
    trackers: Mapping[int, str] = field(default_factory=dict)
    versions: Mapping[str, Version] = field(default_factory=dict)


NOTHING_KNOWN = Known()
