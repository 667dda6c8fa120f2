"""The product manager's part of a product's page (digest.md 4.4), as far as it may be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from syncer.domain.mention import ItemMention
from syncer.domain.product import (
    AfterRelease,
    BenefitCheck,
    GateCheck,
    ProductView,
    ReleaseCheck,
    RoadmapFeature,
    Wait,
)
from syncer.publish.digest.tracker_text import clean
from syncer.rollup.product.feature_flow import hundredths
from syncer.rollup.product.readiness import verdict_line, wait_line
from syncer.web.pages.context import Link, PageContext, scope_href

_MARKS = {"READY": "green", "CONDITIONAL": "amber", "NOT READY": "red"}


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRow:
    """One gate with the item that decides it, where one does."""

    gate: GateCheck
    item: Link | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitRow:
    """A dependency beyond the product, with both ends as they may be shown."""

    wait: Wait
    line: str
    ours: Link
    theirs: Link
    partner: Link


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRow:
    """A release with its checklist; `mark` is the colour of its verdict."""

    release: ReleaseCheck
    line: str
    mark: str
    gates: Sequence[GateRow]
    must_open: Sequence[Link]
    must_fix: Sequence[Link]
    waits: Sequence[WaitRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureRow:
    """A feature of the roadmap; of a restricted one nothing but its dates."""

    feature: RoadmapFeature
    item: Link


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterRow:
    """What came back after a release."""

    after: AfterRelease
    reopened: Sequence[Link]
    bugs: Sequence[Link]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductPart:
    """Everything that the page shows of a product beside what every group shows.

    `shares` are the parts of the throughput (features, bugs, others) in per cent, 100 in all.
    """

    view: ProductView
    releases: Sequence[ReleaseRow]
    roadmap: Sequence[FeatureRow]
    shares: tuple[int, ...]
    incoming: Sequence[WaitRow]
    after: Sequence[AfterRow]
    benefits: Sequence[BenefitCheck]


def product_part(view: ProductView, page: PageContext) -> ProductPart:
    """The view with links, without what these pages may not show."""
    flow = view.flow
    return ProductPart(
        view=view,
        releases=[_release(one, page) for one in view.releases],
        roadmap=[
            FeatureRow(feature=_bare(one), item=page.item(one.item))
            for one in view.roadmap
            if page.digest.shown.may_count(one.item)
        ],
        shares=hundredths((flow.features, flow.bugs, flow.others)),
        incoming=_waits(view.incoming, page),
        after=[_after(one, page) for one in view.after],
        benefits=view.benefits,
    )


def _bare(feature: RoadmapFeature) -> RoadmapFeature:
    """A restricted feature without what others said of it."""
    return replace(feature, why="", customers=None) if feature.item.restricted else feature


def _links(items: Sequence[ItemMention], page: PageContext) -> list[Link]:
    return [page.item(one) for one in items if page.digest.shown.may_count(one)]


def _release(release: ReleaseCheck, page: PageContext) -> ReleaseRow:
    return ReleaseRow(
        release=release,
        line=verdict_line(release),
        mark=_MARKS[release.verdict],
        gates=[
            GateRow(gate=gate, item=page.item(gate.item) if gate.item else None)
            for gate in release.gates
        ],
        must_open=_links(release.must.open, page),
        must_fix=_links(release.must_fix, page),
        waits=_waits(release.waits, page),
    )


def _waits(waits: Sequence[Wait], page: PageContext) -> list[WaitRow]:
    may_count = page.digest.shown.may_count
    return [
        WaitRow(
            wait=wait,
            line=wait_line(wait),
            ours=page.item(wait.ours),
            theirs=page.item(wait.theirs),
            partner=Link(
                label=clean(wait.partner_name, 80),
                href=scope_href(wait.partner) if wait.partner else "",
            ),
        )
        for wait in waits
        if may_count(wait.ours) and may_count(wait.theirs)
    ]


def _after(after: AfterRelease, page: PageContext) -> AfterRow:
    return AfterRow(
        after=after, reopened=_links(after.reopened, page), bugs=_links(after.bugs, page)
    )
