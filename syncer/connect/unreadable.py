"""Items that a tracker sent and a connector cannot read: pure."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Final

from pydantic import ValidationError

from syncer.domain.item import Unreadable
from syncer.domain.ref import ItemRef
from syncer.domain.text import clean_line

_LONGEST_ID: Final = 300
_RAW_LIMIT: Final = 100_000
_REASONS: Final = 3


class Unmappable(ValueError):
    """A value of one item cannot be read; the item goes to quarantine, the page goes on.

    The message tells people what was wrong, and of what the tracker sent no more than a beginning.
    """


def unreadable(raw: object, *, connection: str, key: str, reason: str) -> Unreadable:
    """A raw item with the reason, under the id that it tells, else under one made of its content.

    `key` is its human key, as far as it can be told, and its locator.
    """
    text = _as_json(raw)
    told = raw.get("id") if isinstance(raw, dict) else None
    id_ = str(told) if isinstance(told, int | str) and not isinstance(told, bool) else ""
    known = id_ if 0 < len(id_) <= _LONGEST_ID else _made_of(text)
    short = clean_line(key, limit=_LONGEST_ID)
    return Unreadable(
        ref=ItemRef(connection, known, short),
        key=short,
        reason=clean_line(reason),
        raw=text[:_RAW_LIMIT],
    )


def reason_of(error: ValidationError) -> str:
    """Where the shape is wrong and how, without what was sent."""
    faults = error.errors(include_input=False, include_url=False)[:_REASONS]
    return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults)


def _made_of(text: str) -> str:
    return f"unknown-{sha256(text.encode()).hexdigest()[:16]}"


def _as_json(raw: object) -> str:
    try:
        return json.dumps(raw, default=str)
    except RecursionError:
        return "nested too deeply to be kept"
