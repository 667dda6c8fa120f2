"""Cells to values: days, instants, numbers, lists, yes and no. Pure."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Final

from connectors.csv_file.rules import Rules, fold
from syncer.connect.unreadable import Unmappable

_LISTED: Final = re.compile(r"[,;\n]")
_NUMBER: Final = re.compile(r"-?\d+(?:[.,]\d+)?")


def day(text: str, *, rules: Rules) -> date | None:
    """The day of a cell; None for an empty one.

    ISO 8601, or one of the configured formats. 03/04/2026 is two days, depending on who reads it,
    and so it is refused until a format is configured.
    """
    if not text:
        return None
    for wording in rules.date_formats:
        try:
            return datetime.strptime(text, wording).date()  # noqa: DTZ007  a day has no zone
        except ValueError:
            continue
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Unmappable(
            f"{text[:40]!r} is no date such as 2026-11-23 (set date_formats for others)"
        ) from None
    return at.date() if at.tzinfo is None else at.astimezone(rules.zone).date()


def instant(text: str, *, rules: Rules) -> datetime | None:
    """The instant (UTC) of a cell: a time, or the first moment of a day in the sheet's zone."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = _of_format(text, rules=rules)
    local = at if at.tzinfo is not None else at.replace(tzinfo=rules.zone)
    try:
        return local.astimezone(UTC)
    except OverflowError:
        raise Unmappable(f"{text[:40]!r} lies beyond the calendar") from None


def _of_format(text: str, *, rules: Rules) -> datetime:
    for wording in rules.date_formats:
        try:
            return datetime.strptime(text, wording)  # noqa: DTZ007  the caller adds the zone
        except ValueError:
            continue
    on = day(text, rules=rules)
    assert on is not None, "the text is not empty"  # noqa: S101  checked by the caller
    return datetime.combine(on, time())


def number(text: str) -> float | None:
    """The number of a cell, with a point or a comma; None for an empty one."""
    if not text:
        return None
    if _NUMBER.fullmatch(text) is None:
        raise Unmappable(f"{text[:40]!r} is no number")
    return float(text.replace(",", "."))


def listed(text: str) -> tuple[str, ...]:
    """What a cell lists between commas, semicolons or line ends; each once, in its order."""
    parts = (part.strip() for part in _LISTED.split(text))
    return tuple(dict.fromkeys(part for part in parts if part))


def is_yes(text: str, *, rules: Rules, otherwise: bool) -> bool:
    """Whether a cell says yes; an empty one says no, and what is neither counts as `otherwise`."""
    said = fold(text)
    if not said or said in rules.no:
        return False
    return True if said in rules.yes else otherwise
