"""For program and product managers: who waits for whom, and how late (section 4.3 in brief)."""

from __future__ import annotations

from syncer.domain.evidence import Backing
from syncer.domain.report import DependencyFinding
from syncer.publish.audience import Lens
from syncer.publish.digest.backing import edge_evidence
from syncer.publish.digest.context import Context
from syncer.publish.digest.model import Claim
from syncer.publish.digest.wording import days

MOST = 4


def dependencies(context: Context) -> tuple[Claim, ...]:
    """The latest dependencies into or out of this audience's projects; none for executives."""
    if context.view.lens is Lens.EXECUTIVE:
        return ()
    mine = {project.key for project in context.projects}
    late = [
        edge
        for project in context.snapshot.projects
        for edge in context.edges(project)
        if mine & {project.key, edge.predecessor.project}
    ]
    late.sort(key=lambda edge: (-(edge.lateness or 0), edge.waiting.uid, edge.root.uid))
    return tuple(_claim(edge, context) for edge in late[:MOST])


def _claim(edge: DependencyFinding, context: Context) -> Claim:
    waiting = context.shown.label(edge.waiting, 50)
    before = context.shown.label(edge.predecessor, 50)
    source = context.place(edge.predecessor.project)
    text = (
        f"{context.place(edge.project)}: {waiting} waits for {before} ({source}), "
        f"{days(edge.lateness or 0)} late."
    )
    return Claim(text=text, kind="dependency", evidence=Backing(edge_evidence(edge, context)))
