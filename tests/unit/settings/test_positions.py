"""Lines of keys in TOML texts."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.settings.positions import KeyPath, key_lines

EVERYTHING = '''\
# a comment with [brackets] and = signs
title = "a # in a string"   # and a comment
"quoted key" = 'literal \\'
dotted.inner."third part" = 1

[service]
text = """
[not.a.header]
key = "no"
"""
quotes = """ends in two quotes"""""
literal = \'\'\'
x = 1
\'\'\'
escaped = "a \\" quote"
when = 2026-01-01 10:00:00
hooks = { listen = "127.0.0.1:0", nested = { deep = [1, { far = 2 }] } }

[[projects]]
key = "a"
items = [
    "jira:NET",   # first, with a comma
    { label = "x]" },
]

[[projects]]
key = "b"
[projects.target]
from = "jira:NET-1"
[[projects.parts]]
n = 1
[[projects.parts]]
n = 2
[a.b.c]
d = 1
'''


def paths_of(value: Any, path: KeyPath = ()) -> set[KeyPath]:
    found = {path} if path else set()
    if isinstance(value, dict):
        for key, inner in value.items():
            found |= paths_of(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found |= paths_of(inner, (*path, index))
    return found


def test_every_path_of_a_text_with_everything_is_found_and_no_other() -> None:
    assert set(key_lines(EVERYTHING)) == paths_of(tomllib.loads(EVERYTHING))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("quoted key",), 3),
        (("dotted", "inner", "third part"), 4),
        (("service",), 6),
        (("service", "quotes"), 11),
        (("service", "hooks", "nested", "deep", 1, "far"), 17),
        (("projects", 0), 19),
        (("projects", 0, "items", 1, "label"), 23),
        (("projects", 1), 26),
        (("projects", 1, "target", "from"), 29),
        (("projects", 1, "parts", 1, "n"), 33),
        (("a", "b", "c", "d"), 35),
    ],
)
def test_line_of(path: KeyPath, line: int) -> None:
    assert key_lines(EVERYTHING)[path] == line


def test_windows_line_ends_count_once() -> None:
    assert key_lines("a = 1\r\n\r\n[b]\r\nc = 2\r\n")["b", "c"] == 4


KEYS = st.text(alphabet="ab.'\"#=] \\é", min_size=1, max_size=4)
SCALARS = st.one_of(st.integers(0, 9), st.text(alphabet="a'\"#]},=\\\n", max_size=6), st.booleans())
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def written(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case str():
            return quoted(value)
        case list():
            return "[\n" + ",\n".join(map(written, value)) + "\n]"
        case _:
            pairs = (f"{quoted(key)} = {written(inner)}" for key, inner in value.items())
            return "{" + ", ".join(pairs) + "}"


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_the_scanner_and_tomllib_see_the_same_paths(data: dict[str, Any]) -> None:
    text = "\n".join(f"{quoted(key)} = {written(value)} # end" for key, value in data.items())
    assert tomllib.loads(text) == data
    assert set(key_lines(text)) == paths_of(data)
