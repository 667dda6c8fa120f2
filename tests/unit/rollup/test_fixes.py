"""The cheapest ways to better data (digest specification, section 4.3, projects)."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from syncer.rollup.work.fixes import Gaps, cheapest_fixes
from syncer.rollup.work.quality import QualityRatios, data_quality
from tests.unit.rollup.builders import DOING, account, make_epic, make_inputs, make_item, many
from tests.unit.rollup.scenes import portfolio, run

E45 = QualityRatios(dated=0.60, owned=0.70, fresh=0.55, consistent=0.90, synced=1.0)


def test_fixes_are_those_that_bring_most_for_each_thing_to_mend() -> None:
    """E45 is 71 of 100 (63.5 / 90): dates add 10 / 90, news 9 / 90, owners 6 / 90."""
    gaps = Gaps(
        undated=many("NET", 4),
        unassigned=many("OUT", 6),
        assigned=13,
        stale=many("REG", 9),
        contradictory=many("PHN", 2),
    )
    told = [(fix.text, fix.count, fix.points) for fix in cheapest_fixes(E45, gaps)]
    assert told == [
        ("add dates to 4 items", 4, 11),
        ("bring 9 items up to date", 9, 10),
        ("add owners to 6 items", 6, 6),
    ]


def test_each_gain_is_what_the_shown_score_rises_by() -> None:
    gaps = Gaps(undated=many("NET", 4), stale=many("REG", 9))
    shown = round(data_quality(E45) or 0.0)
    better = {"dated": replace(E45, dated=1.0), "fresh": replace(E45, fresh=1.0)}
    rises = sorted(round(data_quality(one) or 0.0) - shown for one in better.values())
    assert sorted(fix.points for fix in cheapest_fixes(E45, gaps)) == rises


def test_a_missing_owner_of_the_project_is_one_thing_to_mend() -> None:
    ratios = replace(E45, owned=3 / 5)
    gaps = Gaps(unassigned=many("NET", 1), assigned=3, owner_missing=True)
    given_, named = cheapest_fixes(ratios, gaps)
    assert {named.text, given_.text} == {"name an owner of the project", "add owners to 1 item"}
    assert named.points == given_.points == 5
    assert (named.count, given_.items) == (1, ("jira:NET-1",))


def test_nothing_is_to_mend_where_all_is_well_or_nothing_is_known() -> None:
    assert cheapest_fixes(QualityRatios(), Gaps(undated=many("NET", 1))) == ()
    whole = QualityRatios(dated=1.0, owned=1.0, fresh=1.0, consistent=1.0, synced=1.0)
    assert cheapest_fixes(whole, Gaps(assigned=3)) == ()


@given(
    st.lists(st.floats(0, 1), min_size=6, max_size=6),
    st.lists(st.integers(0, 30), min_size=5, max_size=5),
)
def test_no_fix_lowers_and_never_more_than_three_are_told(
    shares: list[float], counts: list[int]
) -> None:
    names = ("dated", "owned", "fresh", "consistent", "decomposed", "synced")
    ratios = QualityRatios(**dict(zip(names, shares, strict=True)))
    undated, unassigned, stale, wrong, whole = (many("NET", count) for count in counts)
    found = cheapest_fixes(
        ratios,
        Gaps(
            undated=undated,
            unassigned=unassigned,
            assigned=4,
            stale=stale,
            contradictory=wrong,
            undecomposed=whole,
        ),
    )
    assert len(found) <= 3
    assert all(fix.points > 0 and fix.count > 0 for fix in found)


def test_the_roll_up_tells_the_fixes_of_a_project() -> None:
    busy = [make_item(f"NET-{n}", DOING) for n in range(1, 5)]
    cared = make_item("NET-9", DOING, assignees=(account("Ann"),))
    epic = make_epic("NET-10")
    snapshot = run([*busy, cared, epic], portfolio("net"))
    fixes = {fix.text: fix for fix in snapshot.projects[0].quality.fixes}
    assert fixes["add owners to 4 items"].items == tuple(f"jira:NET-{n}" for n in range(1, 5))
    assert fixes["add dates to 1 item"].items == ("jira:NET-10",)


def test_the_order_of_items_changes_nothing() -> None:
    items = [make_item(f"NET-{n}", DOING) for n in range(1, 9)]
    one, other = (make_inputs(some, portfolio("net")) for some in (items, items[::-1]))
    assert run(one.items, one.portfolio) == run(other.items, other.portfolio)
