"""Each sentence of the roll-up spec's section 3.6, played over several weeks and caught."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from syncer.domain.change import ChangeField
from syncer.domain.health import Health
from syncer.domain.item import ItemKind, ItemState, ResolutionKind
from syncer.domain.portfolio import FixedTarget, Portfolio, Program
from syncer.domain.report import Risk, RiskChange, Snapshot, SourceState
from syncer.domain.statement import (
    Baseline,
    ColourOverride,
    DateMove,
    Door,
    HumanRisk,
    Provenance,
    RiskResponse,
    Roam,
)
from syncer.publish.audience import AudienceView
from syncer.publish.digest.compose import compose
from syncer.publish.digest.model import Digest, Trend
from syncer.publish.render.text import render_text
from syncer.rollup.forecasting.bulk import bulk_closures
from tests.unit.rollup.builders import (
    CANCELLED,
    DOING,
    DONE,
    TODAY,
    account,
    make_change,
    make_epic,
    make_item,
    make_subtask,
    noon,
)
from tests.unit.rollup.scenes import SAID, TARGET, planned, portfolio, steady
from tests.unit.rollup.weeks import WEEK, Weeks, group_in, project_in

RED, AMBER, GREEN = Health.RED, Health.AMBER, Health.GREEN
OPEN = 30


def program(*keys: str, remaining: int = OPEN) -> Weeks:
    """Projects at three items a week under one program, a first week behind them."""
    items = [item for key in keys for item in steady(key.upper(), weekly=3, remaining=remaining)]
    of = Program(key="5g", name="5G", projects=keys, owner="J. Roth")
    weeks = Weeks(items=items, portfolio=portfolio(*keys, programs=(of,)))
    weeks.roll()
    return weeks


def edition(weeks: Weeks) -> Digest:
    """What leadership reads of the last week."""
    previous = weeks.taken[-2] if len(weeks.taken) > 1 else None
    view = AudienceView(key="leadership", name="Leadership")
    return compose(weeks.taken[-1], previous, weeks.turned(), audience=view)


def told(weeks: Weeks) -> list[str]:
    return [claim.text for claim in edition(weeks).changes]


def rules(snapshot: Snapshot, scope: str = "proj:net") -> set[str]:
    return {risk.rule for risk in snapshot.unmerged if risk.scope == scope}


def cancel(weeks: Weeks, count: int, actor: str = "Ann") -> None:
    at = weeks.now + timedelta(days=2)
    for item in [one for one in weeks.items if one.is_open][:count]:
        change = make_change(at, ChangeField.STATUS, "TODO", "CANCELLED", actor=actor)
        weeks.change(
            item.uid,
            change,
            status_category=CANCELLED,
            resolution_kind=ResolutionKind.NOT_DELIVERED,
        )


def with_baseline(weeks: Weeks) -> None:
    """The first plan is approved with all that it holds."""
    uids = frozenset(item.uid for item in weeks.items)
    at = weeks.now - timedelta(days=1)
    made = Baseline(project="net", approved_by="CTO", at=at, target=TARGET, item_uids=uids)
    weeks.say(baselines=(made,))


class TestDates:
    def test_a_removed_date_stays_as_dark_as_it_was_and_is_said_every_week(self) -> None:
        weeks = program("net", remaining=70)
        assert project_in(weeks.taken[0]).shown.health is RED
        weeks.declare("net", target=None)
        for _ in range(3):
            shown = project_in(weeks.week(done=3)).shown
            assert (shown.health, shown.rule) == (RED, "R0")
            assert shown.reason.startswith("target removed (was 19 Mar)")
        assert "target removed (was 19 Mar)" in " ".join(
            row.reason for row in edition(weeks).status
        )

    def test_a_removed_date_of_a_green_project_is_amber(self) -> None:
        weeks = program("net")
        assert project_in(weeks.taken[0]).shown.health is GREEN
        weeks.declare("net", target=None)
        assert [project_in(weeks.week(done=3)).shown.health for _ in range(2)] == [AMBER, AMBER]

    def test_a_date_moved_later_is_a_push_a_slip_and_amber_however_good_the_chance(self) -> None:
        weeks = program("net", remaining=70)
        weeks.declare("net", target=FixedTarget(date(2027, 7, 30)))
        moved = _noted(weeks, TARGET, date(2027, 7, 30))
        for _ in range(3):
            project = project_in(weeks.week(done=3))
            assert (project.pushes, project.slip_days) == (1, 95)
            assert project.shown.health is not GREEN
            assert project.target_moves == (moved,)
        assert "SCH-3" in rules(weeks.taken[-1])

    def test_a_rebaseline_is_amber_for_one_edition_and_the_first_date_is_kept(self) -> None:
        weeks = program("net")
        with_baseline(weeks)
        weeks.week(done=3)
        later = TARGET + timedelta(days=28)
        weeks.declare("net", target=FixedTarget(later))
        _noted(weeks, TARGET, later)
        weeks.say(
            baselines=(
                Baseline(
                    project="net",
                    approved_by="CTO",
                    at=weeks.now + timedelta(days=1),
                    target=later,
                ),
            )
        )
        first = project_in(weeks.week(done=3))
        assert (first.shown.health, first.shown.rule) == (AMBER, "A4")
        assert first.shown.reason == "rebaselined, +20 working days in total"
        after = project_in(weeks.week(done=3))
        assert (after.facts.total_slip_days, len(after.target_moves)) == (20, 1)
        assert (after.computed.health, after.shown.health) == (GREEN, AMBER)
        assert project_in(weeks.week(done=3)).shown.health is GREEN


def _noted(weeks: Weeks, before: date, after: date) -> DateMove:
    """The service notes a literal that moved in the configuration."""
    move = DateMove(
        at=weeks.now + timedelta(hours=1),
        before=before,
        after=after,
        by="configuration",
        reason="configuration",
    )
    weeks.say(target_moves=(("net", move),))
    return move


class TestScope:
    def test_cancelled_items_raise_progress_but_not_the_progress_of_the_baseline(self) -> None:
        weeks = program("net", remaining=40)
        with_baseline(weeks)
        before = project_in(weeks.roll())
        cancel(weeks, 20)
        after = project_in(weeks.week())
        assert (before.progress, after.progress) == (36 / 76, 36 / 56)
        assert before.baseline_progress == after.baseline_progress == 36 / 76
        assert "SCP-2" in rules(weeks.taken[-1])

    def test_items_moved_out_are_as_much_removed(self) -> None:
        weeks = program("net", remaining=40)
        with_baseline(weeks)
        weeks.roll()
        at = weeks.now + timedelta(days=2)
        for item in [one for one in weeks.items if one.is_open][:20]:
            change = make_change(at, ChangeField.CONTAINER, "NET", "ATTIC")
            weeks.change(item.uid, change, container=replace(item.container, key="ATTIC"))
        project = project_in(weeks.week())
        assert (project.total, project.baseline_progress) == (56, 36 / 76)
        assert "SCP-2" in rules(weeks.taken[-1])

    def test_splitting_done_work_makes_neither_progress_nor_pace(self) -> None:
        weeks = program("net", remaining=40)
        with_baseline(weeks)
        before = project_in(weeks.roll())
        done = next(item for item in weeks.items if item.status_category is DONE)
        weeks.items += [
            make_subtask(f"NET-{n}", DONE, parent=done.uid, created_at=weeks.now, done_at=weeks.now)
            for n in range(900, 920)
        ]
        after = project_in(weeks.week(done=3))
        assert (after.done, after.total) == (before.done + 3, before.total)
        assert after.forecast.inputs.throughput[-1] == 3
        assert after.baseline_progress == (36 + 3) / 76

    def test_splitting_a_planned_epic_is_no_creep_and_no_progress_of_the_baseline(self) -> None:
        weeks = program("net", remaining=40)
        weeks.items.append(make_epic("NET-700"))
        with_baseline(weeks)
        before = project_in(weeks.roll())
        weeks.items += [
            make_item(
                f"NET-{n}", DONE, parent="jira:NET-700", created_at=weeks.now, done_at=weeks.now
            )
            for n in range(701, 721)
        ]
        after = project_in(weeks.week())
        assert after.done == before.done + 20
        assert after.baseline_progress == before.baseline_progress
        assert "SCP-1" not in rules(weeks.taken[-1])


class TestBulkClosure:
    def test_a_backlog_closed_on_a_friday_by_one_person_is_flagged_for_twelve_weeks(self) -> None:
        weeks = program("net", remaining=40)
        friday = noon(TODAY + timedelta(days=4))
        open_items = [item.uid for item in weeks.items if item.is_open]
        for n, uid in enumerate(open_items[:20]):
            weeks.finish(uid, at=friday + timedelta(minutes=n), actor="Ann")
        project = project_in(weeks.week())
        (closure,) = project.bulk_closures
        assert (len(closure.uids), closure.actor, closure.weekly_most) == (20, "Ann", 3)
        flag = "bulk closure: 20 items by one person within a day on 27 Nov"
        assert flag in project.quality.reasons
        trust = " ".join(claim.text for claim in edition(weeks).trust)
        assert "Bulk closure in Net on 27 Nov: 20 items." in trust
        assert "Ann" not in trust
        for _ in range(11):
            weeks.week(done=0)
        assert project_in(weeks.taken[-1]).bulk_closures != ()
        assert project_in(weeks.week()).bulk_closures == ()

    def test_just_not(self) -> None:
        weeks = program("net", remaining=40)
        open_items = [item.uid for item in weeks.items if item.is_open]
        weeks.finish(*open_items[:9])
        assert project_in(weeks.week()).bulk_closures == ()

    def test_many_hands_or_many_days_are_none(self) -> None:
        for hands, hours in ((2, 0), (1, 6)):
            weeks = program("net", remaining=40)
            for n, uid in enumerate([i.uid for i in weeks.items if i.is_open][:16]):
                at = noon(TODAY) + timedelta(hours=hours * n)
                weeks.finish(uid, at=at, actor=f"Hand {n % hands}")
            assert project_in(weeks.week()).bulk_closures == ()

    def test_a_history_without_hands_accuses_nobody(self) -> None:
        items = [make_item(f"NET-{n}", DONE, done_at=noon(TODAY)) for n in range(40)]
        assert bulk_closures(items, {}, today=TODAY, zone=ZoneInfo("UTC")) == ()


class TestTouchEdits:
    def test_ranks_labels_and_bots_do_not_freshen(self) -> None:
        weeks = program("net")
        old = weeks.now - timedelta(days=40)
        for n in range(6):
            weeks.items.append(
                make_item(
                    f"NET-{800 + n}",
                    DOING,
                    started_at=old,
                    last_meaningful_change_at=old,
                    assignees=(account("Ann"),),
                )
            )
        stale = {"DQ-3"}
        assert stale <= rules(weeks.roll())
        touched = weeks.now + timedelta(days=3)
        for n in range(6):
            uid = f"jira:NET-{800 + n}"
            changes = [
                make_change(touched, ChangeField.RANK, None, "up"),
                make_change(touched, ChangeField.LABELS, "", "fresh"),
                make_change(touched, ChangeField.COMMENT, None, "ping", by_bot=True, id="bot"),
            ]
            weeks.change(uid, *changes, updated_at=touched, labels=("fresh",))
        assert stale <= rules(weeks.week(done=0))


class TestRisks:
    def withdrawn(self, snapshot: Snapshot) -> Risk:
        (risk,) = (one for one in snapshot.past_risks if one.rule == "HUMAN")
        assert risk.change is RiskChange.CLOSED
        return risk

    def tracked(self, weeks: Weeks) -> str:
        """A risk that lives in the tracker; the door makes a statement of it."""
        uid = "jira:NET-666"
        weeks.items.append(make_item("NET-666", kind=ItemKind.RISK, title="Permit is late"))
        said = Provenance(author="Ann", at=SAID.at, door=Door.TRACKER)
        made = HumanRisk(
            id=f"H-{uid}", scope="proj:net", title="Permit is late", probability=4, impact=4,
            provenance=said,
        )  # fmt: skip
        weeks.say(risks=(made,))
        weeks.roll()
        weeks.statements = replace(weeks.statements, risks=())
        return uid

    def test_a_deleted_risk_is_withdrawn_and_not_passed(self) -> None:
        weeks = program("net")
        uid = self.tracked(weeks)
        weeks.change(uid, state=ItemState.DELETED)
        assert self.withdrawn(weeks.week(done=3)).withdrawn_by == "somebody at jira"
        assert "Risk withdrawn by somebody at jira: Permit is late, critical." in told(weeks)

    def test_a_cancelled_risk_names_who_did_it(self) -> None:
        weeks = program("net")
        uid = self.tracked(weeks)
        at = weeks.now + timedelta(days=1)
        change = make_change(at, ChangeField.STATUS, "TODO", "CANCELLED", actor="L. Brandt")
        weeks.change(uid, change, status_category=CANCELLED)
        assert self.withdrawn(weeks.week(done=3)).withdrawn_by == "L. Brandt"

    def test_a_risk_that_is_done_has_passed(self) -> None:
        weeks = program("net")
        uid = self.tracked(weeks)
        weeks.finish(uid)
        assert self.withdrawn(weeks.week(done=3)).withdrawn_by == ""
        assert "Risk closed: Permit is late, critical." in told(weeks)

    def test_a_risk_taken_out_of_the_configuration(self) -> None:
        weeks = program("net")
        made = HumanRisk(
            id="H-12ab", scope="net", title="Permit is late", probability=4, impact=4,
            provenance=SAID,
        )  # fmt: skip
        weeks.say(risks=(made,))
        weeks.roll()
        weeks.statements = replace(weeks.statements, risks=())
        assert self.withdrawn(weeks.week(done=3)).withdrawn_by == "the configuration"

    @pytest.mark.parametrize(("outcome", "by"), [("", "J. Roth"), ("The permit came", "")])
    def test_a_risk_closed_by_command(self, outcome: str, by: str) -> None:
        weeks = program("net")
        made = HumanRisk(
            id="H-12ab", scope="net", title="Permit is late", probability=4, impact=4,
            provenance=SAID,
        )  # fmt: skip
        weeks.say(risks=(made,))
        weeks.roll()
        at = Provenance(author="J. Roth", at=weeks.now + timedelta(days=1), door=Door.COMMAND)
        closed = RiskResponse(rule="H-12ab", roam=Roam.RESOLVED, next_step=outcome, provenance=at)
        weeks.say(responses=(closed,))
        assert self.withdrawn(weeks.week(done=3)).withdrawn_by == by
        again = replace(made, provenance=replace(SAID, at=weeks.now))
        weeks.statements = replace(weeks.statements, risks=(again,))
        assert "HUMAN" in rules(weeks.week(done=3))


class TestMembership:
    def test_a_project_that_leaves_is_told_for_four_weeks(self) -> None:
        weeks = program("net", "out")
        weeks.declare("out", name="Outreach")
        weeks.roll()
        (of,) = weeks.portfolio.programs
        weeks.portfolio = replace(weeks.portfolio, programs=(replace(of, projects=("net",)),))
        weeks.week(done=3)
        assert "Membership of 5G changed: Outreach left." in told(weeks)
        for _ in range(3):
            weeks.week(done=3)
            assert "Membership of 5G changed on 30 Nov: Outreach left." in told(weeks)
        weeks.week(done=3)
        assert group_in(weeks.taken[-1]).membership == ()
        assert not any("Membership" in text for text in told(weeks))


class TestLateSync:
    def played(self, *, behind: bool) -> Weeks:
        """Bad news of the first week reach us in the second one only."""
        weeks = program("net", remaining=40)
        weeks.finish(*[item.uid for item in weeks.items if item.is_open][:3])
        weeks.now += WEEK
        read = weeks.now - timedelta(hours=30 if behind else 1)
        source = SourceState(connection="jira", container="NET", last_success_at=read)
        weeks.roll(sources=[source])
        born = weeks.now - timedelta(hours=20)
        weeks.items += [make_item(f"NET-{n}", created_at=born) for n in range(900, 940)]
        weeks.now += WEEK
        weeks.roll()
        return weeks

    def test_a_bad_week_hidden_by_a_late_sync_is_corrected_in_the_next_edition(self) -> None:
        weeks = self.played(behind=True)
        assert project_in(weeks.taken[1]).computed.health is GREEN
        (news,) = weeks.taken[2].late_news
        assert (news.scope, news.published, news.known_now) == ("proj:net", GREEN, RED)
        assert told(weeks)[0] == (
            "Correction of the last edition: Net was Red, not Green; its data came late."
        )

    def test_where_every_source_was_current_nothing_is_looked_at_again(self) -> None:
        assert self.played(behind=False).taken[2].late_news == ()

    def test_it_is_told_once(self) -> None:
        weeks = self.played(behind=True)
        assert weeks.week(done=3).late_news == ()


class TestOverrideSpam:
    def test_every_one_is_counted_where_leadership_reads(self) -> None:
        keys = ("net", "out", "reg", "phn")
        weeks = program(*keys, remaining=70)
        at = Provenance(
            author="J. Roth", at=weeks.now + timedelta(hours=1), door=Door.COMMAND, source=""
        )
        weeks.say(
            colour_overrides=tuple(
                ColourOverride(
                    id=f"C-{key}",
                    scope=f"proj:{key}",
                    colour=AMBER,
                    computed=RED,
                    target=TARGET,
                    reason="It will be all right, believe me",
                    since=TODAY,
                    expires=TODAY + timedelta(days=11),
                    renewals=2,
                    provenance=at,
                )
                for key in keys
            )
        )
        weeks.week(done=3)
        trust = " ".join(claim.text for claim in edition(weeks).trust)
        assert "Overrides 4: Net until 4 Dec, renewed twice, " in trust
        assert "1 more." in trust
        rows = [row for row in edition(weeks).status if row.depth]
        assert {(row.health, row.previous, row.trend) for row in rows} == {(AMBER, RED, Trend.SAME)}
        notes = [row.note for row in rows]
        assert all(note.startswith("computed RED, override J. Roth until 4 Dec") for note in notes)


def test_the_report_never_ranks_people() -> None:
    """Who did the work changes not a byte of what leadership reads, and nobody is named for it."""
    texts = set()
    for names in (("Ann Able", "Ben Bold"), ("Ben Bold", "Ann Able")):
        weeks = program("net")
        weeks.items = [
            replace(item, assignees=(account(names[n % 5 > 0]),))
            for n, item in enumerate(weeks.items)
        ]
        weeks.roll()
        weeks.week(done=3)
        text = render_text(edition(weeks))
        assert not any(name in text for name in names)
        texts.add(text)
    assert len(texts) == 1


@pytest.mark.parametrize("weekly", [1, 3])
def test_an_honest_project_is_accused_of_nothing(weekly: int) -> None:
    items = steady("NET", weekly=weekly, remaining=10)
    weeks = Weeks(items=items, portfolio=Portfolio(projects=(planned("net"),)))
    for _ in range(3):
        project = project_in(weeks.week(done=weekly))
        assert project.bulk_closures == ()
        assert project.shown.health is GREEN
    assert weeks.now - 3 * WEEK == weeks.taken[0].as_of - WEEK
