"""The product manager's view as JSON: part of a product's row; unknown is null."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from syncer.cli.machine import day
from syncer.domain.mention import ItemMention
from syncer.domain.product import (
    AfterRelease,
    BenefitCheck,
    ClosedLoop,
    CustomerSignal,
    FeatureFlow,
    GateCheck,
    ProductView,
    ReleaseCheck,
    RoadmapFeature,
    Wait,
)

Json = dict[str, Any]


def product_row(view: ProductView) -> Json:
    """The whole view; restricted items are there without key, title and address."""
    return {
        "releases": [_release(one) for one in view.releases],
        "roadmap": [_feature(one) for one in view.roadmap],
        "customers": _signal(view.customers),
        "closed_loop": _loop(view.loop),
        "flow": _flow(view.flow),
        "incoming": [_wait(one) for one in view.incoming],
        "after": [_after(one) for one in view.after],
        "benefits": [_benefit(one) for one in view.benefits],
    }


def _item(item: ItemMention) -> Json:
    shown = not item.restricted
    return {
        "key": item.key if shown else None,
        "title": item.title if shown else None,
        "url": (item.url or None) if shown else None,
        "restricted": item.restricted,
    }


def _items(items: Sequence[ItemMention]) -> list[Json]:
    return [_item(one) for one in items]


def _release(release: ReleaseCheck) -> Json:
    must = release.must
    return {
        "name": release.name,
        "date": day(release.on),
        "released": day(release.released),
        "readiness": release.verdict,
        "open": [
            {"kind": point.kind, "text": point.text, "waivable": point.waivable}
            for point in release.points
        ],
        "must": {
            "done": must.done if must.total else None,
            "total": must.total or None,
            "cancelled": must.cancelled,
            "open": _items(must.open),
        },
        "must_fix": _items(release.must_fix),
        "gates": [_gate(one) for one in release.gates],
        "probability": release.probability,
        "withheld": release.withheld or None,
        "waits": [_wait(one) for one in release.waits],
    }


def _gate(gate: GateCheck) -> Json:
    return {
        "function": gate.function,
        "state": gate.state,
        "must": gate.must,
        "by": gate.by or None,
        "on": day(gate.on),
        "until": day(gate.until),
        "reason": gate.reason or None,
        "item": _item(gate.item) if gate.item else None,
        "why": gate.why,
    }


def _wait(wait: Wait) -> Json:
    return {
        "ours": _item(wait.ours),
        "theirs": _item(wait.theirs),
        "partner": wait.partner or None,
        "partner_name": wait.partner_name,
        "blocks": wait.blocks,
        "lateness": wait.lateness,
        "need_by": day(wait.need_by),
        "eta": day(wait.eta),
        "rules": list(wait.rules),
    }


def _feature(feature: RoadmapFeature) -> Json:
    shown = not feature.item.restricted
    return {
        "item": _item(feature.item),
        "horizon": feature.horizon,
        "status": feature.status if shown else None,
        "level": feature.item.level,
        "why": (feature.why or None) if shown else None,
        "must": feature.must,
        "done": feature.done,
        "total": feature.total,
        "due": day(feature.item.due),
        "p50": day(feature.p50),
        "p85": day(feature.p85),
        "probability": feature.probability,
        "withheld": feature.withheld or None,
        "releases": list(feature.releases),
        "customers": _signal(feature.customers) if shown else None,
    }


def _signal(signal: CustomerSignal | None) -> Json | None:
    if signal is None:
        return None
    return {
        "customers": signal.customers,
        "requests": signal.requests,
        "weight": signal.weight,
        "first_asked": day(signal.first_asked),
        "unanswered": signal.unanswered,
        "oldest_unanswered_days": signal.oldest_unanswered,
    }


def _loop(loop: ClosedLoop | None) -> Json | None:
    if loop is None:
        return None
    return {
        "features": loop.features,
        "requesters": loop.requesters,
        "told": loop.told,
        "share": loop.share,
    }


def _flow(flow: FeatureFlow) -> Json:
    return {
        "finished": flow.finished,
        "cycle_p50": flow.cycle_p50,
        "cycle_p85": flow.cycle_p85,
        "weeks": flow.weeks,
        "features": flow.features,
        "bugs": flow.bugs,
        "others": flow.others,
    }


def _after(after: AfterRelease) -> Json:
    return {
        "name": after.name,
        "released": day(after.released),
        "days": after.days,
        "reopened": _items(after.reopened),
        "bugs": _items(after.bugs),
    }


def _benefit(benefit: BenefitCheck) -> Json:
    return {
        "name": benefit.name,
        "baseline": benefit.baseline,
        "now": benefit.now,
        "target": benefit.target,
        "due": day(benefit.due),
        "reached": benefit.reached,
    }
