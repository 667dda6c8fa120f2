"""The items: a list with filters that are plain links, and one item with its verdict."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final
from urllib.parse import urlencode

from syncer.classify.explain import explain, percentage
from syncer.domain.change import Change, ChangeField
from syncer.domain.item import WorkItem
from syncer.domain.verdict import Reason, Verdict, VerdictLevel
from syncer.publish.digest.tracker_text import clean
from syncer.web.pages.charts import Bar, bars
from syncer.web.pages.context import Link, PageContext

PAGE_SIZE: Final = 50
STATUSES: Final[Mapping[str, str]] = {
    "open": "Open",
    "todo": "To do",
    "in_progress": "In progress",
    "waiting": "Waiting",
    "done": "Done",
    "cancelled": "Cancelled",
    "unknown": "Unknown",
}
MANY: Final = 12
"""More projects than these are not laid out one by one before the items."""
_LONGEST_SEARCH: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked for; an empty part asks for nothing. `page` counts from 1.

    `of` is a program, product or project (`prog:5g`), `counted` leaves out what no figure counts:
    parts of other items, and what has been broken down.
    """

    level: str = ""
    of: str = ""
    status: str = ""
    late: bool = False
    counted: bool = False
    page: int = 1

    def href(self, **changed: str | int) -> str:
        """The address of the same list with something else asked for, from its first page."""
        asked: dict[str, str | int] = {
            "level": self.level,
            "of": self.of,
            "status": self.status,
            "late": "1" if self.late else "",
            "counted": "1" if self.counted else "",
            **changed,
        }
        parts = {name: value for name, value in asked.items() if value not in ("", 1)}
        return f"/items?{urlencode(parts)}" if parts else "/items"


