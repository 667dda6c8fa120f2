"""The values of projects' fields, by what they are used for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from connectors.github.mapping.detail import Board, Happened, Happening, Iteration
from connectors.github.rules import FieldRole, Rules, fold
from syncer.domain.item import Sprint

Value = str | float | date | Iteration


class Fields(NamedTuple):
    """What the projects of one issue say, the first that says something of each."""

    start: date | None = None
    end: date | None = None
    points: float | None = None
    priority: int | None = None
    sprint: Sprint | None = None


def counted(boards: Iterable[Board], rules: Rules) -> tuple[Board, ...]:
    """The projects whose fields count: all, or the configured one."""
    return tuple(one for one in boards if not rules.project or fold(one.project) == rules.project)


def without_others(timeline: Iterable[Happening], rules: Rules) -> tuple[Happening, ...]:
    """The timeline without the moves in projects that do not count."""
    return tuple(
        one
        for one in timeline
        if one.what is not Happened.BOARD_STATUS
        or not rules.project
        or fold(one.subject) == rules.project
    )


def statuses(boards: Iterable[Board], rules: Rules) -> dict[str, str]:
    """The Status by the project's title."""
    told = ((one.project, _first(one, FieldRole.STATUS, rules)) for one in counted(boards, rules))
    return {title: value for title, value in told if isinstance(value, str)}


def fields_of(boards: Iterable[Board], rules: Rules) -> Fields:
    """The dates, estimate, priority and iteration."""
    every = counted(boards, rules)

    def told(role: FieldRole) -> Iterator[Value]:
        return (value for one in every if (value := _first(one, role, rules)) is not None)

    ends = (value for value in told(FieldRole.END) if isinstance(value, date))
    starts = (value for value in told(FieldRole.START) if isinstance(value, date))
    points = (v for v in told(FieldRole.POINTS) if isinstance(v, float) and v >= 0)
    ranks = (rank_of(v, rules) for v in told(FieldRole.PRIORITY) if isinstance(v, str))
    iterations = (value for value in told(FieldRole.ITERATION) if isinstance(value, Iteration))
    return Fields(
        start=next(starts, None),
        end=next(ends, None),
        points=next(points, None),
        priority=next((rank for rank in ranks if rank is not None), None),
        sprint=next(map(_sprint, iterations), None),
    )


def custom_of(boards: Iterable[Board], rules: Rules) -> dict[str, str]:
    """The configured custom fields by the name that selectors use."""
    found = {
        rules.custom_fields[name]: _text(value)
        for one in counted(boards, rules)
        for name, value in one.values.items()
        if name in rules.custom_fields
    }
    return {name: text for name, text in found.items() if text}


def rank_of(text: str, rules: Rules) -> int | None:
    """The rank of a priority such as `P1` or `P1 - High`, None for what is none."""
    folded = fold(text)
    return rules.priorities.get(folded, rules.priorities.get(folded.partition(" ")[0]))


def rank_of_labels(labels: Iterable[str], rules: Rules) -> int | None:
    """The highest rank among labels; without a prefix only `P1` and its like count.

    A label such as `minor` or `low` speaks of much else than a priority.
    """
    ranks = [rank for label in labels if (rank := _rank_of_label(label, rules)) is not None]
    return min(ranks, default=None)


def _rank_of_label(label: str, rules: Rules) -> int | None:
    plain = rules.plain(label, "priority")
    rank = rules.priorities.get(plain)
    speaks = plain != fold(label) or plain == f"p{rank}" or rank == 0
    return rank if speaks else None


def _first(board: Board, role: FieldRole, rules: Rules) -> Value | None:
    return next((v for name, v in board.values.items() if rules.fields.get(name) is role), None)


def _sprint(iteration: Iteration) -> Sprint:
    return Sprint(id=iteration.title, name=iteration.title, end=iteration.end)


def _text(value: Value) -> str:
    if isinstance(value, Iteration):
        return value.title
    return f"{value:g}" if isinstance(value, float) else str(value)
