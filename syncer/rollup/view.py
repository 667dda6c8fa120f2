"""The portfolio laid over the items of one instant: which item belongs where."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Final

from syncer.domain.item import ItemState, WorkItem
from syncer.domain.link import LinkKind
from syncer.domain.portfolio import Portfolio, Product, Program, Project, ProjectKind
from syncer.domain.ref import ContainerKey
from syncer.domain.report import ItemMention
from syncer.domain.selector import Every, InContainer, Selector, Shelves
from syncer.domain.verdict import Verdict, VerdictLevel
from syncer.rollup.calendar import WorkCalendar
from syncer.rollup.work.counting import Countable, Tree, countable
from syncer.rollup.work.edges import edges

UNREAD: Final = Verdict(
    level=VerdictLevel.UNCLASSIFIED,
    leaning=VerdictLevel.PRODUCT,
    confidence=0.0,
    decided_by="none",
)


_THERE: Final = frozenset({ItemState.LIVE, ItemState.HIDDEN})


def with_implicit_projects(portfolio: Portfolio, items: Iterable[WorkItem]) -> Portfolio:
    """The portfolio with a project for every container that no configured project claims.

    A container without a single item that still exists gets none. Where only a program's split
    claims a part of a container, the rest of it is a project, so that no work is lost.
    """
    known = list(items)
    by_uid, shelves = {item.uid: item for item in known}, Shelves(known)
    containers = shelves.containers()
    left = {key for key, held in containers.items() if any(item.state in _THERE for item in held)}
    written = [project for project in portfolio.projects if not _is_part(project)]
    claimed = {key for project in written for key in shelves.touched(project.items, by_uid)}
    parts = {p: shelves.select(p.items, by_uid) for p in portfolio.projects if _is_part(p)}
    picked = {item.uid for held in parts.values() for item in held}
    unpicked = {
        key for key, held in containers.items() if any(item.uid not in picked for item in held)
    }
    unclaimed = sorted((left - claimed) & unpicked)
    taken = Counter(project.key for project in portfolio.projects)
    taken.update(container.key for container in unclaimed)
    found = tuple(
        Project(
            key=container.key if taken[container.key] == 1 else str(container),
            name=container.key,
            items=(InContainer(str(container)),),
            excluding=tuple(_parts_of(container, parts)),
            implicit=True,
        )
        for container in unclaimed
    )
    return replace(portfolio, projects=(*portfolio.projects, *found))


def _parts_of(
    container: ContainerKey, parts: Mapping[Project, Sequence[WorkItem]]
) -> Iterator[Selector]:
    for project, held in parts.items():
        if any(item.container == container for item in held):
            yield from project.items


def _is_part(project: Project) -> bool:
    """Whether a program's split made the project out of parts of containers."""
    return project.implicit and any(isinstance(one, Every) for one in project.items)


