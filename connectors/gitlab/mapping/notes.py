"""System notes as happenings: what GitLab writes below an item when somebody changes it.

The words: app/services/system_notes and app/models/*_note.rb of GitLab (gitlabhq/gitlabhq at
GitHub); docs.gitlab.com/user/project/system_notes. They are English whatever the reader's language
is. A note of other words tells nothing and is left out: what stands now is known without it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from connectors.gitlab.mapping.people import is_bot, username
from connectors.gitlab.mapping.place import Place, place_referred
from connectors.gitlab.mapping.told import Happened, Happening, LinkWord
from connectors.gitlab.wire import Note, RestNote
from syncer.connect.times import epoch_ms, utc_instant
from syncer.connect.unreadable import Unmappable
from syncer.domain.text import clean_line

_LONGEST: Final = 4000
_LABEL: Final = re.compile(r'~(?:"([^"]{1,300})"|([^\s~"]{1,300}))')
_PERSON: Final = re.compile(r"@([A-Za-z0-9_.-]{1,255})")
_REFERENCE: Final = re.compile(r"[A-Za-z0-9_./-]{0,255}[#&][1-9]\d{0,9}")
_ADDED_MARK: Final = re.compile(r"\{[+-]|[+-]\}")
_DATE: Final = r"([A-Z][a-z]{2,8} \d{1,2}, \d{4})"
_RELATIONS: Final = {
    "related to": LinkWord.RELATES,
    "blocking": LinkWord.BLOCKS,
    "blocked by": LinkWord.BLOCKED_BY,
}

_MONTHS: Final = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Context:
    """What names in a note mean."""

    place: Place | None
    labels: Mapping[str, str]
    milestones: Mapping[str, str]


def happenings_of(
    notes: Iterable[Note | RestNote],
    *,
    place: Place | None,
    labels: Mapping[str, str],
    milestones: Mapping[str, str],
    what: Happened | None = None,
) -> Iterator[Happening]:
    """What the notes tell; with `what` each of them tells that, whatever it says.

    `labels` are titles by the number with which notes refer to them, `milestones` the same.
    An odd note of the past must not cost the item: it is left out.
    """
    context = _Context(place, labels, milestones)
    for note in notes:
        try:
            at = utc_instant(note.created_at or "")
        except Unmappable:
            continue
        told = [{"what": what}] if what else _read((note.body or "")[:_LONGEST], context)
        for number, fields in enumerate(told):
            id_ = clean_line(str(note.id or ""), limit=300).rpartition("/")[2] or str(epoch_ms(at))
            yield Happening(
                id=id_ if number == 0 else f"{id_}.{number}",
                at=at,
                actor=username(note.author),
                by_bot=is_bot(note.author),
                **fields,
            )


def label_numbers(notes: Iterable[Note | RestNote]) -> set[str]:
    """The numbers of labels that notes refer to."""
    found = (m[2] for note in notes for m in _LABEL.finditer((note.body or "")[:_LONGEST]))
    return {one for one in found if one and one.isascii() and one.isdigit()}


def _read(body: str, context: _Context) -> list[Fields]:
    text = body.strip()
    return [
        fields
        for pattern, read in _READERS
        for found in pattern.finditer(text)
        for fields in read(found, context)
    ]


# --- one reader a sort of note --------------------------------------------------------------------


def _plain(what: Happened) -> Callable[[re.Match[str], _Context], Iterator[Fields]]:
    def read(_found: re.Match[str], _context: _Context) -> Iterator[Fields]:
        yield {"what": what}

    return read


def _after(what: Happened) -> Callable[[re.Match[str], _Context], Iterator[Fields]]:
    """The first group that took part holds the new value; none means that it was taken away."""

    def read(found: re.Match[str], _context: _Context) -> Iterator[Fields]:
        value = next((one for one in found.groups() if one), "")
        yield {"what": what, "after": clean_line(value)}

    return read


def _date(what: Happened) -> Callable[[re.Match[str], _Context], Iterator[Fields]]:
    def read(found: re.Match[str], _context: _Context) -> Iterator[Fields]:
        try:
            yield {"what": what, "after": day_of(found[1])}
        except ValueError:
            return

    return read


def day_of(text: str | None) -> str:
    """The ISO date of `September 20, 2018`, empty without one; `ValueError` for no date."""
    if not text:
        return ""
    month, _, rest = text.partition(" ")
    day, _, year = rest.partition(", ")
    return date(int(year), _MONTHS.index(month[:3]) + 1, int(day)).isoformat()


def _labels(found: re.Match[str], context: _Context) -> Iterator[Fields]:
    names = tuple(_label(one, context) for one in _LABEL.finditer(found[2]))
    if names:
        side = "added" if found[1] == "added" else "removed"
        yield {"what": Happened.LABELS, side: names}


def _label(found: re.Match[str], context: _Context) -> str:
    told = found[1] or context.labels.get(found[2], f"~{found[2]}")
    return clean_line(told, limit=255)


def _people(found: re.Match[str], _context: _Context) -> Iterator[Fields]:
    added = tuple(_PERSON.findall(found["added"] or ""))
    removed = tuple(_PERSON.findall(found["removed"] or ""))
    if added or removed:
        yield {"what": Happened.ASSIGNEES, "added": added, "removed": removed}


def _milestone(found: re.Match[str], context: _Context) -> Iterator[Fields]:
    quoted, bare = found[1], found[2]
    name = quoted or (context.milestones.get(bare, bare) if bare else "")
    yield {"what": Happened.MILESTONE, "after": clean_line(name)}


def _title(found: re.Match[str], _context: _Context) -> Iterator[Fields]:
    before, after = (clean_line(_ADDED_MARK.sub("", one)) for one in found.groups())
    yield {"what": Happened.TITLE, "before": before, "after": after}


def _link(found: re.Match[str], context: _Context) -> Iterator[Fields]:
    for place in _places(found[2], context):
        yield {"what": Happened.LINK, "word": _RELATIONS[found[1]], "other": place, "after": "1"}


def _unlink(found: re.Match[str], context: _Context) -> Iterator[Fields]:
    for place in _places(found[1], context):
        yield {"what": Happened.LINK, "other": place}


def _parent(found: re.Match[str], context: _Context) -> Iterator[Fields]:
    for place in _places(found[0], context):
        yield {"what": Happened.PARENT, "other": place, "after": place.locator}


def _no_parent(found: re.Match[str], context: _Context) -> Iterator[Fields]:
    for place in _places(found[0], context):
        yield {"what": Happened.PARENT, "other": place}


def _moved(found: re.Match[str], context: _Context) -> Iterator[Fields]:
    what = Happened.MOVED_FROM if found[1] == "from" else Happened.MOVED_TO
    for place in _places(found[2], context):
        yield {"what": what, "other": place}


def _places(text: str, context: _Context) -> Iterator[Place]:
    if context.place is None:
        return
    for reference in _REFERENCE.findall(text):
        place = place_referred(reference, seen_from=context.place)
        if place is not None:
            yield place


_OF_TEXT: Final = r"\*\*(.{1,300}?)\*\*"
_READERS: Final = tuple(
    (re.compile(pattern), read)
    for pattern, read in (
        (r"\A(?:Status changed to )?closed\b", _plain(Happened.CLOSED)),
        (r"\A(?:Status changed to )?(?:reopened|opened)\b", _plain(Happened.REOPENED)),
        (rf"\A(?:set|changed) status to {_OF_TEXT}", _after(Happened.STATUS)),
        (r"\b(added|removed) ((?:[^\n]{0,2000}?)) labels?(?= and removed |\Z)", _labels),
        (
            (
                r"\Aassigned to (?P<added>[^\n]{0,2000}?)"
                r"(?: and unassigned (?:from )?(?P<removed>[^\n]{0,2000}))?\Z"
            ),
            _people,
        ),
        (r"\A(?P<added>)unassigned (?:from )?(?P<removed>[^\n]{0,2000})\Z", _people),
        (r'\Achanged milestone to %(?:"([^"]{1,300})"|(\S{1,300}))', _milestone),
        (r"\Aremoved milestone()()", _milestone),
        (
            r'\Achanged iteration to \*iteration:(?:"([^"]{1,300})"|(\S{1,300}))',
            _after(Happened.ITERATION),
        ),
        (r"\Aremoved iteration", _after(Happened.ITERATION)),
        (r"\Achanged weight to \*\*(\d{1,9})\*\*", _after(Happened.WEIGHT)),
        (r"\Aremoved (?:the )?weight", _after(Happened.WEIGHT)),
        (rf"\Achanged health status to {_OF_TEXT}", _after(Happened.HEALTH)),
        (r"\Aremoved (?:the )?health status", _after(Happened.HEALTH)),
        (rf"\bchanged due date to {_DATE}", _date(Happened.DUE)),
        (r"\bremoved due date()", _date(Happened.DUE)),
        (rf"\bchanged start date to {_DATE}", _date(Happened.START)),
        (r"\bremoved start date()", _date(Happened.START)),
        (r"\Achanged title from \*\*([^\n]{0,1000})\*\* to \*\*([^\n]{0,1000})\*\*\Z", _title),
        (r"\Achanged the description\b", _plain(Happened.BODY)),
        (
            r"\Amarked this [a-z ]{1,40} as (related to|blocking|blocked by) ([^\n]{0,2000})",
            _link,
        ),
        (r"\Aremoved the relation with ([^\n]{0,2000})", _unlink),
        (r"\Aadded \S{1,300} as parent [a-z ]{1,40}\Z", _parent),
        (r"\A(?:added to epic|changed epic to) \S{1,300}\Z", _parent),
        (r"\Aremoved parent [a-z ]{1,40} \S{1,300}\Z", _no_parent),
        (r"\Aremoved from epic \S{1,300}\Z", _no_parent),
        (r"\Amoved (from|to) (\S{1,300})\Z", _moved),
    )
)
