"""Links in descriptions: by address and by key; resolved once the other end is known."""

from __future__ import annotations

import pytest

from syncer.connect.phrases import shipped_phrases
from syncer.connect.text_links import MOST_LINKS, text_links
from syncer.domain.addresses import with_known_ends
from syncer.domain.item import WorkItem
from syncer.domain.link import Link, LinkKind, LinkOrigin
from syncer.domain.ref import ItemRef
from syncer.rollup.work.counting import Tree, countable
from tests.store.samples import item as sample

ADDRESS = "https://acme.atlassian.net/browse/NET-7"


def links(body: str) -> list[tuple[str, str, bool]]:
    return [(one.kind.value, one.to.id, one.inward) for one in text_links(body, shipped_phrases())]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (f"Blocked by {ADDRESS}.", [("blocks", ADDRESS, True)]),
        ("### Depends on: NET-7, OUT-12", [("blocks", "NET-7", True), ("blocks", "OUT-12", True)]),
        ("* Blocks NET-7", [("blocks", "NET-7", False)]),
        (f"Depends on [NET-7|{ADDRESS}]", [("blocks", ADDRESS, True)]),
        (f"Depends on [NET-7]({ADDRESS})", [("blocks", ADDRESS, True)]),
        (f"Mirror of {ADDRESS}?focused=1#c2", [("mirrors", ADDRESS, False)]),
        (f"Synced from {ADDRESS}", [("mirrors", ADDRESS, False)]),
        ("Blocked by:\n- NET-7\n- OUT-1\n\nNo more: NET-9", [
            ("blocks", "NET-7", True), ("blocks", "OUT-1", True),
        ]),
        ("As NET-7 says, blocked by nobody", []),
        ("Blocked by net-7", []),
        ("Blocked by X-NET-7 and NET-07 and NET-7-2", []),
        ("", []),
        ("NET-7", []),
    ],
)  # fmt: skip
def test_what_a_line_says(body: str, found: list[tuple[str, str, bool]]) -> None:
    assert links(body) == found


def test_text_is_trusted_least_and_bounded() -> None:
    body = "Blocks " + " ".join(f"NET-{number}" for number in range(1, 5000))
    found = text_links(body, shipped_phrases())
    assert len(found) <= MOST_LINKS
    assert {one.origin for one in found} == {LinkOrigin.TEXT}
    assert text_links("blocks " * 100_000, shipped_phrases()) == ()
    assert text_links(body, ()) == ()


def item(number: int, *, body: str = "", connection: str = "jira", **more: str) -> WorkItem:
    told = text_links(body, shipped_phrases())
    return sample(number, ref=ItemRef(connection, str(number)), links=told, **more)


def ends(*items: WorkItem) -> list[Link]:
    return [link for one in with_known_ends(items) for link in one.links]


def test_a_key_becomes_an_end_once_its_only_item_is_stored() -> None:
    waiting = item(1, body="Blocked by OUT-5, ISO-9001 and RAN-2")
    other = item(5, key="OUT-5")
    assert ends(waiting) == []
    [link] = ends(waiting, other)
    assert (link.to, link.to_key, link.kind) == (other.ref, "OUT-5", LinkKind.BLOCKS)


def test_a_key_that_two_trackers_use_is_nobodys() -> None:
    waiting = item(1, body="Blocked by OUT-5")
    twins = item(5, key="OUT-5"), item(6, key="OUT-5", connection="other")
    assert ends(waiting, *twins) == []


def test_an_item_is_no_link_of_its_own() -> None:
    assert ends(item(1, body="Blocks OUT-1", key="OUT-1")) == []


def test_an_address_that_nobody_has_stored_stays_an_unknown_end() -> None:
    [link] = ends(item(1, body="Blocked by https://elsewhere.example.com/9"))
    assert link.to.connection == "@url"


def mirror(number: int, of: WorkItem, *, connection: str = "github") -> WorkItem:
    return item(number, body=f"Mirror of {of.url}", key=f"ran#{number}", connection=connection)


def counted(*items: WorkItem) -> int:
    known = with_known_ends(items)
    return countable(known, Tree(known)).total


def test_a_mirror_in_another_tracker_counts_once() -> None:
    """Row E9, where only the description tells of it."""
    original = item(7)
    assert counted(original, mirror(1, original)) == 1
    assert counted(original, mirror(1, original), mirror(2, original, connection="ado")) == 1
    assert counted(mirror(1, original)) == 1


def test_work_does_not_vanish_by_what_somebody_writes() -> None:
    original = item(7)
    twice = [mirror(1, original), mirror(2, original)]
    assert counted(original, *twice) == 3
    assert [link.kind for link in ends(original, *twice)] == [LinkKind.RELATES] * 2
    assert counted(original, mirror(1, original, connection="jira")) == 2
    other = item(8)
    both = item(1, body=f"Mirror of {original.url}, {other.url}", connection="github")
    assert counted(original, other, both) == 3
