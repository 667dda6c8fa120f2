"""How the scope of a project changed against its baseline: arithmetic on sets of item uids.

Roll-up spec, sections 2.4 (growth) and 2.6 (creep, net, churn).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

_LARGEST_GROWTH: Final = 0.5
_NO_ANCESTORS: Final[Mapping[str, Collection[str]]] = {}
_NOBODY: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The uids of what counted in a scope at some instant; of these, what nobody had broken down.

    What is known of the items themselves is left out: it may have been otherwise then.
    """

    uids: frozenset[str]
    undecomposed: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeChange:
    """What joined and left a scope; ratios are shares of the baseline, None without one.

    ``added`` includes ``decomposed``: items that an undecomposed member of the baseline was
    broken into. ``removed`` were cancelled or moved out; ``replaced`` left because they were
    broken down. ``unplanned`` and ``gone`` are the uids behind creep and removal,
    ``baseline_done`` is how many members of the baseline are done. ``split`` are the uids of what
    was decomposed.
    """

    baseline: int
    now: int
    added: int
    decomposed: int
    removed: int
    replaced: int = 0
    baseline_done: int = 0
    unplanned: frozenset[str] = field(default=_NOBODY, compare=False)
    gone: frozenset[str] = field(default=_NOBODY, compare=False)
    split: frozenset[str] = field(default=_NOBODY, compare=False)

    @property
    def creep(self) -> float | None:
        """Additions that nobody had planned. Breaking planned work down is no creep."""
        return self._share(self.added - self.decomposed)

    @property
    def net(self) -> float | None:
        """Growth in count, negative when the scope shrank."""
        return self._share(self.now - self.baseline)

    @property
    def churn(self) -> float | None:
        """Everything that joined or left, planned or not."""
        return self._share(self.added + self.removed + self.replaced)

    @property
    def removed_share(self) -> float | None:
        """What was cancelled or moved out."""
        return self._share(self.removed)

    @property
    def baseline_progress(self) -> float | None:
        """The done share of what was promised at first: cancelling work does not raise it."""
        return self._share(self.baseline_done)

    @property
    def growth(self) -> float:
        """Net growth without decomposition, clamped to 0..0.5: g of the forecast.

        Taken over the forecast's window, with the scope at its start as the baseline.
        """
        share = self._share(self.added - self.decomposed - self.removed) or 0.0
        return min(max(share, 0.0), _LARGEST_GROWTH)

    def _share(self, count: int) -> float | None:
        return count / self.baseline if self.baseline else None


def scope_change(
    baseline: AbstractSet[str],
    countable: AbstractSet[str],
    *,
    undecomposed: AbstractSet[str] = _NOBODY,
    ancestors: Mapping[str, Collection[str]] = _NO_ANCESTORS,
    done: AbstractSet[str] = _NOBODY,
) -> ScopeChange:
    """Compare the countable items of two moments.

    ``undecomposed`` are the members of the baseline that were placeholders then: level 1 and
    above, without children. ``ancestors`` maps an item to the uids above it, at any distance;
    ``done`` are the uids of what is done now.
    """
    placeholders = frozenset(undecomposed & baseline)
    added = frozenset(countable - baseline)
    origins = _origins(added, placeholders, ancestors) if placeholders else {}
    missing = frozenset(baseline - countable)
    replaced = missing & frozenset[str]().union(*origins.values())
    gone = missing - replaced
    return ScopeChange(
        baseline=len(baseline),
        now=len(countable),
        added=len(added),
        decomposed=len(origins),
        removed=len(gone),
        replaced=len(replaced),
        baseline_done=len(baseline & done),
        unplanned=added - origins.keys(),
        gone=gone,
        split=frozenset(origins),
    )


def _origins(
    added: AbstractSet[str], placeholders: frozenset[str], ancestors: Mapping[str, Collection[str]]
) -> Mapping[str, frozenset[str]]:
    """The placeholders that stood for what was added, by the uid of each item that had any."""
    found = ((uid, placeholders.intersection(ancestors.get(uid, ()))) for uid in added)
    return {uid: above for uid, above in found if above}


def baseline_progress(baseline: AbstractSet[str], done: AbstractSet[str]) -> float | None:
    """Return the done share of what was promised at first: cancelling work does not raise it."""
    return len(baseline & done) / len(baseline) if baseline else None
