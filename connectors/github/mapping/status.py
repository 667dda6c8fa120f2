"""Open and closed as our categories (rollup.md 1.2, the row of GitHub)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from connectors.github.rules import Rules, StartedWhen, fold
from syncer.domain.item import ResolutionKind, StatusCategory

_NOT_DELIVERED: Final = frozenset({"not_planned", "duplicate"})
_STRONGEST: Final = (
    StatusCategory.CANCELLED,
    StatusCategory.DONE,
    StatusCategory.WAITING,
    StatusCategory.IN_PROGRESS,
    StatusCategory.TODO,
    StatusCategory.UNKNOWN,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All that an issue's status depends on, now or at some time past.

    `closed` is None where GitHub does not tell; `boards` is the Status by the project's title.
    """

    closed: bool | None = False
    reason: str = ""
    labels: frozenset[str] = frozenset()
    boards: Mapping[str, str] = field(default_factory=dict)
    assignees: frozenset[str] = frozenset()
    milestone: str = ""

    @property
    def resolution(self) -> ResolutionKind | None:
        """Whether the end delivered something; closed without a reason means completed."""
        if not self.closed:
            return None
        ended = self.reason in _NOT_DELIVERED
        return ResolutionKind.NOT_DELIVERED if ended else ResolutionKind.DELIVERED


@dataclass(frozen=True, slots=True)
class Status:
    """Our category, what people see, and whether nobody has planned the issue yet."""

    category: StatusCategory
    shown: str
    backlog: bool = False


def status_of(standing: Standing, rules: Rules) -> Status:
    """Closed counts as GitHub says; open as a project's Status says, else as labels say, else TODO.

    A Status that nobody has given a meaning is UNKNOWN and never guessed. One that says "done" of
    an issue that is open leaves it in progress: the contradiction is GitHub's to mend. Labels that
    mean nothing are no statuses.
    """
    if standing.closed is None:
        return Status(StatusCategory.UNKNOWN, "")
    if standing.closed:
        return _closed(standing)
    boards = [shown for shown in standing.boards.values() if shown]
    by_board = next((shown for shown in boards if fold(shown) in rules.statuses), None)
    if by_board is not None:
        return _named(by_board, fold(by_board), rules)
    by_label = _of_labels(standing.labels, rules)
    if by_label is not None:
        return by_label
    if boards:
        return Status(StatusCategory.UNKNOWN, boards[0])
    assigned = StartedWhen.ASSIGNED in rules.started_when and standing.assignees
    return Status(StatusCategory.IN_PROGRESS if assigned else StatusCategory.TODO, "Open")


def _closed(standing: Standing) -> Status:
    delivered = standing.resolution is ResolutionKind.DELIVERED
    shown = f"Closed as {standing.reason.replace('_', ' ')}" if standing.reason else "Closed"
    return Status(StatusCategory.DONE if delivered else StatusCategory.CANCELLED, shown)


def _named(shown: str, folded: str, rules: Rules) -> Status:
    category = rules.statuses[folded]
    backlog = category is StatusCategory.TODO and folded in rules.backlog
    return Status(category, shown, backlog)


def _of_labels(labels: Iterable[str], rules: Rules) -> Status | None:
    """What the strongest of the labels says that speak of a status; "done" is not one of them."""
    told = ((label, rules.plain(label, "status")) for label in sorted(labels))
    found = [
        _named(label, plain, rules)
        for label, plain in told
        if plain in rules.statuses and plain not in rules.finished
    ]
    return min(found, key=lambda status: _STRONGEST.index(status.category), default=None)
