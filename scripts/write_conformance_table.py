"""Writes the table of docs/adding-a-connector.md from `quality.toml`; `--check` only compares.

Run it after a change of a connector's `quality.toml`: `python scripts/write_conformance_table.py`.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from syncer.connect.testing.quality import FILE, Tick, ticks_of
from syncer.connect.testing.rules.catalogue import RULES

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "adding-a-connector.md"
BEGIN: Final = "<!-- written by scripts/write_conformance_table.py -->\n"
END: Final = "<!-- end of what is written -->\n"
_WORDS: Final = {"done": "yes", "missing": "no", "not applicable": "–"}


@dataclass(slots=True)
class Notes:
    """Why rules are not kept, numbered as they come."""

    texts: list[str] = field(default_factory=list)

    def cell(self, tick: Tick | None) -> str:
        """What the table says of one rule of one connector."""
        if tick is None:
            return "not said"
        if tick.state == "done":
            return _WORDS[tick.state]
        if tick.why not in self.texts:
            self.texts.append(tick.why)
        return f"{_WORDS[tick.state]} ({self.texts.index(tick.why) + 1})"


def connectors(root: Path = ROOT) -> dict[str, Mapping[str, Tick]]:
    """What each connector says, and each edition of it that says something else."""
    told: dict[str, Mapping[str, Tick]] = {}
    for file in sorted((root / "connectors").glob(f"*/{FILE}")):
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        told[content["kind"]] = ticks_of(file)
        for edition in content.get("editions", {}):
            told[f"{content['kind']}, {edition}"] = ticks_of(file, edition)
    return told


def table(told: Mapping[str, Mapping[str, Tick]]) -> str:
    """The table in Markdown, a rule a line, with the notes below it."""
    notes = Notes()
    lines = [*_table_lines(told, notes), ""]
    lines += [f"{number}. {text}" for number, text in enumerate(notes.texts, start=1)]
    return "\n".join(lines).rstrip() + "\n"


def _table_lines(told: Mapping[str, Mapping[str, Tick]], notes: Notes) -> Iterator[str]:
    yield _row(["A connector …", "rule", *told])
    yield _row(["---"] * (len(told) + 2))
    for rule in RULES:
        cells = (notes.cell(ticks.get(rule.id)) for ticks in told.values())
        yield _row([rule.says, f"`{rule.id}`", *cells])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def document(page: str, told: Mapping[str, Mapping[str, Tick]]) -> str:
    """The page with the table as it should be; `ValueError` where its marks are missing."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the page has no place for the table: {BEGIN!r} to {END!r}")
    return f"{before}{begin}\n{table(told)}\n{end}{after}"


def main(arguments: Sequence[str]) -> int:
    """Write the page, or compare it; 1 if it is not current."""
    page = PAGE.read_text(encoding="utf-8")
    wanted = document(page, connectors())
    if "--check" in arguments:
        return int(page != wanted)
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
