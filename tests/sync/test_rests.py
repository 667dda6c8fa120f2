"""Deliveries gather only where the same items are named again and again, and never for long."""

from __future__ import annotations

from syncer.domain.ref import ItemRef
from syncer.sync.rests import Rests

ITEMS = [ItemRef("jira", str(number)) for number in range(10)]
OTHERS = [ItemRef("jira", str(number)) for number in range(10, 20)]


def test_the_first_claim_and_one_about_other_items_are_not_delayed() -> None:
    rests = Rests(4.0)
    rests.worked("jira", ITEMS, now=100.0, more=False)
    assert rests.resting(100.0) == []

    rests.worked("jira", [*OTHERS, *ITEMS[:4]], now=101.0, more=False)
    assert rests.resting(101.0) == []


def test_the_pause_grows_while_the_same_items_come_again_and_then_no_more() -> None:
    rests, now, spans = Rests(4.0), 100.0, []
    for _ in range(8):
        rests.worked("jira", ITEMS, now=now, more=False)
        begun = now
        while rests.resting(now):
            now += 0.125
        spans.append(now - begun)

    assert spans == [0.0, 0.5, 1.0, 2.0, 4.0, 4.0, 4.0, 4.0]
    assert rests.resting(now) == []


def test_a_backlog_does_not_wait() -> None:
    rests = Rests(4.0)
    for now in range(100, 110):
        rests.worked("jira", ITEMS, now=float(now), more=True)
        assert rests.resting(float(now)) == []


def test_what_comes_again_much_later_is_worked_off_at_once() -> None:
    rests = Rests(4.0)
    for now in (100.0, 101.0, 102.0, 200.0):
        rests.worked("jira", ITEMS, now=now, more=False)
    assert rests.resting(200.0) == []


def test_one_connection_rests_without_the_others() -> None:
    rests = Rests(4.0)
    for named in (OTHERS, ITEMS):
        rests.worked("jira", ITEMS, now=100.0, more=False)
        rests.worked("github", named, now=100.0, more=False)
    assert rests.resting(100.1) == ["jira"]
