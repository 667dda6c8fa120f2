"""The sprint field: objects on Cloud, on Data Center lines that a program printed for itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from connectors.jira.shapes import shaped
from connectors.jira.wire import SprintWire

_LONGEST: Final = 5000
_PRINTED: Final = re.compile(r"com\.atlassian\.greenhopper\.service\.sprint\.Sprint@\w{1,40}\[")
_NAMES: Final = re.compile(
    r"(?:^|,)(id|rapidViewId|state|name|startDate|endDate|completeDate|activatedDate|sequence|goal"
    r"|autoStartStop|synced|incompleteIssuesDestinationId)="
)
_NOTHING: Final = "<null>"


def sprints_of(value: object) -> Iterator[SprintWire]:
    """The sprints that a field's value tells, in its order; what tells none is left out.

    Of `…Sprint@1f[id=7,state=CLOSED,name=A, b,endDate=…]` a name may hold commas: the first
    occurrence of each key counts, since a name's own words come after the id and before the dates.
    """
    for one in value if isinstance(value, list) else ():
        if isinstance(one, dict):
            yield shaped(SprintWire, one)
        elif isinstance(one, str) and (begin := _PRINTED.match(one)):
            yield shaped(SprintWire, _printed(one[begin.end() : _LONGEST]))


def _printed(text: str) -> dict[str, str]:
    inside = text.rpartition("]")[0] or text
    marks = list(_NAMES.finditer(inside))
    ends = [mark.start() for mark in marks[1:]] + [len(inside)]
    told: dict[str, str] = {}
    for mark, end in zip(marks, ends, strict=True):
        value = inside[mark.end() : end]
        if value != _NOTHING:
            told.setdefault(mark[1], value)
    return told | {"state": told.get("state", "").lower()}
