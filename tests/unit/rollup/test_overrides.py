"""Overrides of colours through the whole roll-up, week after week (roll-up spec, section 3.5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from pydantic import TypeAdapter

from syncer.domain.health import Health
from syncer.domain.override import Lapse
from syncer.domain.portfolio import Criticality, FixedTarget, Portfolio, Program, ProjectState
from syncer.domain.report import Snapshot
from syncer.domain.statement import ColourOverride, Door, Provenance
from syncer.rollup.calendar import report_date
from syncer.rollup.colours.overrides import active, own_colour
from tests.unit.rollup.builders import AS_OF
from tests.unit.rollup.scenes import planned, steady
from tests.unit.rollup.weeks import Weeks, group_in, project_in

RED, AMBER, GREEN = Health.RED, Health.AMBER, Health.GREEN
REASON = "The supplier has confirmed the parts"
TARGET = date(2027, 3, 24)
LATE, TIGHT, EASY = 70, 54, 12
"""Open items at three a week, with 17.6 weeks to the target: Red, Amber (60 %) and Green."""


def network(remaining: int, *, criticality: Criticality = Criticality.SHOULD) -> Weeks:
    """One project in a program, with so many items open."""
    program = Program(key="5g", name="5G", projects=("net",), owner="J. Roth")
    project = replace(planned("net", criticality=criticality), target=FixedTarget(TARGET))
    of = Portfolio(projects=(project,), programs=(program,))
    return Weeks(items=steady("NET", weekly=3, remaining=remaining), portfolio=of)


def show(
    weeks: Weeks, colour: Health, *, scope: str = "proj:net", days: int = 11, name: str = "C-1"
) -> ColourOverride:
    """Somebody overrides what the last snapshot computed, an hour later."""
    last = weeks.taken[-1]
    result = last.project("net") if scope == "proj:net" else last.group(scope)
    assert result is not None
    at = weeks.now + timedelta(hours=1)
    made = ColourOverride(
        id=name,
        scope=scope,
        colour=colour,
        computed=own_colour(result).health,
        target=result.target,
        reason=REASON,
        since=report_date(at, "UTC"),
        expires=report_date(at, "UTC") + timedelta(days=days),
        provenance=Provenance(author="J. Roth", at=at, door=Door.COMMAND),
    )
    weeks.say(colour_overrides=(made,))
    return made


def state(snapshot: Snapshot) -> tuple[Health, bool, Lapse | None]:
    """The colour that readers see, whether it is a person's, and why the override lapsed."""
    project = project_in(snapshot)
    override = project.override
    assert override is not None
    return project.shown.health, override.is_shown, override.lapse


def test_the_scenes_are_red_amber_and_green() -> None:
    found = [project_in(network(n).roll()).shown.health for n in (LATE, TIGHT, EASY)]
    assert found == [RED, AMBER, GREEN]


class TestWhatReadersSee:
    def test_the_override_with_the_computed_colour_and_the_reason(self) -> None:
        weeks = network(LATE)
        weeks.roll()
        show(weeks, AMBER)
        project = project_in(weeks.week(done=3))
        assert (project.shown.health, project.computed.health) == (AMBER, RED)
        assert project.shown.reason == f"computed Red, override J. Roth until 4 Dec: {REASON}"
        assert len(active(weeks.taken[-1])) == 1
        (change, *_) = weeks.turned()
        assert (change.cause, change.text) == (
            "override",
            f"Net turned Amber: computed Red, override J. Roth until 4 Dec: {REASON}.",
        )

    def test_a_darker_one_holds_over_a_better_colour(self) -> None:
        weeks = network(EASY)
        weeks.roll()
        show(weeks, RED)
        assert state(weeks.week(done=3)) == (RED, True, None)

    def test_one_of_tomorrow_is_not_known_yet(self) -> None:
        weeks = network(LATE)
        weeks.roll()
        show(weeks, AMBER)
        assert project_in(weeks.roll()).override is None

    def test_a_better_computed_colour_makes_it_needless(self) -> None:
        weeks = network(LATE)
        weeks.roll()
        show(weeks, AMBER, days=14)
        weeks.week(done=45)
        assert state(weeks.week(done=3)) == (GREEN, False, None)

    def test_hysteresis_goes_on_beneath(self) -> None:
        weeks = network(LATE)
        weeks.roll()
        show(weeks, GREEN, days=3)
        snapshot = weeks.week(done=27)
        project = project_in(snapshot)
        assert (project.computed.health, project.shown.health) == (AMBER, RED)
        assert "improving" in project.shown.reason


