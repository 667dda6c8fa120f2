"""Which deliveries one fetch serves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from syncer.domain.ref import ContainerKey, ItemRef
from syncer.store.inbox import Delivery, InboxState
from syncer.sync.batches import Told, alike, batches, hints
from tests.store.samples import NOON


def told(number: int, *items: int, deleted: frozenset[int] = frozenset()) -> Told:
    refs = tuple(ItemRef("jira", str(one)) for one in items if one not in deleted)
    delivery = Delivery(
        id=number,
        connection="jira",
        delivery_id=str(number),
        event="",
        received_at=NOON,
        refs=refs,
        deleted=tuple(ItemRef("jira", str(one)) for one in sorted(deleted)),
        containers=() if items else (ContainerKey("jira", "NET"),),
        state=InboxState.PENDING,
        note="",
        tries=1,
    )
    return Told(delivery, delivery)


def numbers(made: list[list[Told]]) -> list[list[int]]:
    return [[one.delivery.id for one in batch] for batch in made]


def test_many_deliveries_about_few_items_are_one_batch() -> None:
    made = batches([told(n, n % 100) for n in range(5000)], most=100)

    assert [len(batch) for batch in made] == [5000]
    assert len(hints(made[0]).refs) == 100


def test_each_item_is_in_one_batch_wherever_its_deliveries_stand() -> None:
    made = batches([told(n, n % 6) for n in range(18)], most=2)

    assert [len({*hints(batch).refs}) for batch in made] == [2, 2, 2]
    assert sum(len(batch) for batch in made) == 18


def test_what_names_no_item_joins_whatever_there_is() -> None:
    assert numbers(batches([told(1), told(2, 1), told(3)], most=1)) == [[1, 2, 3]]


def test_what_names_the_same_shares_its_fate() -> None:
    every = [told(1, 1), told(2, 2), told(3, 1), told(4, 1, 2), told(5, 2, 1)]

    assert numbers(alike(every)) == [[1, 3], [2], [4, 5]]


@given(
    st.lists(st.lists(st.integers(0, 12), max_size=5), max_size=40),
    st.integers(1, 8),
)
def test_every_delivery_is_in_one_batch_that_fetches_all_that_it_names(
    named: list[list[int]], most: int
) -> None:
    every = [told(number, *items) for number, items in enumerate(named)]

    made = batches(every, most=most)

    assert sorted(n for batch in numbers(made) for n in batch) == list(range(len(every)))
    for batch in made:
        fetched = {*hints(batch).refs}
        assert all(one.items <= fetched for one in batch)
        assert len(fetched) <= max(most, *(len(one.items) for one in batch))
