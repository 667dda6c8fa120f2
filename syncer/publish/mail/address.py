"""Mail addresses as they stand in an envelope and in a header."""

from __future__ import annotations

from email.headerregistry import Address
from email.utils import parseaddr

from syncer.errors import DispatchFailed
from syncer.publish.digest.tracker_text import clean

_LONGEST_NAME = 60


def envelope_address(text: str) -> str:
    """The bare address in ASCII: a domain of other letters in its encoded form (RFC 5890).

    `DispatchFailed` for a local part of other letters, which only servers with SMTPUTF8 take.
    """
    local, _, domain = text.rpartition("@")
    try:
        encoded = domain.encode("idna").decode("ascii")
    except UnicodeError:
        raise DispatchFailed(
            f"The domain of {text!r} cannot be written in a mail.", permanent=True
        ) from None
    if not local.isascii():
        raise DispatchFailed(
            f"The part before the @ of {text!r} has letters that mail servers do not take.",
            permanent=True,
            fix="Give an address of ASCII letters.",
        )
    return f"{local}@{encoded}"


def header_address(text: str, name: str = "") -> Address:
    """The address for a header, with a display name that is one quoted line and nothing else.

    `text` is a bare address, or a name and an address as in `from`.
    """
    written, bare = parseaddr(text)
    shown = clean(name or written, _LONGEST_NAME)
    return Address(display_name=shown, addr_spec=envelope_address(bare))


def domain_of(text: str) -> str:
    """The domain of an address, in ASCII; `localhost` where there is none."""
    bare = parseaddr(text)[1]
    return envelope_address(bare).rpartition("@")[2] if bare else "localhost"
