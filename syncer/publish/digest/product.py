"""For product managers: is it ready, what will not make it, who waits (section 4.4 in brief)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from syncer.domain.evidence import Backing
from syncer.domain.mention import ItemMention
from syncer.domain.product import (
    AfterRelease,
    FeatureFlow,
    Horizon,
    ProductView,
    ReleaseCheck,
    RoadmapFeature,
)
from syncer.domain.report import Evidence, GroupResult
from syncer.publish.audience import Lens
from syncer.publish.digest.context import Context
from syncer.publish.digest.model import Claim
from syncer.publish.digest.wording import counted, day, days, first_words, listed, sentence
from syncer.rollup.display import show_probability
from syncer.rollup.product.feature_flow import hundredths
from syncer.rollup.product.readiness import verdict_line
from syncer.rollup.tolerance import round_half_up

_LONGEST: Final = 36
_POINTS: Final = 4
_FEATURES: Final = 3
_SAFE: Final = 0.85
_RECENT: Final = timedelta(days=90)
_CHECKLIST: Final = "READY: nothing open; CONDITIONAL: only gates waived or no must; else NOT READY"


@dataclass(frozen=True, slots=True)
class _Product:
    """One product of the edition; `name` stands before each sentence where there are several."""

    group: GroupResult
    view: ProductView
    context: Context
    name: str

    def claim(self, kind: str, text: str, *evidence: Evidence) -> Claim:
        """A sentence about the product."""
        told = self.context.shown.text(f"{self.name}{text}", 300)
        first, *more = self.context.shown.evidence(evidence)
        return Claim(
            text=first_words(sentence(told), _LONGEST), kind=kind, evidence=Backing(first, *more)
        )

    def label(self, what: str) -> str:
        """What a piece of evidence is about."""
        return f"{self.context.name(self.group)}: {what}"

    def day(self, when: date) -> str:
        """A date as the edition writes it."""
        return day(when, today=self.context.today)

    def keys(self, items: tuple[ItemMention, ...]) -> tuple[str, ...]:
        """The keys of items that this audience may read."""
        shown = self.context.shown
        return tuple(shown.item(one).key for one in items if shown.may_name(one))


def product_claims(context: Context) -> tuple[Claim, ...]:
    """Readiness of every product first, then what follows from it; nothing for other lenses."""
    if context.view.lens is not Lens.PRODUCT:
        return ()
    viewed = [(group, group.product) for group in context.groups if group.product is not None]
    several = len(viewed) > 1
    products = [
        _Product(group, view, context, f"{context.short(group.scope)}: " if several else "")
        for group, view in viewed
    ]
    parts: tuple[Callable[[_Product], Iterator[Claim]], ...] = (
        _readiness, _at_risk, _after, _customers, _flow,
    )  # fmt: skip
    return tuple(claim for part in parts for product in products for claim in part(product))


# --- readiness -----------------------------------------------------------------------------------


def _next_release(view: ProductView) -> ReleaseCheck | None:
    """The release that ships next; one without a date last."""
    coming = [one for one in view.releases if one.released is None]
    return min(coming, key=lambda one: one.on or date.max, default=None)


def _readiness(product: _Product) -> Iterator[Claim]:
    release = _next_release(product.view)
    if release is None:
        nothing = Evidence(
            label=product.label("releases"),
            value="none to come is configured",
            formula=_CHECKLIST,
        )
        yield product.claim("readiness", "no release is configured to be ready", nothing)
        return
    on = f", {product.day(release.on)}" if release.on else ""
    points = list(_told_points(release))
    more = len(points) - _POINTS
    shown = points[:_POINTS] + ([f"{more} more"] if more > 0 else [])
    why = f": {'; '.join(shown)}" if shown else ""
    text = f"{release.name}{on} is {verdict_line(release)}{why}"
    yield product.claim("readiness", text, *_checklist(product, release))


def _told_points(release: ReleaseCheck) -> Iterator[str]:
    """What is open, the gates by name; how many must features are done says the verdict."""
    told_by_verdict = {"must"} if release.must.total else set()
    gates = [point for point in release.points if point.kind == "gate"]
    rest = (p for p in release.points if p.kind not in told_by_verdict | {"gate"})
    yield from (point.text for point in rest)
    for title, waivable in (("gates open", False), ("may stay open", True)):
        names = [one.text.partition(":")[0] for one in gates if one.waivable is waivable]
        if names:
            yield f"{title}: {', '.join(names)}"


def _checklist(product: _Product, release: ReleaseCheck) -> Iterator[Evidence]:
    must, on = release.must, release.on.isoformat() if release.on else "no date"
    bugs = counted(len(release.must_fix), "must-fix bug")
    ready = [gate.function.value for gate in release.gates if gate.state.value == "ready"]
    chance = release.probability
    yield Evidence(
        label=product.label(f"{release.name}, {on}"),
        value=str(release.verdict),
        formula=_CHECKLIST,
        inputs=tuple(point.text for point in release.points),
    )
    yield Evidence(
        label="Must features and must-fix bugs",
        value=f"{must.done} of {must.total} done, {must.cancelled} cancelled; {bugs} open",
        items=product.keys((*must.open, *release.must_fix)),
    )
    yield Evidence(label="Gates that are ready", value=", ".join(ready) or "none")
    yield Evidence(
        label="Chance of the release date",
        value=show_probability(chance) if chance is not None else release.withheld or "not known",
        formula=f"{show_probability(_SAFE)} needed",
    )
    points = list(_told_points(release))
    told = f"{len(release.points)}; of {len(points)} parts {max(0, len(points) - _POINTS)} more"
    yield Evidence(label="Open points", value=told)


# --- which features will not make it -------------------------------------------------------------


def _at_risk(product: _Product) -> Iterator[Claim]:
    """Open features whose safe date lies after the release that they belong to."""
    release = _next_release(product.view)
    on = release.on if release else product.group.target
    opened = [one for one in _open(product) if release is None or release.name in one.releases]
    if on is None or not opened:
        return
    formula = "safe: done with 85 % chance, after all features ranked before it"
    withheld = next((one.withheld for one in opened if one.withheld), "")
    label = product.label(f"{counted(len(opened), 'open feature')} by {on.isoformat()}")
    if withheld:
        backing = Evidence(label=label, value=withheld, formula=formula)
        yield product.claim("features", f"no feature has a safe date: {withheld}", backing)
        return
    late = [one for one in opened if one.p85 is None or one.p85 > on]
    backing = Evidence(
        label=label,
        value=f"{len(late)} not safe",
        formula=formula,
        items=product.keys(tuple(one.item for one in late)),
        inputs=tuple(_safe(one, product) for one in late[:_FEATURES])
        + ((f"{len(late) - _FEATURES} more",) if len(late) > _FEATURES else ()),
    )
    yield product.claim("features", _at_risk_text(late, len(opened), on, product=product), backing)


def _open(product: _Product) -> list[RoadmapFeature]:
    may_count = product.context.shown.may_count
    features = product.view.roadmap
    return [one for one in features if one.horizon is not Horizon.DONE and may_count(one.item)]


def _at_risk_text(late: list[RoadmapFeature], opened: int, on: date, *, product: _Product) -> str:
    if not late:
        return f"{_every(opened)} safe by {product.day(on)}"
    named = [_safe(one, product) for one in late[:_FEATURES]]
    more = [f"{len(late) - _FEATURES} more"] if len(late) > _FEATURES else []
    return f"not safe by {product.day(on)}: {listed(named + more)}"


def _every(count: int) -> str:
    return "the only open feature is" if count == 1 else f"all {count} open features are"


def _safe(feature: RoadmapFeature, product: _Product) -> str:
    when = product.day(feature.p85) if feature.p85 else "beyond 2 years"
    return f"{product.context.shown.label(feature.item, 40)} ({when})"


# --- after a release, customers, flow ------------------------------------------------------------


def _after(product: _Product) -> Iterator[Claim]:
    for one in product.view.after:
        if product.context.today - one.released <= _RECENT:
            yield _after_claim(one, product)


def _after_claim(one: AfterRelease, product: _Product) -> Claim:
    bugs = counted(len(one.bugs), "new bug")
    came = f"{len(one.reopened)} reopened, {bugs} in {days(one.days)}"
    backing = Evidence(
        label=product.label(f"{one.name}, shipped {one.released.isoformat()}"),
        value=came,
        formula="items reopened since; bugs created in the first 30 days",
        items=product.keys((*one.reopened, *one.bugs)),
    )
    return product.claim("after", f"{one.name} of {product.day(one.released)}: {came}", backing)


def _customers(product: _Product) -> Iterator[Claim]:
    signal, loop = product.view.customers, product.view.loop
    if signal is None:
        unknown = Evidence(label=product.label("customers"), value="no mark of customers is known")
        yield product.claim("customers", "nobody has said how customers are marked", unknown)
        return
    who, asks = counted(signal.customers, "customer"), counted(signal.requests, "request")
    text = f"{who}, {asks}"
    if signal.oldest_unanswered is not None:
        text += f", {signal.unanswered} unanswered, the oldest for {days(signal.oldest_unanswered)}"
    backing = [
        Evidence(
            label=product.label("customers"),
            value=text,
            formula="distinct customers; a request is one item that one customer asked for",
        )
    ]
    if loop is not None and loop.share is not None:
        share = f"{round_half_up(100 * loop.share)} %"
        text += f"; {share} of those whose wish shipped were told"
        counts = f"{loop.told} of {loop.requesters} told = {share}"
        backing.append(Evidence(label=product.label("closed loop"), value=counts))
    yield product.claim("customers", text, *backing)


def _flow(product: _Product) -> Iterator[Claim]:
    flow = product.view.flow
    shares = hundredths((flow.features, flow.bugs, flow.others))
    parts = list(_flow_parts(flow, shares))
    if parts:
        backing = Evidence(
            label=product.label("flow of features"),
            value="; ".join(parts),
            formula=f"{flow.features} of features, {flow.bugs} bugs and {flow.others} others done",
        )
        yield product.claim("flow", "; ".join(parts), backing)


def _flow_parts(flow: FeatureFlow, shares: tuple[int, ...]) -> Iterator[str]:
    if flow.cycle_p50 is not None and flow.cycle_p85 is not None:
        yield f"features take {days(flow.cycle_p50)}, 85 % at most {flow.cycle_p85}"
    if flow.total:
        weeks = counted(flow.weeks, "week")
        yield (f"work of {weeks}: {shares[0]} % features, {shares[1]} % bugs, {shares[2]} % other")
