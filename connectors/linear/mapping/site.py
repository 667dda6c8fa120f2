"""What holds for every item of one connection, and what ids and keys of Linear look like."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from connectors.linear.rules import Rules
from syncer.domain.ref import ItemRef

_ID: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,63}")
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_IDENTIFIER: Final = re.compile(r"[A-Z0-9]{1,16}-[1-9][0-9]{0,9}")
_KEY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


class Kind(StrEnum):
    """What an item is at Linear."""

    ISSUE = "issue"
    PROJECT = "project"
    INITIATIVE = "initiative"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One connection: its name, where people see it, and what names mean."""

    connection: str
    web_url: str
    rules: Rules

    def ref(self, id_: str, locator: str) -> ItemRef:
        """A ref of this connection."""
        return ItemRef(self.connection, id_, locator)

    def url(self, told: str | None, workspace: str, key: str) -> str:
        """The page of an item: as told if it is one of this site, else made up."""
        if told and told.startswith(f"{self.web_url}/") and told.isprintable():
            return told
        return f"{self.web_url}/{workspace}/{'' if '/' in key else 'issue/'}{key}"


def is_id(text: object) -> bool:
    """Whether a text may be an id of Linear's, which are UUIDs."""
    return isinstance(text, str) and bool(_ID.fullmatch(text))


def is_uuid(text: str) -> bool:
    """Whether it is an id as Linear gives them."""
    return bool(_UUID.fullmatch(text))


def is_key(text: object) -> bool:
    """Whether a text may be the key of a team or a workspace."""
    return isinstance(text, str) and bool(_KEY.fullmatch(text))


def key_of(kind: Kind, slug: str) -> str:
    """What people call a project or an initiative here: Linear has no keys for them."""
    return f"{kind}/{slug}"


def kind_at(locator: str) -> Kind | None:
    """What a locator leads to, None if it tells nothing."""
    if _IDENTIFIER.fullmatch(locator):
        return Kind.ISSUE
    kind = locator.partition("/")[0]
    return Kind(kind) if kind in (Kind.PROJECT, Kind.INITIATIVE) else None
