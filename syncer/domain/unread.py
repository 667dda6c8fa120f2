"""What a tracker no longer shows of an item: its last value stays, with the day it is from.

A field that was renamed, removed or given another type is not an empty field: nobody has emptied
it (reliability.md section 3, row 47).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from syncer.domain.item import WorkItem

MUST_HAVE: Final = "must_have"
CUSTOMERS: Final = "customers"
_CUSTOM: Final = "custom."


def custom_name(name: str) -> str:
    """How a configured custom field is called in `WorkItem.unread`."""
    return f"{_CUSTOM}{name}"


def with_last_values(item: WorkItem, before: WorkItem, *, read_at: datetime) -> WorkItem:
    """The item with the values that `before` has of what the tracker does not show any more.

    `read_at` (UTC) is the instant at which `before` was stored: its values are from then, unless
    they had been kept already. What `before` does not know either stays unknown, without an
    instant. Other values, those that the item brings itself included, stay as they are.
    """
    kept = {name: _kept_from(name, before, read_at) for name in item.unread}
    return replace(
        item,
        unread=kept,
        must_have=item.must_have or (MUST_HAVE in kept and before.must_have),
        customers=tuple(dict.fromkeys((*item.customers, *_customers(kept, before)))),
        custom={**_customs(kept, before), **item.custom},
    )


def _kept_from(name: str, before: WorkItem, read_at: datetime) -> datetime | None:
    if name in before.unread:
        return before.unread[name]
    known = {MUST_HAVE: before.must_have, CUSTOMERS: bool(before.customers)}
    is_known = known.get(name, name.removeprefix(_CUSTOM) in before.custom)
    return read_at if is_known else None


def _customers(kept: Mapping[str, datetime | None], before: WorkItem) -> tuple[str, ...]:
    return before.customers if CUSTOMERS in kept else ()


def _customs(kept: Mapping[str, datetime | None], before: WorkItem) -> dict[str, str]:
    return {name: text for name, text in before.custom.items() if custom_name(name) in kept}
