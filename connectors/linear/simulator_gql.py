"""A small GraphQL: refuses what its schema does not know, and weighs queries.

Errors are worded and weights reckoned as linear.app/developers/graphql and …/rate-limiting say.
Fragments are not known here: the connector sends none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from syncer.connect.testing.graphql import Field, Operation, Schema, Unparsable, bound, parsed

MOST_COMPLEX: Final = 10_000
"""What Linear allows one query to weigh."""

_PAGE: Final = 50
_LARGEST_PAGE: Final = 250
_VALUE: Final = 0.1
_ARGUMENTS: Final = frozenset(
    {"first", "after", "filter", "includeArchived", "includeDisabled", "orderBy"}
)
_OF_CHANGES: Final = frozenset({"id", "input"})

Json = dict[str, Any]


class Refused(Exception):
    """A query that is not answered: its code as in `extensions`, its message, and a status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status

    def told(self) -> Json:
        """The body of the answer."""
        extensions = {
            "code": self.code,
            "type": self.code.casefold().replace("_", " "),
            "userPresentableMessage": str(self),
        }
        return {"errors": [{"message": str(self), "extensions": extensions}], "data": None}


def invalid(message: str) -> Refused:
    """A query that does not fit the schema."""
    return Refused("GRAPHQL_VALIDATION_FAILED", message)


def _read(text: str) -> Operation:
    try:
        return parsed(text)
    except Unparsable as error:
        unexpected = error.token or "<EOF>"
        raise Refused("GRAPHQL_PARSE_FAILED", f"Syntax Error: Unexpected {unexpected!r}.") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """Answers one query: `root` holds the fields of `Query` and `Mutation`, functions of arguments.

    Rows of a connection may be a function of its arguments too. `id` is where a cursor leads.
    """

    schema: Schema
    root: Mapping[str, Callable[[Json], Any]]
    variables: Mapping[str, Any]

    def answer(self, text: str) -> tuple[Json, int]:
        """The data and what the query weighs; `Refused` where it is too much or does not fit."""
        operation = _read(text)
        on, asked = operation.on, operation.selections
        for wrong in self._wrong(asked, on):
            raise invalid(wrong)
        weight = math.ceil(self._weight(asked, on))
        if weight > MOST_COMPLEX:
            raise Refused("INPUT_ERROR", f"Query too complex: {weight}, of {MOST_COMPLEX}.")
        return self._object(asked, on, self.root), weight

    def weight(self, text: str) -> int:
        """What a query weighs."""
        operation = _read(text)
        return math.ceil(self._weight(operation.selections, operation.on))

    # --- looking through a query --------------------------------------------------------------

    def _wrong(self, selections: Sequence[Any], on: str) -> Iterator[str]:
        for one in selections:
            if isinstance(one, Field):
                yield from self._wrong_field(one, on)
            else:
                yield f"Fragments are not known here: {one.on}."

    def _wrong_field(self, one: Field, on: str) -> Iterator[str]:
        type_ = self.schema[on].get(one.name)
        if type_ is None:
            yield f'Cannot query field "{one.name}" on type "{on}".'
            return
        known = _OF_CHANGES if on == "Mutation" else _ARGUMENTS
        for name in one.arguments:
            if not (type_.endswith("*") or on == "Mutation") or name not in known:
                yield f'Unknown argument "{name}" on field "{on}.{one.name}".'
        if bool(type_) is not bool(one.selections):
            yield f'Field "{one.name}" of type "{type_}" has no or too many selections.'
        if type_.endswith("*"):
            yield from self._wrong_connection(one, type_[:-1])
        elif type_:
            yield from self._wrong(one.selections, type_.strip("[]"))

    def _wrong_connection(self, one: Field, of_rows: str) -> Iterator[str]:
        for inner in one.selections:
            name = inner.name if isinstance(inner, Field) else inner.on
            of = {"nodes": of_rows, "pageInfo": "PageInfo"}.get(name)
            if of is None:
                yield f'Cannot query field "{name}" on a connection.'
            else:
                yield from self._wrong(inner.selections, of)

    def _weight(self, selections: Sequence[Any], on: str) -> float:
        """0.1 a value, 1 an object, and a connection as often as its page is long."""
        total = 0.0
        for one in selections:
            type_ = self.schema[on][one.name]
            if type_.endswith("*"):
                rows = [inner for inner in one.selections if inner.name == "nodes"]
                each = sum(1 + self._weight(inner.selections, type_[:-1]) for inner in rows)
                total += self._first(one) * each
            else:
                of = type_.strip("[]")
                total += 1 + self._weight(one.selections, of) if of else _VALUE
        return total

    def _first(self, one: Field) -> int:
        told = self._bound(one.arguments).get("first")
        return _PAGE if told is None else int(told)

    # --- making an answer ---------------------------------------------------------------------

    def _object(self, selections: Sequence[Any], on: str, value: Mapping[str, Any]) -> Json:
        return {one.alias: self._of_field(one, on, value) for one in selections}

    def _of_field(self, one: Field, on: str, value: Mapping[str, Any]) -> Any:  # noqa: ANN401  any value
        arguments, held = self._bound(one.arguments), value.get(one.name)
        if callable(held):
            held = held(arguments)
        type_ = self.schema[on][one.name]
        if type_.endswith("*"):
            return self._connection(one, type_[:-1], list(held or ()))
        if not type_ or held is None:
            return held
        if type_.startswith("["):
            return [self._object(one.selections, type_.strip("[]"), each) for each in held]
        return self._object(one.selections, type_, held)

    def _connection(self, one: Field, of: str, rows: Sequence[Mapping[str, Any]]) -> Json:
        """A page: a cursor is the id of an item, wherever that stands by now."""
        after, size = self._bound(one.arguments).get("after"), self._first(one)
        if not 0 < size <= _LARGEST_PAGE:
            raise Refused("INPUT_ERROR", f"first must not be greater than {_LARGEST_PAGE}.")
        start = 0
        if after is not None:
            places = [number for number, row in enumerate(rows) if row.get("id") == after]
            if not places:
                raise Refused("INPUT_ERROR", f"Entity not found: {of}")
            start = places[0] + 1
        shown = rows[start : start + size]
        page = {
            "hasNextPage": start + len(shown) < len(rows),
            "endCursor": shown[-1].get("id") if shown else None,
        }
        found: Json = {}
        for inner in one.selections:
            if inner.name == "pageInfo":
                found["pageInfo"] = {each.name: page.get(each.name) for each in inner.selections}
            else:
                found["nodes"] = [self._object(inner.selections, of, row) for row in shown]
        return found

    def _bound(self, arguments: Mapping[str, Any]) -> Json:
        return bound(arguments, self.variables)
