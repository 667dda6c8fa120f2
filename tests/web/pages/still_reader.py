"""A reader that stands still: the pages over one snapshot, without a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from syncer.domain.change import Change, ChangeField
from syncer.domain.completeness import Completeness
from syncer.domain.item import Account, StatusCategory, WorkItem
from syncer.domain.lane import Lane, LaneState
from syncer.domain.portfolio import Portfolio, Product, Program
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.domain.report import Snapshot, SourceState
from syncer.domain.verdict import Reason, Verdict, VerdictLevel
from syncer.publish.audience import AudienceView, Lens
from syncer.publish.digest.compose import compose
from syncer.publish.digest.model import Digest
from syncer.publish.render.html import render_html
from syncer.publish.snapshot import SnapshotPair
from syncer.rollup.past.scope_ledger import ScopeLedger
from syncer.rollup.rules import HealthRules
from syncer.store.editions import PublishedEdition
from syncer.web.pages.reader import (
    AudienceEntry,
    Container,
    Current,
    Hook,
    InQuarantine,
    Ledger,
    PastWeek,
    Source,
    Stock,
)

ORIGIN = "https://acme.example"


def work_item(number: int, title: str, *, url: str = "", as_of: datetime) -> WorkItem:
    """An open item of the project NET."""
    return WorkItem(
        ref=ItemRef("jira", str(number)),
        key=f"NET-{number}",
        url=url or f"{ORIGIN}/browse/NET-{number}",
        container=ContainerKey("jira", "NET"),
        title=title,
        body=title,
        native_type="Task",
        native_status=title[:40],
        status_category=StatusCategory.IN_PROGRESS,
        assignees=(Account(connection="jira", id="1", name=title),),
        reporter=Account(connection="jira", id="1", name=title),
        created_at=as_of - timedelta(days=9),
        updated_at=as_of - timedelta(days=1),
    )


def _full(source: SourceState, words: str, at: datetime) -> SourceState:
    """The source with everything amiss that a ledger can tell, in words of others."""
    hour = timedelta(hours=1)
    detail = Completeness(
        items=82,
        unmapped=4,
        census_at=at - hour,
        census_items=80,
        census_note=words,
        failing_since=at - hour,
        degraded_since=at - hour,
        paused_until=at + hour,
        paused_why=words,
        former=(words,),
        lanes={Lane.LIVE.value: LaneState(passes=3, seen=9, stored=7, failed=1, lag_seconds=4.2)},
    )
    return replace(source, error=words, detail=detail)


@dataclass
class StillReader:
    """Gives one snapshot for ever; `words` stand wherever a tracker or a person can put them."""

    snapshot: Snapshot
    previous: Snapshot | None = None
    words: str = "plain words"
    late: timedelta = timedelta()
    fault: str = ""
    items: Sequence[WorkItem] = ()
    past: Sequence[PastWeek] = ()
    people_for: Sequence[str] = ()
    ledgers: Mapping[str, ScopeLedger] = field(default_factory=dict)
    view: AudienceView = field(
        default_factory=lambda: AudienceView(
            key="pages", name="Pages", lens=Lens.PROGRAM, link_origins=frozenset({ORIGIN})
        )
    )

    async def current(self) -> Current:
        words, as_of = self.words, self.snapshot.as_of
        items = self.items or [
            work_item(1, words, as_of=as_of),
            work_item(2, words, url="javascript:alert(1)", as_of=as_of),
        ]
        reasons = (
            Reason(signal="blocks", weight=1.2, text=words),
            Reason(signal="text", weight=-0.4, text=words),
        )
        verdict = Verdict(
            level=VerdictLevel.PROGRAM,
            leaning=VerdictLevel.PROGRAM,
            confidence=0.83,
            decided_by="evidence",
            reasons=reasons,
        )
        return Current(
            pair=SnapshotPair(current=self.snapshot, previous=self.previous, changes=()),
            portfolio=self._portfolio(),
            rules=HealthRules(),
            view=self.view,
            stock=Stock(
                items=items,
                verdicts={item.uid: verdict for item in items},
                projects={item.uid: "network" for item in items},
                counted=frozenset(item.uid for item in items),
                restricted=1,
            ),
            past=self.past,
            now=as_of + self.late,
            fault=self.fault,
            people_for=self.people_for,
        )

    def _portfolio(self) -> Portfolio:
        programs = tuple(
            Program(key=one.key, name=one.name, projects=one.projects, objective=self.words)
            for one in self.snapshot.programs
        )
        products = tuple(
            Product(key=one.key, name=one.name, projects=one.projects, vision=self.words)
            for one in self.snapshot.products
        )
        return Portfolio(programs=programs, products=products)

    async def audiences(self) -> Sequence[AudienceEntry]:
        return [AudienceEntry(key="board", name=self.words)]

    async def draft(self, audience: str) -> Digest | None:
        if audience != "board":
            return None
        view = replace(self.view, key="board", name=self.words)
        return compose(self.snapshot, self.previous, (), audience=view)

    async def editions(self) -> Sequence[PublishedEdition]:
        found = await self.edition("board", "2026-W48", None)
        return [found] if found else []

    async def edition(
        self, audience: str, edition: str, version: int | None
    ) -> PublishedEdition | None:
        digest = await self.draft(audience)
        if digest is None or edition != "2026-W48" or version not in {None, 1}:
            return None
        return PublishedEdition(
            audience="board",
            edition="2026-W48",
            version=1,
            as_of=self.snapshot.as_of,
            snapshot_id=self.snapshot.id,
            previous_snapshot_id=None,
            published_at=self.snapshot.as_of,
            subject=self.words,
            contents={"html": render_html(digest)},
        )

    async def history(self, uid: str) -> Sequence[Change]:
        return [
            Change(
                id=f"change of {uid}",
                at=self.snapshot.as_of,
                field=one,
                before=self.words,
                after=None,
                after_text=self.words,
                actor=self.words,
            )
            for one in (ChangeField.STATUS, ChangeField.DUE)
        ]

    async def scope_ledger(self, project: str) -> ScopeLedger | None:
        return self.ledgers.get(project)

    async def ledger(self) -> Ledger:
        words, at = self.words, self.snapshot.as_of
        containers = [
            Container(state=_full(one, words, at), name=words) for one in self.snapshot.sources
        ]
        return Ledger(
            now=at,
            sources=[
                Source(
                    name="jira",
                    kind="jira",
                    account=words,
                    server=words,
                    last_success_at=at,
                    error=words,
                    findings=[words],
                    containers=containers,
                    hook=Hook(last_delivery_at=at, last_event=words, refused=2, refused_at=at),
                )
            ],
            quarantine=[
                InQuarantine(
                    connection="jira",
                    container="NET",
                    key=words,
                    reason=words,
                    first_seen_at=at,
                    tries=3,
                )
            ],
            inbox={"pending": 2},
            dispatches={"sent": 12, "held": 1, "failed": 2},
            inbox_oldest_at=at - timedelta(hours=1),
            configuration_fault=words,
        )
