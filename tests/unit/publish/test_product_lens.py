"""The product lens: readiness, features, customers and flow in brief (digest.md 4.1, 4.4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from syncer.domain.item import WorkItem
from syncer.domain.portfolio import Portfolio, Product, Program
from syncer.domain.release import CustomerMarks, Function, GateState, Release, ReleaseGate
from syncer.domain.report import Snapshot
from syncer.domain.verdict import VerdictLevel
from syncer.publish.audience import AudienceView, Lens
from syncer.publish.digest.compose import compose
from syncer.publish.digest.model import Digest
from syncer.publish.render.formats import RENDERERS
from syncer.publish.render.mail import render_mail
from tests.unit.publish.test_every_figure import claims, missing
from tests.unit.publish.test_hostile_and_lens import HOSTILE
from tests.unit.rollup.builders import (
    DONE,
    TODAY,
    blocks,
    make_epic,
    make_item,
    make_project,
    noon,
    verdicts,
)
from tests.unit.rollup.scenes import planned, run, steady

GO = tuple(ReleaseGate(function=one, state=GateState.READY, by="A. Silva") for one in Function)
MARKS = CustomerMarks(labels=("customer-*",), told=("told-*",))
READERS = AudienceView(
    key="phone-team",
    name="Phone team",
    lens=Lens.PRODUCT,
    programs=(),
    link_origins=frozenset({"https://tracker.example"}),
)


def items() -> list[WorkItem]:
    return [
        *steady("PHN", weekly=3, remaining=2),
        make_epic("PHN-800", must_have=True, title="5G calling", priority=0),
        *(make_item(f"PHN-{800 + n}", parent="PHN-800") for n in (1, 2, 3)),
        make_epic("PHN-840", title="Wallet", priority=1),
        *(make_item(f"PHN-{840 + n}", parent="PHN-840") for n in range(1, 10)),
        make_item("PHN-860", labels=("customer-alpina", "customer-harbour")),
        make_epic("PHN-880", DONE, labels=("customer-alpina", "customer-medico", "told-medico")),
        make_item("PHN-890", DONE, native_type="Bug", parent="PHN-880"),
    ]


def snapshot(*releases: Release, given: list[WorkItem] | None = None, **more: Any) -> Snapshot:
    product = Product(
        **{
            "key": "phone",
            "name": "5G Smartphone",
            "projects": ("phn",),
            "releases": releases,
            "customers": MARKS,
            **more,
        }
    )
    of = Portfolio(
        projects=(make_project("net"), planned("phn")),
        programs=(Program(key="5g", name="5G Infrastructure", projects=("net",)),),
        products=(product,),
    )
    every = items() if given is None else given
    return run(every, of, verdicts=verdicts({one.uid: VerdictLevel.PRODUCT for one in every}))


def edition(of: Snapshot, view: AudienceView = READERS) -> Digest:
    return compose(of, None, (), audience=view)


def told(digest: Digest, kind: str) -> str:
    (text,) = [claim.text for claim in digest.product if claim.kind == kind]
    return text


SOON = Release(name="1.0", on=TODAY + timedelta(days=21), gates=GO)


def test_what_a_product_manager_asks_is_answered_in_brief() -> None:
    digest = edition(snapshot(SOON, Release(name="0.9", released=TODAY - timedelta(days=5))))
    assert told(digest, "readiness") == (
        "1.0, 14 Dec is NOT READY 0/1: <5 % chance of 14 Dec, 85 % needed."
    )
    assert told(digest, "features") == "Not safe by 14 Dec: Wallet (21 Dec)."
    assert told(digest, "after") == "0.9 of 18 Nov: 0 reopened, 0 new bugs in 5 days."
    assert told(digest, "customers").startswith("3 customers, 4 requests, 2 unanswered, the oldest")
    assert told(digest, "customers").endswith("; 50 % of those whose wish shipped were told.")
    assert "12 weeks: 0 % features, 3 % bugs, 97 % other" in told(digest, "flow")
    assert digest.word_count <= 350


@pytest.mark.parametrize("lens", [Lens.EXECUTIVE, Lens.PROGRAM])
def test_other_readers_are_not_bothered(lens: Lens) -> None:
    assert edition(snapshot(SOON), replace(READERS, lens=lens)).product == ()


@pytest.mark.parametrize(
    "releases", [(), (SOON,), (Release(name="0.9", released=TODAY - timedelta(days=5)),)]
)
def test_every_figure_of_it_has_its_evidence(releases: tuple[Release, ...]) -> None:
    digest = edition(snapshot(*releases))
    assert digest.product
    assert [(said[0], missing(said)) for said in claims(digest) if missing(said)] == []


def test_what_nobody_knows_is_said() -> None:
    digest = edition(snapshot(given=[make_epic("PHN-800")], customers=CustomerMarks()))
    assert told(digest, "readiness") == "No release is configured to be ready."
    assert told(digest, "customers") == "Nobody has said how customers are marked."
    assert told(digest, "features").startswith("No feature has a safe date: ")


def test_a_ready_release_and_safe_features_are_said_as_such() -> None:
    done = [
        *steady("PHN", weekly=3, remaining=1),
        make_epic("PHN-800", DONE, must_have=True),
        make_item("PHN-801", DONE, parent="PHN-800"),
        make_epic("PHN-840"),
        *(make_item(f"PHN-{840 + n}", parent="PHN-840") for n in (1, 2)),
    ]
    digest = edition(snapshot(replace(SOON, on=date(2027, 2, 26)), given=done))
    assert told(digest, "readiness") == "1.0, 26 Feb is READY."
    assert told(digest, "features") == "The only open feature is safe by 26 Feb."


def test_the_late_program_stands_in_the_readiness_of_the_release() -> None:
    waiting = [
        *items(),
        blocks(make_item("NET-87", due_date=date(2027, 2, 17)), "PHN-301"),
        make_item("PHN-301", start_date=date(2027, 2, 15)),
    ]
    late = Release(name="1.0", on=date(2027, 2, 26), gates=GO)
    text = told(edition(snapshot(late, given=waiting)), "readiness")
    assert "waits for 5G Infrastructure, 2 days late" in text


def test_gates_are_told_by_name_those_that_may_stay_open_apart() -> None:
    gates = [gate for gate in GO if gate.function not in {Function.QA, Function.MARKETING}]
    free = ReleaseGate(function=Function.MARKETING, state=GateState.NOT_READY, must=False)
    text = told(edition(snapshot(replace(SOON, gates=(*gates, free)))), "readiness")
    assert text.endswith("; gates open: qa; may stay open: marketing.")


def test_it_stands_in_every_format_and_in_json_by_its_name() -> None:
    digest = edition(snapshot(SOON))
    for name, render in RENDERERS.items():
        assert "Wallet" in render(digest), name
    assert '"product": [' in RENDERERS["json"](digest)
    assert "RELEASE AND CUSTOMERS" in RENDERERS["txt"](digest)
    assert "Wallet" in render_mail(digest)


def test_a_restricted_feature_is_never_named() -> None:
    secret = make_epic("PHN-900", title="Project Falcon", restricted=True, priority=4)
    below = [make_item(f"PHN-{900 + n}", parent="PHN-900", restricted=True) for n in range(1, 30)]
    found = snapshot(SOON, given=[*items(), secret, *below])
    for count in (True, False):
        digest = edition(found, replace(READERS, count_restricted=count))
        assert ("restricted item" in told(digest, "features")) is count
        for render in RENDERERS.values():
            assert "Falcon" not in render(digest)
            assert "PHN-900" not in render(digest)


def test_hostile_words_stay_words_and_on_one_line() -> None:
    for words in HOSTILE:
        gate = ReleaseGate(
            function=Function.LEGAL,
            state=GateState.WAIVED,
            by=words,
            until=date(2027, 6, 1),
            reason=words,
        )
        release = Release(name=words, on=SOON.on, gates=(gate,), released=None)
        odd = [replace(one, title=words) if one.key == "PHN-840" else one for one in items()]
        digest = edition(snapshot(release, given=odd))
        assert all("\n" not in claim.text for claim in digest.product)
        assert "<script" not in RENDERERS["html"](digest).lower()
        assert [(said[0], missing(said)) for said in claims(digest) if not said[0]] == []


def test_many_products_keep_the_budget_with_their_readiness_first() -> None:
    every = [
        Product(key=f"p{n}", name=f"Product number {n}", projects=("phn",), releases=(SOON,))
        for n in range(6)
    ]
    of = Portfolio(projects=(planned("phn"),), products=tuple(every))
    digest = edition(run(items(), of))
    assert digest.word_count <= 350
    assert {claim.kind for claim in digest.product[:6]} <= {"readiness"}
    assert digest.product[0].text.startswith("Product number 0: 1.0, 14 Dec is NOT READY")


def test_work_of_before_the_window_is_no_flow() -> None:
    old = [make_item("PHN-1", DONE, done_at=noon(date(2026, 6, 1)))]
    assert [c for c in edition(snapshot(given=old)).product if c.kind == "flow"] == []
