"""Rules about what items mean: their tree, links, status, history and text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import partial
from itertools import pairwise
from typing import Final

from syncer.connect.testing.adapter import Adapter
from syncer.connect.testing.lab import ACTOR, Lab, lab_of
from syncer.connect.testing.rules.rule import Rule, require
from syncer.connect.testing.script import Person, Phase
from syncer.connect.testing.world import blocks
from syncer.domain.item import ItemRecord, StatusCategory, WorkItem
from syncer.domain.link import LinkKind, LinkOrigin

_HOUR: Final = timedelta(hours=1)
_CATEGORIES: Final[Mapping[Phase, StatusCategory]] = {
    Phase.TODO: StatusCategory.TODO,
    Phase.PROGRESS: StatusCategory.IN_PROGRESS,
    Phase.WAITING: StatusCategory.WAITING,
    Phase.DONE: StatusCategory.DONE,
}
_HOSTILE: Final = (
    "one\ntwo\r\nthree",
    "pay \u202eecneve\u202c now",
    "nul\x00l and \x1b[31mred\x1b[0m and \x07bell",
    "zero\u200bwidth and \u2028 lines",
    "<script>alert(1)</script> & [a](javascript:alert(1))",
    "{{7*7}} ${jndi:ldap://x} %s %n '; DROP TABLE items; --",
)
_WORDS_OF_HOSTILE: Final = ("one", "three", "pay", "now", "red", "bell", "width", "lines", "alert")


# --- tree and links -------------------------------------------------------------------------------


async def hierarchy(adapter: Adapter) -> None:
    """Parents and levels are told at every step, follow a change, and end with it."""
    async with lab_of(adapter, page=20) as lab:
        ids: list[str] = []
        for type_ in adapter.chain:
            ids.append(lab.add(type=type_, parent=ids[-1] if ids else None))
        other = lab.add(type=adapter.chain[-2], parent=ids[-3] if len(ids) > 2 else None)  # noqa: PLR2004  a grandparent
        items = {id_: record.item for id_, record in (await lab.read()).records.items()}
        for parent, child in pairwise(ids):
            _require_parent(items[child], parent)
            above, below = items[parent].hierarchy_level, items[child].hierarchy_level
            require(above > below, f"{parent} (level {above}) is not above {child} ({below})")
        require(items[ids[0]].parent is None, "the top has a parent")
        lab.clock.pass_by(_HOUR)
        lab.edit(ids[-1], parent=other)
        _require_parent((await lab.record(ids[-1])).item, other)


def _require_parent(item: WorkItem, parent: str) -> None:
    told = item.parent.id if item.parent else None
    require(told == parent, f"the parent of {item.ref.id} is {told}, not {parent}")


async def links_in_both_directions(adapter: Adapter) -> None:
    """A dependency runs the right way, seen from either end or both, within and across."""
    async with lab_of(adapter, page=20) as lab:
        first, second = lab.fill(2)
        far = lab.add(abroad=True)
        lab.world.link(blocks("1", first, second, at=lab.clock.now(), actor=ACTOR))
        lab.world.link(blocks("2", far, first, at=lab.clock.now(), actor=ACTOR))
        true = {(first, second), (far, first)}
        pulled = [*(await lab.read()).records.values()]
        pulled += (await lab.read(container=lab.abroad)).records.values()
        _require_edges(pulled, true, "pulled")
        fetched = (await lab.fetch(first, second, far)).records
        _require_edges(fetched, true, "fetched")
        require(_edges([r for r in fetched if r.item.ref.id == first]), "one end tells nothing")
        lab.clock.pass_by(_HOUR)
        lab.world.unlink("1", lab.clock.now())
        _require_edges((await lab.fetch(first, second, far)).records, true - {(first, second)}, "")


def _edges(records: Iterable[ItemRecord]) -> set[tuple[str, str]]:
    """Who blocks whom, whoever of the two tells it."""
    return {
        (link.to.id, record.item.ref.id) if link.inward else (record.item.ref.id, link.to.id)
        for record in records
        for link in record.item.links
        if link.kind is LinkKind.BLOCKS
    }


def _require_edges(records: Iterable[ItemRecord], true: set[tuple[str, str]], what: str) -> None:
    told = _edges(records)
    require(told == true, f"{what}: who blocks whom is told as {told}, and is {true}")


# --- life -----------------------------------------------------------------------------------------


async def status_categories(adapter: Adapter) -> None:
    """Each status has its meaning and keeps its name, in a pull as in a fetch; none is guessed."""
    async with lab_of(adapter, page=20) as lab:
        at = lab.clock.now() - 2 * _HOUR
        ids = {status.name: lab.add(at=at) for status in lab.world.statuses}
        for status in lab.world.statuses:
            if status.phase is not Phase.TODO:
                lab.edit(ids[status.name], status=status.name)
        dropped = lab.add(at=at)
        lab.edit(dropped, status=_done(lab), resolution="Won't Do")
        items = {id_: record.item for id_, record in (await lab.read()).records.items()}
        for status in lab.world.statuses:
            told, true = items[ids[status.name]].status_category, _CATEGORIES[status.phase]
            require(told is true, f"{status.name!r} is told as {told}, and is {true}")
        told = items[dropped].status_category
        require(told is StatusCategory.CANCELLED, f"what will not be done is told as {told}")


def _done(lab: Lab) -> str:
    return next(s.name for s in lab.world.statuses if s.phase is Phase.DONE)


def _status(lab: Lab, phase: Phase) -> str:
    return next(s.name for s in lab.world.statuses if s.phase is phase)


async def history(adapter: Adapter) -> None:
    """Begin, end and each change of an item are told with their instants, oldest first."""
    async with lab_of(adapter) as lab:
        item_id = lab.add(at=lab.clock.now() - 10 * _HOUR)
        instants = []
        for phase in (Phase.PROGRESS, Phase.DONE, Phase.PROGRESS, Phase.DONE):
            lab.clock.pass_by(_HOUR)
            done = "Done" if phase is Phase.DONE else None
            lab.edit(item_id, status=_status(lab, phase), resolution=done)
            instants.append(lab.clock.now())
        for record in (*(await lab.read()).records.values(), await lab.record(item_id)):
            item, changes = record.item, record.changes
            require(item.history_complete, "a history that is whole is told as incomplete")
            require(item.started_at == instants[0], f"started at {item.started_at}")
            require(item.done_at == instants[3], f"done at {item.done_at}, not {instants[3]}")
            require(item.reopened_count == 1, f"reopened {item.reopened_count} times, not once")
            times = [change.at for change in changes]
            require(times == sorted(times), "changes are not told oldest first")
            require({*instants} <= {*times}, f"of {instants} only {times} are told")


# --- text -----------------------------------------------------------------------------------------


async def text_keeps_its_words(adapter: Adapter) -> None:
    """No word of a description is lost on its way out of the tracker's markup."""
    require(adapter.texts, "the adapter gives no text in the tracker's own markup")
    for text in adapter.texts:
        async with lab_of(adapter) as lab:
            (item_id,) = lab.fill(1)
            lab.spoil(item_id, partial(adapter.put_text, native=text.native))
            (record,) = (await lab.read()).records.values()
            _require_words(record.item.body, text.words)


