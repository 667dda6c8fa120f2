"""Who reads an edition, and what it may show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fnmatch import fnmatchcase


class Lens(StrEnum):
    """What an edition looks at (roll-up spec, section 2.11)."""

    EXECUTIVE = "executive"
    PROGRAM = "program"
    PRODUCT = "product"


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceView:
    """One audience as `compose` needs it.

    `programs` and `products` are globs over their keys. `timezone` is the IANA zone of every
    printed date and time. With `count_restricted` false not even the number of restricted items
    is told. `link_origins` are the origins (`https://acme.atlassian.net`) to which an edition may
    link; `pages_url` is where "details" leads, empty where no pages are served. `days_off` are
    the configured holidays and full freeze days. `unreached` names those who should get the
    editions and have no address.
    """

    key: str
    name: str
    lens: Lens = Lens.EXECUTIVE
    programs: tuple[str, ...] = ("*",)
    products: tuple[str, ...] = ("*",)
    timezone: str = "UTC"
    count_restricted: bool = True
    link_origins: frozenset[str] = frozenset()
    pages_url: str = ""
    days_off: frozenset[date] = frozenset()
    unreached: tuple[str, ...] = ()

    def covers(self, scope: str) -> bool:
        """Whether a program or product scope (`prog:5g`, `prod:phone`) is this audience's."""
        sort, _, key = scope.partition(":")
        globs = {"prog": self.programs, "prod": self.products}.get(sort, ())
        return any(fnmatchcase(key, glob) for glob in globs)
