from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.domain.change import Change, ChangeField
from syncer.domain.item import StatusCategory
from syncer.domain.timeline import Timeline, timeline

T0 = datetime(2026, 1, 5, tzinfo=UTC)
TODO, WIP, WAITING, DONE, CANCELLED, UNKNOWN = (
    StatusCategory.TODO,
    StatusCategory.IN_PROGRESS,
    StatusCategory.WAITING,
    StatusCategory.DONE,
    StatusCategory.CANCELLED,
    StatusCategory.UNKNOWN,
)


def day(number: int) -> datetime:
    return T0 + timedelta(days=number)


def change(
    number: int, field: ChangeField, before: str | None, after: str | None, *, bot: bool = False
) -> Change:
    return Change(
        id=str(number), at=day(number), field=field, before=before, after=after, by_bot=bot
    )


def walk(*categories: StatusCategory) -> list[Change]:
    steps = enumerate(pairwise(categories), start=1)
    return [change(n, ChangeField.STATUS, a, b) for n, (a, b) in steps]


def life(
    *path: StatusCategory, current: StatusCategory | None = None, resolved: int | None = None
) -> Timeline:
    return timeline(
        walk(*path),
        current=current or path[-1],
        created_at=T0,
        resolved_at=None if resolved is None else day(resolved),
    )


@pytest.mark.parametrize(
    ("path", "started", "done", "reopened"),
    [
        ((TODO,), None, None, 0),
        ((TODO, WIP), 1, None, 0),
        ((TODO, WAITING), 1, None, 0),
        ((TODO, WIP, DONE), 1, 2, 0),
        ((TODO, DONE), 1, 1, 0),
        ((TODO, WIP, DONE, WIP, DONE), 1, 4, 1),
        ((TODO, DONE, TODO), 1, None, 1),
        ((TODO, DONE, WAITING, DONE, TODO, WIP), 1, None, 2),
        ((TODO, WIP, CANCELLED), 1, None, 0),
        ((TODO, CANCELLED, TODO), None, None, 0),
        ((TODO, DONE, DONE), 1, 1, 0),
        ((WIP, TODO), 0, None, 0),
        ((DONE,), 0, 0, 0),
        ((UNKNOWN, WIP), 1, None, 0),
        ((TODO, DONE, UNKNOWN), 1, None, 0),
    ],
)
def test_the_life_of_an_item(
    path: tuple[StatusCategory, ...], started: int | None, done: int | None, reopened: int
) -> None:
    found = life(*path)
    assert found.started_at == (None if started is None else day(started))
    assert found.done_at == (None if done is None else day(done))
    assert found.reopened_count == reopened


def test_done_without_any_history_is_dated_by_the_tracker() -> None:
    assert life(DONE, resolved=9).done_at == day(9)


def test_done_without_a_whole_history_or_a_date_is_not_dated() -> None:
    found = timeline([], current=DONE, created_at=T0, complete=False)
    assert found.done_at is None


def test_a_history_that_ends_elsewhere_yields_to_the_present() -> None:
    assert life(TODO, DONE, current=TODO).done_at is None
    assert life(TODO, DONE, current=TODO).reopened_count == 0
    assert life(TODO, WIP, current=DONE, resolved=7).done_at == day(7)
    assert life(TODO, WIP, current=DONE).done_at is None


def test_from_an_unknown_status_into_done_the_earlier_date_counts() -> None:
    assert life(TODO, UNKNOWN, DONE, resolved=1).done_at == day(1)
    assert life(TODO, UNKNOWN, DONE, resolved=9).done_at == day(2)
    assert life(TODO, WIP, DONE, resolved=1).done_at == day(2)


@pytest.mark.parametrize(
    ("field", "meaningful"),
    [
        (ChangeField.STATUS, True),
        (ChangeField.ASSIGNEE, True),
        (ChangeField.DUE, True),
        (ChangeField.START, True),
        (ChangeField.ESTIMATE, True),
        (ChangeField.LINK, True),
        (ChangeField.COMMENT, True),
        (ChangeField.RANK, False),
        (ChangeField.LABELS, False),
        (ChangeField.OTHER, False),
    ],
)
@pytest.mark.parametrize("bot", [False, True])
def test_care_is_shown_by_people_changing_what_matters(
    field: ChangeField, *, meaningful: bool, bot: bool
) -> None:
    found = timeline([change(3, field, None, None, bot=bot)], current=TODO, created_at=T0)
    assert found.last_meaningful_change_at == (day(3) if meaningful and not bot else T0)


@given(st.lists(st.sampled_from(list(StatusCategory)), min_size=1, max_size=12), st.booleans())
def test_start_is_never_after_the_end_and_only_the_done_have_one(
    path: list[StatusCategory], resolved: bool
) -> None:
    found = life(*path, resolved=2 if resolved else None)
    assert (found.done_at is not None) <= (path[-1] is DONE)
    if found.done_at is not None:
        assert found.started_at is not None
        assert found.started_at <= found.done_at


@pytest.mark.parametrize("odd", [None, "", "FINISHED"])
def test_a_category_that_is_none_of_ours_is_unknown(odd: str | None) -> None:
    found = timeline(
        [change(1, ChangeField.STATUS, odd, odd)], current=TODO, created_at=T0, resolved_at=None
    )
    assert (found.started_at, found.done_at, found.reopened_count) == (None, None, 0)
