"""People and apps."""

from __future__ import annotations

from connectors.jira.mapping.site import Site
from connectors.jira.wire import Author, User
from syncer.domain.item import Account
from syncer.domain.people import mail_mark
from syncer.domain.text import clean_line

_ID_LIMIT = 255
_APP = "app"


def account(user: User | None, site: Site) -> Account | None:
    """The account, None where nobody is named; apps are bots."""
    if user is None:
        return None
    known = site.known.accounts
    named = (user.account_id, user.key, user.name, user.display_name, user.account_type)
    key = (*named, user.email_address)
    try:
        return known[key]
    except KeyError:
        return known.keep(key, _account(user, site.connection))


def _account(user: User, connection: str) -> Account | None:
    id_ = user.account_id or user.key or user.name
    if not id_:
        return None
    return Account(
        connection=connection,
        id=clean_line(id_, limit=_ID_LIMIT),
        name=clean_line(user.display_name or user.name or id_),
        bot=user.account_type == _APP,
        mail=mail_mark(user.email_address),
    )


def is_bot(author: Author | None) -> bool:
    """Whether a change by this account is no sign of human care."""
    return author is not None and author.account_type == _APP


def shown_name(author: Author | None) -> str:
    """What people call the account, empty where nobody is named."""
    if author is None:
        return ""
    told = author.display_name or author.name or author.account_id
    return clean_line(told or "")
