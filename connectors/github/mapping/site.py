"""What holds for every issue of one connection."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.github.mapping.detail import Neighbour
from connectors.github.rules import Rules
from syncer.domain.addresses import by_address
from syncer.domain.ref import ItemRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One connection: its name, where people see issues, and what names mean."""

    connection: str
    web_url: str
    rules: Rules

    def url(self, neighbour: Neighbour) -> str:
        """The page of an issue."""
        return f"{self.web_url}/{neighbour.repository}/issues/{neighbour.number}"

    def ref(self, neighbour: Neighbour) -> ItemRef:
        """A ref by id, else by address: an issue known by its number only has no id yet."""
        if neighbour.id:
            return ItemRef(self.connection, neighbour.id, neighbour.locator)
        return by_address(self.url(neighbour))

    def uid(self, neighbour: Neighbour) -> str:
        """The issue's identity as one string, its locator in place of an unknown id."""
        return f"{self.connection}:{neighbour.id or neighbour.locator}"
