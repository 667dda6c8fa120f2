from __future__ import annotations

import pytest

from syncer.connect.testing.graphql import Field, Fragment, Unparsable, Variable, bound, parsed

QUERY = """
query($id: ID!, $first: Int) {
  first: issue(id: $id, kinds: [A, "b c", 3], archived: true) { ...shown, ... on Epic { id } }
}
fragment shown on Issue { title ...more }
fragment more on Issue { number }
"""


def test_a_query_is_read_with_its_fragments_put_in() -> None:
    operation = parsed(QUERY)
    assert operation.on == "Query"
    (issue,) = operation.selections
    assert (issue.name, issue.alias) == ("issue", "first")
    assert issue.arguments == {"id": Variable("id"), "kinds": ["A", "b c", 3], "archived": True}
    shown, epic = issue.selections
    assert epic == Fragment("Epic", [Field("id", "id", {}, [])])
    assert (shown.on, [one.name for one in shown.selections[:1]]) == ("Issue", ["title"])
    assert shown.selections[1] == Fragment("Issue", [Field("number", "number", {}, [])])


def test_variables_are_bound_and_missing_ones_are_none() -> None:
    (issue,) = parsed(QUERY).selections
    assert bound(issue.arguments, {"id": "7"})["id"] == "7"
    assert bound({"after": Variable("after"), "first": 5}, {}) == {"after": None, "first": 5}


def test_a_change_is_told_from_a_question() -> None:
    assert parsed('mutation { hookCreate(url: "x") { id } }').on == "Mutation"


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("", ""),
        ("{ a", ""),
        ("{ a }}", ""),
        ("{ a(b 3) }", "3"),
        ("{ ...gone }", "gone"),
        ("fragment x on Y { a }", ""),
    ],
)
def test_what_is_no_query_is_refused_by_its_token(text: str, token: str) -> None:
    with pytest.raises(Unparsable) as refused:
        parsed(text)
    assert refused.value.token == token
