"""An owner's word that is not what the data says is a headline of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from syncer.domain.health import Health
from syncer.domain.statement import OwnerStatus, OwnerWord
from syncer.publish.audience import AudienceView
from syncer.publish.digest.compose import compose
from syncer.publish.render.formats import RENDERERS
from syncer.publish.render.mail import render_mail
from tests.unit.rollup.scenes import SAID, portfolio, steady
from tests.unit.rollup.weeks import Weeks, project_in

LATE, EASY = 70, 12


def said(remaining: int, word: OwnerWord, *, days: int = 3) -> Weeks:
    """The owner says so some days before the snapshot."""
    items = steady("NET", weekly=3, remaining=remaining)
    weeks = Weeks(items=items, portfolio=portfolio("net"))
    at = replace(SAID, author="Ann Owner", at=weeks.now - timedelta(days=days))
    weeks.say(owner_statuses=(OwnerStatus(scope="net", text="Well.", value=word, provenance=at),))
    weeks.roll()
    return weeks


@pytest.mark.parametrize(
    ("remaining", "word", "data"),
    [
        (LATE, OwnerWord.ON_TRACK, Health.RED),
        (LATE, OwnerWord.AT_RISK, Health.RED),
        (LATE, OwnerWord.COMPLETE, Health.RED),
        (EASY, OwnerWord.OFF_TRACK, Health.GREEN),
        (EASY, OwnerWord.AT_RISK, Health.GREEN),
    ],
)
def test_both_ways(remaining: int, word: OwnerWord, data: Health) -> None:
    (found,) = said(remaining, word).taken[0].disagreements
    assert (found.scope, found.who, found.says, found.data.health) == (
        "proj:net", "Ann Owner", word, data,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("remaining", "word", "days"),
    [
        (LATE, OwnerWord.OFF_TRACK, 3),
        (EASY, OwnerWord.ON_TRACK, 3),
        (LATE, OwnerWord.ON_HOLD, 3),
        (LATE, OwnerWord.ON_TRACK, 15),
    ],
)
def test_agreement_and_stale_words_are_none(remaining: int, word: OwnerWord, days: int) -> None:
    assert said(remaining, word, days=days).taken[0].disagreements == ()


def test_where_nothing_is_known_the_data_says_nothing() -> None:
    weeks = said(LATE, OwnerWord.ON_TRACK)
    assert weeks.roll(sources=()).disagreements == ()


def test_a_darker_word_gives_the_colour_and_is_told_all_the_same() -> None:
    weeks = said(EASY, OwnerWord.OFF_TRACK)
    assert project_in(weeks.taken[0]).shown.rule == "A9"
    assert weeks.taken[0].disagreements[0].data.rule == "G"


def test_it_is_a_headline_in_every_format() -> None:
    snapshot = said(LATE, OwnerWord.ON_TRACK).taken[0]
    digest = compose(snapshot, None, (), audience=AudienceView(key="all", name="All"))
    (claim,) = digest.disagreements
    assert claim.text == (
        "Net: Ann Owner says on track (20 Nov), the data says Red: <5 % chance of 19 Mar; "
        "safe by 7 May."
    )
    for render in (*RENDERERS.values(), render_mail):
        text = render(digest)
        if render is not RENDERERS["json"]:
            assert "owner and data disagree" in text.lower()
        assert "Ann Owner says on track" in " ".join(text.split())
