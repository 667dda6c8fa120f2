"""Work items made for tests of the store and of syncing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from syncer.domain.change import Change, ChangeField
from syncer.domain.item import (
    Account,
    ItemRecord,
    Sprint,
    StatusCategory,
    Version,
    WorkItem,
)
from syncer.domain.link import Link, LinkKind
from syncer.domain.ref import ContainerKey, ItemRef

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NET = ContainerKey("jira", "NET")


def item(number: int, **fields: Any) -> WorkItem:
    """Item `number` of NET, last touched `number` seconds after noon."""
    given: dict[str, Any] = {
        "ref": ItemRef("jira", str(10_000 + number)),
        "key": f"NET-{number}",
        "url": f"http://tracker.test/browse/NET-{number}",
        "container": NET,
        "title": f"Item {number}",
        "status_category": StatusCategory.TODO,
        "created_at": NOON - timedelta(days=30),
        "updated_at": NOON + timedelta(seconds=number),
    }
    return WorkItem(**(given | fields))


def rich_item(number: int = 1) -> WorkItem:
    """An item with every sort of field in use."""
    return item(
        number,
        body="Täglich — 日本語",
        labels=("a", "b"),
        fix_versions=(Version(id="7", name="2.0", due=date(2027, 1, 2)),),
        sprints=(Sprint(id="3", name="S3", end=date(2026, 12, 1)),),
        assignees=(Account(connection="jira", id="u1", name="M. Okafor"),),
        parent=ItemRef("jira", "9999", "NET-0"),
        links=(Link(kind=LinkKind.BLOCKS, to=ItemRef("ado", "5"), created_at=NOON),),
        estimate=2.5,
        due_date=date(2026, 12, 24),
        started_at=NOON,
        custom={"Program": "5G"},
    )


def status_change(number: int, after: StatusCategory = StatusCategory.IN_PROGRESS) -> Change:
    """Change `number` of an item, `number` minutes after noon."""
    return Change(
        id=str(number),
        at=NOON + timedelta(minutes=number),
        field=ChangeField.STATUS,
        before=StatusCategory.TODO,
        after=after,
        actor="M. Okafor",
    )


def record(number: int, *changes: Change, **fields: Any) -> ItemRecord:
    """A record of item `number`."""
    return ItemRecord(item=item(number, **fields), changes=changes)
