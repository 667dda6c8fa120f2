"""Work items that are made to cost much: one alone, and many that hang together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from syncer.classify.portfolio import Portfolio

Item = dict[str, object]
LONG: Final = 1_000_000
"""Characters of a hostile text."""

_TEXTS: Final[Mapping[str, str]] = {
    "one letter": "a",
    "fences": "```",
    "code in braces": "{code:",
    "ats": "@",
    "half an address": "a.b-",
    "half a web address": "http://",
    "comments": "<!--",
    "quoted mail": "> x\n",
    "somebody wrote": "On x\n",
    "back quotes": "` ",
    "one character that stands for eighteen": "ﷺ",
    "Chinese": "全チーム移行",
    "words that begin many phrases": "all each every ",
    "one phrase again and again": "all teams must ",
    "half a phrase again and again": "each of ",
    "emoji": "👩‍👩‍👧🔥",
}


def alone(length: int) -> dict[str, Portfolio]:
    """Portfolios of one item by what there is too much of: texts of so many characters."""
    many = length // 10
    found: dict[str, Item] = {
        f"body of {name}": {"body": _long(text, length)} for name, text in _TEXTS.items()
    }
    found |= {f"title of {name}": {"title": _long(text, length)} for name, text in _TEXTS.items()}
    found |= {
        "labels": {"labels": [f"l{n}" for n in range(many)]},
        "labels of emoji": {"labels": [f"🔥{n}" for n in range(many)]},
        "components": {"components": [f"c{n}" for n in range(many)]},
        "versions": {"fix_versions": [f"v{n}" for n in range(many)]},
        "links to nowhere": {"links": [{"type": "blocks", "to": f"N{n}"} for n in range(many)]},
        "a long type": {"type": _long("Epic ", length)},
        "its own parent": {"parent": "A"},
    }
    return {name: _portfolio([_item("A", **fields)]) for name, fields in found.items()}


def _long(text: str, length: int) -> str:
    return text * (length // len(text))


def _children(count: int) -> list[Item]:
    return [_item("A"), *(_item(f"K{n}", n, parent="A") for n in range(count))]


def _same_order(count: int) -> list[Item]:
    return [
        _item("A"),
        *(_item(f"K{n}", n, parent="A", title="Sync", components=[f"c{n}"]) for n in range(count)),
    ]


def _hub(count: int) -> list[Item]:
    links = [{"type": "blocks", "to": f"K{n}"} for n in range(count)]
    return [_item("A", links=links), *(_item(f"K{n}", n) for n in range(count))]


def _waiting(count: int) -> list[Item]:
    links = [{"type": "is blocked by", "to": "A"}]
    return [_item("A"), *(_item(f"K{n}", n, links=links) for n in range(count))]


def _chain(count: int) -> list[Item]:
    return [
        _item("A"),
        *(_item(f"K{n}", n, parent=f"K{n - 1}" if n else "A") for n in range(count)),
    ]


def _chain_of_components(count: int) -> list[Item]:
    return [one | {"components": [one["key"]]} for one in _chain(count)]


def _ring(count: int) -> list[Item]:
    return [_item(f"K{n}", n, parent=f"K{(n + 1) % count}") for n in range(count)] + [_item("A")]


CROWDS: Final[Mapping[str, Callable[[int], list[Item]]]] = {
    "children": _children,
    "children with the same title, each of its own component": _same_order,
    "items that one blocks": _hub,
    "items that wait for one": _waiting,
    "items in a chain of parents": _chain,
    "items in a chain, each of its own component": _chain_of_components,
    "items in a circle of parents": _ring,
}
"""Portfolios of so many items, all about item A, by what they are."""


def crowd(name: str, count: int) -> Portfolio:
    """So many items that hang together."""
    return _portfolio(CROWDS[name](count))


def _item(key: str, number: int = 0, /, **fields: object) -> Item:
    """An item of one of three products; one that has components is of none, so that they count."""
    project = "P" if "components" in fields else f"P{number % 3}"
    return {"key": key, "project": project, "title": f"Part {number}", **fields}


def _portfolio(items: list[Item]) -> Portfolio:
    projects = [{"key": f"P{n}", "product": f"p{n}", "team": f"t{n}"} for n in range(3)]
    return Portfolio.model_validate({"projects": projects, "items": items})