def query_of(asked: Mapping[str, str]) -> Query:
    """The query of a request; what makes no sense asks for nothing."""
    level, status, page = asked.get("level", ""), asked.get("status", ""), asked.get("page", "1")
    is_number = page.isascii() and page.isdigit() and len(page) < 7  # noqa: PLR2004  digits
    return Query(
        level=level if level in {str(one) for one in VerdictLevel} else "",
        of=asked.get("of", "")[:_LONGEST_SEARCH],
        status=status if status in STATUSES else "",
        late=asked.get("late") == "1",
        counted=asked.get("counted") == "1",
        page=max(1, int(page)) if is_number else 1,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    """One item of the list; `category` is empty where the tracker's own word says the same."""

    item: WorkItem
    link: Link
    project: Link
    verdict: Verdict | None
    late_days: int
    category: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemList:
    """One page of the items that were asked for, of `total` in all; `scope` is what they are of."""

    query: Query
    rows: Sequence[ItemRow]
    total: int
    pages: int
    scope: Link | None
    projects: Sequence[tuple[str, Link]] = field(default_factory=tuple)


def item_list(query: Query, page: PageContext) -> ItemList:
    """The items of a query; a page beyond the last shows the last."""
    found = _found(query, page)
    pages = max(1, -(-len(found) // PAGE_SIZE))
    number = min(query.page, pages)
    first = (number - 1) * PAGE_SIZE
    return ItemList(
        query=replace(query, page=number),
        rows=[_row(one, page) for one in found[first : first + PAGE_SIZE]],
        total=len(found),
        pages=pages,
        scope=page.scope(query.of) if query.of else None,
        projects=[(one.scope, page.scope(one.scope)) for one in page.current.pair.current.projects],
    )


def urgent(query: Query, page: PageContext, *, most: int) -> ItemList:
    """The first items of a query by due date, those without one last."""
    found = sorted(_found(query, page), key=lambda one: one.due_date or date.max)
    rows = [_row(one, page) for one in found[:most]]
    return ItemList(query=query, rows=rows, total=len(found), pages=1, scope=None)


def _found(query: Query, page: PageContext) -> list[WorkItem]:
    keys = _projects_of(query.of, page)
    stock = page.current.stock
    return [
        one
        for one in stock.items
        if (keys is None or stock.projects.get(one.uid) in keys) and _fits(one, query, page)
    ]


def _projects_of(scope: str, page: PageContext) -> Collection[str] | None:
    """The projects of a scope; None where every item is meant, nothing for an unknown scope."""
    if not scope:
        return None
    group = page.current.pair.current.group(scope)
    return group.projects if group else {scope.removeprefix("proj:")}


def _fits(item: WorkItem, query: Query, page: PageContext) -> bool:
    verdict = page.current.stock.verdicts.get(item.uid)
    level = verdict.level.value if verdict else VerdictLevel.UNCLASSIFIED.value
    status = item.status_category
    return (
        (not query.level or level == query.level)
        and (not query.counted or item.uid in page.current.stock.counted)
        and (not query.status or query.status == status.value.lower()
             or (query.status == "open" and status.is_open))
        and (not query.late or _late(item, page.today) > 0)
    )  # fmt: skip


def _late(item: WorkItem, today: date) -> int:
    """Calendar days by which an open item is past its due date."""
    if not item.is_open or item.due_date is None:
        return 0
    return max(0, (today - item.due_date).days)


def _row(item: WorkItem, page: PageContext) -> ItemRow:
    stock = page.current.stock
    return ItemRow(
        item=item,
        link=page.work(item),
        project=page.project(stock.projects.get(item.uid, "")),
        verdict=stock.verdicts.get(item.uid),
        late_days=_late(item, page.today),
        category=_category(item),
    )


def _category(item: WorkItem) -> str:
    word = STATUSES[item.status_category.value.lower()]
    return "" if word.casefold() == item.native_status.strip().casefold() else word.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One reason of a verdict with the bar of its weight."""

    reason: Reason
    text: str
    bar: Bar


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """A link of the item to another: `blocks`, `is blocked by`, and where it leads."""

    word: str
    other: Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Something that happened to the item: day, what, from, to, by whom."""

    when: str
    what: str
    before: str
    after: str
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPage:
    """One item with everything that decided its level, ties and dates.

    `sum_bar` draws the `total` of all weights at the scale of their bars; `sure` is in per cent.
    """

    weighed: bool
    row: ItemRow
    title: str
    summary: str
    signals: Sequence[Signal]
    total: float
    sum_bar: Bar
    sure: int
    decided: str
    parent: Link | None
    children: Sequence[Link]
    ties: Sequence[Tie]
    moments: Sequence[Moment]


def item_page(item: WorkItem, changes: Sequence[Change], page: PageContext) -> ItemPage:
    """One item; `changes` is its history, oldest first."""
    row = _row(item, page)
    reasons = row.verdict.reasons if row.verdict else ()
    total = sum(one.weight for one in reasons)
    *drawn, sum_bar = bars([*(one.weight for one in reasons), total])
    children = [one for one in page.current.stock.items if one.parent == item.ref]
    return ItemPage(
        weighed=any(one.weight for one in reasons),
        row=row,
        title=row.link.label,
        summary=page.text(explain(row.verdict)) if row.verdict else "not judged yet",
        signals=[
            Signal(reason=one, text=page.text(one.text), bar=bar)
            for one, bar in zip(reasons, drawn, strict=True)
        ],
        total=total,
        sum_bar=sum_bar,
        sure=percentage(row.verdict) if row.verdict else 0,
        decided=_decided(row.verdict) if row.verdict else "",
        parent=_known(item.parent.uid, item.parent_key, page) if item.parent else None,
        children=[page.work(one) for one in children],
        ties=_ties(item, page),
        moments=[_moment(one, page) for one in reversed(changes) if one.field in _TOLD],
    )


_STEPS: Final = {
    "override": "A person decided this.",
    "ancestor_override": "A person decided this for an item above it.",
    "mapping": "A rule of the configuration decided this.",
    "explicit": "The item itself says so.",
    "evidence": "The sum of the evidence decided this.",
    "parent": "It follows the item above it.",
    "default": "Nothing speaks for program work, so it is product work.",
    "none": "The evidence does not suffice for a decision.",
}


def _decided(verdict: Verdict) -> str:
    """Which step of precedence decided, and where the evidence leans if elsewhere."""
    step = _STEPS.get(verdict.decided_by, "")
    leans = verdict.leaning is not verdict.level
    return f"{step} The evidence leans to {verdict.leaning.value}." if leans else step


def _known(uid: str, key: str, page: PageContext) -> Link:
    """An item that another names: as stored, else only by its key."""
    found = page.items.get(uid)
    return page.work(found) if found else Link(label="not in the data", key=clean(key, 40))


def _ties(item: WorkItem, page: PageContext) -> list[Tie]:
    """The item's own links, and those that only the other end tells; each once."""
    found = {(edge.kind, edge.inward, edge.to.uid): edge.to_key for edge in item.links}
    for other in page.current.stock.items:
        for edge in other.links:
            if edge.to.uid == item.uid:
                found.setdefault((edge.kind, not edge.inward, other.uid), other.key)
    ties = [
        Tie(word=_words(kind.value, inward=inward), other=_known(uid, key, page))
        for (kind, inward, uid), key in found.items()
    ]
    return sorted(ties, key=lambda tie: (tie.word, tie.other.key))


_INWARD: Final = {
    "blocks": "is blocked by",
    "relates": "relates to",
    "requires": "is required by",
    "duplicates": "is duplicated by",
    "implements": "is implemented by",
    "mitigates": "is mitigated by",
    "threatens": "is threatened by",
}
_OUTWARD: Final = {"relates": "relates to", "contributes_to": "contributes to"}


def _words(kind: str, *, inward: bool) -> str:
    if not inward:
        return _OUTWARD.get(kind, kind.replace("_", " "))
    return _INWARD.get(kind, f"{kind.replace('_', ' ')} (from the other)")


_TOLD: Final = {
    ChangeField.STATUS: "status",
    ChangeField.DUE: "due date",
    ChangeField.START: "start date",
    ChangeField.ASSIGNEE: "assignee",
    ChangeField.ESTIMATE: "estimate",
    ChangeField.KEY: "key",
    ChangeField.CONTAINER: "container",
    ChangeField.VERSIONS: "versions",
}


def _moment(change: Change, page: PageContext) -> Moment:
    return Moment(
        when=page.moment(change.at),
        what=_TOLD[change.field],
        before=_side(change.field, change.before, change.before_text, page=page),
        after=_side(change.field, change.after, change.after_text, page=page),
        who=clean(change.actor, 40) or "unknown",
    )


def _side(field: ChangeField, value: str | None, shown: str, *, page: PageContext) -> str:
    """One side of a change: dates in our words, all else as the tracker showed it."""
    if value and field in {ChangeField.DUE, ChangeField.START}:
        try:
            return page.day(date.fromisoformat(value))
        except ValueError:
            return page.text(value, 60)
    return page.text(shown or value or "nothing", 60)
