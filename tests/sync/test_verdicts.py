from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.domain.item import ItemKind, ItemRecord, WorkItem
from syncer.domain.link import Link, LinkKind
from syncer.domain.portfolio import ClassificationRule, Portfolio, Product, Program, Project, Team
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.domain.selector import InContainer, WithLabel
from syncer.domain.statement import Door, Provenance, VerdictOverride
from syncer.domain.verdict import Verdict, VerdictLevel
from syncer.store.audit import load_events
from syncer.store.engine import Store
from syncer.store.verdicts import (
    StoredVerdict,
    add_override,
    load_stored_verdicts,
    load_verdicts,
    undo_override,
)
from syncer.sync.classification import classifier_input
from syncer.sync.ingest import ingest
from syncer.sync.verdicts import judge, settle, verdicts_of
from tests.store.samples import NET, NOON, item

OUT = ContainerKey("jira", "OUT")
PHN = ContainerKey("jira", "PHN")
HOUR = timedelta(hours=1)
PROGRAM, PRODUCT = VerdictLevel.PROGRAM, VerdictLevel.PRODUCT

PORTFOLIO = Portfolio(
    projects=(
        Project(key="network", name="Network", items=(InContainer("jira:NET"),), team="core"),
        Project(key="outreach", name="Outreach", items=(InContainer("jira:OUT"),)),
        Project(key="phone", name="Phone", items=(InContainer("jira:PHN"),)),
        Project(key="jira:X", name="X", items=(InContainer("jira:X"),), implicit=True),
    ),
    programs=(Program(key="5g", name="5G Infrastructure", projects=("network",)),),
    products=(Product(key="smart", name="Smartphone", projects=("phone",)),),
    teams=(Team(key="mobile", name="Mobile", items=(InContainer("jira:PHN"),)),),
    rules=(ClassificationRule(select=(WithLabel("prog:*"),), level=PROGRAM),),
)
FEATURE = item(1, container=PHN, key="PHN-1", native_type="Story", title="Dark mode in the dialer")


def _blocker(*targets: WorkItem, **fields: Any) -> WorkItem:
    links = tuple(Link(kind=LinkKind.BLOCKS, to=target.ref) for target in targets)
    return item(7, links=links, title="Core switch", native_type="Task", **fields)


def _override(level: VerdictLevel, *, children: bool = False, number: int = 1) -> VerdictOverride:
    said = Provenance(author="A. Silva", at=NOON, door=Door.COMMAND)
    return VerdictOverride(
        id=f"O-{number}",
        item_uid=FEATURE.uid,
        level=level,
        children=children,
        reason="decided",
        provenance=said,
    )


async def _store(store: Store, *items: WorkItem) -> None:
    records = [ItemRecord(item=one) for one in items]
    async with store.write() as session:
        await ingest(session, records, container=NET, at=NOON)


async def _verdict(store: Store, uid: str) -> StoredVerdict:
    async with store.read() as session:
        return (await load_stored_verdicts(session))[uid]


def _judged(items: Sequence[WorkItem], *overrides: VerdictOverride) -> dict[str, Verdict]:
    return verdicts_of(PORTFOLIO, items, overrides)


def test_an_item_carries_its_product_team_programs_and_directed_links() -> None:
    waiting = item(8, links=(Link(kind=LinkKind.BLOCKS, to=FEATURE.ref, inward=True),))
    stray = Link(kind=LinkKind.BLOCKS, to=ItemRef("ado", "1"))
    lost = item(9, container=ContainerKey("jira", "X"), links=(stray,), custom={"Level": "Program"})

    made = classifier_input(PORTFOLIO, [FEATURE, waiting, lost], [])

    assert [(p.key, p.product, p.program, p.team) for p in made.projects] == [
        ("network", "network", ("5G Infrastructure",), "core"),
        ("outreach", "outreach", (), ""),
        ("phone", "smart", (), ""),
        ("jira:X", "unclaimed containers", (), ""),
    ]
    assert [(i.key, i.project, i.team) for i in made.items] == [
        ("jira:PHN-1", "phone", "mobile"),
        ("jira:NET-8", "network", ""),
        ("jira:NET-9", "jira:X", ""),
    ]
    assert [(link.type, link.to) for link in made.items[1].links] == [
        ("is blocked by", "jira:PHN-1")
    ]
    assert (made.items[2].links, made.items[2].explicit) == ((), PROGRAM)


def test_without_any_configured_project_no_container_counts_as_a_product() -> None:
    implicit = Project(key="NET", name="NET", items=(InContainer("jira:NET"),), implicit=True)

    made = classifier_input(Portfolio(projects=(implicit,)), [item(1)], [])

    assert made.projects[0].product == ""


def test_a_goal_is_served_by_link_or_as_child() -> None:
    goal = item(1, kind=ItemKind.GOAL, title="Lead in 5G")
    child = item(2, parent=goal.ref)
    linked = item(3, links=(Link(kind=LinkKind.CONTRIBUTES_TO, to=goal.ref),))

    made = classifier_input(PORTFOLIO, [goal, child, linked, item(4)], [])

    assert [one.goal for one in made.items] == ["", "Lead in 5G", "Lead in 5G", ""]


