"""What is stored behind a daemon, compared with what its tracker shows."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import select

from syncer.store.daemon_tables import InboxRow
from syncer.store.engine import Store
from syncer.store.rows import table_of
from tests.serve.site import Site

_INBOX = table_of(InboxRow)


async def is_shown(place: Site) -> bool:
    """Whether the store holds what the tracker shows, title by title."""
    now, world = place.jira.clock.now(), place.jira.world
    shown = {one: world.visible(one, now) for one in world.ids()}
    stored = {ref: item.title for ref, item in (await place.items()).items()}
    return stored == {one: state.title for one, state in shown.items() if state is not None}


async def states(place: Site) -> Counter[str]:
    """How many deliveries are in each state."""
    async with Store(place.database) as store, store.read() as session:
        return Counter(await session.scalars(select(_INBOX.c.state)))
