"""Planted defects about webhooks and about what items mean."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from pydantic import SecretStr

from syncer.connect.protocol import Connector, Fetched, HookReply, HookRequest, Page
from syncer.connect.testing.delivery import signature
from syncer.connect.testing.sample.connector import SampleConnector
from syncer.connect.testing.sample.webhook import SIGNATURE
from syncer.domain.cursor import Cursor
from syncer.domain.item import ItemRecord, StatusCategory
from syncer.domain.ref import ContainerKey, ItemRef
from tests.conformance.defects import Remapped

_OURS: Final = SecretStr("put in by the defect")


def _signed_anew(request: HookRequest) -> HookRequest:
    """The request as if it were genuine."""
    headers = {**request.headers, SIGNATURE.lower(): signature(_OURS, request.body)}
    return replace(request, headers=headers)


# --- webhooks -------------------------------------------------------------------------------------


class BelievesEverybody(SampleConnector):
    """Looks at no signature."""

    def receive(
        self,
        request: HookRequest,
        secrets: Sequence[SecretStr],  # noqa: ARG002  that is the defect
    ) -> HookReply:
        return super().receive(_signed_anew(request), [_OURS])


class NeedsNoSecret(SampleConnector):
    """Lets everybody in where no secret is set."""

    def receive(self, request: HookRequest, secrets: Sequence[SecretStr]) -> HookReply:
        if not secrets:
            return super().receive(_signed_anew(request), [_OURS])
        return super().receive(request, secrets)


class ComparesTheBeginning(SampleConnector):
    """Compares as many characters of a signature as were sent."""

    def receive(self, request: HookRequest, secrets: Sequence[SecretStr]) -> HookReply:
        told = request.headers.get(SIGNATURE.lower(), "")
        for secret in secrets:
            digest = hmac.digest(secret.get_secret_value().encode(), request.body, hashlib.sha256)
            if told and f"sha256={digest.hex()}".startswith(told):
                return super().receive(_signed_anew(request), [_OURS])
        return super().receive(request, secrets)


class SignsWhatItRead(SampleConnector):
    """Verifies the JSON that it read, written again, and not the raw body."""

    def receive(self, request: HookRequest, secrets: Sequence[SecretStr]) -> HookReply:
        try:
            again = json.dumps(json.loads(request.body), separators=(",", ":")).encode()
        except ValueError:
            again = request.body
        return super().receive(replace(request, body=again), secrets)


class TellsNoDeletion(SampleConnector):
    """Takes a deletion for any other change."""

    def receive(self, request: HookRequest, secrets: Sequence[SecretStr]) -> HookReply:
        return replace(super().receive(request, secrets), deleted=())


class RemembersItems(SampleConnector):
    """Fetches an item once and for all."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.known: dict[ItemRef, ItemRecord] = {}

    async def fetch(self, refs: Sequence[ItemRef]) -> Fetched:
        found = await super().fetch([ref for ref in refs if ref not in self.known])
        self.known |= {record.item.ref: record for record in found.records}
        return replace(found, records=tuple(self.known[r] for r in refs if r in self.known))


class BelievesTheBody(SampleConnector):
    """Takes a webhook's word for what its item is like."""

    titles: dict[str, str]

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.titles = {}

    def receive(self, request: HookRequest, secrets: Sequence[SecretStr]) -> HookReply:
        reply = super().receive(request, secrets)
        for ref in reply.refs:
            self.titles[ref.id] = json.loads(request.body)["item"]["title"]
        return reply

    async def fetch(self, refs: Sequence[ItemRef]) -> Fetched:
        found = await super().fetch(refs)
        records = [
            replace(r, item=replace(r.item, title=self.titles.get(r.item.ref.id, r.item.title)))
            for r in found.records
        ]
        return replace(found, records=tuple(records))


class RefusesTheUnknown(SampleConnector):
    """Answers 400 for what it merely dislikes, until the tracker sends nothing any more."""

    def receive(self, request: HookRequest, secrets: Sequence[SecretStr]) -> HookReply:
        reply = super().receive(request, secrets)
        return replace(reply, status=400) if reply.ignored else reply


class IgnoresRubbish(SampleConnector):
    """Ignores what it cannot read, as if it concerned nobody."""

    def receive(self, request: HookRequest, secrets: Sequence[SecretStr]) -> HookReply:
        reply = super().receive(request, secrets)
        return replace(reply, ignored=reply.unreadable, unreadable="")


