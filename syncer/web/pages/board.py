"""The dependency board: who waits for whom, how late, and what hangs on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from syncer.domain.report import DependencyFinding, Risk, Snapshot
from syncer.web.pages.context import Link, PageContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One dependency; `root` None where the predecessor is the root itself.

    `lateness` in working days, None where an end has no date; `blast` counts the projects that
    wait for the root, directly or through others.
    """

    finding: DependencyFinding
    waiting: Link
    predecessor: Link
    root: Link | None
    waiting_project: Link
    predecessor_project: Link
    blast: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """One project waits for another: edges, late ones, and the worst lateness in working days."""

    waiting: Link
    awaited: Link
    edges: int
    late: int
    worst: int | None


def findings_of(projects: Collection[str], page: PageContext) -> Sequence[DependencyFinding]:
    """Dependencies with either end in these projects, the latest first, undated last."""
    found = [
        edge
        for edge in _all(page.current.pair.current)
        if edge.project in projects or edge.predecessor.project in projects
        if all(map(page.digest.shown.may_count, (edge.root, edge.predecessor, edge.waiting)))
    ]
    return sorted(found, key=_latest_first)


def _all(snapshot: Snapshot) -> Sequence[DependencyFinding]:
    return [edge for project in snapshot.projects for edge in project.dependencies]


def _latest_first(edge: DependencyFinding) -> tuple[bool, int, str, str]:
    late = edge.lateness
    return (late is None, -(late or 0), edge.waiting.uid, edge.predecessor.uid)


def board(projects: Collection[str], page: PageContext) -> list[Edge]:
    """The dependencies of these projects as rows."""
    hit: dict[str, set[str]] = defaultdict(set)
    for edge in _all(page.current.pair.current):
        hit[edge.root.uid].add(edge.project)
    return [
        Edge(
            finding=edge,
            waiting=page.item(edge.waiting),
            predecessor=page.item(edge.predecessor),
            root=page.item(edge.root) if edge.root.uid != edge.predecessor.uid else None,
            waiting_project=page.project(edge.project),
            predecessor_project=page.project(edge.predecessor.project),
            blast=len(hit[edge.root.uid]),
        )
        for edge in findings_of(projects, page)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Knot:
    """A risk about the ends of dependencies: a cycle, or an end that nobody can see."""

    risk: Risk
    items: Sequence[Link]


def cycles(projects: Collection[str], page: PageContext) -> list[Knot]:
    """The sets of items that wait for each other in a circle: none of them can begin."""
    return _knots("DEP-4", projects, page)


def unseen_ends(projects: Collection[str], page: PageContext) -> list[Knot]:
    """What is waited for though it lies where nobody can see it: unsynced, stale or restricted."""
    return _knots("DEP-7", projects, page)


def _knots(rule: str, projects: Collection[str], page: PageContext) -> list[Knot]:
    shown, every = page.digest.shown, page.current.pair.current.unmerged
    mine = (
        risk
        for risk in every
        if risk.rule == rule and any(key in projects for key in risk.projects)
    )
    return [
        Knot(risk=risk, items=[page.item(one) for one in risk.subjects])
        for risk in mine
        if shown.may_tell(risk)
    ]


def waits(projects: Collection[str], page: PageContext) -> list[Wait]:
    """Who waits for whom, the worst first; dependencies inside one project are its own business."""
    pairs: dict[tuple[str, str], list[DependencyFinding]] = defaultdict(list)
    for edge in findings_of(projects, page):
        if edge.project != edge.predecessor.project:
            pairs[edge.project, edge.predecessor.project].append(edge)
    found = [_wait(pair, edges, page) for pair, edges in pairs.items()]
    return sorted(found, key=lambda one: (-(one.worst or 0), one.waiting.label, one.awaited.label))


def _wait(pair: tuple[str, str], edges: Sequence[DependencyFinding], page: PageContext) -> Wait:
    lateness = [edge.lateness for edge in edges if edge.lateness is not None]
    return Wait(
        waiting=page.project(pair[0]),
        awaited=page.project(pair[1]),
        edges=len(edges),
        late=sum(days >= 1 for days in lateness),
        worst=max(lateness, default=None),
    )
