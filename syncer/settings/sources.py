"""Reading configuration files: `include`, and one merged table in which every key has a place."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeGuard

from syncer.settings.faults import Fault, Place, dotted, place_of
from syncer.settings.positions import KeyPath, key_lines

Table = dict[str, Any]

_AT_LINE: Final = re.compile(r"^(?P<what>.*) \(at line (?P<line>\d+), column \d+\)$", re.DOTALL)
_MAGIC: Final = frozenset("*?[")
_LARGEST: Final = 16 * 1024 * 1024
_DEEPEST: Final = 20
_TOO_DEEP: Final = "tables and lists are nested too deeply"


@dataclass(slots=True)
class Merged:
    """Several files as one table; `places` tells where each key was written."""

    data: Table = field(default_factory=dict)
    places: dict[KeyPath, Place] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def fault(self, path: KeyPath, message: str) -> None:
        """Note that something is wrong at this path."""
        place = place_of(path, self.places)
        self.faults.append(Fault(message=message, place=place, key=dotted(path)))


def read_files(main: Path) -> Merged:
    """The main file and the files that it includes, merged; faults are collected, not raised."""
    merged = Merged(places={(): Place(main.name)})
    _add(merged, main, name=main.name)
    for path in _included(merged, main):
        _add(merged, path, name=_name(path, main.parent))
    if "include" in merged.data:
        merged.fault(("include",), "only the main file may include others.")
        del merged.data["include"]
    return merged


def read_text(text: str, name: str) -> Merged:
    """One text as if it were the only file; `include` means nothing in it."""
    merged = Merged(places={(): Place(name)})
    _add_text(merged, text, name=name)
    merged.data.pop("include", None)
    return merged


def _add(merged: Merged, path: Path, *, name: str) -> None:
    try:
        if path.stat().st_size > _LARGEST:
            fault = Fault(message="too large to be a configuration.", place=Place(name))
            merged.faults.append(fault)
            return
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        fault = Fault(message=f"not UTF-8 text ({error.reason}).", place=Place(name))
        merged.faults.append(fault)
    except OSError as error:
        fault = Fault(message=f"cannot be read: {error.strerror}.", place=Place(name))
        merged.faults.append(fault)
    else:
        _add_text(merged, text, name=name)


def _add_text(merged: Merged, text: str, *, name: str) -> None:
    try:
        data = tomllib.loads(text)
    except RecursionError:
        data = None
    except ValueError as error:  # also for a whole number of thousands of digits
        merged.faults.append(_syntax_fault(str(error), text, name))
        return
    if data is None or _is_deep(data):
        merged.faults.append(Fault(message=f"{_TOO_DEEP}.", place=Place(name)))
        return
    places = {path: Place(name, line) for path, line in key_lines(text).items()}
    _merge_table(merged, Merged(data=data, places=places))


def _is_deep(data: Table) -> bool:
    """Whether more is nested than any key of ours asks for."""
    waiting: list[tuple[object, int]] = [(data, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > _DEEPEST:
            return True
        inner = value.values() if isinstance(value, dict) else value
        if isinstance(inner, Iterable) and not isinstance(inner, str):
            waiting += [(one, depth + 1) for one in inner]
    return False


def _syntax_fault(error: str, text: str, name: str) -> Fault:
    found = _AT_LINE.match(error)
    line = int(found["line"]) if found else text.count("\n") + 1
    what = found["what"] if found else error.removesuffix(" (at end of document)")
    return Fault(
        message=f"this is not valid TOML: {what}.",
        place=Place(name, line),
        fix="The rest of this file was not read.",
    )


def _included(merged: Merged, main: Path) -> list[Path]:
    patterns = merged.data.pop("include", [])
    if not isinstance(patterns, list) or not all(isinstance(one, str) for one in patterns):
        message = 'must be a list of file patterns, such as ["programs/*.toml"].'
        merged.fault(("include",), message)
        return []
    files: dict[Path, None] = {}
    for index, pattern in enumerate(patterns):
        try:
            found = _matching(main.parent, pattern)
        except ValueError:
            merged.fault(("include", index), f"{pattern!r} is no pattern of files.")
            continue
        if not found and not set(pattern) & _MAGIC:
            merged.fault(("include", index), f"there is no file {pattern!r}.")
        files.update(dict.fromkeys(found))
    files.pop(main.resolve(), None)
    return list(files)


def unmatched_includes(main: Path) -> list[str]:
    """The patterns of a readable main file's `include` that match no file at present."""
    try:
        patterns = tomllib.loads(main.read_text(encoding="utf-8-sig")).get("include", [])
        return [pattern for pattern in patterns if not _matching(main.parent, pattern)]
    except (OSError, ValueError, TypeError):  # told as a fault when the file is loaded
        return []


def _matching(folder: Path, pattern: str) -> list[Path]:
    """The files that a pattern names, relative to the folder or absolute, in order of name.

    `ValueError` for no pattern at all, and for `**` beside other letters: Python began to take that
    for `*` with 3.13, and a configuration must mean the same everywhere.
    """
    if any("**" in part and part != "**" for part in Path(pattern).parts):
        raise ValueError(f"** stands alone between slashes, not as in {pattern!r}")
    start = Path(pattern).anchor
    root = Path(start) if start else folder
    relative = pattern[len(start) :]
    found = root.glob(relative) if relative else iter(())
    return sorted(path.resolve() for path in found if path.is_file())


def _name(path: Path, folder: Path) -> str:
    resolved = folder.resolve()
    return str(path.relative_to(resolved)) if path.is_relative_to(resolved) else str(path)


def _merge_table(merged: Merged, new: Merged, path: KeyPath = ()) -> None:
    """Take over a new file's table: tables merge, lists of tables append, the rest is new."""
    target, source = _at(merged.data, path), _at(new.data, path)
    taken: dict[KeyPath, KeyPath] = {}
    for key, value in source.items():
        here = (*path, key)
        old = target.get(key)
        if key not in target:
            target[key] = value
            taken[here] = here
        elif isinstance(old, dict) and isinstance(value, dict):
            _merge_table(merged, new, here)
        elif _is_tables(old) and _is_tables(value):
            moved = {(*here, n): (*here, len(old) + n) for n in range(len(value))}
            _take_places(merged, new, moved)
            target[key] = [*old, *value]
        else:
            _defined_twice(merged, new, here)
    _take_places(merged, new, taken)


def _at(data: Table, path: KeyPath) -> Table:
    for part in path:
        data = data[str(part)]
    return data


def _is_tables(value: Any) -> TypeGuard[list[Table]]:  # noqa: ANN401  any TOML value
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _take_places(merged: Merged, new: Merged, moved: Mapping[KeyPath, KeyPath]) -> None:
    """Note the places of all that stands below the old paths under the paths to which it moved."""
    for path, place in new.places.items():
        for length in range(len(path) + 1):
            here = moved.get(path[:length])
            if here is not None:
                merged.places[*here, *path[length:]] = place


def _defined_twice(merged: Merged, new: Merged, path: KeyPath) -> None:
    first = place_of(path, merged.places)
    merged.faults.append(
        Fault(
            message=f"defined twice; the first is at {first}.",
            place=place_of(path, new.places),
            key=dotted(path),
            fix="Remove one of the two.",
        )
    )