class TestLapses:
    def test_on_its_day(self) -> None:
        weeks = network(LATE)
        weeks.roll()
        show(weeks, AMBER, days=7)
        assert state(weeks.week(done=3)) == (AMBER, True, None)
        assert state(weeks.week(done=3)) == (RED, False, Lapse.EXPIRED)
        assert "the override of J. Roth lapsed (expired)" in weeks.turned()[0].text

    def test_on_computed_worsening(self) -> None:
        weeks = network(TIGHT)
        weeks.roll()
        show(weeks, GREEN, days=14)
        assert state(weeks.week(done=3)) == (GREEN, True, None)
        assert state(weeks.week()) == (RED, False, Lapse.WORSENED)

    def test_what_has_lapsed_stays_so_though_it_gets_better(self) -> None:
        weeks = network(TIGHT)
        weeks.roll()
        show(weeks, GREEN, days=14)
        assert state(weeks.week())[2] is Lapse.WORSENED
        weeks.finish(*[i.uid for i in weeks.items if i.is_open][:12])
        assert state(weeks.week(done=0))[1:] == (False, Lapse.WORSENED)

    def test_worsening_counts_from_the_best_since(self) -> None:
        weeks = network(LATE)
        weeks.roll()
        show(weeks, AMBER, days=14)
        weeks.week(done=58)
        assert own_colour(project_in(weeks.week())).health is GREEN
        late = replace(weeks.items[-1], created_at=weeks.now)
        weeks.items += [
            replace(late, ref=replace(late.ref, id=f"N-{n}"), key=f"N-{n}") for n in range(70)
        ]
        weeks.now += timedelta(hours=2)
        assert state(weeks.roll()) == (RED, False, Lapse.WORSENED)

    def test_on_a_move_of_the_target(self) -> None:
        weeks = network(LATE)
        weeks.roll()
        show(weeks, AMBER)
        weeks.declare("net", target=FixedTarget(TARGET + timedelta(days=1)))
        assert state(weeks.week(done=3)) == (RED, False, Lapse.TARGET)

    def test_on_the_close_of_the_scope(self) -> None:
        weeks = network(LATE)
        weeks.roll()
        show(weeks, AMBER)
        weeks.declare("net", state=ProjectState.DONE)
        assert state(weeks.week(done=3)) == (Health.DONE, False, Lapse.CLOSED)

    def test_when_it_is_taken_back(self) -> None:
        weeks = network(LATE)
        weeks.roll()
        made = show(weeks, AMBER)
        undone = replace(made, undone_at=weeks.now + timedelta(days=1), undone_by="CTO")
        weeks.statements = replace(weeks.statements, colour_overrides=(undone,))
        assert state(weeks.week(done=3)) == (RED, False, Lapse.UNDONE)

    def test_green_is_never_shown_of_what_is_unknown(self) -> None:
        weeks = network(TIGHT)
        weeks.roll()
        show(weeks, GREEN, days=14)
        assert state(weeks.week(sources=())) == (Health.UNKNOWN, False, Lapse.UNKNOWN)

    def test_a_darker_one_outlives_a_move_of_the_target(self) -> None:
        weeks = network(EASY)
        weeks.roll()
        show(weeks, RED)
        weeks.declare("net", target=FixedTarget(TARGET + timedelta(days=30)))
        assert state(weeks.week(done=3)) == (RED, True, None)

    def test_a_darker_one_never_makes_lighter(self) -> None:
        weeks = network(EASY)
        weeks.roll()
        show(weeks, AMBER)
        weeks.declare("net", target=FixedTarget(date(2026, 12, 1)))
        assert state(weeks.week()) == (RED, False, Lapse.WORSENED)

    def test_the_newest_counts(self) -> None:
        weeks = network(LATE)
        weeks.roll()
        show(weeks, AMBER)
        weeks.now += timedelta(hours=2)
        show(weeks, GREEN, name="C-2")
        assert state(weeks.week(done=3)) == (GREEN, True, None)
        assert len(active(weeks.taken[-1])) == 1


