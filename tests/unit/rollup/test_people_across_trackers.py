"""A person with accounts in several trackers is one worker (RES-1 and RES-3)."""

from __future__ import annotations

from syncer.domain.item import Account
from syncer.domain.people import mail_mark
from syncer.domain.portfolio import Person, Portfolio
from syncer.rollup.risks.people_detectors import bus_factor, known_people, shares
from tests.store.samples import item

MAIL = "kim@example.com"
ACCOUNTS = (
    Account(connection="jira", id="5b10", name="Kim", mail=mail_mark(MAIL)),
    Account(connection="ado", id=MAIL, name="Kim Lee"),
    Account(connection="gh", id="kim-lee", name="kim-lee"),
)
ITEMS = [item(number, assignees=(one,)) for number, one in enumerate(ACCOUNTS, start=1)]


def test_by_one_address() -> None:
    held = shares(ITEMS, known_people(Portfolio(), ITEMS))
    assert sorted(held.values()) == [1.0, 2.0]


def test_by_address_and_configuration() -> None:
    kim = Person(name="Kim Lee", email=MAIL, accounts=("gh:kim-lee",))
    held = shares(ITEMS, known_people(Portfolio(people=(kim,)), ITEMS))
    assert held == {"gh:kim-lee": 3.0}
    assert bus_factor(held.values()) == 1
