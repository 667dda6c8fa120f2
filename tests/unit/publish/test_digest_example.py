"""The full example of the digest spec, section 4.2: figures, order and colours."""

from __future__ import annotations

import pytest

from syncer.domain.health import Health
from syncer.publish.digest.compose import compose
from syncer.publish.digest.model import Digest, Trend
from syncer.publish.digest.wording import count_words
from syncer.publish.render.text import WIDTH, render_text
from tests.unit.publish.builders import (
    EXECUTIVE,
)
from tests.unit.publish.portfolios import (
    EXAMPLE_CHANGES,
    example,
    example_before,
)


@pytest.fixture(scope="module")
def digest() -> Digest:
    return compose(example(), example_before(), EXAMPLE_CHANGES, audience=EXECUTIVE)


@pytest.fixture(scope="module")
def text(digest: Digest) -> str:
    return render_text(digest)


def test_the_subject_names_the_worst_with_its_number_and_then_what_is_asked(digest: Digest) -> None:
    assert digest.subject == "5G Red: 30 % for 19 March · decide by Thu"
    assert len(digest.subject) <= 60
    assert digest.subject[:35].startswith("5G Red: 30 % for 19 March")


def test_the_headline_is_two_sentences_of_at_most_thirty_words(digest: Digest) -> None:
    assert digest.headline == (
        "5G Infrastructure is Red: 30 % chance of 19 March, safe by 13 April. "
        "One decision by Thursday."
    )
    assert len(digest.headline.split()) <= 30


def test_the_decision_stands_before_the_table_with_options_made_from_the_levers(
    digest: Digest, text: str
) -> None:
    (decision,) = digest.decisions
    assert decision.question == "Which date for Network upgrade?"
    assert (decision.decider, decision.deadline) == ("CTO", "by Thu 26 Nov")
    assert decision.moved == "Moved once already (19 Feb → 19 Mar)."
    assert decision.cost_of_waiting == "Each week of delay costs ≈ €120k."
    assert [(o.letter, o.text, o.effect, o.recommended_by) for o in decision.options] == [
        ("A", "cut 14 of 31 optional items", "87 % for 19 March", "J. Roth"),
        ("B", "move to 13 April", "86 %; 17 working days, ≈ €410k", ""),
        ("C", "keep both", "needs 5.6 items a week; today 4.7", ""),
    ]
    assert len(decision.options[0].items) == 31
    assert text.index("DECISION NEEDED") < text.index("STATUS")


def test_the_status_table_has_the_rows_colours_and_figures_of_the_example(digest: Digest) -> None:
    red, amber, green = Health.RED, Health.AMBER, Health.GREEN
    rows = [
        (r.name, r.depth, r.health, r.trend, r.previous, r.chance, r.dates) for r in digest.status
    ]
    march = "30 % · 19 Mar", "26 Mar – 13 Apr"
    was = "30 % (was 34 %) · 19 Mar", "26 Mar – 13 Apr"
    outreach = "83 % (was 90 %) · 22 Jan", "14 – 25 Jan"
    assert rows == [
        ("5G Infrastructure", 0, red, Trend.SAME, red, *march),
        ("Network upgrade", 1, red, Trend.SAME, red, *was),
        ("Customer outreach", 1, amber, Trend.WORSE, green, *outreach),
        ("Regulatory", 1, green, Trend.SAME, green, ">95 % · 22 Jan", "16 – 24 Dec"),
        ("5G Smartphone", 0, amber, Trend.WORSE, green, ">95 % · 26 Feb", "9 – 16 Feb"),
    ]


def test_open_items_after_the_safe_date_and_late_dependencies_are_named_in_the_row(
    digest: Digest,
) -> None:
    notes = {row.name: row.note for row in digest.status}
    assert notes["Regulatory"] == "North permit 22 Jan"
    assert notes["5G Smartphone"] == "Phone demo 2 days late (North permit)"
    assert notes["5G Infrastructure"] == notes["Network upgrade"] == ""


def test_the_owner_is_quoted_with_name_and_date(text: str) -> None:
    flat = " ".join(text.split())
    quoted = "J. Roth, 20 Nov: “We can hold March only without the rural sites; I ask for A.”"
    assert quoted in flat


def test_what_changed_tells_cause_before_consequence(digest: Digest) -> None:
    assert [claim.text for claim in digest.changes] == [
        "North permit moved from 8 to 22 January: Network waits 9 days and Smartphone 2 days.",
        "Outreach turned Amber by pace: 3 items done in two weeks, 2.2 a week needed.",
        "Network: 82 items in 17 weeks need 4.8 a week; the pace is 4.7 and scope grew by 10.",
    ]


def test_the_top_risks_have_band_owner_and_ask(digest: Digest) -> None:
    assert [(r.mark, r.title, r.band, r.detail, r.owner) for r in digest.risks] == [
        (
            "",
            "Network misses 19 March",
            "critical",
            "expected overrun 8 days (≈ €184k)",
            "M. Okafor",
        ),
        (
            "NEW",
            "North permit 9 days after site start",
            "critical",
            "hits Network and Smartphone",
            "L. Brandt",
        ),
        (
            "",
            "Network team 37 % overbooked for 4 weeks (26 due, 19 likely)",
            "medium",
            "",
            "M. Okafor",
        ),
    ]
    assert [risk.ask for risk in digest.risks] == ["decision above", "COO calls the regulator", ""]
    assert digest.risks[2].next_step == "re-plans by 30 Nov"


def test_the_gates_of_four_weeks_mark_what_would_not_be_green(digest: Digest) -> None:
    assert [(g.day, g.name, g.chance, g.low, g.owner) for g in digest.gates] == [
        ("27 Nov", "environmental filing", "90 %", False, "L. Brandt"),
        ("4 Dec", "core freeze", "59 %", True, "M. Okafor"),
        ("4 Dec", "phone beta", "89 %", False, "A. Silva"),
        ("11 Dec", "town halls", "68 %", True, "S. Weber"),
    ]


def test_the_trust_line_says_what_the_reader_must_know_about_the_data(text: str) -> None:
    flat = " ".join(text.split())
    assert flat.endswith(
        "Data Mon 05:30, both trackers current. No holidays configured. "
        "Confidence Medium: 30 % of Outreach work in progress has no owner. "
        "1 restricted item withheld. Overrides 0. Wrong? Reply."
    )


def test_the_text_keeps_350_words_and_its_width(digest: Digest, text: str) -> None:
    assert digest.word_count == count_words(text) <= 350
    assert max(len(line) for line in text.splitlines()) <= WIDTH
    assert digest.edition == "2026-W48"
