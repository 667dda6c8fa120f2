"""What holds for every item of one connection, and what is known of its labels and statuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from connectors.gitlab.mapping.place import Place, place_of_page
from connectors.gitlab.mapping.told import Neighbour
from connectors.gitlab.rules import Rules
from syncer.domain.addresses import by_address
from syncer.domain.ref import ItemRef

_GID = "gid://gitlab/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One connection: its name, where people see items, and what names mean."""

    connection: str
    web_url: str
    rules: Rules

    @property
    def root(self) -> str:
        """The path below which the site lives, empty for most."""
        return urlsplit(self.web_url).path.rstrip("/")

    def place(self, url: str | None) -> Place | None:
        """The place whose page an address is; None if it is no item's."""
        return place_of_page(url, self.root)

    def url(self, place: Place, told: str | None = None) -> str:
        """The page of an item: as told if it is that item's page on this site, else made up."""
        ours = told is not None and told.startswith(f"{self.web_url}/")
        page = self.place(told) if ours else None
        if told and page and (page.path, page.number) == (place.path, place.number):
            return told
        return f"{self.web_url}/{place.page}"

    def ref(self, other: Neighbour) -> ItemRef:
        """A ref by id, else by address: an epic of the REST API does not tell its work item."""
        if other.id:
            return ItemRef(self.connection, other.id, other.locator)
        return by_address(other.url or (self.url(other.place) if other.place else ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What other answers told: labels by number, milestones by number, categories by status.

    Names of statuses are folded, categories GitLab's own words.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)


NOTHING_KNOWN = Known()


def number_of(gid: str | int | None) -> str:
    """The number at the end of a global id such as `gid://gitlab/WorkItem/12`; empty for others."""
    text = str(gid) if gid is not None else ""
    number = text.rpartition("/")[2] if text.startswith(_GID) else text
    return number if number.isascii() and number.isdigit() else ""
