"""Who asked for what, and who has been told (digest.md 4.4, part 3).

Distinct customers count, not links: who asks twice is one customer. A request is one item that one
customer asked for; it counts from the day on which the customer's mark was put on the item, as far
as its history tells, else from the item's creation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from functools import cached_property
from typing import NamedTuple

from syncer.domain.change import Change, ChangeField
from syncer.domain.item import StatusCategory, WorkItem
from syncer.domain.product import ClosedLoop, CustomerSignal
from syncer.domain.release import CustomerMarks
from syncer.rollup.calendar import report_date
from syncer.rollup.product.work import ProductWork

_ANYBODY = "*"


class Request(NamedTuple):
    """One item that one customer asked for; `answered`: it is done, or the customer was told."""

    customer: str
    asked: date
    answered: bool


class Shipped(NamedTuple):
    """Who asked for a shipped feature, and who of them has been told."""

    requesters: frozenset[str]
    told: frozenset[str]


def signal(
    requests: Sequence[Request], weights: Mapping[str, float], *, today: date
) -> CustomerSignal:
    """The requests with each customer counted and weighed once.

    Without any weight there is no weighted value; with some, who has none is worth 1.
    """
    customers = {request.customer for request in requests}
    waiting = [request.asked for request in requests if not request.answered]
    value = sum(weights.get(one, 1.0) for one in sorted(customers)) if weights else None
    return CustomerSignal(
        customers=len(customers),
        requests=len(requests),
        weight=value,
        first_asked=min((request.asked for request in requests), default=None),
        unanswered=len(waiting),
        oldest_unanswered=(today - min(waiting)).days if waiting else None,
    )


def closed_loop(shipped: Iterable[Shipped], *, is_told_known: bool) -> ClosedLoop:
    """How many of those who asked for shipped features know of it, each once a feature."""
    asked = [one for one in shipped if one.requesters]
    told = sum(len(one.requesters & one.told) for one in asked)
    return ClosedLoop(
        features=len(asked),
        requesters=sum(len(one.requesters) for one in asked),
        told=told if is_told_known else None,
    )


def name_in(label: str, pattern: str) -> str | None:
    """The customer that a label names by a glob, None where it does not match.

    What the only `*` stands for; without one star the label itself.
    """
    folded, glob = label.casefold(), pattern.casefold()
    if not fnmatchcase(folded, glob):
        return None
    before, star, after = glob.partition(_ANYBODY)
    whole = not star or _ANYBODY in after
    return called(folded if whole else folded[len(before) : len(folded) - len(after)])


def called(name: str) -> str:
    """One spelling of a customer's name, whatever its case and spaces."""
    return " ".join(name.casefold().split())


@dataclass(frozen=True)
class Askers:
    """Reads customers off the items of a product."""

    work: ProductWork
    changes: Mapping[str, Sequence[Change]]

    @property
    def marks(self) -> CustomerMarks:
        """How customers are marked."""
        return self.work.product.customers

    @cached_property
    def is_known(self) -> bool:
        """Whether anybody has said how customers are marked: here, or at the connection."""
        said = self.marks.labels or self.marks.fields
        return bool(said) or any(item.customers for item in self.work.items)

    @cached_property
    def weights(self) -> Mapping[str, float]:
        """What customers are worth, by name; a name may be written like its label."""
        return {self._plain(name): value for name, value in self.marks.weights}

    def _plain(self, name: str) -> str:
        matches = (name_in(name, pattern) for pattern in self.marks.labels)
        return next((found for found in matches if found), called(name))

    def of(self, item: WorkItem) -> frozenset[str]:
        """The customers who asked for an item, each by one name."""
        fields = (item.custom.get(name, "") for name in self.marks.fields)
        named = {self._plain(name) for name in (*item.customers, *fields) if name.strip()}
        return frozenset(named | set(self._by_label(item.labels)))

    @cached_property
    def _read(self) -> dict[str, frozenset[str]]:
        """The customers that each label names: many items share few labels."""
        return {}

    def _by_label(self, labels: Iterable[str]) -> Iterator[str]:
        for label in labels:
            names = self._read.get(label)
            if names is None:
                found = (name_in(label, pattern) for pattern in self.marks.labels)
                names = self._read[label] = frozenset(name for name in found if name)
            yield from names

    def told(self, item: WorkItem) -> frozenset[str]:
        """The customers who have been told of an item; of some marks that is all who asked."""
        found: set[str] = set()
        for pattern in self.marks.told:
            for label in item.labels:
                name = name_in(label, pattern)
                if name is not None:
                    found |= {name} if _ANYBODY in pattern else self.of(item)
        return frozenset(found)

    @cached_property
    def _requests(self) -> dict[str, tuple[Request, ...]]:
        """What was asked for by each item that was looked at."""
        return {}

    def requests(self, items: Iterable[WorkItem]) -> list[Request]:
        """What customers asked for among some items."""
        known = self._requests
        for item in (every := list(items)):
            if item.uid not in known:
                known[item.uid] = tuple(self._requests_of(item))
        return [request for item in every for request in known[item.uid]]

    def _requests_of(self, item: WorkItem) -> Iterator[Request]:
        askers = self.of(item)
        if askers:
            is_done, told = item.status_category is StatusCategory.DONE, self.told(item)
            for name in sorted(askers):
                yield Request(name, self._asked(item, name), is_done or name in told)

    def _asked(self, item: WorkItem, customer: str) -> date:
        """The day on which a customer's label was first put on an item, else its creation."""
        for change in self.changes.get(item.uid, ()):
            if change.field is ChangeField.LABELS:
                before, after = (_split(text) for text in (change.before, change.after))
                if customer in set(self._by_label(after - before)):
                    return report_date(change.at, self.work.zone)
        return report_date(item.created_at, self.work.zone)

    def signal_of(self, items: Iterable[WorkItem]) -> CustomerSignal | None:
        """The customers behind some items; None where nobody knows who customers are."""
        if not self.is_known:
            return None
        return signal(self.requests(items), self.weights, today=self.work.view.today)

    def loop(self) -> ClosedLoop | None:
        """Whether those who asked for the shipped features have been told."""
        if not self.is_known:
            return None
        shipped = (self._shipped(one) for one in self.work.features if self.work.is_done(one))
        return closed_loop(shipped, is_told_known=bool(self.marks.told))

    def _shipped(self, feature: WorkItem) -> Shipped:
        items = (feature, *self.work.below[feature.uid])
        asked = frozenset(name for item in items for name in self.of(item))
        told = frozenset(name for item in items for name in self.told(item))
        everybody = self._speaks_for_all(feature)
        return Shipped(asked, asked if everybody else told)

    def _speaks_for_all(self, feature: WorkItem) -> bool:
        """A mark without a name on the feature itself tells all who asked for any part of it."""
        plain = [pattern for pattern in self.marks.told if _ANYBODY not in pattern]
        return any(name_in(label, one) is not None for label in feature.labels for one in plain)


def _split(names: str | None) -> frozenset[str]:
    return frozenset(name.strip() for name in (names or "").split(",") if name.strip())
