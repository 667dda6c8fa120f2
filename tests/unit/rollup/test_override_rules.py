"""Who may override a colour, for what reason and how long (roll-up spec, section 3.5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from syncer.domain.health import Health
from syncer.domain.portfolio import Person
from syncer.domain.statement import ColourOverride, Door, Provenance
from syncer.rollup.colours.override_rules import (
    Circumstances,
    Wanted,
    ends_soon,
    lighter_by,
    made,
    refusals,
    workers,
)
from tests.unit.rollup.builders import DOING, DONE, account, make_item

TODAY = date(2026, 11, 23)
LATER = date(2026, 12, 4)
REASON = "The supplier has confirmed the parts"
ROTH = Person(name="J. Roth", email="roth@example.com", accounts=("jira:roth",))
RED, AMBER, GREEN = Health.RED, Health.AMBER, Health.GREEN


def asked(**more: Any) -> Wanted:
    known: dict[str, Any] = {
        "scope": "proj:net",
        "colour": AMBER,
        "reason": REASON,
        "author": "J. Roth",
        "expires": LATER,
    }
    return Wanted(**{**known, **more})


def around(**more: Any) -> Circumstances:
    known: dict[str, Any] = {"today": TODAY, "own": RED, "target": None, "people": (ROTH,)}
    return Circumstances(**{**known, **more})


def said(day: date = TODAY) -> Provenance:
    at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    return Provenance(author="J. Roth", at=at, door=Door.COMMAND)


def one_step_lighter(**more: Any) -> ColourOverride:
    return replace(made(asked(), around(), said()), **more)


class TestWhatIsAllowed:
    def test_one_step_lighter_for_a_fortnight(self) -> None:
        assert list(refusals(asked(), around())) == []

    @pytest.mark.parametrize("colour", [AMBER, RED])
    def test_darker_needs_only_a_reason(self, colour: Health) -> None:
        darker = asked(colour=colour, scope="prog:5g", expires=None)
        alone = around(own=GREEN, workers=frozenset({"j. roth"}), entitled=frozenset({"A. Silva"}))
        assert list(refusals(darker, alone)) == []
        assert made(darker, alone, said()).expires == TODAY + timedelta(days=14)

    @pytest.mark.parametrize(
        ("computed", "shown", "steps"),
        [
            (RED, AMBER, 1),
            (RED, GREEN, 2),
            (AMBER, GREEN, 1),
            (GREEN, RED, 0),
            (Health.UNKNOWN, AMBER, 0),
            (Health.UNKNOWN, GREEN, 2),
            (Health.TOO_EARLY, GREEN, 1),
        ],
    )
    def test_steps(self, computed: Health, shown: Health, steps: int) -> None:
        assert lighter_by(computed, shown) == steps


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("wanted", "found", "why"),
        [
            (asked(reason="it will be fine ok"), around(), "fewer than 20 characters"),
            (asked(colour=RED, reason="bad"), around(own=GREEN), "fewer than 20 characters"),
            (asked(expires=None), around(), "needs its last day"),
            (asked(expires=date(2026, 12, 8)), around(), "14 days at most: until 7 Dec"),
            (asked(expires=date(2026, 11, 22)), around(), "22 Nov has passed"),
            (asked(), around(workers=frozenset({"j. roth"})), "only assignee of the work"),
            (asked(author="ROTH@example.com"), around(workers=frozenset({"j. roth"})), "assignee"),
            (asked(), around(entitled=frozenset({"A. Silva"})), "A. Silva may"),
            (asked(colour=GREEN), around(), "lighter by two steps needs somebody who approves"),
            (asked(scope="prog:5g"), around(), "lighter colour of a program needs somebody"),
            (asked(approver="j. roth"), around(), "somebody else than the author"),
            (asked(approver="roth@example.com"), around(), "somebody else than the author"),
            (asked(), around(own=AMBER), "is Amber already"),
            (asked(), around(own=Health.DONE), "no colour to override"),
            (asked(colour=GREEN, approver="CTO"), around(own=Health.UNKNOWN), "never Green"),
            (asked(colour=Health.UNKNOWN), around(), "red, amber or green"),
        ],
        ids=lambda one: one if isinstance(one, str) else "",
    )
    def test_each_rule(self, wanted: Wanted, found: Circumstances, why: str) -> None:
        assert why in " ".join(refusals(wanted, found))

    def test_an_approver_makes_it_right(self) -> None:
        two = asked(colour=GREEN, approver="CTO")
        assert list(refusals(two, around())) == []
        program = asked(scope="prog:5g", approver="CTO")
        assert list(refusals(program, around())) == []

    def test_an_only_assignee_is_known_by_the_account(self) -> None:
        item = make_item("NET-1", DOING, assignees=(account("Roth"),))
        other = make_item("NET-2", DOING, assignees=(account("Ann"),))
        done = make_item("NET-3", DONE, assignees=(account("Ann"),))
        assert workers([item, done], [ROTH]) == {"j. roth"}
        assert workers([item, other], [ROTH]) == {"j. roth", "ann"}


class TestRenewals:
    def test_twice_and_no_more(self) -> None:
        day, known = TODAY, list[ColourOverride]()
        for renewal in range(3):
            now = around(today=day, earlier=tuple(known))
            wanted = asked(expires=day + timedelta(days=7))
            assert list(refusals(wanted, now)) == []
            known.append(made(wanted, now, said(day)))
            assert (known[-1].renewals, known[-1].since) == (renewal, TODAY)
            day += timedelta(days=7)
        third = around(today=day, earlier=tuple(known))
        (why,) = refusals(asked(expires=day + timedelta(days=3)), third)
        assert why == (
            "It was renewed 2 times since 23 Nov: the computed colour stands, and a new override "
            "is possible from 12 Jan on."
        )

    def test_never_more_than_28_days_in_all(self) -> None:
        first = one_step_lighter(expires=TODAY + timedelta(days=14))
        day = TODAY + timedelta(days=15)
        again = around(today=day, earlier=(first,))
        assert list(refusals(asked(expires=TODAY + timedelta(days=28)), again)) == []
        (why,) = refusals(asked(expires=TODAY + timedelta(days=29)), again)
        assert "may last 28 days in all, until 21 Dec" in why

    def test_taking_it_back_and_asking_anew_is_a_renewal(self) -> None:
        first = one_step_lighter(undone_at=said().at, undone_by="J. Roth")
        again = made(asked(), around(earlier=(first,)), said(TODAY + timedelta(days=1)))
        assert (again.renewals, again.since) == (1, TODAY)

    def test_after_four_weeks_it_is_a_new_one(self) -> None:
        first = one_step_lighter()
        day = LATER + timedelta(days=29)
        fresh = made(asked(expires=day), around(today=day, earlier=(first,)), said(day))
        assert (fresh.renewals, fresh.since) == (0, day)

    def test_darker_ones_are_not_counted(self) -> None:
        darker = made(asked(colour=RED), around(own=AMBER), said())
        fresh = made(asked(), around(earlier=(darker,)), said(TODAY + timedelta(days=1)))
        assert fresh.renewals == 0


def test_the_author_is_warned_two_days_before() -> None:
    override = one_step_lighter()
    days = [LATER - timedelta(days=n) for n in (3, 2, 0, -1)]
    assert [ends_soon(override, day) for day in days] == [False, True, True, False]
