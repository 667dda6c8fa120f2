"""What people say comes in by three equal doors: tracker items, commands, the configuration.

The same thing said by two doors counts once: a command stands over the configuration, and that
over the tracker. Everything here is pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Final, TypeVar

from syncer.domain.item import ItemKind, ItemState, StatusCategory, WorkItem
from syncer.domain.portfolio import Portfolio
from syncer.domain.selector import InVersion, Under, key_of, matcher
from syncer.domain.statement import (
    Decision,
    DecisionOption,
    DecisionState,
    Door,
    GateDefinition,
    HumanRisk,
    Provenance,
    Statements,
)

T = TypeVar("T")

_OPTIONS: Final = re.compile(r"(?im)^[^\w\n]*options[^\w\n]*$")
_BULLET: Final = re.compile(r"(?:[-*•]|\d+[.)]|[A-H][:.)])\s+(?P<text>.+)")
_MIDDLE: Final = 3
_HIGHEST: Final = 5
_GLOB: Final = re.compile(r"([*?\[])")
_SAYING: Final = frozenset({ItemKind.RISK, ItemKind.DECISION, ItemKind.MILESTONE})
"""The kinds of items in which people say something about a project; versions may do so too."""


def merge(*doors: Statements) -> Statements:
    """All that was said, once each; an earlier door stands over a later one."""
    return Statements(
        owner_statuses=tuple(chain.from_iterable(door.owner_statuses for door in doors)),
        gates=_first((door.gates for door in doors), lambda gate: (gate.scope, gate.name)),
        decisions=_first((door.decisions for door in doors), lambda decision: decision.id),
        risks=_first((door.risks for door in doors), lambda risk: risk.id),
        responses=_first(
            (door.responses for door in doors),
            lambda response: (response.rule, response.scope, response.item),
        ),
        overrides=tuple(chain.from_iterable(door.overrides for door in doors)),
        colour_overrides=tuple(chain.from_iterable(door.colour_overrides for door in doors)),
        baselines=tuple(chain.from_iterable(door.baselines for door in doors)),
        target_moves=tuple(chain.from_iterable(door.target_moves for door in doors)),
    )


def _first(doors: Iterable[Sequence[T]], identity: Callable[[T], Hashable]) -> tuple[T, ...]:
    found: dict[Hashable, T] = {}
    for said in chain.from_iterable(doors):
        found.setdefault(identity(said), said)
    return tuple(found.values())


def tracker_statements(items: Iterable[WorkItem], portfolio: Portfolio) -> Statements:
    """Decisions, risks and gates that live in trackers, and dated versions as gates.

    Each belongs to the first configured project that holds the item; an item of a container that
    no project claims, to the project that its container is. A restricted item says nothing: its
    words would stand in every edition, for readers who may not know that there is such an item.
    """
    live = [item for item in items if item.state is ItemState.LIVE and not item.restricted]
    saying = [item for item in live if item.fix_versions or item.kind in _SAYING]
    if not saying:
        return Statements()
    scopes = _Scopes.of(portfolio, live)
    parents = {item.parent.uid for item in live if item.parent}
    return Statements(
        gates=tuple(chain(_gates(saying, parents, scopes), _version_gates(saying, scopes))),
        decisions=tuple(_decision(i, scopes(i)) for i in saying if i.kind is ItemKind.DECISION),
        risks=tuple(
            _risk(item, scopes(item))
            for item in saying
            if item.kind is ItemKind.RISK and item.is_open
        ),
    )


@dataclass(frozen=True, slots=True)
class _Scopes:
    """Tells to which project an item belongs."""

    tests: Sequence[tuple[str, Callable[[WorkItem], bool]]]

    @classmethod
    def of(cls, portfolio: Portfolio, items: Iterable[WorkItem]) -> _Scopes:
        by_uid = {item.uid: item for item in items}
        return cls(
            [
                (project.scope, matcher(selector, by_uid))
                for project in portfolio.projects
                for selector in project.items
            ]
        )

    def __call__(self, item: WorkItem) -> str:
        found = (scope for scope, test in self.tests if test(item))
        return next(found, f"proj:{item.container.key}")


def _said(item: WorkItem) -> Provenance:
    author = item.reporter.name if item.reporter else ""
    return Provenance(author=author, at=item.created_at, door=Door.TRACKER, source=key_of(item))


def _owner(item: WorkItem) -> str:
    return item.assignees[0].name if item.assignees else ""


def _decision(item: WorkItem, scope: str) -> Decision:
    """A decision item: the assignee decides by the due date; who wrote it has confirmed it."""
    states = {
        StatusCategory.DONE: DecisionState.DECIDED,
        StatusCategory.CANCELLED: DecisionState.WITHDRAWN,
    }
    return Decision(
        id=f"D-{item.uid}",
        scope=scope,
        question=item.title,
        decider=_owner(item),
        needed_by=item.due_date,
        options=tuple(DecisionOption(text=text) for text in listed_options(item.body)),
        confirmed_by=item.reporter.name if item.reporter and not item.reporter.bot else "",
        state=states.get(item.status_category, DecisionState.OPEN),
        outcome=item.resolution or "",
        decided_on=item.done_at.date() if item.done_at else None,
        provenance=_said(item),
    )


def listed_options(body: str) -> list[str]:
    """The list under a line that says "Options": its bullets, until something else begins."""
    heading = _OPTIONS.search(body)
    if heading is None:
        return []
    options: list[str] = []
    for line in body[heading.end() :].splitlines():
        bullet = _BULLET.fullmatch(line.strip())
        if bullet:
            options.append(bullet["text"])
        elif line.strip():
            break
    return options


def _risk(item: WorkItem, scope: str) -> HumanRisk:
    """A risk item; its scales come from fields of that name, the impact else from its priority."""
    urgent = _MIDDLE if item.priority is None else _HIGHEST - item.priority
    return HumanRisk(
        id=f"H-{item.uid}",
        scope=scope,
        title=item.title,
        probability=_scale(item.custom, "probability", _MIDDLE),
        impact=_scale(item.custom, "impact", urgent),
        owner=_owner(item),
        provenance=_said(item),
    )


def _scale(custom: Mapping[str, str], name: str, default: int) -> int:
    values = (value.strip() for key, value in custom.items() if key.casefold() == name)
    value = next(values, "")
    return int(value) if value in {"1", "2", "3", "4", "5"} else default


def _gates(
    items: Sequence[WorkItem], parents: AbstractSet[str], scopes: _Scopes
) -> Iterator[GateDefinition]:
    """A gate for each open, dated milestone; `parents` are the uids of what has something below."""
    for item in items:
        if item.kind is ItemKind.MILESTONE and item.due_date and item.is_open:
            yield GateDefinition(
                scope=scopes(item),
                name=item.title,
                on=item.due_date,
                owner=_owner(item),
                items=(Under(key_of(item)),) if item.uid in parents else (),
                provenance=_said(item),
            )


def _version_gates(items: Sequence[WorkItem], scopes: _Scopes) -> Iterator[GateDefinition]:
    """A gate for each open, dated version of a project."""
    seen: dict[tuple[str, str], GateDefinition] = {}
    for item in items:
        for version in item.fix_versions:
            if version.due and not version.closed and "/" not in version.name:
                scope = scopes(item)
                gate = _version_gate(item, version.name, on=version.due, scope=scope)
                seen.setdefault((scope, version.name), gate)
    yield from (seen[name] for name in sorted(seen))


def _version_gate(item: WorkItem, name: str, *, on: date, scope: str) -> GateDefinition:
    pattern = f"{item.container}/" + _GLOB.sub(r"[\1]", name)
    said = Provenance(author="", at=item.created_at, door=Door.TRACKER, source=pattern)
    return GateDefinition(
        scope=scope, name=name, on=on, items=(InVersion(pattern),), provenance=said
    )
