from __future__ import annotations

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


def test_an_address_that_nobody_has_stays_and_other_links_are_untouched() -> None:
    unknown = Link(kind=LinkKind.BLOCKS, to=by_address("https://elsewhere.example.com/1"))
    native = Link(kind=LinkKind.BLOCKS, to=ItemRef("jira", "7"))
    before = item("github", "2", unknown, native)

    assert with_known_ends([before, item("jira", "1")]) == [before, item("jira", "1")]
