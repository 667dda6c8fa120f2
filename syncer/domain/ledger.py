"""Cross-project work beside product work, as numbers (rollup.md 2.11)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Items of one level under a scope: open, late among them, done."""

    open: int = 0
    late: int = 0
    done: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledgers:
    """Cross-project work beside product work (rollup.md 2.11)."""

    program: Ledger
    product: Ledger
    unclassified: Ledger
