"""The work of one product: its items, features and bugs, each thing once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from syncer.domain.item import StatusCategory, WorkItem
from syncer.domain.portfolio import Product
from syncer.domain.release import Release
from syncer.domain.selector import key_of, select
from syncer.rollup.view import View
from syncer.rollup.work.counting import Countable, countable, is_live_work

_BUG_WORDS: Final = frozenset({"bug", "defect", "type:bug", "type: bug", "kind/bug"})


@dataclass(frozen=True)
class ProductWork:
    """A product laid over the items of one instant. Cancelled items are among them."""

    product: Product
    view: View

    @cached_property
    def zone(self) -> ZoneInfo:
        """The report's zone."""
        return ZoneInfo(self.view.portfolio.timezone)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The keys of its projects that are known."""
        return self.view.projects_in(self.product.scope)

    @cached_property
    def items(self) -> Sequence[WorkItem]:
        """Its items that are work and can be seen, in the order of their uids."""
        every = {i.uid: i for key in self.keys for i in self.view.members[key] if is_live_work(i)}
        return [every[uid] for uid in sorted(every)]

    @cached_property
    def count(self) -> Countable:
        """Its countable set."""
        return self.view.union(self.keys)

    @cached_property
    def features(self) -> Sequence[WorkItem]:
        """Its features, each thing once: what is mirrored elsewhere is one feature."""
        found: dict[str, WorkItem] = {}
        for item in self.items:
            if item.hierarchy_level == 1:
                uid = self.view.tree.canonical_uid(item.uid)
                if uid not in found or item.uid == uid:
                    found[uid] = item
        return list(found.values())

    @cached_property
    def below(self) -> Mapping[str, Sequence[WorkItem]]:
        """What lies below each feature, wherever it is tracked, by the feature's uid."""
        tree = self.view.tree
        return {
            feature.uid: [one for one in tree.descendants(feature.uid) if is_live_work(one)]
            for feature in self.features
        }

    @cached_property
    def leaves(self) -> Mapping[str, Countable]:
        """The countable items of each feature; one that nobody broke down is its own."""
        tree = self.view.tree
        return {one.uid: countable((one, *self.below[one.uid]), tree) for one in self.features}

    @cached_property
    def of_features(self) -> frozenset[str]:
        """The uids of all that belongs to a feature."""
        parts = (one.uid for items in self.below.values() for one in items)
        return frozenset((*parts, *(feature.uid for feature in self.features)))

    def is_done(self, feature: WorkItem) -> bool:
        """Whether a feature is done: it says so, and nothing below it is open."""
        is_done = feature.status_category is StatusCategory.DONE
        return is_done and not self.leaves[feature.uid].remaining

    @cached_property
    def bugs(self) -> frozenset[str]:
        """The uids of its bugs."""
        if self.product.bugs:
            picked = select(self.product.bugs, self.items, self.view.tree.by_uid)
        else:
            picked = [item for item in self.items if _is_called_bug(item)]
        return frozenset(item.uid for item in picked)

    def picked(self, release: Release) -> frozenset[str]:
        """The uids of the items of a release; of one that picks none, all."""
        if not release.items:
            return frozenset(item.uid for item in self.items)
        chosen = select(release.items, self.items, self.view.tree.by_uid)
        return frozenset(item.uid for item in chosen)

    def features_of(self, picked: Collection[str]) -> list[WorkItem]:
        """The features that lie in a release by themselves or by anything below them."""
        return [
            feature
            for feature in self.features
            if feature.uid in picked or any(one.uid in picked for one in self.below[feature.uid])
        ]

    @cached_property
    def musts(self) -> frozenset[str]:
        """The uids of the features that the tracker or any release calls a must."""
        marked = (feature.uid for feature in self.features if feature.must_have)
        picked = [
            feature.uid
            for release in self.product.releases
            for feature in select(release.must, self.features, self.view.tree.by_uid)
        ]
        return frozenset((*marked, *picked))

    @cached_property
    def by_name(self) -> Mapping[str, WorkItem]:
        """The items that gates of releases name, by `<connection>:<key>`."""
        wanted = {gate.item for one in self.product.releases for gate in one.gates} - {""}
        if not wanted:
            return {}
        named = ((key_of(item), item) for item in self.view.items if is_live_work(item))
        return {name: item for name, item in named if name in wanted}


def _is_called_bug(item: WorkItem) -> bool:
    names = (item.native_type, *item.labels)
    return any(name.strip().casefold() in _BUG_WORDS for name in names)
