"""What is wrong with a configuration: every fault at once, each with its place and its fix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from syncer.errors import ConfigError
from syncer.settings.positions import KeyPath


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value was given: a file's name with the line, or an environment variable."""

    source: str
    line: int | None = None

    def __str__(self) -> str:
        return self.source if self.line is None else f"{self.source}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong: the key (dotted), what is the matter with it, how to mend it."""

    message: str
    place: Place
    key: str = ""
    fix: str = ""

    def __str__(self) -> str:
        named = f"{self.key}: " if self.key else ""
        return f"{self.place}: {named}{self.message} {self.fix}".rstrip()


class ConfigurationFaults(ConfigError):
    """The configuration cannot be used; `faults` holds everything that is wrong with it."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


Places = Mapping[KeyPath, Place]


def dotted(path: KeyPath) -> str:
    """The path as people write it: `projects[2].target`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def place_of(path: KeyPath, places: Places) -> Place:
    """The place of the path, or of the nearest table around it that was written somewhere."""
    for length in range(len(path), 0, -1):
        found = places.get(path[:length])
        if found is not None:
            return found
    return places.get((), Place("the configuration"))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`Did you mean "token_env"?` with the nearest of the known words, or an empty text."""
    candidates = sorted(set(known))
    near = get_close_matches(word, candidates, n=1, cutoff=0.5)
    return f'Did you mean "{near[0]}"?' if near else ""


def nearest_or_all(word: str, known: Iterable[str]) -> str:
    """The nearest of the known words as a question, else all of them as a sentence."""
    words = sorted(set(known))
    if near := did_you_mean(word, words):
        return near
    return f"There is only {words[0]}." if len(words) == 1 else f"There are {one_of(words)}."


def one_of(known: Iterable[str], *, at_most: int = 12) -> str:
    """The known words as a list for people, or "none"."""
    words = sorted(set(known)) or ["none"]
    more = f" and {len(words) - at_most} more" if len(words) > at_most else ""
    return ", ".join(words[:at_most]) + more
