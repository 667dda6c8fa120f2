"""Dates, money, counts and lists in the words of the digest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import Final

from syncer.rollup.display import BEYOND_HORIZON
from syncer.rollup.tolerance import round_half_up

_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NUMBERS: Final = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
_SYMBOLS: Final = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "CHF": "CHF ", "INR": "₹"}
_UNITS: Final = ((1e9, "bn"), (1e6, "m"), (1e3, "k"), (1.0, ""))
_YEAR_NEEDED_DAYS: Final = 330
_STATES: Final = ("Red", "Amber", "not Green", "unknown")
"""With what the short form of a group's reason begins, before the names of its members."""


def day(when: date, *, today: date) -> str:
    """`19 Mar`, with the year where it could be mistaken."""
    return f"{when.day} {_MONTHS[when.month - 1][:3]}{_year(when, today)}"


def long_day(when: date, *, today: date) -> str:
    """`19 March`, with the year where it could be mistaken."""
    return f"{when.day} {_MONTHS[when.month - 1]}{_year(when, today)}"


def _year(when: date, today: date) -> str:
    return f" {when.year}" if abs((when - today).days) > _YEAR_NEEDED_DAYS else ""


def weekday(when: date) -> str:
    """`Thu`."""
    return _WEEKDAYS[when.weekday()][:3]


def deadline(when: date, *, today: date, long: bool = False) -> str:
    """`Thu` within the coming week, else the day: how one says a date that is due."""
    if 0 <= (when - today).days < len(_WEEKDAYS):
        return _WEEKDAYS[when.weekday()] if long else weekday(when)
    return long_day(when, today=today) if long else day(when, today=today)


def span(first: date | None, last: date | None, *, today: date) -> str:
    """Likely to safe date: `16 – 24 Dec`, `26 Mar – 13 Apr`; None is beyond the horizon."""
    if first is None:
        return BEYOND_HORIZON
    if last is None:
        return f"{day(first, today=today)} – {BEYOND_HORIZON}"
    if first == last:
        return day(first, today=today)
    same_month = (first.year, first.month) == (last.year, last.month)
    start = str(first.day) if same_month else day(first, today=today)
    return f"{start} – {day(last, today=today)}"


def moved(before: date, after: date, *, today: date) -> str:
    """`from 8 to 22 January`, `from 19 February to 19 March`."""
    same_month = (before.year, before.month) == (after.year, after.month)
    start = str(before.day) if same_month else long_day(before, today=today)
    return f"from {start} to {long_day(after, today=today)}"


def money(amount: float, currency: str) -> str:
    """`≈ €410k`: three digits where the first is 1, else two; halves up.

    Both roundings err by at most 5 %, far less than the figures they are made from.
    """
    symbol = _SYMBOLS.get(currency, f"{currency} ")
    if amount <= 0:
        return f"{symbol}0"
    digits = _significant(amount)
    step = 10.0 ** (math.floor(math.log10(amount)) - digits + 1)
    rounded = round_half_up(amount / step) * step
    size, unit = next(pair for pair in _UNITS if rounded >= pair[0] or pair[0] == 1.0)
    return f"≈ {symbol}{_plain(rounded / size)}{unit}"


def _significant(amount: float) -> int:
    leading = int(amount / 10.0 ** math.floor(math.log10(amount)))
    return 3 if leading == 1 else 2


def _plain(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")


def one_decimal(number: float) -> str:
    """`4.7`, halves up."""
    return f"{round_half_up(number * 10) / 10:.1f}"


def days(count: int) -> str:
    """`1 day`, `9 days`."""
    return counted(count, "day")


def counted(count: int, noun: str, plural: str = "") -> str:
    """`1 item`, `14 items`."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def spelled(count: int) -> str:
    """`One`, `Two` … `Nine`, then figures."""
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def listed(parts: Sequence[str]) -> str:
    """`Network, Outreach and Regulatory`."""
    if len(parts) < 2:  # noqa: PLR2004 - one has no "and"
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def sentence(text: str) -> str:
    """The text with a capital letter first and a full stop last."""
    text = text.strip()
    if not text:
        return text
    return capital(text) + ("" if text[-1] in ".!?…" else ".")


def capital(text: str) -> str:
    """The text with a capital letter first, unless it begins with a name: `iPhone`, `team-7b`."""
    first = text.split(maxsplit=1)[0] if text.strip() else ""
    is_name = any(c.isupper() or c.isdigit() for c in first)
    return text if is_name else text[:1].upper() + text[1:]


def first_words(text: str, limit: int) -> str:
    """At most this many words, with an ellipsis where some were left off."""
    words = text.split()
    return text if len(words) <= limit else " ".join(words[:limit]).rstrip(",;:.–-") + " …"


def first_sentence(text: str) -> str:
    """The text up to its first full stop that ends a sentence."""
    for mark in (". ", "! ", "? "):
        head, found, _ = text.partition(mark)
        if found and len(head.split()) > 2:  # noqa: PLR2004 - "J. Roth" ends no sentence
            text = head + mark.strip()
    return text


def cut(text: str, limit: int) -> str:
    """At most this many characters, the last an ellipsis where some were left off."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def count_words(text: str) -> int:
    """Tokens that hold a letter or digit: the unit of the digest's budget (section 4.1)."""
    return sum(any(c.isalnum() for c in token) for token in text.split())


def because(reason: str) -> str:
    """A group's reason as part of a sentence: `Network upgrade is Red` for `Red: Network upgrade`.

    Any other reason as it is.
    """
    state, colon, names = reason.partition(": ")
    if not colon or state not in _STATES or ";" in names:
        return reason
    return f"{names} {'are' if ', ' in names else 'is'} {state}"
