"""A small GraphQL: refuses what its schema does not know, and weighs queries.

Errors are worded as GitLab words them; the weight is reckoned as app/graphql/types/base_field.rb
does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from syncer.connect.testing.graphql import Field, Schema, Unparsable, bound, parsed

MOST_COMPLEX: Final = 250
"""What GitLab allows an authenticated user: docs.gitlab.com/api/graphql, "Limits"."""

_PAGE: Final = 100

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """Answers one query: `root` holds the fields of `Query`, functions of their arguments."""

    schema: Schema
    root: Mapping[str, Callable[[Json], Any]]
    variables: Mapping[str, Any]

    def answer(self, text: str) -> Json:
        """The whole answer: data, or errors where the query is refused."""
        try:
            asked = parsed(text).selections
        except Unparsable as unparsable:
            return {"errors": [{"message": f"Parse error on {unparsable.token!r}"}]}
        wrong = list(self._wrong(asked, "Query"))
        if wrong:
            return {"errors": [{"message": one} for one in dict.fromkeys(wrong)]}
        weight = int(self._weight(asked, "Query"))
        if weight > MOST_COMPLEX:
            message = f"Query has complexity of {weight}, which exceeds max complexity of "
            return {"errors": [{"message": f"{message}{MOST_COMPLEX}"}]}
        return {"data": self._object(asked, "Query", self.root)}

    def weight(self, text: str) -> int:
        """What a query weighs."""
        asked = parsed(text).selections
        return int(self._weight(asked, "Query"))

    # --- looking through a query --------------------------------------------------------------

    def _wrong(self, selections: Sequence[Any], on: str) -> Iterator[str]:
        for one in selections:
            if isinstance(one, Field):
                yield from self._wrong_field(one, on)
            elif one.on not in self.schema:
                yield f"No such type {one.on}, so it can't be a fragment condition"
            else:
                yield from self._wrong(one.selections, one.on)

    def _wrong_field(self, one: Field, on: str) -> Iterator[str]:
        known = self.schema[on]
        if one.name not in known:
            yield f"Field '{one.name}' doesn't exist on type '{on}'"
            return
        allowed = known.get(f"{one.name}()")
        for name in one.arguments:
            if allowed is not None and name not in allowed.split():
                yield f"Field '{one.name}' doesn't accept argument '{name}'"
        type_ = known[one.name]
        if type_.endswith("*"):
            for inner in one.selections:
                if inner.name == "nodes":
                    yield from self._wrong(inner.selections, type_[:-1])
        elif type_:
            yield from self._wrong(one.selections, type_.strip("[]"))

    def _weight(self, selections: Sequence[Any], on: str) -> float:
        total = 0.0
        for one in selections:
            if isinstance(one, Field):
                type_ = self.schema[on][one.name]
                if type_.endswith("*"):
                    child = self._page_weight(one, type_[:-1])
                    total += (child + 1) * (1 + self._first(one) / 100)
                else:
                    of = type_.strip("[]")
                    total += 1 + (self._weight(one.selections, of) if of else 0.0)
            else:
                total += self._weight(one.selections, one.on)
        return total

    def _page_weight(self, one: Field, of: str) -> float:
        rows = [s for inner in one.selections if inner.name == "nodes" for s in inner.selections]
        return self._weight(rows, of) + len(one.selections)

    def _first(self, one: Field) -> int:
        return min(int(self._bound(one.arguments).get("first") or _PAGE), _PAGE)

    # --- making an answer ---------------------------------------------------------------------

    def _object(self, selections: Sequence[Any], on: str, value: Mapping[str, Any]) -> Json:
        found: Json = {}
        for one in selections:
            if isinstance(one, Field):
                found[one.alias] = self._of_field(one, on, value)
                continue
            if one.on in (on, value.get("__typename")):
                found |= self._object(one.selections, one.on, value)
        return found

    def _of_field(self, one: Field, on: str, value: Mapping[str, Any]) -> Any:  # noqa: ANN401  any value
        arguments, held = self._bound(one.arguments), value.get(one.name)
        if callable(held):
            held = held(arguments)
        type_ = self.schema[on][one.name]
        if not type_ or held is None:
            return held
        if type_.endswith("*"):
            return self._connection(one, type_[:-1], list(held))
        if type_.startswith("["):
            inner = type_.strip("[]")
            return [self._object(one.selections, inner, each) for each in held]
        return self._object(one.selections, type_, held)

    def _connection(self, one: Field, of: str, rows: Sequence[Mapping[str, Any]]) -> Json:
        """A page: cursors are places in the order of the rows, by the key that a row may have."""
        after = self._bound(one.arguments).get("after")
        keys = [str(row.get("__cursor", number)) for number, row in enumerate(rows)]
        begin = next((n for n, key in enumerate(keys) if after and key > str(after)), None)
        start = 0 if not after else len(rows) if begin is None else begin
        shown = rows[start : start + self._first(one)]
        more = start + len(shown) < len(rows)
        page = {"hasNextPage": more, "endCursor": keys[start + len(shown) - 1] if shown else None}
        found: Json = {}
        for inner in one.selections:
            if inner.name == "pageInfo":
                found["pageInfo"] = {each.name: page[each.name] for each in inner.selections}
            elif inner.name == "nodes":
                found["nodes"] = [self._object(inner.selections, of, row) for row in shown]
        return found

    def _bound(self, arguments: Mapping[str, Any]) -> Json:
        return bound(arguments, self.variables)
