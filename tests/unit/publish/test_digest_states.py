"""The states of an edition: first, quiet, partial, unknown, corrected, holiday, finished, empty."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from syncer.domain.colour_change import ColourChange
from syncer.domain.health import Health
from syncer.domain.report import Snapshot
from syncer.publish.audience import AudienceView
from syncer.publish.digest.compose import compose
from syncer.publish.digest.model import Digest, Place, Trend
from syncer.publish.render.text import render_text
from tests.unit.publish.builders import (
    AS_OF,
    EXECUTIVE,
    colour,
    decision,
    gate,
    group,
    project,
    snapshot,
    source,
    view,
)
from tests.unit.publish.portfolios import (
    EXAMPLE_CHANGES,
    example,
    example_before,
    network,
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
    told = flat(edition(example(reconstructed=True)))
    assert "Data of Mon 23 Nov 2026 05:30, reconstructed from item history." in told


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


def test_without_a_target_there_is_no_plan_and_the_data_is_not_blamed() -> None:
    bare = project(
        "ops", "OPS", Health.NO_PLAN, shown=colour(Health.NO_PLAN, "N", "no target date")
    )
    digest = edition(snapshot(projects=(bare,)))
    assert digest.banner == ()
    assert digest.subject == "OPS without plan: no target date · W48"
    assert digest.headline == "OPS has no plan: no target date. No decision is waiting."


def test_no_countable_work_is_unknown_and_the_data_is_not_blamed() -> None:
    reason = "no countable work"
    empty = project(
        "net", "Net", Health.UNKNOWN, shown=colour(Health.UNKNOWN, "3", reason), total=0
    )
    digest = edition(snapshot(projects=(empty,), sources=(source("jira", "NET"),)), green_week())
    assert digest.subject == "Net unknown: no countable work · W48"
    assert digest.status[0].chance == "unknown"
    assert flat(digest).count("no countable work") == 3


def test_two_programs_are_both_on_track() -> None:
    digest = edition(green_week(2), green_week(2))
    assert digest.subject == "Both programs on track · W48"
    assert digest.status_lines == ("Green: Beta0 plan, Beta1 plan.",)


def test_what_only_cannot_be_confirmed_is_counted_apart() -> None:
    """E.g. `1 Amber · 2 cannot be confirmed` (roll-up spec, section 3.2)."""
    unsure, nobodys = colour(Health.AMBER, "A8"), colour(Health.NO_PLAN, "N")
    slow = colour(Health.AMBER, "A1")
    shown = [colour(Health.RED, "R2"), slow, unsure, nobodys, colour(Health.GREEN, "G")]
    alone = tuple(
        project(f"p{n}", f"Alpha{n} rollout", one.health, shown=one) for n, one in enumerate(shown)
    )
    told = flat(edition(snapshot(projects=alone)))
    assert "5 projects: 1 Red · 1 Amber · 2 cannot be confirmed · 1 Green." in told


def test_e12_the_digest_of_the_week_lists_what_was_reopened() -> None:
    told = [claim.text for claim in edition(example(reopened=1), example_before()).changes]
    assert [text for text in told if "reopened" in text] == ["1 item reopened."]
    quiet = edition(example(reopened=0), example_before()).changes
    assert [claim.text for claim in quiet if "reopened" in claim.text] == []
