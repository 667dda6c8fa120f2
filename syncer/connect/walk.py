"""How far a container has been read, and where to go on: pure.

A pass walks the container's items by their time of change. It seeks: each page asks for the items
from the last one's instant on, so that an item which changes meanwhile moves to the end without
another one slipping through. Where many items bear one instant the tracker's page tokens lead on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Final

import orjson

from syncer.domain.cursor import Cursor
from syncer.errors import CursorExpired

_VERSION: Final = 1
_MINUTE_MS: Final = 60_000
"""A tracker may compare in whole minutes: so much earlier is still what was asked for."""

_SETTLES_MS: Final = 5 * _MINUTE_MS
"""An item that changed so lately may be shown as it is at the place that it had before: trackers
make lists from an index and show items from what lies behind it. To seek from its time of change
would leave out what stands between."""


@dataclass(frozen=True, slots=True)
class Position:
    """The next page: issues changed from `from_ms` on, after `token` if there is one."""

    from_ms: int | None = None
    token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a cursor holds. Instants are epoch milliseconds on the tracker's clock.

    `watermark` is the latest change seen, `overlap_from` where the next pass begins; `position`
    is where a pass that did not end goes on.
    """

    watermark: int | None = None
    overlap_from: int | None = None
    position: Position | None = None

    def cursor(self) -> Cursor:
        """The mark as an opaque text."""
        where = self.position and {"from": self.position.from_ms, "token": self.position.token}
        content = {"v": _VERSION, "updated": self.watermark, "overlap": self.overlap_from}
        return Cursor(orjson.dumps({**content, "at": where}).decode())

    @classmethod
    def of(cls, cursor: Cursor | None) -> Mark:
        """The mark of a saved cursor; `CursorExpired` if it is none of ours."""
        if cursor is None:
            return cls()
        try:
            return _read(orjson.loads(cursor.value))
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise CursorExpired("The saved cursor of this container cannot be read.") from None

    def start(self) -> Position:
        """Where the next pass begins or goes on."""
        return self.position or Position(self.overlap_from)


def _read(content: dict[str, Any]) -> Mark:
    if content["v"] != _VERSION:
        raise KeyError("v")
    at = content["at"]
    return Mark(
        watermark=_ms(content["updated"]),
        overlap_from=_ms(content["overlap"]),
        position=Position(_ms(at["from"]), _token(at["token"])) if at else None,
    )


def _ms(value: object) -> int | None:
    if value is None or isinstance(value, int):
        return value
    raise TypeError


def _token(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise TypeError


@dataclass(slots=True, kw_only=True)
class Walk:
    """One pass under way.

    `overlap_ms` and `overlap_items` bound how far the next pass looks back: the nearer of the two.
    """

    mark: Mark
    overlap_ms: int
    overlap_items: int
    position: Position = field(init=False)
    _seeks: bool = True
    _before_seek: Position | None = None
    _latest: deque[int] = field(init=False)

    def __post_init__(self) -> None:
        self.position = self.mark.start()
        self._latest = deque(maxlen=max(self.overlap_items, 1))

    def was_ignored(self, updated: Sequence[int]) -> bool:
        """Whether the tracker ignored a seek; the walk then goes on by tokens only."""
        start = self.position.from_ms
        if self._before_seek is None or start is None or not updated:
            return False
        if min(updated) >= start - _MINUTE_MS:
            return False
        self._seeks = False
        self.position, self._before_seek = self._before_seek, None
        return True

    def token_was_refused(self) -> None:
        """A token leads nowhere any more: read again from where its query began."""
        self.position = Position(self.position.from_ms)

    def take(
        self,
        updated: Sequence[int],
        *,
        token: str | None,
        horizon_ms: int,
        query: Position | None = None,
    ) -> Mark:
        """Note a page's times of change; the mark to save with it.

        `horizon_ms` is the tracker's present: a later time of change (a year 9999) must not move
        the watermark, or real changes before it would never be seen. `query` is where the list
        began of which this is a page, if not at the walk's position.
        """
        times = sorted(min(ms, horizon_ms) for ms in updated)
        self._latest.extend(times)
        watermark = max([*times[-1:], *_known(self.mark.watermark)], default=None)
        by_token = Position((query or self.position).from_ms, token)
        following = None if token is None else self._following(updated, by_token, horizon_ms)
        self.mark = Mark(
            watermark=watermark,
            overlap_from=self._overlap_from(watermark),
            position=following,
        )
        if following is not None:
            self.position = following
        return self.mark

    def stay(self, token: str, updated: Iterable[int], *, until_ms: int) -> Mark:
        """The mark to save within a list that is read in another order than that of change.

        The list is what changed from the walk's position on, and `token` leads on in it. Up to the
        instant `until_ms` it will have been seen whole, and until it is the watermark stays.
        """
        seen = sorted([*self._latest, *(ms for ms in updated if ms <= until_ms)])
        self._latest = deque(seen[-max(self.overlap_items, 1) :], maxlen=self._latest.maxlen)
        self._before_seek = None
        self.position = Position(self.position.from_ms, token)
        self.mark = replace(self.mark, position=self.position)
        return self.mark

    def arrive(self, updated: Iterable[int], *, until_ms: int) -> Mark:
        """The mark to save at the end of such a list, with which the pass ends."""
        self.stay("", updated, until_ms=until_ms)
        watermark = max([until_ms, *_known(self.mark.watermark)])
        self.mark = Mark(watermark=watermark, overlap_from=self._overlap_from(watermark))
        return self.mark

    def _following(self, updated: Sequence[int], by_token: Position, horizon_ms: int) -> Position:
        settled = [ms for ms in updated if ms <= horizon_ms - _SETTLES_MS]
        last = max(settled, default=None)
        start = by_token.from_ms
        # A page of one instant only would come again: its token leads on.
        goes_on = last is not None and last > max(min(settled), start or 0)
        if last is not None and self._seeks and goes_on and _in_order(settled):
            self._before_seek = by_token
            return Position(last)
        self._before_seek = None
        return by_token

    def _overlap_from(self, watermark: int | None) -> int | None:
        if watermark is None:
            return None
        if not self.overlap_items:
            return watermark
        enough = len(self._latest) == self._latest.maxlen
        nearest = [self._latest[0]] if enough else _known(self.mark.overlap_from)
        return max([watermark - self.overlap_ms, *nearest])


def _known(ms: int | None) -> list[int]:
    return [] if ms is None else [ms]


def _in_order(updated: Iterable[int]) -> bool:
    return all(before <= after for before, after in pairwise(updated))
