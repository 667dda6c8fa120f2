"""The risk rules on what is late, circular or cancelled: DEP-2, 3, 4 and 6 (rollup.md 2.7).

A dependency belongs to its waiting end; what delays it is its root.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from syncer.domain.item import WorkItem
from syncer.domain.report import DependencyFinding, Evidence, ItemMention, Risk
from syncer.rollup.risks.detected import (
    Size,
    counted,
    first_owner,
    items_level,
    items_scope,
    make_risk,
    named,
)
from syncer.rollup.risks.scoring import DEFAULTS, ScoringThresholds, impact_bucket
from syncer.rollup.view import View
from syncer.rollup.work.dependencies import Dependencies

_CYCLE: Final = Size(5, 4)
_WITHDRAWN: Final = Size(3, 2)
_UNSURE, _DATED, _FIXED = 3, 4, 5
_NAMES_SHOWN: Final = 5


def dependency_risks(
    findings: Sequence[DependencyFinding],
    view: View,
    must_projects: frozenset[str],
    *,
    promised: frozenset[str] = frozenset(),
    scoring: ScoringThresholds = DEFAULTS,
) -> list[Risk]:
    """DEP-2 and DEP-3: predecessors that come after they are needed.

    `must_projects` are those in which delay weighs more, by key; `promised` the uids of items
    that a contract speaks of.
    """
    return [
        _late(f, must=f.must or f.project in must_projects, promised=promised, view=view,
              scoring=scoring)
        for f in findings
        if is_late(f)
    ]  # fmt: skip


def is_late(finding: DependencyFinding) -> bool:
    """Whether the predecessor comes after it is needed, as far as both are known."""
    return finding.lateness is not None and finding.lateness >= 1


def lateness_rule(finding: DependencyFinding) -> str:
    """The rule of a late predecessor: over one edge or over several."""
    return "DEP-3" if finding.hops > 1 else "DEP-2"


def _late(
    finding: DependencyFinding,
    *,
    must: bool,
    promised: frozenset[str],
    view: View,
    scoring: ScoringThresholds,
) -> Risk:
    root, waiting = (view.tree.by_uid[m.uid] for m in (finding.root, finding.waiting))
    level = items_level(view, (root, waiting), finding.project)
    late = finding.lateness or 0
    days = counted(late, "working day")
    chain = (finding.root, finding.predecessor, finding.waiting)
    weighs_more = must or finding.waiting.uid in promised
    impact = impact_bucket(late, must=weighs_more, thresholds=scoring)
    return make_risk(
        lateness_rule(finding),
        items_scope(view, (root, waiting), finding.project),
        f"{named(finding.root)} comes {days} too late for {named(finding.waiting)}",
        size=(_probability(finding, view, promised), impact),
        subjects=(finding.predecessor, finding.waiting),
        evidence=[
            Evidence(
                label="lateness",
                value=days,
                formula="working days from need-by to expected; from 1",
                items=tuple(dict.fromkeys(m.uid for m in chain)),
            )
        ],
        scoring=scoring,
        projects=(finding.project,) if finding.project else (),
        owner=_owner(root, finding.project, view),
        level=level,
        root=finding.root,
        proximity=finding.need_by,
    )


def _probability(finding: DependencyFinding, view: View, promised: frozenset[str]) -> int:
    """A promised date that is too late is likely late; a chain or a forecast is less sure.

    What a contract or somebody outside has fixed does not move for our sake.
    """
    if finding.hops > 1 or finding.predecessor.due is None:
        return _UNSURE
    project = view.projects.get(finding.predecessor.project)
    fixed = project is not None and (project.contractual or project.external)
    return _FIXED if fixed or finding.predecessor.uid in promised else _DATED


def _owner(root: WorkItem, waiting_project: str, view: View) -> str:
    """Who can do something about it: the root's assignee, else its project's owner."""
    people = [] if root.restricted else [a.name for a in root.assignees if a.name and not a.bot]
    if people:
        return people[0]
    return first_owner(view, (view.homes.get(root.uid, ""), waiting_project))


def _names(mentions: Sequence[ItemMention]) -> str:
    shown = [m.key for m in mentions if not m.restricted][:_NAMES_SHOWN]
    more = len(mentions) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more and shown else "")


def cycle_risks(
    dependencies: Dependencies, view: View, *, scoring: ScoringThresholds = DEFAULTS
) -> list[Risk]:
    """DEP-4: items that wait for each other in a circle, each circle once."""
    return [_cycle(cycle, view, scoring) for cycle in dependencies.cycles]


def _cycle(cycle: Sequence[str], view: View, scoring: ScoringThresholds) -> Risk:
    items = [view.tree.by_uid[uid] for uid in cycle]
    homes = dict.fromkeys(view.homes[uid] for uid in cycle if uid in view.homes)
    projects = tuple(homes)
    home = projects[0] if projects else ""
    level = items_level(view, items, home)
    mentions = [view.mention(item) for item in items]
    names = _names(mentions)
    return make_risk(
        "DEP-4",
        items_scope(view, items, home),
        f"{len(items)} items wait for each other in a circle{f' ({names})' if names else ''}",
        size=_CYCLE,
        subjects=mentions,
        evidence=[
            Evidence(
                label="cycle",
                value=names,
                formula="open items that wait for each other",
                items=tuple(cycle),
            )
        ],
        scoring=scoring,
        projects=projects,
        owner=first_owner(view, projects),
        level=level,
        root=mentions[0],
    )


def withdrawn_risks(
    dependencies: Dependencies, view: View, *, scoring: ScoringThresholds = DEFAULTS
) -> list[Risk]:
    """DEP-6: open items whose predecessor was cancelled."""
    pairs = dependencies.cancelled_predecessors()
    return [_withdrawn(gone, waiting, view=view, scoring=scoring) for gone, waiting in pairs]


def _withdrawn(
    gone: WorkItem, waiting: WorkItem, *, view: View, scoring: ScoringThresholds
) -> Risk:
    home = view.homes.get(waiting.uid, "")
    level = items_level(view, (gone, waiting), home)
    predecessor, mention = view.mention(gone), view.mention(waiting)
    shown = "restricted item" if gone.restricted else gone.key
    return make_risk(
        "DEP-6",
        items_scope(view, (gone, waiting), home),
        f"{named(mention)} waits for cancelled {named(predecessor)}",
        size=_WITHDRAWN,
        subjects=(predecessor, mention),
        evidence=[
            Evidence(
                label="cancelled",
                value=shown,
                formula="a cancelled predecessor of an open item",
                items=(gone.uid,),
            )
        ],
        scoring=scoring,
        projects=(home,) if home else (),
        owner=first_owner(view, (home,)),
        level=level,
        root=predecessor,
    )