class TestExpiredIsARisk:
    def fired(self, snapshot: Snapshot) -> list[str]:
        return [risk.title for risk in snapshot.unmerged if risk.rule == "GOV-1"]

    def expired(self) -> tuple[Weeks, ColourOverride]:
        weeks = network(LATE)
        weeks.roll()
        return weeks, show(weeks, AMBER, days=6)

    def test_gov_1_on_the_day_after_and_not_before(self) -> None:
        weeks, _ = self.expired()
        weeks.now += timedelta(days=6)
        assert self.fired(weeks.roll()) == []
        weeks.now += timedelta(days=1)
        assert self.fired(weeks.roll()) == ["Override expired on 29 Nov: renew it or take it back"]
        (risk,) = (one for one in weeks.taken[-1].unmerged if one.rule == "GOV-1")
        assert (risk.score, risk.owner, risk.scope) == (12, "J. Roth", "proj:net")

    def test_not_where_it_was_taken_back_or_renewed(self) -> None:
        weeks, made = self.expired()
        undone = replace(made, undone_at=weeks.now + timedelta(days=8))
        weeks.statements = replace(weeks.statements, colour_overrides=(undone,))
        weeks.now += timedelta(days=9)
        assert self.fired(weeks.roll()) == []
        weeks.statements = replace(weeks.statements, colour_overrides=(made,))
        show(weeks, AMBER, name="C-2")
        weeks.now += timedelta(days=1)
        assert self.fired(weeks.roll()) == []

    def test_not_where_something_else_had_ended_it(self) -> None:
        weeks, _ = self.expired()
        weeks.declare("net", target=FixedTarget(TARGET + timedelta(days=1)))
        weeks.now += timedelta(days=2)
        weeks.roll()
        assert self.fired(weeks.week()) == []

    def test_not_for_work_that_has_ended(self) -> None:
        weeks, _ = self.expired()
        weeks.declare("net", state=ProjectState.DONE)
        assert self.fired(weeks.week()) == []

    def test_four_weeks_later_it_is_forgotten(self) -> None:
        weeks, _ = self.expired()
        weeks.now += timedelta(days=6 + 28)
        assert self.fired(weeks.roll()) != []
        weeks.now += timedelta(days=1)
        assert self.fired(weeks.roll()) == []


class TestPrograms:
    @pytest.mark.parametrize(
        ("criticality", "shown"), [(Criticality.MUST, AMBER), (Criticality.SHOULD, GREEN)]
    )
    def test_no_lighter_than_amber_while_a_must_member_computes_red(
        self, criticality: Criticality, shown: Health
    ) -> None:
        weeks = network(LATE, criticality=criticality)
        weeks.roll()
        show(weeks, GREEN, scope="prog:5g")
        program = group_in(weeks.week(done=3))
        assert (program.computed.health, program.shown.health) == (RED, shown)
        if shown is AMBER:
            assert program.shown.reason.startswith("computed Red: Net; computed Red, override")

    def test_the_roll_up_reads_the_shown_colour_of_members(self) -> None:
        weeks = network(EASY)
        weeks.roll()
        show(weeks, AMBER)
        assert group_in(weeks.week(done=3)).shown.health is AMBER

    def test_a_member_shown_green_leaves_its_program_amber(self) -> None:
        """Its chance is too low for the joint forecast still, but no member is not Green (R3)."""
        weeks = network(LATE, criticality=Criticality.MUST)
        weeks.roll()
        show(weeks, GREEN)
        program = group_in(weeks.week(done=3))
        assert (program.shown.health, program.override) == (AMBER, None)


def test_a_snapshot_that_was_stored_tells_the_same() -> None:
    """What has lapsed is known from the snapshot before, which comes out of the database."""
    weeks = network(LATE)
    weeks.roll()
    show(weeks, AMBER)
    weeks.declare("net", target=FixedTarget(TARGET + timedelta(days=1)))
    snapshot = weeks.week(done=3)
    adapter = TypeAdapter(Snapshot)
    weeks.taken[-1] = adapter.validate_json(adapter.dump_json(snapshot))
    assert weeks.taken[-1] == snapshot
    weeks.declare("net", target=FixedTarget(TARGET))
    weeks.now += timedelta(days=1)
    assert state(weeks.roll())[1:] == (False, Lapse.TARGET)


def test_an_override_is_the_same_on_every_machine() -> None:
    weeks = network(LATE)
    weeks.roll()
    show(weeks, AMBER)
    snapshot = weeks.week(done=3)
    again = weeks.roll(previous=weeks.taken[0])
    assert (snapshot.id, AS_OF) == (again.id, weeks.now - timedelta(days=7))
