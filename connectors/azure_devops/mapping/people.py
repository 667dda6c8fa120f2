"""People and services. Their id is the unique name: that is what people know of each other.

Older servers and the history write an identity as text: `Kim Lee <kim@example.com>`.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from connectors.azure_devops.wire import Identity
from syncer.domain.item import Account
from syncer.domain.text import clean_line

_ID_LIMIT: Final = 255
_TEXT: Final = re.compile(r"([^<>]{0,255}?)\s*<([^<>]{1,255})>")
_SERVICES: Final = ("svc.", "s2s.", "aadsp.", "agt.")
"""Begins of descriptors that no person has: services, service principals, agent pools."""

_BUILD: Final = re.compile(r".*\bBuild Service \(.*\)|Microsoft\..*|Azure (?:Boards|DevOps).*")


def identity_of(value: object) -> Identity | None:
    """The identity that a field holds; None for none and for what cannot be one."""
    if isinstance(value, str):
        return _of_text(value)
    if not isinstance(value, dict):
        return None
    try:
        return msgspec.convert(value, Identity)
    except msgspec.ValidationError:
        return None


def _of_text(value: str) -> Identity | None:
    found = _TEXT.fullmatch(value.strip())
    if found:
        return Identity(display_name=found[1] or found[2], unique_name=found[2])
    return Identity(display_name=value, unique_name=value) if value.strip() else None


def account_id(who: Identity | None) -> str:
    """The unique name on one line, else the identity's own id; empty for nobody."""
    if who is None:
        return ""
    told = who.unique_name or who.id or who.display_name or ""
    return clean_line(told, limit=_ID_LIMIT).casefold()


def account(value: object, connection: str) -> Account | None:
    """The account that a field holds, None for nobody."""
    who = value if isinstance(value, Identity) else identity_of(value)
    id_ = account_id(who)
    if who is None or not id_:
        return None
    name = clean_line(who.display_name or id_) or id_
    return Account(connection=connection, id=id_, name=name, bot=is_bot(who))


def is_bot(who: Identity | None) -> bool:
    """Whether a change by this account is no sign of human care."""
    if who is None:
        return False
    if (who.descriptor or "").startswith(_SERVICES):
        return True
    return _BUILD.fullmatch(who.display_name or "") is not None
