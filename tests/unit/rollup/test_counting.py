from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.domain.item import ItemKind, ItemState, StatusCategory, WorkItem
from syncer.domain.link import LinkKind
from syncer.rollup.work.counting import Countable, Tree, countable
from tests.unit.rollup.builders import (
    CANCELLED,
    DOING,
    DONE,
    TODO,
    linked,
    make_epic,
    make_item,
    make_portfolio,
    make_project,
    make_subtask,
    make_view,
    many,
)

MIRRORS, DUPLICATES = LinkKind.MIRRORS, LinkKind.DUPLICATES


def count(*items: WorkItem) -> Countable:
    return countable(items, Tree(items))


def names(counted: Countable) -> list[str]:
    return [item.uid for item in counted.items]


def test_e4_progress_leaves_out_what_was_cancelled() -> None:
    items = (*many("D", 4, DONE), *many("O", 5), make_item("C-1", CANCELLED))
    counted = count(*items)
    assert (counted.done, counted.total) == (4, 9)
    assert counted.progress == pytest.approx(0.444, abs=5e-4)
    assert counted.cancelled == 1


def test_e5_only_leaves_count() -> None:
    items = (
        make_epic("NET-1"),
        make_item("NET-2", DONE, parent="NET-1"),
        *(make_subtask(f"NET-2{n}", DONE, parent="NET-2") for n in range(3)),
        make_item("NET-3", parent="NET-1"),
        *(make_subtask(f"NET-3{n}", DONE if n < 2 else TODO, parent="NET-3") for n in range(4)),
    )
    counted = count(*items)
    assert (counted.done, counted.total, counted.progress) == (1, 2, 0.5)


def test_e6_a_done_epic_does_not_finish_its_open_stories() -> None:
    stories = [make_item(f"NET-{n}", DONE if n == 2 else TODO, parent="NET-1") for n in range(2, 6)]
    counted = count(make_epic("NET-1", DONE), *stories)
    assert counted.progress == 0.25


def test_e7_an_epic_without_children_stands_for_its_work() -> None:
    counted = count(make_epic("NET-1"))
    assert (counted.done, counted.total) == (0, 1)
    assert counted.undecomposed == {"jira:NET-1"}


def test_e8_a_portfolio_is_a_union_and_never_a_sum() -> None:
    only_a, shared, only_b = many("A", 71), many("S", 5), many("B", 146)
    portfolio = make_portfolio(
        make_project("a", "jira:A", "jira:S"), make_project("b", "jira:B", "jira:S")
    )
    view = make_view([*only_a, *shared, *only_b], portfolio)
    assert (view.countables["a"].total, view.countables["b"].total) == (76, 151)
    assert view.union(["a", "b"]).total == 222


@pytest.mark.parametrize("inward", [False, True])
@pytest.mark.parametrize("kind", [MIRRORS, DUPLICATES])
def test_e9_a_mirror_counts_once(kind: LinkKind, inward: bool) -> None:
    jira = linked(make_item("NET-5", DONE), (kind, "github:12"), inward=inward)
    counted = count(jira, make_item("github:12", DONE))
    assert (counted.done, counted.total) == (1, 1)
    assert names(counted) == (["jira:NET-5"] if inward else ["github:12"])


def test_the_original_of_a_chain_of_copies_stands_for_all() -> None:
    third = linked(make_item("NET-3"), (DUPLICATES, "NET-2"))
    second = linked(make_item("NET-2"), (DUPLICATES, "NET-9"))
    assert names(count(third, second, make_item("NET-9"))) == ["jira:NET-9"]


def test_copies_that_name_each_other_count_once() -> None:
    first = linked(make_item("NET-1"), (MIRRORS, "NET-2"))
    second = linked(make_item("NET-2"), (MIRRORS, "NET-1"))
    assert names(count(second, first)) == ["jira:NET-1"]


def test_a_copy_counts_where_its_original_lies_outside_the_scope_or_was_dropped() -> None:
    copies = [linked(make_item(f"NET-{n}"), (MIRRORS, "github:12")) for n in (2, 1)]
    everything = Tree([*copies, make_item("github:12")])
    assert names(countable(copies, everything)) == ["jira:NET-1"]
    dropped = [*copies, make_item("github:12", CANCELLED)]
    assert names(count(*dropped)) == ["jira:NET-1"]


def test_a_deleted_original_hands_its_identity_on() -> None:
    gone = make_item("NET-1", state=ItemState.DELETED)
    tree = Tree([gone, linked(make_item("NET-2"), (DUPLICATES, "NET-1"))])
    assert tree.canonical_uid("jira:NET-2") == "jira:NET-2"
    every = frozenset(tree.by_uid)
    assert tree.canonical(every) == {tree.canonical_uid(uid) for uid in every}


@pytest.mark.parametrize("inward", [False, True])
def test_the_copy_of_an_epic_is_counted_by_the_epics_stories(inward: bool) -> None:
    epic = linked(make_epic("NET-1"), (MIRRORS, "github:12"), inward=inward)
    items = (epic, make_item("NET-2", parent="NET-1"), make_item("github:12"))
    assert names(count(*items)) == ["jira:NET-2"]


def test_e10_everything_cancelled_is_no_progress_at_all() -> None:
    counted = count(*many("NET", 7, CANCELLED))
    assert (counted.progress, counted.total, counted.cancelled) == (None, 0, 7)


