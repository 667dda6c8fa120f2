from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.domain.health import Confidence
from syncer.domain.item import (
    ItemKind,
    ItemState,
    ResolutionKind,
    Sprint,
    StatusCategory,
    Version,
    WorkItem,
)
from syncer.domain.portfolio import FixedTarget
from syncer.domain.statement import OwnerWord
from syncer.domain.verdict import VerdictLevel
from syncer.rollup.inputs import RollupInputs
from syncer.rollup.rules import DetectorRules
from syncer.rollup.work.observed import (
    Observed,
    contradictions,
    observe,
    quality_of,
    unclassified_share,
)
from syncer.rollup.work.quality import QualityThresholds
from tests.unit.rollup.builders import (
    AS_OF,
    CANCELLED,
    DOING,
    DONE,
    TODAY,
    TODO,
    WAITING,
    account,
    basis_of,
    blocks,
    make_epic,
    make_inputs,
    make_item,
    make_portfolio,
    make_project,
    make_subtask,
    make_view,
    many,
    view_of,
)

ANN = (account("Ann"),)
DAY = timedelta(days=1)


def inputs_of(
    *items: WorkItem, as_of_target: date | None = None, owner: str = "Ann"
) -> RollupInputs:
    target = FixedTarget(as_of_target) if as_of_target else None
    return make_inputs(items, make_portfolio(make_project("net", owner=owner, target=target)))


def seen(inputs: RollupInputs, **more: Any) -> Observed:
    return observe(
        basis_of(inputs, "net"), view_of(inputs), as_of=AS_OF, rules=DetectorRules(), **more
    )


def faults(*items: WorkItem) -> dict[str, str]:
    return {item.key: fault for item, fault in contradictions(items, make_view(items))}


# --- contradictions: one scenario that is one, one that just is not ------------------------------

CLOSED, OPEN = Version(id="1", name="1.0", closed=True), Version(id="2", name="2.0")
PAST, NEXT = Sprint(id="1", name="1", closed=True), Sprint(id="2", name="2")
NOT_DELIVERED = ResolutionKind.NOT_DELIVERED


@pytest.mark.parametrize(
    ("fault", "wrong", "right"),
    [
        ("done with open children",
         [make_epic("NET-1", DONE), make_item("NET-2", parent="NET-1")],
         [make_epic("NET-1", DONE), make_item("NET-2", CANCELLED, parent="NET-1")]),
        ("done with open children",
         [make_item("NET-1", DONE), make_subtask("NET-2", DOING, parent="NET-1")],
         [make_item("NET-1", DONE),
          make_subtask("NET-2", parent="NET-1", state=ItemState.DELETED)]),
        ("in progress before its start date",
         [make_item("NET-1", DOING, start_date=TODAY + DAY)],
         [make_item("NET-1", DOING, start_date=TODAY)]),
        ("overdue and not started",
         [make_item("NET-1", TODO, due_date=date(2026, 11, 20))],
         [make_item("NET-1", TODO, due_date=TODAY)]),
        ("overdue and not started",
         [make_item("NET-1", TODO, due_date=date(2026, 11, 22))],  # a Sunday is late on Monday
         [make_item("NET-1", WAITING, due_date=date(2026, 11, 20))]),
        ("due before its start",
         [make_item("NET-1", due_date=TODAY, start_date=TODAY + DAY)],
         [make_item("NET-1", due_date=TODAY, start_date=TODAY)]),
        ("done while its predecessor is open",
         [make_item("NET-1", DONE), blocks(make_item("REG-1"), "NET-1")],
         [make_item("NET-1", DONE), blocks(make_item("REG-1", DONE), "NET-1")]),
        ("open in a closed version",
         [make_item("NET-1", fix_versions=(OPEN, CLOSED))],
         [make_item("NET-1", fix_versions=(OPEN,))]),
        ("open in a closed sprint",
         [make_item("NET-1", sprints=(PAST,))],
         [make_item("NET-1", sprints=(PAST, NEXT))]),
        ("open in a closed sprint",
         [make_item("NET-1", sprints=(PAST,))],
         [make_item("NET-1", DONE, sprints=(PAST,), fix_versions=(CLOSED,))]),
        ("done without a date",
         [make_item("NET-1", DONE, done_at=None)],
         [make_item("NET-1", DONE)]),
        ("resolved but in an open status",
         [make_item("NET-1", resolution_kind=NOT_DELIVERED)],
         [make_item("NET-1", CANCELLED, resolution_kind=NOT_DELIVERED)]),
        ("resolved but in an open status",
         [make_item("NET-1", resolution="Fertig")],
         [make_item("NET-1")]),
    ],
)  # fmt: skip
def test_a_contradiction(fault: str, wrong: list[WorkItem], right: list[WorkItem]) -> None:
    assert faults(*wrong) == {"NET-1": fault}
    assert faults(*right) == {}


