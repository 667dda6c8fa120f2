"""From the bytes of a CSV file to rows with their line numbers: pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connectors.csv_file.rules import COLUMNS, REQUIRED, Column, Rules, fold
from syncer.errors import BadPayload

MOST_ROWS: Final = 100_000
_DELIMITERS: Final = (",", ";", "\t", "|")
_NAMES_SHOWN: Final = 12


@dataclass(frozen=True, slots=True)
class Line:
    """One row below the header: the line of the file where it ends, and its cells."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A file as read: its headers, where each known column stands, its rows, what is missing.

    `missing` are the headers that the configuration names and the file does not have.
    """

    headers: tuple[str, ...]
    places: Mapping[Column, int]
    customs: Mapping[str, int]
    lines: tuple[Line, ...]
    missing: tuple[str, ...]

    def cell(self, line: Line, column: Column) -> str:
        """The text of a row under a column, without blanks around it; empty where there is none."""
        place = self.places.get(column)
        return line.cells[place].strip() if place is not None and place < len(line.cells) else ""


def read_sheet(data: bytes, *, rules: Rules, encoding: str, delimiter: str = "") -> Sheet:
    """The sheet in the bytes of a file.

    `BadPayload` for an empty file, bytes that are not in the encoding, a header without an id or a
    title, a header twice where it is needed, and more rows than a spreadsheet can mean.
    """
    text = _decoded(data, rules=rules, encoding=encoding)
    if not text.strip():
        raise BadPayload(
            f"{rules.place} is empty: not even a header.",
            fix="Save it again; nothing is taken for deleted.",
        )
    rows = _rows(text, delimiter=delimiter or _delimiter(text), rules=rules)
    header = next(rows, None)
    assert header is not None, "a text that is not blank has a row"  # noqa: S101  of csv.reader
    headers = tuple(name.strip() for name in header.cells)
    places, missing = _places(headers, rules)
    customs = {
        name: place
        for name in rules.custom_fields
        if (place := _place(headers, (fold(name),))) is not None
    }
    gone = [name for name in rules.custom_fields if name not in customs]
    return Sheet(
        headers=headers,
        places=places,
        customs=customs,
        lines=tuple(line for line in rows if any(cell.strip() for cell in line.cells)),
        missing=(*missing, *gone),
    )


def _decoded(data: bytes, *, rules: Rules, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadPayload(
            f"{rules.place}, line {line}: not in the encoding {encoding}.",
            fix='Save it as "CSV UTF-8", or set encoding = "cp1252" for this connection.',
        ) from None


def _rows(text: str, *, delimiter: str, rules: Rules) -> Iterator[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for count, cells in enumerate(reader):
            if count > MOST_ROWS:
                raise BadPayload(
                    f"{rules.place} has more than {MOST_ROWS} rows.",
                    fix="Divide it into several files, each a connection of its own.",
                )
            yield Line(reader.line_num, tuple(cells))
    except csv.Error as error:
        raise BadPayload(
            f"{rules.place}, line {reader.line_num}: no CSV ({error}).",
            fix="Look for a quotation mark that is not closed, or not doubled, near that line.",
        ) from None


def _delimiter(text: str) -> str:
    """What divides the cells of the header most often; a comma where nothing does."""
    header = text.lstrip("\r\n").partition("\n")[0]
    return max(_DELIMITERS, key=lambda mark: (_outside_quotes(header, mark), mark == ","))


def _outside_quotes(line: str, mark: str) -> int:
    return sum(part.count(mark) for part in line.split('"')[::2])


def _places(headers: Sequence[str], rules: Rules) -> tuple[dict[Column, int], list[str]]:
    places: dict[Column, int] = {}
    missing: list[str] = []
    for column in COLUMNS:
        named = rules.named.get(column)
        wanted = (fold(named),) if named else rules.usual[column]
        place = _place(headers, wanted)
        if place is not None:
            places[column] = place
        elif named:
            missing.append(named)
    _require(places, headers, rules)
    return places, missing


def _place(headers: Sequence[str], wanted: Sequence[str]) -> int | None:
    """Where the first of the wanted headers stands; of two that are called alike, the first."""
    folded = [fold(header) for header in headers]
    return next((folded.index(name) for name in wanted if name in folded), None)


def _require(places: Mapping[Column, int], headers: Sequence[str], rules: Rules) -> None:
    for column in REQUIRED:
        if column in places:
            continue
        shown = ", ".join(map(repr, headers[:_NAMES_SHOWN]))
        raise BadPayload(
            f"{rules.place}, line 1: no column for the {column} of an item. It has {shown}.",
            fix=f'Name it: columns = {{ {column} = "…" }}.',
        )
