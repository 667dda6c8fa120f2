from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from syncer.domain.health import Health
from syncer.domain.selector import InContainer, InVersion, Under, WithField, WithLabel
from syncer.domain.statement import (
    Baseline,
    ColourOverride,
    DateMove,
    Decision,
    DecisionOption,
    DecisionState,
    Door,
    GateDefinition,
    HumanRisk,
    OwnerStatus,
    OwnerWord,
    Provenance,
    RiskResponse,
    Roam,
    Statements,
    VerdictOverride,
)
from syncer.domain.verdict import Reason, Verdict, VerdictLevel
from syncer.errors import NotFound
from syncer.store.audit import load_events
from syncer.store.codec import encode
from syncer.store.engine import Store
from syncer.store.items import save_records
from syncer.store.statements import (
    Statement,
    find_decision,
    load_statements,
    record_target,
    save_statement,
    undo_colour_override,
)
from syncer.store.verdicts import (
    StoredVerdict,
    add_override,
    load_overrides,
    load_stored_verdicts,
    load_verdicts,
    save_verdicts,
    undo_override,
)
from tests.store.samples import NOON, record

LATER = NOON + timedelta(days=1)
SAID = Provenance(author="J. Roth", at=NOON, door=Door.COMMAND, source="decision add")

STATUS = OwnerStatus(
    scope="prog:5g", text="Im Plan — wirklich", value=OwnerWord.AT_RISK, provenance=SAID
)
DECISION = Decision(
    id="D-1",
    scope="proj:network",
    question="Which date?",
    decider="CTO",
    needed_by=date(2026, 11, 26),
    options=(DecisionOption(text="Cut", effect="14 items"), DecisionOption(text="Move")),
    confirmed_by="J. Roth",
    provenance=SAID,
)
GATE = GateDefinition(
    scope="proj:network",
    name="Core freeze",
    on=date(2026, 12, 4),
    items=(
        InContainer("jira:NET"),
        Under("jira:NET-1"),
        WithLabel("a"),
        WithField("Program", "5G"),
        InVersion("jira:NET/2.0"),
    ),
    contractual=True,
    provenance=SAID,
)
RISK = HumanRisk(
    id="H-1", scope="proj:reg", title="Permit", probability=3, impact=4, provenance=SAID
)
RESPONSE = RiskResponse(
    rule="DEP-2", item="jira:NET-87", owner="L. Brandt", roam=Roam.OWNED, provenance=SAID
)
BASELINE = Baseline(
    project="network", approved_by="J. Roth", at=NOON, item_uids=frozenset({"jira:2", "jira:1"})
)
SHOWN = ColourOverride(
    id="C-1",
    scope="proj:network",
    colour=Health.AMBER,
    computed=Health.RED,
    target=date(2027, 3, 19),
    reason="The supplier has confirmed the parts",
    since=date(2026, 11, 9),
    expires=date(2026, 12, 4),
    renewals=1,
    approver="CTO",
    evidence="https://wiki.example/12",
    provenance=SAID,
)
OVERRIDE = VerdictOverride(
    id="O-1", item_uid="jira:10001", level=VerdictLevel.PROGRAM, children=True, provenance=SAID
)


async def _say(store: Store, *statements: Statement) -> None:
    async with store.write() as session:
        for statement in statements:
            await save_statement(session, statement)


async def _heard(store: Store) -> Statements:
    async with store.read() as session:
        return await load_statements(session)


async def test_every_sort_of_statement_comes_back(store: Store) -> None:
    await _say(store, STATUS, DECISION, GATE, RISK, RESPONSE, BASELINE, SHOWN)
    async with store.write() as session:
        await add_override(session, OVERRIDE)

    assert await _heard(store) == Statements(
        owner_statuses=(STATUS,),
        gates=(GATE,),
        decisions=(DECISION,),
        risks=(RISK,),
        responses=(RESPONSE,),
        overrides=(OVERRIDE,),
        colour_overrides=(SHOWN,),
        baselines=(BASELINE,),
    )


