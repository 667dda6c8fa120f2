"""The product manager's view of each product, put together (digest.md 4.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from syncer.domain.product import ProductView
from syncer.domain.report import DependencyFinding, GroupResult
from syncer.rollup.group_result import Members
from syncer.rollup.inputs import RollupInputs
from syncer.rollup.product.after import after_releases, benefit_checks
from syncer.rollup.product.customers import Askers
from syncer.rollup.product.feature_flow import feature_flow
from syncer.rollup.product.incoming import incoming
from syncer.rollup.product.releases import release_checks
from syncer.rollup.product.roadmap import roadmap
from syncer.rollup.product.work import ProductWork
from syncer.rollup.view import View


def with_views(
    results: Sequence[GroupResult],
    members: Members,
    view: View,
    *,
    findings: Sequence[DependencyFinding],
    inputs: RollupInputs,
) -> tuple[GroupResult, ...]:
    """The results of the products, each with its view; in their order."""
    works = (ProductWork(product, view) for product in view.portfolio.products)
    return tuple(
        replace(
            result, product=product_view(work, result, members, findings=findings, inputs=inputs)
        )
        for result, work in zip(results, works, strict=True)
    )


def product_view(
    work: ProductWork,
    result: GroupResult,
    members: Members,
    *,
    findings: Sequence[DependencyFinding],
    inputs: RollupInputs,
) -> ProductView:
    """Everything that a product manager asks of one product."""
    waits, askers = incoming(work, findings), Askers(work, inputs.changes)
    return ProductView(
        roadmap=roadmap(work, members, askers),
        releases=release_checks(work, members, waits, target=result.target),
        customers=askers.signal_of(work.items),
        loop=askers.loop(),
        flow=feature_flow(work),
        incoming=waits,
        after=after_releases(work, inputs.changes),
        benefits=benefit_checks(work.product.benefits),
    )
