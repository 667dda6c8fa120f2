"""People and apps. Their id is the login: that is what people write into a configuration."""

from __future__ import annotations

from typing import Final

from connectors.github.wire import User
from syncer.domain.item import Account
from syncer.domain.text import clean_line

_ID_LIMIT: Final = 255
_BOT: Final = "[bot]"


def login(user: User | None) -> str:
    """The login on one line, empty where the account is gone."""
    return clean_line(user.login or "", limit=_ID_LIMIT) if user else ""


def account(user: User | None, connection: str) -> Account | None:
    """The account, None where nobody is named any more."""
    name = login(user)
    if not name:
        return None
    return Account(connection=connection, id=name, name=name, bot=is_bot(user))


def is_bot(user: User | None) -> bool:
    """Whether a change by this account is no sign of human care."""
    return user is not None and (user.type == "Bot" or (user.login or "").endswith(_BOT))
