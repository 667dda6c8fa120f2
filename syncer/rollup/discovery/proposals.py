"""What the items themselves say about programs, products, teams and gates: drafts for a person.

A tree below an initiative, or a label such as `prog:5g`, that reaches over several containers looks
like a program; labels of customers look like a product, open versions with a date like gates.
Nothing here decides anything, and what a configuration says already is not said again.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fnmatch import fnmatchcase
from glob import escape
from typing import Final

from syncer.domain.item import ItemState, Version, WorkItem
from syncer.domain.ref import ContainerKey
from syncer.domain.selector import Selector
from syncer.rollup.discovery.area_drafts import area_drafts
from syncer.rollup.discovery.drafts import (
    Discovery,
    FamilyDraft,
    GateDraft,
    Keys,
    ProductDraft,
    ProgramDraft,
    TeamDraft,
)
from syncer.rollup.discovery.program_drafts import by_label, named, program_drafts

TEAM_LABELS: Final = ("team:*", "team-*")
CUSTOMER_LABELS: Final = ("customer:*", "customer-*", "client:*", "client-*")

_CUSTOMERS_SHARE: Final = 0.1
_GATE_WEEKS: Final = 12
_FAMILY: Final = re.compile(r"((?:.*/)?[^/]{2,}?[-_.])[^/]+")
_LEAST_FAMILY: Final = 3
_IDLE: Final = frozenset({"sandbox", "playground", "scratch", "attic", "archive", "demo"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a configuration says already.

    `programs` are the items of each, by uid; `containers` those that a project names, `labels` the
    patterns that select teams, `gates` the names of gates, `areas` the connections whose areas some
    project selects.
    """

    keys: frozenset[str] = frozenset()
    programs: tuple[frozenset[str], ...] = ()
    containers: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    gates: frozenset[str] = frozenset()
    areas: frozenset[str] = frozenset()
    audiences: bool = False


def discover(
    items: Iterable[WorkItem],
    containers: Mapping[ContainerKey, str],
    *,
    today: date,
    known: Known | None = None,
) -> Discovery:
    """Look through all live items; `containers` are the known ones with their names. Pure."""
    said = known or Known()
    live = [item for item in items if item.state is ItemState.LIVE and not item.restricted]
    keys = Keys(said.keys)
    programs = program_drafts(live, keys, known=said.programs)
    shelves = _Shelves(live, programs, containers)
    free = [name for name in shelves.names if name not in said.containers]
    groups = list(shelves.groups(free, keys))
    products = [one for one in groups if isinstance(one, ProductDraft)]
    families = [one for one in groups if isinstance(one, FamilyDraft)]
    gates, later = _soon(_gates(live, programs, groups, today=today), said, today)
    areas = area_drafts(live, keys, containers=frozenset(free), known=said.areas)
    claimed = {name for one in (*programs, *groups) for name in one.containers}
    claimed |= {one.container for one in areas}
    alone = [name for name in free if shelves.items[name] and name not in claimed]
    return Discovery(
        programs=tuple(programs),
        products=tuple(products),
        families=tuple(families),
        teams=tuple(_teams(live, said)),
        gates=gates,
        later_gates=later,
        alone=tuple(alone),
        empty=tuple(name for name in free if not shelves.items[name]),
        idle=tuple(n for n in free if shelves.items[n] and _last_word(n) in _IDLE),
        targets=tuple(_targets(live, alone, today=today)),
        people=tuple(_people(programs, said)),
        audiences=said.audiences,
        areas=tuple(areas),
    )


def _last_word(container: str) -> str:
    return re.split(r"[:/]", container)[-1].casefold()


# --- products and families ------------------------------------------------------------------------


class _Shelves:
    """Items and customers' wishes by container, and which programs have work there."""

    def __init__(
        self,
        items: Iterable[WorkItem],
        programs: Sequence[ProgramDraft],
        containers: Mapping[ContainerKey, str],
    ) -> None:
        self.names = {str(key): containers[key] or key.key for key in sorted(containers)}
        self.items: Counter[str] = Counter()
        self._asked: Counter[str] = Counter()
        self._patterns: dict[str, set[str]] = defaultdict(set)
        self._programs = programs
        for item in items:
            name = str(item.container)
            self.names.setdefault(name, item.container.key)
            fitting = [p for p in CUSTOMER_LABELS if _has_label(item, p)]
            self.items[name] += 1
            self._asked[name] += bool(fitting)
            self._patterns[name].update(fitting)

    def groups(self, free: Sequence[str], keys: Keys) -> Iterator[ProductDraft | FamilyDraft]:
        """Products, of one container or of a family, and families that are none."""
        grouped: set[str] = set()
        for pattern, members in _families(free):
            whole = {name for name in self.names if fnmatchcase(name, pattern)} == set(members)
            if whole and self._is_product(members):
                grouped.update(members)
                yield self._product(_family_name(pattern), pattern, members, keys=keys)
            elif whole and len(members) >= _LEAST_FAMILY:
                grouped.update(members)
                yield self._family(pattern, members, keys)
        for name in free:
            if name not in grouped and self._is_product([name]):
                yield self._product(self.names[name], name, [name], keys=keys)

    def _is_product(self, members: Sequence[str]) -> bool:
        asked = sum(self._asked[name] for name in members)
        return asked >= max(1, _CUSTOMERS_SHARE * sum(self.items[name] for name in members))

    def _product(
        self, name: str, pattern: str, members: Sequence[str], *, keys: Keys
    ) -> ProductDraft:
        return ProductDraft(
            key=keys.of(name, otherwise=pattern),
            name=name,
            pattern=pattern,
            containers=tuple(members),
            labels=tuple(sorted({p for one in members for p in self._patterns[one]})),
            asked=sum(self._asked[one] for one in members),
            items=sum(self.items[one] for one in members),
            excluding=self._claims(members),
        )

    def _family(self, pattern: str, members: Sequence[str], keys: Keys) -> FamilyDraft:
        return FamilyDraft(
            key=keys.of(_family_name(pattern), otherwise=pattern),
            name=_family_name(pattern),
            pattern=pattern,
            containers=tuple(members),
            items=sum(self.items[one] for one in members),
            excluding=self._claims(members),
        )

    def _claims(self, members: Iterable[str]) -> tuple[Selector, ...]:
        """The selectors of the programs that have work in these containers."""
        wanted = set(members)
        return tuple(
            selector
            for program in self._programs
            if wanted.intersection(program.containers)
            for selector in program.selectors
        )


