"""The part of JQL that a sensible connector sends, parsed and evaluated.

Grammar: clauses joined by AND and OR, NOT, parentheses, `ORDER BY`. Anything else is refused
with 400 as Jira does, so that a connector's mistake is seen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from syncer.connect.testing.script import ItemState

UNBOUNDED: Final = (
    "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
)
_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<operator>>=|<=|!=|=|>|<)"""
    r"""|(?P<mark>[(),])|(?P<word>[^\s(),=<>!"']+))"""
)
_RELATIVE: Final = re.compile(r"^-(\d+)([mhdw])$")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DATE_FORMATS: Final = ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d")
_EPOCH_MILLISECONDS: Final = re.compile(r"^-?\d+$")


class JqlError(Exception):
    """The query is one that Jira answers with 400; the message is the one for the caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a query can ask about an issue."""

    id: str
    keys: tuple[str, ...]
    project_id: str
    project_name: str
    created: datetime
    updated: datetime
    category: str
    parent_key: str | None
    state: ItemState


Condition = Callable[[Row], bool]


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query: which issues, ordered by what. Order defaults to newest first."""

    condition: Condition
    order: tuple[tuple[str, bool], ...]

    def sort_key(self, row: Row) -> tuple[float, ...]:
        """A key that sorts rows as the query asks, ties broken by id."""
        parts = [(_ORDERS[name](row), descending) for name, descending in self.order]
        return (*(-value if down else value for value, down in parts), float(row.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What exists on the site, so that anything unknown is refused; and how to read dates.

    `projects` and `issues` hold casefolded ids, keys and names.
    """

    projects: Collection[str]
    issues: Collection[str]
    now: datetime
    zone: ZoneInfo


def parse(jql: str, names: Names) -> Query:
    """Parse a query.

    Raises:
        JqlError: for anything that Jira would refuse: no restriction, bad syntax, an unknown
            field or project.
    """
    tokens = _tokens(jql)
    parser = _Parser(tokens, names)
    condition = parser.disjunction() if tokens and not parser.at("order") else None
    order = parser.order()
    if parser.rest():
        raise JqlError(f"Error in the JQL Query: expecting an operator before '{parser.rest()}'.")
    if condition is None:
        raise JqlError(UNBOUNDED)
    return Query(condition, order)


def _tokens(jql: str) -> list[tuple[str, bool]]:
    """The words of a query, each with whether it was quoted."""
    tokens, position, text = [], 0, jql.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise JqlError(f"Error in the JQL Query at character {position + 1}.")
        position = match.end()
        quoted = match["string"] is not None
        word = match[match.lastgroup or "word"]
        tokens.append((re.sub(r"\\(.)", r"\1", word[1:-1]) if quoted else word, quoted))
    return tokens


