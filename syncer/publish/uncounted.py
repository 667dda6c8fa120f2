"""What is known, for an audience that may not even count restricted items.

Such an item must not show by what it does to figures either: it is taken out before anything is
rolled up, together with all that other items say of it.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import replace

from syncer.domain.change import Change, ChangeField
from syncer.domain.item import ItemRecord
from syncer.domain.report import SourceState
from syncer.publish.snapshot import Knowledge

_NAMING = frozenset({ChangeField.LINK, ChangeField.PARENT})


def without_restricted(known: Knowledge) -> Knowledge:
    """The same knowledge as if no item were restricted, since none of those exists.

    What lanes and censuses counted, they counted of all items alike: it is left out in any case.
    """
    known = replace(known, sources=[_uncounted(source) for source in known.sources])
    hidden = frozenset(one.item.uid for one in known.records if one.item.restricted)
    if not hidden:
        return known
    names = hidden | {
        f"{one.item.ref.connection}:{one.item.key}" for one in known.records if one.item.restricted
    }
    kept = (_silent(one, names) for one in known.records if not one.item.restricted)
    verdicts = {uid: verdict for uid, verdict in known.verdicts.items() if uid not in hidden}
    return replace(known, records=list(kept), verdicts=verdicts)


def _uncounted(source: SourceState) -> SourceState:
    return replace(source, detail=source.detail.uncounted())


def _silent(record: ItemRecord, hidden: AbstractSet[str]) -> ItemRecord:
    """The record without parent, links and changes that name a hidden item."""
    item = record.item
    orphaned = item.parent is not None and item.parent.uid in hidden
    told = replace(
        item,
        parent=None if orphaned else item.parent,
        parent_key="" if orphaned else item.parent_key,
        links=tuple(link for link in item.links if link.to.uid not in hidden),
    )
    changes = tuple(change for change in record.changes if not _names(change, hidden))
    return replace(record, item=told, changes=changes)


def _names(change: Change, hidden: AbstractSet[str]) -> bool:
    """Whether a link (`blocks>jira:1`) or a parent of the past is hidden."""
    if change.field not in _NAMING:
        return False
    sides = (side.replace("<", ">") for side in (change.before, change.after) if side)
    return any((side.partition(">")[2] or side) in hidden for side in sides)
