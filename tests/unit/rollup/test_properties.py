"""What must hold of every roll-up, whatever the portfolio (roll-up specification, section 4)."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from syncer.domain.item import WorkItem
from syncer.domain.portfolio import Criticality, Portfolio, Program
from syncer.domain.report import Risk, Snapshot, SourceState
from syncer.domain.statement import (
    Decision,
    GateDefinition,
    HumanRisk,
    OwnerStatus,
    OwnerWord,
    Statements,
)
from syncer.rollup.colours.health import severity
from syncer.rollup.evaluate import evaluate
from tests.unit.rollup.builders import AS_OF, TODAY, blocked_by, make_inputs, make_item
from tests.unit.rollup.scenes import SAID, planned, run, steady

SNAPSHOT = TypeAdapter(Snapshot)
FEW = settings(max_examples=25, deadline=None)
KEYS = ("NET", "OUT", "REG")
PORTFOLIO = Portfolio(
    projects=(
        planned("net", team="a", criticality=Criticality.MUST),
        planned("out", team="b"),
        planned("reg", team="a"),
    ),
    programs=(Program(key="5g", name="5G", projects=("net", "out", "reg"), owner="J. Roth"),),
)


def world(rnd: random.Random) -> list[WorkItem]:
    """Three projects with uneven histories, dates and dependencies between them."""
    items: list[WorkItem] = []
    for key in KEYS:
        made = steady(key, weekly=3, remaining=rnd.randrange(4, 30))
        items += [item for item in made if item.is_open or rnd.random() < 0.8]
    left = [item for item in items if item.is_open]
    for item in rnd.sample(left, k=min(8, len(left))):
        other = rnd.choice(left)
        dated = replace(
            item,
            start_date=TODAY + timedelta(days=rnd.randrange(60)),
            due_date=TODAY + timedelta(days=rnd.randrange(90)),
            must_have=rnd.random() < 0.5,
        )
        items[items.index(item)] = blocked_by(dated, other.uid) if other != item else dated
        left = [one for one in items if one.is_open]
    return items


worlds = st.integers(0, 10_000).map(lambda seed: world(random.Random(seed)))


@FEW
@given(worlds, st.sampled_from(KEYS))
def test_an_open_item_more_never_raises_a_chance(items: Sequence[WorkItem], key: str) -> None:
    before, after = run(items, PORTFOLIO), run([*items, make_item(f"{key}-900")], PORTFOLIO)
    for old, new in zip(before.projects, after.projects, strict=True):
        if old.forecast.probability is not None and new.forecast.probability is not None:
            assert new.forecast.probability <= old.forecast.probability + 1e-9
    for was, now in zip(before.programs, after.programs, strict=True):
        assert (now.probability or 0.0) <= (was.probability or 0.0) + 1e-9


@FEW
@given(worlds, st.sampled_from(["prog:5g", "net", "proj:out"]), st.sampled_from(OwnerWord))
def test_an_owners_word_never_lightens_anything(
    items: Sequence[WorkItem], scope: str, word: OwnerWord
) -> None:
    said = OwnerStatus(scope=scope, text="", value=word, provenance=SAID)
    silent = run(items, PORTFOLIO)
    spoken = run(items, PORTFOLIO, statements=Statements(owner_statuses=(said,)))
    before, after = _darkness(silent), _darkness(spoken)
    assert all(new >= old for old, new in zip(before, after, strict=True))


def _darkness(snapshot: Snapshot) -> list[int]:
    projects = [severity(project.computed.health) for project in snapshot.projects]
    return projects + [severity(program.computed.health) for program in snapshot.programs]


@FEW
@given(worlds, st.data())
def test_a_dependency_less_never_makes_a_risk(
    items: Sequence[WorkItem], data: st.DataObject
) -> None:
    """A shorter chain may turn DEP-3 into DEP-2; an opened circle is another graph."""
    linked = [item for item in items if item.links]
    chosen = data.draw(st.sampled_from(linked)) if linked else items[0]
    fewer = [replace(item, links=()) if item is chosen else item for item in items]
    before, after = run(items, PORTFOLIO).unmerged, run(fewer, PORTFOLIO).unmerged
    assume(all(risk.rule != "DEP-4" for risk in before))
    assert _meant(risk for risk in after if risk.rule != "DEP-7") <= _meant(before)


def _meant(risks: Iterable[Risk]) -> set[tuple[str, frozenset[str]]]:
    """What risks are about: late predecessors are one matter, direct or through a chain."""
    late = {"DEP-2", "DEP-3"}
    return {
        ("late" if r.rule in late else r.id, frozenset(m.uid for m in r.subjects)) for r in risks
    }


@FEW
@given(worlds)
def test_the_union_is_never_more_than_the_sum(items: Sequence[WorkItem]) -> None:
    snapshot = run(items, PORTFOLIO)
    assert snapshot.programs[0].total <= sum(project.total for project in snapshot.projects)


STATEMENTS = Statements(
    owner_statuses=tuple(
        OwnerStatus(scope=scope, text=text, value=word, provenance=SAID)
        for scope, text, word in [
            ("net", "a", OwnerWord.AT_RISK), ("net", "b", OwnerWord.OFF_TRACK), ("5g", "c", None),
        ]
    ),
    gates=tuple(
        GateDefinition(scope=scope, name=name, on=TODAY + timedelta(days=9), provenance=SAID)
        for scope in ("net", "proj:net", "5g") for name in ("A", "B")
    ),
    decisions=tuple(
        Decision(
            id=f"D-{n}", scope="net", question=f"{n}?", decider="CTO", needed_by=needed,
            confirmed_by="J", provenance=SAID,
        )
        for n, needed in enumerate([TODAY, None, TODAY - timedelta(days=5), TODAY])
    ),
    risks=tuple(
        HumanRisk(id=f"H-{n}", scope="out", title="x", probability=3, impact=4, provenance=SAID)
        for n in range(3)
    ),
)  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_inputs_in_any_order_give_the_same_bytes(seed: int) -> None:
    rnd = random.Random(seed)
    items = world(random.Random(7))
    sources = [
        SourceState(connection="jira", container=key, last_success_at=AS_OF - timedelta(hours=n))
        for n, key in enumerate(KEYS)
    ]
    inputs = make_inputs(items, PORTFOLIO, statements=STATEMENTS, sources=sources)
    turned = Statements(
        owner_statuses=tuple(rnd.sample(STATEMENTS.owner_statuses, 3)),
        gates=tuple(rnd.sample(STATEMENTS.gates, 6)),
        decisions=tuple(rnd.sample(STATEMENTS.decisions, 4)),
        risks=tuple(rnd.sample(STATEMENTS.risks, 3)),
    )
    shuffled = replace(
        inputs,
        items=rnd.sample(items, len(items)),
        sources=rnd.sample(sources, 3),
        statements=turned,
    )
    straight, other = evaluate(inputs), evaluate(shuffled)
    assert SNAPSHOT.dump_json(straight) == SNAPSHOT.dump_json(other)
    again = evaluate(replace(inputs, previous=straight))
    assert SNAPSHOT.dump_json(again) == SNAPSHOT.dump_json(
        evaluate(replace(shuffled, previous=other))
    )


def test_the_snapshot_survives_being_stored() -> None:
    first = run(world(random.Random(3)), PORTFOLIO, statements=STATEMENTS)
    second = run(world(random.Random(4)), PORTFOLIO, previous=first)
    for snapshot in (first, second):
        assert SNAPSHOT.validate_json(SNAPSHOT.dump_json(snapshot)) == snapshot


def test_a_very_long_chain_is_walked_to_its_end() -> None:
    chain = [make_item("NET-1", due_date=TODAY)]
    chain += [blocked_by(make_item(f"NET-{n}"), f"NET-{n - 1}") for n in range(2, 1500)]
    last = replace(chain[-1], start_date=TODAY)
    project = run([*chain[:-1], last], PORTFOLIO).projects[0]
    worst = max(project.dependencies, key=lambda finding: finding.lateness or 0)
    assert (worst.waiting.uid, worst.root.uid) == (last.uid, "jira:NET-1")
