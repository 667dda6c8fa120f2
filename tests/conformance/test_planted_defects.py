"""The suite fails every connector that breaks one of its rules: else it would show nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import pytest

from syncer.connect.protocol import Connector
from syncer.connect.testing.rules.catalogue import RULE_OF
from syncer.connect.testing.rules.rule import RuleBroken
from syncer.connect.testing.suite import keeps
from tests.conformance.defects import READING, Defective
from tests.conformance.defects_of_meaning import MEANING

PLANTED: Final = (*READING, *MEANING)


@pytest.mark.parametrize(
    ("rule", "defect"), PLANTED, ids=[f"{rule}-{defect.__name__}" for rule, defect in PLANTED]
)
def test_a_planted_defect_is_caught(rule: str, defect: Callable[..., Connector]) -> None:
    with pytest.raises(RuleBroken):
        asyncio.run(keeps(Defective(defect), RULE_OF[rule]))


def test_every_rule_has_a_defect_that_breaks_it() -> None:
    assert {rule for rule, _ in PLANTED} == {*RULE_OF}
