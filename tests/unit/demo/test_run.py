"""The demo from end to end: simulated trackers, real connectors, store, roll-up and digest."""

from __future__ import annotations

import asyncio
import shutil
import stat
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from syncer.clock import FixedClock
from syncer.demo.clock import AS_OF, DemoClock, local, past_mondays
from syncer.demo.configuration import (
    configuration_text,
    credential_file,
    signing_file,
)
from syncer.demo.portfolio.build import NORTH_PERMIT_ID, build_world
from syncer.demo.run import DemoResult, make_demo
from syncer.demo.trackers import KINDS
from syncer.domain.item import WorkItem
from syncer.domain.report import Snapshot
from syncer.domain.verdict import VerdictLevel
from syncer.errors import ConfigError
from syncer.publish.render.text import render_text
from syncer.rollup.display import show_probability
from syncer.rollup.forecast import completion_cdf, probability_on_time
from syncer.rollup.whatif import Assumption
from syncer.service.core import Service
from syncer.service.whatif import Assume, what_if
from syncer.settings.load import load_settings

NETWORK_TARGET = date(2027, 3, 19)


def text_of_configuration(*, this_week: bool) -> str:
    urls = dict.fromkeys(KINDS, "http://127.0.0.1:1")
    return configuration_text(urls=urls | {"ado": "http://127.0.0.1:1/acme"}, this_week=this_week)


def text_of(result: DemoResult) -> str:
    return " ".join(render_text(result.digest).split())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> DemoResult:
    """The unchanged sample with one past edition, made once; who changes it takes a copy."""
    return asyncio.run(make_demo(tmp_path_factory.mktemp("demo"), past_editions=1))


def test_the_figures_of_the_example_come_out(made: DemoResult) -> None:
    text = text_of(made)
    for figure in (
        "5G Red: 30 % for 19 March",
        "cut 14 of 31 optional items → 87 % for 19 March",
        "13 April → 86 %; 17 working days, ≈ €410k",
        "needs 5.6 items a week; today 4.7",
        "30 % (was 34 %) · 19 Mar",
        "26 Mar – 13 Apr",
        "83 % (was 90 %) · 22 Jan",
        "14 – 25 Jan",
        "16 – 24 Dec",
        "9 – 16 Feb",
        "≈ €184k",
        "37 % overbooked for 4 weeks (26 due, 19 likely)",
        "filing 90 %",
        "freeze 59 %",
        "beta 89 %",
        "halls 68 %",
        "We can hold March only without the rural sites; I ask for A.",
        "1 restricted item",
    ):
        assert figure in text, figure
    assert sorted(path.suffix for path in made.files) == [".html", ".json", ".md", ".txt"]
    editions = {path.stem for path in made.files[0].parent.iterdir()}
    assert editions == {"leadership-2026-W47", "leadership-2026-W48"}


def test_the_chain_of_the_top_risk_spans_three_of_four_trackers(made: DemoResult) -> None:
    (late,) = [one for one in made.digest.risks if one.title.startswith("North permit comes")]
    assert late.evidence[0].items == ("AB#30112", "NET-87", "acme/phone#301")
    assert "all 4 trackers current" in text_of(made)


def test_secrets_are_files_that_only_the_owner_reads(made: DemoResult) -> None:
    folder = made.configuration.parent
    for name in (file(one) for one in KINDS for file in (credential_file, signing_file)):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
        assert (folder / name).read_text() not in made.configuration.read_text()


async def test_a_sample_date_that_moves_back_takes_the_dependency_away(tmp_path: Path) -> None:
    world = build_world()
    world.edit(NORTH_PERMIT_ID, local(date(2026, 11, 19), "09:00"), due=date(2027, 1, 8))
    text = text_of(await make_demo(tmp_path, world=world, past_editions=1))
    assert "GREEN ► (Green) 5G Smartphone" in text
    assert "too late" not in text


async def test_one_more_completion_moves_the_forecast(tmp_path: Path) -> None:
    world = build_world()
    busy = next(
        item_id
        for item_id in world.ids()
        if (state := world.state(item_id, AS_OF))
        and (state.container, state.status) == ("NET", "In Progress")
    )
    world.edit(busy, local(date(2026, 11, 20), "15:00"), status="Done", resolution="Done")
    text = text_of(await make_demo(tmp_path, world=world, past_editions=1))
    weeks = [5, 6, 4, 7, 3, 5, 6, 4, 2, 5, 4, 6]
    chance = probability_on_time(completion_cdf(weeks, 81, 10 / 229), AS_OF.date(), NETWORK_TARGET)
    assert "Network: 81 items in 17 weeks" in text
    assert show_probability(chance) != "30 %"
    assert f"{show_probability(chance)} (was 34 %) · 19 Mar" in text


