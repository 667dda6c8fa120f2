"""The product manager's part of a product's page: figures, unknowns, what is withheld."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from syncer.domain.item import WorkItem
from syncer.domain.portfolio import Benefit, Portfolio, Product, Program
from syncer.domain.release import CustomerMarks, Function, GateState, Release, ReleaseGate
from syncer.domain.report import Snapshot
from tests.unit.publish.test_hostile_and_lens import HOSTILE
from tests.unit.rollup.builders import (
    DONE,
    TODAY,
    blocks,
    make_epic,
    make_item,
    make_project,
    noon,
)
from tests.unit.rollup.scenes import planned, run, steady
from tests.web.pages.still_reader import StillReader
from tests.web.pages.test_pages import Parts, text_of, words_of

LEGAL = ReleaseGate(
    function=Function.LEGAL,
    state=GateState.WAIVED,
    by="GC",
    until=date(2027, 3, 31),
    reason="Only the leaflet is open",
)
RELEASE = Release(
    name="Spring launch", gates=(LEGAL, ReleaseGate(function=Function.QA, item="jira:PHN-700"))
)
MARKS = CustomerMarks(
    labels=("customer-*",), told=("told-*",), weights=(("alpina", 5.0), ("harbour", 2.0))
)


def items() -> list[WorkItem]:
    return [
        *steady("PHN", weekly=5, remaining=5),
        make_epic("PHN-800", must_have=True, title="5G calling"),
        make_item("PHN-801", parent="PHN-800", labels=("customer-alpina", "customer-harbour")),
        make_item("PHN-802", DONE, parent="PHN-800", labels=("customer-alpina",)),
        make_epic("PHN-850", DONE, title="Dual SIM", labels=("customer-harbour", "told-harbour")),
        make_item("PHN-700", title="Test report"),
        make_item("PHN-710", native_type="Bug", created_at=noon(TODAY - timedelta(days=3))),
        blocks(make_item("NET-87", due_date=date(2027, 2, 17)), "PHN-301"),
        make_item("PHN-301", start_date=date(2027, 2, 15), title="Live demo"),
    ]


def snapshot(given: list[WorkItem] | None = None, **more: Any) -> Snapshot:
    product = Product(
        **{"key": "phone", "name": "5G Smartphone", "projects": ("phn",), **more},
    )
    of = Portfolio(
        projects=(make_project("net"), planned("phn")),
        programs=(Program(key="5g", name="5G Infrastructure", projects=("net",)),),
        products=(product,),
    )
    return run(items() if given is None else given, of)


async def page(of: Snapshot, **more: Any) -> str:
    return await text_of(StillReader(snapshot=of, **more), "/products/phone")


async def test_a_product_manager_finds_everything_in_the_specifications_order() -> None:
    found = snapshot(
        releases=(RELEASE, Release(name="Pilot", released=TODAY - timedelta(days=5))),
        customers=MARKS,
        benefits=(Benefit(name="Phones sold", baseline=0, now=3, target=9),),
    )
    html = await page(found)
    words = words_of(html)
    order = ("ready", "roadmap", "customers", "features", "incoming", "after")
    places = [html.index(f'id="{one}"') for one in order]
    assert places == sorted(places)
    assert "Spring launch NOT READY 0/1" in words
    assert "0 of 1 must features done" in words
    assert "legal: waived until 31 Mar by GC" in words
    assert "Only the leaflet is open" in words
    assert "qa: its item is not done" in words
    assert "Test report" in words
    assert "rollback: nobody has said" in words
    assert "waits for 5G Infrastructure, 2 days late" in words
    assert "5G calling must" in words
    assert "2, worth 7" in words
    assert "Closed loop 100 % 1 of 1 told" in words
    assert "2 working days late" in words
    assert "0 reopened since; 1 new bug so far, 5 of the first 30 days" in words
    assert "Phones sold not reached yet" in words
    assert "Other" in words


async def test_what_is_not_known_is_not_shown_as_nothing() -> None:
    words = words_of(await page(snapshot()))
    assert "No release is configured, so nobody can say whether it is ready" in words
    assert "Nobody has said how customers are marked" in words
    assert "Customers not known" not in words
    assert "not known" in words  # of each feature
    assert "Nothing has been released yet" in words
    assert "No benefit metric is configured" in words


async def test_a_snapshot_of_before_has_no_such_part_and_is_still_shown() -> None:
    found = snapshot()
    old = replace(found, products=tuple(replace(one, product=None) for one in found.products))
    html = await page(old)
    assert 'id="ready"' not in html
    assert "5G Smartphone" in words_of(html)


async def test_programs_have_no_roadmap() -> None:
    html = await text_of(StillReader(snapshot=snapshot()), "/programs/5g")
    assert 'id="roadmap"' not in html


async def test_a_restricted_feature_gives_nothing_away() -> None:
    secret = [
        make_epic("PHN-900", must_have=True, restricted=True, title="Project Falcon"),
        make_item("PHN-901", restricted=True, parent="PHN-900", labels=("customer-falconer",)),
    ]
    found = snapshot([*items(), *secret], customers=MARKS, releases=(RELEASE,))
    counted = await page(found)
    assert "restricted item" in counted
    quiet = StillReader(snapshot=found)
    silent = await page(found, view=replace(quiet.view, count_restricted=False))
    for html in (counted, silent):
        assert "Falcon" not in html
        assert "PHN-900" not in html
        assert "falconer" not in html
    rows = (
        html[html.index('id="roadmap"') : html.index('id="customers"')]
        for html in (counted, silent)
    )
    assert ["restricted item" in row for row in rows] == [True, False]


async def test_hostile_words_stay_words() -> None:
    for words in HOSTILE:
        gate = replace(LEGAL, by=words, reason=words)
        found = snapshot(
            [
                make_epic("PHN-800", must_have=True, title=words, labels=(f"customer-{words}",)),
                make_item("PHN-710", native_type="Bug", priority=0, title=words),
                make_item("PHN-301", start_date=date(2027, 2, 15), title=words),
                blocks(make_item("NET-87", due_date=date(2027, 2, 17), title=words), "PHN-301"),
            ],
            releases=(Release(name=words, gates=(gate,), released=TODAY),),
            customers=MARKS,
            benefits=(Benefit(name=words, now=1, target=2),),
        )
        parts = Parts(await page(found))
        assert "script" not in parts.tags
        assert "img" not in parts.tags
        assert not [name for name, _ in parts.attributes if name.startswith("on")]
        hrefs = [value for name, value in parts.attributes if name in {"href", "src"}]
        assert not [value for value in hrefs if value.startswith(("javascript:", "data:"))]