def test_items_that_share_a_name_are_both_judged() -> None:
    twins = [item(1, key="NET-1"), item(2, key="NET-1")]

    assert set(_judged(twins)) == {twin.uid for twin in twins}


def test_structure_decides_over_products() -> None:
    other = item(2, container=OUT, key="OUT-2")
    blocker = _blocker(FEATURE, other)

    verdicts = _judged([FEATURE, other, blocker])

    assert verdicts[blocker.uid].level is PROGRAM
    assert "blocks 2 other projects or products" in [r.text for r in verdicts[blocker.uid].reasons]
    assert verdicts[FEATURE.uid].level is PRODUCT


def test_precedence_of_override_mapping_and_label() -> None:
    labelled = item(2, container=PHN, labels=("prog:5g", "syncer:product"))
    child = item(3, container=PHN, parent=FEATURE.ref)

    verdicts = _judged([FEATURE, labelled, child], _override(PROGRAM, children=True))

    assert [(v.level, v.decided_by) for v in verdicts.values()] == [
        (PROGRAM, "override"),
        (PROGRAM, "mapping"),
        (PROGRAM, "ancestor_override"),
    ]
    assert verdicts[labelled.uid].reasons[0].text == 'rule label "prog:*"'


async def test_evidence_turns_a_verdict_only_at_the_second_sync(store: Store) -> None:
    other = item(2, container=OUT, key="OUT-2")
    plain = _blocker(fix_versions=(), components=("radio",), labels=("syncer:product",))
    await _store(store, FEATURE, other, _blocker(FEATURE, other))
    await judge(store, PORTFOLIO, at=NOON)
    uid = plain.uid
    alone = item(7, title="Fix crash in dialer", native_type="Bug", container=PHN, key="PHN-7")
    await _store(store, alone)

    looks = [await judge(store, PORTFOLIO, at=NOON + n * HOUR) for n in (1, 2)]

    assert [(look.pending, look.flipped) for look in looks] == [(1, 0), (0, 1)]
    assert (await _verdict(store, uid)).since == NOON + 2 * HOUR
    async with store.read() as session:
        [flip] = await load_events(session, what="verdict.flip")
    assert (flip.subject, flip.before and flip.before["level"]) == (uid, "program")


async def test_evidence_turns_nothing_without_a_sync(store: Store) -> None:
    other = item(2, container=OUT, key="OUT-2")
    await _store(store, FEATURE, other, _blocker(FEATURE, other))
    await judge(store, PORTFOLIO, at=NOON)
    alone = item(7, title="Fix crash in dialer", native_type="Bug", container=PHN, key="PHN-7")
    await _store(store, alone)

    for n in (1, 2, 3):
        look = await judge(store, PORTFOLIO, at=NOON + n * HOUR, after_sync=False)
        assert (look.written, look.flipped, look.pending) == (0, 0, 0)


async def test_a_person_turns_a_verdict_at_once_and_back(store: Store) -> None:
    await _store(store, FEATURE)
    await judge(store, PORTFOLIO, at=NOON)
    async with store.write() as session:
        await add_override(session, _override(PROGRAM))
    await judge(store, PORTFOLIO, at=NOON + HOUR, after_sync=False)
    turned = await _verdict(store, FEATURE.uid)
    async with store.write() as session:
        await undo_override(session, "O-1", who="A. Silva", at=NOON + HOUR)
    await judge(store, PORTFOLIO, at=NOON + 2 * HOUR, after_sync=False)

    assert (turned.verdict.level, turned.verdict.decided_by) == (PROGRAM, "override")
    assert "A. Silva" in turned.verdict.reasons[0].text
    async with store.read() as session:
        assert (await load_verdicts(session))[FEATURE.uid].level is PRODUCT
        assert len(await load_events(session, what="verdict.flip")) == 2


async def test_judging_the_same_again_writes_nothing(store: Store) -> None:
    await _store(store, FEATURE, item(2))
    first = await judge(store, PORTFOLIO, at=NOON)

    second = await judge(store, PORTFOLIO, at=NOON + HOUR)

    assert (first.items, first.written, second.items, second.written) == (2, 2, 2, 0)


def _found(level: VerdictLevel, decided_by: str = "evidence") -> Verdict:
    return Verdict(level=level, leaning=PROGRAM, confidence=0.9, decided_by=decided_by)


@pytest.mark.parametrize(
    ("before", "after"),
    [("evidence", "explicit"), ("mapping", "evidence"), ("default", "ancestor_override")],
)
def test_what_a_person_or_rule_said_or_took_back_turns_at_once(before: str, after: str) -> None:
    stored = StoredVerdict(verdict=_found(PROGRAM, before), since=NOON)

    turned = settle(stored, _found(PRODUCT, after), at=NOON + HOUR)

    assert (turned.verdict.level, turned.since, turned.pending) == (PRODUCT, NOON + HOUR, None)


@given(st.lists(st.sampled_from(list(VerdictLevel))))
def test_evidence_that_never_says_the_same_twice_running_turns_nothing(
    levels: list[VerdictLevel],
) -> None:
    stored = StoredVerdict(verdict=_found(PROGRAM), since=NOON)
    last = PROGRAM
    for n, level in enumerate(levels):
        new = settle(stored, _found(level), at=NOON + n * HOUR)
        if level is not last:
            assert new.verdict.level is stored.verdict.level
        stored, last = new, level
