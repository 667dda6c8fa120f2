from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from syncer.domain.change import Change, ChangeField
from syncer.domain.item import (
    Account,
    ItemState,
    ResolutionKind,
    StatusCategory,
    Version,
    WorkItem,
)
from syncer.domain.link import Link, LinkKind
from syncer.domain.ref import ContainerKey
from syncer.domain.timeline import timeline
from syncer.rollup.past.history import rewind, rewind_all
from tests.unit.rollup.builders import (
    CANCELLED,
    DOING,
    DONE,
    LONG_AGO,
    TODO,
    WAITING,
    account,
    blocks,
    make_change,
    make_item,
    moved,
    noon,
    ref,
)

BEFORE, CHANGED, AFTER = (noon(date(2026, 11, day)) for day in (9, 10, 11))
DELIVERED, NOT_DELIVERED = ResolutionKind.DELIVERED, ResolutionKind.NOT_DELIVERED


def then(item: WorkItem, *changes: Change, at: datetime = BEFORE) -> WorkItem:
    was = rewind(item, changes, at)
    assert was is not None
    return was


@pytest.mark.parametrize(
    ("field", "before", "after", "now", "was"),
    [
        (ChangeField.DUE, "2026-12-01", "2026-12-24",
         {"due_date": date(2026, 12, 24)}, {"due_date": date(2026, 12, 1)}),
        (ChangeField.DUE, None, "2026-12-24", {"due_date": date(2026, 12, 24)}, {"due_date": None}),
        (ChangeField.START, "2026-12-01", None, {}, {"start_date": date(2026, 12, 1)}),
        (ChangeField.ASSIGNEE, "ann", "bob,eve",
         {"assignees": (account("Bob"), account("Eve"))},
         {"assignees": (Account(connection="jira", id="ann", name="then"),)}),
        (ChangeField.ASSIGNEE, "bob,eve", "bob",
         {"assignees": (account("Bob"),)},
         {"assignees": (account("Bob"), Account(connection="jira", id="eve", name="then"))}),
        (ChangeField.ASSIGNEE, None, "bob", {"assignees": (account("Bob"),)}, {"assignees": ()}),
        (ChangeField.PARENT, "jira:7", "jira:8",
         {"parent": ref("8"), "parent_key": "NET-8"}, {"parent": ref("7"), "parent_key": "then"}),
        (ChangeField.PARENT, None, "jira:8", {"parent": ref("8")}, {"parent": None}),
        (ChangeField.LABELS, "a,b", "b", {"labels": ("b",)}, {"labels": ("a", "b")}),
        (ChangeField.VERSIONS, "1.0,2.0", "2.0",
         {"fix_versions": (Version(id="2", name="2.0", due=date(2027, 1, 1)),)},
         {"fix_versions": (Version(id="", name="1.0"),
                           Version(id="2", name="2.0", due=date(2027, 1, 1)))}),
        (ChangeField.FLAG, "1", None, {}, {"flagged": True, "status_category": WAITING}),
        (ChangeField.TITLE, "Old", "New", {"title": "New"}, {"title": "Old"}),
        (ChangeField.KEY, "OLD-1", "NET-1", {}, {"key": "OLD-1"}),
        (ChangeField.CONTAINER, "OLD", "NET", {}, {"container": ContainerKey("jira", "OLD")}),
        (ChangeField.LINK, None, "blocks>jira:REG-1",
         {"links": (Link(kind=LinkKind.BLOCKS, to=ref("REG-1")),)}, {"links": ()}),
        (ChangeField.LINK, "blocks<jira:REG-1", None,
         {}, {"links": (Link(kind=LinkKind.BLOCKS, to=ref("REG-1"), inward=True),)}),
        (ChangeField.LINK, "no such thing", "neither>this", {}, {"links": ()}),
    ],
)  # fmt: skip
def test_a_change_is_taken_back(
    field: ChangeField,
    before: str | None,
    after: str | None,
    now: dict[str, Any],
    was: dict[str, Any],
) -> None:
    item = make_item("NET-1", **now)
    change = make_change(CHANGED, field, before, after, before_text="then")
    found = then(item, change)
    assert {name: getattr(found, name) for name in was} == was
    assert then(item, change, at=CHANGED) == item


@pytest.mark.parametrize(
    "field",
    [
        ChangeField.SPRINT,
        ChangeField.ESTIMATE,
        ChangeField.PRIORITY,
        ChangeField.BODY,
        ChangeField.COMMENT,
        ChangeField.RANK,
        ChangeField.OTHER,
    ],
)
def test_what_no_figure_reads_stays_as_it_is(field: ChangeField) -> None:
    item = make_item("NET-1", estimate=3.0, priority=1, updated_at=LONG_AGO)
    found = then(item, make_change(CHANGED, field, "1", "3"))
    assert replace(found, last_meaningful_change_at=item.last_meaningful_change_at) == item


