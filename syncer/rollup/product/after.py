"""After a release: what came back, and what it brought (digest.md 4.4, part 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from syncer.domain.change import Change, ChangeField
from syncer.domain.item import StatusCategory, WorkItem
from syncer.domain.portfolio import Benefit
from syncer.domain.product import AfterRelease, BenefitCheck
from syncer.domain.release import Release
from syncer.rollup.calendar import report_date
from syncer.rollup.product.work import ProductWork
from syncer.rollup.risks.benefits import is_short

WATCHED: Final = 30
"""Calendar days after a release in which new bugs are counted as its own."""
_ENDS: Final = frozenset({StatusCategory.DONE.value, StatusCategory.CANCELLED.value})


def after_releases(
    work: ProductWork, changes: Mapping[str, Sequence[Change]]
) -> tuple[AfterRelease, ...]:
    """Every release that has shipped, the newest first."""
    found = [
        _after(release, on, work=work, changes=changes)
        for release in work.product.releases
        if (on := release.released) is not None and on <= work.view.today
    ]
    return tuple(sorted(found, key=lambda one: one.released, reverse=True))


def _after(
    release: Release, on: date, *, work: ProductWork, changes: Mapping[str, Sequence[Change]]
) -> AfterRelease:
    picked, today = work.picked(release), work.view.today
    reopened = [
        item
        for item in work.items
        if item.uid in picked and _reopened_since(on, changes.get(item.uid, ()), work)
    ]
    bugs = [item for item in work.items if item.uid in work.bugs and _is_new(item, on, work)]
    return AfterRelease(
        name=release.name,
        released=on,
        days=min(WATCHED, (today - on).days),
        reopened=tuple(map(work.view.mention, reopened)),
        bugs=tuple(map(work.view.mention, bugs)),
    )


def _reopened_since(on: date, changes: Sequence[Change], work: ProductWork) -> bool:
    """Whether an item left DONE for an open state on the day of the release or later."""
    return any(
        change.field is ChangeField.STATUS
        and change.before == StatusCategory.DONE.value
        and change.after not in _ENDS
        and on <= report_date(change.at, work.zone) <= work.view.today
        for change in changes
    )


def _is_new(bug: WorkItem, on: date, work: ProductWork) -> bool:
    created = report_date(bug.created_at, work.zone)
    return on <= created <= on + timedelta(days=WATCHED)


def benefit_checks(benefits: Sequence[Benefit]) -> tuple[BenefitCheck, ...]:
    """Each metric against its target."""
    return tuple(
        BenefitCheck(
            name=one.name,
            baseline=one.baseline,
            now=one.now,
            target=one.target,
            due=one.due,
            reached=None if one.now is None or one.target is None else not is_short(one),
        )
        for one in benefits
    )
