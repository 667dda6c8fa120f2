"""How often past 85 % dates held is told where readers ask how far to trust a forecast."""

from __future__ import annotations

from datetime import timedelta

from syncer.cli.why import explanation
from syncer.domain.backtest import Backtest
from syncer.domain.item import WorkItem
from syncer.domain.portfolio import Portfolio
from syncer.publish.audience import AudienceView
from syncer.publish.digest.context import Context
from syncer.publish.digest.trust import trust
from syncer.publish.reasons import backtest_line
from syncer.rollup.rules import HealthRules
from tests.unit.rollup.builders import DONE, TODAY, make_item, noon
from tests.unit.rollup.scenes import planned, run

BEGAN = TODAY - timedelta(weeks=60)


def worked_for_a_year() -> list[WorkItem]:
    """Three items done in every week, so that every date held, and twenty left."""
    done = [
        make_item(
            f"NET-{100 + n}",
            DONE,
            created_at=noon(BEGAN - timedelta(days=7)),
            done_at=noon(BEGAN + timedelta(weeks=n // 3, days=2)),
        )
        for n in range(180)
    ]
    born = noon(BEGAN - timedelta(days=7))
    return done + [make_item(f"NET-{n}", created_at=born) for n in range(1, 21)]


def test_trust_line_and_explanation_tell_how_often_dates_held() -> None:
    snapshot = run(worked_for_a_year(), Portfolio(projects=(planned("net"),)))
    total = snapshot.backtest.total
    assert total >= 10
    view = AudienceView(key="board", name="Board")
    context = Context(
        snapshot=snapshot, previous=None, colour_changes=(), view=view, version=1, correction=""
    )
    shown = {one.label: one.value for claim in trust(context) for one in claim.evidence}
    assert shown["Our 85 % held"] == f"{total} of {total} times"
    told = f"  our 85 % held {total} of {total} times (the plain bootstrap's {total})"
    for scope in ("proj:net", "portfolio"):
        assert told in list(explanation(scope, snapshot, HealthRules()))


def test_nothing_is_told_of_what_cannot_be_judged() -> None:
    assert not backtest_line(Backtest())
    once = Backtest(held=0, total=1, plain_held=0)
    assert backtest_line(once) == "our 85 % held 0 of 1 time (the plain bootstrap's 0)"
