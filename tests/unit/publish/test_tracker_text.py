"""Text from trackers: one visible line, contained, and links only where they may lead."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.publish.digest.tracker_text import MARK, clean, safe_url

ORIGINS = frozenset({"https://acme.example", "http://127.0.0.1:8080"})


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        pytest.param("a\r\nBcc: x@y", "a Bcc: x@y", id="A30 line break"),
        pytest.param("a\u2028b\x0bc\x85d\x00e", "a b c d e", id="A31 separators and NUL"),
        pytest.param("pay\u202egnp.exe", f"pay{MARK}gnp.exe", id="A33 direction override"),
        pytest.param("ad\u200bmin\u2060\ufeff", f"ad{MARK}min{MARK}", id="A33 zero width"),
        pytest.param("\u2066in\u2069", f"{MARK}in{MARK}", id="A33 bidi isolate"),
        pytest.param("p\u0430ypal", "p\u0430ypal [mixed alphabets]", id="A33 homoglyph"),
        pytest.param("\u05e9\u05dc\u05d5\u05dd", "\u2068\u05e9\u05dc\u05d5\u05dd\u2069", id="rtl"),
        pytest.param("\U0001f468\u200d\U0001f4bb ok", "\U0001f468\u200d\U0001f4bb ok", id="emoji"),
        pytest.param("a" + "\u0301" * 50, "a" + "\u0301" * 4, id="stacked marks"),
        pytest.param("\ud800x", f"{MARK}x", id="A24 lone surrogate"),
        pytest.param("{{7*7}} %n {0.__class__}", "{{7*7}} %n {0.__class__}", id="A45 literal"),
    ],
)
def test_clean(title: str, shown: str) -> None:
    assert clean(title) == shown


def test_a31_a_title_of_100_000_characters_is_cut() -> None:
    assert clean("long title " * 10_000) == ("long title " * 8)[:79].rstrip() + "…"


@given(st.text(max_size=300), st.integers(min_value=30, max_value=100))
def test_clean_gives_one_short_line_that_cleans_to_itself(text: str, limit: int) -> None:
    shown = clean(text, limit)
    assert len(shown.strip("\u2068\u2069")) <= limit
    assert shown.encode().decode() == shown
    assert not any(unicodedata.category(c) in {"Cc", "Zl", "Zp", "Cs"} for c in shown)
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u200b\u200e\u200f")


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVa\tScript:alert(1)",
        "data:text/html,<script>1</script>",
        "vbscript:x",
        "https://evil.example/browse/X",
        "https://acme.example.evil.example/x",
        "https://acme.example@evil.example/x",
        "https://acme.example:444/x",
        "http://acme.example/x",
        "//acme.example/x",
        "https://acme.example/a b",
        "https://acme.example/\u202ex",
        "https://[acme.example/x",
        "https://acme.example:port/x",
        "",
    ],
)
def test_a36_a37_such_a_url_is_no_link(url: str) -> None:
    assert safe_url(url, ORIGINS) == ""


@pytest.mark.parametrize(
    "url",
    [
        "https://acme.example/browse/NET-1",
        "https://ACME.example:443/browse/NET-1",
        "http://127.0.0.1:8080/x",
    ],
)
def test_a_url_of_a_configured_origin_is_a_link(url: str) -> None:
    assert safe_url(url, ORIGINS) == url
