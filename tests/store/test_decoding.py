"""Items from their JSON texts: the quick way gives what the lenient one gives."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from pydantic import TypeAdapter

from syncer.domain.item import Account, DateSource, Version, WorkItem
from syncer.domain.link import Link, LinkKind
from syncer.domain.ref import ItemRef
from syncer.store.codec import decode_item
from syncer.store.types import to_json
from tests.store.samples import item, rich_item

_LENIENT = TypeAdapter(WorkItem)
_BARE = item(1)
_FULL = replace(
    rich_item(),
    assignees=(Account(connection="jira", id="a", name="Ünal \N{SNOWMAN}", bot=True),),
    fix_versions=(Version(id="1", name="2.0", due=date(2024, 2, 29), closed=True),),
    links=(Link(kind=LinkKind.BLOCKS, to=ItemRef("ado", "7", "x/y#7"), inward=True),),
    estimate=3,
    date_source=DateSource.ROLLED_UP,
    done_at=datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
)


@pytest.mark.parametrize("one", [_BARE, _FULL])
def test_an_item_comes_back_as_it_was(one: WorkItem) -> None:
    payload = to_json(one)

    assert decode_item(payload) == _LENIENT.validate_json(payload) == one
    assert decode_item(payload.decode()).uid == one.uid
    assert decode_item(payload).created_at.tzinfo is UTC


def test_an_older_text_without_newer_fields_is_read() -> None:
    payload = to_json(_BARE).replace(b'"history_complete":true', b'"of_another_version":[]')

    assert decode_item(payload) == _BARE