def test_an_item_with_two_faults_is_told_once() -> None:
    item = make_item("NET-1", due_date=TODAY - 7 * DAY, start_date=TODAY, resolution="Done")
    assert faults(item) == {"NET-1": "resolved but in an open status"}


def test_what_is_gone_contradicts_nothing() -> None:
    assert faults(make_item("NET-1", DONE, done_at=None, state=ItemState.DELETED)) == {}


def test_e6_an_epic_done_above_open_stories_is_one_of_four() -> None:
    stories = [make_item(f"NET-{n}", DONE if n == 2 else TODO, parent="NET-1") for n in range(2, 6)]
    found = seen(inputs_of(make_epic("NET-1", DONE), *stories))
    assert [item.key for item, _ in found.contradictions] == ["NET-1"]
    assert found.contradiction_share == 0.2
    assert found.ratios.consistent == 0.8


@pytest.mark.parametrize(
    ("word", "target", "items", "contradicts"),
    [
        (OwnerWord.ON_TRACK, date(2026, 11, 20), many("NET", 3), True),
        (OwnerWord.ON_TRACK, TODAY, many("NET", 3), False),
        (OwnerWord.AT_RISK, date(2026, 11, 20), many("NET", 3), False),
        (OwnerWord.ON_TRACK, date(2026, 11, 20), many("NET", 3, DONE), False),
        (OwnerWord.ON_TRACK, None, many("NET", 3), False),
        (None, date(2026, 11, 20), many("NET", 3), False),
    ],
)
def test_an_owner_who_says_on_track_after_the_target(
    word: OwnerWord | None, target: date | None, items: Sequence[WorkItem], contradicts: bool
) -> None:
    found = seen(inputs_of(*items, as_of_target=target), owner_word=word)
    assert found.word_contradicts is contradicts
    assert found.contradiction_share == (0.25 if contradicts else 0.0)


# --- ratios --------------------------------------------------------------------------------------


def test_dated_looks_at_open_parents_and_milestones() -> None:
    items = [
        make_epic("NET-1", due_date=TODAY),
        make_epic("NET-2"),
        make_item("NET-3", kind=ItemKind.MILESTONE, due_date=TODAY),
        make_item("NET-4", kind=ItemKind.MILESTONE),
        make_epic("NET-5", DONE),
        make_item("NET-6"),
    ]
    assert seen(inputs_of(*items)).ratios.dated == 0.5
    assert seen(inputs_of(make_item("NET-6"))).ratios.dated is None


@pytest.mark.parametrize(("owner", "expected"), [("Ann", 0.75), ("", 0.5)])
def test_owned_counts_the_project_as_one_more(owner: str, expected: float) -> None:
    items = [*many("NET-1", 2, DOING, assignees=ANN), make_item("NET-2", DOING)]
    found = seen(inputs_of(*items, make_item("NET-3"), owner=owner))
    assert found.ratios.owned == expected
    assert [item.key for item in found.unassigned] == ["NET-2"]
    assert found.unassigned_share == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("age", "stale"), [(timedelta(days=14), 0), (timedelta(days=14, seconds=1), 1)]
)
def test_work_is_stale_after_14_days_without_care(age: timedelta, stale: int) -> None:
    item = make_item("NET-1", DOING, last_meaningful_change_at=AS_OF - age)
    found = seen(inputs_of(item, make_item("NET-2", DOING)))
    assert (len(found.stale), found.stale_share) == (stale, stale / 2)
    assert found.ratios.fresh == 1 - stale / 2


def test_without_a_meaningful_change_the_last_update_counts() -> None:
    item = make_item("NET-1", DOING, last_meaningful_change_at=None, updated_at=AS_OF - 20 * DAY)
    assert seen(inputs_of(item)).stale_share == 1.0


