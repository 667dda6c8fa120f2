"""Where an item is: the full path of its project or group, and its number there.

An item of a project is written `group/project#12`, one of a group `group&3`, as GitLab itself
writes issues and epics (docs.gitlab.com/user/markdown, "GitLab-specific references").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

_SEGMENT: Final = r"(?!\.\.?(?:[/#&]|$))[A-Za-z0-9_.-]{1,255}"
_PATH: Final = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT}){{0,20}}")
_PLACE: Final = re.compile(rf"({_PATH.pattern})([#&])([1-9]\d{{0,9}})")
_REFERENCE: Final = re.compile(rf"({_PATH.pattern})?([#&])([1-9]\d{{0,9}})")
_PAGE: Final = re.compile(
    rf"/?(groups/)?({_PATH.pattern})/-/(?:issues|work_items|epics)/([1-9]\d{{0,9}})/?"
)


@dataclass(frozen=True, slots=True)
class Place:
    """The full path of a project or group, and the number of an item in it."""

    path: str
    number: int
    in_group: bool = False

    @property
    def locator(self) -> str:
        """As GitLab refers to it in full."""
        return f"{self.path}{'&' if self.in_group else '#'}{self.number}"

    @property
    def page(self) -> str:
        """The path of the page at which people see it."""
        if self.in_group:
            return f"groups/{self.path}/-/epics/{self.number}"
        return f"{self.path}/-/issues/{self.number}"


def is_path(text: object) -> bool:
    """Whether a text may be the full path of a project or group."""
    return isinstance(text, str) and len(text) <= _LONGEST and bool(_PATH.fullmatch(text))


_LONGEST: Final = 255


def place_at(locator: str) -> Place | None:
    """The place of a full reference such as `group/project#12`, None if it is none."""
    found = _PLACE.fullmatch(locator[:300])
    return Place(found[1], int(found[3]), found[2] == "&") if found else None


def place_referred(reference: str, *, seen_from: Place) -> Place | None:
    """The place of a reference in a note: one without a path means the same project or group.

    A path of one segment is that of a project beside this one (`project#12`), unless it is of an
    epic; where the place itself has one segment too, it is taken as it is.
    """
    found = _REFERENCE.fullmatch(reference[:300].rstrip(".,"))
    if not found:
        return None
    path, in_group = found[1] or seen_from.path, found[2] == "&"
    if in_group and not found[1] and not seen_from.in_group:
        path = seen_from.path.rpartition("/")[0]
    if found[1] and "/" not in path and not in_group and "/" in seen_from.path:
        path = f"{seen_from.path.rpartition('/')[0]}/{path}"
    return Place(path, int(found[3]), in_group) if path else None


def place_of_page(url: str | None, root: str = "") -> Place | None:
    """The place whose page an address is, whatever the host; None if it is no item's.

    `root` is the path below which the site lives, such as `/gitlab`; most have none.
    """
    try:
        parts = urlsplit((url or "")[:2000])
    except ValueError:
        return None
    path = unquote(parts.path)
    found = _PAGE.search(path.removeprefix(root) if path.startswith(f"{root}/") else path)
    if found is None:
        return None
    return Place(found[2].removeprefix("groups/"), int(found[3]), bool(found[1]))
