"""The few queries that these benches ask, over issues whose numbers, ids and times are in order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from bench.sample_issues import FIRST_ID, Issues

Selection = Sequence[int]
"""Numbers of issues, in order."""

_ORDER: Final = re.compile(r"\s*\border by\b.*$", re.IGNORECASE | re.DOTALL)
_NEWEST_FIRST: Final = re.compile(r"\border by updated desc, id desc\s*$", re.IGNORECASE)
_AND: Final = re.compile(r"\s+and\s+", re.IGNORECASE)
_PROJECT: Final = re.compile(r"project\s*(?:=|in)\s*(.+)", re.IGNORECASE)
_NAMED: Final = re.compile(r"(?:issuekey|key|id|issue)\s*(?:=|in)\s*(.+)", re.IGNORECASE)
_BOUND: Final = re.compile(r"(updated|id)\s*(>=|<=|>|<)\s*(.+)", re.IGNORECASE)
_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")


class BadQuery(ValueError):
    """A query that this site does not understand."""


def selection_of(jql: str, issues: Issues) -> Selection:
    """The issues that a query finds; `BadQuery` for anything but simple conditions and AND."""
    found = _selected(jql, issues)
    return found[::-1] if _NEWEST_FIRST.search(jql) else found


def _selected(jql: str, issues: Issues) -> Selection:
    places = range(issues.total)
    chosen: list[range] | None = None
    for part in _AND.split(_ORDER.sub("", jql).strip("() \t")):
        named, bound, project = _NAMED.fullmatch(part), _BOUND.fullmatch(part), _PROJECT.match(part)
        if project:
            chosen = _of_projects(project[1], issues)
        elif named:
            return _named(named[1], issues)
        elif bound:
            places = _cut(places, bound, issues)
        elif part:
            raise BadQuery(f"not understood: {part}")
    if chosen is None:
        return places
    ranges = [_common(places, one) for one in chosen]
    return ranges[0] if len(ranges) == 1 else [n for one in ranges for n in one]


def _of_projects(names: str, issues: Issues) -> list[range]:
    wanted = set(_NAME.findall(names))
    known = {place.key: place for place in issues.places}
    if not wanted <= {*known}:
        raise BadQuery(f"no such project: {', '.join(sorted(wanted - {*known}))}")
    return [range(p.start, p.stop) for key, p in known.items() if key in wanted]


def _named(names: str, issues: Issues) -> list[int]:
    numbers = [issues.number_of(name) for name in _NAME.findall(names)]
    if None in numbers:
        raise BadQuery("an issue that was named does not exist")
    return sorted(number for number in numbers if number is not None)


def _cut(places: range, bound: re.Match[str], issues: Issues) -> range:
    """The numbers within a bound of ids or of instants in epoch milliseconds."""
    name, sign, text = bound[1].lower(), bound[2], bound[3].strip(" \"'")
    if name == "id":
        at, step, start = int(text), 1, FIRST_ID
    else:
        at, step, start = _epoch_ms(text), 1000, issues.since_ms
    at_least = -((start - at) // step)  # the first number that is not before the bound
    beyond = (at - start) // step + 1
    match sign:
        case ">=":
            return _common(places, range(max(at_least, 0), issues.total))
        case ">":
            return _common(places, range(max(beyond, 0), issues.total))
        case "<=":
            return _common(places, range(max(beyond, 0)))
        case _:
            return _common(places, range(max(at_least, 0)))


def _epoch_ms(text: str) -> int:
    if text.isdecimal():
        return int(text)
    try:
        told = datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        raise BadQuery(f"no instant: {text}") from None
    return int((told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp() * 1000)


def _common(one: range, other: range) -> range:
    return range(max(one.start, other.start), max(min(one.stop, other.stop), 0))
