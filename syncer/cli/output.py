"""Writing results: JSON, CSV that no spreadsheet executes, and tables for people.

Results go to standard output. Text from trackers is made printable, so that it can neither forge
a line nor drive the terminal.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson

from syncer.log import one_line

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
_TABLE_WIDTH: Final = 200
"""Columns of a table that goes to a file or a pipe."""


def write_json(document: object) -> None:
    """One JSON document, indented, on standard output."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    write_text(orjson.dumps(document, option=options).decode())


def write_json_lines(rows: Iterable[object]) -> None:
    """One JSON object a line on standard output."""
    for row in rows:
        write_text(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE).decode())


def write_text(text: str) -> None:
    """Text on standard output, UTF-8 whatever the terminal's own encoding is."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()


def write_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Comma-separated values with a header on standard output."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([csv_cell(row.get(column)) for column in columns] for row in rows)
    write_text(buffer.getvalue())


def csv_cell(value: object) -> str:
    """A cell that a spreadsheet takes as what it is: a text that begins like a formula gets a '.

    Numbers keep their sign, also where they come as text.
    """
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case str() if value.startswith(_FORMULA) and not _is_number(value):
            return f"'{value}"
        case str():
            return str(value)
        case list() | tuple():
            return csv_cell(", ".join(map(str, value)))
        case _:
            return csv_cell(orjson.dumps(value).decode())


def _is_number(text: str) -> bool:
    body = text[1:] if text[:1] in {"-", "+"} else text
    return body.replace(".", "", 1).isascii() and body.replace(".", "", 1).isdigit()


def write_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> None:
    """A table for people on standard output; into a pipe it goes uncut and without padding."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    is_terminal = sys.stdout.isatty()
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    console = Console() if is_terminal else Console(width=_TABLE_WIDTH, file=io.StringIO())
    if title:
        console.print(Text(title))
    console.print(table)
    if isinstance(console.file, io.StringIO):
        write_lines(line.rstrip() for line in console.file.getvalue().splitlines())


def counted(number: int, noun: str) -> str:
    """`1 item`, `2 items`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def printable(value: object) -> str:
    """The value as one harmless line; nothing for None."""
    return "" if value is None else one_line(str(value))


def write_lines(lines: Iterable[str]) -> None:
    """Lines for people on standard output."""
    write_text("".join(f"{line}\n" for line in lines))


def tell(message: str) -> None:
    """A line for people on standard error."""
    sys.stderr.write(f"{message}\n")
