from __future__ import annotations

import pytest

from syncer.rollup.past.scope import baseline_progress, scope_change


def uids(prefix: str, count: int) -> frozenset[str]:
    return frozenset(f"jira:{prefix}{n}" for n in range(count))


def test_e36_scope_of_the_network() -> None:
    kept, removed = uids("kept-", 217), uids("removed-", 8)
    epic = "jira:epic"
    baseline = kept | removed | {epic}
    stories, additions = uids("story-", 8), uids("added-", 14)
    found = scope_change(
        baseline,
        kept | {epic} | stories | additions,
        undecomposed={epic},
        ancestors=dict.fromkeys(stories, ("jira:feature", epic)),
    )
    assert (found.baseline, found.now) == (226, 240)
    assert (found.added, found.decomposed, found.removed) == (22, 8, 8)
    assert found.creep == pytest.approx(0.062, abs=5e-4)
    assert found.net == pytest.approx(0.062, abs=5e-4)
    assert found.churn == pytest.approx(0.133, abs=5e-4)


def test_e37_breaking_an_epic_down_is_no_creep() -> None:
    stories = uids("story-", 6)
    found = scope_change(
        {"jira:epic"},
        stories,
        undecomposed={"jira:epic"},
        ancestors=dict.fromkeys(stories, ("jira:epic",)),
    )
    assert found.creep == 0.0
    assert (found.decomposed, found.removed, found.growth) == (6, 0, 0.0)


def test_children_of_an_epic_that_had_some_are_creep() -> None:
    found = scope_change({"a"}, {"a", "b"}, undecomposed=set(), ancestors={"b": ("jira:epic",)})
    assert found.creep == 1.0


def test_e13_cancelled_work_counts_as_removed() -> None:
    baseline, done = uids("b", 20), uids("b", 8)
    found = scope_change(baseline, uids("b", 12))
    assert found.removed_share == 0.4
    assert baseline_progress(baseline, done) == 0.4


def test_e19_growth_of_the_network() -> None:
    assert scope_change(uids("b", 229), uids("b", 239)).growth == pytest.approx(10 / 229)


@pytest.mark.parametrize(("now", "growth"), [(5, 0.0), (10, 0.0), (12, 0.2), (99, 0.5)])
def test_growth_is_clamped(now: int, growth: float) -> None:
    assert scope_change(uids("b", 10), uids("b", now)).growth == pytest.approx(growth)


def test_without_a_baseline_there_are_no_shares() -> None:
    found = scope_change(frozenset(), uids("b", 3))
    assert (found.creep, found.net, found.churn, found.growth) == (None, None, None, 0.0)
    assert baseline_progress(frozenset(), uids("b", 3)) is None