def test_what_is_blocked_is_not_stale_too() -> None:
    old = AS_OF - 60 * DAY
    items = [
        make_item("NET-1", WAITING, last_meaningful_change_at=old),
        make_item("NET-2", DOING, last_meaningful_change_at=old, flagged=True),
        make_item("NET-3", DOING, last_meaningful_change_at=old),
        blocks(make_item("NET-4"), "NET-3"),
    ]
    assert seen(inputs_of(*items)).stale == ()


def test_decomposed_is_the_share_of_epics_with_children() -> None:
    items = [make_epic("NET-1"), make_item("NET-2", parent="NET-1"), make_epic("NET-3")]
    initiative = make_item("NET-4", kind=ItemKind.INITIATIVE, hierarchy_level=2)
    assert seen(inputs_of(*items, initiative)).ratios.decomposed == 0.5
    assert seen(inputs_of(make_item("NET-2"))).ratios.decomposed is None


def test_an_empty_project_has_nothing_to_be_judged_by() -> None:
    ratios = seen(inputs_of()).ratios
    assert (ratios.dated, ratios.fresh, ratios.consistent, ratios.decomposed) == (None,) * 4
    assert (ratios.owned, ratios.synced) == (1.0, 0.0)


# --- quality -------------------------------------------------------------------------------------


def test_quality_says_what_lowers_confidence() -> None:
    inputs = inputs_of(*many("NET-1", 3, DOING, assignees=ANN), make_item("NET-2", DOING))
    found = seen(inputs)
    quality = quality_of(basis_of(inputs, "net"), found, unclassified=0.0)
    # owned 4/5, fresh, consistent and synced whole: (20 * .8 + 20 + 15 + 10) / 65
    assert (quality.score, quality.confidence) == (94, Confidence.MEDIUM)
    assert quality.reasons == ("forecast withheld", "25 % of work in progress has no owner")
    strict = QualityThresholds(high=95.0, unassigned_share=0.5)
    lowered = quality_of(
        basis_of(inputs, "net"), found, unclassified=0.2, thresholds=strict
    ).reasons
    assert lowered == (
        "data quality 94",
        "forecast withheld",
        "20 % of open items are unclassified",
    )


def test_unclassified_items_are_those_without_a_verdict() -> None:
    items = [*many("NET", 3), make_item("NET-9", DONE)]
    levels = {
        "jira:NET-1": VerdictLevel.PROGRAM,
        "jira:NET-2": VerdictLevel.UNCLASSIFIED,
    }
    assert unclassified_share(items, make_view(items, levels=levels)) == pytest.approx(2 / 3)
    assert unclassified_share([], make_view([])) == 0.0


@st.composite
def odd_items(draw: st.DrawFn) -> list[WorkItem]:
    days = st.none() | st.dates(date(2026, 11, 1), date(2026, 12, 24))
    statuses = st.sampled_from([TODO, DOING, WAITING, DONE, CANCELLED])
    size = draw(st.integers(1, 8))
    items = [
        make_item(
            f"NET-{n}",
            draw(statuses),
            due_date=draw(days),
            start_date=draw(days),
            parent=draw(st.none() | st.sampled_from([f"NET-{m}" for m in range(size)])),
            hierarchy_level=draw(st.integers(-1, 1)),
            assignees=draw(st.sampled_from([(), ANN])),
        )
        for n in range(size)
    ]
    return [replace(i, done_at=draw(st.sampled_from([i.done_at, None]))) for i in items]


@given(odd_items(), st.randoms(use_true_random=False))
def test_the_order_of_items_never_matters(items: list[WorkItem], luck: random.Random) -> None:
    shuffled = items.copy()
    luck.shuffle(shuffled)
    assert seen(inputs_of(*shuffled)) == seen(inputs_of(*items))


@given(st.lists(st.tuples(st.sampled_from([TODO, DONE]), st.integers(0, 9)), max_size=10))
def test_what_lies_above_open_work_is_what_has_open_work_below(
    items: list[tuple[StatusCategory, int]],
) -> None:
    """Asked from below once for all, parents in circles included."""
    made = [
        make_item(f"NET-{n}", status, parent=f"NET-{parent}")
        for n, (status, parent) in enumerate(items)
    ]
    view = make_view(made)
    below = {uid: any(i.is_open for i in view.tree.descendants(uid)) for uid in view.tree.by_uid}
    assert view.above_open == {uid for uid, found in below.items() if found}
