"""A simulated GitHub as it stands at one instant: which issues there are, and in what state."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

from syncer.connect.testing.script import FieldChange, ItemState, Phase, ScriptedLink
from syncer.connect.testing.world import World
from syncer.domain.link import LinkKind

_NUMBER: Final = re.compile(r"([0-9]+)$")
_REASONS: Final = {
    "won't do": "not_planned",
    "declined": "not_planned",
    "cannot reproduce": "not_planned",
    "duplicate": "duplicate",
}
_PROJECT_ONLY: Final = frozenset({"start", "due", "estimate", "sprint", "priority", "restricted"})
_TRANSFER: Final = 10_000_000_000
_PULL_ID: Final = 7_000_000_000
PULL_NUMBER: Final = 100_000


def stamp(at: datetime) -> str:
    """An instant as GitHub writes it, in whole seconds: `2026-11-23T04:30:00Z`."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"


def number_of(key: str) -> int:
    """The number at the end of a key such as `acme/phone#12`."""
    found = _NUMBER.search(key)
    if found is None:
        raise ValueError(f"{key} ends with no number")
    return int(found[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How the world is shown.

    `status_labels`: statuses are labels, not a project's field. `silent_projects`: a change of a
    project's field does not move `updated_at` (whether GitHub's does is not documented).
    `foreign_url` gives the address of an item that lives on another tracker.
    """

    status_labels: bool = False
    silent_projects: bool = False
    foreign_url: Callable[[str], str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An issue, or with `pull_of` the pull request that closes that issue.

    `turned` is when it was last closed or reopened.
    """

    item_id: str
    id: int
    repository: str
    number: int
    state: ItemState
    created: datetime
    updated: datetime
    closed: datetime | None = None
    reopened: bool = False
    turned: datetime | None = None
    pull_of: int = 0

    @property
    def node_id(self) -> str:
        """The opaque id of GraphQL."""
        return f"PR_made{self.id}" if self.pull_of else f"I_made{self.id}"


@dataclass(slots=True)
class Index:
    """What the account sees at `now`: the issues of the served repositories."""

    world: World
    now: datetime
    containers: Collection[str]
    manner: Manner
    rows: dict[str, Row] = field(default_factory=dict)
    listed: dict[str, list[Row]] = field(default_factory=dict)
    by_place: dict[tuple[str, int], Row] = field(default_factory=dict)
    children: dict[str, list[str]] = field(default_factory=dict)
    _ordered: dict[tuple[str, bool], Sequence[Row]] = field(default_factory=dict)
    _former: dict[tuple[str, int], str] = field(default_factory=dict)
    _phases: Mapping[str, Phase] = field(init=False)

    def __post_init__(self) -> None:
        self._phases = {status.name: status.phase for status in self.world.statuses}
        for item_id in self.world.ids():
            state = self.world.visible(item_id, self.now)
            if state is not None and state.container in self.containers:
                self._add(item_id, state)

    def _add(self, item_id: str, state: ItemState) -> None:
        row = self.row(item_id)
        self.rows[item_id] = row
        self.children.setdefault(state.parent or "", []).append(item_id)
        pull = [_pull_request(row)] if row.closed and row.id % 2 else []
        for shown in (row, *pull):
            self.listed.setdefault(state.container, []).append(shown)
            self.by_place[state.container.casefold(), shown.number] = shown

    def row(self, item_id: str) -> Row:
        """An issue as it stands, also where nobody can see it; `KeyError` without such an item."""
        item = self.world.item(item_id)
        history = self.world.history(item_id, self.now)
        states = [(item.created_at, item.initial), *((e.at, e.state) for e in history)]
        state, turns = states[-1][1], list(self._turns(states))
        touched = (
            e.at for e in reversed(history) if e.link or e.comment or self._touches(e.changes)
        )
        return Row(
            item_id=item_id,
            id=self._database_id(item_id, [one.container for _, one in states]),
            repository=state.container,
            number=number_of(state.key),
            state=state,
            created=item.created_at,
            updated=next(touched, item.created_at),
            closed=turns[-1] if self.is_closed(state) else None,
            reopened=bool(turns),
            turned=turns[-1] if turns else None,
        )

    def _database_id(self, item_id: str, containers: Sequence[str]) -> int:
        """The numeric id of an issue: a transfer gives it another one."""
        moves = sum(self.is_another(one, other) for one, other in pairwise(containers))
        return int(item_id) + moves * _TRANSFER

    def is_another(self, one: str, other: str) -> bool:
        """Whether two names are of two repositories, not of one before and after a renaming."""
        named = self.world.container_named
        return one != other and named(one).id != named(other).id

    def _turns(self, states: Sequence[tuple[datetime, ItemState]]) -> Iterator[datetime]:
        """The instants at which an issue was closed or reopened."""
        closed = False
        for at, state in states:
            if self.is_closed(state) != closed:
                closed = not closed
                yield at

    def _touches(self, changes: Collection[FieldChange]) -> bool:
        """Whether one of these changes moves `updated_at`."""
        return any(
            not (self.manner.silent_projects and self._is_of_project(change)) for change in changes
        )

    def _is_of_project(self, change: FieldChange) -> bool:
        """Whether a change is one of a project's field only."""
        if change.field != "status":
            return change.field in _PROJECT_ONLY
        return not self.manner.status_labels and self.closes(change.before) == self.closes(
            change.after
        )

    # --- what things mean ---------------------------------------------------------------------

    def closes(self, status: object) -> bool:
        """Whether an issue in this status is closed."""
        return self._phases.get(str(status)) is Phase.DONE

    def is_closed(self, state: ItemState) -> bool:
        """Whether an issue in this state is closed."""
        return self.closes(state.status)

    def labels_of(self, state: ItemState) -> tuple[str, ...]:
        """The names of all labels that an issue bears in a state."""
        derived = [f"component: {name}" for name in state.components]
        derived += ["blocked"] if state.flagged else []
        open_status = self.manner.status_labels and not self.is_closed(state)
        derived += [f"status: {state.status}"] if open_status else []
        return tuple(dict.fromkeys((*state.labels, *derived)))

    def reason(self, row: Row) -> str | None:
        """The `state_reason` of an issue: why it was closed, or that it is open again."""
        if row.closed is None:
            return "reopened" if row.reopened else None
        return closing_reason(row.state)

    def comments(self, row: Row) -> int:
        """How many comments an issue has."""
        return sum(bool(entry.comment) for entry in self.world.history(row.item_id, self.now))

    def blockers(self, item_id: str) -> tuple[list[str], list[str]]:
        """The ids of the issues that block this one, and of those that it blocks."""
        ends = [_blocking(link) for link in self.world.links(item_id, self.now)]
        return (
            [source for source, target in ends if target == item_id and source],
            [target for source, target in ends if source == item_id and target],
        )

    def ordered(self, repository: str, *, by_update: bool) -> Sequence[Row]:
        """The issues and pull requests of a repository by time of change or creation."""
        key = (repository, by_update)
        if key not in self._ordered:
            rows = self.listed.get(repository, [])
            self._ordered[key] = sorted(rows, key=_by_update if by_update else _by_creation)
        return self._ordered[key]

    def former(self, repository: str, number: int) -> str | None:
        """The id of the item that has, or once had, this place, whoever may see it."""
        if not self._former:
            for item_id in self.world.ids():
                for place in self._places(item_id):
                    self._former.setdefault(place, item_id)
        return self._former.get((repository, number))

    def _places(self, item_id: str) -> Iterator[tuple[str, int]]:
        item = self.world.item(item_id)
        if item.created_at <= self.now:
            yield _place(item.initial)
            yield from (_place(e.state) for e in self.world.history(item_id, self.now))

    def is_foreign(self, item_id: str) -> bool:
        """Whether an item lives on another tracker."""
        state = self.world.visible(item_id, self.now)
        return state is not None and state.container not in self.containers

    def known(self, item_ids: Sequence[str]) -> list[Row]:
        """The visible issues among these ids."""
        return [self.rows[item_id] for item_id in item_ids if item_id in self.rows]

    def parent(self, row: Row) -> Row | None:
        """The visible parent of an issue."""
        return self.rows.get(row.state.parent or "")

    def sub_issues(self, row: Row) -> list[Row]:
        """The visible sub-issues of an issue."""
        return self.known(self.children.get(row.item_id, []))


def _by_update(row: Row) -> tuple[datetime, int]:
    return row.updated.replace(microsecond=0), row.number


def _by_creation(row: Row) -> tuple[datetime, int]:
    return row.created, row.number


def _place(state: ItemState) -> tuple[str, int]:
    """Where an item is; items of other trackers may have keys without a number."""
    found = _NUMBER.search(state.key)
    return state.container, int(found[1]) if found else 0


def closing_reason(state: ItemState) -> str:
    """Why an issue in this state was closed."""
    return _REASONS.get((state.resolution or "").casefold(), "completed")


def _blocking(link: ScriptedLink) -> tuple[str, str]:
    """Who blocks whom by this link; nobody nobody where it says nothing of that kind."""
    if link.kind is LinkKind.BLOCKS:
        return link.source, link.target
    return (link.target, link.source) if link.kind is LinkKind.REQUIRES else ("", "")


def _pull_request(row: Row) -> Row:
    """The pull request that closed an issue, which listings of issues contain too."""
    state = ItemState(
        container=row.repository,
        key=f"{row.repository}#{PULL_NUMBER + row.number}",
        title=f"Fix: {row.state.title}",
        status=row.state.status,
        labels=row.state.labels,
    )
    return Row(
        item_id=row.item_id,
        id=_PULL_ID + row.id,
        repository=row.repository,
        number=PULL_NUMBER + row.number,
        state=state,
        created=row.closed or row.created,
        updated=row.updated,
        closed=row.closed,
        pull_of=row.number,
    )
