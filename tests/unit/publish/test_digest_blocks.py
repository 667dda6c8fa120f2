"""The limits and rules of each block: decisions, words, risks, gates, trust, rows, causes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from syncer.domain.colour_change import ColourChange
from syncer.domain.facts import ProjectFacts
from syncer.domain.gaming import MembershipChange
from syncer.domain.health import Health
from syncer.domain.ledger import Ledger, Ledgers
from syncer.domain.portfolio import Criticality
from syncer.domain.report import Snapshot
from syncer.domain.statement import Decision, DecisionOption, DecisionState, OwnerStatus
from syncer.publish.audience import AudienceView, Lens
from syncer.publish.digest.compose import compose
from syncer.publish.digest.model import Digest, Trend
from syncer.publish.render.text import render_text
from syncer.rollup.rules import ColourRules, HealthRules
from tests.unit.publish.builders import (
    AS_OF,
    EXECUTIVE,
    TODAY,
    colour,
    decision,
    gate,
    group,
    item,
    risk,
    said,
    snapshot,
    source,
    view,
)
from tests.unit.publish.portfolios import (
    example,
    example_before,
    network,
    phone,
    regulatory,
)


def edition(
    now: Snapshot,
    before: Snapshot | None = None,
    changes: tuple[ColourChange, ...] = (),
    audience: AudienceView = EXECUTIVE,
) -> Digest:
    return compose(now, before, changes, audience=audience)


def flat(digest: Digest) -> str:
    return " ".join(render_text(digest).split())


# --- the blocks' own limits ------------------------------------------------------------------


def test_a_draft_decision_never_reaches_an_edition() -> None:
    draft = decision("network", "Which date?", confirmed_by="")
    assert edition(example(decisions=(draft,))).decisions == ()


def test_a_decided_decision_is_told_as_a_change() -> None:
    closed = decision(
        "network",
        "Which date for Network?",
        state=DecisionState.DECIDED,
        outcome="A, without the rural sites",
        decided_on=date(2026, 11, 19),
    )
    digest = edition(example(decisions=(closed,)), example_before())
    assert digest.decisions == ()
    assert any(
        claim.text == "Decided: Which date for Network? A, without the rural sites."
        for claim in digest.changes
    )


def test_an_overdue_decision_says_so_in_subject_headline_and_block() -> None:
    late = decision("network", "Which date for Network upgrade?", needed_by=date(2026, 11, 19))
    digest = edition(example(decisions=(late,)), example_before())
    assert digest.subject == "5G Red: 30 % for 19 March · decision overdue"
    assert digest.headline.endswith("One decision is overdue.")
    assert digest.decisions[0].deadline == "overdue since 19 Nov"
    assert digest.decisions[0].overdue_days == 4


def test_too_few_candidates_give_no_such_option_and_the_letters_keep_their_meaning() -> None:
    few = replace(network().levers, candidates=())  # type: ignore[type-var] # the example has levers
    now = example(projects=(network(levers=few), phone(), regulatory()))
    (only,) = edition(now, example_before()).decisions
    assert [option.letter for option in only.options] == ["B", "C"]
    assert not any(option.recommended_by for option in only.options)
    assert only.recommendation == "J. Roth recommends: option A, which is not open at present."


def test_own_options_take_the_place_of_levers() -> None:
    own = decision(
        "network",
        "Which date?",
        options=(DecisionOption(text="wait", effect="free"), DecisionOption(text="buy")),
        recommendation="B",
    )
    (only,) = edition(example(decisions=(own,)), example_before()).decisions
    assert [(o.letter, o.text, o.effect, o.recommended_by) for o in only.options] == [
        ("A", "wait", "free", ""),
        ("B", "buy", "", "J. Roth"),
    ]


def test_at_most_three_decisions_are_shown_and_the_rest_are_counted() -> None:
    many: tuple[Decision, ...] = tuple(
        decision("network", f"Question {n}?", id=f"D{n}", needed_by=TODAY + timedelta(days=9 - n))
        for n in range(5)
    )
    digest = edition(example(decisions=many), example_before())
    assert [d.question for d in digest.decisions] == ["Question 4?", "Question 3?", "Question 2?"]
    assert digest.decisions_more == 2
    assert "2 more decisions wait." in flat(digest)


@pytest.mark.parametrize(
    ("days_ago", "expected"),
    [
        (8, "J. Roth, 15 Nov: “All hands on deck.”"),
        (10, "5G Infrastructure: no word from J. Roth since 13 Nov."),
    ],
)
def test_an_owners_word_counts_for_eight_days(days_ago: int, expected: str) -> None:
    word = OwnerStatus(
        scope="prog:5g",
        text="All hands on deck. And more.",
        value=None,
        provenance=said(at=AS_OF - timedelta(days=days_ago)),
    )
    assert expected in flat(edition(example(owner_statuses=(word,)), example_before()))


def test_an_owner_who_never_spoke_is_named() -> None:
    digest = edition(example(owner_statuses=()), example_before())
    assert "5G Infrastructure: no word from J. Roth yet." in flat(digest)


def test_a_quotation_has_at_most_25_words() -> None:
    word = OwnerStatus(scope="prog:5g", text="word " * 60, value=None, provenance=said())
    digest = edition(example(owner_statuses=(word,)), example_before())
    assert digest.words_of_owners[0].text == " ".join(["word"] * 25) + " …"


def test_risks_show_at_most_two_of_one_project_and_three_in_all() -> None:
    many = tuple(
        risk("HUM-1", "proj:network", f"Risk {n}", 20 - n, "critical", id=f"R{n}") for n in range(4)
    )
    others = tuple(
        risk("HUM-1", "proj:outreach", f"Other {n}", 9, "medium", id=f"S{n}") for n in range(2)
    )
    digest = edition(example(risks=(*many, *others)), example_before())
    assert [line.title for line in digest.risks] == ["Risk 0", "Risk 1", "Other 0"]
    assert {line.owner for line in digest.risks} == {""}
    assert "No owner." in flat(digest)


def test_an_open_overrun_is_only_a_lower_bound() -> None:
    worst = risk("SCH-1", "proj:network", "late", 20, "critical", exposure_days=100.4)
    projects = (network(overrun_open=True), regulatory(), phone())
    digest = edition(example(projects=projects, risks=(worst,)), example_before())
    assert digest.risks[0].detail == "expected overrun more than 100 days"


def test_gates_beyond_four_weeks_are_left_out_and_missed_ones_are_not() -> None:
    gates = (
        gate("network", "Far", TODAY + timedelta(days=29), 0.9, "X"),
        gate("network", "Edge", TODAY + timedelta(days=28), 0.9, "X"),
        gate("network", "Past", TODAY - timedelta(days=3), 0.0, ""),
    )
    digest = edition(example(gates=gates), example_before())
    assert [g.name for g in digest.gates] == ["Past", "Edge"]
    assert digest.gates[0].chance == "missed, 5 open"
    assert "20 Nov Past missed, 5 open (!), no owner" in flat(digest)


def test_of_many_gates_the_least_certain_are_kept_in_order_of_date() -> None:
    gates = tuple(
        gate("network", f"Gate {n}", TODAY + timedelta(days=n), 0.3 + n / 20, "X") for n in range(9)
    )
    digest = edition(example(gates=gates[::-1]), example_before())
    assert [g.name for g in digest.gates] == [f"Gate {n}" for n in range(5)]


def test_the_trust_line_counts_what_is_missing() -> None:
    now = example(
        unclassified_share=0.14,
        unclaimed=(item("X-1", "Power for the hall", "none"),),
        overrides=2,
        restricted=3,
        sources=(
            source("jira", "NET", quarantined=2, hidden=4, missing_detail=("changelog",)),
            source("ado", "REG"),
        ),
    )
    text = flat(edition(now, example_before()))
    for words in (
        "Missing detail: changelog.",
        "3 restricted items withheld.",
        "Totals exclude 2 unreadable items.",
        "Totals exclude 4 hidden items.",
        "1 item of unclaimed program work.",
        "14 % of open items unclassified.",
        "Overrides 2.",
    ):
        assert words in text
    assert "1 program-level item belongs to no program: Power for the hall." in text


def test_an_override_shows_its_star_and_the_computed_colour() -> None:
    eased = replace(network(), shown=colour(Health.AMBER, "O", "override J. Roth until 4 Dec"))
    digest = edition(snapshot(projects=(eased,)))
    assert "AMBER* Network upgrade" in flat(digest)
    assert digest.status[0].note.startswith("computed RED; override J. Roth")


def test_a_moved_target_and_a_changed_membership_are_told() -> None:
    moved = replace(network(), target=date(2027, 4, 16), slip_days=40, pushes=2)
    now = example(projects=(moved, regulatory(), phone()))
    left = MembershipChange(on=TODAY, left=(("outreach", "Customer outreach"),))
    small = replace(now.programs[0], projects=("network", "regulatory"), membership=(left,))
    digest = edition(replace(now, programs=(small,)), example_before())
    texts = [claim.text for claim in digest.changes]
    assert "Network's target moved from 19 March to 16 April." in texts
    assert "Membership of 5G changed: Customer outreach left." in texts


def test_a_removed_target_is_told_with_what_it_was() -> None:
    now = example(projects=(replace(network(), target=None), regulatory(), phone()))
    texts = [claim.text for claim in edition(now, example_before()).changes]
    assert "Network's target removed (was 19 Mar)." in texts


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        pytest.param(0.50, 0.60, Trend.BETTER, id="ten points up"),
        pytest.param(0.60, 0.50, Trend.WORSE, id="ten points down"),
        pytest.param(0.50, 0.599, Trend.SAME, id="less than ten points"),
    ],
)
def test_the_arrow_moves_with_ten_points(before: float, now: float, expected: Trend) -> None:
    entry = network(probability=now)
    digest = edition(snapshot(projects=(entry,)), snapshot(projects=(network(probability=before),)))
    assert digest.status[0].trend is expected


@pytest.mark.parametrize(("points", "expected"), [(0.20, Trend.SAME), (0.05, Trend.BETTER)])
def test_how_far_the_chance_moves_for_an_arrow_is_the_companys(
    points: float, expected: Trend
) -> None:
    before, now = snapshot(projects=(network(),)), snapshot(projects=(network(probability=0.37),))
    rules = HealthRules(colour=ColourRules(arrow_points=points))
    digest = compose(now, before, (), audience=EXECUTIVE, rules=rules)
    assert digest.status[0].trend is expected


def test_the_arrow_moves_with_the_band_of_the_highest_risk() -> None:
    high = risk("HUM-1", "proj:network", "x", 12, "high", projects=("network",))
    calm = replace(high, score=8, band="medium")
    now = snapshot(projects=(network(),), unmerged=(high,))
    before = snapshot(projects=(network(),), unmerged=(calm,))
    assert edition(now, before).status[0].trend is Trend.WORSE
    assert edition(before, now).status[0].trend is Trend.BETTER


def test_many_programs_have_one_row_each_with_the_project_as_the_reason() -> None:
    red, green = network(), regulatory()
    groups = tuple(
        group(f"prog:g{n}", f"Plan{n} works", (red, green), shown=colour(Health.RED, "R1"))
        for n in range(3)
    )
    digest = edition(snapshot(projects=(red, green), programs=groups))
    assert [row.depth for row in digest.status] == [0, 0, 0]
    assert {row.note for row in digest.status} == {"Red: Network"}
    assert digest.status_lines == ("3 programs: 3 Red.",)


def test_could_members_are_not_marked_must() -> None:
    optional = replace(regulatory(), criticality=Criticality.COULD)
    digest = edition(example(projects=(network(), optional, phone())), example_before())
    assert "Network upgrade, must" in flat(digest)
    assert "Regulatory, must" not in flat(digest)


# --- causes and reasons ----------------------------------------------------------------------


def turned(scope: str, name: str, cause: str, text: str) -> ColourChange:
    return ColourChange(
        scope=scope, name=name, before=Health.GREEN, after=Health.AMBER, cause=cause, text=text
    )


def test_a_group_whose_members_turned_is_not_told_again() -> None:
    changes = (
        turned("prog:5g", "5G Infrastructure", "members", "5G Infrastructure turned Amber."),
        turned("proj:outreach", "Customer outreach", "pace", "Customer outreach turned by pace."),
    )
    now = example(recent_moves=())
    told = [claim.text for claim in edition(now, example_before(), changes).changes]
    assert "Outreach turned by pace." in told
    assert "5G Infrastructure turned Amber." not in told


def test_a_product_and_its_only_project_turn_in_one_sentence() -> None:
    changes = tuple(
        turned(scope, "5G Smartphone", "risk", "5G Smartphone turned Amber by risk: x.")
        for scope in ("proj:phone", "prod:phone")
    )
    digest = edition(example(recent_moves=()), example_before(), changes)
    assert sum("turned Amber" in claim.text for claim in digest.changes) == 1


def test_where_the_chance_is_not_what_is_bad_the_worst_member_is_the_reason() -> None:
    risky = regulatory()
    risky = replace(risky, shown=colour(Health.AMBER, "A3", "risk: the permit office closes"))
    calm = phone(Health.GREEN, dependencies=())
    program = group(
        "prog:5g", "5G Infrastructure", (risky, calm), shown=colour(Health.AMBER, "A1", "not Green")
    )
    now = snapshot(projects=(risky, calm), programs=(program,))
    digest = edition(now, now)
    assert digest.headline == (
        "5G Infrastructure is Amber: Regulatory – risk: the permit office closes; North permit "
        "22 Jan. No decision is waiting."
    )
    assert digest.subject.startswith("5G Amber: Regulatory – risk: the permit")


def test_confidence_names_what_is_wrong_before_the_bare_score() -> None:
    now = example()
    poor = replace(
        now.programs[0].quality,
        reasons=("Customer outreach: data quality 71", "Customer outreach: 30 % has no owner"),
    )
    digest = edition(replace(now, programs=(replace(now.programs[0], quality=poor),)))
    assert "Confidence Medium: Outreach: 30 % has no owner." in flat(digest)


def test_the_program_lens_shows_both_ledgers() -> None:
    now = example()
    ledgers = Ledgers(
        program=Ledger(open=12, late=2, done=40),
        product=Ledger(open=3, done=9),
        unclassified=Ledger(),
    )
    told = replace(now, programs=(replace(now.programs[0], ledgers=ledgers),))
    digest = edition(told, example_before(), audience=view(lens=Lens.PROGRAM, products=()))
    assert digest.status_lines == (
        "5G: cross-project work 12 open (2 late), 40 done; product work 3 open, 9 done.",
    )


def test_a_red_by_another_rule_than_pace_is_not_explained_by_pace() -> None:
    red = colour(Health.RED, "R6", "gate missed by 9 working days")
    facts = ProjectFacts(must_gate_missed_days=9)
    missed = replace(network(probability=0.97), shown=red, computed=red, facts=facts)
    digest = edition(snapshot(projects=(missed,)), snapshot(projects=(missed,)))
    assert not [claim for claim in digest.changes if claim.kind == "pace"]
    assert digest.status[0].note == "gate missed by 9 working days"


def test_a_long_reason_is_cut_between_its_clauses() -> None:
    reason = "owner says at risk; data: >95 % chance of 19 Mar; safe by 18 December of this year"
    amber = colour(Health.AMBER, "A9", reason)
    told = replace(regulatory(beyond_safe=()), shown=amber, computed=amber)
    digest = edition(snapshot(projects=(told,)))
    assert digest.status[0].note == "owner says at risk; data: >95 % chance of 19 Mar"


def test_the_unclassified_share_is_told_once() -> None:
    now = example(unclassified_share=0.3)
    poor = replace(now.programs[0].quality, reasons=("Net: 40 % of open items are unclassified",))
    digest = edition(replace(now, programs=(replace(now.programs[0], quality=poor),)))
    assert flat(digest).count("unclassified") == 1
    assert "Confidence Medium: 30 % of open items unclassified." in flat(digest)


def test_a_risk_that_an_earlier_edition_had_tells_since_when() -> None:
    old = risk("HUM-1", "proj:network", "Steel is late", 12, "high", first_seen=date(2026, 11, 2))
    digest = edition(example(risks=(old,), unmerged=()), example_before())
    assert digest.risks[0].since == "since 2 Nov"
