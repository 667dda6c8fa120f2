"""Work items to rows and back, fast enough for ten thousand at a time."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, Final

import msgspec

from syncer.clock import as_utc
from syncer.domain.change import Change, ChangeField
from syncer.domain.item import ItemRecord, WorkItem
from syncer.store.types import JsonText, to_json

_ITEM: Final = msgspec.json.Decoder(WorkItem)
_HISTORY: Final = msgspec.json.Decoder(tuple[Change, ...])
_STRANGE_HISTORY: Final = msgspec.json.Decoder(list[list[Any]])
_RECORDS: Final = msgspec.json.Decoder(list[ItemRecord])
_ENCODER: Final = msgspec.json.Encoder()
_FIELDS: Final = frozenset(ChangeField)
_FIELD: Final = Change.__struct_fields__.index("field")
_IN_ORDER: Final = attrgetter("at", "id", "field")
_NUL: Final = b"\\u0000"
_DIGEST_BYTES: Final = 16


class _RecordParts(msgspec.Struct):
    """A record as two texts."""

    item: msgspec.Raw
    changes: msgspec.Raw


_RECORD_PARTS: Final = msgspec.json.Decoder(list[_RecordParts])


@dataclass(frozen=True, slots=True)
class EncodedRecord:
    """A record ready to be written.

    `digest` tells whether anything in it is new; `payload` is the item as JSON, `history` its
    changes, None where the record brings none.
    """

    record: ItemRecord
    digest: str
    payload: JsonText
    history: str | None


def encode(record: ItemRecord) -> EncodedRecord:
    """The record with a digest over its content, and without text that a database refuses.

    NUL and halves of surrogate pairs become U+FFFD. `ValueError` for a naive instant, for one that
    UTC cannot express, and for a value that is not what its field promises.
    """
    for instant in _instants(record.item):
        if instant is not None and instant.tzinfo is not UTC:
            _in_utc(instant)
    try:
        item, history = to_json(record.item), _history_json(record.changes)
    except (TypeError, UnicodeEncodeError):  # broken Unicode
        return _encode_cleaned(record)
    if _NUL in item or _NUL in history:
        return _encode_cleaned(record)
    return _encoded(record, item=item, history=history)


def _encoded(record: ItemRecord, *, item: bytes, history: bytes) -> EncodedRecord:
    """The digest covers the item's JSON and that of the changes that came with it."""
    digest = hashlib.blake2b(item, digest_size=_DIGEST_BYTES)
    digest.update(history)
    told = history.decode() if record.changes else None
    return EncodedRecord(record, digest.hexdigest(), JsonText(item.decode()), told)


@contextmanager
def no_collection() -> Generator[None]:
    """Pause the search for cyclic garbage while many values without cycles are made.

    It would walk over all of them again and again: half of the time of loading ten thousand items.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def decode_items(payloads: Iterable[str]) -> list[WorkItem]:
    """The items from their JSON texts, in the same order."""
    with no_collection():
        return [decode_item(payload) for payload in payloads]


def decode_records(text: str) -> list[ItemRecord]:
    """The records from their JSON objects with commas between, in the same order."""
    with no_collection():
        try:
            return _RECORDS.decode(f"[{text}]")
        except msgspec.ValidationError:  # as of one history
            parts = _RECORD_PARTS.decode(f"[{text}]")
            return [
                ItemRecord(item=decode_item(one.item), changes=decode_history(one.changes))
                for one in parts
            ]


def decode_histories(payloads: Mapping[str, str]) -> dict[str, tuple[Change, ...]]:
    """The histories from their JSON texts, under the same names."""
    with no_collection():
        return {name: decode_history(payload) for name, payload in payloads.items()}


def decode_item(payload: str | bytes) -> WorkItem:
    """The item from its JSON text."""
    return _ITEM.decode(payload)


def decode_history(payload: str | bytes) -> tuple[Change, ...]:
    """The changes from their JSON text, oldest first."""
    try:
        return _HISTORY.decode(payload)
    except msgspec.ValidationError:  # a newer syncer knows of more fields than we do
        told = [_with_known_field(values) for values in _STRANGE_HISTORY.decode(payload)]
        return msgspec.convert(told, tuple[Change, ...])


def _with_known_field(values: list[Any]) -> list[Any]:
    known = values[_FIELD] in _FIELDS
    return values if known else [*values[:_FIELD], ChangeField.OTHER, *values[_FIELD + 1 :]]


def joined_history(before: str, after: str) -> str:
    """All changes of two readings, oldest first; of one that both tell, the later reading."""
    if before == after:
        return after
    return _history_json((*decode_history(before), *decode_history(after))).decode()


def _history_json(changes: Sequence[Change]) -> bytes:
    """The changes in their order, in UTC; where two share id and field, the last one's."""
    each = {
        (change.id, change.field): change if change.at.tzinfo is UTC else _told_in_utc(change)
        for change in changes
    }
    return _ENCODER.encode(sorted(each.values(), key=_IN_ORDER))


ITEM_COLUMNS: Final = (
    "uid", "connection", "native_id", "key", "container", "state", "status_category", "kind",
    "hierarchy_level", "parent_uid", "restricted", "due_date", "created_at", "updated_at",
    "done_at", "stored_at", "digest", "payload", "history",
)  # fmt: skip
"""The columns of `item_row`, in its order."""


def item_row(
    encoded: EncodedRecord, *, stored_at: datetime, before: str | None = None
) -> tuple[Any, ...]:
    """The row of `ItemRow` for one record; `before` is the history that is stored already."""
    history = encoded.history
    item = encoded.record.item
    return (
        item.uid,
        item.ref.connection,
        item.ref.id,
        item.key,
        item.container.key,
        item.state.value,
        item.status_category.value,
        item.kind.value,
        item.hierarchy_level,
        item.parent.uid if item.parent else None,
        item.restricted,
        item.due_date,
        item.created_at,
        item.updated_at,
        item.done_at,
        stored_at,
        encoded.digest,
        encoded.payload,
        history if history is None or before is None else joined_history(before, history),
    )


def _instants(item: WorkItem) -> Iterable[datetime | None]:
    yield item.created_at
    yield item.updated_at
    yield item.started_at
    yield item.done_at
    yield item.last_meaningful_change_at
    for link in item.links:
        yield link.created_at


def _told_in_utc(change: Change) -> Change:
    return msgspec.structs.replace(change, at=_in_utc(change.at))


def _in_utc(instant: datetime) -> datetime:
    try:
        return as_utc(instant)
    except OverflowError:
        raise ValueError(f"a time beyond the calendar: {instant.isoformat()}") from None


def _encode_cleaned(record: ItemRecord) -> EncodedRecord:
    try:
        cleaned = msgspec.convert(clean_json(msgspec.to_builtins(record)), ItemRecord)
        item, history = to_json(cleaned.item), _history_json(cleaned.changes)
    except (TypeError, msgspec.ValidationError) as error:
        raise ValueError(f"a value that cannot be stored: {error}") from error
    return _encoded(cleaned, item=item, history=history)


def clean_json(value: object) -> Any:  # noqa: ANN401  any JSON value
    """The value with every text in it cleaned; tuples become lists."""
    match value:
        case str():
            return clean_text(value)
        case Mapping():
            return {clean_text(str(name)): clean_json(inner) for name, inner in value.items()}
        case list() | tuple():
            return [clean_json(inner) for inner in value]
        case _:
            return value


def clean_text(text: str) -> str:
    """The text with NUL and halves of surrogate pairs replaced by U+FFFD."""
    if text.isascii() and "\0" not in text:
        return text
    return "".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in text)
