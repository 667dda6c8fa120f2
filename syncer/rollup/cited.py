"""The items that the figures of a roll-up refer to."""

from __future__ import annotations

from collections.abc import Iterable

from syncer.domain.mention import ItemMention
from syncer.domain.report import ProjectResult, Risk
from syncer.rollup.view import View


def cited_items(
    risks: Iterable[Risk], projects: Iterable[ProjectResult], view: View
) -> tuple[ItemMention, ...]:
    """The items that evidence refers to, in uid order, so that readers meet keys and not uids."""
    by_uid = view.tree.by_uid
    uids = {uid for risk in risks for entry in risk.evidence for uid in entry.items}
    flows = (project.flow for project in projects)
    uids.update(uid for flow in flows for uid in (*flow.aging, *flow.blocked))
    return tuple(view.mention(by_uid[uid]) for uid in sorted(uids) if uid in by_uid)
