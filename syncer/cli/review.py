"""`syncer review`: the items that only a person can place, answered with one key each."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from syncer.cli.context import author_or_user, run

if TYPE_CHECKING:
    from syncer.classify.queue import Waiting
    from syncer.domain.statement import VerdictOverride
    from syncer.domain.verdict import VerdictLevel
    from syncer.service.core import Service

_COLUMNS = ("Key", "Open", "Below", "Blocks", "Due", "Why", "Title")
_KEYS = (
    "  [1] program  [2] product  [3] program with all below  [4] product with all below"
    "  [s] skip  [u] undo  [q] quit"
)
_NO_MORE = "  [u] undo  [q] quit"
_AT_ONCE = 64  # bytes of keys read in one go
_ENDS = frozenset("q\x03\x04\x1b")


class Format(StrEnum):
    """How to print the queue."""

    TABLE = "table"
    JSONL = "jsonl"


def review(
    ctx: typer.Context,
    only_list: Annotated[
        bool, typer.Option("--list", help="Print the queue, ask nothing.")
    ] = False,
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TABLE,
    author: Annotated[
        str, typer.Option("--author", help="Who answers; left out: you.", show_default=False)
    ] = "",
) -> None:
    """Place the items that nobody but a person can place, the most consequential first.

    On a terminal each item is answered with one key; elsewhere, and with --list, the queue is
    printed. An answer is an override: it counts at once and can be undone.
    """
    from syncer.cli.output import write_json_lines, write_lines, write_table

    if form is Format.JSONL:
        write_json_lines(map(_row, run(ctx, _queue)))
    elif only_list or not sys.stdin.isatty():
        write_table(_COLUMNS, map(_cells, run(ctx, _queue)))
    else:
        who = author_or_user(author)
        told = run(ctx, lambda service: _ask_all(service, who))
        write_lines([told])


async def _queue(service: Service) -> Sequence[Waiting]:
    from syncer.service.reviewing import waiting_for_review

    return await waiting_for_review(service)


def _row(one: Waiting) -> dict[str, object]:
    from syncer.classify.explain import explain
    from syncer.cli.machine import verdict_row

    return {
        "ref": {"connection": one.item.ref.connection, "id": one.item.ref.id},
        "key": one.item.key,
        "url": one.item.url,
        "title": one.item.title,
        "due_date": one.item.due_date,
        "open": not one.ended,
        "below": one.below,
        "blocks": one.blocks,
        "explanation": explain(one.verdict),
        "classification": verdict_row(one.verdict),
    }


def _cells(one: Waiting) -> tuple[object, ...]:
    from syncer.classify.explain import explain

    return (
        one.item.key,
        "" if one.ended else "yes",
        one.below or "",
        one.blocks or "",
        one.item.due_date,
        explain(one.verdict),
        one.item.title,
    )


@dataclass(slots=True)
class _Session:
    """A person going through the queue: where they are, and what they have said."""

    queue: Sequence[Waiting]
    at: int = 0
    said: list[tuple[int, VerdictOverride]] = field(default_factory=list)

    def current(self) -> Waiting | None:
        """The next item that no answer covers yet."""
        covered = {made.item_uid for _, made in self.said if made.children}
        while self.at < len(self.queue) and self.queue[self.at].above & covered:
            self.at += 1
        return self.queue[self.at] if self.at < len(self.queue) else None


async def _ask_all(service: Service, author: str) -> str:
    """Ask item by item until the queue or the person is done; then judge anew, once."""
    from syncer.cli.output import counted, write_lines

    session = _Session(await _queue(service))
    with _pressed_keys() as keys:
        shown = -1
        while (one := session.current()) is not None or session.said:
            if shown != session.at:
                write_lines(_question(one, session.at + 1, len(session.queue)))
                shown = session.at
            key = next(keys, "q")
            if key in _ENDS:
                break
            await _take(service, session, key=key, author=author)
    await service.judge(after_sync=False)
    left = len(await _queue(service))
    return f"{counted(len(session.said), 'answer')}; {counted(left, 'item')} in the queue."


@contextmanager
def _pressed_keys() -> Iterator[Iterator[str]]:
    """The terminal's keys as they are pressed, without Enter; no signal but a key is Ctrl-C.

    The terminal is switched once for the whole session: whoever types ahead loses nothing.
    """
    import termios

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    changed = termios.tcgetattr(terminal)
    changed[3] &= ~(termios.ICANON | termios.ECHO | termios.ISIG)
    termios.tcsetattr(terminal, termios.TCSADRAIN, changed)
    try:
        yield _keys(terminal)
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _keys(terminal: int) -> Iterator[str]:
    """One key after the other, although several may come in one reading; ends with the input."""
    while pressed := os.read(terminal, _AT_ONCE):
        yield from pressed.decode("utf-8", "replace").lower()


def _question(one: Waiting | None, number: int, count: int) -> list[str]:
    from syncer.classify.explain import explain
    from syncer.cli.output import printable

    if one is None:
        return ["", "Nothing is left.", _NO_MORE]
    item = one.item
    facts = [item.native_type, item.native_status, f"due {item.due_date}" if item.due_date else ""]
    facts += [f"{one.below} unclassified below" if one.below else ""]
    facts += [f"blocks {one.blocks}" if one.blocks else ""]
    return [
        "",
        f"{number} of {count}  {printable(item.key)}  {printable(item.title)}",
        f"  {printable(' · '.join(filter(None, facts)))}",
        f"  {explain(one.verdict)}",
        f"  {printable(item.url)}",
        _KEYS,
    ]


async def _take(service: Service, session: _Session, *, key: str, author: str) -> None:
    """Do what the key says; another key does nothing."""
    levels = _levels()
    if key in levels and session.at < len(session.queue):
        level, children = levels[key]
        await _answer(service, session, level=level, children=children, author=author)
    elif key == "s" and session.at < len(session.queue):
        session.at += 1
    elif key == "u" and session.said:
        await _undo(service, session)


def _levels() -> dict[str, tuple[VerdictLevel, bool]]:
    from syncer.domain.verdict import VerdictLevel

    program, product = VerdictLevel.PROGRAM, VerdictLevel.PRODUCT
    return {
        "1": (program, False),
        "2": (product, False),
        "3": (program, True),
        "4": (product, True),
    }


async def _answer(
    service: Service, session: _Session, *, level: VerdictLevel, children: bool, author: str
) -> None:
    from syncer.cli.output import printable, write_lines
    from syncer.service.reviewing import Answer, answer

    item = session.queue[session.at].item
    given = Answer(item=item, level=level, children=children, author=author)
    made = await answer(service, given)
    session.said.append((session.at, made))
    session.at += 1
    below = " and all below" if children else ""
    write_lines([f"  {made.id}: {printable(item.key)}{below} is {level}."])


async def _undo(service: Service, session: _Session) -> None:
    from syncer.cli.output import write_lines
    from syncer.service.reviewing import take_back

    session.at, made = session.said.pop()
    await take_back(service, made)
    write_lines([f"  {made.id} is undone."])
