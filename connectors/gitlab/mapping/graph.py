"""What the GraphQL API tells, as plain values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from connectors.gitlab.mapping.notes import happenings_of
from connectors.gitlab.mapping.people import account
from connectors.gitlab.mapping.place import Place, is_path
from connectors.gitlab.mapping.site import Known, Site, number_of
from connectors.gitlab.mapping.told import (
    Detail,
    Happened,
    Happening,
    LinkWord,
    Neighbour,
    Told,
    ToldLink,
)
from connectors.gitlab.wire import Iteration, Milestone, Node, Note, Other, Widget
from syncer.connect.times import civil_date, utc_instant
from syncer.connect.unreadable import Unmappable
from syncer.domain.item import Account, Sprint, Version
from syncer.domain.text import clean_line

_STATES: Final = {"OPEN": False, "CLOSED": True, "opened": False, "closed": True}
_CLOSED: Final = "closed"


def told(node: Node, *, container: str, site: Site) -> Told:
    """The item; `Unmappable` where it has no number or is nowhere.

    `container` stands in for the namespace if the item does not name its own.
    """
    id_ = number_of(node.id)
    if not id_:
        raise Unmappable("its id is none that GitLab gives")
    whole = Widgets(node)
    dates = whole.one("due_date", "start_date", "is_fixed")
    parent = whole.value("parent")
    status = whole.value("status")
    return Told(
        id=id_,
        place=place_of(node, container, site),
        title=clean_line(node.title or ""),
        body=node.description or "",
        type_name=clean_line((node.work_item_type and node.work_item_type.name) or ""),
        closed=_STATES.get(node.state or ""),
        created=node.created_at,
        updated=node.updated_at,
        closed_at=node.closed_at,
        confidential=bool(node.confidential),
        author=account(node.author, site.connection),
        assignees=_assignees(whole, site.connection),
        labels=tuple(whole.labels().values()),
        version=version_of(whole.value("milestone")),
        sprint=sprint_of(whole.value("iteration")),
        weight=whole.value("weight"),
        health=whole.value("health_status") or "",
        status_name=clean_line((status and status.name) or ""),
        status_category=((status and status.category) or "").casefold(),
        parent=neighbour(parent, site) if isinstance(parent, Other) else None,
        children=frozenset(whole.children()),
        start=civil_date(dates.start_date if dates else None),
        due=civil_date(dates.due_date if dates else None),
        dates_rolled_up=bool(dates and dates.roll_up and dates.is_fixed is False),
        moved_to=node.moved_to_work_item_url or "",
        duplicated=bool(node.duplicated_to_work_item_url),
        promoted=bool(node.promoted_to_epic_url),
    )


def detail(node: Node, *, place: Place, known: Known, site: Site) -> Detail:
    """Links and history; the history is whole if no page of it is missing."""
    whole = Widgets(node)
    linked = whole.value("linked_items")
    pages = [whole.value("discussions"), whole.value("comments")]
    labels = {**known.labels, **whole.labels()}
    milestone = whole.value("milestone")
    milestones = {number_of(milestone.iid): milestone.title or ""} if milestone else {}
    return Detail(
        links=tuple(_links((linked and linked.nodes) or (), site)),
        happenings=tuple(
            sorted(
                (
                    *happenings_of(
                        notes(pages[0]), place=place, labels=labels, milestones=milestones
                    ),
                    *_comments(notes(pages[1])),
                ),
                key=lambda one: one.at,
            )
        ),
        complete=pages[0] is not None
        and not (pages[0].page_info and pages[0].page_info.has_next_page),
    )


class Widgets:
    """The widgets of one item, looked through by what they tell."""

    def __init__(self, node: Node) -> None:
        self._widgets = [one for one in node.widgets or () if one is not None]

    def one(self, *names: str) -> Widget | None:
        """The first widget that fills one of these."""
        return next((w for w in self._widgets if any(_has(w, name) for name in names)), None)

    def value(self, name: str) -> Any:  # noqa: ANN401  each name has a type of its own
        """What the first widget that fills this holds, None without one."""
        found = self.one(name)
        return getattr(found, name) if found else None

    def labels(self) -> dict[str, str]:
        """The titles of the item's labels by their numbers."""
        held = self.value("labels")
        every = [one for one in (held and held.nodes) or () if one and one.title]
        return {number_of(one.id) or f"={one.title}": clean_line(one.title or "") for one in every}

    def children(self) -> Iterator[str]:
        """The types of which there are descendants."""
        for one in self.value("rolled_up_counts_by_type") or ():
            if one and one.work_item_type and one.counts_by_state and one.counts_by_state.all:
                yield one.work_item_type.name or ""