@pytest.mark.parametrize(
    ("items", "lost"),
    [
        pytest.param([make_epic("NET-1", CANCELLED)], 1, id="an epic without children"),
        pytest.param(
            [make_epic("NET-1", CANCELLED), make_item("NET-2", CANCELLED, parent="NET-1")],
            1,
            id="an epic with its story",
        ),
        pytest.param(
            [make_item("NET-2"), make_subtask("NET-3", CANCELLED, parent="NET-2")],
            0,
            id="a subtask",
        ),
        pytest.param([make_item("NET-1", CANCELLED, kind=ItemKind.RISK)], 0, id="a risk"),
        pytest.param([make_item("NET-1", CANCELLED, state=ItemState.DELETED)], 0, id="a tombstone"),
    ],
)
def test_only_what_would_have_counted_is_called_cancelled(items: list[WorkItem], lost: int) -> None:
    assert count(*items).cancelled == lost


def test_e11_all_done() -> None:
    assert count(*many("NET", 12, DONE)).progress == 1.0


def test_e13_cancelling_open_work_raises_progress() -> None:
    items = [*many("D", 8, DONE), *many("C", 8, CANCELLED), *many("O", 4)]
    assert count(*items).progress == pytest.approx(8 / 12)


def test_a_subtask_counts_only_without_its_parent() -> None:
    subtask = make_subtask("NET-3", parent="NET-2")
    assert names(count(subtask)) == ["jira:NET-3"]
    assert names(count(make_item("NET-2"), subtask)) == ["jira:NET-2"]
    deleted = make_item("NET-2", state=ItemState.DELETED)
    assert names(count(deleted, subtask)) == ["jira:NET-3"]


def test_an_epic_whose_stories_were_all_cancelled_stands_for_its_work_again() -> None:
    counted = count(make_epic("NET-1"), make_item("NET-2", CANCELLED, parent="NET-1"))
    assert names(counted) == ["jira:NET-1"]


def test_stories_of_another_scope_break_an_epic_down_too() -> None:
    epic, story = make_epic("NET-1"), make_item("OUT-1", parent="NET-1")
    assert names(countable([epic], Tree([epic, story]))) == []


@pytest.mark.parametrize(
    "kind", [ItemKind.RISK, ItemKind.DECISION, ItemKind.MILESTONE, ItemKind.GOAL]
)
def test_what_is_no_work_does_not_count(kind: ItemKind) -> None:
    assert count(make_item("NET-1", kind=kind)).total == 0


@pytest.mark.parametrize("state", [ItemState.DELETED, ItemState.MOVED, ItemState.HIDDEN])
def test_what_is_not_there_does_not_count(state: ItemState) -> None:
    assert count(make_item("NET-1", state=state)).total == 0


def test_an_unknown_status_is_open_work() -> None:
    counted = count(make_item("NET-1", StatusCategory.UNKNOWN))
    assert (counted.remaining, len(counted.wip)) == (1, 0)


def test_parents_in_a_circle_are_survived() -> None:
    items = [
        make_epic("NET-1", parent="NET-2"),
        make_epic("NET-2", parent="NET-1"),
        make_item("NET-3", parent="NET-2"),
        make_item("NET-4", parent="NET-4"),
    ]
    tree = Tree(items)
    assert [i.uid for i in tree.ancestors(items[2])] == ["jira:NET-2", "jira:NET-1"]
    assert {i.uid for i in tree.descendants("jira:NET-1")} == {"jira:NET-2", "jira:NET-3"}
    assert names(countable(items, tree)) == ["jira:NET-3", "jira:NET-4"]


def test_work_in_progress_and_level_one_are_told() -> None:
    counted = count(
        make_epic("NET-1"),
        make_item("NET-2", DOING, parent="NET-1"),
        make_item("NET-3", StatusCategory.WAITING),
        make_epic("NET-4", CANCELLED),
    )
    assert [item.uid for item in counted.wip] == ["jira:NET-2", "jira:NET-3"]
    assert (counted.level_one, counted.undecomposed) == (1, frozenset())


@st.composite
def forests(draw: st.DrawFn) -> list[WorkItem]:
    """Up to twelve items with any parents, copies, levels and states."""
    size = draw(st.integers(1, 12))
    chosen = st.integers(0, size - 1)
    items = []
    for n in range(size):
        parent, original = draw(st.none() | chosen), draw(st.none() | chosen)
        item = make_item(
            f"NET-{n}",
            draw(st.sampled_from(list(StatusCategory))),
            hierarchy_level=draw(st.integers(-1, 3)),
            parent=None if parent is None else f"NET-{parent}",
            state=draw(st.sampled_from(list(ItemState))),
        )
        kind = draw(st.sampled_from([MIRRORS, DUPLICATES]))
        target = () if original is None else ((kind, f"NET-{original}"),)
        items.append(linked(item, *target, inward=draw(st.booleans())))
    return items


@given(forests(), st.randoms(use_true_random=False))
def test_the_order_of_items_never_matters(items: list[WorkItem], luck: random.Random) -> None:
    shuffled = items.copy()
    luck.shuffle(shuffled)
    assert count(*shuffled) == count(*items)


@given(forests(), st.integers(0, 11))
def test_a_union_is_at_most_the_sum(items: list[WorkItem], cut: int) -> None:
    tree = Tree(items)
    parts = countable(items[:cut], tree), countable(items[cut:], tree)
    whole = countable(items, tree)
    assert whole.total <= parts[0].total + parts[1].total
    assert {tree.canonical_uid(u) for part in parts for u in part.uids} == {
        tree.canonical_uid(u) for u in whole.uids
    }
