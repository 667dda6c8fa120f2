"""`syncer classify`: program-level or product-level, for portfolios in a file.

Works without a database and, unless `--config` is given, without a configuration. Answers go
to standard output in the order of the input; a faulty line is answered with its error and
makes the exit status 1 at the end, without hiding any other line's answer.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from syncer.classify.rules import ClassificationRule

_LARGE = 200_000  # bytes from which a progress bar is worth showing
_TITLES = ("key", "level", "confidence", "decided by", "why")


class Format(StrEnum):
    """How the answers are written."""

    JSONL = "jsonl"
    TABLE = "table"


def classify_command(
    input_: Annotated[
        str, typer.Option("--input", help="portfolios, one JSON object a line; - is standard input")
    ],
    format_: Annotated[
        Format, typer.Option("--format", help="how to write answers")
    ] = Format.JSONL,
    config: Annotated[
        Path | None, typer.Option("--config", help="take [[classification]] rules from this file")
    ] = None,
) -> None:
    """Decide for each item whether it is program-level or product-level work, and say why."""
    rules = _rules(config)
    with _opened(input_) as lines:
        write = _write_table if format_ is Format.TABLE else _write_lines
        failed = write(_answers(_with_progress(lines, input_), rules))
    if failed:
        raise typer.Exit(1)


def _rules(config: Path | None) -> Sequence[ClassificationRule]:
    """The rules of a configuration file; exit 2 where it cannot be used."""
    if config is None:
        return ()
    from pydantic import TypeAdapter, ValidationError

    from syncer.classify.rules import ClassificationRule

    try:
        table = tomllib.loads(config.read_text(encoding="utf-8"))
        found = table.get("classification", [])
        return TypeAdapter(list[ClassificationRule]).validate_python(found)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        typer.echo(f"{config}: {error}", err=True)
        raise typer.Exit(2) from error


@contextmanager
def _opened(name: str) -> Iterator[IO[bytes]]:
    """Standard input for `-`, else the file; exit 2 where it cannot be opened."""
    if name == "-":
        yield sys.stdin.buffer
        return
    if not Path(name).exists() or Path(name).is_dir():
        typer.echo(f"{name}: not a file", err=True)
        raise typer.Exit(2)
    with Path(name).open("rb") as opened:
        yield opened


def _with_progress(lines: IO[bytes], name: str) -> Iterable[bytes]:
    """The lines; with a bar on standard error where a person waits for a large file."""
    size = Path(name).stat().st_size if name != "-" and Path(name).is_file() else 0
    if size < _LARGE or not sys.stderr.isatty():
        return lines
    return _progress(lines, size)


def _progress(lines: IO[bytes], size: int) -> Iterator[bytes]:
    with typer.progressbar(length=size, label="classifying", file=sys.stderr) as bar:
        for line in lines:
            yield line
            bar.update(len(line))


def _answers(
    lines: Iterable[bytes], rules: Sequence[ClassificationRule]
) -> Iterator[dict[str, Any]]:
    from syncer.classify.answers import answers

    for line in lines:
        if line.strip():
            yield from answers(line.decode("utf-8-sig", "replace"), rules)


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
        return (printable(str(answer["id"])), "error", "", "", printable(answer["error"], 100))
    level = answer["level"]
    if level == "unclassified":
        level += f" ({answer['leaning']}?)"
    why = ", ".join(reason["text"] for reason in answer["reasons"][:3])
    percent = f"{int(answer['confidence'] * 100 + 1e-9)} %"
    return (printable(answer["key"]), level, percent, answer["decided_by"], why)
