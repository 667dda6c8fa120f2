"""What a search leaves out and the connector fetches beside it: changelogs, ids of epics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from connectors.jira.client import ABSENT, JiraClient
from connectors.jira.jql import is_issue_id, is_issue_key, with_keys
from connectors.jira.mapping.site import Site
from connectors.jira.rules import FieldRole
from connectors.jira.sent import Sent, as_json
from connectors.jira.wire import Issue
from syncer.errors import BadPayload, Rejected, TooLong

_MOST_KEYS: Final = 100_000
_KEYS_A_QUERY: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """Raw issues, each with whether its changelog is whole; ids by key; what is missing."""

    issues: tuple[tuple[Any, bool], ...]
    ids: Mapping[str, str]
    missing: tuple[str, ...]


class BulkRefused(Exception):
    """The site has no call for many issues, or not for this account."""


class Details:
    """Completes issues; remembers which calls the site refuses, and the ids of keys."""

    def __init__(self, client: JiraClient) -> None:
        self.client = client
        self._cap = client.inline_cap
        self._bulk_changelogs = client.changelogs_in_bulk
        self._bulk_issues = client.issues_in_bulk
        self._ids: dict[str, str] = {}

    async def issues(
        self, ids: Sequence[str], fields: Sequence[str]
    ) -> tuple[list[Any], frozenset[str]]:
        """The issues with these ids, and the ids that failed for now."""
        try:
            return await self.bulk(ids, fields)
        except BulkRefused:
            return await self._one_by_one(ids, fields)

    async def bulk(
        self, ids: Sequence[str], fields: Sequence[str]
    ) -> tuple[list[Any], frozenset[str]]:
        """As `issues`, but `BulkRefused` where there is no call for many at once.

        What the bulk call reports as failed may also be gone, so it is asked for by itself. Issues
        that are too long to come together come in ever smaller parts.
        """
        if not self._bulk_issues:
            raise BulkRefused
        if not ids:
            return [], frozenset()
        try:
            found, failed = await self.client.issues_by_id(ids, fields=fields)
        except TooLong:
            if len(ids) > 1:
                return await self._halved(ids, fields)
            found, failed = [], frozenset(ids)
        except Rejected as refused:
            if refused.status not in ABSENT:
                raise
            self._bulk_issues = False
            raise BulkRefused from refused
        alone, failed = await self._one_by_one([id_ for id_ in ids if id_ in failed], fields)
        return [*found, *alone], failed

    async def _halved(
        self, ids: Sequence[str], fields: Sequence[str]
    ) -> tuple[list[Any], frozenset[str]]:
        half = len(ids) // 2
        first, failed = await self.bulk(ids[:half], fields)
        second, failed_too = await self.bulk(ids[half:], fields)
        return [*first, *second], failed | failed_too

    async def _one_by_one(
        self, ids: Sequence[str], fields: Sequence[str]
    ) -> tuple[list[Any], frozenset[str]]:
        found: list[Any] = []
        failed: set[str] = set()
        for id_ in ids:
            try:
                one = await self.client.issue(id_, fields=fields)
            except BadPayload:
                failed.add(id_)
            else:
                found += [one] if one is not None else []
        return found, frozenset(failed)

    async def complete(self, issues: Sequence[Any], site: Site) -> Completed:
        """The issues with their whole changelogs, as far as the site gives them."""
        ids = self._known_ids()
        _learn_keys(ids, issues)
        cut = {n: as_json(one) for n, one in enumerate(issues) if _is_cut(one, self._cap)}
        entries = await self._changelogs([one["id"] for one in cut.values()])
        whole = [
            _with_changelog(cut[n], entries) if n in cut else (one, True)
            for n, one in enumerate(issues)
        ]
        await self._find_epics(issues, site, ids)
        missing = ("changelog",) if any(not complete for _, complete in whole) else ()
        return Completed(issues=tuple(whole), ids=ids, missing=missing)

    async def _changelogs(self, ids: Sequence[str]) -> dict[str, list[Any]]:
        if not ids:
            return {}
        if self._bulk_changelogs:
            try:
                return await self.client.changelogs(ids)
            except (Rejected, BadPayload) as refused:
                if isinstance(refused, Rejected) and refused.status in ABSENT:
                    self._bulk_changelogs = False
        found = {id_: await self._changelog(id_) for id_ in ids}
        return {id_: entries for id_, entries in found.items() if entries is not None}

    async def _changelog(self, id_: str) -> list[Any] | None:
        try:
            return await self.client.changelog(id_)
        except TooLong:
            return None
        except Rejected as refused:
            if refused.status not in ABSENT:
                raise
            return None

    def _known_ids(self) -> dict[str, str]:
        """The ids of keys; begun anew where there are too many, and never under who holds them."""
        if len(self._ids) > _MOST_KEYS:
            self._ids = {}
        return self._ids

    async def _find_epics(self, issues: Sequence[Any], site: Site, ids: dict[str, str]) -> None:
        """The old epic link names an epic by key: ask for the ids of those not yet seen."""
        named = {key for one in issues for key in _epic_keys(one, site)}
        unknown = sorted(key for key in named if key not in ids)
        for start in range(0, len(unknown), _KEYS_A_QUERY):
            await self._find(unknown[start : start + _KEYS_A_QUERY], ids)

    async def _find(self, keys: Sequence[str], ids: dict[str, str]) -> None:
        """One unknown key makes Jira refuse the whole query: then each half is asked for.

        The unknown ones stay known by key only.
        """
        try:
            found = await self.client.search(with_keys(keys), fields=["id"], size=len(keys))
        except Rejected as refused:
            if len(keys) > 1 and refused.status == HTTPStatus.BAD_REQUEST:
                half = len(keys) // 2
                await self._find(keys[:half], ids)
                await self._find(keys[half:], ids)
            return
        _learn_keys(ids, found.issues)


def _learn_keys(ids: dict[str, str], issues: Iterable[Any]) -> None:
    for one in issues:
        if isinstance(one, Sent):
            _learn_sent(ids, one.issue)
        else:
            ids.update(_named_issues(one))


def _learn_sent(ids: dict[str, str], issue: Issue) -> None:
    """As `_named_issues`, without steps between: this is done for every issue."""
    fields = issue.fields
    ids[issue.key] = issue.id
    ends = [fields.parent]
    for link in fields.issuelinks or ():
        if link is not None:
            ends += (link.inward_issue, link.outward_issue)
    for one in ends:
        if one is not None and one.key and one.id:
            ids[one.key] = one.id


def _is_cut(raw: object, cap: int | None) -> bool:
    """Whether the changelog that came with an issue may lack entries.

    With a search come at most `cap` entries: as many prove nothing (trackers.md 1.2). None: all.
    """
    if isinstance(raw, Sent):
        log = raw.issue.changelog
        held, total = (0, None) if log is None else (len(log.histories or ()), log.total)
        return is_issue_id(raw.issue.id) and (log is None or _lacks(held, total, cap))
    if not isinstance(raw, dict) or not is_issue_id(str(raw.get("id"))):
        return False
    log = raw.get("changelog")
    if not isinstance(log, dict):
        return True
    return _lacks(_held(log), log.get("total"), cap)


def _lacks(held: int, total: object, cap: int | None) -> bool:
    """Whether so many entries may not be all."""
    if not isinstance(total, int):
        return cap is not None and held >= cap // 2
    return total > held or held == cap


def _held(log: Mapping[str, Any]) -> int:
    histories = log.get("histories")
    return len(histories) if isinstance(histories, list) else 0


def _with_changelog(raw: Any, entries: Mapping[str, list[Any]]) -> tuple[Any, bool]:  # noqa: ANN401  as sent
    """The issue with all entries that are known, each once, and whether that is all of them."""
    log = raw.get("changelog")
    inline = log.get("histories") if isinstance(log, dict) else None
    total = log.get("total") if isinstance(log, dict) else None
    fetched = entries.get(str(raw["id"]))
    sent = inline if isinstance(inline, list) else ()
    merged = {str(_id(entry)): entry for entry in (*(fetched or ()), *sent)}
    enough = not isinstance(total, int) or len(merged) >= total
    changelog = {"total": len(merged), "histories": list(merged.values())}
    return {**raw, "changelog": changelog}, fetched is not None and enough


def _id(entry: object) -> object:
    return entry.get("id") if isinstance(entry, dict) else entry


def _named_issues(raw: object) -> Iterator[tuple[str, str]]:
    """Key and id of the issue and of every issue that it names."""
    if not isinstance(raw, dict):
        return
    for one in (raw, *_others(raw.get("fields"))):
        if isinstance(one, dict) and isinstance(one.get("key"), str) and one.get("id"):
            yield one["key"], str(one["id"])


def _others(fields: object) -> Iterator[Any]:
    """The parent and the other ends of links, as far as they are there."""
    if not isinstance(fields, dict):
        return
    yield fields.get("parent")
    links = fields.get("issuelinks")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict):
            yield from (link.get("inwardIssue"), link.get("outwardIssue"))


def _epic_keys(raw: object, site: Site) -> Iterator[str]:
    epic_links = site.ids_of(FieldRole.EPIC_LINK)
    if not epic_links:
        return
    fields: object = raw.get("fields") if isinstance(raw, dict) else None
    if isinstance(raw, Sent) and not raw.issue.fields.parent:
        fields = site.customs.read(raw)
    if not isinstance(fields, dict) or fields.get("parent"):
        return
    for one in epic_links:
        key = fields.get(one)
        if isinstance(key, str) and is_issue_key(key):
            yield key
