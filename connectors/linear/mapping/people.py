"""People and apps.

Their id is the display name: Linear keeps it unique within a workspace, and it is what people write
into a configuration.
"""

from __future__ import annotations

from typing import Final

from connectors.linear.wire import User
from syncer.domain.item import Account
from syncer.domain.text import clean_line

_ID_LIMIT: Final = 255


def handle(user: User | None) -> str:
    """The display name on one line, empty where the account is gone."""
    return clean_line(user.display_name or user.name or "", limit=_ID_LIMIT) if user else ""


def account(user: User | None, connection: str) -> Account | None:
    """The account, None where nobody is named any more."""
    id_ = handle(user)
    if user is None or not id_:
        return None
    name = clean_line(user.name or id_)
    return Account(connection=connection, id=id_, name=name or id_, bot=bool(user.app))
