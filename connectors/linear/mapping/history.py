"""What happened to an issue as changes with canonical values (`syncer.domain.change.ChangeField`).

`IssueHistory` of the schema: one entry holds all that one person changed within a few minutes, each
field before and after. Of relations it tells a code that is not described: those that stand tell by
themselves since when.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connectors.linear.mapping.names import Names
from connectors.linear.mapping.people import handle
from connectors.linear.mapping.site import Site
from connectors.linear.mapping.status import Status, status_of
from connectors.linear.wire import Comment, History, Issue
from syncer.connect.history import TEXT_LIMIT, Values, joined, numbered
from syncer.connect.times import civil_date, utc_instant
from syncer.connect.unreadable import Unmappable
from syncer.domain.change import Change, ChangeField
from syncer.domain.link import Link
from syncer.domain.text import clean_line


def changes_of(
    issue: Issue, *, names: Names, site: Site, links: Iterable[Link] = ()
) -> tuple[Change, ...]:
    """Every change of one issue, oldest first; an odd entry of the past does not cost the issue.

    `links` are those that it has now, which tell when they were made.
    """
    nodes = issue.history.nodes if issue.history else None
    entries = sorted(
        (one for one in nodes or () if one is not None), key=lambda one: one.created_at or ""
    )
    labels = _labels_at_first(issue, entries, names)
    told: list[Change] = []
    for one in entries:
        after = _labels_after(labels, one, names)
        values = _values(one, issue, names=names, site=site)
        told += _entry(one, [*values, *_label_values(labels, after)], names)
        labels = after
    comments = issue.comments.nodes if issue.comments else None
    told += (change for one in comments or () if one and (change := _comment(one)))
    told += (change for link in links if (change := _linked(link)))
    return tuple(numbered(sorted(told, key=lambda change: change.at)))


def _entry(one: History, values: Iterable[Values], names: Names) -> Iterator[Change]:
    try:
        at = utc_instant(one.created_at or "")
    except Unmappable:
        return
    for what, before, after, before_text, after_text in values:
        yield Change(
            id=one.id,
            at=at,
            field=what,
            before=before,
            after=after,
            before_text=before_text[:TEXT_LIMIT],
            after_text=after_text[:TEXT_LIMIT],
            actor=names.user(one.actor_id),
            by_bot=names.is_app(one.actor_id),
        )


def _comment(one: Comment) -> Change | None:
    try:
        at = utc_instant(one.created_at or "")
    except Unmappable:
        return None
    return Change(
        id=clean_line(one.id or str(at.timestamp()), limit=TEXT_LIMIT),
        at=at,
        field=ChangeField.COMMENT,
        before=None,
        after=None,
        actor=handle(one.user),
        by_bot=one.user is None or bool(one.user.app),
    )


def _linked(link: Link) -> Change | None:
    """That a link was made; Linear does not tell by whom, nor of those that are gone."""
    if link.created_at is None:
        return None
    edge = f"{link.kind}{'<' if link.inward else '>'}{link.to.uid}"
    return Change(
        id=f"link-{edge}",
        at=link.created_at,
        field=ChangeField.LINK,
        before=None,
        after=edge,
        after_text=link.to_key[:TEXT_LIMIT],
    )


def _values(one: History, issue: Issue, *, names: Names, site: Site) -> Iterator[Values]:
    if one.from_state_id != one.to_state_id:
        yield from _status(one, names, site)
    if one.from_assignee_id != one.to_assignee_id:
        before, after = names.user(one.from_assignee_id), names.user(one.to_assignee_id)
        yield ChangeField.ASSIGNEE, before or None, after or None, before, after
    yield from _plan(one)
    yield from _place(one, issue, names=names, site=site)
    yield from _words(one)


def _status(one: History, names: Names, site: Site) -> Iterator[Values]:
    old, new = (
        status_of(*names.state(id_), site.rules) if id_ else None
        for id_ in (one.from_state_id, one.to_state_id)
    )
    before, after = (status.category.value if status else None for status in (old, new))
    shown = (old.shown if old else "", new.shown if new else "")
    yield ChangeField.STATUS, before, after, *shown
    ended = (_ended(old), _ended(new))
    if ended[0] != ended[1]:
        yield ChangeField.RESOLUTION, *ended, "", shown[1]


def _ended(status: Status | None) -> str | None:
    return status.resolution.value if status and status.resolution else None


def _plan(one: History) -> Iterator[Values]:
    if one.from_due_date != one.to_due_date:
        yield from _shown(ChangeField.DUE, _day(one.from_due_date), _day(one.to_due_date))
    for what, old, new in (
        (ChangeField.ESTIMATE, one.from_estimate, one.to_estimate),
        (ChangeField.PRIORITY, one.from_priority, one.to_priority),
    ):
        if old != new:
            yield from _shown(what, *(None if x is None else f"{x:g}" for x in (old, new)))
    if one.from_cycle_id != one.to_cycle_id:
        yield ChangeField.SPRINT, one.from_cycle_id, one.to_cycle_id, "", ""


def _day(value: str | None) -> str | None:
    try:
        day = civil_date(value)
    except Unmappable:
        return None
    return day.isoformat() if day else None


def _place(one: History, issue: Issue, *, names: Names, site: Site) -> Iterator[Values]:
    """Where it belongs: to another issue, else to a project; and to a team."""
    if one.from_parent_id != one.to_parent_id:
        yield _parents(one.from_parent_id, one.to_parent_id, site)
    elif one.from_project_id != one.to_project_id and issue.parent is None:
        yield _parents(one.from_project_id, one.to_project_id, site)
    old, new = names.team(one.from_team_id), names.team(one.to_team_id)
    if old and new and old != new:
        yield ChangeField.CONTAINER, old, new, old, new


def _parents(old: str | None, new: str | None, site: Site) -> Values:
    before, after = (site.ref(id_, "").uid if id_ else None for id_ in (old, new))
    return ChangeField.PARENT, before, after, "", ""


def _words(one: History) -> Iterator[Values]:
    if one.from_title != one.to_title:
        old, new = (clean_line(text or "") for text in (one.from_title, one.to_title))
        yield from _shown(ChangeField.TITLE, old or None, new or None)
    if one.updated_description:
        yield ChangeField.BODY, None, None, "", ""
    if one.archived is not None or one.trashed is not None:
        shown = (
            ("trashed" if one.trashed else "restored")
            if one.trashed is not None
            else ("archived" if one.archived else "unarchived")
        )
        yield ChangeField.OTHER, None, shown, "", shown


def _shown(what: ChangeField, before: str | None, after: str | None) -> Iterator[Values]:
    if before != after:
        yield what, before, after, before or "", after or ""


# --- labels ---------------------------------------------------------------------------------------


def _labels_at_first(issue: Issue, entries: Iterable[History], names: Names) -> frozenset[str]:
    """What labels it bore when it was made: the present with every entry undone."""
    nodes = issue.labels.nodes if issue.labels else None
    found = {clean_line(one.name or "") for one in nodes or () if one}
    for one in reversed(list(entries)):
        found -= {names.label(id_) for id_ in one.added_label_ids or ()}
        found |= {names.label(id_) for id_ in one.removed_label_ids or ()}
    return frozenset(found)


def _labels_after(before: frozenset[str], one: History, names: Names) -> frozenset[str]:
    added = {names.label(id_) for id_ in one.added_label_ids or ()}
    return before - {names.label(id_) for id_ in one.removed_label_ids or ()} | added


def _label_values(before: frozenset[str], after: frozenset[str]) -> Iterator[Values]:
    yield from _shown(ChangeField.LABELS, joined(before), joined(after))