async def test_a_colours_override_is_taken_back_once_and_both_are_audited(store: Store) -> None:
    async with store.write() as session:
        await save_statement(session, SHOWN, why=SHOWN.reason)
    async with store.write() as session:
        undone = await undo_colour_override(session, "C-1", who="CTO", at=LATER)
    assert undone == replace(SHOWN, undone_at=LATER, undone_by="CTO")
    assert (await _heard(store)).colour_overrides == (undone,)
    async with store.read() as session:
        events = await load_events(session, subject="C-1")
    assert [(e.what, e.who, e.at, e.why) for e in events] == [
        ("colour_override.change", "CTO", LATER, "taken back"),
        ("colour_override.add", "J. Roth", NOON, SHOWN.reason),
    ]
    for identity in ("C-1", "C-2"):
        with pytest.raises(NotFound):
            async with store.write() as session:
                await undo_colour_override(session, identity, who="CTO", at=LATER)


async def test_a_closed_decision_replaces_the_open_one_and_leaves_a_trace(store: Store) -> None:
    closed = replace(
        DECISION,
        state=DecisionState.DECIDED,
        outcome="A",
        provenance=replace(SAID, author="CTO", at=LATER),
    )

    await _say(store, DECISION, closed)

    async with store.read() as session:
        assert await find_decision(session, "D-1") == closed
        events = await load_events(session, subject="D-1")
    assert (await _heard(store)).decisions == (closed,)
    assert [(e.what, e.who) for e in events] == [
        ("decision.change", "CTO"),
        ("decision.add", "J. Roth"),
    ]
    assert events[0].before is not None
    assert events[0].before["state"] == "open"


async def test_owner_statuses_are_all_kept_and_can_be_read_as_of_an_instant(store: Store) -> None:
    newer = replace(STATUS, text="Now", provenance=replace(SAID, at=LATER))
    await _say(store, STATUS, newer)

    async with store.read() as session:
        then = await load_statements(session, until=NOON)

    assert then.owner_statuses == (STATUS,)
    assert (await _heard(store)).owner_statuses == (STATUS, newer)


async def test_an_unknown_decision_is_a_clear_error(store: Store) -> None:
    async with store.read() as session:
        with pytest.raises(NotFound):
            await find_decision(session, "D-9")


async def test_only_a_literal_target_that_differs_is_a_move(store: Store) -> None:
    first, second = date(2027, 2, 19), date(2027, 3, 19)
    async with store.write() as session:
        moves = [
            await record_target(session, "network", on, at=NOON + timedelta(hours=n), by="file")
            for n, on in enumerate([None, first, first, second, None, second])
        ]

    expected = [
        DateMove(
            at=NOON + timedelta(hours=n),
            before=before,
            after=after,
            by="file",
            reason="configuration",
        )
        for n, before, after in [(3, first, second), (4, second, None), (5, None, second)]
    ]
    assert moves == [None, None, None, *expected]
    assert (await _heard(store)).target_moves == tuple(("network", move) for move in expected)


async def test_an_undone_override_stays_on_record(store: Store) -> None:
    async with store.write() as session:
        await add_override(session, OVERRIDE)
        await undo_override(session, "O-1", who="A. Silva", at=LATER)
        with pytest.raises(NotFound):
            await undo_override(session, "O-1", who="A. Silva", at=LATER)

    async with store.read() as session:
        assert await load_overrides(session) == []
        assert await load_overrides(session, with_undone=True) == [replace(OVERRIDE, undone=True)]
        events = await load_events(session, subject=OVERRIDE.item_uid)
    assert [e.what for e in events] == ["override.undo", "override.add"]


async def test_verdicts_come_back_with_their_reasons(store: Store) -> None:
    verdict = Verdict(
        level=VerdictLevel.PROGRAM,
        leaning=VerdictLevel.PROGRAM,
        confidence=0.95,
        decided_by="evidence",
        reasons=(Reason(signal="blocks", weight=2.1, text="blocks 2 other products"),),
    )
    stored = StoredVerdict(
        verdict=verdict, since=NOON, pending=VerdictLevel.PRODUCT, pending_since=LATER
    )
    async with store.write() as session:
        await save_records(session, [encode(record(1))], known={}, at=NOON)
        await save_verdicts(session, {"jira:10001": stored})

    async with store.read() as session:
        assert await load_stored_verdicts(session) == {"jira:10001": stored}
        assert await load_verdicts(session) == {"jira:10001": verdict}
