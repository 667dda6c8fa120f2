"""Picking items below a root, whatever circles and depths people have made of parents."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncer.domain.item import WorkItem
from syncer.domain.link import Link, LinkKind
from syncer.domain.selector import (
    Every,
    InArea,
    InQuery,
    Under,
    answered,
    described,
    queries,
    select,
)
from syncer.settings.selectors import parse_selector, written
from tests.unit.rollup.builders import linked, make_item, ref


def tree(*pairs: tuple[str, str]) -> list[WorkItem]:
    """Items by name, each with its parent's; an empty name is no parent."""
    plain = {name: make_item(name) for name, _ in pairs}
    return [
        replace(plain[name], parent=plain[parent].ref if parent else None) for name, parent in pairs
    ]


def below(root: str, items: list[WorkItem]) -> set[str]:
    by_uid = {item.uid: item for item in items}
    return {item.key for item in select([Under(f"jira:{root}")], items, by_uid)}


@pytest.mark.parametrize(
    ("root", "found"),
    [
        ("A-1", {"A-1", "A-2", "A-3"}),
        ("A-2", {"A-2", "A-3"}),
        ("A-4", {"A-4", "A-5", "A-6"}),
        ("A-5", {"A-4", "A-5", "A-6"}),
        ("A-7", {"A-7"}),
        ("A-8", set()),
    ],
)
def test_circles_and_parents_of_themselves_end(root: str, found: set[str]) -> None:
    items = tree(
        ("A-1", ""), ("A-2", "A-1"), ("A-3", "A-2"),
        ("A-4", "A-5"), ("A-5", "A-4"), ("A-6", "A-5"), ("A-7", "A-7"),
    )  # fmt: skip
    assert below(root, items) == found
    assert below(root, items[::-1]) == found


def test_a_chain_of_a_hundred_thousand_parents_is_climbed_once() -> None:
    """Ends at all only where no ancestor is asked again for every item."""
    count = 100_000
    chain = tree(("A-0", ""), *((f"A-{n}", f"A-{n - 1}") for n in range(1, count)))
    assert len(below("A-0", chain[::-1])) == count
    assert below("B-1", chain) == set()


def test_what_contributes_to_a_tree_is_part_of_it_and_what_it_serves_is_not() -> None:
    top, epic, served = make_item("A-1"), make_item("A-2", parent="A-1"), make_item("C-1")
    issue = linked(make_item("B-1"), (LinkKind.CONTRIBUTES_TO, "A-2"))
    child = replace(make_item("B-2"), parent=issue.ref)
    told = replace(
        make_item("B-3"),
        links=(Link(kind=LinkKind.CONTRIBUTES_TO, to=ref("C-1"), inward=True),),
    )
    items = [child, issue, epic, linked(top, (LinkKind.CONTRIBUTES_TO, "C-1")), told, served]
    assert below("A-1", items) == {"A-1", "A-2", "B-1", "B-2"}
    assert below("C-1", items) == {"C-1", "A-1", "A-2", "B-1", "B-2"}


def test_a_query_picks_what_its_tracker_answered_and_nothing_before() -> None:
    items = tree(("A-1", ""), ("A-2", "A-1"))
    by_uid = {one.uid: one for one in items}
    query = InQuery("jira", "labels = 5g")
    found = frozenset({items[1].uid})
    nested = Every(((query,), (Under("jira:A-1"),)))

    assert select([query, nested], items, by_uid) == []
    assert list(queries(nested)) == [query]
    for selector in (query, nested):
        assert select([answered(selector, {query: found})], items, by_uid) == [items[1]]
    assert "labels = 5g" in described(answered(query, {}))


AREAS = ("Corp", "Corp/Network", "Corp/Network/RAN", "corp/network/core/edge", "Other/Network", "")


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("jira:Corp/Network/**", {1, 2, 3}),
        ("jira:Corp/Network", {1}),
        ("jira:corp/*", {1}),
        ("jira:*/Network", {1, 4}),
        ("jira:**/RAN", {2}),
        ("jira:**/network/**", {1, 2, 3, 4}),
        ("jira:Corp/**/**/core/*", {3}),
        ("jira:**", {0, 1, 2, 3, 4, 5}),
        ("jira:Corp/Net", set()),
        ("ado:**", set()),
    ],
)
def test_an_area_is_picked_by_its_path(pattern: str, found: set[int]) -> None:
    items = [make_item(str(n), components=(area,)) for n, area in enumerate(AREAS)]
    items.append(make_item("none"))
    assert {items.index(item) for item in select([InArea(pattern)], items, {})} == found


def test_an_area_is_written_as_it_is_read() -> None:
    area = parse_selector({"area": "ado:Corp/Network/**"})
    assert area == InArea("ado:Corp/Network/**")
    assert isinstance(area, InArea)
    assert written(area) == '{ area = "ado:Corp/Network/**" }'
    assert described(area) == "area ado:Corp/Network/**"


def test_many_depths_cost_no_more_than_few() -> None:
    deep = make_item("1", components=("/".join("a" * 200),))
    assert select([InArea("jira:" + "**/a/" * 100 + "b")], [deep], {}) == []
