"""On which lane, for which container and under which traffic a tracker is being asked."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from syncer.domain.lane import Lane

if TYPE_CHECKING:
    from syncer.connect.budget import Traffic

_WITH_DIGIT: Final = re.compile(r"[^/]*[0-9][^/]*")
_PREFIXES: Final = frozenset({"", "*", "api", "rest", "ex", "jira"})


@dataclass(slots=True, kw_only=True)
class Call:
    """One call under way: its method and path without ids, on whose behalf; and what came of it.

    `probe`: it looks whether a tracker answers again. `age` is the one of its place among others.
    """

    endpoint: str
    lane: Lane = Lane.INCREMENTAL
    container: str = ""
    probe: bool = False
    age: int = 0

    @property
    def family(self) -> str:
        """The method and the first word of the path that says what is asked for."""
        method, _, path = self.endpoint.partition(" ")
        words = (part for part in path.split("/") if part.casefold() not in _PREFIXES)
        return f"{method} {next(words, '')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Passage:
    traffic: Traffic | None
    lane: Lane
    container: str


_passage: ContextVar[_Passage | None] = ContextVar("passage", default=None)


@contextmanager
def on_lane(
    lane: Lane, *, container: str | None = None, traffic: Traffic | None = None
) -> Generator[None]:
    """Make what is asked of a tracker meanwhile go by a lane; tasks begun meanwhile inherit it.

    `container` and `traffic` left out: those in force stay. Not to be held over a `yield` of a
    generator, whose caller it would reach.
    """
    before = _passage.get()
    if before is not None:
        traffic = traffic or before.traffic
        container = before.container if container is None else container
    token = _passage.set(_Passage(traffic=traffic, lane=lane, container=container or ""))
    try:
        yield
    finally:
        _passage.reset(token)


def traffic_in_force() -> Traffic | None:
    """The traffic that what is asked now belongs to."""
    passage = _passage.get()
    return None if passage is None else passage.traffic


def new_call(method: str, path: str) -> Call:
    """A call of a path, on the lane in force."""
    endpoint = f"{method} {_WITH_DIGIT.sub('*', path)}"
    passage = _passage.get()
    if passage is None:
        return Call(endpoint=endpoint)
    return Call(endpoint=endpoint, lane=passage.lane, container=passage.container)
