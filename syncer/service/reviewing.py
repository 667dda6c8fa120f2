"""What people teach the classifier: the queue, their answers, and the rules these suggest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from syncer.classify.queue import Waiting, review_queue
from syncer.classify.suggestions import Suggestion, suggestions
from syncer.domain.addresses import with_known_ends
from syncer.domain.item import WorkItem
from syncer.domain.statement import Door, Provenance, VerdictOverride, statement_id
from syncer.domain.verdict import VerdictLevel
from syncer.service.core import Service
from syncer.store.items import LIVE, load_items
from syncer.store.verdicts import add_override, load_overrides, load_verdicts, undo_override

_SOURCE = "review"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a person says about an item, and about all below it where `children` is true."""

    item: WorkItem
    level: VerdictLevel
    children: bool
    author: str


async def waiting_for_review(service: Service) -> list[Waiting]:
    """The items that only a person can place, the most consequential first."""
    async with service.store.read() as session:
        items = with_known_ends(await load_items(session, states=LIVE))
        verdicts = await load_verdicts(session)
    return review_queue(items, verdicts)


async def answer(service: Service, given: Answer) -> VerdictOverride:
    """Record an answer, with audit; it comes into force with the next `Service.judge`."""
    now = service.clock.now()
    made = VerdictOverride(
        id=statement_id("V", given.item.uid, now.isoformat()),
        item_uid=given.item.uid,
        level=given.level,
        children=given.children,
        provenance=Provenance(author=given.author, at=now, door=Door.COMMAND, source=_SOURCE),
    )
    async with service.store.write() as session:
        await add_override(session, made)
    return made


async def take_back(service: Service, made: VerdictOverride) -> None:
    """Undo an answer, with audit."""
    async with service.store.write() as session:
        who = made.provenance.author
        await undo_override(session, made.id, who=who, at=service.clock.now())


async def suggested_rules(service: Service) -> Sequence[Suggestion]:
    """The mapping rules that people's corrections suggest and the configuration lacks."""
    async with service.store.read() as session:
        items = await load_items(session, states=LIVE)
        overrides = await load_overrides(session)
        verdicts = await load_verdicts(session)
    rules = (await service.portfolio()).rules
    return suggestions(items, overrides=overrides, verdicts=verdicts, rules=rules)
