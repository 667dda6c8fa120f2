"""The word budget, repeatability, the machine format, the file channel and the diff."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncer.domain.health import Health
from syncer.errors import DispatchFailed
from syncer.publish.audience import AudienceView, Lens
from syncer.publish.channels.file import stem, write_edition
from syncer.publish.digest.compose import compose
from syncer.publish.digest.model import Digest, Place
from syncer.publish.digest.wording import count_words
from syncer.publish.render.diff import diff_text
from syncer.publish.render.formats import RENDERERS
from syncer.publish.render.json import render_json
from syncer.publish.render.text import render_text
from tests.unit.publish.builders import (
    EXECUTIVE,
    PRODUCT_VIEW,
    PROGRAM_VIEW,
    view,
)
from tests.unit.publish.portfolios import (
    EXAMPLE_CHANGES,
    example,
    example_before,
    large,
)


@pytest.fixture(scope="module")
def digest() -> Digest:
    return compose(example(), example_before(), EXAMPLE_CHANGES, audience=EXECUTIVE)


# --- the budget ------------------------------------------------------------------------------


@pytest.mark.parametrize("lens", list(Lens))
def test_twelve_programs_three_products_and_many_projects_keep_350_words(lens: Lens) -> None:
    now = large(programs=12, products=3, size=4)
    assert len(now.projects) == 60
    digest = compose(now, large(12, 3, 4), (), audience=view(lens=lens))
    text = render_text(digest)
    assert digest.word_count == count_words(text) <= 350
    reds = [row for row in digest.status if row.health is Health.RED and row.depth == 0]
    assert len(reds) == 3
    assert all(row.name in text for row in reds)
    assert len(digest.decisions) == 3
    assert all(len(decision.options) == 3 for decision in digest.decisions)


def test_greens_stand_by_name_in_one_line_and_the_distribution_is_told() -> None:
    digest = compose(large(), large(), (), audience=EXECUTIVE)
    assert digest.status_lines[0] == (
        "12 programs, 3 products: 3 Red · 3 Amber · 3 unknown · 6 Green."
    )
    (green,) = [line for line in digest.status_lines if line.startswith("Green: ")]
    assert green.count("Strategic") == 6


@settings(deadline=None, max_examples=25)
@given(
    programs=st.integers(min_value=1, max_value=45),
    products=st.integers(min_value=0, max_value=4),
    size=st.integers(min_value=1, max_value=4),
)
def test_no_portfolio_breaks_the_budget_or_loses_a_red(
    programs: int, products: int, size: int
) -> None:
    now = large(programs, products, size)
    digest = compose(now, now, (), audience=EXECUTIVE)
    text = " ".join(render_text(digest).split())
    assert digest.word_count <= 350
    for group in (*now.programs, *now.products):
        if group.shown.health is Health.RED:
            assert group.name in text
    assert len(digest.decisions) == min(3, programs)


def test_a_red_row_stays_a_row_while_the_budget_allows() -> None:
    now = large(programs=40, products=0, size=1)
    calm = replace(now, decisions=(), owner_statuses=(), risks=(), gates=())
    digest = compose(calm, calm, (), audience=EXECUTIVE)
    red = [row for row in digest.status if row.health is Health.RED]
    assert len(red) == 8
    assert all(row.place is Place.ROW for row in red)


# --- repeatability ---------------------------------------------------------------------------


@pytest.mark.parametrize("audience", [EXECUTIVE, PROGRAM_VIEW, PRODUCT_VIEW], ids=lambda v: v.key)
@pytest.mark.parametrize("ending", sorted(RENDERERS))
def test_two_runs_on_one_snapshot_give_the_same_bytes(ending: str, audience: AudienceView) -> None:
    sums = {
        hashlib.sha256(
            RENDERERS[ending](
                compose(example(), example_before(), EXAMPLE_CHANGES, audience=audience)
            ).encode()
        ).hexdigest()
        for _ in range(2)
    }
    assert len(sums) == 1


# --- JSON ------------------------------------------------------------------------------------


def test_json_has_the_keys_of_the_contract_and_its_notations(digest: Digest) -> None:
    data = json.loads(render_json(digest))
    assert set(data) >= {
        "audience",
        "edition",
        "version",
        "as_of",
        "subject",
        "headline",
        "decisions",
        "status",
        "words_of_owners",
        "changes",
        "risks",
        "gates",
        "trust",
        "word_count",
    }
    assert data["as_of"] == "2026-11-23T04:30:00Z"
    row = data["status"][1]
    assert (row["target"], row["p50"], row["p85"]) == ("2027-03-19", "2027-03-26", "2027-04-13")
    assert row["probability"] == 0.3017
    assert (row["health"], row["previous"]) == ("RED", "RED")


def test_every_figure_of_the_json_has_evidence(digest: Digest) -> None:
    data = json.loads(render_json(digest))
    backed = (*data["decisions"], *data["status"], *data["changes"], *data["risks"])
    for entry in (*backed, *data["gates"], *data["trust"], *data["decisions"][0]["options"]):
        assert entry["evidence"], entry
    chance = data["status"][1]["evidence"][2]
    assert chance["formula"].startswith("chance that sums of draws from these weeks reach")
    assert chance["inputs"][0].startswith("82 open; items a week, oldest first: 5, 6, 4, 7,")


def test_what_is_unknown_is_null() -> None:
    data = json.loads(render_json(compose(large(5, 0, 1), None, (), audience=EXECUTIVE)))
    unknown = next(row for row in data["status"] if row["health"] == "UNKNOWN")
    assert unknown["probability"] is unknown["p50"] is unknown["p85"] is None


# --- files -----------------------------------------------------------------------------------


def _write(digest: Digest, folder: Path) -> tuple[Path, ...]:
    contents = {ending: render(digest) for ending, render in RENDERERS.items()}
    return write_edition(contents, name=stem(digest), folder=folder)


def test_the_channel_writes_four_readable_files_and_no_scrap(
    digest: Digest, tmp_path: Path
) -> None:
    paths = _write(digest, tmp_path / "digests")
    names = {path.name for path in paths}
    assert names == {f"leadership-2026-W48.{ending}" for ending in ("md", "html", "txt", "json")}
    assert {path.name for path in (tmp_path / "digests").iterdir()} == names
    for path in paths:
        assert path.read_text(encoding="utf-8") == RENDERERS[path.suffix[1:]](digest)


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600)])
def test_who_may_read_an_edition_is_for_the_umask_to_say(
    digest: Digest, tmp_path: Path, umask: int, mode: int
) -> None:
    before = os.umask(umask)
    try:
        paths = _write(digest, tmp_path)
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {mode}


def test_a47_a_link_in_the_way_is_replaced_and_not_followed(digest: Digest, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.write_text("kept")
    (tmp_path / "digests").mkdir()
    (tmp_path / "digests" / "leadership-2026-W48.md").symlink_to(target)
    _write(digest, tmp_path / "digests")
    assert target.read_text() == "kept"
    assert not (tmp_path / "digests" / "leadership-2026-W48.md").is_symlink()


def test_writing_again_replaces_and_a_correction_stands_beside(
    digest: Digest, tmp_path: Path
) -> None:
    _write(digest, tmp_path)
    _write(digest, tmp_path)
    second = replace(digest, version=2, correction="a wrong date")
    paths = _write(second, tmp_path)
    assert {path.stem for path in paths} == {"leadership-2026-W48-v2"}
    assert len(list(tmp_path.iterdir())) == 8


def test_a_folder_that_is_a_file_is_a_failed_dispatch(digest: Digest, tmp_path: Path) -> None:
    blocked = tmp_path / "digests"
    blocked.write_text("in the way")
    with pytest.raises(DispatchFailed, match="could not be written"):
        _write(digest, blocked)


@pytest.mark.parametrize("key", ["../../etc/cron", "a/b", "..", "a\x00b", "C:\\x"])
def test_a47_an_audience_key_cannot_lead_out_of_the_folder(digest: Digest, key: str) -> None:
    name = stem(replace(digest, audience=key))
    assert "/" not in name
    assert "\\" not in name
    assert "\x00" not in name
    assert not name.startswith(".")


# --- diff ------------------------------------------------------------------------------------


def test_the_diff_of_an_edition_with_itself_is_empty(digest: Digest) -> None:
    assert diff_text(digest, digest) == ""


def test_the_diff_shows_the_lines_that_a_reader_would_see_change(digest: Digest) -> None:
    calmer = compose(example(restricted=2), example_before(), EXAMPLE_CHANGES, audience=EXECUTIVE)
    shown = diff_text(digest, calmer)
    assert "leadership 2026-W48 v1" in shown
    assert [line for line in shown.splitlines() if line.startswith("+") and "2 restricted" in line]
