"""Word lists as if an organisation had never been read."""

from __future__ import annotations

from syncer.classify.labelled import labelled
from syncer.classify.shipped import shipped_words
from syncer.classify.unread import attested

ROWS: list[dict[str, object]] = [
    {"title": "A hackathon for the budget", "label": "program", "source": "north/a"},
    {"title": "A budget for the wallets", "label": "program", "source": "south/b"},
]


def test_a_phrase_that_only_the_unread_show_is_forgotten_and_a_shared_one_kept() -> None:
    words = shipped_words()
    left = attested(labelled(ROWS), words).without(words, {"north"})
    assert "hackathon*" not in left.program["event"]
    assert "budget*" in left.program["money"]


def test_a_phrase_that_nobody_shows_is_kept() -> None:
    words = shipped_words()
    left = attested(labelled(ROWS), words).without(words, {"north", "south"})
    assert "headcount" in left.program["money"]
    assert "budget*" not in left.program["money"]


def test_members_of_classes_are_forgotten_likewise() -> None:
    words = shipped_words()
    left = attested(labelled(ROWS), words).without(words, {"south"})
    assert "wallets" not in left.classes["units"]
    assert "teams" in left.classes["units"]
