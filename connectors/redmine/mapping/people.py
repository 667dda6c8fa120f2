"""People and groups. Their id is Redmine's number: an issue tells no login."""

from __future__ import annotations

from connectors.redmine.wire import Named
from syncer.domain.item import Account
from syncer.domain.text import clean_line


def account_id(who: Named | None) -> str:
    """The number of a person or group, empty for nobody."""
    return str(who.id) if who and who.id else ""


def account(who: Named | None, connection: str) -> Account | None:
    """The account, None for nobody."""
    id_ = account_id(who)
    if who is None or not id_:
        return None
    return Account(connection=connection, id=id_, name=clean_line(who.name or id_))
