"""From stored items and the configured portfolio to what the classifier reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from syncer.classify.portfolio import (
    UNCLAIMED,
    PortfolioItem,
    PortfolioLink,
    PortfolioMapping,
    PortfolioOverride,
    PortfolioProject,
)
from syncer.classify.portfolio import Portfolio as Input
from syncer.domain.homes import homes
from syncer.domain.item import ItemKind, WorkItem
from syncer.domain.link import Link, LinkKind
from syncer.domain.portfolio import Portfolio, Project
from syncer.domain.selector import Shelves, described, key_of, matcher
from syncer.domain.statement import VerdictOverride
from syncer.domain.verdict import VerdictLevel

_INWARD: Final = {
    LinkKind.BLOCKS: "is blocked by",
    LinkKind.REQUIRES: "is required by",
    LinkKind.THREATENS: "is threatened by",
}
_LEVELS: Final = {level.value: level for level in (VerdictLevel.PROGRAM, VerdictLevel.PRODUCT)}


def classifier_names(items: Sequence[WorkItem]) -> dict[str, str]:
    """What the classifier calls each item, by uid: `jira:NET-1`, since its texts name items.

    The uid itself where two items share that name.
    """
    uses = Counter(key_of(item) for item in items)
    return {i.uid: key_of(i) if uses[key_of(i)] == 1 else i.uid for i in items}


def classifier_input(
    portfolio: Portfolio, items: Sequence[WorkItem], overrides: Sequence[VerdictOverride]
) -> Input:
    """One portfolio for the classifier; items are called as `classifier_names` says."""
    return _Builder(portfolio, items).build(overrides)


@dataclass(frozen=True)
class _Builder:
    portfolio: Portfolio
    items: Sequence[WorkItem]

    @cached_property
    def names(self) -> Mapping[str, str]:
        return classifier_names(self.items)

    @cached_property
    def by_uid(self) -> Mapping[str, WorkItem]:
        return {item.uid: item for item in self.items}

    @cached_property
    def homes(self) -> Mapping[str, str]:
        """The first project that picks each item, by uid."""
        return homes(self.portfolio, self.items)

    @cached_property
    def teams(self) -> Mapping[str, str]:
        """The first team whose own selectors pick each item, by uid."""
        teams: dict[str, str] = {}
        shelves = Shelves(self.items)
        for team in self.portfolio.teams:
            for item in shelves.select(team.items, self.by_uid):
                teams.setdefault(item.uid, team.key)
        return teams

    def build(self, overrides: Sequence[VerdictOverride]) -> Input:
        return Input(
            projects=tuple(self._project(project) for project in self.portfolio.projects),
            items=tuple(self._item(item) for item in self.items),
            overrides=tuple(self._overrides(overrides)),
            mappings=tuple(self._mappings()),
        )

    def _project(self, project: Project) -> PortfolioProject:
        programs = (p.name for p in self.portfolio.programs if project.key in p.projects)
        return PortfolioProject(
            key=project.key,
            name=project.name,
            product=self._product(project),
            team=project.team,
            program=tuple(programs),
            kind=project.kind,
        )

    def _product(self, project: Project) -> str:
        """What is run separately: a product, else the project itself where it was configured."""
        for product in self.portfolio.products:
            if project.key in product.projects:
                return product.key
        if not project.implicit:
            return project.key
        return UNCLAIMED if self._is_mapped else ""

    @cached_property
    def _is_mapped(self) -> bool:
        return any(not project.implicit for project in self.portfolio.projects)

    def _item(self, item: WorkItem) -> PortfolioItem:
        return PortfolioItem(
            key=self.names[item.uid],
            project=self.homes.get(item.uid, str(item.container)),
            title=item.title,
            type=item.native_type,
            body=item.body,
            labels=item.labels,
            parent=self.names.get(item.parent.uid) if item.parent else None,
            links=tuple(self._link(link) for link in item.links if link.to.uid in self.names),
            team=self.teams.get(item.uid, ""),
            components=item.components,
            fix_versions=tuple(version.name for version in item.fix_versions),
            status=item.native_status,
            hierarchy_level=item.hierarchy_level,
            kind=item.kind,
            goal=self._goal(item),
            customers=len(item.customers),
            started_at=item.started_at,
            done_at=item.done_at,
            due_at=item.due_date,
            explicit=explicit_level(item),
        )

    def _link(self, link: Link) -> PortfolioLink:
        name = _INWARD.get(link.kind, "") if link.inward else link.kind.value
        return PortfolioLink(type=name, to=self.names[link.to.uid])

    def _goal(self, item: WorkItem) -> str:
        """The goal that the item serves directly, as parent or by a link; empty for none."""
        served = [link.to for link in item.links if _is_contribution(link)]
        for ref in (*served, *([item.parent] if item.parent else [])):
            goal = self.by_uid.get(ref.uid)
            if goal is not None and goal.kind is ItemKind.GOAL:
                return goal.title
        return ""

    def _overrides(self, overrides: Sequence[VerdictOverride]) -> Iterator[PortfolioOverride]:
        for override in overrides:
            if override.item_uid in self.names:
                yield PortfolioOverride(
                    item=self.names[override.item_uid],
                    level=override.level,
                    children=override.children,
                    author=override.provenance.author,
                    reason=override.reason,
                )

    def _mappings(self) -> Iterator[PortfolioMapping]:
        for rule in self.portfolio.rules:
            for selector in rule.select:
                picks: Callable[[WorkItem], bool] = matcher(selector, self.by_uid)
                text = described(selector)
                for item in filter(picks, self.items):
                    name = self.names[item.uid]
                    yield PortfolioMapping(item=name, level=rule.level, rule=text)


def _is_contribution(link: Link) -> bool:
    return link.kind is LinkKind.CONTRIBUTES_TO and not link.inward


def explicit_level(item: WorkItem) -> VerdictLevel | None:
    """The level that a configured custom field names outright; None where none, or two, do.

    Labels such as `syncer:program` are read by the classifier itself.
    """
    said = {_LEVELS.get(value.strip().casefold()) for value in item.custom.values()} - {None}
    return said.pop() if len(said) == 1 else None
