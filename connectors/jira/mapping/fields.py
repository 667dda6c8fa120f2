"""Custom fields, whose values come in every shape."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

from connectors.jira.mapping.adf import plain_text
from syncer.connect.unreadable import Unmappable
from syncer.domain.text import clean_line

Raw = Mapping[str, Any]
_TEXT_KEYS: Final = ("value", "name", "displayName", "key", "id")
_DEEPEST: Final = 5
_NO: Final = frozenset({"", "no", "false", "0", "none", "nein", "non"})


def first_value(fields: Raw, ids: Iterable[str]) -> Any:  # noqa: ANN401  a field holds anything
    """The first value that is there, in the order of the ids; None if there is none."""
    for one in ids:
        value = fields.get(one)
        if value not in (None, "", [], {}):
            return value
    return None


def as_text(value: object, *, depth: int = 0) -> str:
    """What people see of a value of any shape; lists are joined by commas.

    What lies deeper than a few levels is nothing that people see.
    """
    if depth > _DEEPEST:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str | int | float):
        return clean_line(str(value))
    if isinstance(value, list):
        return ", ".join(filter(None, (as_text(one, depth=depth + 1) for one in value)))
    return _of_object(value, depth + 1) if isinstance(value, dict) else ""


def _of_object(value: Raw, depth: int) -> str:
    if value.get("type") == "doc":
        return clean_line(plain_text(value))
    told = (value[key] for key in _TEXT_KEYS if value.get(key) is not None)
    own = as_text(next(told, None), depth=depth)
    child = value.get("child")  # the second half of a cascading select
    return f"{own} / {as_text(child, depth=depth)}" if child else own


def as_number(value: object) -> float | None:
    """A finite number of at least zero, None where there is none; `Unmappable` otherwise."""
    if value is None or value == "":
        return None
    try:
        number = float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number) or number < 0:
        raise Unmappable(f"{str(value)[:40]!r} is no amount")
    return number


def as_date_text(value: object) -> str | None:
    """The text of a date field, None where it is empty; `Unmappable` if it holds no text."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    raise Unmappable(f"{str(value)[:40]!r} is no date")


def is_yes(value: object) -> bool:
    """Whether a value of any shape means yes."""
    return as_text(value).casefold() not in _NO
