"""Reads GraphQL as connectors send it, for simulators of trackers that are asked in it.

Operations with variables, aliases, arguments and fragments; no directives, no objects as literals.
What a schema knows, what a query weighs and how errors are worded is each tracker's own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|\$?[A-Za-z_]\w*|\.\.\.|-?\d+|[{}()\[\]:!=]')

Schema = Mapping[str, Mapping[str, str]]
"""Types by name: their fields, each with `""` for a scalar, `T`, `[T]` for a list, or `T*` for a
connection of `T`."""


class Unparsable(Exception):
    """A document that cannot be read: the token that was not expected, empty at the end."""

    def __init__(self, token: str) -> None:
        super().__init__(token)
        self.token = token


@dataclass(slots=True)
class Field:
    """A field that is asked for."""

    name: str
    alias: str
    arguments: dict[str, Any]
    selections: list[Any]


@dataclass(slots=True)
class Fragment:
    """What is asked of objects of one type."""

    on: str
    selections: list[Any]


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable in place of a value."""

    name: str


@dataclass(frozen=True, slots=True)
class Operation:
    """What is asked, as `Field`s and `Fragment`s, of which type: `Query` or `Mutation`."""

    on: str
    selections: Sequence[Any]


@dataclass(frozen=True, slots=True)
class _Spread:
    """A named fragment."""

    name: str


@dataclass(slots=True)
class _Document:
    on: str = "Query"
    selections: list[Any] = field(default_factory=list)
    fragments: dict[str, Fragment] = field(default_factory=dict)


def parsed(text: str) -> Operation:
    """What a document asks for, its named fragments put in; `Unparsable` where it is none."""
    document = _Reader(text).document()
    return Operation(document.on, _filled(document.selections, document.fragments))


def bound(arguments: Mapping[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments with the values of variables, None for one that was not sent."""
    return {
        name: variables.get(value.name) if isinstance(value, Variable) else value
        for name, value in arguments.items()
    }


def _filled(selections: Sequence[Any], fragments: Mapping[str, Fragment]) -> list[Any]:
    found = []
    for selection in selections:
        one = selection
        if isinstance(selection, _Spread):
            if selection.name not in fragments:
                raise Unparsable(selection.name)
            one = fragments[selection.name]
        found.append(replace(one, selections=_filled(one.selections, fragments)))
    return found


class _Reader:
    """Reads a document token by token."""

    def __init__(self, text: str) -> None:
        self._tokens = _TOKEN.findall(text)
        self._at = 0

    def document(self) -> _Document:
        found = _Document()
        while self._at < len(self._tokens):
            if self._peek() == "fragment":
                self._take("fragment")
                name = self._take()
                self._take("on")
                found.fragments[name] = Fragment(self._take(), self._selections())
            else:
                found.on = "Mutation" if self._peek() == "mutation" else "Query"
                self._skip_head()
                found.selections = self._selections()
        if not found.selections:
            raise Unparsable("")
        return found

    def _skip_head(self) -> None:
        """`query($a: ID!)`: the types of variables are believed."""
        while self._peek() != "{":
            self._take()

    def _selections(self) -> list[Any]:
        self._take("{")
        found = []
        while self._peek() != "}":
            found.append(self._selection())
        self._take("}")
        return found

    def _selection(self) -> Field | Fragment | _Spread:
        if self._peek() != "...":
            return self._field()
        self._take("...")
        if self._peek() != "on":
            return _Spread(self._take())
        self._take("on")
        return Fragment(self._take(), self._selections())

    def _field(self) -> Field:
        name = alias = self._take()
        if self._peek() == ":":
            self._take(":")
            name = self._take()
        arguments = self._arguments() if self._peek() == "(" else {}
        selections = self._selections() if self._peek() == "{" else []
        return Field(name, alias, arguments, selections)

    def _arguments(self) -> dict[str, Any]:
        self._take("(")
        found = {}
        while self._peek() != ")":
            name = self._take()
            self._take(":")
            found[name] = self._value()
        self._take(")")
        return found

    def _value(self) -> Any:  # noqa: ANN401  any value
        word = self._take()
        if word == "[":
            values = []
            while self._peek() != "]":
                values.append(self._value())
            self._take("]")
            return values
        if word.startswith("$"):
            return Variable(word[1:])
        if word.startswith('"'):
            return word[1:-1]
        if word in ("true", "false"):
            return word == "true"
        return int(word) if word.lstrip("-").isdigit() else word

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, wanted: str = "") -> str:
        part: str = self._peek()
        if not part or (wanted and part != wanted):
            raise Unparsable(part)
        self._at += 1
        return part
