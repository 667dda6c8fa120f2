"""The states of an edition: first, quiet, partial, unknown, corrected, holiday, finished, empty."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from syncer.domain.health import Health
from syncer.domain.portfolio import Criticality
from syncer.domain.report import ColourChange, Snapshot
from syncer.domain.statement import Decision, DecisionOption, DecisionState, OwnerStatus
from syncer.publish.audience import AudienceView
from syncer.publish.digest.compose import compose
from syncer.publish.digest.model import Digest, Place, Trend
from syncer.publish.render.text import render_text
from tests.unit.publish.builders import (
    AS_OF,
    EXAMPLE_CHANGES,
    EXECUTIVE,
    TODAY,
    colour,
    decision,
    example,
    example_before,
    gate,
    group,
    item,
    network,
    phone,
    project,
    regulatory,
    risk,
    said,
    snapshot,
    source,
    view,
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


def green_week(count: int = 4, **changes: object) -> Snapshot:
    members = tuple(
        project(
            f"p{n}",
            f"Alpha{n} rollout",
            Health.GREEN,
            target=date(2027, 3, 19),
            probability=0.97,
            p50=date(2027, 2, 19),
            p85=date(2027, 3, 5),
        )
        for n in range(count)
    )
    groups = tuple(group(f"prog:g{n}", f"Beta{n} plan", (members[n],)) for n in range(count))
    return replace(snapshot(projects=members, programs=groups), **changes)  # type: ignore[arg-type] # any field


# --- first edition ---------------------------------------------------------------------------


def test_a_first_edition_compares_with_nothing_and_says_so() -> None:
    digest = edition(example())
    assert digest.comparison == "Baseline edition: no comparison."
    assert all(row.trend is Trend.NONE and row.previous is None for row in digest.status)
    assert all(not risk.mark for risk in digest.risks)
    assert "(was" not in render_text(digest)


def test_a_reconstructed_comparison_is_labelled() -> None:
    digest = edition(example(), example_before(reconstructed=True), EXAMPLE_CHANGES)
    assert digest.comparison == "Compared with 16 Nov, reconstructed from item history."
    assert digest.status[2].trend is Trend.WORSE


def test_a_reconstructed_snapshot_is_labelled_in_the_trust_line() -> None:
    assert "This snapshot is reconstructed" in flat(edition(example(reconstructed=True)))


# --- quiet week ------------------------------------------------------------------------------


def test_a_quiet_week_has_subject_headline_one_status_line_gates_and_trust() -> None:
    digest = edition(
        green_week(gates=(gate("prog:g0", "Audit", date(2026, 12, 1), 0.9, "A. Silva"),)),
        green_week(),
    )
    assert digest.quiet
    assert digest.subject == "All 4 programs on track · W48"
    assert digest.headline == "All 4 programs are on track. No decision is needed."
    assert not (digest.decisions)
    assert not (digest.words_of_owners)
    assert not (digest.changes)
    assert not (digest.risks)
    assert all(row.place is Place.LINE for row in digest.status)
    assert "Green: Beta0 plan, Beta1 plan, Beta2 plan, Beta3 plan." in digest.status_lines
    assert [g.name for g in digest.gates] == ["Audit"]
    assert digest.trust
    assert digest.word_count < 60


def test_a_week_with_a_decision_is_not_quiet() -> None:
    now = green_week(decisions=(decision("prog:g0", "Which vendor?", options=()),))
    assert not edition(now, green_week()).quiet


# --- missing data ----------------------------------------------------------------------------


def test_partial_data_puts_a_banner_first_that_names_the_source() -> None:
    old = source("ado", "REG", last_success_at=AS_OF - timedelta(hours=80))
    digest = edition(example(sources=(source("jira", "NET"), old)), example_before())
    assert [c.text for c in digest.banner] == [
        "Partial data: nothing current from ado (last read 19 Nov)."
    ]
    text = flat(digest)
    assert text.index("!! Partial data") < text.index("5G Infrastructure is Red")
    assert "jira current." in text
    assert "Not current" not in text


def test_a_source_of_yesterday_is_named_without_a_banner() -> None:
    old = source("ado", "REG", last_success_at=AS_OF - timedelta(hours=30))
    digest = edition(example(sources=(source("jira", "NET"), old)), example_before())
    assert digest.banner == ()
    assert "jira current. Not current: ado (last read 21 Nov)." in flat(digest)


def test_a_failed_source_of_today_is_not_called_current() -> None:
    failed = source("ado", "REG", error="HTTP 403")
    text = flat(edition(example(sources=(source("jira", "NET"), failed)), example_before()))
    assert "both trackers current" not in text
    assert "Not current: ado" in text


def test_all_unknown_is_still_an_edition_with_the_banner_first_and_nothing_green() -> None:
    dead = project("network", "Network upgrade", Health.UNKNOWN, target=date(2027, 3, 19))
    dead = replace(dead, shown=colour(Health.UNKNOWN, "3", "no data from jira since 19 Nov"))
    now = snapshot(
        projects=(dead,),
        programs=(group("prog:5g", "5G Infrastructure", (dead,)),),
        sources=(source("jira", "NET", last_success_at=AS_OF - timedelta(days=4)),),
    )
    digest = edition(now, example_before())
    text = render_text(digest)
    assert digest.subject.startswith("No current data: status unknown")
    assert digest.banner[0].text == (
        "No current data from jira (last read 19 Nov): no colour can be given."
    )
    assert digest.status[0].chance == "unknown"
    assert "GREEN" not in text
    assert "0 items" not in text


def test_nothing_synced_at_all_is_said_and_claims_no_number_of_items() -> None:
    never = source("jira", "NET", last_success_at=None, error="HTTP 401")
    digest = edition(snapshot(sources=(never,)))
    assert digest.subject == "Nothing synced yet: no status · W48"
    assert digest.banner[0].text.startswith("Nothing has been synced yet")
    assert digest.status == ()
    assert "never read" in flat(digest)


def test_without_any_source_the_edition_still_goes_out() -> None:
    digest = edition(snapshot(sources=()))
    assert digest.banner[0].text.startswith("Nothing has been synced yet")
    assert "no tracker has been read" in flat(digest)


def test_a_withheld_forecast_shows_no_number_and_says_why() -> None:
    thin = project(
        "new", "New depot", Health.TOO_EARLY, target=date(2027, 3, 19), withheld="needs 6 weeks"
    )
    digest = edition(snapshot(projects=(thin,)))
    assert digest.status[0].chance == "no forecast · 19 Mar"
    assert digest.status[0].dates == "needs 6 weeks"


def test_a_date_beyond_the_horizon_is_called_that() -> None:
    far = network(probability=0.01, p50=None, p85=None, beyond_horizon=True, levers=None)
    digest = edition(snapshot(projects=(far,)))
    assert digest.status[0].chance == "<5 % · 19 Mar"
    assert digest.status[0].dates == "beyond 2 years"
    assert "safe only beyond 2 years" in digest.headline


# --- correction, holidays, finished, no programs ----------------------------------------------


def test_a_correction_says_so_in_subject_and_first_line_with_its_reason() -> None:
    digest = compose(
        example(),
        example_before(),
        EXAMPLE_CHANGES,
        audience=EXECUTIVE,
        version=2,
        correction="Network's target was read wrongly",
    )
    assert digest.subject.startswith("Correction: 5G Red: 30 %")
    assert len(digest.subject) <= 60
    text = flat(digest)
    line = "Correction, version 2: Network's target was read wrongly."
    assert line in text
    assert text.index(line) < text.index("5G Infrastructure is Red")
    assert digest.version == 2


def test_a_holiday_week_is_told_with_its_days() -> None:
    off = frozenset({date(2026, 11, 26), date(2026, 11, 27)})
    digest = edition(example(holidays=12, freezes=1), example_before(), audience=view(days_off=off))
    text = flat(digest)
    assert "Holiday week: 2 of 5 working days off. 12 holidays and 1 freeze counted." in text
    assert "Network: 82 items in 16.6 weeks" in text


def test_a_finished_program_gets_a_closing_summary_once() -> None:
    done = replace(
        network(levers=None, dependencies=()),
        shown=colour(Health.DONE, "1", "done"),
        computed=colour(Health.DONE, "1", "done"),
        baseline_target=date(2026, 10, 26),
        done=240,
        remaining=0,
    )
    now = snapshot(projects=(done,), programs=(group("prog:5g", "5G Infrastructure", (done,)),))
    digest = edition(now, example_before())
    assert digest.changes[0].text == (
        "5G Infrastructure is finished: baseline 26 Oct, done by 23 Nov, slip 20 working days; "
        "benefits still to be measured."
    )
    assert digest.status[0].chance == "Done"
    assert edition(now, now).changes == ()


def test_without_programs_the_table_lists_projects_worst_first() -> None:
    digest = edition(example(programs=(), products=()), example_before(programs=(), products=()))
    assert [row.name for row in digest.status] == [
        "Network upgrade",
        "Customer outreach",
        "5G Smartphone",
        "Regulatory",
    ]
    assert digest.headline.startswith("Network upgrade is Red: 30 % chance of 19 March")


def test_an_audience_that_matches_nothing_is_told_so() -> None:
    digest = edition(example(), audience=view(programs=("6g",), products=()))
    assert digest.status_lines == ("No program or product matches this audience.",)
    assert digest.subject == "No program matches this audience · W48"


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
    small = replace(now.programs[0], projects=("network", "regulatory"))
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
        "22 Jan. No decision is needed."
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
