"""Jira's webhooks for a whole site: which are there, and registering them.

Webhooks of an administrator, which can be signed: on Cloud and on Data Center up to 9 under
`/rest/webhooks/1.0/webhook` (developer.atlassian.com/cloud/jira/platform/webhooks), from Data
Center 10 on under `/rest/jira-webhook/1.0/webhooks`, where the secret stands as `SECRET` in the
`configuration` and anywhere else is ignored. Up to 9 there is no secret, so that nothing can be
proved. The webhooks under `/rest/api/3/webhook`, which end after 30 days, are for OAuth and Connect
apps alone ("Only Connect and OAuth 2.0 apps can register and manage webhooks"); a token with scopes
reaches neither.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import SecretStr

from connectors.jira.door import Entry
from syncer.connect.hooking import HookPlace, HookState, judged
from syncer.domain.text import clean_line
from syncer.errors import AuthFailed, Rejected

EVENTS: Final = (
    "jira:issue_created",
    "jira:issue_updated",
    "jira:issue_deleted",
    "comment_created",
    "comment_updated",
    "comment_deleted",
    "worklog_created",
    "worklog_updated",
    "worklog_deleted",
    "issuelink_created",
    "issuelink_deleted",
    "jira:version_created",
    "jira:version_updated",
    "jira:version_released",
    "jira:version_unreleased",
    "jira:version_moved",
    "jira:version_deleted",
    "project_created",
    "project_updated",
    "project_deleted",
)
"""The events that name work items or what holds them; more do no harm."""

STEPS: Final = (
    (
        "As an administrator: Settings, System, WebHooks, Create a WebHook; the secret of "
        "webhook_secret_env; leave the JQL empty or name your projects; leave Exclude body off."
    ),
    (
        "Tick of Issue: created, updated, deleted; Comment and Worklog: all; Issue link: created, "
        "deleted; Version and Project: all."
    ),
)
_NAME: Final = "syncer"
_OLD: Final = "/rest/webhooks/1.0/webhook"
_NEW: Final = "/rest/jira-webhook/1.0/webhooks"
_SIGNS: Final = 10
"""The first major version of Data Center whose webhooks can be signed."""

_SITE: Final = "the site"
_NO_ADMINISTRATOR: Final = "the account is no administrator of Jira"
_BY_GATEWAY: Final = "a token with scopes cannot see them"
_CANNOT_SIGN: Final = "Data Center before 10 cannot sign: leave webhooks out, the pull does it"


@dataclass(frozen=True, slots=True)
class _Sort:
    """How this Jira keeps its webhooks: where, and whether as Data Center 10 does."""

    listing: str
    new: bool


class HookRegister:
    """The webhooks of one site."""

    def __init__(self, entry: Entry) -> None:
        self._entry = entry
        self._sort = _sort_of(entry)

    async def places(self, projects: Sequence[str], url: str) -> list[HookPlace]:
        """The site is the one place for all of its projects."""
        covers = tuple(projects)
        if self._entry.scoped:
            return [_closed(covers, _BY_GATEWAY)]
        if self._sort is None:
            return [_closed(covers, _CANNOT_SIGN)]
        try:
            answer = await self._entry.client.http.get(self._sort.listing, local=True)
        except (Rejected, AuthFailed):
            return [_closed(covers, _NO_ADMINISTRATOR)]
        mine = [row for row in answer.array() if isinstance(row, dict) and row.get("url") == url]
        return [_place(covers, mine[0] if mine else None, self._sort)]

    async def register(self, place: HookPlace, url: str, secret: SecretStr) -> None:
        """Add the webhook, or set its address, secret and events; others' events stay."""
        new = self._sort is not None and self._sort.new
        told = {"name": _NAME, "url": url, **_settings(secret, new=new)}
        http = self._entry.client.http
        if place.state is HookState.MISSING:
            await http.change("POST", place.address, {**told, "events": list(EVENTS)})
            return
        kept = await http.get(place.address, local=True)
        before = kept.object()
        name = before.get("name") or _NAME
        events = dict.fromkeys((*_listed(before.get("events")), *EVENTS))
        body = {**_unchanged(before), **told, "name": name, "events": list(events)}
        await http.change("PUT", place.address, body)


def _sort_of(entry: Entry) -> _Sort | None:
    """None for a Jira that cannot sign."""
    if entry.server.deployment == "Cloud":
        return _Sort(_OLD, new=False)
    major = (entry.server.numbers or [0])[0]
    return _Sort(_NEW, new=True) if major >= _SIGNS else None


def _settings(secret: SecretStr, *, new: bool) -> dict[str, Any]:
    told = secret.get_secret_value()
    if new:
        return {"active": True, "configuration": {"EXCLUDE_BODY": "false", "SECRET": told}}
    return {"enabled": True, "excludeBody": False, "secret": told}


def _unchanged(before: Mapping[str, Any]) -> dict[str, Any]:
    """What a person may have set there and an update must say again."""
    return {name: before[name] for name in ("id", "filters", "description") if name in before}


def _closed(covers: tuple[str, ...], why: str) -> HookPlace:
    return HookPlace(where=_SITE, state=HookState.CLOSED, covers=covers, problems=(why,))


def _place(covers: tuple[str, ...], hook: Mapping[str, Any] | None, sort: _Sort) -> HookPlace:
    if hook is None:
        return HookPlace(where=_SITE, state=HookState.MISSING, covers=covers, address=sort.listing)
    state, problems = judged(_problems(hook))
    id_ = hook.get("id") or str(hook.get("self", "")).rstrip("/").rpartition("/")[2]
    return HookPlace(
        where=_SITE,
        state=state,
        covers=covers,
        address=f"{sort.listing}/{clean_line(str(id_), limit=40)}",
        problems=problems,
    )


def _problems(hook: Mapping[str, Any]) -> Iterator[str]:
    if hook.get("enabled", hook.get("active", True)) is False:
        yield "it is switched off"
    configuration = hook.get("configuration")
    told = configuration if isinstance(configuration, dict) else {}
    if hook.get("excludeBody") is True or told.get("EXCLUDE_BODY") == "true":
        yield "it excludes the body, which names the issue"
    missing = [event for event in EVENTS if event not in _listed(hook.get("events"))]
    if missing:
        yield f"it does not send {', '.join(missing)}"


def _listed(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
