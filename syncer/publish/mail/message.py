"""One edition as the bytes of a mail to one recipient: a pure function of what was frozen."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from syncer.publish.digest.tracker_text import clean
from syncer.publish.mail.address import header_address
from syncer.store.editions import PublishedEdition

POSSIBLE_DUPLICATE: Final = "possible-duplicate"
"""The value of `X-Syncer-Redelivery` on a copy whose first may have arrived."""

_LONGEST_LINE: Final = 998
_LONGEST_SUBJECT: Final = 120
_LINE_END: Final = re.compile(rb"\r\n|\r|\n")
_LEADING_DOT: Final = re.compile(rb"(?m)^\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sends (`Program status <syncer@example.com>`) and where answers go."""

    address: str
    reply_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What of a mail depends on the recipient. `references` is the first version's Message-ID."""

    message_id: str
    address: str
    name: str = ""
    references: str = ""
    list_id: str = ""
    list_name: str = ""
    redelivery: bool = False


def message_id(*parts: str, domain: str) -> str:
    """A stable Message-ID: the same parts always give the same (reliability spec, section 4)."""
    digest = hashlib.sha256("|".join(parts).encode()).hexdigest()
    return f"<{digest}@{domain}>"


def mail_bytes(edition: PublishedEdition, letter: Letter, sender: Sender) -> bytes:
    """The whole message, 7-bit, lines ended by CRLF and of at most 998 octets.

    The text and the HTML are the edition's frozen contents `txt` and `mail`.

    Raises:
        DispatchFailed: if an address cannot be written in a mail.
    """
    message = EmailMessage(policy=SMTP)
    for name, value in _headers(edition, letter, sender).items():
        message[name] = value
    message.set_content(_without_subject(edition.contents["txt"]), cte="quoted-printable")
    html = edition.contents["mail"]
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    boundary = hashlib.sha256(letter.message_id.encode()).hexdigest()[:32]
    message.set_boundary(f"={boundary}=")
    # Message ids longer than 78 characters would be folded into encoded words, which no mail
    # program follows; RFC 5322, 2.1.1 allows 998.
    return message.as_bytes(policy=SMTP.clone(max_line_length=_LONGEST_LINE))


def _headers(edition: PublishedEdition, letter: Letter, sender: Sender) -> dict[str, object]:
    """In the order in which they are written; empty ones are left out."""
    redelivery = POSSIBLE_DUPLICATE if letter.redelivery else ""
    headers: dict[str, object] = {
        "From": header_address(sender.address),
        "To": header_address(letter.address, letter.name),
        "Reply-To": header_address(sender.reply_to) if sender.reply_to else "",
        "Subject": clean(edition.subject, _LONGEST_SUBJECT),
        "Date": format_datetime(edition.published_at),
        "Message-ID": letter.message_id,
        "In-Reply-To": letter.references,
        "References": letter.references,
        "List-Id": _list_id(letter),
        "Auto-Submitted": "auto-generated",  # RFC 3834: no holiday answers, please
        "X-Syncer-Redelivery": redelivery,
    }
    return {name: value for name, value in headers.items() if value}


def _list_id(letter: Letter) -> str:
    """RFC 2919: a name for people, then the list's own in angle brackets."""
    if not letter.list_id:
        return ""
    name = re.sub(r'[<>"\\]', "", clean(letter.list_name, _LONGEST_SUBJECT))
    return f"{name} <{letter.list_id}>".strip()


def _without_subject(text: str) -> str:
    """The text form without its first line, which a mail has as a header."""
    head, _, rest = text.partition("\n")
    return rest.lstrip("\n") if head.startswith("Subject: ") else text


def on_the_wire(message: bytes) -> bytes:
    """The data of a mail but for the final dot: CRLF throughout, leading dots doubled (RFC 5321).

    No bare CR or LF gets out: servers disagree about what those end.
    """
    lines = _LINE_END.sub(b"\r\n", message)
    ended = lines if lines.endswith(b"\r\n") else lines + b"\r\n"
    return _LEADING_DOT.sub(b"..", ended)
