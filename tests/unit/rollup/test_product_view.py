"""Customers, flow of features, roadmap, what came after a release (digest.md 4.4, 1 and 3 to 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from syncer.domain.change import Change, ChangeField
from syncer.domain.item import WorkItem
from syncer.domain.portfolio import Benefit, Portfolio, Product
from syncer.domain.product import CustomerSignal, Horizon, ProductView
from syncer.domain.release import CustomerMarks, Release
from syncer.domain.report import Snapshot
from syncer.domain.selector import WithLabel
from syncer.domain.verdict import Reason, Verdict, VerdictLevel
from syncer.rollup.product.customers import Request, Shipped, closed_loop, name_in, signal
from syncer.rollup.product.feature_flow import hundredths
from tests.unit.rollup.builders import (
    CANCELLED,
    DOING,
    DONE,
    TODAY,
    TODO,
    make_change,
    make_epic,
    make_item,
    moved,
    noon,
)
from tests.unit.rollup.scenes import planned, run, steady

MARKS = CustomerMarks(labels=("customer-*",), told=("told-*", "all-told"))


def view(
    items: Sequence[WorkItem],
    *,
    changes: Mapping[str, Sequence[Change]] | None = None,
    verdicts: Mapping[str, Verdict] | None = None,
    **more: Any,
) -> ProductView:
    product = Product(key="phone", name="5G Smartphone", projects=("phn",), **more)
    of = Portfolio(projects=(planned("phn"),), products=(product,))
    snapshot = run(list(items), of, changes=changes or {}, verdicts=verdicts or {})
    found = snapshot.products[0].product
    assert found is not None
    return found


def asked(name: str, *labels: str, **more: Any) -> WorkItem:
    return make_item(name, more.pop("status", TODO), labels=labels, **more)


def ask(customer: str, days_ago: int = 10, *, answered: bool = False) -> Request:
    return Request(customer, TODAY - timedelta(days=days_ago), answered)


# --- customers -----------------------------------------------------------------------------------


def test_e56_a_customer_counts_and_weighs_once() -> None:
    found = signal([ask("a"), ask("a"), ask("b")], {"a": 5, "b": 2}, today=TODAY)
    assert (found.customers, found.requests, found.weight) == (2, 3, 7)


def test_e56_read_off_the_items_of_a_feature() -> None:
    items = [
        make_epic("PHN-1000"),
        asked("PHN-1001", "customer-A", parent="PHN-1000"),
        asked("PHN-1002", "customer-a", parent="PHN-1000"),
        asked("PHN-1003", "customer-B", parent="PHN-1000"),
    ]
    marks = CustomerMarks(labels=("customer-*",), weights=(("A", 5.0), ("customer-b", 2.0)))
    (feature,) = view(items, customers=marks).roadmap
    assert feature.customers is not None
    assert (feature.customers.customers, feature.customers.weight) == (2, 7)


def test_e57_six_of_eight_requesters_have_been_told() -> None:
    names = [frozenset(text) for text in ("abc", "abd", "ef")]
    told = [frozenset(text) for text in ("abc", "ab", "ez")]
    loop = closed_loop(map(Shipped, names, told), is_told_known=True)
    assert (loop.features, loop.requesters, loop.told, loop.share) == (3, 8, 6, 0.75)


def test_e57_read_off_shipped_features() -> None:
    def feature(number: int, *labels: str, on: tuple[str, ...] = ()) -> list[WorkItem]:
        epic = make_epic(f"PHN-{number}", DONE, labels=on)
        return [epic, asked(f"PHN-{number + 1}", *labels, status=DONE, parent=epic.key)]

    items = [
        *feature(1000, "customer-a", "customer-b", "customer-c", on=("all-told",)),
        *feature(1100, "customer-a", "customer-b", "customer-d", "told-a", "told-b"),
        *feature(1200, "customer-e", "customer-f", "told-e", "told-nobody"),
        make_epic("PHN-1300", TODO),
        asked("PHN-1301", "customer-a", parent="PHN-1300"),
    ]
    loop = view(items, customers=MARKS).loop
    assert loop is not None
    assert (loop.features, loop.requesters, loop.told, loop.share) == (3, 8, 6, 0.75)


def test_nobody_who_asked_is_not_the_same_as_nobody_knows() -> None:
    items = [make_epic("PHN-1000"), make_item("PHN-1001", parent="PHN-1000")]
    unmarked = view(items)
    assert (unmarked.customers, unmarked.loop) == (None, None)
    assert unmarked.roadmap[0].customers is None
    marked = view(items, customers=MARKS)
    assert marked.customers == CustomerSignal(customers=0, requests=0)
    assert marked.loop is not None
    assert marked.loop.share is None


def test_without_marks_of_those_told_the_share_is_unknown_not_zero() -> None:
    items = [make_epic("PHN-1000", DONE, labels=("customer-a",))]
    loop = view(items, customers=CustomerMarks(labels=("customer-*",))).loop
    assert loop is not None
    assert (loop.requesters, loop.told, loop.share) == (1, None, None)


def test_customers_of_the_connection_and_of_fields_are_the_same_people() -> None:
    items = [
        asked("PHN-1", "customer-alpina", customers=("customer-alpina",)),
        asked("PHN-2", custom={"Customer": " ALPINA "}),
        asked("PHN-3", customers=("Harbour",)),
    ]
    marks = CustomerMarks(labels=("customer-*",), fields=("Customer",))
    found = view(items, customers=marks).customers
    assert found is not None
    assert (found.customers, found.requests) == (2, 3)
    by_connection_only = view(items).customers
    assert by_connection_only is not None
    assert by_connection_only.customers == 2


def test_first_asked_and_the_oldest_unanswered_request() -> None:
    first, second = noon(TODAY - timedelta(days=30)), noon(TODAY - timedelta(days=12))
    label = make_change(second, ChangeField.LABELS, "ui", "ui, customer-b")
    items = [
        asked("PHN-1", "customer-a", status=DONE, created_at=first),
        asked("PHN-2", "ui", "customer-b", created_at=first),
        asked("PHN-3", "customer-a", "told-a", created_at=first),
        asked("PHN-4", "customer-c", created_at=noon(TODAY - timedelta(days=3))),
    ]
    found = view(items, customers=MARKS, changes={"jira:PHN-2": [label]}).customers
    assert found is not None
    assert found.first_asked == TODAY - timedelta(days=30)
    assert (found.unanswered, found.oldest_unanswered) == (2, 12)


def test_what_was_cancelled_without_a_word_is_unanswered() -> None:
    found = view([asked("PHN-1", "customer-a", status=CANCELLED)], customers=MARKS).customers
    assert found is not None
    assert found.unanswered == 1


@pytest.mark.parametrize(
    ("label", "pattern", "name"),
    [
        ("customer-Alpina", "customer-*", "alpina"),
        ("Customer: Big  Harbour", "customer: *", "big harbour"),
        ("alpina-wants", "*-wants", "alpina"),
        ("vip", "vip", "vip"),
        ("customer-eu-a", "customer-*-*", "customer-eu-a"),
        ("theme-dark", "customer-*", None),
        ("customer-", "customer-*", ""),
    ],
)
def test_the_name_in_a_label(label: str, pattern: str, name: str | None) -> None:
    assert name_in(label, pattern) == name


# --- flow ----------------------------------------------------------------------------------------


def test_cycle_times_of_features_run_from_the_first_work_below_to_the_end() -> None:
    items: list[WorkItem] = []
    for number, days in ((1000, 10), (1100, 20), (1200, 40)):
        key = f"PHN-{number}"
        items += [
            make_epic(key, DONE, started_at=None, done_at=noon(TODAY - timedelta(days=7))),
            make_item(
                f"PHN-{number + 1}",
                DONE,
                parent=key,
                started_at=noon(TODAY - timedelta(days=6 + days)),
                done_at=noon(TODAY - timedelta(days=9)),
            ),
        ]
    flow = view(items).flow
    assert (flow.finished, flow.cycle_p50, flow.cycle_p85) == (3, 20, 40)


def test_features_that_never_began_or_ended_long_ago_say_nothing_of_cycle_time() -> None:
    items = [
        make_epic("PHN-1000", DONE, started_at=None),
        make_epic("PHN-1100", DONE, done_at=noon(date(2025, 11, 1))),
        make_epic("PHN-1200", DONE),
        make_item("PHN-1201", TODO, parent="PHN-1200"),
    ]
    flow = view(items).flow
    assert (flow.finished, flow.cycle_p50, flow.cycle_p85) == (0, None, None)


def test_every_item_done_is_a_feature_a_bug_or_something_else() -> None:
    items = [
        make_epic("PHN-1000"),
        make_item("PHN-1001", DONE, parent="PHN-1000"),
        make_item("PHN-1002", DONE, parent="PHN-1000", native_type="Bug"),
        make_item("PHN-1003", DONE, labels=("defect",)),
        make_item("PHN-1004", DONE),
        make_item("PHN-1005", DONE, done_at=noon(date(2026, 6, 1))),
        make_item("PHN-1006", TODO, native_type="Bug"),
    ]
    flow = view(items).flow
    assert (flow.features, flow.bugs, flow.others, flow.total) == (1, 2, 1, 4)
    assert hundredths((flow.features, flow.bugs, flow.others)) == (25, 50, 25)
    picked = view(items, bugs=(WithLabel("defect"),)).flow
    assert (picked.features, picked.bugs, picked.others) == (2, 1, 1)


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=5))
def test_shares_add_up_to_a_hundred(parts: list[int]) -> None:
    shares = hundredths(parts)
    assert sum(shares) == (100 if sum(parts) else 0)
    assert all(abs(s - 100 * p / sum(parts)) < 1 for s, p in zip(shares, parts, strict=True) if s)


# --- roadmap -------------------------------------------------------------------------------------


def test_now_next_later_done_in_the_order_of_the_work() -> None:
    items = [
        *steady("PHN", weekly=3, remaining=0),
        make_epic("PHN-1000", backlog=True, priority=0),
        make_epic("PHN-1100", priority=2),
        make_epic("PHN-1200", DOING, priority=1),
        make_epic("PHN-1300", priority=0),
        make_item("PHN-1301", DONE, parent="PHN-1300"),
        make_item("PHN-1302", TODO, parent="PHN-1300"),
        make_epic("PHN-1400", DONE),
        make_epic("PHN-1500", CANCELLED),
        make_epic("PHN-1600", DONE, done_at=noon(date(2026, 6, 1))),
    ]
    found = view(items).roadmap
    assert [(one.item.key, one.horizon) for one in found] == [
        ("PHN-1300", Horizon.NOW),
        ("PHN-1200", Horizon.NOW),
        ("PHN-1100", Horizon.NEXT),
        ("PHN-1000", Horizon.LATER),
        ("PHN-1400", Horizon.DONE),
    ]
    assert (found[0].done, found[0].total) == (1, 2)


def test_a_feature_carries_the_forecast_of_its_project() -> None:
    items = [
        *steady("PHN", weekly=3, remaining=0),
        make_epic("PHN-1300"),
        *(make_item(f"PHN-{1300 + n}", TODO, parent="PHN-1300") for n in (1, 2, 3, 4)),
    ]
    (first,) = view(items).roadmap
    assert first.p50 is not None
    assert first.p85 is not None
    assert first.p50 <= first.p85


def test_a_feature_tells_its_release_whether_it_is_a_must_and_why_its_level() -> None:
    items = [make_epic("PHN-1000", labels=("launch",)), make_epic("PHN-1100")]
    release = Release(name="1.0", items=(WithLabel("launch"),), must=(WithLabel("launch"),))
    reasons = tuple(
        Reason(signal=text, weight=1.0, text=text) for text in ("Feature", "14 customers", "more")
    )
    verdict = Verdict(
        level=VerdictLevel.PRODUCT,
        leaning=VerdictLevel.PRODUCT,
        confidence=0.97,
        decided_by="evidence",
        reasons=reasons,
    )
    found = view(items, releases=(release,), verdicts={"jira:PHN-1000": verdict}).roadmap
    first, second = found
    assert (first.releases, first.must, first.why) == (("1.0",), True, "Feature; 14 customers")
    assert first.item.level is VerdictLevel.PRODUCT
    assert (second.releases, second.must) == ((), False)


def test_without_a_forecast_of_the_project_a_feature_says_why_it_has_no_date() -> None:
    (feature,) = view([make_epic("PHN-1000")]).roadmap
    assert (feature.p50, feature.p85) == (None, None)
    assert "needs 6 weeks" in feature.withheld


# --- after a release -----------------------------------------------------------------------------

SHIPPED = date(2026, 11, 2)


def test_what_came_back_after_a_release() -> None:
    def reopened(on: date) -> list[Change]:
        return [moved(noon(on), DONE, TODO)]

    items = [
        make_item("PHN-1"),
        make_item("PHN-2"),
        make_item("PHN-3", native_type="Bug", created_at=noon(date(2026, 11, 9))),
        make_item("PHN-4", native_type="Bug", created_at=noon(date(2026, 10, 9))),
        make_item("PHN-5", created_at=noon(date(2026, 11, 9))),
    ]
    changes = {
        "jira:PHN-1": reopened(date(2026, 11, 10)),
        "jira:PHN-2": reopened(date(2026, 10, 30)),
    }
    found = view(items, changes=changes, releases=(Release(name="1.0", released=SHIPPED),))
    (after,) = found.after
    assert (after.name, after.days) == ("1.0", 21)
    assert [one.key for one in after.reopened] == ["PHN-1"]
    assert [one.key for one in after.bugs] == ["PHN-3"]


def test_only_bugs_of_thirty_days_are_a_releases_own() -> None:
    late = make_item("PHN-3", native_type="Bug", created_at=noon(date(2026, 11, 9)))
    released = (Release(name="0.9", released=date(2026, 10, 1)), Release(name="1.0"))
    (after,) = view([late], releases=released).after
    assert (after.days, after.bugs) == (30, ())


def test_a_release_that_will_have_shipped_has_not() -> None:
    assert view([], releases=(Release(name="1.0", released=date(2026, 12, 1)),)).after == ()


@pytest.mark.parametrize(
    ("benefit", "reached"),
    [
        (Benefit(name="Phones sold", baseline=0, now=3, target=9), False),
        (Benefit(name="Phones sold", baseline=0, now=9, target=9), True),
        (Benefit(name="Returns", baseline=9, now=3, target=4), True),
        (Benefit(name="Returns", target=4), None),
        (Benefit(name="Returns", now=4), None),
    ],
)
def test_a_benefit_against_its_target(benefit: Benefit, reached: bool | None) -> None:
    (check,) = view([], benefits=(benefit,)).benefits
    assert check.reached is reached


def test_a_products_benefit_that_did_not_come_is_its_risk_for_product_managers() -> None:
    due = date(2026, 11, 20)
    benefit = Benefit(name="Phones sold", now=3, target=9, due=due, probability=4, impact=2)
    product = Product(
        key="phone", name="5G Smartphone", projects=("phn",), owner="A. Silva", benefits=(benefit,)
    )
    found = run([make_item("PHN-1")], Portfolio(projects=(planned("phn"),), products=(product,)))
    (risk,) = [one for one in found.risks if one.rule == "BEN-1"]
    assert (risk.scope, risk.score, risk.owner) == ("prod:phone", 8, "A. Silva")
    assert risk.level is VerdictLevel.PRODUCT
    assert risk.title == "5G Smartphone: Phones sold is 3, promised were 9 on 20 Nov"


# --- the snapshot --------------------------------------------------------------------------------


def test_the_view_survives_the_store_and_old_snapshots_are_read_without_it() -> None:
    product = Product(
        key="p", name="P", projects=("phn",), customers=MARKS, releases=(Release(name="1.0"),)
    )
    of = Portfolio(projects=(planned("phn"),), products=(product,))
    items = [*steady("PHN", weekly=3, remaining=3), asked("PHN-900", "customer-a")]
    snapshot, again = run(items, of), run(list(reversed(items)), of)
    adapter = TypeAdapter(Snapshot)
    stored = adapter.dump_json(snapshot)
    assert adapter.validate_json(stored) == snapshot
    assert adapter.dump_json(again) == stored
    old = adapter.dump_python(snapshot, mode="json")
    del old["products"][0]["product"]
    assert adapter.validate_python(old).products[0].product is None
