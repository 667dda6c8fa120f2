"""What the REST API tells, as plain values: issues and epics alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from connectors.gitlab.mapping.graph import word_of
from connectors.gitlab.mapping.notes import happenings_of
from connectors.gitlab.mapping.people import account, is_bot, username
from connectors.gitlab.mapping.place import Place, place_at
from connectors.gitlab.mapping.site import Site
from connectors.gitlab.mapping.told import (
    Happened,
    Happening,
    Neighbour,
    Told,
    ToldLink,
)
from connectors.gitlab.wire import (
    RestEvent,
    RestItem,
    RestIteration,
    RestLabel,
    RestLink,
    RestMilestone,
    RestNote,
)
from syncer.connect.times import civil_date, utc_instant
from syncer.connect.unreadable import Unmappable
from syncer.domain.item import Account, Sprint, Version
from syncer.domain.text import clean_line

_STATES: Final = {"opened": False, "closed": True}
_CLOSED: Final = "closed"
_CLOSED_ITERATION: Final = 3
_EPIC: Final = "Epic"
_MOVED: Final = "moved:"


def told(item: RestItem, *, container: str, site: Site) -> Told:
    """The issue or epic; `Unmappable` where it is nowhere."""
    is_epic = item.group_id is not None and item.project_id is None
    rolled = is_epic and item.due_date_is_fixed is False
    return Told(
        id=id_of(item),
        place=place_of(item, container, site),
        title=clean_line(item.title or ""),
        body=item.description or "",
        type_name=_EPIC if is_epic else type_name(item.issue_type),
        closed=_STATES.get(item.state or ""),
        created=item.created_at,
        updated=item.updated_at,
        closed_at=item.closed_at,
        confidential=bool(item.confidential),
        author=account(item.author, site.connection),
        assignees=_assignees(item, site.connection),
        labels=tuple(_labels(item)),
        version=_version(item.milestone),
        sprint=_sprint(item.iteration),
        weight=item.weight,
        health=item.health_status or "",
        status_name="",
        status_category="",
        parent=_parent(item, container, site),
        children=frozenset(),
        start=civil_date(item.start_date),
        due=civil_date(item.due_date),
        dates_rolled_up=rolled,
        moved_to=f"{_MOVED}{item.moved_to_id}" if item.moved_to_id else "",
        duplicated=False,
        promoted=False,
    )


def id_of(item: RestItem | RestLink) -> str:
    """The work item's id: an issue's own; an epic has one beside its own, on newer servers."""
    if getattr(item, "project_id", None) is None and item.group_id is not None:
        return str(item.work_item_id) if item.work_item_id else f"epic-{item.id}"
    return str(item.id)


def moved_to_id(one: Told) -> str:
    """The id of the item that an issue became in another project, empty where none is told."""
    return one.moved_to.removeprefix(_MOVED) if one.moved_to.startswith(_MOVED) else ""


def type_name(issue_type: str | None) -> str:
    """The name of a type as GraphQL writes it."""
    return clean_line((issue_type or "issue").replace("_", " ")).capitalize()


def place_of(item: RestItem, container: str, site: Site) -> Place:
    """Where the item is; `Unmappable` if nothing tells."""
    full = place_at((item.references and item.references.full) or "")
    found = full or site.place(item.web_url)
    in_group = item.group_id is not None and item.project_id is None
    if found is None and not container:
        raise Unmappable("it does not tell where it is")
    return found or Place(container, item.iid, in_group)


def _parent(item: RestItem, container: str, site: Site) -> Neighbour | None:
    """The epic, by its page: REST does not tell its work item's id."""
    if item.epic is not None and item.epic.iid:
        url = item.epic.url or ""
        return Neighbour("", site.place(url), url if url.startswith("http") else "")
    if item.parent_iid and item.group_id is not None:
        return Neighbour("", Place(container, item.parent_iid, in_group=True))
    return None


def _assignees(item: RestItem, connection: str) -> tuple[Account, ...]:
    every = (account(one, connection) for one in item.assignees or ())
    return tuple(one for one in every if one is not None)


def _labels(item: RestItem) -> Iterator[str]:
    for one in item.labels or ():
        name = one.name if isinstance(one, RestLabel) else one
        if name:
            yield clean_line(name)


def _version(milestone: RestMilestone | None) -> Version | None:
    if milestone is None or not milestone.title:
        return None
    return Version(
        id=str(milestone.id or ""),
        name=clean_line(milestone.title),
        due=civil_date(milestone.due_date),
        closed=milestone.state == _CLOSED,
    )


def _sprint(iteration: RestIteration | None) -> Sprint | None:
    if iteration is None or not (iteration.title or iteration.due_date):
        return None
    dates = f"{iteration.start_date or ''} – {iteration.due_date or ''}"
    return Sprint(
        id=str(iteration.id or ""),
        name=clean_line(iteration.title or dates),
        end=civil_date(iteration.due_date),
        closed=iteration.state == _CLOSED_ITERATION,
    )


# --- details --------------------------------------------------------------------------------------


def links_of(rows: Iterable[RestLink], site: Site) -> Iterator[ToldLink]:
    """The links of an item."""
    for row in rows:
        word = word_of(row.link_type)
        if word is None or row.id is None:
            continue
        place = place_at((row.references and row.references.full) or "")
        other = Neighbour(id_of(row), place or site.place(row.web_url), row.web_url or "")
        yield ToldLink(
            word, other, utc_instant(row.link_created_at) if row.link_created_at else None
        )


def events_of(rows: Iterable[RestEvent]) -> Iterator[Happening]:
    """Resource events: docs.gitlab.com/api/resource_state_events and its siblings.

    An odd entry of the past must not cost the item: it is left out.
    """
    for row in rows:
        try:
            at = utc_instant(row.created_at or "")
        except Unmappable:
            continue
        fields = _fields(row)
        if fields is not None:
            what, kind = fields.pop("what"), fields.pop("kind")
            yield Happening(
                what=what,
                id=f"{kind}-{row.id or 0}",
                at=at,
                actor=username(row.user),
                by_bot=is_bot(row.user),
                **fields,
            )


def _fields(row: RestEvent) -> dict[str, Any] | None:
    adds = row.action == "add"
    if row.state in {"closed", "reopened", "opened"}:
        what = Happened.CLOSED if row.state == _CLOSED else Happened.REOPENED
        return {"what": what, "kind": "state"}
    if row.label is not None and row.label.name:
        side = "added" if adds else "removed"
        return {"what": Happened.LABELS, "kind": "label", side: (clean_line(row.label.name),)}
    if row.milestone is not None:
        title = clean_line(row.milestone.title or "") if adds else ""
        return {"what": Happened.MILESTONE, "kind": "milestone", "after": title}
    if row.iteration is not None:
        title = clean_line(row.iteration.title or row.iteration.due_date or "") if adds else ""
        return {"what": Happened.ITERATION, "kind": "iteration", "after": title}
    return None


def notes_of(rows: Iterable[RestNote], place: Place) -> Iterator[Happening]:
    """What system notes tell, and when people commented."""
    every = list(rows)
    system = [one for one in every if one.system]
    comments = [one for one in every if one.system is False]
    yield from happenings_of(system, place=place, labels={}, milestones={})
    yield from happenings_of(comments, place=None, labels={}, milestones={}, what=Happened.COMMENT)
