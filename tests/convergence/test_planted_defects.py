"""The campaign finds what peers do wrong; scripts of its steps tell why, and what is right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import pytest

from tests.convergence import defects
from tests.convergence.campaign import acted, caught
from tests.convergence.conditions import Conditions
from tests.convergence.process import Syncer

Steps = tuple[tuple[str, Mapping[str, Any]], ...]

_EDIT: Final[Steps] = (("edit", {"item": 0, "what": "title"}),)
_TOLD: Final[Steps] = (("webhook", {"which": 0, "fate": "in"}), ("lane", {"which": "inbox"}))


_ORDINARY: Final = Conditions()


class Alone(Syncer):
    """Without overlap, which would hide what a cursor does wrong."""

    overlap_minutes = 0
    overlap_items = 0


@dataclass(frozen=True, kw_only=True)
class Case:
    """A defect, the syncer that is right but for it, and the steps in which it shows."""

    defect: type[Syncer]
    right: type[Syncer] = Syncer
    given: Conditions = _ORDINARY
    steps: Steps


CASES: Final = (
    Case(
        defect=defects.UpperBound,
        given=Conditions(ours=-defects.DAY),
        steps=(*_TOLD, *_EDIT),
    ),
    Case(
        defect=defects.CursorBeforeItems,
        right=Alone,
        given=Conditions(items=4),
        steps=(
            *(("edit", {"item": number, "what": "title"}) for number in range(4)),
            ("crash", {"edge": 8, "what": "pull", "named": True}),
        ),
    ),
    Case(
        defect=defects.DeletesOnRefusal,
        steps=(("container_access", {"container": 0, "shows": False}), *_TOLD),
    ),
    Case(defect=defects.KeyAsIdentity, steps=(("move", {"item": 0, "container": 1}),)),
    Case(
        defect=defects.LocalTime,
        given=Conditions(zone="Pacific/Pago_Pago"),
        steps=_EDIT,
    ),
    Case(
        defect=defects.NoOverlap,
        given=Conditions(items=3),
        steps=(
            ("search", {"how": "finds late", "item": 0, "lag": timedelta(minutes=2)}),
            ("edit", {"item": 2, "what": "title"}),
            ("lane", {"which": "pull"}),
        ),
    ),
    Case(
        defect=defects.AcknowledgesFirst,
        steps=(("crash", {"edge": 3, "what": "webhook", "named": False}),),
    ),
    Case(
        defect=defects.StopsOnEmptyPage,
        steps=(
            ("search", {"how": "shows empty pages", "item": 1, "lag": timedelta()}),
            *_EDIT,
        ),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.defect.__name__)
def test_a_planted_defect_is_caught(case: Case, sqlite_url: str) -> None:
    assert acted(sqlite_url, case.defect, case.given, case.steps)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.defect.__name__)
def test_the_same_steps_without_the_defect_end_well(case: Case, sqlite_url: str) -> None:
    assert not acted(sqlite_url, case.right, case.given, case.steps)


FOUND: Final[dict[type[Syncer], int]] = {
    defects.UpperBound: 1,
    defects.CursorBeforeItems: 2,
    defects.DeletesOnRefusal: 1,
    defects.KeyAsIdentity: 4,
    defects.LocalTime: 1,
    defects.NoOverlap: 2,
    defects.AcknowledgesFirst: 2,
    defects.StopsOnEmptyPage: 2,
}
"""A seed for each: the campaign finds them with any, but with these after few examples."""

EXAMPLES: Final = 40


@pytest.mark.parametrize("defect", FOUND, ids=lambda one: one.__name__)
def test_the_campaign_finds_by_itself(defect: type[Syncer], sqlite_url: str) -> None:
    told, begun = caught(sqlite_url, defect, seed=FOUND[defect], examples=EXAMPLES)
    print(f"after {begun} examples: {told}")
    assert told
