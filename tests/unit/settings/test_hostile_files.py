"""Files that a careless or hostile hand has written: faults in words, in time, without secrets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from syncer.connect.auth import read_secret
from syncer.errors import ConfigError
from tests.unit.settings.conftest import Folder

SECRET = "ATATT3xFfGF0-hunter2"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a = " + "[" * 50_000, id="lists"),
        pytest.param("a = " + "{a = " * 50_000, id="tables in a line"),
        pytest.param("a = " + "[" * 300 + "]" * 300, id="closed lists"),
        pytest.param(f"[{'.'.join(['a'] * 500)}]\nb = 1", id="tables"),
    ],
)
def test_a55_deep_nesting_is_a_fault(folder: Folder, text: str) -> None:
    (fault,) = folder.faults(text)
    assert "nested too deeply" in fault


def test_a55_a_variable_of_deep_lists_is_a_fault(folder: Folder) -> None:
    assert folder.faults("", {"SYNCER_SERVICE__HOLIDAYS": "[" * 50_000})


def test_a23_a_number_of_thousands_of_digits_is_a_fault(folder: Folder) -> None:
    (fault,) = folder.faults("[service]\nhistory_days = " + "9" * 5000)
    assert "not valid TOML" in fault


@pytest.mark.parametrize("weekly", ["inf", "nan", "-inf"])
def test_a23_money_is_a_finite_number(folder: Folder, weekly: str) -> None:
    text = f'[[projects]]\nkey = "p"\nitems = ["x:Y"]\ncost_of_delay_per_week = {weekly}'
    assert any("cost_of_delay_per_week" in fault for fault in folder.faults(text))


def test_a_file_of_gigabytes_is_not_read(folder: Folder) -> None:
    folder.write("syncer.toml", "")
    os.truncate(folder.path / "syncer.toml", 100 * 1024**3)  # a hole, which takes no room
    with pytest.raises(ConfigError, match="too large"):
        folder.load()


@pytest.mark.parametrize("pattern", ["a/**b/*.toml", "/dev/zero", "..", "\\u0000", ""])
def test_an_include_of_what_is_no_file_is_a_fault(folder: Folder, pattern: str) -> None:
    (fault,) = folder.faults(f'include = ["{pattern}"]')
    assert "include" in fault


def test_an_included_file_of_another_sort_shows_none_of_its_content(folder: Folder) -> None:
    folder.write("secret.txt", f"{SECRET} = {SECRET} {SECRET}")
    (fault,) = folder.faults('include = ["secret.txt"]')
    assert "hunter2" not in fault


def test_twenty_thousand_unknown_keys_are_all_told(folder: Folder) -> None:
    """Ends in time only where no key is looked up among all the others."""
    faults = folder.faults("\n".join(f"k{n} = 1" for n in range(20_000)))
    assert len(faults) == 20_000


def test_a67_a_token_written_where_its_variable_belongs_is_not_repeated() -> None:
    with pytest.raises(ConfigError) as raised:
        read_secret("token_env", SECRET, env={}, base=Path())
    assert "hunter2" not in str(raised.value)
    with pytest.raises(ConfigError, match="JIRA_TOKEN"):
        read_secret("token_env", "JIRA_TOKEN", env={}, base=Path())