class _Parser:
    """Recursive descent over the words of a query."""

    def __init__(self, tokens: list[tuple[str, bool]], names: Names) -> None:
        self._tokens = tokens
        self._names = names
        self._next = 0

    def at(self, *words: str) -> bool:
        """Whether the next words are these keywords."""
        ahead = self._tokens[self._next : self._next + len(words)]
        return [(w.lower(), quoted) for w, quoted in ahead] == [(w, False) for w in words]

    def rest(self) -> str:
        """What is left unread."""
        return " ".join(word for word, _ in self._tokens[self._next :])

    def disjunction(self) -> Condition:
        """Clauses joined by OR."""
        parts = [self._conjunction()]
        while self._skip("or"):
            parts.append(self._conjunction())
        return lambda row: any(part(row) for part in parts)

    def order(self) -> tuple[tuple[str, bool], ...]:
        """The ORDER BY part."""
        if not self._skip("order", "by"):
            return (("created", True),)
        terms = [self._order_term()]
        while self._skip(","):
            terms.append(self._order_term())
        return tuple(terms)

    def _order_term(self) -> tuple[str, bool]:
        name = self._take().lower()
        if name not in _ORDERS:
            raise JqlError(f"Not able to sort using field '{name}'.")
        descending = self._skip("desc")
        if not descending:
            self._skip("asc")
        return name, descending

    def _conjunction(self) -> Condition:
        parts = [self._term()]
        while self._skip("and"):
            parts.append(self._term())
        return lambda row: all(part(row) for part in parts)

    def _term(self) -> Condition:
        if self._skip("not"):
            inner = self._term()
            return lambda row: not inner(row)
        if self._skip("("):
            inner = self.disjunction()
            self._expect(")")
            return inner
        return self._clause()

    def _clause(self) -> Condition:
        field = self._take().lower()
        if field in ("updated", "created"):
            return self._date_clause(field)
        if field not in _VALUES:
            raise JqlError(f"Field '{field}' does not exist or you do not have permission.")
        negated, values = self._comparison(field)
        self._check(field, values)
        read, wanted = _VALUES[field], {value.casefold() for value in values}
        return lambda row: (
            (not wanted.isdisjoint(read(row)) if wanted else not read(row)) != negated
        )

    def _comparison(self, field: str) -> tuple[bool, list[str]]:
        """Whether negated, and the values; no values mean EMPTY."""
        if self._skip("not", "in"):
            return True, self._list()
        if self._skip("in"):
            return False, self._list()
        if self._skip("is", "not"):
            return True, self._empty()
        if self._skip("is"):
            return False, self._empty()
        operator = self._take()
        if operator not in ("=", "!="):
            raise JqlError(f"The operator '{operator}' is not supported by the '{field}' field.")
        return operator == "!=", [self._take()]

    def _date_clause(self, field: str) -> Condition:
        operator = self._take()
        if operator not in _COMPARISONS:
            raise JqlError(f"The operator '{operator}' is not supported by the '{field}' field.")
        word, quoted = self._take_with_quotes()
        bound, compare = _instant(word, self._names, quoted=quoted), _COMPARISONS[operator]
        if field == "updated":
            return lambda row: compare(row.updated, bound)
        return lambda row: compare(row.created, bound)

    def _check(self, field: str, values: Sequence[str]) -> None:
        """Refuse values that name nothing on this site."""
        known = self._names.projects if field == "project" else self._names.issues
        if field not in ("project", *_ISSUE_FIELDS):
            return
        for value in values:
            if value.casefold() not in known:
                raise JqlError(f"The value '{value}' does not exist for the field '{field}'.")

    def _list(self) -> list[str]:
        self._expect("(")
        values = [self._take()]
        while self._skip(","):
            values.append(self._take())
        self._expect(")")
        return values

    def _empty(self) -> list[str]:
        if self._take().lower() not in ("empty", "null"):
            raise JqlError("Error in the JQL Query: 'is' wants EMPTY.")
        return []

    def _skip(self, *words: str) -> bool:
        found = self.at(*words)
        self._next += len(words) if found else 0
        return found

    def _expect(self, word: str) -> None:
        if not self._skip(word):
            raise JqlError(f"Error in the JQL Query: expecting '{word}' before '{self.rest()}'.")

    def _take(self) -> str:
        return self._take_with_quotes()[0]

    def _take_with_quotes(self) -> tuple[str, bool]:
        if self._next >= len(self._tokens):
            raise JqlError("Error in the JQL Query: it ends too early.")
        self._next += 1
        return self._tokens[self._next - 1]


def _instant(word: str, names: Names, *, quoted: bool) -> datetime:
    """Read a date: bare epoch milliseconds, `-2h`, or a minute in the account's own zone."""
    if not quoted and _EPOCH_MILLISECONDS.match(word):
        return datetime.fromtimestamp(int(word) / 1000, UTC)
    relative = _RELATIVE.match(word)
    if relative is not None:
        return names.now - timedelta(**{_UNITS[relative[2]]: int(relative[1])})
    for pattern in _DATE_FORMATS:
        try:
            return datetime.strptime(word, pattern).replace(tzinfo=names.zone)
        except ValueError:
            continue
    raise JqlError(f"Date value '{word}' is invalid. Valid formats include 'yyyy-MM-dd HH:mm'.")


_ISSUE_FIELDS: Final = ("key", "issuekey", "issue", "id")
_COMPARISONS: Final[dict[str, Callable[[datetime, datetime], bool]]] = {
    ">=": lambda value, bound: value >= bound,
    ">": lambda value, bound: value > bound,
    "<=": lambda value, bound: value <= bound,
    "<": lambda value, bound: value < bound,
}


def _folded(*values: str | None) -> frozenset[str]:
    return frozenset(value.casefold() for value in values if value)


def _identities(row: Row) -> frozenset[str]:
    return _folded(row.id, *row.keys)


_VALUES: Final[dict[str, Callable[[Row], frozenset[str]]]] = {
    "project": lambda row: _folded(row.state.container, row.project_id, row.project_name),
    "key": _identities,
    "issuekey": _identities,
    "issue": _identities,
    "id": _identities,
    "status": lambda row: _folded(row.state.status),
    "statuscategory": lambda row: _folded(row.category),
    "issuetype": lambda row: _folded(row.state.type),
    "labels": lambda row: _folded(*row.state.labels),
    "fixversion": lambda row: _folded(*row.state.versions),
    "parent": lambda row: _folded(row.state.parent, row.parent_key),
    "assignee": lambda row: _folded(row.state.assignee),
}
_ORDERS: Final[dict[str, Callable[[Row], float]]] = {
    "updated": lambda row: row.updated.timestamp(),
    "created": lambda row: row.created.timestamp(),
    "key": lambda row: float(row.keys[-1].rpartition("-")[2]),
    "issuekey": lambda row: float(row.keys[-1].rpartition("-")[2]),
    "id": lambda row: float(row.id),
}
