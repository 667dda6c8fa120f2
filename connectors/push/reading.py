"""The body of a delivery: the envelope as a whole, each item on its own. Pure.

What is wrong in one item sets that item aside alone; what is wrong with the envelope sets the whole
delivery aside, since nobody knows then what the items belong to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from connectors.push.mapping import to_record
from connectors.push.wire import Envelope, PushedItem
from syncer.connect.hooks import body_object
from syncer.connect.protocol import Carried, HookRequest
from syncer.connect.signing import TOLERANCE
from syncer.connect.text_links import Phrase
from syncer.connect.unreadable import Unmappable, unreadable
from syncer.domain.item import ItemRecord, Unreadable
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.domain.text import clean_line
from syncer.errors import BadPayload

_FAULTS_TOLD: Final = 5
_LONGEST_ID: Final = 200
_NO_JSON: Final = (
    "the body is no JSON object, or holds more than 150,000 values, commas and escapes: send fewer "
    "items at a time"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with one item: where it stands, its id as far as it tells one, and why."""

    place: str
    id: str
    why: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a delivery holds, and what is wrong with single items of it."""

    carried: Carried
    faults: tuple[Fault, ...]

    @property
    def event(self) -> str:
        """What sort of delivery it is."""
        if self.carried.present is not None:
            return "inventory"
        told = self.carried.records or self.carried.deleted or self.faults
        return "items" if told else "heartbeat"


def read(connection: str, request: HookRequest, phrases: tuple[Phrase, ...] = ()) -> Reading:
    """What the body of a genuine delivery holds; `BadPayload` where its envelope cannot be read.

    `phrases` are the words before an address or key in a body that make a link.
    """
    body = body_object(request)
    if body is None:
        raise BadPayload(_NO_JSON)
    try:
        envelope = Envelope.model_validate(body)
    except ValidationError as error:
        raise BadPayload(faults_of(error, Envelope)) from None
    _refuse_contradictions(envelope, received_at=request.received_at)
    return _Reader(connection, envelope, phrases).reading()


def _refuse_contradictions(envelope: Envelope, *, received_at: datetime | None) -> None:
    if envelope.present and not envelope.complete:
        raise BadPayload("present: belongs to an inventory, so complete must be true")
    latest = received_at and received_at + timedelta(seconds=TOLERANCE)
    if latest is not None and envelope.as_of > latest:
        raise BadPayload("as_of: lies in the future")


class _Reader:
    """Reads the items of one delivery."""

    def __init__(self, connection: str, envelope: Envelope, phrases: tuple[Phrase, ...]) -> None:
        self._envelope = envelope
        self._phrases = phrases
        self._container = ContainerKey(connection, envelope.container)
        self._deleted = frozenset(envelope.deleted)

    def reading(self) -> Reading:
        records: list[ItemRecord] = []
        aside: list[Unreadable] = []
        faults: list[Fault] = []
        for index, raw in enumerate(self._envelope.items):
            try:
                records.append(self._record(raw))
            except (ValidationError, Unmappable) as error:
                fault = Fault(place=f"items[{index}]", id=_id_of(raw), why=_why(error))
                faults.append(fault)
                aside.append(self._aside(raw, fault))
        return Reading(self._carried(records, aside), tuple(faults))

    def _record(self, raw: object) -> ItemRecord:
        item = PushedItem.model_validate(raw)
        if item.id in self._deleted:
            raise Unmappable("id: stands under deleted too")
        return to_record(
            item,
            container=self._container,
            as_of=self._envelope.as_of,
            phrases=self._phrases,
        )

    def _aside(self, raw: object, fault: Fault) -> Unreadable:
        """The item as it is set aside, under its id where that could be one."""
        connection = self._container.connection
        kept = {**raw, "id": fault.id} if isinstance(raw, Mapping) else raw
        return unreadable(kept, connection=connection, key=fault.id, reason=fault.why)

    def _carried(self, records: Sequence[ItemRecord], aside: Sequence[Unreadable]) -> Carried:
        envelope, told = self._envelope, {one.ref.id for one in aside}
        return Carried(
            container=self._container,
            name=clean_line(envelope.name),
            as_of=envelope.as_of,
            records=tuple(records),
            unreadable=tuple(aside),
            deleted=tuple(self._ref(id_) for id_ in envelope.deleted if id_ not in told),
            present=self._present(records, aside) if envelope.complete else None,
        )

    def _present(
        self, records: Sequence[ItemRecord], aside: Sequence[Unreadable]
    ) -> frozenset[ItemRef]:
        """All that an inventory names; an item that cannot be read is there all the same."""
        named = [one.item.ref for one in records] + [one.ref for one in aside]
        return frozenset([*named, *map(self._ref, self._envelope.present)])

    def _ref(self, id_: str) -> ItemRef:
        return ItemRef(self._container.connection, id_)


def _id_of(raw: object) -> str:
    told = raw.get("id") if isinstance(raw, Mapping) else None
    known = isinstance(told, str | int) and not isinstance(told, bool)
    text = clean_line(str(told), limit=_LONGEST_ID + 1) if known else ""
    return text if len(text) <= _LONGEST_ID else ""


# --- what is wrong, in words ----------------------------------------------------------------------


def _why(error: ValidationError | Unmappable) -> str:
    return faults_of(error, PushedItem) if isinstance(error, ValidationError) else str(error)


def faults_of(error: ValidationError, model: type[BaseModel]) -> str:
    """Every fault with the field that it is in, without what was sent."""
    found = error.errors(include_input=False, include_url=False, include_context=False)
    told = [_fault(fault, model) for fault in found[:_FAULTS_TOLD]]
    more = len(found) - len(told)
    return "; ".join([*told, *([f"and {more} more"] if more else [])])


def _fault(fault: ErrorDetails, model: type[BaseModel]) -> str:
    loc, message = fault["loc"], fault["msg"]
    place = "".join(_steps(loc))
    match fault["type"]:
        case "extra_forbidden":
            return f"{place}: unknown field{_meant(loc, model)}"
        case "missing":
            return f"{place}: must be there"
        case "model_type":
            return f"{place or 'it'}: must be an object"
        case _:
            words = message.removeprefix("Value error, ").removeprefix("Input ")
            return f"{place}: {words}" if place else words


def _steps(loc: Sequence[int | str]) -> Iterator[str]:
    for index, step in enumerate(loc):
        if isinstance(step, int):
            yield f"[{step}]"
        else:
            yield f".{clean_line(step, limit=60)}" if index else clean_line(step, limit=60)


def _meant(loc: Sequence[int | str], model: type[BaseModel]) -> str:
    """Which field of the outermost object was probably meant."""
    if len(loc) != 1:
        return ""
    near = get_close_matches(str(loc[0]), model.model_fields, n=1)
    return f", did you mean {near[0]}?" if near else ""


def machine(reading: Reading) -> dict[str, Any]:
    """What the sender is told of its delivery."""
    carried = reading.carried
    return {
        "accepted": len(carried.records),
        "deleted": len(carried.deleted),
        "quarantined": [
            {"place": one.place, "id": one.id or None, "why": one.why} for one in reading.faults
        ],
        "error": None,
    }
