"""The walk over a project's issues, against a model of a tracker that changes meanwhile."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.jira.cursor import Mark, Position, Walk
from connectors.jira.jql import all_ids, changed_since, with_keys
from syncer.domain.cursor import Cursor
from syncer.errors import ConfigError, CursorExpired

FAR = 10**15


@dataclass
class Tracker:
    """Issues by id with the time of their last change.

    Tokens are offsets, which drift while issues change, or name the last issue shown.
    """

    updated: dict[int, int]
    size: int
    clock: int
    by_offset: bool = True

    def page(self, at: Position) -> tuple[list[tuple[int, int]], str | None]:
        found = sorted((ms, id_) for id_, ms in self.updated.items() if ms >= (at.from_ms or 0))
        found = self._after(found, at.token)
        page, more = found[: self.size], len(found) > self.size
        return [(id_, ms) for ms, id_ in page], self._token(at.token, page) if more else None

    def _after(self, found: list[tuple[int, int]], token: str | None) -> list[tuple[int, int]]:
        if token is None:
            return found
        if self.by_offset:
            return found[int(token) :]
        ms, id_ = map(int, token.split())
        return [one for one in found if one > (ms, id_)]

    def _token(self, token: str | None, page: list[tuple[int, int]]) -> str:
        if self.by_offset:
            return str(int(token or 0) + self.size)
        return "{} {}".format(*page[-1])

    def touch(self, id_: int) -> None:
        self.clock += 60_000
        self.updated[id_] = self.clock


def walk_through(
    tracker: Tracker, mark: Mark, touches: Sequence[int], *, stop_after: int | None = None
) -> tuple[Mark, dict[int, int], int]:
    """One pass; before each page but the first one issue is touched. What was seen last."""
    walk = Walk(mark=mark, overlap_ms=300_000, overlap_items=50)
    seen: dict[int, int] = {}
    pages = 0
    waiting = list(touches)
    while True:
        if pages and waiting:
            tracker.touch(waiting.pop())
        page, token = tracker.page(walk.position)
        pages += 1
        seen |= dict(page)
        mark = walk.take([ms for _, ms in page], token=token, horizon_ms=FAR)
        if mark.position is None or pages == stop_after:
            return mark, seen, pages
        assert pages < 1000


TIMES = st.dictionaries(
    st.integers(min_value=1, max_value=60),
    st.integers(min_value=0, max_value=40).map(lambda n: n * 60_000),
    min_size=1,
)


IDS = st.integers(min_value=1, max_value=60)
SIZES = st.integers(min_value=2, max_value=7)


@given(updated=TIMES, size=SIZES, touches=st.lists(IDS), by_offset=st.booleans())
def test_nothing_is_missed_while_issues_change(
    updated: dict[int, int], size: int, touches: list[int], *, by_offset: bool
) -> None:
    """Issues of one instant are told apart by the tracker's tokens only: there they must hold."""
    spread = {id_: ms + (id_ if by_offset else 0) for id_, ms in updated.items()}
    tracker = Tracker(spread, size, clock=41 * 60_000, by_offset=by_offset)
    known = [id_ for id_ in touches if id_ in updated]
    mark, seen, _ = walk_through(tracker, Mark(), known)
    _, again, _ = walk_through(tracker, mark, [])
    assert seen | again == tracker.updated


@given(TIMES, st.integers(min_value=2, max_value=7), st.integers(min_value=1, max_value=10))
def test_a_killed_pass_goes_on_with_its_saved_mark(
    updated: dict[int, int], size: int, killed_after: int
) -> None:
    tracker = Tracker(dict(updated), size, clock=41 * 60_000)
    mark, seen, pages = walk_through(tracker, Mark(), [], stop_after=killed_after)
    saved = Mark.of(mark.cursor())
    assert saved == mark
    _, rest, more = walk_through(tracker, saved, [])
    assert seen | rest == tracker.updated
    _, _, whole = walk_through(tracker, Mark(), [])
    assert saved.position is None or pages + more <= whole + 1


@given(TIMES)
def test_a_mark_never_moves_beyond_the_trackers_present(updated: dict[int, int]) -> None:
    walk = Walk(mark=Mark(), overlap_ms=300_000, overlap_items=50)
    mark = walk.take(list(updated.values()), token=None, horizon_ms=600_000)
    assert mark.watermark is not None
    assert mark.overlap_from is not None
    assert mark.overlap_from <= mark.watermark <= 600_000


@given(st.text())
def test_a_foreign_cursor_is_expired_and_nothing_else(text: str) -> None:
    with pytest.raises(CursorExpired):
        Mark.of(Cursor(text))


@given(st.text(), st.none() | st.integers(min_value=0, max_value=FAR))
def test_a_query_holds_a_key_of_plain_characters_or_is_refused(key: str, since: int | None) -> None:
    try:
        query = changed_since(key, since)
    except ConfigError:
        return
    assert re.fullmatch(
        r'project = "[A-Za-z0-9_-]+"( AND updated >= \d+)? ORDER BY updated ASC, id ASC', query
    )
    assert all_ids(key).startswith('project = "')


@given(st.lists(st.text() | st.just("NET-1")))
def test_only_keys_get_into_a_query(keys: list[str]) -> None:
    query = with_keys(["OUT-2", *keys])
    assert re.fullmatch(r'issuekey in \("[A-Za-z0-9_-]+-\d+"(, "[A-Za-z0-9_-]+-\d+")*\)', query)


def test_an_item_that_changed_just_now_is_not_sought_from() -> None:
    """It may be shown as it is where it was before: what stands between would be left out."""
    now = 10**12
    walk = Walk(mark=Mark(), overlap_ms=300_000, overlap_items=50)
    mark = walk.take([1_000, 2_000, now], token="1", horizon_ms=now + 60_000)
    assert mark.position == Position(2_000)
    mark = walk.take([3_000, now, 4_000], token="2", horizon_ms=now + 60_000)
    assert mark.position == Position(4_000)
    mark = walk.take([now, now + 1], token="3", horizon_ms=now + 60_000)
    assert mark.position == Position(4_000, "3")
