from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from syncer.connect.history import TEXT_LIMIT, VALUE_LIMIT, change_of, joined, numbered
from syncer.domain.change import Change, ChangeField

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Said:
    id: str = "7"
    at: datetime = NOON
    actor: str = "kim"
    by_bot: bool = False


def test_an_entry_becomes_a_change_whose_texts_are_cut() -> None:
    change = change_of(Said(), (ChangeField.TITLE, None, "Mast", "", "M" * 1000))
    assert (change.id, change.at, change.actor, change.by_bot) == ("7", NOON, "kim", False)
    assert (change.field, change.before, change.after) == (ChangeField.TITLE, None, "Mast")
    assert (change.before_text, change.after_text) == ("", "M" * TEXT_LIMIT)


def test_names_are_joined_in_order_and_too_many_are_none() -> None:
    assert joined(["b", "", "a"]) == "a,b"
    assert joined([""]) is None
    assert joined(["x" * VALUE_LIMIT]) == "x" * VALUE_LIMIT
    assert joined(["x" * VALUE_LIMIT, "y"]) is None


def test_changes_of_one_id_and_field_get_numbers() -> None:
    def link(field: ChangeField) -> Change:
        return change_of(Said(), (field, None, "x", "", ""))

    told = [link(ChangeField.LINK), link(ChangeField.LABELS), link(ChangeField.LINK)]
    assert [one.id for one in numbered(told)] == ["7", "7", "7~2"]
    assert [one.id for one in numbered(told, mark=".")] == ["7", "7", "7.2"]
