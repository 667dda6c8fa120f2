"""When a connection's deliveries are left to gather before the next claim.

The first delivery about an item is worked off at once. Where claim after claim names mostly the
same items, as a script does that edits them again and again, each claim would fetch them all anew:
so the pause before the next one grows, and one fetch serves what came in meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from syncer.domain.ref import ItemRef

_SHORTEST: Final = 0.5


@dataclass(slots=True)
class _Rest:
    items: frozenset[ItemRef] = frozenset()
    span: float = 0.0
    until: float = 0.0


class Rests:
    """The pauses of all connections, of up to `longest` seconds; instants are the loop's."""

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._rests: dict[str, _Rest] = {}

    def worked(
        self, connection: str, items: Collection[ItemRef], *, now: float, more: bool
    ) -> None:
        """A claim that named these items is done with; `more` waited already when it was made."""
        before = self._rests.get(connection, _Rest())
        named = frozenset(items)
        again = len(named & before.items) * 2 > len(named)
        if not again or now > before.until + self._longest:
            span = 0.0
        else:
            span = min(self._longest, max(_SHORTEST, before.span * 2))
        self._rests[connection] = _Rest(named, span, now if more else now + span)

    def resting(self, now: float) -> list[str]:
        """The connections that are to be left alone for now."""
        return [name for name, rest in self._rests.items() if rest.until > now]