def test_every_field_is_tried_above() -> None:
    assert len(ChangeField) == 20


def test_an_item_does_not_exist_before_it_was_created() -> None:
    item = make_item("NET-1", created_at=CHANGED)
    assert rewind(item, (), BEFORE) is None
    assert rewind(item, (), CHANGED) == item


def test_the_status_of_the_instant_is_the_last_one_entered() -> None:
    steps = [noon(date(2026, 11, day)) for day in (2, 4, 6)]
    changes = [
        moved(steps[0], TODO, DOING),
        moved(steps[1], DOING, DONE),
        moved(steps[2], DONE, DOING),
    ]
    item = make_item("NET-1", DOING, started_at=steps[0], reopened_count=1)
    first, second, third = (then(item, *changes, at=at - timedelta(hours=1)) for at in steps)
    assert (first.status_category, first.started_at, first.done_at) == (TODO, None, None)
    assert (second.status_category, second.started_at) == (DOING, steps[0])
    assert (third.status_category, third.done_at, third.reopened_count) == (DONE, steps[1], 0)


def test_an_unreadable_status_is_unknown() -> None:
    changes = [make_change(CHANGED, ChangeField.STATUS, "Doing", "DONE", before_text="Doing")]
    found = then(make_item("NET-1", DONE, done_at=CHANGED), *changes)
    assert (found.status_category, found.native_status) == (StatusCategory.UNKNOWN, "Doing")


def test_a_resolution_tells_done_from_cancelled() -> None:
    done, answered = noon(date(2026, 11, 2)), noon(date(2026, 11, 6))
    changes = [
        moved(done, TODO, DONE),
        make_change(answered, ChangeField.RESOLUTION, "not_delivered", "delivered"),
    ]
    item = make_item("NET-1", DONE, done_at=done, started_at=done)
    assert then(item, *changes, at=done).status_category is CANCELLED
    assert then(item, *changes, at=answered).status_category is DONE
    assert then(item, *changes, at=done - timedelta(hours=1)).status_category is TODO


def test_a_resolution_without_any_status_change() -> None:
    item = make_item("NET-1", CANCELLED, resolution_kind=NOT_DELIVERED)
    change = make_change(CHANGED, ChangeField.RESOLUTION, "delivered", "not_delivered")
    assert then(item, change).status_category is DONE
    odd = make_change(CHANGED, ChangeField.RESOLUTION, "who knows", "not_delivered")
    assert then(item, odd).resolution_kind is None


@pytest.mark.parametrize(("now", "was"), [(WAITING, TODO), (DONE, DONE)])
def test_a_flag_hides_the_status_beneath(now: StatusCategory, was: StatusCategory) -> None:
    item = make_item("NET-1", now, flagged=True, done_at=LONG_AGO if now is DONE else None)
    assert then(item, make_change(CHANGED, ChangeField.FLAG, None, "1")).status_category is was


def test_what_is_dated_but_not_recorded_was_open_before_its_date() -> None:
    item = make_item(
        "NET-1", DONE, started_at=BEFORE, done_at=AFTER, history_complete=False, resolution="Done"
    )
    label = make_change(noon(date(2026, 11, 20)), ChangeField.LABELS, None, "a")
    for changes in [(), (label,)]:
        was = then(item, *changes, at=CHANGED)
        assert (was.status_category, was.started_at, was.done_at) == (DOING, BEFORE, None)
        assert (was.resolution, was.resolution_kind) == (None, None)
        earlier = then(item, *changes, at=BEFORE - timedelta(hours=1))
        assert (earlier.status_category, earlier.started_at) == (TODO, None)
    assert then(item, label, at=AFTER).done_at == AFTER


def test_without_its_history_a_done_item_keeps_its_own_dates() -> None:
    done = noon(date(2026, 11, 4))
    item = make_item("NET-1", DONE, done_at=done, started_at=done, last_meaningful_change_at=done)
    found = then(item, make_change(CHANGED, ChangeField.TITLE, "a", "b"))
    assert (found.done_at, found.started_at, found.last_meaningful_change_at) == (done, done, done)


