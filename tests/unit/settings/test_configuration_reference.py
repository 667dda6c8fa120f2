"""The configuration reference says what the code says."""

from __future__ import annotations

from pathlib import Path

from scripts.write_configuration_reference import document


def test_the_page_is_up_to_date(root: Path) -> None:
    page = (root / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert page == document(), "run scripts/write_configuration_reference.py"


def test_every_key_says_what_it_means() -> None:
    rows = [line for line in document().splitlines() if line.startswith("| `")]
    assert len(rows) > 80
    assert [row for row in rows if row.rstrip(" |").endswith("|")] == []