@dataclass(frozen=True)
class View:
    """Items of one instant by project, program, product and team.

    `today` is the report-local date of the instant. An item may belong to several projects;
    the first configured one is its home.
    """

    portfolio: Portfolio
    items: Sequence[WorkItem]
    verdicts: Mapping[str, Verdict]
    today: date

    @cached_property
    def tree(self) -> Tree:
        """Hierarchy and identity over all items."""
        return Tree(self.items)

    @cached_property
    def calendar(self) -> WorkCalendar:
        """The organisation's working days."""
        return WorkCalendar.of(self.portfolio.holidays, self.portfolio.freezes)

    @cached_property
    def members(self) -> Mapping[str, Sequence[WorkItem]]:
        """The items that each project's selectors pick, by project key."""
        shelves, by_uid = Shelves(self.items), self.tree.by_uid
        return {
            project.key: shelves.select(project.items, by_uid, excluding=project.excluding)
            for project in self.portfolio.projects
        }

    @cached_property
    def countables(self) -> Mapping[str, Countable]:
        """The countable set of each project."""
        return {key: countable(items, self.tree) for key, items in self.members.items()}

    @cached_property
    def open_items(self) -> Sequence[WorkItem]:
        """The items that are live and neither done nor cancelled, in their given order."""
        return [item for item in self.items if item.is_open]

    @cached_property
    def open_members(self) -> Mapping[str, Sequence[WorkItem]]:
        """The open ones among the items that each project's selectors pick, by project key."""
        return {key: [i for i in items if i.is_open] for key, items in self.members.items()}

    @cached_property
    def above_open(self) -> frozenset[str]:
        """The uids of items with something open below them, at any distance."""
        ancestors = self.tree.ancestors
        return frozenset(one.uid for item in self.open_items for one in ancestors(item))

    @cached_property
    def edges(self) -> Sequence[tuple[str, str]]:
        """Every declared dependency as (predecessor uid, waiting uid), some of them twice."""
        return tuple(edges(self.items))

    @cached_property
    def memberships(self) -> Mapping[str, Sequence[str]]:
        """The keys of all projects that pick an item, in configured order, by uid."""
        found: dict[str, tuple[str, ...]] = {}
        for key, items in self.members.items():
            alone = (key,)  # one value for nearly all items of a project
            for item in items:
                before = found.get(item.uid)
                found[item.uid] = alone if before is None else (*before, key)
        return found

    @cached_property
    def homes(self) -> Mapping[str, str]:
        """The key of the first project that picks the item, by uid."""
        return {uid: keys[0] for uid, keys in self.memberships.items()}

    @cached_property
    def projects(self) -> Mapping[str, Project]:
        """Projects by key."""
        return {project.key: project for project in self.portfolio.projects}

    @cached_property
    def programs_of(self) -> Mapping[str, Sequence[Program]]:
        """The programs that hold a project, by project key."""
        found: dict[str, list[Program]] = defaultdict(list)
        for program in self.portfolio.programs:
            for key in program.projects:
                found[key].append(program)
        return found

    @cached_property
    def products_of(self) -> Mapping[str, Sequence[Product]]:
        """The products that hold a project, by project key."""
        found: dict[str, list[Product]] = defaultdict(list)
        for product in self.portfolio.products:
            for key in product.projects:
                found[key].append(product)
        return found

    def full_scope(self, scope: str) -> str:
        """A scope with its sort: a bare key means the project, program or product that has it."""
        if ":" in scope or scope == "portfolio":
            return scope
        known = (
            ("proj", self.portfolio.projects),
            ("prog", self.portfolio.programs),
            ("prod", self.portfolio.products),
        )
        found = (f"{sort}:{scope}" for sort, group in known if any(g.key == scope for g in group))
        return next(found, scope)

    def projects_in(self, scope: str) -> tuple[str, ...]:
        """The keys of the known projects that a scope holds, each once, in configured order."""
        full = self.full_scope(scope)
        groups: list[Program | Product] = [*self.portfolio.programs, *self.portfolio.products]
        held = next((g.projects for g in groups if g.scope == full), (full.removeprefix("proj:"),))
        return tuple(key for key in dict.fromkeys(held) if key in self.projects)

    def team_of(self, project: Project) -> str:
        """The team that works on a project; without one the project is its own team."""
        return project.team or f"project {project.key}"

    def union(self, keys: Iterable[str]) -> Countable:
        """The countable set of several projects together: a union, never a sum."""
        wanted = tuple(dict.fromkeys(keys))
        if len(wanted) == 1 and wanted[0] in self.countables:
            return self.countables[wanted[0]]
        seen = {item.uid: item for key in wanted for item in self.members.get(key, ())}
        return countable(seen.values(), self.tree)

    def verdict(self, uid: str) -> Verdict:
        """The verdict on an item; unclassified where none was made."""
        return self.verdicts.get(uid, UNREAD)

    def programs_of_item(self, item: WorkItem) -> tuple[str, ...]:
        """Keys of the programs that claim an item, by its own projects or an ancestor's.

        An item that contributes to another belongs where that one does: trackers know no parent
        beyond themselves, and the link is how people name it.
        """
        starts = (item, *self._contributed_to(item))
        lineage = [one for start in starts for one in (start, *self.tree.ancestors(start))]
        projects = [key for i in lineage for key in self.memberships.get(i.uid, ())]
        programs = [program for key in projects for program in self.programs_of.get(key, ())]
        return tuple(dict.fromkeys(program.key for program in programs))

    def _contributed_to(self, item: WorkItem) -> Iterator[WorkItem]:
        for link in item.links:
            if link.kind is LinkKind.CONTRIBUTES_TO and not link.inward:
                other = self.tree.by_uid.get(link.to.uid)
                if other is not None:
                    yield other

    def mention(self, item: WorkItem) -> ItemMention:
        """The item as a report may mention it."""
        return ItemMention(
            uid=item.uid,
            key=item.key,
            title=item.title,
            url=item.url,
            project=self.homes.get(item.uid, ""),
            level=self.verdict(item.uid).level,
            due=item.due_date,
            restricted=item.restricted,
        )


def is_product_project(view: View, project: Project) -> bool:
    """Whether a project belongs to a product's life rather than to a program."""
    in_program = bool(view.programs_of.get(project.key))
    return not in_program and (
        project.kind is ProjectKind.PRODUCT or bool(view.products_of.get(project.key))
    )


def live(items: Iterable[WorkItem]) -> list[WorkItem]:
    """The items that still exist and are visible."""
    return [item for item in items if item.state is ItemState.LIVE]
