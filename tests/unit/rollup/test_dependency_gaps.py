"""What nobody knows of dependencies: DEP-1, 5, 7 and 8; and what a contract changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from syncer.domain.addresses import by_address
from syncer.domain.item import ItemState, WorkItem
from syncer.domain.link import Link, LinkKind
from syncer.domain.portfolio import Portfolio
from syncer.domain.report import Risk, Snapshot, SourceState
from syncer.domain.statement import Door, GateDefinition, Provenance, Statements
from syncer.domain.verdict import VerdictLevel
from tests.unit.rollup.builders import (
    AS_OF,
    TODAY,
    account,
    blocked_by,
    blocks,
    example_portfolio,
    make_epic,
    make_item,
    ref,
)
from tests.unit.rollup.scenes import run

DAY = timedelta(days=1)
ANN = (account("Ann"),)
NEED = date(2027, 1, 11)
SOON = TODAY + 30 * DAY
SAID = Provenance(author="J. Roth", at=AS_OF - DAY, door=Door.COMMAND)


def of(snapshot: Snapshot, rule: str) -> list[Risk]:
    return [risk for risk in snapshot.unmerged if risk.rule == rule]


def permit(**more: Any) -> WorkItem:
    known = {"due_date": NEED + 9 * DAY, "assignees": ANN, **more}
    return blocks(make_item("REG-112", **known), "NET-87")


def site(**more: Any) -> WorkItem:
    return make_item("NET-87", **{"start_date": NEED, "assignees": ANN, **more})


# --- on the finding ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "rules"),
    [
        (permit(due_date=NEED), ("DEP-1",)),
        (permit(), ("DEP-2",)),
        (permit(due_date=None), ("DEP-1",)),
        (permit(assignees=()), ("DEP-2",)),
    ],
)
def test_a_dependency_names_the_rules_that_fire_on_it(
    first: WorkItem, rules: tuple[str, ...]
) -> None:
    net = run([first, site()], example_portfolio()).project("net")
    assert net is not None
    assert [finding.rules for finding in net.dependencies] == [rules]


def test_a_chain_is_dep_3_on_its_second_edge() -> None:
    last = make_item("PHN-301", start_date=NEED + 2 * DAY, assignees=ANN)
    snapshot = run([permit(), blocks(site(), "PHN-301"), last], example_portfolio())
    phone = snapshot.project("phn")
    assert phone is not None
    assert [finding.rules for finding in phone.dependencies] == [("DEP-3",)]


# --- DEP-5 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "lacks"),
    [
        ({"assignees": (), "due_date": TODAY}, "no owner"),
        ({"due_date": None}, "no date"),
        ({"due_date": None, "assignees": ()}, "no owner and no date"),
    ],
)
def test_dep_5_says_what_is_missing(more: dict[str, object], lacks: str) -> None:
    (risk,) = of(run([permit(**more), site(start_date=SOON)], example_portfolio()), "DEP-5")
    assert risk.title == f"Title of REG-112 has {lacks}, Title of NET-87 needs it soon"
    assert (risk.scope, risk.projects, risk.owner) == ("prog:5g", ("net",), "L. Brandt")
    assert (risk.proximity, risk.evidence[0].value) == (SOON, SOON.isoformat())


def test_a_date_that_others_give_it_is_nobodys_promise() -> None:
    """What REG-112 waits for has a date, and so it is expected; but nobody has dated it."""
    before = blocks(make_item("REG-1", due_date=TODAY, assignees=ANN), "REG-112")
    snapshot = run([before, permit(due_date=None), site(start_date=SOON)], example_portfolio())
    assert len(of(snapshot, "DEP-5")) == 1
    without = run([permit(due_date=None), site(start_date=SOON)], example_portfolio())
    assert [r.id for r in of(without, "DEP-5")] == [r.id for r in of(snapshot, "DEP-5")]


def test_what_is_needed_on_no_known_day_lacks_nothing() -> None:
    assert (
        of(run([permit(due_date=None), site(start_date=None)], example_portfolio()), "DEP-5") == []
    )


# --- DEP-7 ---------------------------------------------------------------------------------------


def waiting_for(uid: str, key: str = "") -> WorkItem:
    link = Link(kind=LinkKind.BLOCKS, to=ref(uid), to_key=key, inward=True)
    return replace(site(), links=(link,))


def test_dep_7_names_what_is_not_synced_by_its_key() -> None:
    (risk,) = of(run([waiting_for("ado:4711", "REG-9")], example_portfolio()), "DEP-7")
    assert risk.title == "Title of NET-87 waits for REG-9, of which nothing is known"
    assert risk.evidence[0].value == "it is not synced"
    assert (risk.scope, risk.projects, risk.owner) == ("proj:net", ("net",), "M. Okafor")
    assert risk.root is not None
    assert (risk.root.uid, risk.root.level) == ("ado:4711", VerdictLevel.UNCLASSIFIED)


def test_dep_7_prints_no_address_out_of_a_description() -> None:
    link = Link(kind=LinkKind.BLOCKS, to=by_address("https://evil.example/REG-9"), inward=True)
    (risk,) = of(run([replace(site(), links=(link,))], example_portfolio()), "DEP-7")
    assert risk.title == "Title of NET-87 waits for an item outside, of which nothing is known"
    assert "evil" not in repr([risk.evidence, risk.subjects[0].title, risk.subjects[0].key])


def test_dep_7_names_nothing_that_may_no_longer_be_read() -> None:
    hidden = replace(permit(), state=ItemState.HIDDEN, title="Secret plan")
    (risk,) = of(run([hidden, site()], example_portfolio()), "DEP-7")
    assert risk.title == "Title of NET-87 waits for restricted item, of which nothing is known"
    assert "Secret" not in repr(risk.evidence)


def test_dep_7_not_where_the_predecessor_is_over_or_ones_own() -> None:
    stale = [
        SourceState(connection="jira", container="NET", last_success_at=AS_OF),
        SourceState(connection="jira", container="REG", last_success_at=AS_OF - 9 * DAY),
    ]
    done = replace(permit(), status_category=make_item("X-1").status_category.DONE)
    both = ([permit(), site()], [done, site()])
    found = [bool(of(run(i, example_portfolio(), sources=stale), "DEP-7")) for i in both]
    assert found == [True, False]
    own = blocks(make_item("NET-1", due_date=NEED), "NET-87")
    old = [SourceState(connection="jira", container="NET", last_success_at=AS_OF - 9 * DAY)]
    assert of(run([own, site()], example_portfolio(), sources=old), "DEP-7") == []


def test_dep_7_where_a_source_was_never_read() -> None:
    sources = [SourceState(connection="jira", container="NET", last_success_at=AS_OF)]
    (risk,) = of(run([permit(), site()], example_portfolio(), sources=sources), "DEP-7")
    assert risk.evidence[0].value == "jira:REG was never read"


# --- DEP-8 ---------------------------------------------------------------------------------------


def row(*names: str) -> list[WorkItem]:
    return [*(blocks(make_item(a), b) for a, b in pairwise(names)), make_item(names[-1])]


def chained(items: Sequence[WorkItem], portfolio: Portfolio | None = None) -> list[Risk]:
    return of(run(items, portfolio or example_portfolio()), "DEP-8")


def test_dep_8_tells_the_longest_chain_of_each_project_that_waits_at_an_end() -> None:
    (risk,) = chained(row("REG-1", "NET-1", "NET-2", "NET-3", "NET-4"))
    assert risk.title == ("Net waits for 4 items in a row, the first of them Title of REG-1")
    assert risk.evidence[0].value == "5 open items in 2 projects"
    assert risk.evidence[0].items == tuple(
        f"jira:{name}" for name in ("REG-1", "NET-1", "NET-2", "NET-3", "NET-4")
    )
    assert (risk.scope, risk.projects, risk.blast_radius) == ("prog:5g", ("net",), 1)
    assert risk.root is not None
    assert risk.root.uid == "jira:REG-1"


def test_dep_8_stays_the_same_risk_while_the_chain_gets_shorter() -> None:
    long = row("REG-1", "NET-1", "NET-2", "NET-3", "NET-4")
    assert [r.id for r in chained(long)] == [r.id for r in chained(long[:-1])]


def test_dep_8_goes_round_what_is_longer_but_in_one_project() -> None:
    """Five items of one project beside four over two: the four are the risk."""
    items = {i.key: i for i in row("NET-1", "NET-2", "NET-3", "NET-4", "NET-9")}
    beside = row("REG-1", "REG-2", "NET-8", "NET-9")
    (risk,) = chained([*items.values(), *beside[:-1]])
    assert risk.evidence[0].items[0] == "jira:REG-1"


def test_dep_8_leaves_circles_to_dep_4() -> None:
    ring = row("REG-1", "NET-1", "NET-2", "NET-3")
    closed = [*ring[:-1], blocks(ring[-1], "REG-1")]
    snapshot = run(closed, example_portfolio())
    assert (len(of(snapshot, "DEP-8")), len(of(snapshot, "DEP-4"))) == (0, 1)


# --- contracts -----------------------------------------------------------------------------------


def late(**project: object) -> Risk:
    known = example_portfolio(network_must=False)
    changed = tuple(
        replace(p, **project) if p.key == "reg" else p  # type: ignore[arg-type]  # names of fields
        for p in known.projects
    )
    (risk,) = of(run([permit(), site()], replace(known, projects=changed)), "DEP-2")
    return risk


def test_a_predecessor_that_others_or_a_contract_have_fixed_is_almost_sure_to_be_late() -> None:
    fixed: list[dict[str, Any]] = [{}, {"external": True}, {"contractual": True}]
    assert [late(**more).probability for more in fixed] == [4, 5, 5]


def gate(**more: object) -> Statements:
    known = {"scope": "reg", "name": "Permit", "on": NEED + 20 * DAY, "provenance": SAID, **more}
    return Statements(gates=(GateDefinition(**known),))  # type: ignore[arg-type]  # names of fields


@pytest.mark.parametrize(("contractual", "size"), [(False, (4, 3)), (True, (5, 3))])
def test_a_contractual_gate_fixes_what_belongs_to_it(
    contractual: bool, size: tuple[int, int]
) -> None:
    portfolio = example_portfolio(network_must=False)
    said = gate(contractual=contractual)
    (risk,) = of(run([permit(), site()], portfolio, statements=said), "DEP-2")
    assert (risk.probability, risk.impact) == size


@pytest.mark.parametrize(("contractual", "impact"), [(False, 3), (True, 4)])
def test_what_waits_before_a_contractual_gate_weighs_more(contractual: bool, impact: int) -> None:
    portfolio = example_portfolio(network_must=False)
    said = gate(scope="net", contractual=contractual)
    items = [permit(), site(due_date=NEED + 15 * DAY)]
    (risk,) = of(run(items, portfolio, statements=said), "DEP-2")
    assert risk.impact == impact


@pytest.mark.parametrize(("contractual", "impact"), [(False, 2), (True, 3)])
def test_a_contractual_gate_that_is_missed_weighs_more(contractual: bool, impact: int) -> None:
    said = gate(scope="phn", on=TODAY - 3 * DAY, contractual=contractual)
    items = [make_item("PHN-1", due_date=TODAY - 9 * DAY), make_epic("PHN-2")]
    snapshot = run(items, example_portfolio(), statements=said)
    assert [risk.impact for risk in of(snapshot, "SCH-4")] == [impact]
    assert [result.contractual for result in snapshot.gates] == [contractual]


def test_both_ends_may_tell_of_the_same_edge() -> None:
    twice = [permit(), blocked_by(site(), "REG-112")]
    assert len(of(run(twice, example_portfolio()), "DEP-2")) == 1
