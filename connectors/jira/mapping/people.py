"""People and apps."""

from __future__ import annotations

from connectors.jira.wire import User
from syncer.domain.item import Account
from syncer.domain.text import clean_line

_ID_LIMIT = 255


def account(user: User | None, connection: str) -> Account | None:
    """The account, None where nobody is named; apps are bots."""
    if user is None:
        return None
    id_ = user.account_id or user.key or user.name
    if not id_:
        return None
    return Account(
        connection=connection,
        id=clean_line(id_, limit=_ID_LIMIT),
        name=clean_line(user.display_name or user.name or id_),
        bot=is_bot(user),
    )


def is_bot(user: User | None) -> bool:
    """Whether a change by this account is no sign of human care."""
    return user is not None and user.account_type == "app"


def shown_name(user: User | None) -> str:
    """What people call the account, empty where nobody is named."""
    if user is None:
        return ""
    return clean_line(user.display_name or user.name or user.account_id or "")
