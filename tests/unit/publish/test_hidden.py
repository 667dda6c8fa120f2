"""Hidden texts are taken out as if each were tried on each sentence."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from syncer.publish.digest.hidden import Hidden, _replace
from syncer.publish.digest.tracker_text import (
    _mixes_alphabets,
    _runs_right_to_left,
    _visible,
    clean,
)

_WORDS = st.lists(st.sampled_from(["Move", "the", "core", "NET-1", "NET-12", "jira:12", "…", " "]))
_TEXTS = st.one_of(
    _WORDS.map(" ".join), _WORDS.map("".join), st.text(alphabet="ab -…", max_size=40)
)
_TRACES = st.lists(st.tuples(_TEXTS.filter(lambda text: len(text) > 2), _TEXTS), max_size=12)


def _one_by_one(traces: list[tuple[str, str]], text: str) -> str:
    for trace, instead in sorted(set(traces), key=lambda pair: (-len(pair[0]), pair)):
        text = _replace(text, trace, instead)
    return text


@given(traces=_TRACES, text=_TEXTS)
def test_is_the_same_as_trying_every_text(traces: list[tuple[str, str]], text: str) -> None:
    assert Hidden(traces).taken_out_of(text) == _one_by_one(traces, text)


def test_what_stands_for_a_text_is_searched_for_the_later_ones() -> None:
    hidden = Hidden([("Move the core", "1 item of NET-1"), ("NET-1", "restricted")])

    assert hidden.taken_out_of("Late: Move the core") == "Late: 1 item of restricted"


def test_a_text_that_is_cut_short_is_taken_out_too() -> None:
    hidden = Hidden([("Move the core of the network", "1 item of Network")])

    assert hidden.taken_out_of("Late: Move the core of…") == "Late: 1 item of Network"


@given(st.text(alphabet=st.characters(max_codepoint=126, min_codepoint=32)))
def test_plain_text_holds_nothing_that_cleaning_looks_for(text: str) -> None:
    assert _visible(text) == text
    assert not _mixes_alphabets(text)
    assert not _runs_right_to_left(text)
    assert clean(text, 80) == clean(f"{text}\n", 80)
