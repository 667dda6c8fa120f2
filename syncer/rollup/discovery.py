"""What the items themselves say about programs, products, teams and gates: drafts for a person.

A tree below an initiative, or a label such as `prog:5g`, that reaches over several containers looks
like a program; labels of customers look like a product; open versions with a date look like gates.
Nothing here decides anything: every find says on what it rests.
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

from syncer.domain.item import Account, ItemState, Version, WorkItem
from syncer.domain.ref import ContainerKey
from syncer.domain.selector import Selector, Under, WithLabel, key_of

PROGRAM_LABELS: Final = ("prog:*", "program:*", "programme:*", "prog-*", "program-*")
TEAM_LABELS: Final = ("team:*", "team-*")
CUSTOMER_LABELS: Final = ("customer:*", "customer-*", "client:*", "client-*")

_INITIATIVE: Final = 2
_LEAST_CONTAINERS: Final = 2
_SAME: Final = 0.8
"""Two candidates that share so much of their items are one program."""
_CUSTOMERS_SHARE: Final = 0.1
_GATE_WEEKS: Final = 12
_WORD: Final = re.compile(r"[a-z0-9]+")
_LONGEST_KEY: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramDraft:
    """What looks like a program: its selector, and how many items in which containers it picks."""

    key: str
    name: str
    selector: Selector
    items: frozenset[str]
    containers: tuple[str, ...]
    owner: Account | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductDraft:
    """A container whose items customers asked for."""

    key: str
    name: str
    container: str
    labels: tuple[str, ...]
    asked: int
    items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamDraft:
    """A team that a label names."""

    key: str
    name: str
    label: str
    items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GateDraft:
    """An open version with a date. `program` holds most of its items, empty where none does."""

    name: str
    on: date
    container: str
    items: int
    program: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """Everything that was found; `later_gates` lie beyond the weeks that a digest looks ahead."""

    programs: tuple[ProgramDraft, ...]
    products: tuple[ProductDraft, ...]
    teams: tuple[TeamDraft, ...]
    gates: tuple[GateDraft, ...]
    later_gates: int
    alone: tuple[str, ...]


def discover(
    items: Iterable[WorkItem], containers: Mapping[ContainerKey, str], *, today: date
) -> Discovery:
    """Look through all live items; `containers` are the known ones with their names. Pure."""
    live = [item for item in items if item.state is ItemState.LIVE and not item.restricted]
    keys = Keys()
    programs = tuple(_programs(live, keys))
    gates = sorted(_gates(live, programs, today=today), key=lambda gate: (gate.on, gate.name))
    soon = today + timedelta(weeks=_GATE_WEEKS)
    claimed = {name for program in programs for name in program.containers}
    products = tuple(_products(live, containers, keys))
    claimed.update(product.container for product in products)
    return Discovery(
        programs=programs,
        products=products,
        teams=tuple(_teams(live)),
        gates=tuple(gate for gate in gates if gate.on <= soon),
        later_gates=sum(gate.on > soon for gate in gates),
        alone=tuple(sorted(str(key) for key in containers if str(key) not in claimed)),
    )


class Keys:
    """Short keys out of names, each given once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def of(self, name: str, *, otherwise: str) -> str:
        """`5G Infrastructure` becomes `5g-infrastructure`; `otherwise` serves other scripts."""
        words = _WORD.findall(name.casefold()) or _WORD.findall(otherwise.casefold()) or ["work"]
        plain = "-".join(words)[:_LONGEST_KEY].rstrip("-")
        key = next(k for k in _numbered(plain) if k not in self._taken)
        self._taken.add(key)
        return key


def _numbered(key: str) -> Iterator[str]:
    yield key
    number = 2
    while True:
        yield f"{key}-{number}"
        number += 1


# --- programs -------------------------------------------------------------------------------------


def _programs(items: Sequence[WorkItem], keys: Keys) -> Iterator[ProgramDraft]:
    """Trees before labels, the larger before the smaller; what is one program comes once."""
    found: list[ProgramDraft] = []
    for candidate in (*_by_size(_trees(items)), *_by_size(_labelled(items))):
        if any(_is_same(candidate, other) for other in found):
            continue
        found.append(candidate)
        yield ProgramDraft(
            key=keys.of(candidate.name, otherwise=candidate.key),
            name=candidate.name,
            selector=candidate.selector,
            items=candidate.items,
            containers=candidate.containers,
            owner=candidate.owner,
        )


def _by_size(candidates: Iterable[ProgramDraft]) -> list[ProgramDraft]:
    return sorted(candidates, key=lambda one: (-len(one.items), one.name))


def _is_same(one: ProgramDraft, other: ProgramDraft) -> bool:
    return len(one.items & other.items) >= _SAME * len(one.items)


