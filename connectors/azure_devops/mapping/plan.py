"""Dates, tags and what else is planned of an item, from its fields."""

from __future__ import annotations

from datetime import date, tzinfo
from typing import Final

from connectors.azure_devops.mapping import fields
from connectors.azure_devops.mapping.fields import Values
from connectors.azure_devops.mapping.times import civil_date
from syncer.domain.text import clean_line

_YES: Final = frozenset({"yes", "true", "1"})
_MOST_TAGS: Final = 200
"""Azure DevOps allows 100 tags for an item."""


def due_of(values: Values, zone: tzinfo | None) -> date | None:
    """The target date, else the due date, else the finish date."""
    dates = (civil_date(values.get(name), zone) for name in fields.DUE)
    return next((day for day in dates if day is not None), None)


def start_of(values: Values, zone: tzinfo | None) -> date | None:
    """The start date."""
    return civil_date(values.get(fields.START), zone)


def tags_of(values: Values) -> tuple[str, ...]:
    """The tags, which come as one text between semicolons; none where it is no text."""
    told = values.get(fields.TAGS)
    parts = told.split(";", _MOST_TAGS)[:_MOST_TAGS] if isinstance(told, str) else ()
    return tuple(dict.fromkeys(filter(None, (clean_line(one) for one in parts))))


def is_blocked(values: Values) -> bool:
    """Whether the field says so that CMMI and many inherited processes have."""
    return fields.shown(values.get(fields.BLOCKED)).casefold() in _YES


def iteration_of(path: str) -> str:
    """An iteration as people call it: its path below the project; empty for the project itself."""
    return path.strip("\\").partition("\\")[2].replace("\\", "/")


def area_of(path: str) -> str:
    """An area path as selectors write it: `Corp/Network/RAN`."""
    return path.strip("\\").replace("\\", "/")
