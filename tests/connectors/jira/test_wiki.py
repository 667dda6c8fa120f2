"""Wiki markup as plain text."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.jira.mapping.wiki import LONGEST, plain_text
from tests.connectors.jira.mapped import record
from tests.connectors.jira.small_jira import issue


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("h1. Core network\nh6.  Small", "Core network\nSmall"),
        ("bq. As was said", "As was said"),
        ("* one\n** two\n# three\n#* four\n- five", "- one\n- two\n- three\n- four\n- five"),
        ("before\n----\nafter\n\n\nlast", "before\nafter\nlast"),
        ("||Site||Date||\n|North|May 3|", "Site Date\nNorth May 3"),
        ("|[a site|https://x.example/y]|*late*|", "a site (https://x.example/y) late"),
        ("{code:java}\nint *a* = [x|y];\n{code}", "int *a* = [x|y];"),
        ("{code:title=Main.java|borderStyle=solid}x{code}", "Main.java\nx"),
        ("{noformat}h1. _raw_ {quote}{noformat} then *bold*", "h1. _raw_ {quote}\n then bold"),
        ("{quote}\nThey said so\n{quote}", "They said so"),
        ("{panel:title=Risks|bgColor=#fff}\nof note\n{panel}", "Risks\nof note"),
        ("{color:red}Red{color} and {color:#00ff00}green{color}", "Red and green"),
        ("[text|https://x.example/a_b_c]", "text (https://x.example/a_b_c)"),
        ("[https://x.example]", "https://x.example"),
        ("[https://x.example|https://x.example]", "https://x.example"),
        ("[mail|mailto:a@x.example] [mailto:a@x.example]", "mail a@x.example"),
        ("[click|javascript:alert(1)] [file|file:///etc/passwd]", "click file"),
        ("[^plan.pdf] [#top] [see|#top]", "plan.pdf top see"),
        ("ask [~r.meyer] or [~accountid:5b10]", "ask @r.meyer or @5b10"),
        ("!mast.png! and !mast.png|thumbnail,width=300!", "mast.png and mast.png"),
        ("Hello! World! a !important! b", "Hello! World! a !important! b"),
        ("all is well :) (/) (x) (!)", "all is well :) (/) (x) (!)"),
        (r"\*not bold\* \{code\} \[no link\] 1\.", "*not bold* {code} [no link] 1."),
        (r"first\\second", "first\nsecond"),
        (r"C:\temp\new", r"C:\temp\new"),
        ("*bold* _slanted_ +new+ ??quoted??", "bold slanted new quoted"),
        ("{{mono*x*}} {*}odd{*}ly", "mono*x* oddly"),
        ("2 * 3 * 4, snake_case_name, a+b+c", "2 * 3 * 4, snake_case_name, a+b+c"),
        ("what?? no??", "what?? no??"),
        ("[WIP] list[0] = [a|b] {unknown} {Foo:bar}", "[WIP] list[0] = [a|b] {unknown} {Foo:bar}"),
        ("https://x.example/_a_/*b*", "https://x.example/_a_/*b*"),
        ("{code}never ends *x*", "never ends x"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("plain words only", "plain words only"),
        ("", ""),
    ],
)  # fmt: skip
def test_markup_becomes_what_people_read(markup: str, text: str) -> None:
    assert plain_text(markup) == text


@pytest.mark.parametrize("value", [None, 7, [], {"type": "doc"}, b"x"])
def test_what_is_no_text_is_empty(value: Any) -> None:
    assert plain_text(value) == ""


_WORD = st.from_regex(r"[a-z]{2,8}", fullmatch=True).filter(
    lambda word: word not in {"bq", "code", "quote", "title"}
)
_WRAPPED: list[str] = [
    "{}", "*{}*", "_{}_", "+{}+", "{{{{{}}}}}", "[{}|https://x.example/q]", "{{quote}}{}{{quote}}",
    "{{color:red}}{}{{color}}", "{{panel:title={}}}", "{{code}}{}{{code}}", "[~{}]", "!{}.png!",
    "{{noformat}}{}{{noformat}}", "|{}|", "||{}||", "\nh2. {}\n", "\n* {}\n", "\\*{}", "({}:)",
    "{{code:title={}}}x{{code}}", "[^{}.pdf]", "[#{}]", "\nbq. {}\n", "-{}-",
]  # fmt: skip
_PIECE = st.tuples(_WORD, st.sampled_from(_WRAPPED))


@given(st.lists(_PIECE, min_size=1, max_size=12))
def test_no_word_is_lost_and_all_keep_their_order(pieces: list[tuple[str, str]]) -> None:
    markup = " ".join(wrap.format(word) for word, wrap in pieces)
    rest = plain_text(markup)
    for word, _ in pieces:
        assert word in rest, markup
        rest = rest.partition(word)[2]


_MARKS = st.text(st.sampled_from("abz 19*_+-^~?{}[]|!#\\:;().,/@\n\r\0\u202e\ud800<>&="))


@given(st.one_of(_MARKS, st.text()))
def test_any_text_is_read_and_only_what_it_held_comes_out(markup: str) -> None:
    text = plain_text(markup)
    assert set(text) <= set(markup) | {"\n", " ", "(", ")", "-", "@"}
    assert "\0" not in text
    assert not re.search(r"\n\n|\n$", text)


@pytest.mark.parametrize(
    "part",
    ["[", "[a|", "!", "!a|", "{code}", "{code:", "{noformat}{code}", "*", "* ", "*a ", "_a", "??",
     "??a", "{{", "{{a}", "{a:", "\\", "|", "||a", "h1. ", "h1.", "-", "--- ", "# ", "https://",
     "[~", "{color:red}", "a", " ", "\t*", "{panel:title=", "title=|"],
)  # fmt: skip
@pytest.mark.parametrize("end", ["", "\n"])
def test_hostile_text_takes_time_in_proportion_to_its_length(part: str, end: str) -> None:
    """A pattern that tries again and again would not come to an end with so many characters."""
    markup = (part + end) * (100_000 // len(part + end))
    assert len(plain_text(markup)) <= 3 * len(markup)


def test_of_a_text_beyond_all_measure_the_beginning_is_read() -> None:
    assert plain_text("*a* " * 1_000_000).startswith("a a a")
    assert len(plain_text("*a* " * 1_000_000)) < LONGEST


def test_the_body_of_an_issue_is_read_as_markup() -> None:
    raw = issue(1, description="h2. Why\r\n* *masts* by [~meyer]")
    assert record(raw).item.body == "Why\n- masts by @meyer"
