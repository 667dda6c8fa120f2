"""More of what must hold of every roll-up: plans that lose something, wider programs, any order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from syncer.domain.health import Health
from syncer.domain.item import WorkItem
from syncer.domain.portfolio import Criticality, FixedTarget, Portfolio, Program, Project
from syncer.domain.report import Snapshot
from syncer.rollup.colours.health import severity
from syncer.rollup.evaluate import evaluate
from tests.unit.rollup.builders import make_inputs
from tests.unit.rollup.scenes import TARGET, planned, steady

SNAPSHOT = TypeAdapter(Snapshot)
FEW = settings(max_examples=8, deadline=None)
KEYS = ("net", "out", "reg")
LOSSES = (("target",), ("owner",), ("target", "owner"))
SEEDS = st.integers(0, 10_000)


def company(seed: int) -> tuple[list[WorkItem], Portfolio]:
    """Three projects of some pace and size, some in one program, with targets near and far."""
    rnd = random.Random(seed)
    items: list[WorkItem] = []
    projects: list[Project] = []
    for key in KEYS:
        items += steady(key.upper(), weekly=rnd.randint(1, 2), remaining=rnd.randint(0, 30))
        target = FixedTarget(TARGET + timedelta(days=rnd.randint(-130, 40)))
        must = rnd.choice([Criticality.MUST, Criticality.SHOULD])
        projects.append(
            replace(planned(key, team=rnd.choice("ab")), target=target, criticality=must)
        )
    inside = tuple(sorted(rnd.sample(KEYS, rnd.randint(1, 3))))
    programs = (Program(key="5g", name="5G", projects=inside, owner="J. Roth"),)
    return items, Portfolio(projects=tuple(projects), programs=programs)


def roll(items: Sequence[WorkItem], of: Portfolio, previous: Snapshot | None = None) -> Snapshot:
    return evaluate(make_inputs(list(items), of, previous=previous))


@FEW
@given(SEEDS, st.sampled_from(KEYS), st.sampled_from(LOSSES))
def test_what_a_plan_loses_never_lightens_its_colour(
    seed: int, key: str, lost: tuple[str, ...]
) -> None:
    items, of = company(seed)
    gone = {"target": None, "owner": ""}
    bare = replace(
        of,
        projects=tuple(
            replace(one, **{name: gone[name] for name in lost}) if one.key == key else one  # type: ignore[arg-type]  # names of fields
            for one in of.projects
        ),
    )
    last_week = roll(items, of)
    kept, stripped = roll(items, of, last_week), roll(items, bare, last_week)
    for before, after in zip(kept.projects, stripped.projects, strict=True):
        assert severity(after.computed.health) >= severity(before.computed.health)
        assert severity(after.shown.health) >= severity(before.shown.health)


@FEW
@given(SEEDS, st.sampled_from(KEYS))
def test_a_project_more_never_raises_a_programs_chance(seed: int, key: str) -> None:
    """Of members alike: must ones stand alone, and a later target moves the program's date."""
    items, of = company(seed)
    level = tuple(
        replace(one, criticality=Criticality.MUST, target=FixedTarget(TARGET))
        for one in of.projects
    )
    (program,) = of.programs
    wider = replace(program, projects=tuple(dict.fromkeys((*program.projects, key))))
    few, more = (
        roll(items, replace(of, projects=level, programs=(one,))).programs[0]
        for one in (program, wider)
    )
    assert more.total >= few.total
    if few.probability is not None and more.probability is not None:
        assert more.probability <= few.probability + 1e-9


@FEW
@given(SEEDS)
def test_any_order_gives_the_same_bytes_twice(
    seed: int,
) -> None:
    items, of = company(seed)
    other = random.Random(seed).sample(items, len(items))
    first, second = roll(items, of), roll(other, of)
    assert SNAPSHOT.dump_json(first) == SNAPSHOT.dump_json(second)
    assert SNAPSHOT.dump_json(roll(items, of, first)) == SNAPSHOT.dump_json(roll(other, of, second))


def test_the_companies_are_of_many_colours() -> None:
    """The properties above say nothing where all is grey."""
    found = {one.shown.health for seed in range(4) for one in roll(*company(seed)).projects}
    assert {Health.RED, Health.GREEN} <= found
