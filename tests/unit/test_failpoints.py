"""The edges at which tests end processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from syncer.failpoints import VARIABLE, Crash, Edge, armed, reach

PASS_TWICE = """
from syncer.failpoints import Edge, arm_from_environment, reach
arm_from_environment()
reach(Edge.PULL_COMMITTED)
reach(Edge.HOOK_COMMITTED)
print("once", flush=True)
reach(Edge.PULL_COMMITTED)
print("twice", flush=True)
"""


def test_an_edge_does_nothing_unless_it_is_armed() -> None:
    seen: list[Edge] = []

    reach(Edge.PULL_COMMITTED)
    with armed(seen.append):
        reach(Edge.HOOK_COMMITTED)
    reach(Edge.PULL_COMMITTED)

    assert seen == [Edge.HOOK_COMMITTED]


def test_a_crash_passes_through_every_handler_of_errors() -> None:
    def die(_edge: Edge) -> None:
        raise Crash

    with armed(die), pytest.raises(Crash), suppress(Exception):
        reach(Edge.PULL_COMMITTED)


def test_a_process_ends_itself_at_the_pass_it_was_told(tmp_path: Path) -> None:
    control = tmp_path / "edges.json"
    control.write_text(json.dumps({Edge.PULL_COMMITTED: ["kill", 2]}), encoding="utf-8")

    done = subprocess.run(
        [sys.executable, "-c", PASS_TWICE],
        env={**os.environ, VARIABLE: str(control)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == "once\n"
    assert done.returncode == -9
    hits = control.with_name("edges.json.hits").read_text(encoding="utf-8").split()
    assert hits[:2] == ["pull.committed", "SIGKILL"]
