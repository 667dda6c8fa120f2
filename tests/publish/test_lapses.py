"""That an override lapsed is audited, once, by the first edition that says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from syncer.domain.health import Colour, Health
from syncer.domain.override import Lapse, OverrideState
from syncer.domain.report import Snapshot
from syncer.domain.statement import ColourOverride, Door, Provenance
from syncer.publish.lapses import LAPSE, record_lapses
from syncer.store.audit import AuditEvent, load_events
from syncer.store.engine import Store
from tests.unit.publish.builders import AS_OF, snapshot
from tests.unit.publish.portfolios import network

MADE = ColourOverride(
    id="C-1",
    scope="proj:network",
    colour=Health.AMBER,
    computed=Health.RED,
    target=date(2027, 3, 19),
    reason="The supplier has confirmed the parts",
    since=date(2026, 11, 9),
    expires=date(2026, 11, 20),
    provenance=Provenance(author="J. Roth", at=AS_OF, door=Door.COMMAND),
)


def found(lapse: Lapse | None, made: ColourOverride = MADE) -> Snapshot:
    """What an edition knows of the override."""
    own = Colour(health=Health.RED, rule="R2", reason="30 % chance")
    state = OverrideState(override=made, own=own, lapse=lapse)
    return snapshot(projects=(replace(network(), override=state),))


async def noted(store: Store, *snapshots: Snapshot) -> list[AuditEvent]:
    for one in snapshots:
        async with store.write() as session:
            await record_lapses(session, one, at=AS_OF)
    async with store.read() as session:
        return await load_events(session, what=LAPSE)


async def test_a_lapse_is_noted_once_with_why(store: Store) -> None:
    lapsed = found(Lapse.TARGET)
    (event,) = await noted(store, found(None), lapsed, lapsed)
    assert (event.subject, event.why) == ("C-1", "the target moved")
    assert event.before == {"scope": "proj:network", "shown": "AMBER"}
    assert event.after == {"shown": "RED", "snapshot": "snap-1"}


@pytest.mark.parametrize(
    "known", [found(None), found(Lapse.UNDONE, replace(MADE, undone_at=AS_OF)), snapshot()]
)
async def test_what_holds_or_was_taken_back_is_not(store: Store, known: Snapshot) -> None:
    assert await noted(store, known) == []
