"""Accounts of several trackers that are one person's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncer.domain.item import Account, WorkItem
from syncer.domain.people import mail_mark, mark_of, person_of, persons
from syncer.domain.portfolio import Person
from tests.store.samples import item

MAIL = "Kim.Lee@Example.com"
MARK = mail_mark(MAIL)


def account(name: str, *, mail: str = "", bot: bool = False) -> Account:
    connection, _, id_ = name.partition(":")
    return Account(connection=connection, id=id_, name=id_, mail=mail, bot=bot)


def assigned(*accounts: Account) -> list[WorkItem]:
    return [item(number, assignees=(one,)) for number, one in enumerate(accounts, start=1)]


def test_a_mark_hides_the_address_and_minds_no_case() -> None:
    assert mail_mark("  kim.lee@example.com ") == MARK
    assert mail_mark("kim.lee@example.org") != MARK
    assert "kim" not in MARK
    assert len(MARK) == 32


@pytest.mark.parametrize(
    "odd",
    ["", None, "kim", "kim@localhost", "@x.y", "a@b@c.d", "Kim <kim@x.yz>", "k" * 999 + "@x.y"],
)
def test_what_is_no_address_has_no_mark(odd: str | None) -> None:
    assert mail_mark(odd) == ""


def test_one_address_makes_one_person_of_accounts_in_several_trackers() -> None:
    jira, ado, other = account("jira:5b10", mail=MARK), account(f"ado:{MAIL}"), account("gh:kim")
    assert mark_of(ado) == MARK
    found = persons((), assigned(jira, ado, other))
    assert found.get("jira:5b10", "jira:5b10") == found.get(f"ado:{MAIL}", f"ado:{MAIL}")
    assert "gh:kim" not in found


def test_the_configuration_joins_what_no_address_does() -> None:
    people = (Person(name="Kim Lee", accounts=("gh:kim", "jira:5b10")),)
    found = persons(people, assigned(account("jira:5b10", mail=MARK), account(f"ado:{MAIL}")))
    assert {found["gh:kim"], found["jira:5b10"], found[f"ado:{MAIL}"]} == {"gh:kim"}


def test_the_address_of_a_configured_person_is_enough() -> None:
    people = (Person(name="Kim Lee", email=MAIL, accounts=("gh:kim",)),)
    found = persons(people, assigned(account("jira:5b10", mail=MARK)))
    assert found == {"gh:kim": "gh:kim", "jira:5b10": "gh:kim"}
    named = person_of(account("jira:5b10", mail=MARK), people)
    assert named is people[0]
    assert person_of(account("GH:KIM"), people) is people[0]
    assert person_of(account("jira:5b10"), people) is None
    assert person_of(account("jira:x"), (replace(people[0], email=""),)) is None


def test_robots_are_nobody_and_the_order_of_items_does_not_matter() -> None:
    robot = account("ci:robot", mail=MARK, bot=True)
    accounts = [account("b:1", mail=MARK), account("a:1", mail=MARK), robot]
    assert persons((), assigned(*accounts)) == {"b:1": "a:1"}
    assert persons((), assigned(*accounts[::-1])) == {"b:1": "a:1"}


def test_an_account_told_with_two_addresses_is_the_same_person_in_any_order() -> None:
    one, other = mail_mark("kim@example.com"), mail_mark("lee@example.com")
    told = assigned(account("a:1", mail=one), account("a:1", mail=other), account("b:1", mail=one))
    assert persons((), told) == persons((), told[::-1])
