"""Whether a record says of an issue what Redmine says of it: two readings, made independently."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from syncer.domain.change import Change, ChangeField
from syncer.domain.item import ItemRecord, StatusCategory
from syncer.domain.link import LinkKind, LinkOrigin

_CATEGORIES = {
    "New": StatusCategory.TODO,
    "In Progress": StatusCategory.IN_PROGRESS,
    "Resolved": StatusCategory.IN_PROGRESS,
    "Feedback": StatusCategory.WAITING,
    "Closed": StatusCategory.DONE,
    "Rejected": StatusCategory.CANCELLED,
}


def differences(record: ItemRecord, told: dict[str, Any]) -> list[str]:
    """What the record says otherwise than Redmine."""
    pairs = {**_plain(record, told), **_planned(record, told), **_linked(record, told)}
    pairs["history"] = (_seen(record.changes), _expected(told))
    return [f"{name}: {ours!r}, not {theirs!r}" for name, (ours, theirs) in pairs.items()
            if ours != theirs]  # fmt: skip


def _plain(record: ItemRecord, told: dict[str, Any]) -> dict[str, tuple[object, object]]:
    item = record.item
    assigned = [str(told["assigned_to"]["id"])] if told.get("assigned_to") else []
    return {
        "id": (item.ref.id, str(told["id"])),
        "title": (item.title, told["subject"]),
        "body": (item.body.split(), _words(told["description"] or "")),
        "tracker": (item.native_type, told["tracker"]["name"]),
        "status": (item.native_status, told["status"]["name"]),
        "category": (item.status_category, _CATEGORIES[told["status"]["name"]]),
        "open": (item.is_open, not told["status"]["is_closed"]),
        "people": ([one.id for one in item.assignees], assigned),
        "author": (item.reporter and item.reporter.id, str(told["author"]["id"])),
        "private": (item.restricted, told["is_private"]),
        "created": (item.created_at, _instant(told["created_on"])),
        "done": (item.done_at, _done(told)),
        "updated": (item.updated_at, max(map(_instant, _changed(told)))),
    }


def _planned(record: ItemRecord, told: dict[str, Any]) -> dict[str, tuple[object, object]]:
    item = record.item
    version = [told["fixed_version"]["name"]] if told.get("fixed_version") else []
    own_due = None if item.date_source == "inherited" else item.due_date
    return {
        "start": (item.start_date and item.start_date.isoformat(), told["start_date"]),
        "due": (own_due and own_due.isoformat(), told["due_date"]),
        "hours": (item.estimate, told["estimated_hours"]),
        "version": ([one.name for one in item.fix_versions], version),
        "parent": (item.parent and item.parent.id, _text(told.get("parent", {}).get("id"))),
        "components": (item.components, _names(told.get("category"))),
    }


def _linked(record: ItemRecord, told: dict[str, Any]) -> dict[str, tuple[object, object]]:
    tracked = [one for one in record.item.links if one.origin is LinkOrigin.TRACKER]
    ours = {(one.kind, one.to.id, one.inward, one.lag_days) for one in tracked}
    return {"relations": (ours, set(_relations(told)))}


def _relations(told: dict[str, Any]) -> Any:
    kinds = {"relates": LinkKind.RELATES, "duplicates": LinkKind.DUPLICATES}
    for one in told.get("relations", ()):
        word, begin, end = one["relation_type"], one["issue_id"], one["issue_to_id"]
        if word in ("blocks", "precedes") and end == told["id"]:
            yield LinkKind.BLOCKS, str(begin), True, one["delay"] or 0
        if word in kinds and begin == told["id"]:
            yield kinds[word], str(end), False, 0


def _seen(changes: tuple[Change, ...]) -> list[tuple[str, datetime]]:
    """Which journals the changes come from, and when."""
    every = {(one.id.partition(".")[0], one.at) for one in changes}
    return sorted(every)


def _expected(told: dict[str, Any]) -> list[tuple[str, datetime]]:
    """The journals that say something of this issue itself."""
    found = {
        (str(one["id"]), _instant(one["created_on"]))
        for one in told["journals"]
        if one["notes"] or any(map(_is_told, one["details"]))
    }
    return sorted(found)


def _is_told(detail: dict[str, Any]) -> bool:
    """A child is told by the child, and a dependency at the end that waits."""
    at_the_other_end = {"blocks", "precedes", "duplicated", "copied_from"}
    return detail["name"] not in {"child_id", *at_the_other_end}


def _changed(told: dict[str, Any]) -> list[str]:
    """A relation makes a journal and leaves `updated_on`: what is later, counts."""
    journals = [
        one for one in told["journals"] if one["notes"] or any(map(_is_told, one["details"]))
    ]
    return [told["updated_on"], *(one["created_on"] for one in journals)]


def _done(told: dict[str, Any]) -> datetime | None:
    closed = told["status"]["name"] == "Closed"
    return _instant(told["closed_on"]) if closed else None


def categories_of(record: ItemRecord) -> list[str | None]:
    """The categories through which an issue went, by its history."""
    return [one.after for one in record.changes if one.field is ChangeField.STATUS]


def _instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def _words(textile: str) -> list[str]:
    """The words of a description, without the marks of headings."""
    return [word for word in textile.split() if word != "h2."]


def _names(told: dict[str, Any] | None) -> tuple[str, ...]:
    return (told["name"],) if told else ()


def _text(value: object) -> str | None:
    return None if value is None else str(value)
