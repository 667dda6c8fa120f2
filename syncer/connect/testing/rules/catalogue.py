"""All rules of the conformance suite, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from syncer.connect.testing.rules import absence, hooks, meaning, reading
from syncer.connect.testing.rules.rule import Rule

RULES: Final[tuple[Rule, ...]] = (
    *reading.RULES,
    *absence.RULES,
    *hooks.RULES,
    *meaning.RULES,
)
RULE_OF: Final[Mapping[str, Rule]] = {rule.id: rule for rule in RULES}
