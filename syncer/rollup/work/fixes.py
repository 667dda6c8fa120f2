"""What would raise data quality most for the least work (digest specification, section 4.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from syncer.domain.item import WorkItem
from syncer.domain.load import QualityFix
from syncer.rollup.tolerance import round_half_up
from syncer.rollup.work.quality import QualityRatios, data_quality

_MOST: Final = 3
_CITED: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """The items behind each part of data quality that is not whole.

    `assigned` counts the work in progress that somebody has; `owner_missing`: the project has none.
    """

    undated: Sequence[WorkItem] = ()
    unassigned: Sequence[WorkItem] = ()
    assigned: int = 0
    owner_missing: bool = False
    stale: Sequence[WorkItem] = ()
    contradictory: Sequence[WorkItem] = ()
    undecomposed: Sequence[WorkItem] = ()


def cheapest_fixes(ratios: QualityRatios, gaps: Gaps) -> tuple[QualityFix, ...]:
    """At most three fixes, those first that bring most points for each thing to be mended.

    Each gain is the one of that fix alone, in whole points as they are shown; what would not move
    the shown score is no fix.
    """
    score = data_quality(ratios)
    if score is None:
        return ()
    found = [fix for fix in _fixes(ratios, gaps, round_half_up(score)) if fix.points > 0]
    found.sort(key=lambda fix: (-fix.points / fix.count, -fix.points, fix.text))
    return tuple(found[:_MOST])


def _fixes(ratios: QualityRatios, gaps: Gaps, shown: int) -> Iterator[QualityFix]:
    def fix(text: str, items: Sequence[WorkItem], better: QualityRatios) -> QualityFix:
        score = data_quality(better)
        return QualityFix(
            text=text,
            count=len(items) or 1,
            points=0 if score is None else round_half_up(score) - shown,
            items=tuple(sorted(item.uid for item in items)[:_CITED]),
        )

    owned = gaps.assigned + len(gaps.unassigned) + 1
    if gaps.owner_missing:
        named = (gaps.assigned + 1) / owned
        yield fix("name an owner of the project", (), replace(ratios, owned=named))
    if gaps.unassigned:
        given = (owned - gaps.owner_missing) / owned
        text = f"add owners to {_items(gaps.unassigned)}"
        yield fix(text, gaps.unassigned, replace(ratios, owned=given))
    for items, text, part in (
        (gaps.undated, "add dates to {}", "dated"),
        (gaps.stale, "bring {} up to date", "fresh"),
        (gaps.contradictory, "mend contradictions of {}", "consistent"),
        (gaps.undecomposed, "break down {}", "decomposed"),
    ):
        if items and getattr(ratios, part) is not None:
            yield fix(text.format(_items(items)), items, replace(ratios, **{part: 1.0}))


def _items(items: Sequence[WorkItem]) -> str:
    return f"{len(items)} item{'' if len(items) == 1 else 's'}"
