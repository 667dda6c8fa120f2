from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.domain.text import clean_block, clean_line

MARKS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u200e\u200f\u2060\ufeff\u00ad"
ANY = st.text(alphabet=st.characters(codec=None))
HOSTILE = st.text(
    alphabet=st.sampled_from([*"ab é漢😀\r\n\t\x00\x1b\x85\u2028\u2029\u200d", *MARKS])
)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain", "plain"),
        ("  two   spaces ", "two spaces"),
        ("a\r\nb\tc", "a b c"),
        ("a\u2028b\u2029c\x85d", "a b c d"),
        ("\x1b[31mred", "[31mred"),
        ("nul\x00", "nul"),
        ("safe\u202egpj.exe", "safegpj.exe"),
        ("\u200b变异系数", "变异系数"),
        ("soft\u00adhyphen", "softhyphen"),
        ("👩\u200d💻 at work", "👩\u200d💻 at work"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("pay\u200dpal", "paypal"),
        ("é\u200d", "é"),
        ("é\u200dx", "éx"),
        ("é\u200d\u200cé", "é\u200d\u200cé"),
        ("tag\U000e0041ged", "tagged"),
        ("half \ud83d", "half \ufffd"),
        ("", ""),
        ("\n\u200b\x00", ""),
    ],
)
def test_one_harmless_line(text: str, line: str) -> None:
    assert clean_line(text) == line


@given(ANY | HOSTILE)
def test_a_line_is_one_line_and_cleaning_again_changes_nothing(text: str) -> None:
    line = clean_line(text)
    assert len(line.splitlines()) <= 1
    assert not any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in line)
    assert not set(line) & set(MARKS)
    assert clean_line(line) == line
    assert len(line) <= 500
    line.encode()


@given(ANY | HOSTILE)
def test_a_block_holds_no_controls_but_newline_and_tab(text: str) -> None:
    block = clean_block(text)
    assert not any(unicodedata.category(c) in {"Cc", "Cs"} for c in block if c not in "\n\t")
    assert not set(block) & set(MARKS)
    assert clean_block(block) == block


@given(st.text(min_size=1), st.integers(min_value=2, max_value=30))
def test_the_limit_is_kept(text: str, limit: int) -> None:
    assert len(clean_line(text, limit=limit)) <= limit
    assert len(clean_block(text, limit=limit)) <= limit


def test_a54_a_million_joiners_are_read_once() -> None:
    """Ends at all only where no part of the run is looked at again."""
    run = "\u200d" * 1_000_000
    assert clean_line(f"é{run}x") == "éx"
    assert clean_line(f"é{run}é") == "é" + run[:498] + "…"
    assert clean_block(f"é{run}") == "é"


def test_a_cut_is_shown() -> None:
    assert clean_line("x" * 20, limit=5) == "xxxx…"


def test_a_block_keeps_its_lines() -> None:
    assert clean_block("one\r\ntwo\rthree\u2028four\n\nfive\tsix") == (
        "one\ntwo\nthree\nfour\n\nfive\tsix"
    )
