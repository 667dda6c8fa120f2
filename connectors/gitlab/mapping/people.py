"""People and apps. Their id is the username: that is what people write into a configuration."""

from __future__ import annotations

import re
from typing import Final

from connectors.gitlab.wire import RestUser, User
from syncer.domain.item import Account
from syncer.domain.text import clean_line

_ID_LIMIT: Final = 255
_TOKEN_BOT: Final = re.compile(r"(?:project|group)_\d+_bot(?:_?[0-9a-f]+)?")
"""The users of project and group access tokens, and of service accounts like them."""

_BOTS: Final = frozenset({"gitlab-bot", "GitLab-Security-Bot", "alert-bot", "support-bot"})


def username(user: User | RestUser | None) -> str:
    """The username on one line, empty where the account is gone."""
    return clean_line(user.username or "", limit=_ID_LIMIT) if user else ""


def account(user: User | RestUser | None, connection: str) -> Account | None:
    """The account, None where nobody is named any more."""
    id_ = username(user)
    if user is None or not id_:
        return None
    return Account(
        connection=connection, id=id_, name=clean_line(user.name or id_), bot=is_bot(user)
    )


def is_bot(user: User | RestUser | None) -> bool:
    """Whether a change by this account is no sign of human care."""
    name = (user.username or "") if user else ""
    told = user is not None and bool(user.bot)
    return told or name in _BOTS or bool(_TOKEN_BOT.fullmatch(name))
