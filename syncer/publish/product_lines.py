"""The product manager's view in lines of text, as `why prod:KEY` tells it (digest.md 4.4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from syncer.domain.mention import ItemMention
from syncer.domain.product import (
    GateCheck,
    Horizon,
    ProductView,
    ReleaseCheck,
    RoadmapFeature,
    Wait,
)
from syncer.domain.release import GateState
from syncer.publish.digest.context import Context
from syncer.publish.digest.wording import counted, day, days, span
from syncer.rollup.display import show_probability
from syncer.rollup.product.feature_flow import hundredths
from syncer.rollup.product.readiness import verdict_line, wait_line
from syncer.rollup.tolerance import round_half_up

Section = tuple[str, Sequence[str]]


def sections(view: ProductView, context: Context) -> Iterator[Section]:
    """Title and lines of each part; a part of which nothing is known says so."""
    readers = _Words(context)
    yield "Release readiness", _readiness(view, readers)
    shown = [one for one in view.roadmap if context.shown.may_count(one.item)]
    yield "Roadmap", [readers.feature(one) for one in shown]
    yield "Customers", list(_customers(view))
    yield "Flow of features", list(_flow(view))
    yield "From and to programs", [readers.wait(one) for one in readers.countable(view.incoming)]
    yield "After release", list(readers.after(view))


def _readiness(view: ProductView, words: _Words) -> list[str]:
    lines = [line for one in view.releases for line in words.release(one)]
    return lines or ["no release is configured: nobody can say whether it is ready"]


class _Words:
    """Words of one reader's edition: names as far as they may be told."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def _name(self, item: ItemMention) -> str:
        shown = self._context.shown.item(item)
        return f"{shown.key} {shown.label}".strip()

    def countable(self, waits: Sequence[Wait]) -> list[Wait]:
        """The waits of which both ends may be counted."""
        may = self._context.shown.may_count
        return [wait for wait in waits if may(wait.ours) and may(wait.theirs)]

    def _items(self, items: Sequence[ItemMention]) -> str:
        countable = filter(self._context.shown.may_count, items)
        return "; ".join(self._name(one) for one in countable)

    def release(self, release: ReleaseCheck) -> Iterator[str]:
        """The verdict and every line of the checklist."""
        today, must = self._context.today, release.must
        on = f", {day(release.on, today=today)}" if release.on else ", no date"
        yield f"{self._context.shown.text(release.name)}{on}: {verdict_line(release)}"
        for point in release.points:
            waivable = " (may stay open)" if point.waivable else ""
            yield f"  open: {self._context.shown.text(point.text)}{waivable}"
        counts = f"{must.done} of {must.total} done" if must.total else "not known"
        left = f"; open: {self._items(must.open)}" if must.open else ""
        yield f"  must features: {counts}{left}"
        yield f"  must-fix bugs: {self._items(release.must_fix) or 'none open'}"
        yield from (f"  {self._gate(gate)}" for gate in release.gates)
        chance = release.probability
        shown = show_probability(chance) if chance is not None else release.withheld or "not known"
        yield f"  chance of the date: {shown}; {show_probability(0.85)} needed"

    def _gate(self, gate: GateCheck) -> str:
        tell = self._context.shown.text
        why = f" ({tell(gate.reason)})" if gate.reason and gate.state is GateState.WAIVED else ""
        return f"{gate.function}: {tell(gate.why)}{why}{'' if gate.must else ' [no must]'}"

    def feature(self, feature: RoadmapFeature) -> str:
        """One feature in one line."""
        today = self._context.today
        must = " [must]" if feature.must else ""
        parts = [f"{feature.horizon}: {self._name(feature.item)}{must}"]
        parts.append(f"{feature.done} of {feature.total}")
        if feature.p50 or feature.p85:
            parts.append(span(feature.p50, feature.p85, today=today))
        elif feature.horizon is not Horizon.DONE:
            parts.append(feature.withheld or "beyond 2 years")
        parts += feature.releases
        if feature.customers is not None and not feature.item.restricted:
            parts.append(counted(feature.customers.customers, "customer"))
        return self._context.shown.text(", ".join(parts), 300)

    def wait(self, wait: Wait) -> str:
        """One dependency beyond the product."""
        return f"{self._name(wait.ours)} {wait_line(wait)}: {self._name(wait.theirs)}"

    def after(self, view: ProductView) -> Iterator[str]:
        """What came back after each release, and each benefit against its target."""
        for one in view.after:
            on = day(one.released, today=self._context.today)
            came = f"{len(one.reopened)} reopened, {counted(len(one.bugs), 'new bug')}"
            yield f"{one.name}, {on}: {came}, {one.days} of 30 days"
        for benefit in view.benefits:
            state = {True: "reached", False: "not reached", None: "not known"}[benefit.reached]
            now, target = _number(benefit.now), _number(benefit.target)
            yield f"{benefit.name}: {now} of {target}, {state}"


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:g}"


def _customers(view: ProductView) -> Iterator[str]:
    signal, loop = view.customers, view.loop
    if signal is None:
        yield "nobody has said how customers are marked"
        return
    worth = f", worth {signal.weight:g}" if signal.weight is not None else ""
    asks = counted(signal.requests, "request")
    yield f"{counted(signal.customers, 'customer')}{worth}, {asks}, {signal.unanswered} unanswered"
    if signal.oldest_unanswered is not None:
        yield f"the oldest unanswered for {days(signal.oldest_unanswered)}"
    if loop is not None and loop.requesters:
        told = "nothing says who" if loop.told is None else f"{loop.told} of {loop.requesters}"
        share = "" if loop.share is None else f" ({round_half_up(100 * loop.share)} %)"
        yield f"of those whose wish shipped were told: {told}{share}"


def _flow(view: ProductView) -> Iterator[str]:
    flow = view.flow
    if flow.cycle_p50 is not None:
        times = f"{flow.cycle_p50} to {flow.cycle_p85} days (half and 85 %)"
        yield f"cycle time of {counted(flow.finished, 'feature')}: {times}"
    if flow.total:
        shares = hundredths((flow.features, flow.bugs, flow.others))
        parts = f"{shares[0]} % features, {shares[1]} % bugs, {shares[2]} % other"
        yield f"{counted(flow.total, 'item')} in {flow.weeks} weeks: {parts}"
