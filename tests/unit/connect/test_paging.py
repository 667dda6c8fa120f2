"""Links to other pages, as headers tell them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.connect.paging import linked

NEXT = "https://api.example.com/x?page=2&per_page=100"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (f'<{NEXT}>; rel="next", <https://api.example.com/x?page=9>; rel="last"', NEXT),
        (f'<https://a/last>; rel="last",<{NEXT}>;rel=next', NEXT),
        (f'<{NEXT}>; title="a, b"; rel="prefetch next"', NEXT),
        (f'<{NEXT}>; REL="Next"', NEXT),
        ('<https://a/prev>; rel="prev"', None),
        ('<https://a/x>; rel="nextish"', None),
        ("<https://a/x>", None),
        ('https://a/x; rel="next"', None),
        ("", None),
    ],
)
def test_the_next_page_is_the_one_that_is_called_next(header: str, expected: str | None) -> None:
    assert linked({"Link": header}) == expected


def test_other_relations_can_be_asked_for() -> None:
    header = {"Link": f'<{NEXT}>; rel="next", <https://a/9>; rel="last"'}
    assert linked(header, "last") == "https://a/9"


@given(st.text(alphabet='<>;," =relnxt/', max_size=200))
def test_any_header_is_read(header: str) -> None:
    found = linked({"Link": header})
    assert found is None or f"<{found}>" in header


def test_a_long_header_is_read_in_no_time() -> None:
    assert linked({"Link": "<" * 1_000_000 + ";rel=" * 100_000}) is None
