"""The releases of a product with their checklists (digest.md 4.4, part 2)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from syncer.domain.item import StatusCategory, WorkItem
from syncer.domain.mention import ItemMention
from syncer.domain.product import MustFeatures, ReleaseCheck, Wait
from syncer.domain.release import Release
from syncer.domain.report import GateResult
from syncer.domain.selector import select
from syncer.domain.statement import Door, GateDefinition, Provenance
from syncer.rollup.group_result import Members, joint_forecast
from syncer.rollup.product.readiness import gate_checks, judged
from syncer.rollup.product.work import ProductWork
from syncer.rollup.risks.gates import gate_results

_HIGHEST: Final = 0
_NOBODY: Final = Provenance(author="", at=datetime.min.replace(tzinfo=UTC), door=Door.CONFIGURATION)


@dataclass(frozen=True, slots=True)
class _Chance:
    probability: float | None
    withheld: str


def release_checks(
    work: ProductWork, members: Members, waits: Sequence[Wait], *, target: date | None
) -> tuple[ReleaseCheck, ...]:
    """Every release that is configured, in its order; `target` is the product's own."""
    chances = _chances(work, members, target)
    return tuple(
        _check(one, work, waits, on=one.on or target, chance=chances[one.name])
        for one in work.product.releases
    )


def _check(
    release: Release,
    work: ProductWork,
    waits: Sequence[Wait],
    *,
    on: date | None,
    chance: _Chance,
) -> ReleaseCheck:
    view, picked = work.view, work.picked(release)
    named = {name: (item, view.mention(item)) for name, item in work.by_name.items()}
    return judged(
        ReleaseCheck(
            name=release.name,
            on=on,
            must=_must_features(release, work, picked),
            must_fix=_mentions(must_fix_bugs(release, work), work),
            gates=gate_checks(release.gates, today=view.today, on=on, items=named),
            probability=chance.probability,
            withheld=chance.withheld,
            waits=tuple(one for one in waits if not one.blocks and one.ours.uid in picked),
            released=release.released,
        )
    )


def _mentions(items: Sequence[WorkItem], work: ProductWork) -> tuple[ItemMention, ...]:
    return tuple(work.view.mention(item) for item in items)


def _must_features(release: Release, work: ProductWork, picked: Collection[str]) -> MustFeatures:
    """Must features by their end; cancelled ones are no more to be done, and are told."""
    if release.must:
        wanted = select(release.must, work.features, work.view.tree.by_uid)
    else:
        wanted = [one for one in work.features_of(picked) if one.must_have]
    left = [one for one in wanted if one.status_category is not StatusCategory.CANCELLED]
    unfinished = [one for one in left if not work.is_done(one)]
    return MustFeatures(
        total=len(left),
        done=len(left) - len(unfinished),
        cancelled=len(wanted) - len(left),
        open=_mentions(unfinished, work),
    )


def must_fix_bugs(release: Release, work: ProductWork) -> list[WorkItem]:
    """The open items that have to be fixed before the release."""
    opened = [item for item in work.items if item.is_open]
    if release.must_fix:
        return select(release.must_fix, opened, work.view.tree.by_uid)
    return [
        item
        for item in opened
        if item.uid in work.bugs and (item.must_have or item.priority == _HIGHEST)
    ]


def _chances(work: ProductWork, members: Members, target: date | None) -> Mapping[str, _Chance]:
    """The chance of each release date: of its own items where it picks some, else of all."""
    parts = _of_parts(work, members, target)
    found: dict[str, _Chance] = {}
    for one in work.product.releases:
        on = one.on or target
        if one.name in parts:
            found[one.name] = parts[one.name]
        elif on is None:
            found[one.name] = _Chance(None, "no release date")
        else:
            joint = joint_forecast(list(work.keys), members, work.view, target=on)
            found[one.name] = _Chance(joint.probability, joint.withheld)
    return found


def _of_parts(work: ProductWork, members: Members, target: date | None) -> dict[str, _Chance]:
    """Releases that pick their items, forecast as gates are: earlier ones come first."""
    gates = [
        GateDefinition(
            scope=work.product.scope, name=one.name, on=on, items=one.items, provenance=_NOBODY
        )
        for one in work.product.releases
        if one.items and (on := one.on or target) is not None
    ]
    results = {gate.name: gate for gate in gate_results(gates, members.bases, work.view)}
    return {gate.name: _of_part(results.get(gate.name)) for gate in gates}


def _of_part(result: GateResult | None) -> _Chance:
    """The chance of a release as a gate; a past one without open work is not told as a gate."""
    return _Chance(result.probability, result.withheld) if result else _Chance(1.0, "")
