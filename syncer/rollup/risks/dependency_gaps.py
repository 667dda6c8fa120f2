"""The risk rules on what nobody knows of dependencies: DEP-1, 5, 7 and 8 (rollup.md 2.7).

DEP-1 is information and no risk: `ruled` notes it on the finding, with every rule that fires.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, NamedTuple

import networkx as nx

from syncer.domain.item import ItemState, WorkItem
from syncer.domain.report import DependencyFinding, Evidence, ItemMention, Risk
from syncer.domain.verdict import VerdictLevel
from syncer.rollup.risks.dependency_detectors import is_late, lateness_rule
from syncer.rollup.risks.detected import (
    Size,
    counted,
    first_owner,
    items_level,
    items_scope,
    make_risk,
    named,
)
from syncer.rollup.risks.scoring import DEFAULTS, ScoringThresholds, risk_id
from syncer.rollup.rules import DetectorRules
from syncer.rollup.tolerance import above, round_half_up
from syncer.rollup.view import View
from syncer.rollup.work.dependencies import Dependencies

_SIZE: Final = Size(3, 2)
_SOMETHING: Final = "an item outside"
"""What is known by nothing but its web address, which no title needs."""
_SEVERAL: Final = "*"
"""Stands for the project of a chain that runs through several."""


def ruled(
    findings: Sequence[DependencyFinding], dependencies: Dependencies, rules: DetectorRules
) -> list[DependencyFinding]:
    """The same findings with the rules that fire on them, in the same order."""
    return [
        replace(finding, rules=tuple(_rules(finding, dependencies, rules))) for finding in findings
    ]


def _rules(
    finding: DependencyFinding, dependencies: Dependencies, rules: DetectorRules
) -> Iterator[str]:
    if is_late(finding):
        yield lateness_rule(finding)
    elif finding.predecessor.project != finding.project:
        yield "DEP-1"
    if _gap(finding, dependencies, rules):
        yield "DEP-5"


# --- DEP-5 ---------------------------------------------------------------------------------------


def _gap(finding: DependencyFinding, dependencies: Dependencies, rules: DetectorRules) -> str:
    """What a predecessor lacks that is needed soon; empty: nothing, or there is time.

    A date that only its own predecessors give it is nobody's promise.
    """
    view = dependencies.view
    soon = view.today + timedelta(days=rules.dep5_within_days)
    if finding.need_by is None or finding.need_by > soon:
        return ""
    item = view.tree.by_uid[finding.predecessor.uid]
    lacks = [] if item.assignees else ["owner"]
    lacks += ["date"] if dependencies.own_arrival(item) is None else []
    return " and no ".join(lacks)


def gap_risks(
    findings: Sequence[DependencyFinding],
    dependencies: Dependencies,
    rules: DetectorRules,
    *,
    scoring: ScoringThresholds = DEFAULTS,
) -> list[Risk]:
    """DEP-5: predecessors without owner or date though they are needed soon."""
    lacking = ((finding, _gap(finding, dependencies, rules)) for finding in findings)
    view = dependencies.view
    return [_lacking(f, gap, view, scoring=scoring) for f, gap in lacking if gap]


def _lacking(
    finding: DependencyFinding, gap: str, view: View, *, scoring: ScoringThresholds
) -> Risk:
    items = [view.tree.by_uid[m.uid] for m in (finding.predecessor, finding.waiting)]
    need = finding.need_by.isoformat() if finding.need_by else ""
    return make_risk(
        "DEP-5",
        items_scope(view, items, finding.project),
        f"{named(finding.predecessor)} has no {gap}, {named(finding.waiting)} needs it soon",
        size=_SIZE,
        subjects=(finding.predecessor, finding.waiting),
        evidence=[
            Evidence(
                label="needed by",
                value=need,
                formula=f"no {gap} of the predecessor, needed within the days looked ahead",
                items=tuple(item.uid for item in items),
            )
        ],
        scoring=scoring,
        projects=(finding.project,) if finding.project else (),
        owner=first_owner(view, (finding.predecessor.project, finding.project)),
        level=items_level(view, items, finding.project),
        root=finding.predecessor,
        proximity=finding.need_by,
    )


# --- DEP-7 ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Unseen:
    """Predecessors of which nobody knows anything new.

    `ages` are the hours since each container was last read, by `<connection>:<container>`; one
    that is missing was never read.
    """

    dependencies: Dependencies
    ages: Mapping[str, float]
    rules: DetectorRules
    scoring: ScoringThresholds = DEFAULTS

    @property
    def _view(self) -> View:
        return self.dependencies.view

    def risks(self) -> list[Risk]:
        """DEP-7, one for each such dependency of an open item."""
        by_uid = self._view.tree.by_uid
        found: list[Risk] = []
        for waiting, predecessors in sorted(self.dependencies.predecessors.items()):
            item = by_uid.get(waiting)
            for uid in predecessors if item is not None and item.is_open else ():
                why = self._why(by_uid.get(uid), item) if item is not None else ""
                if item is not None and why:
                    found.append(self._risk(uid, item, why))
        return found

    def _why(self, predecessor: WorkItem | None, waiting: WorkItem) -> str:
        """Why nothing is known; empty: it is known, or it is over."""
        if predecessor is None:
            return "it is not synced"
        if predecessor.state is ItemState.HIDDEN:
            return "it may not be read any more"
        if not predecessor.is_open or predecessor.container == waiting.container:
            return ""
        name = str(predecessor.container)
        age = self.ages.get(name)
        if age is None:
            return f"{name} was never read"
        if above(age, self.rules.dep7_source_hours):
            return f"{name} was last read {round_half_up(age)} hours ago"
        return ""

    def _mention(self, uid: str, waiting: WorkItem) -> ItemMention:
        known = self._view.tree.by_uid.get(uid)
        if known is not None:
            mention = self._view.mention(known)
            return replace(mention, restricted=True) if known.state is ItemState.HIDDEN else mention
        keys = (link.to_key or link.to.id for link in waiting.links if link.to.uid == uid)
        told = next(keys, uid)
        key = _SOMETHING if "://" in told else told
        return ItemMention(
            uid=uid, key=key, title=key, url="", project="", level=VerdictLevel.UNCLASSIFIED
        )

    def _risk(self, uid: str, item: WorkItem, why: str) -> Risk:
        view, home = self._view, self._view.homes.get(item.uid, "")
        root, mention = self._mention(uid, item), view.mention(item)
        known = view.tree.by_uid.get(uid)
        ends = [item] if known is None else [known, item]
        return make_risk(
            "DEP-7",
            items_scope(view, ends, home),
            f"{named(mention)} waits for {named(root)}, of which nothing is known",
            size=_SIZE,
            subjects=(root, mention),
            evidence=[
                Evidence(
                    label="unknown predecessor",
                    value=why,
                    formula=f"not synced, hidden, or last read more than "
                    f"{self.rules.dep7_source_hours:g} hours ago",
                    items=tuple(one.uid for one in ends),
                )
            ],
            scoring=self.scoring,
            projects=(home,) if home else (),
            owner=first_owner(view, (home,)),
            level=items_level(view, ends, home),
            root=root,
            proximity=self.dependencies.need_by(item),
        )


# --- DEP-8 ---------------------------------------------------------------------------------------


class Chain(NamedTuple):
    """A chain of open items that wait for each other, by its last one."""

    length: int
    uid: str
    before: Chain | None

    @property
    def uids(self) -> tuple[str, ...]:
        """Every item of it, the first one first."""
        found: list[str] = []
        link: Chain | None = self
        while link is not None:
            found.append(link.uid)
            link = link.before
        return tuple(reversed(found))


def _longer(one: Chain, other: Chain | None) -> Chain:
    if other is None or one.length != other.length:
        return one if other is None or one.length > other.length else other
    return min(one, other, key=lambda chain: chain.uids)


def _grown(before: Sequence[Mapping[str, Chain]], uid: str, home: str) -> dict[str, Chain]:
    """The longest chains that end at an item, by the project that they run through."""
    found = {home: Chain(1, uid, None)}
    for chains in before:
        for project, chain in chains.items():
            through = project if home in ("", project) else (_SEVERAL if project else home)
            longer = Chain(chain.length + 1, uid, chain)
            found[through] = _longer(longer, found.get(through))
    return found


def chains(dependencies: Dependencies) -> Mapping[str, tuple[str, ...]]:
    """For each project the longest chain through several projects that ends in it.

    The key is empty for a chain that ends in no project.
    """
    graph, homes = dependencies.acyclic, dependencies.view.homes
    ending: dict[str, dict[str, Chain]] = {}
    longest: dict[str, Chain] = {}
    for uid in nx.lexicographical_topological_sort(graph):
        before = [ending[other] for other in sorted(graph.predecessors(uid))]
        home = homes.get(uid, "")
        ending[uid] = _grown(before, uid, home)
        if _SEVERAL in ending[uid]:
            longest[home] = _longer(ending[uid][_SEVERAL], longest.get(home))
    return {home: longest[home].uids for home in sorted(longest)}


def chain_risks(
    dependencies: Dependencies, rules: DetectorRules, *, scoring: ScoringThresholds = DEFAULTS
) -> list[Risk]:
    """DEP-8: long chains of open items over several projects, one for each project that waits."""
    view = dependencies.view
    return [
        _chained(chain, home, view, scoring=scoring)
        for home, chain in chains(dependencies).items()
        if len(chain) >= rules.dep8_chain and len(_homes(chain, view)) >= rules.dep8_projects
    ]


def _homes(chain: Iterable[str], view: View) -> tuple[str, ...]:
    """The projects of some items, each once."""
    return tuple(dict.fromkeys(view.homes[uid] for uid in chain if uid in view.homes))


def _chained(chain: Sequence[str], home: str, view: View, *, scoring: ScoringThresholds) -> Risk:
    items = [view.tree.by_uid[uid] for uid in chain]
    first, through = view.mention(items[0]), _homes(chain, view)
    waiting = _homes(reversed(chain[1:]), view)
    where = view.projects[home].name if home else "work of no project"
    risk = make_risk(
        "DEP-8",
        items_scope(view, items, home),
        f"{where} waits for {counted(len(chain) - 1, 'item')} in a row, the first of them "
        f"{named(first)}",
        size=_SIZE,
        evidence=[
            Evidence(
                label="chain",
                value=f"{counted(len(chain), 'open item')} in {counted(len(through), 'project')}",
                formula="longest chain of open items over several projects",
                items=tuple(chain),
            )
        ],
        scoring=scoring,
        projects=waiting,
        owner=first_owner(view, waiting),
        level=items_level(view, items, home),
        root=first,
        proximity=_soonest(items),
    )
    # The chain may come and go by an item; that the project waits at its end stays one risk.
    return replace(risk, id=risk_id("DEP-8", f"proj:{home}"))


def _soonest(items: Sequence[WorkItem]) -> date | None:
    return min((item.due_date for item in items if item.due_date), default=None)
