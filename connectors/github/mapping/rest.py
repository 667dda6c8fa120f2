"""The REST API's details of an issue as plain values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from pydantic import ValidationError

from connectors.github.mapping.detail import Happened, Happening, Neighbour, neighbour_at
from connectors.github.mapping.people import is_bot, login
from connectors.github.wire import Event, Issue, Other
from syncer.connect.times import utc_instant
from syncer.connect.unreadable import Unmappable
from syncer.domain.text import clean_line

_KINDS: Final = frozenset(Happened)


def repository_of(url: str | None) -> str:
    """`owner/name` at the end of an API address such as `…/repos/owner/name`, else empty."""
    parts = (url or "").rstrip("/").rsplit("/", 3)
    named = len(parts) == 4 and parts[1] == "repos" and all(parts[2:])  # noqa: PLR2004  three slashes
    return f"{parts[2]}/{parts[3]}" if named else ""


def neighbour_by_url(url: str | None) -> Neighbour | None:
    """The issue of an API address such as `…/repos/owner/name/issues/12`, None if it is none."""
    place, mark, number = (url or "").rpartition("/issues/")
    return neighbour_at(f"{repository_of(place)}#{number}") if mark else None


def neighbour(other: Issue | Other) -> Neighbour | None:
    """Another issue, None where it does not tell where it is, or is a pull request."""
    full = other.repository.full_name if isinstance(other, Other) and other.repository else None
    repository = full or repository_of(other.repository_url)
    if not repository or other.number is None or other.pull_request is not None:
        return None
    found = neighbour_at(f"{repository}#{other.number}")
    return None if found is None else Neighbour(found.repository, found.number, other.id or "")


def neighbours(rows: Iterable[Any]) -> tuple[Neighbour, ...]:
    """The issues among raw rows that tell where they are."""
    return tuple(_neighbours(rows))


def _neighbours(rows: Iterable[Any]) -> Iterator[Neighbour]:
    for row in rows:
        try:
            found = neighbour(Other.model_validate(row))
        except ValidationError:
            continue
        if found is not None:
            yield found


def timeline(rows: Iterable[Any]) -> tuple[Happening, ...]:
    """The entries that mean something to us, oldest first.

    An odd entry of the past must not cost the issue: it is left out.
    """
    found = (one for row in rows if (one := _happening(row)) is not None)
    return tuple(sorted(found, key=lambda one: one.at))


def _happening(row: object) -> Happening | None:
    try:
        event = Event.model_validate(row)
        if event.event not in _KINDS or not event.created_at:
            return None
        at = utc_instant(event.created_at)
    except (ValidationError, Unmappable):
        return None
    what = Happened(event.event)
    actor = event.actor or event.user
    return Happening(
        what=what,
        at=at,
        actor=login(actor),
        by_bot=is_bot(actor),
        subject=clean_line(_subject(what, event) or ""),
        before=clean_line(event.rename.before or "") if event.rename else "",
        after=clean_line(event.rename.after or "") if event.rename else "",
        other=_other(event),
    )


def _subject(what: Happened, event: Event) -> str | None:
    match what:
        case Happened.LABELED | Happened.UNLABELED:
            return event.label.name if event.label else None
        case Happened.ASSIGNED | Happened.UNASSIGNED:
            return login(event.assignee)
        case Happened.MILESTONED | Happened.DEMILESTONED:
            return event.milestone.title if event.milestone else None
        case Happened.CLOSED:
            return event.state_reason
        case Happened.COMMENTED:
            return event.id
        case _:
            return None


def _other(event: Event) -> Neighbour | None:
    """The other issue; the REST API names it differently from event to event, or not at all."""
    told = (event.parent_issue, event.blocking_issue, event.blocked_issue, event.dependency)
    other = next((one for one in told if one is not None), None)
    return neighbour(other) if other is not None else None
