"""The identity of items goes with every copy of them and is part of no figure."""

from __future__ import annotations

import copy
import pickle
from dataclasses import asdict, replace

from syncer.domain.item import WorkItem
from syncer.domain.ref import ItemRef
from syncer.store.types import to_json
from tests.unit.rollup.builders import make_item


def test_the_uid_is_connection_and_immutable_id() -> None:
    assert ItemRef("jira", "10001", "acme/phone#12").uid == "jira:10001"


def test_an_item_that_is_changed_to_another_ref_has_its_uid() -> None:
    one = make_item("NET-1")

    assert one.uid == one.ref.uid
    assert replace(one, ref=ItemRef("ado", "7")).uid == "ado:7"


def test_copies_know_their_uid() -> None:
    one = make_item("NET-1")

    copies: list[WorkItem] = [copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))]

    assert [(other, other.uid, other.ref.uid) for other in copies] == [
        (one, one.uid, one.uid) for _ in copies
    ]


def test_the_uid_is_neither_stored_nor_compared() -> None:
    ref = ItemRef("jira", "10001")

    assert "uid" not in asdict(ref)
    assert to_json(ref) == b'{"connection":"jira","id":"10001","locator":""}'
    assert repr(ref) == "ItemRef(connection='jira', id='10001', locator='')"
