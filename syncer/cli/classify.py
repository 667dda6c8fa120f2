"""`syncer classify`: program-level or product-level, for portfolios in a file.

Works without a database and, unless `--config` is given, without a configuration; with it, the
`[[classification]]` rules of that file count. Answers go
to standard output in the order of the input; a faulty line is answered with its error and
makes the exit status 1 at the end, without hiding any other line's answer.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from syncer.errors import ConfigError

if TYPE_CHECKING:
    from syncer.domain.portfolio import ClassificationRule

_LARGE = 200_000  # bytes from which a progress bar is worth showing
_LONGEST = 64 * 1024 * 1024
_TITLES = ("key", "level", "decided by", "why")


class Format(StrEnum):
    """How the answers are written."""

    JSONL = "jsonl"
    TABLE = "table"


def classify_command(
    ctx: typer.Context,
    input_: Annotated[
        str,
        typer.Option(
            "--input", metavar="FILE", help="Portfolios, one JSON object a line; -: standard input."
        ),
    ],
    format_: Annotated[
        Format, typer.Option("--format", help="Lines for programs or a table for people.")
    ] = Format.JSONL,
) -> None:
    """Tell program-level from product-level items in a file.

    Says for each item what it is and why; needs no database and no configuration.
    """
    rules = _rules(ctx)
    with _opened(input_) as opened:
        lines = lines_of(opened)
        write = _write_table if format_ is Format.TABLE else _write_lines
        failed = write(_answers(_with_progress(lines, input_), rules))
    if failed:
        raise typer.Exit(1)


def _rules(ctx: typer.Context) -> Sequence[ClassificationRule]:
    """The rules of the configuration, which counts only where `--config` names it."""
    source = ctx.find_root().get_parameter_source("config")
    if source is None or source.name != "COMMANDLINE":
        return ()
    from syncer.cli.context import load
    from syncer.settings.portfolio import to_portfolio

    return to_portfolio(load(ctx)).rules


@contextmanager
def _opened(name: str) -> Iterator[IO[bytes]]:
    """Standard input for `-`, else the file; exit 2 where it cannot be opened."""
    if name == "-":
        yield sys.stdin.buffer
        return
    if not Path(name).exists() or Path(name).is_dir():
        raise ConfigError(f"There is no file {name!r}.", fix="Name one with --input, or - .")
    with Path(name).open("rb") as opened:
        yield opened


def lines_of(file: IO[bytes], *, longest: int = _LONGEST) -> Iterator[bytes]:
    """The lines of a file. One that is too long comes cut, which makes it a faulty one."""
    while line := file.readline(longest):
        yield line
        while line and not line.endswith(b"\n"):
            line = file.readline(longest)


def _with_progress(lines: Iterable[bytes], name: str) -> Iterable[bytes]:
    """The lines; with a bar on standard error where a person waits for a large file."""
    size = Path(name).stat().st_size if name != "-" and Path(name).is_file() else 0
    if size < _LARGE or not sys.stderr.isatty():
        return lines
    return _progress(lines, size)


def _progress(lines: Iterable[bytes], size: int) -> Iterator[bytes]:
    with typer.progressbar(length=size, label="classifying", file=sys.stderr) as bar:
        for line in lines:
            yield line
            bar.update(len(line))


def _answers(
    lines: Iterable[bytes], rules: Sequence[ClassificationRule]
) -> Iterator[dict[str, Any]]:
    from syncer.classify.answers import answers

    for number, line in enumerate(lines, start=1):
        if line.strip():
            for answer in answers(line.decode("utf-8-sig", "replace"), rules):
                yield _placed(answer, number)


def _placed(answer: dict[str, Any], number: int) -> dict[str, Any]:
    """An error that no id leads to names its line."""
    if "error" in answer and answer["id"] is None:
        return {**answer, "error": f"line {number}: {answer['error']}"}
    return answer


def _write_lines(found: Iterable[dict[str, Any]]) -> bool:
    """One JSON object a line, as they come; true if any of them is an error."""
    import json

    failed = False
    for answer in found:
        sys.stdout.write(json.dumps(answer, ensure_ascii=True) + "\n")
        failed = failed or "error" in answer
    return failed


def _write_table(found: Iterable[dict[str, Any]]) -> bool:
    """Columns for people, in plain text; true if any answer is an error."""
    rows = [_row(answer) for answer in found]
    widths = [max(len(row[n]) for row in (_TITLES, *rows)) for n in range(len(_TITLES) - 1)]
    for row in (_TITLES, *rows):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        typer.echo("  ".join((*cells, row[-1])).rstrip())
    return any(row[1] == "error" for row in rows)


def _row(answer: dict[str, Any]) -> tuple[str, ...]:
    from syncer.classify.printable import printable

    if "error" in answer:
        name = "" if answer["id"] is None else str(answer["id"])
        return (printable(name), "error", "", printable(answer["error"], 100))
    return (
        printable(answer["key"]),
        answer["level"],
        answer["decided_by"],
        answer["explanation"],
    )
