"""A project's past must not depend on how few items it is worked out from."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from syncer.domain.change import Change, ChangeField
from syncer.domain.item import ResolutionKind, WorkItem
from syncer.domain.link import LinkKind
from syncer.domain.selector import Every, InContainer, InVersion, Under, WithLabel
from syncer.rollup.inputs import RollupInputs
from syncer.rollup.past.history import rewind_all
from syncer.rollup.past.scope import Counted
from syncer.rollup.past.views import PastViews, Surroundings
from syncer.rollup.view import View
from tests.unit.rollup.builders import (
    AS_OF,
    CANCELLED,
    DONE,
    LONG_AGO,
    TODO,
    linked,
    make_change,
    make_epic,
    make_inputs,
    make_item,
    make_portfolio,
    make_project,
    make_subtask,
)

KEYS = ("NET", "OUT", "REG")


def _history(rnd: random.Random, item: WorkItem) -> tuple[Change, ...]:
    """Some moves between containers and parents, labels and links that were taken away."""
    before = {
        ChangeField.CONTAINER: rnd.choice(KEYS),
        ChangeField.PARENT: f"jira:{rnd.choice(KEYS)}-{rnd.randrange(5)}",
        ChangeField.LABELS: rnd.choice(["core", ""]),
        ChangeField.VERSIONS: rnd.choice(["1.0", ""]),
        ChangeField.LINK: f"mirrors>jira:{rnd.choice(KEYS)}-{rnd.randrange(12)}",
        ChangeField.KEY: rnd.choice(["OLD-1", item.key]),
        ChangeField.STATUS: rnd.choice([TODO, DONE, CANCELLED]).value,
        ChangeField.RESOLUTION: rnd.choice([*ResolutionKind, ""]),
    }
    chosen = rnd.sample(sorted(before), k=rnd.randrange(4))
    return tuple(
        make_change(LONG_AGO + timedelta(days=30 * n + 20), field, before[field], None)
        for n, field in enumerate(chosen, start=1)
    )


_PART = Every(((InContainer("jira:NET"),), (Under("jira:OUT-1"), WithLabel("core"))))


def _world(seed: int) -> RollupInputs:
    rnd = random.Random(seed)
    items: list[WorkItem] = []
    for key in KEYS:
        for n in range(12):
            parent = f"{rnd.choice(KEYS)}-{rnd.randrange(5)}" if rnd.random() < 0.6 else None
            make = make_epic if n < 5 else rnd.choice([make_item, make_subtask])
            item = make(f"{key}-{n}", rnd.choice([TODO, DONE, CANCELLED]), parent=parent)
            if rnd.random() < 0.2:
                item = linked(
                    item, (LinkKind.DUPLICATES, f"{rnd.choice(KEYS)}-{rnd.randrange(12)}")
                )
            if rnd.random() < 0.2:
                item = linked(item, (LinkKind.CONTRIBUTES_TO, f"OUT-{rnd.randrange(3)}"))
            items.append(replace(item, labels=("core",) if rnd.random() < 0.2 else ()))
    portfolio = make_portfolio(
        make_project("net", excluding=(Under("jira:OUT-1"),)),
        replace(make_project("tree"), items=(Under("jira:NET-1"), Under("jira:OLD-1"))),
        replace(make_project("core"), items=(WithLabel("core"), InVersion("jira:REG/1.0"))),
        replace(make_project("part"), items=(_PART,)),
        replace(make_project("all"), items=(InContainer("*"),)),
    )
    changes = {item.uid: _history(rnd, item) for item in items}
    return make_inputs(items, portfolio, changes=changes)


@pytest.mark.parametrize("seed", range(25))
def test_a_project_alone_counts_at_every_instant_what_it_counts_among_all(seed: int) -> None:
    inputs = _world(seed)
    past = PastViews(inputs)
    for days in (10, 60, 95, 130, 300):
        instant = LONG_AGO + timedelta(days=days)
        items = rewind_all(inputs.items, inputs.changes, instant)
        whole = View(inputs.portfolio, items, inputs.verdicts, instant.date())
        for project in inputs.portfolio.projects:
            alone = past.at(project, instant, instant.date())
            counted = whole.countables[project.key]
            assert alone.countables[project.key] == counted
            assert past.counted(project, instant) == Counted(
                uids=counted.uids, undecomposed=counted.undecomposed
            )


def test_what_only_went_its_way_is_not_rolled_back() -> None:
    """Work that was begun and done where it was created counted all the time."""
    done = make_item("NET-1", DONE)
    plain = make_change(LONG_AGO + timedelta(days=20), ChangeField.STATUS, "TODO", "DONE")
    inputs = make_inputs(
        [done, make_item("NET-2"), make_item("NET-3", CANCELLED)],
        make_portfolio(make_project("net")),
        changes={done.uid: (plain,)},
    )
    assert Surroundings(inputs).unsteady == {"jira:NET-3"}


def test_a_part_of_a_container_looks_at_no_more_than_its_tree() -> None:
    items = [make_item(f"{key}-{n}") for key in KEYS for n in range(50)]
    items.append(make_item("NET-90", parent="OUT-1"))
    inputs = make_inputs(items, make_portfolio(replace(make_project("part"), items=(_PART,))))
    view = PastViews(inputs).at(inputs.portfolio.projects[0], AS_OF, AS_OF.date())
    assert {item.key for item in view.items} == {"NET-90", "OUT-1"}


def test_it_looks_at_no_more_than_concerns_the_project() -> None:
    items = [make_item(f"{key}-{n}") for key in KEYS for n in range(50)]
    inputs = make_inputs(items, make_portfolio(*(make_project(key.lower()) for key in KEYS)))
    view = PastViews(inputs).at(inputs.portfolio.projects[0], AS_OF, AS_OF.date())
    assert len(view.items) == 50