# --- meaning --------------------------------------------------------------------------------------


class KnowsNoLevels(Remapped):
    """Puts all items on one level."""

    def alter(self, record: ItemRecord, _raw: dict[str, Any]) -> ItemRecord:
        return replace(record, item=replace(record.item, hierarchy_level=0))


class KnowsNoParents(Remapped):
    """Leaves out who belongs to whom."""

    def alter(self, record: ItemRecord, _raw: dict[str, Any]) -> ItemRecord:
        return replace(record, item=replace(record.item, parent=None))


class LinksBackwards(Remapped):
    """Takes who blocks for who is blocked."""

    def alter(self, record: ItemRecord, _raw: dict[str, Any]) -> ItemRecord:
        links = tuple(replace(link, inward=not link.inward) for link in record.item.links)
        return replace(record, item=replace(record.item, links=links))


class GuessesStatuses(Remapped):
    """Calls everything that is neither new nor done work in progress."""

    def alter(self, record: ItemRecord, _raw: dict[str, Any]) -> ItemRecord:
        item = record.item
        if item.status_category is StatusCategory.WAITING:
            item = replace(item, status_category=StatusCategory.IN_PROGRESS)
        return replace(record, item=item)


class CountsTheDropped(Remapped):
    """Takes what will never be done for done."""

    def alter(self, record: ItemRecord, _raw: dict[str, Any]) -> ItemRecord:
        item = record.item
        if item.status_category is StatusCategory.CANCELLED:
            item = replace(item, status_category=StatusCategory.DONE)
        return replace(record, item=item)


class NewestFirst(Remapped):
    """Tells a history backwards."""

    def alter(self, record: ItemRecord, _raw: dict[str, Any]) -> ItemRecord:
        return replace(record, changes=record.changes[::-1])


class DatesByTheLastChange(Remapped):
    """Takes the last change of whatever sort for the end."""

    def alter(self, record: ItemRecord, _raw: dict[str, Any]) -> ItemRecord:
        item = record.item
        done = item.updated_at if item.done_at else None
        return replace(record, item=replace(item, done_at=done, started_at=item.created_at))


class CutsTagsOut(Remapped):
    """Takes tags out with what stands between them."""

    def alter(self, record: ItemRecord, _raw: dict[str, Any]) -> ItemRecord:
        body = re.sub(r"<(\w+)[^>]*>.*?</\1>", "", _raw["body"] or "")
        return replace(record, item=replace(record.item, body=body))


class KeepsRawTitles(Remapped):
    """Hands a title on as it was sent."""

    def alter(self, record: ItemRecord, _raw: dict[str, Any]) -> ItemRecord:
        return replace(record, item=replace(record.item, title=_raw["title"]))


class BuriesWhatIsNotListed(SampleConnector):
    """Takes an item that a census does not name for one of whose deletion the changes tell."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.seen: list[ItemRef] = []

    async def changes(self, container: ContainerKey, since: Cursor | None) -> AsyncIterator[Page]:
        present = {ref.id async for ref in self.inventory(container)}
        async for page in super().changes(container, since):
            yield replace(page, gone=tuple(ref for ref in self.seen if ref.id not in present))
            self.seen += [record.item.ref for record in page.records]


MEANING: Final[Iterable[tuple[str, Callable[..., Connector]]]] = (
    ("hidden_is_not_deleted", BuriesWhatIsNotListed),
    ("webhook_names_its_item", TellsNoDeletion),
    ("webhook_deletion_is_asked_about", RemembersItems),
    ("webhook_forged", BelievesEverybody),
    ("webhook_forged", NeedsNoSecret),
    ("webhook_forged", ComparesTheBeginning),
    ("webhook_forged", SignsWhatItRead),
    ("webhook_replayed", BelievesTheBody),
    ("webhook_out_of_order", BelievesTheBody),
    ("webhook_unknown_event", RefusesTheUnknown),
    ("webhook_unknown_event", IgnoresRubbish),
    ("hierarchy", KnowsNoLevels),
    ("hierarchy", KnowsNoParents),
    ("links_in_both_directions", LinksBackwards),
    ("status_categories", GuessesStatuses),
    ("status_categories", CountsTheDropped),
    ("history", NewestFirst),
    ("history", DatesByTheLastChange),
    ("text_keeps_its_words", CutsTagsOut),
    ("text_is_harmless", KeepsRawTitles),
)
