"""An item's whole history as one text beside it, in place of a row for each change.

Revision 0005, after 0004. The rows stay for one release, for replicas of the version before.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql, sqlite

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ITEMS_AT_ONCE: Final = 500

_ITEMS: Final = sa.table("items", sa.column("uid"), sa.column("history"))
_CHANGES: Final = sa.table(
    "changes",
    sa.column("item_uid"),
    sa.column("change_id"),
    sa.column("at", sa.DateTime(timezone=True)),
    sa.column("field"),
    sa.column("before"),
    sa.column("after"),
    sa.column("before_text"),
    sa.column("after_text"),
    sa.column("actor"),
    sa.column("by_bot", sa.Boolean()),
    sa.column("reason"),
)
_AT: Final = 2
"""Where the instant stands in a row."""


def upgrade() -> None:
    op.add_column("items", sa.Column("history", sa.Text(), nullable=True))
    for uids in _parts(sa.select(_ITEMS.c.uid)):
        _fill(uids)


def downgrade() -> None:
    told = sa.select(_ITEMS.c.uid).where(_ITEMS.c.history.is_not(None))
    for uids in _parts(told):
        _spread(uids)
    op.drop_column("items", "history")


def _parts(query: sa.Select[Any]) -> Iterator[Sequence[str]]:
    """The items that a query finds, some at a time, in the database's own order."""
    last: str | None = None
    ordered = query.order_by(_ITEMS.c.uid).limit(_ITEMS_AT_ONCE)
    while True:
        rest = ordered if last is None else ordered.where(_ITEMS.c.uid > last)
        uids = op.get_bind().scalars(rest).all()
        if not uids:
            return
        yield uids
        last = uids[-1]


def _fill(uids: Sequence[str]) -> None:
    """Write the histories of some items from the rows of their changes."""
    order = (_CHANGES.c.item_uid, _CHANGES.c.at, _CHANGES.c.change_id)
    query = sa.select(*_CHANGES.c).where(_CHANGES.c.item_uid.in_(uids)).order_by(*order)
    rows = op.get_bind().execute(query).all()
    found = [
        {"of": uid, "told": json.dumps([_told(row) for row in some], ensure_ascii=False)}
        for uid, some in groupby(rows, key=itemgetter(0))
    ]
    if found:
        one = sa.update(_ITEMS).where(_ITEMS.c.uid == sa.bindparam("of"))
        op.get_bind().execute(one.values(history=sa.bindparam("told")), found)


def _told(row: Sequence[Any]) -> list[Any]:
    """A change as one text holds it: the values of its row, the instant as ISO 8601 in UTC."""
    at = row[_AT]
    aware = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return [aware.isoformat() if place == _AT else one for place, one in enumerate(row)][1:]


def _spread(uids: Sequence[str]) -> None:
    """Write the rows of the changes of some items from their histories."""
    told = sa.select(_ITEMS.c.uid, _ITEMS.c.history).where(_ITEMS.c.uid.in_(uids))
    rows = [
        _row(uid, values)
        for uid, history in op.get_bind().execute(told).all()
        for values in json.loads(history)
    ]
    if rows:
        op.get_bind().execute(_upsert(), rows)


def _row(uid: str, values: Sequence[Any]) -> dict[str, Any]:
    row = {c.name: value for c, value in zip(_CHANGES.c, (uid, *values), strict=False)}
    return row | {"at": datetime.fromisoformat(row["at"])}


def _upsert() -> sa.Executable:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    statement = sqlite.insert(_CHANGES) if is_sqlite else postgresql.insert(_CHANGES)
    keys = ["item_uid", "change_id", "field"]
    rest = {c.name: statement.excluded[c.name] for c in _CHANGES.c if c.name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=rest)
