"""What one audience may read of work items: names by lens, nothing of restricted ones.

Roll-up spec, section 2.11 (c): the executive edition names only program-level items; the product
edition names product-level items and both ends of dependencies. Other items are counted by their
project. A restricted item is never named, keyed or linked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from syncer.domain.report import Evidence, GateResult, ItemMention, Risk, Snapshot
from syncer.domain.verdict import VerdictLevel
from syncer.publish.audience import AudienceView, Lens
from syncer.publish.digest.hidden import SHORTEST_NAME, TELLTALE, Hidden
from syncer.publish.digest.model import ShownItem
from syncer.publish.digest.tracker_text import clean, safe_url

RESTRICTED = "restricted item"


@dataclass(frozen=True)
class Shown:
    """The rules of one audience, with the texts that it must not meet anywhere."""

    view: AudienceView
    place: Callable[[str], str]
    dependency_ends: frozenset[str]
    hidden: Hidden
    hidden_items: frozenset[str]
    keys: Mapping[str, str]
    """What trackers call the items that are not restricted, by uid; not cleaned yet."""

    @classmethod
    def of(cls, snapshot: Snapshot, view: AudienceView, place: Callable[[str], str]) -> Shown:
        """Collect from the snapshot what this audience must not read."""
        ends = frozenset(
            end.uid
            for project in snapshot.projects
            for edge in project.dependencies
            for end in (edge.root, edge.predecessor, edge.waiting)
        )
        bare = cls(view, place, ends, Hidden(), frozenset(), {})
        every = {mention.uid: mention for mention in mentions(snapshot)}
        unnamed = [mention for mention in every.values() if not bare.may_name(mention)]
        keys = {uid: m.key for uid, m in every.items() if not m.restricted}
        secret = frozenset(trace for m in unnamed if m.restricted for trace in (m.uid, m.key))
        return cls(view, place, ends, Hidden(bare._given_away(unnamed)), secret, keys)

    def _given_away(self, unnamed: Sequence[ItemMention]) -> list[tuple[str, str]]:
        """The texts that would give items away that must not be named, with what stands for them.

        That is the same for all items of a project: an edition has tens of thousands of them.
        """
        alike = {(item.restricted, item.project): item for item in unnamed}
        labels = {told: self.label(item) for told, item in alike.items()}
        return [
            (text, labels[item.restricted, item.project])
            for item in unnamed
            for text in _traces(item)
        ]

    def may_name(self, item: ItemMention) -> bool:
        """Whether the title may stand in this edition."""
        if item.restricted:
            return False
        match self.view.lens:
            case Lens.EXECUTIVE:
                return item.level is VerdictLevel.PROGRAM
            case Lens.PRODUCT:
                return item.level is VerdictLevel.PRODUCT or item.uid in self.dependency_ends
            case Lens.PROGRAM:
                return True

    def may_count(self, item: ItemMention) -> bool:
        """Whether the audience may learn that there is such an item at all."""
        return self.view.count_restricted or not item.restricted

    def may_tell(self, risk: Risk) -> bool:
        """Whether a risk may be told: not one that is about an item not to be counted."""
        root = () if risk.root is None else (risk.root,)
        return all(self.may_count(item) for item in (*root, *risk.subjects))

    def lens_names(self, subject: Risk | GateResult) -> bool:
        """Whether the lens names a risk or gate of this level."""
        if self.view.lens is Lens.EXECUTIVE:
            return subject.level is VerdictLevel.PROGRAM
        return True

    def label(self, item: ItemMention, limit: int = 80) -> str:
        """The item's title, or what stands for it: `restricted item`, `1 item of Smartphone`."""
        if item.restricted:
            return RESTRICTED
        if not self.may_name(item):
            return f"1 item of {self.place(item.project)}"
        return clean(item.title, limit) or clean(item.key, limit)

    def item(self, item: ItemMention) -> ShownItem:
        """The item for a list: key, title and link as far as this audience may have them."""
        if not self.may_name(item):
            return ShownItem(label=self.label(item), restricted=item.restricted)
        return self._named(item)

    def candidate(self, item: ItemMention) -> ShownItem:
        """The item as an option of a decision: who decides on a cut must see what would go."""
        if item.restricted:
            return ShownItem(label=RESTRICTED, restricted=True)
        return self._named(item)

    def _named(self, item: ItemMention) -> ShownItem:
        url = safe_url(item.url, self.view.link_origins)
        label = clean(item.title, 80) or clean(item.key, 40)
        return ShownItem(label=label, key=clean(item.key, 40), url=url)

    def text(self, text: str, limit: int = 200) -> str:
        """A sentence of the roll-up without what this audience must not read."""
        return clean(self.hidden.taken_out_of(text), limit)

    def evidence(self, entries: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
        """Evidence of the roll-up without restricted items and with allowed links only."""
        return tuple(
            Evidence(
                label=self.text(entry.label),
                value=self.text(entry.value),
                formula=self.text(entry.formula, 300),
                items=self._keys_of(entry.items),
                url=safe_url(entry.url, self.view.link_origins),
                rule=self.text(entry.rule),
                inputs=tuple(self.text(line, 300) for line in entry.inputs),
                thresholds=tuple(self.text(line) for line in entry.thresholds),
            )
            for entry in entries
        )

    def _keys_of(self, items: tuple[str, ...]) -> tuple[str, ...]:
        """Items by the keys that people know, so that a figure can be traced; no restricted one."""
        open_items = (item for item in items if item not in self.hidden_items)
        return tuple(clean(self.keys.get(item, ""), 40) or clean(item) for item in open_items)


def mentions(snapshot: Snapshot) -> Iterator[ItemMention]:
    """Every item that any part of the snapshot mentions."""
    yield from snapshot.cited
    yield from snapshot.unclaimed
    yield from (moved.item for moved in snapshot.recent_moves)
    for risk in (*snapshot.risks, *snapshot.past_risks, *snapshot.unmerged):
        yield from (*risk.subjects, *risk.mitigations)
        if risk.root is not None:
            yield risk.root
    for project in snapshot.projects:
        yield from (*project.beyond_safe, *project.contradictions)
        for edge in project.dependencies:
            yield from (edge.root, edge.predecessor, edge.waiting)
        if project.levers is not None:
            yield from project.levers.candidates


def _traces(item: ItemMention) -> Iterator[str]:
    """The texts that would give the item away; a short title is an everyday word."""
    shortest = SHORTEST_NAME if item.restricted else TELLTALE // 2
    title, shown = item.title, clean(item.title, 200)
    if len(title) >= shortest:
        yield title
    if shown != title and len(shown) >= shortest:
        yield shown
    if len(item.key) >= SHORTEST_NAME:
        yield item.key
    if len(item.uid) >= SHORTEST_NAME:
        yield item.uid
