"""Dates at the calendar's ends, in Jira and in the configuration, kill no command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.test_hostile_restricted import CONFIGURATION, everything
from tests.connectors.jira.small_jira import STATUSES, SmallJira, issue

FIRST, LAST = "0001-01-01", "9999-12-31"
BEGINNING, END = f"{FIRST}T00:00:00.000+0000", f"{LAST}T23:59:59.000+0000"


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"created": BEGINNING, "duedate": LAST}, id="A73 created at the beginning"),
        pytest.param({"updated": END, "duedate": FIRST}, id="A73 updated at the end"),
        pytest.param({"customfield_10015": LAST, "duedate": FIRST}, id="A73 started after its end"),
        pytest.param(
            {"created": BEGINNING, "resolutiondate": BEGINNING, "status": STATUSES[2]},
            id="A73 done at the beginning",
        ),
        pytest.param(
            {
                "fixVersions": [
                    {"id": "1", "name": "a", "releaseDate": FIRST},
                    {"id": "2", "name": "b", "releaseDate": LAST},
                ]
            },
            id="A73 versions",
        ),
    ],
)
async def test_an_issue_at_the_calendars_ends_kills_no_edition(
    fields: dict[str, Any], tmp_path: Path
) -> None:
    jira = SmallJira(issues=[issue(1), issue(2, **fields)])
    shown = await everything(jira, tmp_path / "one")
    assert "Network" in shown["executive.txt"]


async def test_a_configuration_at_the_calendars_ends_kills_no_edition(tmp_path: Path) -> None:
    wide = CONFIGURATION.replace("target = 2026-06-30", f"start = {FIRST}\ntarget = {LAST}")
    shown = await everything(SmallJira(issues=[issue(1)]), tmp_path / "one", text=wide)
    assert "Network" in shown["executive.txt"]
