"""GitLab's webhooks: which are there, and registering them.

Addresses: docs.gitlab.com/api/project_webhooks, docs.gitlab.com/api/group_webhooks (Premium). A
secret is never shown; newer versions tell by `token_present` and `signing_token_present` whether
one is set, and accept `signing_token` (gitlab-org/gitlab, merge request 231325). `alert_status` is
`disabled` for a webhook that GitLab has given up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from pydantic import SecretStr

from connectors.gitlab.client import GitLabClient, Kind, encoded
from syncer.connect.hooking import HookPlace, HookState, judged
from syncer.connect.signing import STANDARD
from syncer.domain.text import clean_line
from syncer.errors import AuthFailed, Rejected

EVENTS: Final = (
    "issues_events",
    "confidential_issues_events",
    "note_events",
    "confidential_note_events",
    "milestone_events",
)
"""The events that name work items; more do no harm."""

STEPS: Final = (
    (
        "Project, or group (Premium): Settings, Webhooks, Add new webhook; Signing token where it "
        "is offered and the secret begins with whsec_, else Secret token; SSL verification on."
    ),
    (
        "Tick Work item events (or Issues events and Confidential issues events), Comments, "
        "Confidential comments, Milestone events."
    ),
)
_API: Final = "/api/v4"
_CLOSED: Final = (
    "the token may not see webhooks there: it needs the scope api and the role Maintainer "
    "(Owner for a group)"
)
_GIVEN_UP: Final = frozenset({"disabled", "temporarily_disabled"})


class HookRegister:
    """The webhooks of projects and groups."""

    def __init__(self, client: GitLabClient) -> None:
        self._client = client
        self._groups: dict[str, list[Any]] = {}

    async def places(self, paths: Sequence[str], url: str) -> list[HookPlace]:
        """One place for each group above them that has a webhook to us, else one a container."""
        self._groups.clear()
        found: dict[str, HookPlace] = {}
        for path in paths:
            place = await self._place(path, url)
            known = found.get(place.where)
            covers = (*(known.covers if known else ()), path)
            found[place.where] = replace(place, covers=covers)
        return list(found.values())

    async def _place(self, path: str, url: str) -> HookPlace:
        for group in _above(path):
            mine = _mine(await self._hooks_of_group(group), url)
            if mine is not None:
                listing = _listing(Kind.GROUP, group)
                return _told(f"group {group}", path, hook=mine, listing=listing)
        try:
            kind = await self._client.kind_of(path)
            rows = await self._client.every_row(f"/{kind}s/{encoded(path)}/hooks", {})
        except (Rejected, AuthFailed):
            return HookPlace(
                where=path, state=HookState.CLOSED, covers=(path,), problems=(_CLOSED,)
            )
        return _told(path, path, hook=_mine(rows, url), listing=_listing(kind, path))

    async def _hooks_of_group(self, group: str) -> list[Any]:
        """Its webhooks; none where nobody may look or the edition has none."""
        if group not in self._groups:
            try:
                rows = await self._client.every_row(f"/groups/{encoded(group)}/hooks", {})
            except (Rejected, AuthFailed):
                rows = []
            self._groups[group] = rows
        return self._groups[group]

    async def register(self, place: HookPlace, url: str, secret: SecretStr) -> None:
        """Add the webhook, or set its address, secret and events; others' events stay."""
        told = secret.get_secret_value()
        body: dict[str, Any] = {
            "url": url,
            "enable_ssl_verification": True,
            **dict.fromkeys(EVENTS, True),
            "signing_token" if told.startswith(STANDARD) else "token": told,
        }
        if place.state is HookState.MISSING:
            await self._client.http.change("POST", place.address, {"push_events": False, **body})
        else:
            await self._client.http.change("PUT", place.address, body)


def _above(path: str) -> Iterator[str]:
    """The groups that hold a path, the nearest first."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _listing(kind: Kind, path: str) -> str:
    return f"{_API}/{kind}s/{encoded(path)}/hooks"


def _mine(rows: Sequence[Any], url: str) -> Mapping[str, Any] | None:
    return next((row for row in rows if isinstance(row, dict) and row.get("url") == url), None)


def _told(where: str, path: str, *, hook: Mapping[str, Any] | None, listing: str) -> HookPlace:
    if hook is None:
        return HookPlace(where=where, state=HookState.MISSING, covers=(path,), address=listing)
    state, problems = judged(_problems(hook))
    return HookPlace(
        where=where,
        state=state,
        covers=(path,),
        address=f"{listing}/{hook.get('id')}",
        problems=problems,
        secret_set=_secret_set(hook),
        last_result=clean_line(str(hook.get("alert_status") or ""), limit=100),
    )


def _secret_set(hook: Mapping[str, Any]) -> bool | None:
    told = [hook.get("token_present"), hook.get("signing_token_present")]
    known = [one for one in told if isinstance(one, bool)]
    return any(known) if known else None


def _problems(hook: Mapping[str, Any]) -> Iterator[str]:
    if hook.get("alert_status") in _GIVEN_UP:
        yield "GitLab has given it up after failures: press Test on its page"
    if _secret_set(hook) is False:
        yield "it has no secret"
    if hook.get("enable_ssl_verification") is False:
        yield "it does not verify our certificate"
    missing = [event for event in EVENTS if not hook.get(event)]
    if missing:
        yield f"it does not send {', '.join(missing)}"