def _has(widget: Widget, name: str) -> bool:
    return getattr(widget, name) is not None


def place_of(node: Node, container: str, site: Site) -> Place:
    """Where the item is; `Unmappable` if nothing tells."""
    try:
        number = int(node.iid)
    except ValueError:
        raise Unmappable("its number is none") from None
    page = site.place(node.web_url)
    named = node.namespace.full_path if node.namespace else None
    path = named if is_path(named) else page.path if page else container
    if not path or number < 1:
        raise Unmappable("it does not tell where it is")
    in_group = page.in_group if page else "&" in (node.reference or "")
    return Place(path, number, in_group)


def neighbour(other: Other, site: Site) -> Neighbour:
    """Another item, its place as far as it is told."""
    page = site.place(other.web_url)
    return Neighbour(number_of(other.id), page, other.web_url or "")


def _assignees(whole: Widgets, connection: str) -> tuple[Account, ...]:
    people = whole.value("assignees")
    every = (account(one, connection) for one in (people and people.nodes) or ())
    return tuple(one for one in every if one is not None)


def version_of(milestone: Milestone | None) -> Version | None:
    """The milestone that the item belongs to."""
    if milestone is None or not milestone.title:
        return None
    return Version(
        id=number_of(milestone.id),
        name=clean_line(milestone.title),
        due=civil_date(milestone.due_date),
        closed=milestone.state == _CLOSED,
    )


def sprint_of(iteration: Iteration | None) -> Sprint | None:
    """The iteration; one of an automatic cadence has no title and is called by its dates."""
    if iteration is None or not (iteration.title or iteration.due_date):
        return None
    dates = f"{iteration.start_date or ''} – {iteration.due_date or ''}"
    return Sprint(
        id=number_of(iteration.id),
        name=clean_line(iteration.title or dates),
        end=civil_date(iteration.due_date),
        closed=iteration.state == _CLOSED,
    )


def _links(nodes: Iterable[object], site: Site) -> Iterator[ToldLink]:
    """The links whose other end is shown: GitLab leaves out what the account may not see."""
    for one in nodes:
        word = word_of(getattr(one, "link_type", None))
        other = getattr(one, "work_item", None)
        if word is None or not isinstance(other, Other) or not number_of(other.id):
            continue
        created = getattr(one, "link_created_at", None)
        yield ToldLink(word, neighbour(other, site), utc_instant(created) if created else None)


def word_of(text: str | None) -> LinkWord | None:
    """What a link's type says; GraphQL and REST write it alike."""
    told_word = (text or "").casefold().replace("related_to", "relates_to")
    return LinkWord(told_word) if told_word in frozenset(LinkWord) else None


def notes(page: object) -> Iterator[Note]:
    """The notes of a page of threads."""
    for thread in getattr(page, "nodes", None) or ():
        for note in (thread and thread.notes and thread.notes.nodes) or ():
            if note is not None:
                yield note


def _comments(every: Iterable[Note]) -> Iterator[Happening]:
    return happenings_of(every, place=None, labels={}, milestones={}, what=Happened.COMMENT)
