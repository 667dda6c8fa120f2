"""The loop over long campaigns goes on where it stopped, and forgets no failure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from scripts.test_long import Plan, run, summary

CAMPAIGN = """
import os

def test_seed():
    assert os.environ["SYNCER_TEST_ROUNDS"] == "2"
    assert os.environ["SYNCER_TEST_SEED"] != "3"
"""


def plan_of(folder: Path) -> Plan:
    campaign = folder / "campaign"
    campaign.mkdir(parents=True, exist_ok=True)
    (campaign / "test_campaign.py").write_text(CAMPAIGN, encoding="utf-8")
    return Plan(campaigns=[str(campaign)], rounds=2, folder=folder / "long", workers="0")


def test_short_runs_take_the_campaigns_in_turn(tmp_path: Path) -> None:
    """Each of them has time for one round: the second goes on with what the first left out."""
    one, other = plan_of(tmp_path / "one"), plan_of(tmp_path / "other")
    plan = replace(one, campaigns=[*one.campaigns, *other.campaigns])
    for _ in range(3):
        run(plan, more=iter(so_many(1)).__next__)
    assert {campaign: len(seeds) for campaign, seeds in plan.done().items()} == {
        one.campaigns[0]: 2,
        other.campaigns[0]: 1,
    }


def so_many(rounds: int) -> list[bool]:
    return [*[True] * rounds, False]


def test_a_second_run_takes_the_next_seeds_and_a_failure_keeps_its_output(tmp_path: Path) -> None:
    plan = plan_of(tmp_path)
    assert run(plan, more=iter(so_many(1)).__next__) == []
    failed = run(plan, more=iter(so_many(2)).__next__)
    assert [command.split()[0] for command in failed] == ["SYNCER_TEST_SEED=3"]
    campaign = plan.campaigns[0]
    assert plan.done() == {campaign: {"1": "passed", "2": "passed", "3": "failed"}}
    assert not plan.log(campaign, 2).exists()
    assert "assert '3' != '3'" in plan.log(campaign, 3).read_text(encoding="utf-8")
    assert list(summary(plan.done())) == [f"{campaign}: 3 rounds in all; failed with seeds 3"]
    assert plan.next_seed(campaign) == 4
