from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from syncer.domain.facts import ForecastInputs, MemberFacts, ProgramFacts, ProjectFacts
from syncer.domain.health import Colour, Confidence, Health
from syncer.domain.ledger import Ledger, Ledgers
from syncer.domain.portfolio import Criticality, ProjectKind
from syncer.domain.report import (
    Forecast,
    GroupResult,
    ProjectResult,
    Quality,
    Snapshot,
    SourceState,
)
from syncer.errors import NotFound, Rejected
from syncer.store.editions import (
    PublishedEdition,
    latest_edition,
    list_editions,
    load_edition,
    next_version,
    publish_edition,
)
from syncer.store.engine import Store
from syncer.store.snapshots import (
    SnapshotSort,
    latest_snapshot,
    load_snapshot,
    save_snapshot,
    snapshots_between,
)
from tests.store.samples import NOON

WEEK = timedelta(days=7)
RED = Colour(health=Health.RED, rule="R2", reason="30 %")
LEDGERS = Ledgers(program=Ledger(open=1), product=Ledger(late=2), unclassified=Ledger())
QUALITY = Quality(score=92, confidence=Confidence.HIGH)
FORECAST = Forecast(
    inputs=ForecastInputs(
        as_of=date(2026, 11, 23), target=date(2027, 3, 19), throughput=(5, 6), remaining=82
    ),
    probability=0.3017,
)
PROJECT = ProjectResult(
    key="network",
    name="Network",
    owner="M. Okafor",
    team="network",
    kind=ProjectKind.DELIVERY,
    criticality=Criticality.MUST,
    computed=RED,
    shown=RED,
    facts=ProjectFacts(target=date(2027, 3, 19), warnings=("FLW-2",)),
    forecast=FORECAST,
    quality=QUALITY,
    ledgers=LEDGERS,
    total=240,
    done=158,
    remaining=82,
    wip=3,
    progress=158 / 240,
    planned=None,
    start=None,
    target=date(2027, 3, 19),
)
GROUP = GroupResult(
    scope="prog:5g",
    key="5g",
    name="5G",
    owner="J. Roth",
    objective="Lead",
    projects=("network",),
    computed=RED,
    shown=RED,
    facts=ProgramFacts(
        members=(MemberFacts(key="network", name="Network", health=Health.RED),), joint=None
    ),
    probability=None,
    p50=None,
    p85=None,
    target=None,
    withheld="",
    at_best=0.5,
    total=1,
    done=0,
    remaining=1,
    progress=0.0,
    planned=None,
    quality=QUALITY,
    ledgers=LEDGERS,
)


def snapshot(identity: str, as_of: datetime = NOON) -> Snapshot:
    return Snapshot(
        id=identity,
        as_of=as_of,
        timezone="Europe/Berlin",
        currency="EUR",
        reconstructed=False,
        config_hash="c",
        engine_version="1",
        projects=(PROJECT,),
        programs=(GROUP,),
        products=(),
        risks=(),
        unmerged=(),
        gates=(),
        decisions=(),
        owner_statuses=(),
        sources=(SourceState(connection="jira", container="NET", last_success_at=NOON),),
        unclaimed=(),
        recent_moves=(),
        restricted=1,
        unclassified_share=0.125,
        reopened=0,
        overrides=0,
        holidays=0,
        freezes=0,
    )


def edition(name: str = "2026-W48", version: int = 1, **fields: object) -> PublishedEdition:
    base = PublishedEdition(
        audience="leadership",
        edition=name,
        version=version,
        as_of=NOON,
        snapshot_id="s1",
        previous_snapshot_id=None,
        published_at=NOON,
        subject="5G: Red",
        contents={"md": "# Größe", "txt": "Text"},
    )
    return replace(base, **fields)  # type: ignore[arg-type]  # any field of an edition


async def _keep(store: Store, *snapshots: Snapshot) -> None:
    async with store.write() as session:
        for one in snapshots:
            await save_snapshot(session, one, sort=SnapshotSort.WEEKLY, at=NOON)


async def test_a_snapshot_comes_back_whole(store: Store) -> None:
    await _keep(store, snapshot("s1"))

    async with store.read() as session:
        assert await load_snapshot(session, "s1") == snapshot("s1")
        with pytest.raises(NotFound):
            await load_snapshot(session, "s2")


async def test_a_snapshot_is_written_once(store: Store) -> None:
    await _keep(store, snapshot("s1"), replace(snapshot("s1"), currency="USD"))

    async with store.read() as session:
        assert (await load_snapshot(session, "s1")).currency == "EUR"


async def test_the_newest_snapshot_until_an_instant_is_found(store: Store) -> None:
    weeks = [snapshot(f"s{n}", NOON + n * WEEK) for n in range(4)]
    await _keep(store, *weeks)

    async with store.read() as session:
        assert await latest_snapshot(session) == weeks[3]
        assert await latest_snapshot(session, until=NOON + WEEK) == weeks[1]
        assert await latest_snapshot(session, until=NOON - WEEK) is None
        assert await latest_snapshot(session, sorts={SnapshotSort.RECONSTRUCTED}) is None
        assert await snapshots_between(session, NOON + WEEK, NOON + 2 * WEEK) == weeks[1:3]


async def test_an_edition_comes_back_with_its_bytes(store: Store) -> None:
    await _keep(store, snapshot("s1"))
    async with store.write() as session:
        await publish_edition(session, edition())

    async with store.read() as session:
        found = await load_edition(session, "leadership", "2026-W48")
        with pytest.raises(NotFound):
            await load_edition(session, "leadership", "2026-W49")

    assert found == edition()
    assert found.sha256["md"] == hashlib.sha256("# Größe".encode()).hexdigest()


async def test_a_published_edition_is_never_replaced(store: Store) -> None:
    await _keep(store, snapshot("s1"))
    async with store.write() as session:
        await publish_edition(session, edition())
        with pytest.raises(Rejected, match="next is 2"):
            await publish_edition(session, edition(subject="other"))
        with pytest.raises(Rejected, match="has been published"):
            await publish_edition(session, edition(version=2))
        correction = edition(version=2, correction="wrong date", contents={"md": "new"})
        await publish_edition(session, correction)

    async with store.read() as session:
        assert await next_version(session, audience="leadership", edition="2026-W48") == 3
        assert await load_edition(session, "leadership", "2026-W48") == correction
        assert await load_edition(session, "leadership", "2026-W48", version=1) == edition()


async def test_the_edition_before_is_found(store: Store) -> None:
    later = edition("2026-W49", as_of=NOON + WEEK)
    await _keep(store, snapshot("s1"))
    async with store.write() as session:
        await publish_edition(session, edition())
        await publish_edition(session, later)

    async with store.read() as session:
        assert await latest_edition(session, "leadership") == later
        assert await latest_edition(session, "leadership", before=NOON + WEEK) == edition()
        assert await latest_edition(session, "leadership", before=NOON) is None
        listed = await list_editions(session)
    assert [one.edition for one in listed] == ["2026-W49", "2026-W48"]
