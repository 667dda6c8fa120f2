"""The canonical value of one side of a change (see `syncer.domain.change.ChangeField`).

A side that cannot be read is None with its text kept: an odd entry of the past must not cost the
issue.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Final, NamedTuple

from connectors.jira.mapping.fields import as_number
from connectors.jira.mapping.links import edge_of_text
from connectors.jira.mapping.site import Site
from connectors.jira.mapping.status import category_of, resolution_kind
from connectors.jira.mapping.times import day
from connectors.jira.rules import fold
from connectors.jira.wire import Named
from syncer.connect.unreadable import Unmappable
from syncer.domain.change import ChangeField
from syncer.domain.item import ResolutionKind, StatusCategory
from syncer.domain.text import clean_line

TEXT_LIMIT: Final = 300
VALUE_LIMIT: Final = 8000
"""Characters of a canonical value; a longer one cannot be read."""

_SECONDS_AN_HOUR: Final = 3600


class Side(NamedTuple):
    """One side of a change: the raw value, what people saw, the resolution in force."""

    raw: str
    text: str
    resolved: ResolutionKind | None = None


class Canonical:
    """Reads the sides of one issue's changes.

    `hours` says that estimates are Jira's own, in seconds; `ids` tells the ids of known keys.
    """

    def __init__(self, site: Site, *, hours: bool, ids: Mapping[str, str]) -> None:
        self._site = site
        self._hours = hours
        self._ids = ids

    def value(self, kind: ChangeField, side: Side) -> str | None:
        """The canonical value of one side, None where it is empty or cannot be read."""
        try:
            value = self._READERS.get(kind, _text)(self, side)
        except Unmappable:
            return None
        return value if value is None or len(value) <= VALUE_LIMIT else None

    def _assignee(self, side: Side) -> str | None:
        return side.raw or None

    def _parent(self, side: Side) -> str | None:
        return self._uid(side.raw, side.text)

    def _labels(self, side: Side) -> str | None:
        return ",".join(sorted(side.text.split())) or None

    def _sprint(self, side: Side) -> str | None:
        return side.raw.replace(" ", "") or None

    def _flag(self, side: Side) -> str | None:
        return "1" if side.raw or side.text else None

    def _nothing(self, _: Side) -> str | None:
        return None

    def _category(self, side: Side) -> str | None:
        if not side.raw and not side.text:
            return None
        base = self._site.categories.get(side.raw) or self._site.named_categories.get(
            fold(side.text), StatusCategory.UNKNOWN
        )
        return category_of(
            base,
            rules=self._site.rules,
            status_id=side.raw,
            status_name=side.text,
            resolution=side.resolved,
        ).value

    def _resolution(self, side: Side) -> str | None:
        kind = resolution_kind(Named(id=side.raw, name=side.text), self._site.rules)
        return None if kind is None else kind.value

    def _day(self, side: Side) -> str | None:
        value = (side.raw or side.text).split(" ", 1)[0]
        return day(value, self._site.zone).isoformat() if value else None

    def _estimate(self, side: Side) -> str | None:
        amount = as_number(side.raw or side.text)
        if amount is None:
            return None
        return f"{amount / _SECONDS_AN_HOUR if self._hours else amount:g}"

    def _priority(self, side: Side) -> str | None:
        rank = self._site.priorities.get(side.raw)
        return None if rank is None else str(rank)

    def _uid(self, id_: str, key: str) -> str | None:
        known = id_ or self._ids.get(key) or key
        return f"{self._site.connection}:{known}" if known else None

    def _link(self, side: Side) -> str | None:
        """The history names the other end by key only: its id where it is known, else its key."""
        key = side.raw or clean_line(side.text)
        if not key:
            return None
        kind, inward = edge_of_text(side.text, self._site.link_types, self._site.rules)
        return f"{kind}{'<' if inward else '>'}{self._uid('', key)}"

    _READERS: ClassVar[Mapping[ChangeField, Callable[[Canonical, Side], str | None]]] = {
        ChangeField.STATUS: _category,
        ChangeField.RESOLUTION: _resolution,
        ChangeField.DUE: _day,
        ChangeField.START: _day,
        ChangeField.ASSIGNEE: _assignee,
        ChangeField.PARENT: _parent,
        ChangeField.LABELS: _labels,
        ChangeField.SPRINT: _sprint,
        ChangeField.ESTIMATE: _estimate,
        ChangeField.FLAG: _flag,
        ChangeField.LINK: _link,
        ChangeField.PRIORITY: _priority,
        ChangeField.BODY: _nothing,
        ChangeField.RANK: _nothing,
    }


def _text(_: Canonical, side: Side) -> str | None:
    return clean_line(side.text or side.raw, limit=TEXT_LIMIT) or None