def _families(names: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Containers that share a name before a dash, with their glob."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in names:
        fitting = _FAMILY.fullmatch(name)
        if fitting is not None:
            found[f"{escape(fitting[1])}*"].append(name)
    return ((pattern, members) for pattern, members in found.items() if len(members) > 1)


def _family_name(pattern: str) -> str:
    """`github:acme/phone-*` is called `Phone`."""
    name = re.split(r"[:/]", pattern)[-1].rstrip("-_.*")
    return name[:1].upper() + name[1:]


def _has_label(item: WorkItem, pattern: str) -> bool:
    return any(fnmatchcase(label.casefold(), pattern) for label in item.labels)


# --- teams, people --------------------------------------------------------------------------------


def _teams(items: Sequence[WorkItem], known: Known) -> Iterator[TeamDraft]:
    keys = Keys(known.keys)
    for spellings, picked in by_label(items, TEAM_LABELS):
        labels = tuple(sorted(map(escape, spellings)))
        if not any(fnmatchcase(one, p) for one in spellings for p in known.labels):
            name = named(spellings[0])
            key = keys.of(name, otherwise=spellings[0])
            yield TeamDraft(key=key, name=name, labels=labels, items=len(picked))


def _people(
    programs: Iterable[ProgramDraft], known: Known
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The owners, each once with every account of that name."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for owner in (one.owner for one in programs if one.owner is not None):
        found[owner.name][f"{owner.connection}:{owner.id}"] = None
    for name, accounts in sorted(found.items()):
        if name and name not in known.people:
            yield name, tuple(accounts)


# --- gates and targets ----------------------------------------------------------------------------


def _open_versions(
    items: Iterable[WorkItem], today: date
) -> Iterator[tuple[Version, date, WorkItem]]:
    for item in items:
        for version in item.fix_versions if item.is_open else ():
            if not version.closed and version.due is not None and version.due >= today:
                yield version, version.due, item


def _targets(
    items: Iterable[WorkItem], alone: Iterable[str], *, today: date
) -> Iterator[tuple[str, str]]:
    """The containers with exactly one dated open release, with its name."""
    found: dict[str, set[str]] = defaultdict(set)
    for version, _, item in _open_versions(items, today):
        found[str(item.container)].add(version.name)
    for name in alone:
        releases = found.get(name, set())
        if len(releases) == 1:
            yield name, min(releases)


def _soon(
    gates: Iterable[GateDraft], known: Known, today: date
) -> tuple[tuple[GateDraft, ...], int]:
    """The gates of the weeks ahead by date, and how many come later."""
    last = today + timedelta(weeks=_GATE_WEEKS)
    fresh = [gate for gate in gates if gate.name not in known.gates]
    soon = sorted((g for g in fresh if g.on <= last), key=lambda g: (g.on, g.name, g.scope))
    return tuple(soon), len(fresh) - len(soon)


def _gates(
    items: Sequence[WorkItem],
    programs: Sequence[ProgramDraft],
    groups: Sequence[ProductDraft | FamilyDraft],
    *,
    today: date,
) -> Iterator[GateDraft]:
    """Versions of one name and day in several containers are one gate where one scope holds all."""
    waiting: dict[tuple[str, str, date], list[WorkItem]] = defaultdict(list)
    for version, due, item in _open_versions(items, today):
        waiting[item.ref.connection, version.name, due].append(item)
    for (_, name, due), picked in waiting.items():
        scope, patterns = _scope_of(picked, programs, groups)
        parts = [picked] if scope else _by_container(picked)
        for part in parts:
            containers = sorted({str(item.container) for item in part})
            yield GateDraft(
                name=name,
                on=due,
                scope=scope or f"proj:{containers[0]}",
                patterns=patterns or tuple(containers),
                containers=tuple(containers),
                items=len(part),
            )


def _by_container(items: Iterable[WorkItem]) -> list[list[WorkItem]]:
    found: dict[str, list[WorkItem]] = defaultdict(list)
    for item in items:
        found[str(item.container)].append(item)
    return list(found.values())


def _scope_of(
    items: Sequence[WorkItem],
    programs: Sequence[ProgramDraft],
    groups: Sequence[ProductDraft | FamilyDraft],
) -> tuple[str, tuple[str, ...]]:
    """The program that holds more than half of the items, else the group that holds all of them.

    With the glob of such a group; empty where there is neither.
    """
    for program in programs:
        if 2 * sum(item.uid in program.items for item in items) > len(items):
            return f"prog:{program.key}", ()
    where = {str(item.container) for item in items}
    for group in groups:
        if where <= set(group.containers):
            sort = "prod" if isinstance(group, ProductDraft) else "proj"
            return f"{sort}:{group.key}", (group.pattern,)
    return "", ()
