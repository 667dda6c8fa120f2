"""Issues of about 6 KB with about ten changes each, as bytes of JSON: rendered, never parsed.

Issue number n is made from one of a few dozen drafts and the numbers that belong to it alone, so
that a million issues take no memory. All of it is made up; shapes are those of Jira Data Center
(`dc`) and Cloud (`cloud`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, Literal

import orjson

from bench.sample_drafts import DRAFTS, draft

Style = Literal["dc", "cloud"]

FIRST_ID: Final = 100_000
KEPT: Final = 20_000
"""So many issues or fewer are rendered once and kept."""

_HOLE: Final = re.compile(rb"@([a-z]+)@")


@dataclass(frozen=True, slots=True)
class Place:
    """A project and the numbers of its issues, `start` to before `stop`."""

    id: str
    key: str
    start: int
    stop: int


@dataclass(slots=True)
class Issues:
    """All issues of the made-up site; number n was changed n seconds after `since_ms`.

    So the order of numbers, of ids and of changes is one. `since_ms` is in epoch milliseconds.
    """

    style: Style
    total: int
    containers: int
    since_ms: int
    places: list[Place] = field(init=False)
    _drafts: list[tuple[_Pieces, _Pieces]] = field(init=False)
    _kept: dict[int, tuple[bytes, bytes]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        size = -(-self.total // self.containers)
        self.places = [
            Place(str(10_000 + c), f"P{c + 1}", c * size, min((c + 1) * size, self.total))
            for c in range(self.containers)
        ]
        self._drafts = [_cut(draft(self.style, number)) for number in range(DRAFTS)]

    def prepare(self) -> None:
        """Render what is kept, so that no request waits for it."""
        for number in range(self.total if self.total <= KEPT else 0):
            self._parts(number)

    def place(self, number: int) -> Place:
        """The project of an issue."""
        return self.places[number // (self.places[0].stop - self.places[0].start)]

    def key(self, number: int) -> str:
        """The key of an issue."""
        place = self.place(number)
        return f"{place.key}-{number - place.start + 1}"

    def number_of(self, id_or_key: str) -> int | None:
        """The number of the issue with this id or key, None where there is none."""
        project, dash, tail = id_or_key.rpartition("-")
        if not tail.isdecimal():
            return None
        if not dash:
            number = int(tail) - FIRST_ID
            return number if 0 <= number < self.total else None
        place = next((one for one in self.places if one.key == project), None)
        if place is None or not 0 < int(tail) <= place.stop - place.start:
            return None
        return place.start + int(tail) - 1

    def updated_ms(self, number: int) -> int:
        """When an issue was changed last, in epoch milliseconds."""
        return self.since_ms + 1000 * number

    def short(self, number: int) -> bytes:
        """Id and key alone."""
        return b'{"id":"%d","key":"%s"}' % (FIRST_ID + number, self.key(number).encode())

    def timed(self, number: int) -> bytes:
        """Id, key and the instant of the last change."""
        return b'{"id":"%d","key":"%s","fields":{"updated":"%s"}}' % (
            FIRST_ID + number,
            self.key(number).encode(),
            _text_of(self.updated_ms(number)),
        )

    def whole(self, number: int, *, changelog: bool) -> bytes:
        """The issue with all fields, and with its changelog where asked for."""
        fields, log = self._parts(number)
        return b'%s,"changelog":%s}' % (fields, log) if changelog else fields + b"}"

    def changelog(self, number: int) -> bytes:
        """The changelog of one issue as it lies in the issue."""
        return self._parts(number)[1]

    def _parts(self, number: int) -> tuple[bytes, bytes]:
        kept = self._kept.get(number)
        if kept is not None:
            return kept
        values = self._values(number)
        fields, log = (_filled(one, values) for one in self._drafts[number % DRAFTS])
        if self.total <= KEPT:
            self._kept[number] = fields, log
        return fields, log

    def _values(self, number: int) -> dict[bytes, bytes]:
        place = self.place(number)
        top = place.start + (number - place.start) // 20 * 20
        other = min(number + 1, place.stop - 1)
        return {
            b"id": b"%d" % (FIRST_ID + number),
            b"num": b"%d" % (9_000_000 + number),
            b"key": self.key(number).encode(),
            b"project": place.key.encode(),
            b"projectid": place.id.encode(),
            b"updated": _text_of(self.updated_ms(number)),
            b"parentid": b"%d" % (FIRST_ID + top),
            b"parentkey": self.key(top).encode(),
            b"otherid": b"%d" % (FIRST_ID + other),
            b"otherkey": self.key(other).encode(),
        }


_Pieces = tuple[Sequence[bytes], Sequence[bytes]]
"""The bytes around the holes, and the names of the holes between them."""


def _cut(whole: dict[str, Any]) -> tuple[_Pieces, _Pieces]:
    log = whole.pop("changelog")
    return _pieces(orjson.dumps(whole)[:-1]), _pieces(orjson.dumps(log))


def _pieces(text: bytes) -> _Pieces:
    parts = _HOLE.split(text)
    return parts[0::2], [*parts[1::2], b""]


def _filled(pieces: _Pieces, values: dict[bytes, bytes]) -> bytes:
    around, names = pieces
    filled = [*(values[name] for name in names[:-1]), b""]
    return b"".join([part for pair in zip(around, filled, strict=True) for part in pair])


@lru_cache(maxsize=4096)
def _text_of(epoch_ms: int) -> bytes:
    at = datetime.fromtimestamp(epoch_ms / 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{epoch_ms % 1000:03d}+0000".encode()
