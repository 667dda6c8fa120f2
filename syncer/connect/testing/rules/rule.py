"""What a rule of the conformance suite is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

from syncer.connect.testing.adapter import Adapter


class RuleBroken(AssertionError):
    """A connector does what no connector may do; the message says what, for people."""


Check = Callable[[Adapter], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One demand on every connector.

    `id` is its name in `quality.toml` and, after `test_`, in the suite. `says` is the demand in one
    line, for the table in the documentation. `needs` names the capability without which the rule
    does not apply; empty: it applies to all. `check` raises `RuleBroken` where it is broken.
    """

    id: str
    says: str
    check: Check
    needs: str = ""


def require(holds: object, what: str) -> None:
    """Raise `RuleBroken` unless this holds."""
    if not holds:
        raise RuleBroken(what)


def require_same(told: Collection[str], true: Collection[str], what: str) -> None:
    """Raise `RuleBroken` unless exactly the true ids are told, each at least once."""
    missing, strange = sorted({*true} - {*told}), sorted({*told} - {*true})
    require(not missing, f"{what}: missing {', '.join(missing)}")
    require(not strange, f"{what}: not expected {', '.join(strange)}")


def require_once(told: Collection[str], true: Collection[str], what: str) -> None:
    """Raise `RuleBroken` unless exactly the true ids are told, each of them once."""
    require_same(told, true, what)
    require(len(told) == len({*told}), f"{what}: some are told more than once")
