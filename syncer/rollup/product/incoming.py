"""What a product owes programs and waits for: its dependencies beyond itself (digest.md 4.4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from syncer.domain.portfolio import Product, Program
from syncer.domain.product import Wait
from syncer.domain.report import DependencyFinding
from syncer.rollup.product.work import ProductWork
from syncer.rollup.view import View


def incoming(work: ProductWork, findings: Sequence[DependencyFinding]) -> tuple[Wait, ...]:
    """Every open dependency with one end in the product, the latest first, undated ones last."""
    return tuple(sorted(_found(work, findings), key=_latest_first))


def _found(work: ProductWork, findings: Sequence[DependencyFinding]) -> Iterator[Wait]:
    mine = set(work.keys)
    for edge in findings:
        waits, blocks = edge.project in mine, edge.predecessor.project in mine
        if waits != blocks:
            ours, theirs = edge.waiting, edge.predecessor
            ours, theirs = (ours, theirs) if waits else (theirs, ours)
            partner, name = group_of(theirs.project, work.view)
            yield Wait(
                ours=ours,
                theirs=theirs,
                partner=partner,
                partner_name=name,
                blocks=blocks,
                lateness=edge.lateness,
                need_by=edge.need_by,
                eta=edge.eta,
                rules=edge.rules,
            )


def _latest_first(wait: Wait) -> tuple[bool, int, bool, str, str]:
    late = wait.lateness
    return late is None, -(late or 0), wait.blocks, wait.ours.uid, wait.theirs.uid


def group_of(project: str, view: View) -> tuple[str, str]:
    """Scope and name of the program that holds a project, else of its product, else its own."""
    held: list[Program | Product] = [*view.programs_of.get(project, ())]
    held += view.products_of.get(project, ())
    if held:
        return held[0].scope, held[0].name
    known = view.projects.get(project)
    return (known.scope, known.name) if known else ("", "work of no project")
