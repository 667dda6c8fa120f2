"""Two ledgers, and program work that nobody claims (rollup.md 2.11)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syncer.domain.item import ItemKind, WorkItem
from syncer.domain.portfolio import Portfolio
from syncer.domain.verdict import VerdictLevel
from syncer.rollup.rules import DetectorRules
from syncer.rollup.work.ledgers import ledgers, unclaimed_risks
from tests.unit.rollup.builders import (
    CANCELLED,
    DONE,
    TODAY,
    blocks,
    make_item,
    make_project,
    make_view,
)

PROGRAM = VerdictLevel.PROGRAM
APART = Portfolio(projects=tuple(make_project(key) for key in ("ops", "net", "phn")))


def test_open_late_and_done_by_level_without_what_is_no_work() -> None:
    items = [
        make_item("NET-1", due_date=TODAY - timedelta(days=3)),
        make_item("NET-2", due_date=TODAY),
        make_item("NET-3", DONE),
        make_item("NET-4", CANCELLED),
        make_item("NET-5", kind=ItemKind.RISK),
        make_item("NET-6", kind=ItemKind.DECISION),
    ]
    found = ledgers(items, make_view(items, levels={item.uid: PROGRAM for item in items}))
    assert (found.program.open, found.program.late, found.program.done) == (2, 1, 1)
    assert found.product.open == found.unclassified.open == 0


@pytest.mark.parametrize(
    ("waiting", "fires"),
    [
        pytest.param([make_item("NET-1"), make_item("PHN-1")], True, id="two projects"),
        pytest.param([make_item("NET-1"), make_item("PHN-1", DONE)], False, id="one waits no more"),
        pytest.param([make_item("OPS-2"), make_item("PHN-1")], False, id="its own project"),
    ],
)
def test_cls_1_counts_the_projects_that_still_wait(waiting: list[WorkItem], *, fires: bool) -> None:
    blocker = blocks(make_item("OPS-1"), *(item.key for item in waiting))
    view = make_view([blocker, *waiting], APART, levels={blocker.uid: PROGRAM})
    assert bool(unclaimed_risks(view, DetectorRules())) is fires
