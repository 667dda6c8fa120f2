"""Answers read by the shapes that we need of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar

import msgspec

from connectors.jira.wire import Wire
from syncer.errors import BadPayload

T = TypeVar("T", bound=Wire)

_NUMBERS: Final = frozenset({
    "total", "hierarchyLevel", "versionNumbers", "created", "timeoriginalestimate",
})  # fmt: skip
"""What Jira sends as numbers, and we read as such."""

_DEEPEST: Final = 12
"""No shape of ours lies deeper in an answer."""

Version = tuple[str, str]
"""Which state of which issue: its id, and when it last changed, as the tracker tells it."""


def read(model: type[T], value: object, label: str) -> T:
    """The value as a model; `BadPayload` says where it has another shape."""
    try:
        return shaped(model, value)
    except msgspec.ValidationError as error:
        raise BadPayload(
            f"{label} has another shape than promised: {error}.",
            fix="If it stays so, report it: Jira may have changed its answers.",
        ) from None


def each(model: type[T], value: object, label: str) -> list[T]:
    """Every entry that can be read; one odd entry must not cost a whole table."""
    return [one for raw in list_of(value, label) for one in _readable(model, raw)]


def shaped(model: type[T], value: object) -> T:
    """The value as a model; `msgspec.ValidationError` where its shape is another.

    Some Jiras send numbers where others send texts, such as ids: they are read as texts, after a
    first look that does without.
    """
    try:
        return msgspec.convert(value, model)
    except msgspec.ValidationError:
        return msgspec.convert(_with_texts(value), model)


def _with_texts(value: object, depth: int = 0) -> object:
    """The value with texts for all numbers that we do not read as numbers."""
    if depth > _DEEPEST or isinstance(value, bool):
        return value
    if isinstance(value, dict):
        return {
            name: one if name in _NUMBERS else _with_texts(one, depth + 1)
            for name, one in value.items()
        }
    if isinstance(value, list):
        return [_with_texts(one, depth + 1) for one in value]
    return str(value) if isinstance(value, int | float) else value


def list_of(value: object, label: str) -> list[Any]:
    """The value as a list; `BadPayload` if it is none."""
    if isinstance(value, list):
        return value
    raise BadPayload(f"{label} did not send a list where it promised one.")


def is_object(value: object) -> bool:
    """Whether the value is a JSON object."""
    return isinstance(value, dict)


def is_all(page: Mapping[str, Any], held: int) -> bool:
    """Whether so many entries are all that the page's total promises; false without a total."""
    total = page.get("total")
    return isinstance(total, int) and held >= total


def as_query(body: Mapping[str, Any]) -> dict[str, str]:
    """A body's values as parameters of an address."""
    return {k: ",".join(v) if isinstance(v, list) else str(v) for k, v in body.items()}


def _readable(model: type[T], raw: object) -> Iterable[T]:
    try:
        yield shaped(model, raw)
    except msgspec.ValidationError:
        return
