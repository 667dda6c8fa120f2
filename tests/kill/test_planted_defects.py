"""The same check must catch what loses or doubles effects, each by the fault that it has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from syncer.failpoints import Edge
from tests.kill.campaign import Campaign
from tests.kill.checker import faults, summary
from tests.kill.defects import Defect
from tests.kill.scripts import Script
from tests.replicas.cluster import Cluster
from tests.replicas.processes import Zygote

_DELIVERIES: Final = 120
_PATIENCE: Final = 5.0


async def _faults(campaign: Campaign) -> list[str]:
    found = await campaign.run()
    print(f"\n{campaign.defect}: {campaign.tally.kills} kills; {summary(found)}")
    assert campaign.tally.kills >= len(campaign.scripts)
    return faults(found)


def _at(*edges: Edge) -> Sequence[Script]:
    return [Script(edge=edge, at=at) for at in (1, 2) for edge in edges]


async def test_an_acknowledgement_before_the_commit_is_caught(
    zygote: Zygote, sqlite_url: str, tmp_path: Path
) -> None:
    told = await _faults(
        Campaign(
            folder=tmp_path / "world",
            database=sqlite_url,
            zygote=zygote,
            scripts=_at(Edge.HOOK_BEFORE_COMMIT),
            deliveries=_DELIVERIES,
            defect=Defect.ACKNOWLEDGED_FIRST,
            patience=_PATIENCE,
        )
    )

    assert [one for one in told if one.endswith("was acknowledged and is not there")]


async def test_deliveries_that_are_done_before_their_items_are_stored_are_caught(
    zygote: Zygote, sqlite_url: str, tmp_path: Path
) -> None:
    told = await _faults(
        Campaign(
            folder=tmp_path / "world",
            database=sqlite_url,
            zygote=zygote,
            scripts=_at(Edge.INBOX_FETCHED, Edge.INBOX_BEFORE_COMMIT),
            deliveries=_DELIVERIES,
            defect=Defect.DONE_FIRST,
            patience=_PATIENCE,
        )
    )

    assert [one for one in told if one.startswith("lost: item ")]
    assert not [one for one in told if "acknowledged" in one]


async def test_deliveries_that_are_kept_twice_are_caught(
    cluster: Cluster, zygote: Zygote, tmp_path: Path
) -> None:
    told = await _faults(
        Campaign(
            folder=tmp_path / "world",
            database=await cluster.database(),
            zygote=zygote,
            scripts=_at(Edge.HOOK_COMMITTED),
            deliveries=_DELIVERIES,
            replicas=2,
            defect=Defect.NO_DEDUPE,
        )
    )

    assert [one for one in told if "was finished 2 times" in one]
    assert not [one for one in told if one.startswith("lost")]
