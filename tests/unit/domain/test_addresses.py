from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from syncer.domain.addresses import by_address, with_known_ends
from syncer.domain.item import WorkItem
from syncer.domain.link import Link, LinkKind
from syncer.domain.ref import ContainerKey, ItemRef

AT = datetime(2026, 11, 23, tzinfo=UTC)


def item(connection: str, number: str, *links: Link) -> WorkItem:
    return WorkItem(
        ref=ItemRef(connection, number),
        key=f"K-{number}",
        url=f"https://{connection}.example.com/browse/K-{number}",
        container=ContainerKey(connection, "K"),
        title="Bring the masts up",
        links=links,
        created_at=AT,
        updated_at=AT,
    )


def test_an_address_becomes_the_item_that_has_it() -> None:
    link = Link(
        kind=LinkKind.BLOCKS,
        to=by_address("https://jira.example.com/browse/K-1/?focused=3#comment"),
        inward=True,
    )
    waiting, root = with_known_ends([item("github", "2", link), item("jira", "1")])

    assert waiting.links[0].to == root.ref
    assert waiting.links[0].to_key == root.key


def test_a_title_at_the_end_of_an_address_is_no_part_of_it() -> None:
    page = "https://linear.app/acme/issue/RAN-1"
    root = replace(item("linear", "1"), url=f"{page}/bring-the-masts-up")
    for written in (page, f"{page}/put-up-the-masts", f"{page}/bring-the-masts-up#comment-1"):
        link = Link(kind=LinkKind.BLOCKS, to=by_address(written), inward=True)
        waiting, _ = with_known_ends([item("github", "2", link), root])
        assert waiting.links[0].to == root.ref
    for other in (f"{page}2", f"{page}/a/b", "https://linear.app/acme/project/RAN-1/x"):
        link = Link(kind=LinkKind.BLOCKS, to=by_address(other), inward=True)
        waiting, _ = with_known_ends([item("github", "2", link), root])
        assert waiting.links[0].to == by_address(other)


def test_an_address_that_nobody_has_stays_and_other_links_are_untouched() -> None:
    unknown = Link(kind=LinkKind.BLOCKS, to=by_address("https://elsewhere.example.com/1"))
    native = Link(kind=LinkKind.BLOCKS, to=ItemRef("jira", "7"))
    before = item("github", "2", unknown, native)

    assert with_known_ends([before, item("jira", "1")]) == [before, item("jira", "1")]
