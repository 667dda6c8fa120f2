"""Selectors written as in the configuration are read again as what they were."""

from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from syncer.domain.selector import (
    InContainer,
    InQuery,
    InVersion,
    Under,
    WithField,
    WithLabel,
    Written,
)
from syncer.settings.selectors import parse_selector, written

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
NAME = TEXT.map(lambda text: f"jira:{text}")
WORDS = TEXT.filter(lambda text: text == text.strip())
SELECTORS = st.one_of(
    st.builds(InContainer, NAME),
    st.builds(Under, NAME),
    st.builds(WithLabel, TEXT),
    st.builds(WithField, TEXT, st.text(st.characters(exclude_categories=["Cs"]))),
    st.builds(InVersion, st.tuples(NAME, TEXT).map("/".join)),
    st.builds(InQuery, st.just("jira"), WORDS),
)


@given(SELECTORS)
def test_what_is_written_is_read_again(selector: Written) -> None:
    text = tomllib.loads(f"select = [{written(selector)}]")["select"]

    if not (isinstance(selector, InVersion) and selector.pattern.endswith("/")):
        assert [parse_selector(one) for one in text] == [selector]
