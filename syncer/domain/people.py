"""Who is who across trackers: accounts of one person, by configuration or by one e-mail address.

Of an address only a mark is kept with an account, enough to find out that two accounts have the
same one. It hides the address from whoever reads a stored item, not from whoever guesses it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from syncer.domain.item import Account, WorkItem
from syncer.domain.portfolio import Person

_ADDRESS: Final = re.compile(r"[^\s@<>,;:\"]{1,128}@[^\s@<>,;:\"]{1,190}\.[^\s@<>,;:\".]{1,63}")
_MARK: Final = 32
_LONGEST: Final = 320


def mail_mark(address: str | None) -> str:
    """The mark of an e-mail address, the same however its letters are cased; empty for none."""
    plain = (address or "")[:_LONGEST].strip().casefold()
    if _ADDRESS.fullmatch(plain) is None:
        return ""
    return hashlib.sha256(f"mailto:{plain}".encode()).hexdigest()[:_MARK]


def account_name(account: Account) -> str:
    """The account as a configuration names it: `<connection>:<id>`."""
    return f"{account.connection}:{account.id}"


def mark_of(account: Account) -> str:
    """The mark of the account's address, where its tracker tells one; some make it the id."""
    return _mark(account.id, account.mail)


def _mark(id_: str, mail: str) -> str:
    return mail or (mail_mark(id_) if "@" in id_ else "")


def persons(people: Sequence[Person], items: Iterable[WorkItem]) -> Mapping[str, str]:
    """One account for each person who has several, by each of them as `account_name` writes it.

    Accounts are one person's that the configuration puts together, that have the address of a
    configured person, or that have one address. An account that is not here stands for itself.
    """
    found = {account: person.accounts[0] for person in people for account in person.accounts}
    marks = _marks(items)
    by_mark = {
        mail_mark(person.email): person.accounts[0]
        for person in people
        if person.accounts and mail_mark(person.email)
    }
    for account in sorted(marks, key=lambda name: name not in found):  # the configured ones first
        first = by_mark.setdefault(marks[account], found.get(account, account))
        if first != account:
            found.setdefault(account, first)
    return found


def _marks(items: Iterable[WorkItem]) -> dict[str, str]:
    """The marks of all assigned accounts that have one, by account, in a fixed order."""
    told = {(a.connection, a.id, a.mail) for item in items for a in item.assignees if not a.bot}
    # Of several marks of one account the last in order is taken, whichever item told it.
    named = sorted((f"{connection}:{id_}", _mark(id_, mail)) for connection, id_, mail in told)
    return {account: mark for account, mark in named if mark}


def person_of(account: Account, people: Iterable[Person]) -> Person | None:
    """The configured person behind an account, by its name or by its address."""
    name, mark = account_name(account).casefold(), mark_of(account)
    for person in people:
        if name in {one.casefold() for one in person.accounts}:
            return person
        if mark and mark == mail_mark(person.email):
            return person
    return None
