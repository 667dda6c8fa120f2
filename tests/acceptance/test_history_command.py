"""`syncer history` and `syncer replay` over the weekly snapshots of a database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from syncer.domain.health import Colour, Health
from syncer.domain.report import Snapshot
from syncer.store.engine import Store
from syncer.store.snapshots import SnapshotSort, save_snapshot
from tests.acceptance.cli_world import Cli
from tests.unit.publish.builders import AS_OF
from tests.unit.publish.portfolios import example, outreach

GREEN = Colour(health=Health.GREEN, rule="G", reason="90 % chance of 22 Jan")
AMBER = Colour(health=Health.AMBER, rule="A1", reason="83 % chance of 19 Mar")
WEEKS = 3


def week(number: int) -> Snapshot:
    """Outreach is Green for two weeks and Amber in the third, with another target."""
    last = number == WEEKS - 1
    shown = AMBER if last else GREEN
    target = date(2027, 3, 19) if last else date(2027, 1, 22)
    project = replace(outreach(), computed=shown, shown=shown, target=target, override=None)
    facts = replace(project.facts, target=target, total=60, remaining=20, source_age_hours=0.0)
    facts = replace(facts, probability=0.83 if last else 0.9)
    return example(
        id=f"S-{number}",
        as_of=AS_OF - timedelta(weeks=WEEKS - 1 - number),
        projects=(replace(project, facts=facts),),
    )


async def keep(url: str, *snapshots: Snapshot) -> None:
    async with Store(url) as store, store.write() as session:
        for one in snapshots:
            await save_snapshot(session, one, sort=SnapshotSort.WEEKLY, at=one.as_of)


@pytest.fixture
def cli(sqlite_url: str, tmp_path: Path) -> Cli:
    """A folder whose database holds three weeks; of one morning there are two snapshots."""
    second = replace(week(1), id="S-of-another-audience", restricted=0, projects=())
    asyncio.run(keep(sqlite_url, *(week(number) for number in range(WEEKS)), second))
    made = Cli(tmp_path)
    made.write('[service]\ntimezone = "Europe/Berlin"\n')
    return made


def test_history_shows_each_week_once_and_says_when_it_turned(cli: Cli) -> None:
    done = cli.ok("history", "outreach")

    days = [line.split()[0] for line in done.out.splitlines()[1:]]
    assert days == ["2026-11-09", "2026-11-16", "2026-11-23"]
    assert "2026-11-09: GREEN when first seen: 90 % chance of 22 Jan" in done.err
    assert "2026-11-23: GREEN → AMBER: 83 % chance of 19 Mar" in done.err
    assert "2026-11-23: target 2027-01-22 → 2027-03-19" in done.err


def test_history_as_json_has_the_keys_of_status(cli: Cli) -> None:
    rows = cli.ok("history", "proj:outreach", "--since", "2026-11-16", "--format", "json").json

    assert [(row["snapshot"], row["shown"]) for row in rows] == [("S-1", "GREEN"), ("S-2", "AMBER")]
    status = {"key", "name", "state", "rule", "reason", "probability", "p50", "p85", "ledgers"}
    assert status <= rows[0].keys()


def test_a_scope_that_nobody_knows_is_told_with_the_nearest(cli: Cli) -> None:
    done = cli("history", "outreech")
    assert done.code == 2
    assert "outreach" in done.err


def test_without_a_snapshot_it_says_what_keeps_one(cli: Cli) -> None:
    done = cli("history", "outreach", "--since", "2026-11-24")
    assert done.code != 0
    assert "syncer serve" in done.err


def test_replay_shows_which_week_would_have_been_another_colour(cli: Cli) -> None:
    cli.write("[colour]\namber_below = 0.95\n", "strict.toml")

    rows = cli.ok("replay", "--rules", "strict.toml", "--format", "json").json
    table = cli.ok("replay", "--rules", "strict.toml")

    ours = [one for one in rows if one["scope"] == "proj:outreach"]
    assert [(one["as_of"][:10], one["now"]["state"], one["then"]["state"]) for one in ours] == [
        ("2026-11-09", "GREEN", "AMBER"),
        ("2026-11-16", "GREEN", "AMBER"),
    ]
    assert f"{len(rows)} colours in 3 weekly snapshots" in table.err


def test_a_file_with_a_wrong_threshold_is_told_with_its_line(cli: Cli) -> None:
    cli.write("[colour]\namber_bellow = 0.95\n", "wrong.toml")
    done = cli("replay", "--rules", "wrong.toml")
    assert done.code == 2
    assert "wrong.toml:2" in done.err
    assert "amber_below" in done.err
