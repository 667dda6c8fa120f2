"""The scope of a project step by step, with who did it (digest specification, section 4.3)."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from syncer.domain.change import Change, ChangeField
from syncer.domain.item import ItemState, WorkItem
from syncer.domain.ref import ContainerKey
from syncer.domain.statement import Baseline, Statements
from syncer.rollup.inputs import RollupInputs
from syncer.rollup.past.scope_ledger import ScopeLedger, ScopeStep, scope_ledger
from syncer.rollup.past.views import PastViews
from tests.unit.rollup.builders import (
    CANCELLED,
    TODO,
    account,
    basis_of,
    make_change,
    make_epic,
    make_inputs,
    make_item,
    make_portfolio,
    make_project,
    many,
    noon,
)

START = date(2026, 4, 1)
PLANNED, SINCE = noon(date(2026, 3, 2)), noon(date(2026, 9, 15))
NET = make_project("net", start=START)


def world() -> tuple[list[WorkItem], dict[str, Sequence[Change]]]:
    """E36 in small: 10 planned of which one epic; 2 stories of it, 3 more; 2 went, 1 came."""
    epic = make_epic("NET-E", created_at=PLANNED)
    stories = [
        make_item(f"NET-S{n}", parent="NET-E", created_at=SINCE, reporter=account("Sam"))
        for n in (1, 2)
    ]
    added = [
        make_item(f"NET-A{n}", created_at=SINCE + timedelta(days=n), reporter=account("Ada"))
        for n in (1, 2)
    ]
    cut = make_item("NET-C", CANCELLED, created_at=PLANNED)
    left = make_item("NET-L", created_at=PLANNED, container=ContainerKey("jira", "OUT"))
    came = make_item("NET-M", created_at=PLANNED)
    changes: Mapping[str, Sequence[Change]] = {
        cut.uid: [
            make_change(SINCE, ChangeField.STATUS, TODO.value, CANCELLED.value, actor="Carl"),
            make_change(SINCE + timedelta(days=3), ChangeField.RANK, "1", "2", actor="Nobody"),
        ],
        left.uid: [make_change(SINCE, ChangeField.CONTAINER, "NET", "OUT", actor="Lena")],
        came.uid: [make_change(SINCE, ChangeField.CONTAINER, "OUT", "NET", actor="Mo")],
    }
    planned = many("NET", 7, created_at=PLANNED)
    return [*planned, epic, *stories, *added, cut, left, came], dict(changes)


def inputs_of(items: Sequence[WorkItem], changes: Mapping[str, Sequence[Change]]) -> RollupInputs:
    return make_inputs(items, make_portfolio(NET), changes=changes)


def ledger_of(inputs: RollupInputs) -> ScopeLedger | None:
    return scope_ledger(NET, inputs=inputs, past=PastViews(inputs))


def steps(ledger: ScopeLedger | None) -> set[tuple[str, ScopeStep, str]]:
    assert ledger is not None
    return {(one.item.key, one.step, one.by) for one in ledger.entries}


def test_every_step_has_its_item_and_who_did_it() -> None:
    ledger = ledger_of(inputs_of(*world()))
    assert steps(ledger) == {
        ("NET-S1", ScopeStep.DECOMPOSED, "Sam"),
        ("NET-S2", ScopeStep.DECOMPOSED, "Sam"),
        ("NET-A1", ScopeStep.ADDED, "Ada"),
        ("NET-A2", ScopeStep.ADDED, "Ada"),
        ("NET-M", ScopeStep.MOVED_IN, "Mo"),
        ("NET-C", ScopeStep.CANCELLED, "Carl"),
        ("NET-L", ScopeStep.MOVED_OUT, "Lena"),
    }
    assert ledger is not None
    days = [one.at for one in ledger.entries]
    assert days == sorted(days, key=lambda at: at or PLANNED, reverse=True)


def test_it_says_what_the_roll_up_counts() -> None:
    inputs = inputs_of(*world())
    ledger, counted = ledger_of(inputs), basis_of(inputs, "net").scope
    assert ledger is not None
    assert counted is not None
    assert ledger.change == counted
    assert (counted.baseline, counted.added, counted.decomposed, counted.removed) == (10, 5, 2, 2)
    assert len(ledger.entries) == counted.added + counted.removed
    assert (ledger.since, ledger.origin) == (START, "the start of the project")


def test_an_approved_baseline_is_where_it_begins() -> None:
    items, changes = world()
    held = frozenset(item.uid for item in items[:8])
    approved = Baseline(project="net", approved_by="CTO", at=SINCE, item_uids=held)
    told = replace(inputs_of(items, changes), statements=Statements(baselines=(approved,)))
    ledger = scope_ledger(NET, inputs=told, past=PastViews(told))
    assert ledger is not None
    assert (ledger.since, ledger.origin) == (SINCE.date(), "the approved baseline")
    assert ledger.change.baseline == 8


def test_what_is_gone_from_its_tracker_tells_that_and_what_is_hidden_shows_nothing() -> None:
    """The end of such an item has no instant: only an approved plan still knows it."""
    items, changes = world()
    held = frozenset(item.uid for item in items[:8])
    approved = Baseline(project="net", approved_by="CTO", at=SINCE, item_uids=held)

    def ledger_with(state: ItemState) -> ScopeLedger | None:
        gone = [replace(one, state=state) if one.key == "NET-1" else one for one in items]
        said = Statements(baselines=(approved,))
        return ledger_of(replace(inputs_of(gone, changes), statements=said))

    assert ("NET-1", ScopeStep.DELETED, "") in steps(ledger_with(ItemState.DELETED))
    ledger = ledger_with(ItemState.HIDDEN)
    assert ledger is not None
    (mention,) = [one.item for one in ledger.entries if one.item.uid == "jira:NET-1"]
    assert mention.restricted


def test_a_project_that_held_nothing_has_no_ledger() -> None:
    assert ledger_of(inputs_of(many("NET", 3, created_at=SINCE), {})) is None


def test_the_order_of_items_changes_nothing() -> None:
    items, changes = world()
    shuffled = items.copy()
    random.Random(7).shuffle(shuffled)
    assert ledger_of(inputs_of(items, changes)) == ledger_of(inputs_of(shuffled, changes))
