"""The conformance suite: every rule as a test, for any connector, in one line.

    TestMyTracker = ConnectorSuite.of(MyTrackerAdapter)

It needs no plugin: each test runs its rule in an event loop of its own, under pytest or unittest
alike. Which rules a connector keeps stands in its `quality.toml`; those that it says not to keep
are skipped with the reason that it gives, and a rule of which it says nothing fails.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ClassVar, Final
from unittest import SkipTest

from syncer.connect.testing.adapter import Adapter
from syncer.connect.testing.quality import quality_file, ticks_of
from syncer.connect.testing.rules.catalogue import RULE_OF, RULES
from syncer.connect.testing.rules.rule import Rule, RuleBroken, require

_LONGEST: Final = 120.0
"""Seconds after which a rule has failed: a connector that waits for ever must not hang a run."""


class ConnectorSuite:
    """The tests; `of` makes the class that a test runner collects."""

    adapter: ClassVar[type[Adapter]]

    @classmethod
    def of(cls, adapter: type[Adapter]) -> type[ConnectorSuite]:
        """The suite of one connector: assign it to a name that begins with `Test`."""
        return type(f"Test{adapter.__name__}", (cls,), {"adapter": adapter})

    def test_quality_toml_speaks_of_every_rule(self) -> None:
        """Nothing is left unsaid, and nothing is declined that the connector claims to do."""
        require_quality(self.adapter)


def require_quality(adapter: type[Adapter]) -> None:
    """`RuleBroken` where `quality.toml` is silent on a rule, or at odds with the connector."""
    ticks = ticks_of(quality_file(adapter.connector_type), adapter.edition)
    silent = [rule.id for rule in RULES if rule.id not in ticks]
    require(not silent, f"quality.toml says nothing of {', '.join(silent)}")
    unknown = [name for name in ticks if name not in RULE_OF]
    require(not unknown, f"quality.toml speaks of unknown rules: {', '.join(unknown)}")
    for rule in RULES:
        able = not rule.needs or getattr(adapter.connector_type.capabilities, rule.needs)
        state = ticks[rule.id].state
        require(able or state != "done", f"{rule.id}: done without the capability {rule.needs}")
        claims = able and state == "not applicable" and rule.needs
        require(not claims, f"{rule.id} is declined, but the connector claims {rule.needs}")


async def keeps(adapter: Adapter, rule: Rule) -> None:
    """Try one rule; `RuleBroken` if it is broken or takes for ever."""
    try:
        async with asyncio.timeout(_LONGEST):
            await rule.check(adapter)
    except TimeoutError as error:
        raise RuleBroken(f"{rule.id}: no end after {_LONGEST:.0f} seconds") from error


def _test_of(rule: Rule) -> Callable[[ConnectorSuite], None]:
    def test(self: ConnectorSuite) -> None:
        adapter = type(self).adapter
        tick = ticks_of(quality_file(adapter.connector_type), adapter.edition).get(rule.id)
        if tick is not None and tick.state != "done":
            raise SkipTest(f"{tick.state}: {tick.why}")
        asyncio.run(keeps(adapter(), rule))

    test.__name__ = f"test_{rule.id}"
    test.__qualname__ = f"ConnectorSuite.{test.__name__}"
    test.__doc__ = rule.says
    return test


for _rule in RULES:
    setattr(ConnectorSuite, f"test_{_rule.id}", _test_of(_rule))
