"""What every connector's `receive` needs: safe reading of a hostile body, and its replies. Pure.

A body is read only after its signature was found right; even then it is a hint from a tracker that
may be broken or bought. Nothing here raises (attacks.md A22 to A25), and no text that it hands on
holds characters that a database or a log would choke on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import msgspec
import orjson
from pydantic_core import from_json

from syncer.connect.escapes import without_lone_surrogates
from syncer.connect.protocol import HookReply, HookRequest
from syncer.domain.ref import ContainerKey, ItemRef

JsonObject = dict[str, Any]
"""A decoded JSON object."""

ACCEPTED: Final = 202
_UNAUTHORISED: Final = 401
_MOST_VALUES: Final = 150_000
"""So many values or escapes take about 50 ms to read; a real delivery holds some hundreds."""

_NAME: Final = re.compile(r"[A-Za-z0-9_.:/-]{1,100}")
_DIGITS: Final = re.compile(r"[0-9]{1,19}")
_UNPRINTABLE: Final = re.compile(r"[^\x20-\x7e]")
_LONGEST_HEADER: Final = 200
_LARGEST_NUMBER: Final = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What a genuine delivery is called: the tracker's id of it and its name of the event."""

    id: str = ""
    event: str = ""


# --- reading --------------------------------------------------------------------------------------


def body_object(request: HookRequest, shape: Any = None) -> JsonObject | None:  # noqa: ANN401  a TypedDict
    """The body as a JSON object; None for anything else, whatever it is.

    Refused are bodies that nest deeply or hold very many values, numbers that are not finite or
    have thousands of digits, and everything that is not UTF-8. Of doubled keys the last one counts,
    which is harmless, since items are fetched anew. Half a surrogate pair becomes U+FFFD.

    `shape` is a `TypedDict` of what is wanted, its values of any type or such dictionaries: of a
    body that has this shape nothing else is in the answer, nor looked at more closely than to find
    its end. A tracker sends whole items of which three words count. Any other body is read whole.
    """
    if len(request.body) > _MOST_VALUES < _values(request.body):
        return None
    found = None if shape is None else _shaped(request.body, shape)
    if found is not None:
        return found
    try:
        value = _read(request.body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _shaped(body: bytes, shape: Any) -> JsonObject | None:  # noqa: ANN401  a TypedDict
    try:
        found: JsonObject = _decoder(shape).decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return found


@lru_cache(maxsize=16)
def _decoder(shape: Any) -> msgspec.json.Decoder[Any]:  # noqa: ANN401  a TypedDict
    return msgspec.json.Decoder(shape)


def _read(body: bytes) -> object:
    """The JSON; read patiently only where the fast reader refuses it, as it does an escaped half.

    A tracker waits meanwhile. `ValueError` for what is no JSON.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return from_json(without_lone_surrogates(body), allow_inf_nan=False)


def member(body: JsonObject, *path: str) -> JsonObject:
    """The object at a path of keys; an empty one where there is none."""
    value: object = body
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def name_of(value: object) -> str:
    """A tracker's name of an event or action, if it looks like one; else empty.

    Letters, digits and `_.:/-`, at most 100: it is stored, logged and shown.
    """
    return value if isinstance(value, str) and _NAME.fullmatch(value) else ""


def number_of(value: object) -> str:
    """An immutable numeric id, given as a number or as digits, in its shortest form; else empty."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return ""
    return str(value) if 0 < value <= _LARGEST_NUMBER else ""


def header(request: HookRequest, name: str) -> str:
    """A header's value (name in lower case) without what is not printable ASCII, cut to 200."""
    return _UNPRINTABLE.sub("", request.headers.get(name, ""))[:_LONGEST_HEADER]


def _values(body: bytes) -> int:
    """How many values and escapes the JSON may hold at most; marks within texts count too."""
    return sum(body.count(mark) for mark in (b",", b"[", b"{", b"\\"))


# --- replies --------------------------------------------------------------------------------------


def refused() -> HookReply:
    """No or a wrong signature: the same answer for all of them, and nothing is kept."""
    return HookReply(status=_UNAUTHORISED)


def ignored(received: Received, why: str) -> HookReply:
    """A genuine delivery that concerns no work item."""
    return HookReply(status=ACCEPTED, delivery_id=received.id, event=received.event, ignored=why)


def unreadable(received: Received, why: str) -> HookReply:
    """A genuine delivery that should concern a work item but has not the promised shape."""
    return HookReply(status=ACCEPTED, delivery_id=received.id, event=received.event, unreadable=why)


def touched(
    received: Received,
    *,
    refs: Sequence[ItemRef] = (),
    deleted: Sequence[ItemRef] = (),
    containers: Sequence[ContainerKey] = (),
) -> HookReply:
    """A genuine delivery that concerns these items and containers; `deleted` are refs too."""
    return HookReply(
        status=ACCEPTED,
        delivery_id=received.id,
        event=received.event,
        refs=tuple(dict.fromkeys((*refs, *deleted))),
        deleted=tuple(dict.fromkeys(deleted)),
        containers=tuple(dict.fromkeys(containers)),
    )