async def test_e27_what_if_gives_the_figures_of_the_levers(made: DemoResult) -> None:
    def assumed(**what: Any) -> Assume:
        def assume(now: Snapshot, _: Sequence[WorkItem]) -> Assumption:
            network = now.project("network")
            assert network is not None
            assert network.levers is not None
            spare = [one.uid for one in network.levers.candidates]
            drop = spare[: what.pop("drop", 0)]
            return Assumption(project="network", drop=drop, **what)

        return assume

    settings = load_settings(made.configuration, {})
    async with Service(settings, clock=FixedClock(AS_OF + timedelta(hours=1))) as service:
        dropped = (await what_if(service, assumed(drop=14))).then.project("network")
        moved = (await what_if(service, assumed(target=date(2027, 4, 13)))).then.project("network")
        faster = (await what_if(service, assumed(pace=1.21))).then.project("network")
    chances = [one.forecast.probability for one in (dropped, moved, faster) if one is not None]
    assert chances == pytest.approx([0.874, 0.862, 0.874], abs=5e-4)


async def test_one_verdict_moves_the_item_between_ledgers_and_lenses(
    made: DemoResult, tmp_path: Path
) -> None:
    copy = await asyncio.to_thread(
        shutil.copytree, made.configuration.parent, tmp_path, dirs_exist_ok=True
    )
    later = FixedClock(AS_OF + timedelta(hours=1))
    async with Service(load_settings(copy / "syncer.toml", {}), clock=later) as service:
        (audience,) = await service.audiences()
        before = await service.draft(audience)
        item = next(m for m in before.pair.current.recent_moves if m.item.title == "North permit")
        await service.override(
            item.item.uid, VerdictLevel.PRODUCT, children=False, reason="a test", author="J. Roth"
        )
        after = await service.draft(audience)
    ledgers = [one.pair.current.programs[0].ledgers for one in (before, after)]
    assert ledgers[1].program.open == ledgers[0].program.open - 1
    assert ledgers[1].product.open == ledgers[0].product.open + 1
    assert "North permit moved from 8 to 22 January" in render_text(before.digest)
    assert "North permit" not in render_text(after.digest)
    assert "1 item of Regulatory moved from 8 to 22 January" in render_text(after.digest)
    assert "9 working days too late" in render_text(after.digest)


def test_the_configuration_is_valid_with_and_without_this_weeks_questions(tmp_path: Path) -> None:
    path = tmp_path / "syncer.toml"
    asked = []
    for this_week in (False, True):
        path.write_text(text_of_configuration(this_week=this_week))
        settings = load_settings(path, {})
        asked.append((len(settings.decisions), len(settings.risk_responses), len(settings.gates)))
    assert asked == [(0, 0, 3), (1, 3, 3)]


async def test_a_folder_with_a_demo_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "syncer.db").write_bytes(b"somebody's")
    with pytest.raises(ConfigError, match="holds a demo already"):
        await make_demo(tmp_path)
    assert (tmp_path / "syncer.db").read_bytes() == b"somebody's"
    assert not (tmp_path / "syncer.toml").exists()


def test_the_clock_stands_then_runs_and_never_goes_back() -> None:
    first, second = past_mondays(2)
    clock = DemoClock(first)
    assert clock.now() == clock.now() == first
    clock.stand_at(second)
    assert clock.now() == second
    clock.run_from(AS_OF)
    assert AS_OF <= clock.now() <= clock.now()
    with pytest.raises(ValueError, match="does not go back"):
        clock.stand_at(first)


def test_past_mondays_are_half_past_five_local_on_both_sides_of_the_time_change() -> None:
    found = past_mondays(5)
    assert [day.isoformat() for day in found] == [
        "2026-10-19T05:30:00+02:00",
        "2026-10-26T05:30:00+01:00",
        "2026-11-02T05:30:00+01:00",
        "2026-11-09T05:30:00+01:00",
        "2026-11-16T05:30:00+01:00",
    ]
    assert all(isinstance(day, datetime) for day in found)