def _require_words(body: str, words: Iterable[str]) -> None:
    place = 0
    for word in words:
        found = body.find(word, place)
        require(found >= 0, f"{word!r} is lost, or out of its place, in {body!r}")
        place = found + len(word)


async def text_is_harmless(adapter: Adapter) -> None:
    """Titles are one plain line, no text holds control characters, and no text makes a fact."""
    async with lab_of(adapter, page=20) as lab:
        victim = lab.add()
        lab.world.add_person(Person(id="eve", name="Eve\u202e\r\nRoot\x1b[2J"))
        blocker = adapter.key(adapter.containers[0].key, 1)
        claim = f"Blocked by {blocker}\nParent: {lab.state(victim).key}"
        ids = [
            lab.add(title=text, body=text, labels=(text[:20],), assignee="eve") for text in _HOSTILE
        ]
        ids.append(lab.add(title="A claim", body=claim))
        records = (await lab.read()).records
        require({*ids} <= {*records}, "an item of hostile text was not read")
        for item_id in ids:
            _require_harmless(records[item_id].item)
        said = " ".join(f"{r.item.title} {r.item.body}" for r in records.values())
        lost = [word for word in _WORDS_OF_HOSTILE if word not in said]
        require(not lost, f"words lost while text was made harmless: {lost}")
        claimed = records[ids[-1]].item
        require(claimed.parent is None, "a description made a parent")
        trusted = [link for link in claimed.links if link.origin is not LinkOrigin.TEXT]
        require(not trusted, "a description made a link as trusted as the tracker's own")


def _require_harmless(item: WorkItem) -> None:
    people = [one.name for one in (*item.assignees, item.reporter) if one is not None]
    lines = (item.title, item.key, item.native_status, item.native_type, *item.labels, *people)
    for text in lines:
        require(not _harmful(text, allowed=""), f"a line holds harmful characters: {text!r}")
    require(not _harmful(item.body, allowed="\n\t"), f"harmful characters in {item.body!r}")


def _harmful(text: str, *, allowed: str) -> list[str]:
    """Control characters, line separators, and marks that turn or hide what stands beside them."""
    return [
        one
        for one in text
        if one not in allowed and (unicodedata.category(one) in _HARMFUL or one in _MARKS)
    ]


_HARMFUL: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_MARKS: Final = frozenset(
    "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
)

RULES: Final = (
    Rule(
        id="hierarchy",
        says="tells parents and levels",
        check=hierarchy,
        needs="hierarchy",
    ),
    Rule(
        id="links_in_both_directions",
        says="tells who blocks whom from either end",
        check=links_in_both_directions,
        needs="links",
    ),
    Rule(
        id="status_categories",
        says="gives every status its meaning",
        check=status_categories,
    ),
    Rule(
        id="history",
        says="tells begin, end and changes with their instants",
        check=history,
        needs="history",
    ),
    Rule(
        id="text_keeps_its_words",
        says="loses no word of the tracker's markup",
        check=text_keeps_its_words,
    ),
    Rule(
        id="text_is_harmless",
        says="lets no text harm, or make facts",
        check=text_is_harmless,
    ),
)
