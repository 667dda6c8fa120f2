"""The simulations run, and print the same every time, in a size whose figures say nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def printed(root: Path, *command: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, *command], cwd=root, check=True, capture_output=True, text=True
    )
    return done.stdout.splitlines()


def test_made_up_teams_are_judged_beside_the_plain_bootstrap(root: Path) -> None:
    told = printed(root, "scripts/backtest.py", "--no-demo", "--teams", "3", "--weeks", "45")
    assert "plain bootstrap" in told[0]
    assert [line.split()[1] for line in told[1:]] == ["steady", "over-dispersed", "drifting"]
    assert all(line.count(" of ") == 2 for line in told[1:])
    again = printed(root, "scripts/backtest.py", "--no-demo", "--teams", "3", "--weeks", "45")
    assert again == told


def test_constant_projects_live_through_their_weeks(root: Path) -> None:
    told = printed(root, "scripts/simulate_noise.py", "--projects", "4", "--weeks", "3")
    assert told[0] == "4 projects of constant pace, 12 project-weeks under way"
    shares = {line[:26].strip(): int(line[26:32]) for line in told[1:]}
    assert list(shares)[:3] == ["computed colour changes", "shown colour changes", "arrows"]
    assert sum(count for name, count in shares.items() if name.split()[-1].isupper()) == 12