def test_care_for_an_item_is_measured_up_to_the_instant() -> None:
    cared, touched = noon(date(2026, 11, 2)), noon(date(2026, 11, 5))
    changes = [
        make_change(cared, ChangeField.DUE, None, "2026-12-01"),
        make_change(touched, ChangeField.RANK, "1", "2"),
        moved(CHANGED, TODO, DOING),
    ]
    item = make_item("NET-1", DOING, started_at=CHANGED, last_meaningful_change_at=CHANGED)
    assert then(item, *changes).last_meaningful_change_at == cared
    assert then(item, *changes).updated_at == touched
    assert then(item, *changes, at=LONG_AGO).last_meaningful_change_at == LONG_AGO


def test_histories_that_know_only_keys_find_the_item() -> None:
    other = make_item("NET-2", ref=ref("10002"))
    item = make_item("NET-1", links=(Link(kind=LinkKind.BLOCKS, to=ref("10002"), to_key="NET-2"),))
    added = make_change(CHANGED, ChangeField.LINK, None, "blocks>jira:NET-2")
    lost = make_change(CHANGED, ChangeField.LINK, "blocks<jira:NET-2", None)
    parent = make_change(CHANGED, ChangeField.PARENT, "jira:NET-2", None)
    assert then(item, added).links == ()
    [was, _] = rewind_all([item, other], {item.uid: [added, lost, parent]}, BEFORE)
    assert [link.to for link in was.links] == [other.ref]
    assert was.parent == other.ref


def test_moved_items_are_left_out_and_order_is_kept() -> None:
    items = [
        make_item("NET-2"),
        make_item("NET-1"),
        make_item("NET-3", state=ItemState.MOVED),
        make_item("NET-4", created_at=AFTER),
    ]
    assert [i.key for i in rewind_all(items, {}, BEFORE)] == ["NET-2", "NET-1"]


# --- properties: an item lives forwards, and every moment of its life is found again --------------


@dataclass(frozen=True, slots=True)
class Life:
    """An item, its history, and what it was after each change."""

    item: WorkItem
    changes: tuple[Change, ...]
    moments: tuple[WorkItem, ...]


_STATUSES = st.sampled_from([TODO, DOING, WAITING, DONE, StatusCategory.UNKNOWN])
_DAYS = st.none() | st.dates(date(2026, 1, 1), date(2027, 12, 31))
_NAMES = st.lists(st.sampled_from("abc"), unique=True, max_size=3).map(sorted)
_LINKS = st.sampled_from(
    [
        Link(kind=kind, to=ref(name), inward=inward)
        for kind in (LinkKind.BLOCKS, LinkKind.MIRRORS)
        for name in ("NET-8", "NET-9")
        for inward in (False, True)
    ]
)


def _joined(names: Iterable[str]) -> str | None:
    return ",".join(names) or None


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


_PEOPLE = _NAMES.map(lambda ids: tuple(Account(connection="jira", id=i, name="") for i in ids))
_VERSIONS = _NAMES.map(lambda names: tuple(Version(id="", name=name) for name in names))
_RESOLUTIONS = st.sampled_from([None, DELIVERED, NOT_DELIVERED])
_PARENTS = st.sampled_from([None, ref("NET-8"), ref("NET-9")])

_PROPERTIES: Mapping[ChangeField, tuple[str, st.SearchStrategy[Any], Callable[[Any], Any]]] = {
    ChangeField.DUE: ("due_date", _DAYS, _day),
    ChangeField.START: ("start_date", _DAYS, _day),
    ChangeField.LABELS: ("labels", _NAMES.map(tuple), _joined),
    ChangeField.ASSIGNEE: ("assignees", _PEOPLE, lambda people: _joined(a.id for a in people)),
    ChangeField.VERSIONS: ("fix_versions", _VERSIONS, lambda all_: _joined(v.name for v in all_)),
    ChangeField.FLAG: ("flagged", st.booleans(), lambda flagged: "1" if flagged else None),
    ChangeField.RESOLUTION: ("resolution_kind", _RESOLUTIONS, lambda kind: kind),
    ChangeField.PARENT: ("parent", _PARENTS, lambda parent: parent and parent.uid),
    ChangeField.TITLE: ("title", st.sampled_from(["One", "Two"]), str),
}


def _relink(item: WorkItem, link: Link) -> tuple[WorkItem, str | None, str | None]:
    side = f"{link.kind}{'<' if link.inward else '>'}{link.to.uid}"
    if link in item.links:
        return replace(item, links=tuple(x for x in item.links if x != link)), side, None
    return replace(item, links=(*item.links, link)), None, side


def _set(item: WorkItem, field: ChangeField, draw: st.DrawFn) -> tuple[WorkItem, Any, Any]:
    """The item after a random change of one field, and both sides of the change."""
    if field is ChangeField.LINK:
        return _relink(item, draw(_LINKS))
    if field not in _PROPERTIES:
        return item, "1", "2"
    name, values, side = _PROPERTIES[field]
    value = draw(values)
    return replace(item, **{name: value}), side(getattr(item, name)), side(value)