def _trees(items: Sequence[WorkItem]) -> Iterator[ProgramDraft]:
    """Open initiatives, each with all that lies below it."""
    by_uid = {item.uid: item for item in items}
    below = _Below(items)
    for top in items:
        if top.hierarchy_level >= _INITIATIVE and top.is_open:
            tree = [by_uid[uid] for uid in below(top.uid)]
            yield from _candidate(
                top.key,
                top.title,
                selector=Under(key_of(top)),
                items=[top, *tree],
                owner=_owner(top),
            )


def _owner(item: WorkItem) -> Account | None:
    return item.assignees[0] if item.assignees else item.reporter


class _Below:
    """All items below one, by uid; circles end."""

    def __init__(self, items: Iterable[WorkItem]) -> None:
        self._children: dict[str, list[str]] = defaultdict(list)
        self._known: set[str] = set()
        for item in items:
            self._known.add(item.uid)
            if item.parent is not None:
                self._children[item.parent.uid].append(item.uid)

    def __call__(self, uid: str) -> list[str]:
        found: list[str] = []
        seen, waiting = {uid}, list(self._children[uid])
        while waiting:
            one = waiting.pop()
            if one not in seen and one in self._known:
                seen.add(one)
                found.append(one)
                waiting += self._children[one]
        return found


def _labelled(items: Sequence[WorkItem]) -> Iterator[ProgramDraft]:
    for label, picked in _by_label(items, PROGRAM_LABELS).items():
        yield from _candidate(label, _named(label), selector=WithLabel(escape(label)), items=picked)


def _by_label(items: Iterable[WorkItem], patterns: Sequence[str]) -> dict[str, list[WorkItem]]:
    """The items of each label that matches a pattern."""
    found: dict[str, list[WorkItem]] = defaultdict(list)
    for item in items:
        for label in item.labels:
            if any(fnmatchcase(label.casefold(), pattern) for pattern in patterns):
                found[label].append(item)
    return dict(sorted(found.items()))


def _named(label: str) -> str:
    """`prog:5g-core` is called `5g-core`."""
    return re.split(r"[:-]", label, maxsplit=1)[1] or label


def _candidate(
    key: str,
    name: str,
    *,
    selector: Selector,
    items: Sequence[WorkItem],
    owner: Account | None = None,
) -> Iterator[ProgramDraft]:
    """A program draft where the items lie in several containers."""
    containers = sorted({str(item.container) for item in items})
    if len(containers) >= _LEAST_CONTAINERS:
        uids = frozenset(item.uid for item in items)
        yield ProgramDraft(
            key=key,
            name=name,
            selector=selector,
            items=uids,
            containers=tuple(containers),
            owner=owner,
        )


# --- products, teams, gates -----------------------------------------------------------------------


def _products(
    items: Sequence[WorkItem], containers: Mapping[ContainerKey, str], keys: Keys
) -> Iterator[ProductDraft]:
    size = Counter(item.container for item in items)
    asked: Counter[ContainerKey] = Counter()
    patterns: dict[ContainerKey, set[str]] = defaultdict(set)
    for item in items:
        fitting = [p for p in CUSTOMER_LABELS if _has_label(item, p)]
        asked[item.container] += bool(fitting)
        patterns[item.container].update(fitting)
    for container in sorted(size):
        if asked[container] >= max(1, _CUSTOMERS_SHARE * size[container]):
            name = containers.get(container) or container.key
            yield ProductDraft(
                key=keys.of(name, otherwise=container.key),
                name=name,
                container=str(container),
                labels=tuple(sorted(patterns[container])),
                asked=asked[container],
                items=size[container],
            )


def _has_label(item: WorkItem, pattern: str) -> bool:
    return any(fnmatchcase(label.casefold(), pattern) for label in item.labels)


def _teams(items: Sequence[WorkItem]) -> Iterator[TeamDraft]:
    keys = Keys()
    for label, picked in _by_label(items, TEAM_LABELS).items():
        name = _named(label)
        yield TeamDraft(
            key=keys.of(name, otherwise=label), name=name, label=escape(label), items=len(picked)
        )


def _gates(
    items: Sequence[WorkItem], programs: Sequence[ProgramDraft], *, today: date
) -> Iterator[GateDraft]:
    open_items: dict[tuple[str, Version], list[WorkItem]] = defaultdict(list)
    for item in items:
        for version in item.fix_versions if item.is_open else ():
            if not version.closed and version.due is not None and version.due >= today:
                open_items[str(item.container), version].append(item)
    for (container, version), waiting in open_items.items():
        if version.due is not None:
            yield GateDraft(
                name=version.name,
                on=version.due,
                container=container,
                items=len(waiting),
                program=_program_of(waiting, programs),
            )


def _program_of(items: Sequence[WorkItem], programs: Sequence[ProgramDraft]) -> str:
    """The program that holds more than half of the items."""
    for program in programs:
        if 2 * sum(item.uid in program.items for item in items) > len(items):
            return program.key
    return ""
