"""Release readiness: a checklist gate, where what nobody knows is open (digest.md 4.4, part 2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from syncer.domain.health import Health
from syncer.domain.item import Version, WorkItem
from syncer.domain.mention import ItemMention
from syncer.domain.portfolio import Portfolio, Product, Program
from syncer.domain.product import MustFeatures, ProductView, Readiness, ReleaseCheck, Wait
from syncer.domain.release import Function, GateState, Release, ReleaseGate
from syncer.domain.report import GroupResult
from syncer.domain.selector import InVersion, WithLabel
from syncer.domain.verdict import VerdictLevel
from syncer.rollup.product.readiness import gate_checks, judged, verdict_line, wait_line
from tests.unit.rollup.builders import (
    CANCELLED,
    DONE,
    TODAY,
    TODO,
    blocks,
    make_epic,
    make_item,
    make_project,
    noon,
)
from tests.unit.rollup.scenes import planned, run, steady

RELEASE_DAY = date(2027, 2, 26)
FIRST, EIGHTEENTH = date(2026, 10, 5), date(2026, 10, 28)
"""Both working days, with eighteen from one to the other."""
GO = tuple(ReleaseGate(function=one, state=GateState.READY, by="A. Silva") for one in Function)
LEGAL = ReleaseGate(
    function=Function.LEGAL,
    state=GateState.WAIVED,
    by="GC",
    until=date(2027, 3, 1),
    reason="Only the leaflet is open",
)


def said(*changed: ReleaseGate) -> tuple[ReleaseGate, ...]:
    """Every function says go, but for those given."""
    others = {gate.function: gate for gate in changed}
    return tuple(others.get(gate.function, gate) for gate in GO)


def release(
    *, done: int = 12, of: int = 12, chance: float | None = 0.9, **more: Any
) -> ReleaseCheck:
    """A release with everything ticked, but for what a test says."""
    gates = more.pop("gates", GO)
    return judged(
        ReleaseCheck(
            **{
                "name": "1.0",
                "on": RELEASE_DAY,
                "must": MustFeatures(total=of, done=done),
                "gates": gate_checks(gates, today=TODAY, on=RELEASE_DAY, items={}),
                "probability": chance,
                **more,
            }
        )
    )


def bug(number: int) -> ItemMention:
    return ItemMention(
        uid=f"jira:PHN-{number}",
        key=f"PHN-{number}",
        title="Echo",
        url="",
        project="phn",
        level=VerdictLevel.PRODUCT,
    )


def waiting(lateness: int | None) -> Wait:
    return Wait(
        ours=bug(301),
        theirs=bug(87),
        partner="prog:5g",
        partner_name="5G Infrastructure",
        blocks=False,
        lateness=lateness,
    )


@pytest.mark.parametrize(
    ("check", "line", "open_points"),
    [
        pytest.param(
            release(done=10), "NOT READY 10/12", ["10 of 12 must features done"], id="E54"
        ),
        pytest.param(
            release(gates=said(LEGAL)),
            "CONDITIONAL",
            ["legal: waived until 1 Mar by GC"],
            id="E55",
        ),
        pytest.param(release(), "READY", [], id="everything-ticked"),
        pytest.param(release(chance=0.85), "READY", [], id="exactly-85"),
        pytest.param(
            release(chance=0.8499),
            "NOT READY",
            ["just under 85 % chance of 26 Feb, 85 % needed"],
            id="below",
        ),
        pytest.param(
            release(must_fix=(bug(1), bug(2))), "NOT READY", ["2 must-fix bugs open"], id="bugs"
        ),
        pytest.param(
            release(done=10, gates=said(LEGAL)),
            "NOT READY 10/12",
            ["10 of 12 must features done", "legal: waived until 1 Mar by GC"],
            id="a-waiver-excuses-nothing-else",
        ),
        pytest.param(
            release(gates=said(ReleaseGate(function=Function.QA, state=GateState.NOT_READY))),
            "NOT READY",
            ["qa: not ready"],
            id="a-must-gate",
        ),
        pytest.param(
            release(
                gates=said(
                    ReleaseGate(function=Function.MARKETING, state=GateState.NOT_READY, must=False)
                )
            ),
            "CONDITIONAL",
            ["marketing: not ready"],
            id="a-gate-that-is-no-must",
        ),
        pytest.param(
            release(waits=(waiting(2), waiting(5), waiting(0))),
            "NOT READY",
            ["waits for 5G Infrastructure, 5 days late"],
            id="the-worst-wait-of-a-program",
        ),
    ],
)
def test_the_checklist_decides(check: ReleaseCheck, line: str, open_points: list[str]) -> None:
    assert verdict_line(check) == line
    assert [point.text for point in check.points] == open_points


@pytest.mark.parametrize(
    ("check", "told"),
    [
        (release(gates=()), "qa: nobody has said"),
        (release(of=0, done=0), "nobody has said which features are a must"),
        (
            release(must=MustFeatures(total=0, done=0, cancelled=3)),
            "no must feature is left, 3 cancelled",
        ),
        (release(chance=None, withheld="needs 6 weeks"), "no chance of 26 Feb: needs 6 weeks"),
        (release(on=None, chance=None), "no release date"),
        (release(waits=(waiting(None),)), "waits for 5G Infrastructure, nobody knows until when"),
    ],
)
def test_what_nobody_knows_is_not_ready(check: ReleaseCheck, told: str) -> None:
    assert check.verdict is Readiness.NOT_READY
    assert told in [point.text for point in check.points]


@pytest.mark.parametrize(
    ("gate", "state", "why"),
    [
        (replace(LEGAL, until=TODAY), GateState.NOT_READY, "ends on 23 Nov, before the release"),
        (replace(LEGAL, until=date(2026, 11, 22)), GateState.NOT_READY, "GC ended on 22 Nov"),
        (replace(LEGAL, until=RELEASE_DAY), GateState.WAIVED, "waived until 26 Feb by GC"),
        (replace(GO[0], on=TODAY), GateState.READY, "ready, says A. Silva"),
        (replace(GO[0], on=date(2026, 11, 24)), GateState.NOT_READY, "not before 24 Nov"),
        (ReleaseGate(function=Function.DOCS), GateState.UNSAID, "nobody has said"),
        (
            ReleaseGate(function=Function.DOCS, item="jira:PHN-7"),
            GateState.NOT_READY,
            "its item is not there",
        ),
    ],
)
def test_a_gate_counts_as_it_stands_today(gate: ReleaseGate, state: GateState, why: str) -> None:
    checks = gate_checks([gate], today=TODAY, on=RELEASE_DAY, items={})
    (check,) = [one for one in checks if one.function is gate.function]
    assert check.state is state
    assert why in check.why
    assert [one.function for one in checks] == list(Function)


def test_a_wait_in_words() -> None:
    assert wait_line(waiting(1)) == "waits for 5G Infrastructure, 1 day late"
    assert wait_line(replace(waiting(-3), blocks=True)) == "blocks 5G Infrastructure, in time"


# --- over items ----------------------------------------------------------------------------------


def product(*releases: Release, **more: Any) -> Product:
    return Product(key="phone", name="5G Smartphone", projects=("phn",), releases=releases, **more)


def portfolio(of: Product) -> Portfolio:
    return Portfolio(
        projects=(
            make_project("net", owner="M. Okafor"),
            make_project("reg", owner="L. Brandt"),
            planned("phn"),
        ),
        programs=(Program(key="5g", name="5G Infrastructure", projects=("net", "reg")),),
        products=(of,),
    )


def group(items: list[WorkItem], of: Product) -> GroupResult:
    (result,) = run([*steady("PHN", weekly=5, remaining=20), *items], portfolio(of)).products
    return result


def view(items: list[WorkItem], of: Product) -> ProductView:
    found = group(items, of).product
    assert found is not None
    return found


def check(items: list[WorkItem], one: Release, **more: Any) -> ReleaseCheck:
    (found,) = view(items, product(one, **more)).releases
    return found


def slow_network() -> list[WorkItem]:
    """Ten items of 18 working days each: the P85 cycle time of the example."""
    return [
        make_item(
            f"NET-9{n:02}",
            DONE,
            started_at=noon(date(2026, 10, 5)),
            done_at=noon(date(2026, 10, 28)),
        )
        for n in range(10)
    ]


def late_permit() -> list[WorkItem]:
    """REG-112 of 22 January blocks NET-87, which blocks PHN-301 (E38, E39)."""
    return [
        blocks(make_item("REG-112", due_date=date(2027, 1, 22)), "NET-87"),
        blocks(make_item("NET-87", start_date=date(2027, 1, 11)), "PHN-301"),
        make_item("PHN-301", start_date=date(2027, 2, 15)),
    ]


def test_e58_the_demo_waits_for_the_program_two_days_late() -> None:
    one = Release(name="1.0", gates=GO)
    result = group([*slow_network(), *late_permit()], product(one))
    assert (result.shown.health, result.product is not None) == (Health.AMBER, True)
    phone = run(
        [*steady("PHN", weekly=5, remaining=20), *slow_network(), *late_permit()],
        portfolio(product(one)),
    ).project("phn")
    assert phone is not None
    assert (phone.shown.health, phone.shown.rule) == (Health.AMBER, "A6")
    assert result.product is not None
    (found,) = result.product.releases
    assert [point.text for point in found.points if point.kind == "wait"] == [
        "waits for 5G Infrastructure, 2 days late"
    ]
    (wait,) = found.waits
    assert (wait.ours.key, wait.theirs.key, wait.partner) == ("PHN-301", "NET-87", "prog:5g")


def test_a_wait_off_the_path_of_a_release_is_not_its_own() -> None:
    elsewhere = Release(name="1.0", items=(InVersion("jira:PHN/1.0"),), on=RELEASE_DAY)
    found = view([*slow_network(), *late_permit()], product(elsewhere))
    assert [wait.lateness for wait in found.incoming] == [2]
    assert found.releases[0].waits == ()


def test_what_a_program_waits_for_is_incoming_and_holds_up_no_release() -> None:
    items = [
        blocks(make_item("PHN-301", due_date=date(2027, 1, 22)), "NET-87"),
        make_item("NET-87", start_date=date(2027, 1, 11)),
    ]
    found = view(items, product(Release(name="1.0")))
    (wait,) = found.incoming
    assert (wait.blocks, wait.ours.key, wait.theirs.key, wait.lateness) == (
        True, "PHN-301", "NET-87", 9,
    )  # fmt: skip
    assert found.releases[0].waits == ()


def test_must_features_are_done_with_everything_below_them() -> None:
    items = [
        make_epic("PHN-1000", DONE, must_have=True),
        make_epic("PHN-1001", DONE, must_have=True),
        make_item("PHN-1101", TODO, parent="PHN-1001"),
        make_epic("PHN-1002", TODO, must_have=True),
        make_epic("PHN-1003", CANCELLED, must_have=True),
        make_epic("PHN-1004", TODO),
    ]
    must = check(items, Release(name="1.0")).must
    assert (must.done, must.total, must.cancelled) == (1, 3, 1)
    assert [one.key for one in must.open] == ["PHN-1001", "PHN-1002"]


def test_must_features_and_must_fix_bugs_as_the_release_picks_them() -> None:
    items = [
        make_epic("PHN-1000", labels=("launch",)),
        make_epic("PHN-1001", must_have=True),
        make_item("PHN-1002", labels=("blocker",)),
        make_item("PHN-1003", DONE, labels=("blocker",)),
        make_item("PHN-1004", native_type="Bug", priority=0),
    ]
    one = Release(name="1.0", must=(WithLabel("launch"),), must_fix=(WithLabel("blocker"),))
    found = check(items, one)
    assert [mention.key for mention in found.must.open] == ["PHN-1000"]
    assert [mention.key for mention in found.must_fix] == ["PHN-1002"]
    by_itself = check(items, Release(name="1.0"))
    assert [mention.key for mention in by_itself.must.open] == ["PHN-1001"]
    assert [mention.key for mention in by_itself.must_fix] == ["PHN-1004"]


def test_a_release_of_its_own_items_has_a_chance_and_features_of_its_own() -> None:
    first = (Version(id="1", name="1.0"),)
    items = [
        make_epic("PHN-1000", must_have=True),
        make_item("PHN-1100", TODO, parent="PHN-1000", fix_versions=first),
        make_epic("PHN-1001", must_have=True),
        make_item("PHN-1101", TODO, parent="PHN-1001"),
    ]
    one = Release(name="1.0", on=date(2026, 11, 27), items=(InVersion("jira:PHN/1.0"),))
    found = check(items, one)
    assert [mention.key for mention in found.must.open] == ["PHN-1000"]
    assert found.probability is not None
    assert found.probability > 0.9  # one item of a team that finishes five a week
    everything = check(items, replace(one, items=()))
    assert everything.probability is not None
    assert everything.probability < 0.1  # all 22


def test_a_release_without_a_date_ships_at_the_products_target() -> None:
    found = group([], product(Release(name="1.0")))
    assert found.product is not None
    assert found.product.releases[0].on == found.target
    assert found.product.releases[0].probability == found.probability


def test_a_gate_may_be_an_item() -> None:
    docs = ReleaseGate(function=Function.DOCS, item="jira:PHN-700")
    for status, state in ((TODO, GateState.NOT_READY), (DONE, GateState.READY)):
        found = check([make_item("PHN-700", status)], Release(name="1.0", gates=said(docs)))
        (gate,) = [one for one in found.gates if one.function is Function.DOCS]
        assert gate.state is state
        assert gate.item is not None
        assert gate.item.key == "PHN-700"


def test_without_a_release_nothing_is_said_to_be_ready() -> None:
    assert view([], product()).releases == ()