def _category(base: StatusCategory, item: WorkItem) -> StatusCategory:
    if base is DONE and item.resolution_kind is NOT_DELIVERED:
        return CANCELLED
    return WAITING if item.flagged and base.is_open else base


_FIELDS = st.sampled_from(
    [f for f in ChangeField if f not in (ChangeField.KEY, ChangeField.CONTAINER)]
    + [ChangeField.STATUS, ChangeField.STATUS, ChangeField.FLAG, ChangeField.RESOLUTION]
)


@st.composite
def lives(draw: st.DrawFn) -> Life:
    base, at = TODO, LONG_AGO
    item = make_item("NET-1", updated_at=LONG_AGO, last_meaningful_change_at=LONG_AGO)
    changes: list[Change] = []
    moments = [item]
    for number in range(draw(st.integers(0, 12))):
        at += timedelta(hours=draw(st.integers(1, 400)))
        field = draw(_FIELDS)
        if field is ChangeField.STATUS:
            before, base = base, draw(_STATUSES)
            change = moved(at, before, base)
        else:
            item, was, now = _set(item, field, draw)
            change = make_change(at, field, was, now, by_bot=draw(st.booleans()))
        changes.append(structs.replace(change, id=str(number)))
        category = _category(base, item)
        life = timeline(changes, current=category, created_at=LONG_AGO)
        item = replace(
            item,
            status_category=category,
            started_at=life.started_at,
            done_at=life.done_at,
            reopened_count=life.reopened_count,
            last_meaningful_change_at=life.last_meaningful_change_at,
            updated_at=at,
        )
        moments.append(item)
    return Life(item, tuple(changes), tuple(moments))


def _comparable(item: WorkItem | None) -> WorkItem:
    """Without what no history tells: the order of links, and empty texts."""
    assert item is not None
    links = tuple(sorted(item.links, key=lambda link: (link.kind, link.to.uid, link.inward)))
    return replace(item, links=links, native_status="", resolution=None, parent_key="")


@given(lives())
def test_every_moment_of_a_life_is_found_again(life: Life) -> None:
    starts = [LONG_AGO, *(change.at for change in life.changes)]
    for at, moment in zip(starts, life.moments, strict=True):
        assert _comparable(rewind(life.item, life.changes, at)) == _comparable(moment)


@given(lives(), st.integers(0, 10_000))
def test_nothing_changes_after_the_last_change(life: Life, hours: int) -> None:
    last = life.changes[-1].at if life.changes else LONG_AGO
    assert rewind(life.item, life.changes, last + timedelta(hours=hours)) == life.item


@given(lives(), st.lists(st.integers(0, 4_000), min_size=2, max_size=2))
def test_two_steps_back_are_one(life: Life, hours: list[int]) -> None:
    far, near = (LONG_AGO + timedelta(hours=h) for h in sorted(hours))
    midway = rewind(life.item, life.changes, near)
    assert midway is not None
    known = [change for change in life.changes if change.at <= near]
    assert rewind(midway, known, far) == rewind(life.item, life.changes, far)


@given(lives(), lives())
def test_items_are_rewound_apart_from_each_other(one: Life, two: Life) -> None:
    other = replace(two.item, ref=ref("NET-2"), key="NET-2")
    changes = {one.item.uid: one.changes, other.uid: two.changes}
    at = datetime(2026, 2, 1, tzinfo=UTC)
    assert rewind_all([one.item, other], changes, at) == [
        *rewind_all([one.item], changes, at),
        *rewind_all([other], changes, at),
    ]


def test_a_link_added_later_is_no_dependency_yet() -> None:
    item = blocks(make_item("NET-1"), "NET-2")
    change = make_change(CHANGED, ChangeField.LINK, None, "blocks>jira:NET-2")
    assert [len(then(item, change, at=at).links) for at in (BEFORE, CHANGED)] == [0, 1]


@pytest.mark.parametrize(
    ("done_at", "was"),
    [
        pytest.param(BEFORE, DONE, id="done by then"),
        pytest.param(AFTER, StatusCategory.UNKNOWN, id="done later"),
        pytest.param(None, StatusCategory.UNKNOWN, id="nobody knows"),
    ],
)
def test_a_status_that_the_site_has_forgotten_does_not_reopen_what_was_done(
    done_at: datetime | None, was: StatusCategory
) -> None:
    item = make_item("1", DONE, done_at=done_at)
    renamed = make_change(CHANGED, ChangeField.STATUS, "UNKNOWN", "DONE")
    assert then(item, renamed).status_category is was
