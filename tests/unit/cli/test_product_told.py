"""A product by `why` and in the JSON of `status`: the checklist, the roadmap, what is unknown."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import orjson

from syncer.cli.machine import status_document
from syncer.cli.why import explanation
from syncer.domain.portfolio import Benefit
from syncer.domain.release import CustomerMarks, Release
from syncer.domain.report import Snapshot
from syncer.rollup.rules import HealthRules
from tests.unit.publish.test_product_lens import SOON, items, snapshot
from tests.unit.rollup.builders import TODAY, make_epic, make_item

SHIPPED = Release(name="0.9", released=TODAY - timedelta(days=5))


def why(of: Snapshot) -> str:
    return "\n".join(explanation("prod:phone", of, HealthRules()))


def test_why_tells_the_whole_checklist_and_the_roadmap() -> None:
    benefit = Benefit(name="Phones sold", now=3, target=9)
    told = why(snapshot(SOON, SHIPPED, benefits=(benefit,)))
    assert "  1.0, 14 Dec: NOT READY 0/1" in told
    assert "    must features: 0 of 1 done; open: PHN-800 5G calling" in told
    assert "    qa: ready, says A. Silva" in told
    assert "    chance of the date: <5 %; 85 % needed" in told
    assert "  now: PHN-880" not in told
    assert "PHN-840 Wallet, 0 of 9," in told
    assert "  of those whose wish shipped were told: 1 of 2 (50 %)" in told
    assert "  cycle time of 1 feature: 8 to 8 days (half and 85 %)" in told
    assert "  0.9, 18 Nov: 0 reopened, 0 new bugs, 5 of 30 days" in told
    assert "  Phones sold: 3 of 9, not reached" in told


def test_why_says_what_nobody_knows() -> None:
    told = why(snapshot(customers=CustomerMarks(), given=[make_item("PHN-1")]))
    assert "no release is configured: nobody can say whether it is ready" in told
    assert "nobody has said how customers are marked" in told


def test_status_as_json_holds_the_view_of_a_product_and_null_for_unknown() -> None:
    document = status_document(snapshot(SOON, SHIPPED), None)
    (product,) = document["products"]
    view = product["product"]
    assert list(view) == [
        "releases", "roadmap", "customers", "closed_loop", "flow", "incoming", "after", "benefits",
    ]  # fmt: skip
    first = view["releases"][0]
    assert (first["readiness"], first["must"]["done"], first["must"]["total"]) == (
        "NOT READY", 0, 1,
    )  # fmt: skip
    assert [gate["state"] for gate in first["gates"]] == ["ready"] * 7
    assert view["closed_loop"]["share"] == 0.5
    assert view["roadmap"][0]["customers"]["weight"] is None
    assert all("product" not in program for program in document["programs"])
    assert orjson.loads(orjson.dumps(document))["products"][0]["product"] == view
    unknown = status_document(snapshot(customers=CustomerMarks(), given=[]), None)
    nothing = unknown["products"][0]["product"]
    assert (nothing["customers"], nothing["closed_loop"], nothing["releases"]) == (None, None, [])


def test_a_product_of_an_old_snapshot_has_no_such_part() -> None:
    found = snapshot(SOON)
    old = replace(found, products=tuple(replace(one, product=None) for one in found.products))
    assert "product" not in status_document(old, None)["products"][0]
    assert "Release readiness" not in why(old)


def test_a_restricted_feature_is_told_by_its_dates_alone() -> None:
    secret = make_epic("PHN-900", title="Project Falcon", restricted=True, must_have=True)
    found = snapshot(SOON, given=[*items(), secret])
    told = orjson.dumps(status_document(found, None)).decode() + why(found)
    assert "Falcon" not in told
    assert "PHN-900" not in told
    assert "restricted item" in told
