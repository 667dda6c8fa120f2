"""The timeline of a simulated issue, from what its script says happened to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any, Final

from connectors.github.simulator_index import Index, Row, closing_reason, stamp
from connectors.github.simulator_request import Json
from connectors.github.simulator_site import Site
from syncer.connect.testing.script import Entry, ItemState, LinkChange
from syncer.domain.link import LinkKind

BOARD_STATUS: Final = "project_v2_item_status_changed"
_IDS_AN_ENTRY: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One thing that happened; `about` holds whatever the event concerns, by our own names.

    `label`, `person`, `milestone`, `before`, `after`, `reason`, `other` (an item's id), `comment`.
    """

    id: int
    at: datetime
    actor: str
    event: str
    about: dict[str, Any] = field(default_factory=dict)


def moments(index: Index, item_id: str) -> list[Moment]:
    """Everything that happened to an item up to now, oldest first."""
    item = index.world.item(item_id)
    before: ItemState | None = None
    found: list[Moment] = []
    first = Entry(id=0, at=item.created_at, actor=item.reporter, state=item.initial)
    for entry in (first, *index.world.history(item_id, index.now)):
        ids = count(int(item_id) * _IDS_AN_ENTRY * _IDS_AN_ENTRY + entry.id * _IDS_AN_ENTRY)
        found += [
            Moment(id=next(ids), at=entry.at, actor=entry.actor, event=event, about=about)
            for event, about in _told(index, entry, before)
        ]
        before = entry.state
    return found


_About = tuple[str, dict[str, Any]]


def _told(index: Index, entry: Entry, before: ItemState | None) -> Iterator[_About]:
    for differ in _DIFFERENCES:
        yield from differ(index, before, entry.state)
    if entry.link is not None:
        yield from _link(entry.link)
    if entry.comment:
        yield "commented", {"comment": entry.comment}


def _title(_index: Index, before: ItemState | None, after: ItemState) -> Iterator[_About]:
    if before is not None and before.title != after.title:
        yield "renamed", {"before": before.title, "after": after.title}


def _place(index: Index, before: ItemState | None, after: ItemState) -> Iterator[_About]:
    if before is not None and index.is_another(before.container, after.container):
        yield "transferred", {"before": before.container}


def _labels(index: Index, before: ItemState | None, after: ItemState) -> Iterator[_About]:
    old, new = index.labels_of(before) if before else (), index.labels_of(after)
    yield from (("unlabeled", {"label": name}) for name in old if name not in new)
    yield from (("labeled", {"label": name}) for name in new if name not in old)


def _assignee(_index: Index, before: ItemState | None, after: ItemState) -> Iterator[_About]:
    old, new = before.assignee if before else None, after.assignee
    yield from _changed(("unassigned", "assigned"), old, new, what="person")


def _milestone(_index: Index, before: ItemState | None, after: ItemState) -> Iterator[_About]:
    old, new = (state.versions[:1] if state else () for state in (before, after))
    one, other = "".join(old) or None, "".join(new) or None
    yield from _changed(("demilestoned", "milestoned"), one, other, what="milestone")


def _parent(index: Index, before: ItemState | None, after: ItemState) -> Iterator[_About]:
    old, new = before.parent if before else None, after.parent
    names = ("parent_issue_removed", "parent_issue_added")
    for event, about in _changed(names, old, new, what="other"):
        if about["other"] in index.rows:
            yield event, about


def _changed(
    names: tuple[str, str], before: str | None, after: str | None, *, what: str
) -> Iterator[_About]:
    if before == after:
        return
    if before:
        yield names[0], {what: before}
    if after:
        yield names[1], {what: after}


def _status(index: Index, before: ItemState | None, after: ItemState) -> Iterator[_About]:
    """Closing comes first: a project's own workflow then moves the item to its last column."""
    closed = before is not None and index.is_closed(before)
    if not closed and index.is_closed(after):
        yield "closed", {"reason": closing_reason(after)}
    if closed and not index.is_closed(after):
        yield "reopened", {"reason": "reopened"}
    was = before.status if before else ""
    if was != after.status and not index.manner.status_labels:
        yield BOARD_STATUS, {"before": was, "after": after.status}


def _link(change: LinkChange) -> Iterator[_About]:
    inward = change.inward if change.kind is LinkKind.BLOCKS else not change.inward
    if change.kind in (LinkKind.BLOCKS, LinkKind.REQUIRES):
        side = "blocked_by" if inward else "blocking"
        yield f"{side}_{'added' if change.added else 'removed'}", {"other": change.other}


_DIFFERENCES: Final[Sequence[Callable[[Index, ItemState | None, ItemState], Iterator[_About]]]] = (
    _title, _place, _labels, _assignee, _milestone, _parent, _status,
)  # fmt: skip


# --- the REST API's words -------------------------------------------------------------------------


def rest_timeline(site: Site, row: Row) -> list[Json]:
    """The timeline as the REST API tells it: of a project's status it says only that it changed."""
    found = moments(site.index, row.item_id)
    return [
        _rest(site, row, moment)
        for moment in found
        if moment.about.get("other", row.item_id) in site.index.rows
    ]


def rest_comments(site: Site, row: Row) -> list[Json]:
    """The comments of an issue, oldest first."""
    return [event for event in rest_timeline(site, row) if event["event"] == "commented"]


def _rest(site: Site, row: Row, moment: Moment) -> Json:
    about = moment.about
    shown: Json = {
        "id": moment.id,
        "node_id": f"EV_made{moment.id}",
        "url": site.link(f"repos/{row.repository}/issues/events/{moment.id}"),
        "actor": site.user(moment.actor),
        "event": moment.event,
        "commit_id": None,
        "commit_url": None,
        "created_at": stamp(moment.at),
        "performed_via_github_app": None,
    }
    if "label" in about:
        shown["label"] = {"name": about["label"], "color": "ededed"}
    if "person" in about:
        shown["assignee"] = site.user(about["person"])
    if "milestone" in about:
        shown["milestone"] = {"title": about["milestone"]}
    if moment.event == "renamed":
        shown["rename"] = {"from": about["before"], "to": about["after"]}
    if "reason" in about:
        shown["state_reason"] = about["reason"]
    if "other" in about:
        shown[_OTHER_ENDS[moment.event.rpartition("_")[0]]] = _brief(site, about["other"])
    if "comment" in about:
        shown |= {"body": about["comment"], "user": shown["actor"], "updated_at": stamp(moment.at)}
    return shown


_OTHER_ENDS: Final = {
    "parent_issue": "parent_issue",
    "blocked_by": "blocking_issue",
    "blocking": "blocked_issue",
}


def _brief(site: Site, item_id: str) -> Json:
    """Another issue as an event names it."""
    row = site.index.rows[item_id]
    return {
        "id": row.id,
        "number": row.number,
        "title": row.state.title,
        "url": site.issue_url(row),
        "repository_url": site.link(f"repos/{row.repository}"),
        "repository": {"full_name": row.repository},
    }
