"""The second golden digest: 12 programs, 3 products, 60 projects, and no Red cut.

The frozen forms were read by eye. Where a change of words or figures is wanted, write them anew
with `python -m tests.unit.publish.company` and read what differs.
"""

from __future__ import annotations

import re

import pytest

from syncer.domain.health import Health
from syncer.publish.digest.model import Digest, Place
from syncer.publish.digest.wording import count_words
from syncer.publish.render.formats import RENDERERS
from syncer.publish.render.text import render_text
from tests.unit.publish.company import FORMS, GOLDEN, digest, portfolio, weeks
from tests.unit.publish.test_every_figure import claims, missing

_STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)


@pytest.fixture(scope="module")
def edition() -> Digest:
    return digest()


@pytest.mark.parametrize("form", FORMS)
def test_the_edition_is_the_one_that_was_read_by_eye(form: str, edition: Digest) -> None:
    golden = (GOLDEN / f"company.{form}").read_text(encoding="utf-8")
    assert _STYLE.sub("", RENDERERS[form](edition)) == _STYLE.sub("", golden)


def test_the_company_is_as_large_as_it_is_said_to_be() -> None:
    company = portfolio()
    sizes = len(company.programs), len(company.products), len(company.projects)
    assert sizes == (12, 3, 60)


def test_the_edition_keeps_its_words_and_cuts_no_red(edition: Digest) -> None:
    text = render_text(edition)
    assert edition.word_count == count_words(text) <= 350
    reds = [row for row in edition.status if row.health is Health.RED]
    computed = [one.name for one in weeks()[0].programs if one.shown.health is Health.RED]
    assert sorted(row.name for row in reds) == sorted(computed) != []
    assert all(row.place is Place.ROW for row in reds)
    flat, company = " ".join(text.split()), portfolio()
    names = [one.name for one in company.programs] + [one.name for one in company.products]
    assert all(name in flat for name in names)


def test_each_row_tells_why_it_has_its_colour(edition: Digest) -> None:
    """In the tight edition too: what no chance explains keeps its reason in words."""
    rows = [row for row in edition.status if row.place is Place.ROW]
    assert {row.health for row in rows} >= {Health.RED, Health.AMBER}
    under = {Health.RED: 0.5, Health.AMBER: 0.85}
    by_chance = [row for row in rows if (row.probability or 0.0) < under[row.health]]
    in_words = [row for row in rows if row not in by_chance]
    assert [row.name for row in in_words if not row.note] == []
    assert [row.name for row in in_words] == ["Old Network Retirement"]


def test_every_figure_of_it_stands_in_the_evidence_of_its_claim(edition: Digest) -> None:
    lacking = {text: missing((text, backing)) for text, backing in claims(edition)}
    assert {text: figures for text, figures in lacking.items() if figures} == {}
