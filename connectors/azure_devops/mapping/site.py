"""What holds for every item of one connection, and what is known of its projects."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, tzinfo
from typing import Final
from urllib.parse import quote

from connectors.azure_devops.rules import Rules, fold
from syncer.domain.ref import ContainerKey, ItemRef

_API: Final = re.compile(r"(?i)(.*)/_apis/wit/workitems/([0-9]{1,18})/?")
_PAGE: Final = re.compile(r"(?i)(.*)/_workitems/edit/([0-9]{1,18})/?")


@dataclass(frozen=True, slots=True)
class Iteration:
    """When an iteration ends; `closed` as of the moment at which it was asked for."""

    end: date | None = None
    closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of one project.

    `states` gives the category by type and state, `named` by state alone where all types agree;
    names are folded. `iterations` are by path, folded.
    """

    states: Mapping[tuple[str, str], str] = field(default_factory=dict)
    named: Mapping[str, str] = field(default_factory=dict)
    iterations: Mapping[str, Iteration] = field(default_factory=dict)

    def category(self, type_name: str, state: str) -> str:
        """Azure DevOps' category of a state, empty where it is not told."""
        key = fold(state)
        return self.states.get((fold(type_name), key)) or self.named.get(key, "")


NOTHING_KNOWN: Final = Known()


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One connection: its name and organisation, its address, and what names mean."""

    connection: str
    organisation: str
    web_url: str
    rules: Rules
    zone: tzinfo | None = None

    @property
    def container(self) -> ContainerKey:
        """The organisation: the one container."""
        return ContainerKey(self.connection, self.organisation)

    def page(self, id_: str, project: str) -> str:
        """The address at which people see an item."""
        return f"{self.web_url}/{quote(project, safe='')}/_workitems/edit/{id_}"

    def ref(self, id_: str) -> ItemRef:
        """The ref of an item of this organisation."""
        return ItemRef(self.connection, id_, key_of(id_))


def key_of(id_: str) -> str:
    """An item as people and commits call it: `AB#12`."""
    return f"AB#{id_}"


def id_in(url: str | None) -> str:
    """The id of the work item to which an address of the API leads; empty for any other."""
    found = _API.fullmatch(url or "")
    return str(int(found[2])) if found and int(found[2]) else ""


def page_of(url: str | None) -> str:
    """The page of an item of another organisation, from the address of either; else empty."""
    found = _API.fullmatch(url or "") or _PAGE.fullmatch(url or "")
    return f"{found[1]}/_workitems/edit/{found[2]}" if found else ""
