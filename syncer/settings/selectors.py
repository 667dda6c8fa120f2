"""Selectors and targets as written in the configuration, read into the domain's values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from syncer.domain.portfolio import FixedTarget, ItemTarget, Target, VersionTarget
from syncer.domain.selector import (
    InArea,
    InContainer,
    InQuery,
    InVersion,
    Selector,
    Under,
    WithField,
    WithLabel,
    Written,
)
from syncer.settings.faults import did_you_mean, one_of

_KEYS: Final = ("under", "label", "field", "equals", "version", "area", "connection", "jql")
_SHAPES: Final = (
    'a selector is "jira:NET" (a container, globs allowed), { under = "jira:NET-1" }, '
    '{ label = "x-*" }, { field = "Program", equals = "5G" }, { version = "jira:NET/2.0" }, '
    '{ area = "ado:Corp/Network/**" } or { connection = "jira", jql = "…" }'
)


def parse_selector(value: object) -> Selector:
    """One selector; `ValueError` says what is wrong with it."""
    if isinstance(value, str):
        return InContainer(_named(value, "jira:NET"))
    if not isinstance(value, Mapping) or not value:
        raise ValueError(_SHAPES)
    return _from_table(value)


def written(selector: Written) -> str:
    """The selector as it stands in the configuration, so that `parse_selector` reads it again."""
    match selector:
        case InContainer(pattern):
            return quoted(pattern)
        case Under(root):
            return f"{{ under = {quoted(root)} }}"
        case WithLabel(pattern):
            return f"{{ label = {quoted(pattern)} }}"
        case WithField(name, value):
            return f"{{ field = {quoted(name)}, equals = {quoted(value)} }}"
        case InVersion(pattern):
            return f"{{ version = {quoted(pattern)} }}"
        case InArea(pattern):
            return f"{{ area = {quoted(pattern)} }}"
        case InQuery(connection, query):
            return f"{{ connection = {quoted(connection)}, jql = {quoted(query)} }}"


def quoted(text: str) -> str:
    """A basic string of TOML; JSON's escapes are the same, but for the delete character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _from_table(table: Mapping[object, object]) -> Selector:
    match dict(table):
        case {"under": str(root), **rest} if not rest:
            return Under(_named(root, "jira:INIT-12"))
        case {"label": str(pattern), **rest} if not rest and pattern:
            return WithLabel(pattern)
        case {"field": str(name), "equals": str(wanted), **rest} if not rest:
            return WithField(name, wanted)
        case {"version": str(version), **rest} if not rest:
            return InVersion(_version(version))
        case {"area": str(area), **rest} if not rest:
            return InArea(_named(area, "ado:Corp/Network/**"))
        case {"connection": str(connection), "jql": str(jql), **rest} if not rest and jql.strip():
            return InQuery(connection, jql.strip())
        case _:
            raise ValueError(_explain(table))


def _explain(table: Mapping[object, object]) -> str:
    for key in map(str, table):
        if key not in _KEYS:
            near = did_you_mean(key, _KEYS)
            return f'"{key}" is not a selector. {near or _SHAPES}'
    return _SHAPES


def _named(text: str, example: str) -> str:
    connection, colon, name = text.partition(":")
    if not (connection and colon and name):
        raise ValueError(f'{text!r} does not name a connection: write it like "{example}"')
    return text


def _version(text: str) -> str:
    _named(text, "jira:NET/2.0")
    container, slash, name = text.rpartition("/")
    if not (container and slash and name):
        raise ValueError(f'{text!r} does not name a version: write it like "jira:NET/2.0"')
    return text


def parse_target(value: object) -> Target | None:
    """A target: a date, `{ from = item, field = "due" }`, `{ version = … }` or `{ milestone = … }`.

    `ValueError` says what is wrong with it.
    """
    match value:
        case None | FixedTarget() | ItemTarget() | VersionTarget():
            return value
        case datetime():
            raise ValueError("must be a date without a time, such as 2027-03-19")
        case date():
            return FixedTarget(value)
        case {"from": str(item), **rest} if set(rest) <= {"field"}:
            return ItemTarget(_named(item, "jira:NET-1"), _target_field(rest.get("field", "due")))
        case {"version": str(version), **rest} | {"milestone": str(version), **rest} if not rest:
            return VersionTarget(_version(version))
        case _:
            raise ValueError(
                'a target is a date such as 2027-03-19, { from = "jira:NET-1", field = "due" }, '
                '{ version = "jira:NET/2.0" } or { milestone = "github:acme/ran/7" }'
            )


def _target_field(name: object) -> str:
    if name not in {"due", "start"}:
        raise ValueError(f'"field" is one of {one_of(["due", "start"])}, not {name!r}')
    return str(name)


def connection_of(selector: Selector) -> str | None:
    """The connection that a selector names, None where it looks through all of them."""
    match selector:
        case InContainer(pattern) | InVersion(pattern) | InArea(pattern) | Under(pattern):
            return pattern.partition(":")[0]
        case InQuery(connection):
            return connection
        case _:
            return None
