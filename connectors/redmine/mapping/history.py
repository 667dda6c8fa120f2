"""Journals as changes with canonical values (see `syncer.domain.change.ChangeField`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec

from connectors.redmine.mapping.links import EDGES
from connectors.redmine.mapping.people import account_id
from connectors.redmine.mapping.site import Known, Site, key_of
from connectors.redmine.mapping.status import status_of
from connectors.redmine.mapping.times import instant
from connectors.redmine.wire import Detail, Journal, Status
from syncer.connect.history import TEXT_LIMIT, Values
from syncer.connect.unreadable import Unmappable
from syncer.domain.change import Change, ChangeField
from syncer.domain.text import clean_line

_PLAIN: Final = {
    "due_date": ChangeField.DUE,
    "start_date": ChangeField.START,
    "estimated_hours": ChangeField.ESTIMATE,
    "subject": ChangeField.TITLE,
    "assigned_to_id": ChangeField.ASSIGNEE,
}
"""Properties whose values stand in the journal as they are."""


def changes_of(journals: Iterable[Any], *, site: Site, known: Known) -> tuple[Change, ...]:
    """Every change of one issue, oldest first; an odd entry of the past is left out."""
    told: list[Change] = []
    for raw in journals:
        try:
            journal = msgspec.convert(raw, Journal)
            at = instant(journal.created_on or "")
        except (msgspec.ValidationError, Unmappable):
            continue
        for number, values in enumerate(_of_journal(journal, site, known)):
            what, before, after, before_text, after_text = values
            told.append(
                Change(
                    id=f"{journal.id or 0}.{number}",
                    at=at,
                    field=what,
                    before=before,
                    after=after,
                    before_text=before_text[:TEXT_LIMIT],
                    after_text=after_text[:TEXT_LIMIT],
                    actor=account_id(journal.user),
                )
            )
    # People may have journals shown with the latest first.
    return tuple(sorted(told, key=lambda change: (change.at, _numbers(change.id))))


def _numbers(id_: str) -> Sequence[int]:
    return [int(part) for part in id_.split(".")]


def _of_journal(journal: Journal, site: Site, known: Known) -> Iterator[Values]:
    for detail in journal.details or ():
        if detail is not None:
            yield from _of_detail(detail, site, known)
    if (journal.notes or "").strip():
        yield ChangeField.COMMENT, None, None, "", ""


def _of_detail(detail: Detail, site: Site, known: Known) -> Iterator[Values]:
    old, new = _text(detail.old_value), _text(detail.new_value)
    name = detail.name or ""
    if detail.property == "relation":
        yield from _of_relation(name, old, new, site=site)
    elif detail.property == "cf":
        yield ChangeField.OTHER, old or None, new or None, old, new
    elif detail.property == "attr" and name in _PLAIN:
        yield _PLAIN[name], old or None, new or None, old, new
    elif detail.property == "attr":
        yield from _of_attribute(name, old, new, site=site, known=known)


def _of_attribute(name: str, old: str, new: str, *, site: Site, known: Known) -> Iterator[Values]:
    match name:
        case "status_id":
            yield from _of_status(old, new, site=site, known=known)
        case "parent_id":
            yield ChangeField.PARENT, _uid(old, site), _uid(new, site), _key(old), _key(new)
        case "fixed_version_id":
            before, after = (_version(one, known) for one in (old, new))
            yield ChangeField.VERSIONS, before or None, after or None, before, after
        case "priority_id":
            yield ChangeField.PRIORITY, old or None, new or None, old, new
        case "project_id":
            before, after = (_project(one, known) for one in (old, new))
            yield ChangeField.CONTAINER, before or None, after or None, before, after
        case "description":
            yield ChangeField.BODY, None, None, "", ""
        case "child_id":
            return  # the child's own journal tells it
        case _:
            yield ChangeField.OTHER, old or None, new or None, old, new


def _of_status(old: str, new: str, *, site: Site, known: Known) -> Iterator[Values]:
    before, after = (
        status_of(known.statuses.get(one, Status(name=f"status {one}")), site.rules)
        for one in (old, new)
    )
    yield ChangeField.STATUS, before.category, after.category, before.shown, after.shown
    if before.resolution is not after.resolution:
        yield (
            ChangeField.RESOLUTION,
            before.resolution,
            after.resolution,
            before.shown if before.resolution else "",
            after.shown if after.resolution else "",
        )


def _of_relation(word: str, old: str, new: str, *, site: Site) -> Iterator[Values]:
    """A relation that came or went, at the end at which it is read."""
    if word not in EDGES:
        return
    kind, inward = EDGES[word]
    edges = [
        f"{kind}{'<' if inward else '>'}{_uid(one, site)}" if one else None for one in (old, new)
    ]
    yield ChangeField.LINK, edges[0], edges[1], _key(old), _key(new)


def _version(number: str, known: Known) -> str:
    version = known.versions.get(number)
    return version.name if version else number


def _project(number: str, known: Known) -> str:
    return known.containers.get(int(number), number) if number.isdecimal() else number


def _uid(number: str, site: Site) -> str | None:
    return site.ref(number).uid if number else None


def _key(number: str) -> str:
    return key_of(number) if number else ""


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(filter(None, map(_text, value)))
    return clean_line(str(value), limit=TEXT_LIMIT) if isinstance(value, str | int | float) else ""
