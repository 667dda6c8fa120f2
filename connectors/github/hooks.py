"""GitHub's webhooks: which are there, and registering them.

Addresses: docs.github.com/en/rest/repos/webhooks, docs.github.com/en/rest/orgs/webhooks. An answer
shows `secret` as asterisks where one is set, and leaves it out otherwise. A token that may not look
(no `admin:repo_hook`, no permission "Webhooks") gets 404, as for a repository that is not there. A
GitHub App has one webhook of its own instead, which only its owner sees.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import SecretStr

from connectors.github.client import GitHubClient, checked
from syncer.connect.hooking import HookPlace, HookState, judged
from syncer.domain.text import clean_line
from syncer.errors import AuthFailed, Rejected

EVENTS: Final = (
    "issues",
    "issue_comment",
    "sub_issues",
    "issue_dependencies",
    "milestone",
    "label",
    "repository",
)
"""The events that name work items; more do no harm."""

STEPS: Final = (
    (
        "Repository or organisation: Settings, Webhooks, Add webhook; content type "
        "application/json, the secret, SSL verification on, Let me select individual events: "
        "Issues, Issue comments, Sub-issues, Issue dependencies, Milestones, Labels, Repositories."
    ),
    (
        "GitHub App: its General page, Webhook active, the same address and secret; the events "
        "stand under Permissions & events."
    ),
)
_CLOSED: Final = (
    "the token may not see webhooks there: it needs the scope admin:repo_hook (admin:org_hook for "
    "an organisation), or the permission Webhooks, read and write"
)
_OF_APP: Final = "an App has one webhook of its own, which only its owner sees"

ClientOf = Callable[[str], Awaitable[GitHubClient]]
"""Gives the client for an owner."""


class HookRegister:
    """The webhooks of repositories and of the organisations that they belong to."""

    def __init__(self, client_of: ClientOf, *, is_app: bool = False) -> None:
        self._client_of = client_of
        self._is_app = is_app

    async def places(self, repositories: Sequence[str], url: str) -> list[HookPlace]:
        """One place for each organisation that has a webhook to us, else one a repository.

        An App has one webhook of its own for all of them.
        """
        if self._is_app:
            closed, why = HookState.CLOSED, (_OF_APP,)
            covers = tuple(repositories)
            return [HookPlace(where="the App", state=closed, covers=covers, problems=why)]
        owners: dict[str, list[str]] = defaultdict(list)
        for name in repositories:
            owners[checked(name).partition("/")[0]].append(name)
        found: list[HookPlace] = []
        for owner, names in owners.items():
            whole = await self._of_organisation(owner, names, url)
            found += [whole] if whole else [await self._of_repository(one, url) for one in names]
        return found

    async def _of_organisation(
        self, owner: str, names: Sequence[str], url: str
    ) -> HookPlace | None:
        """The organisation's webhook to us, None without one or where nobody may look."""
        address = f"/orgs/{owner}/hooks"
        try:
            client = await self._client_of(owner)
            rows = await client.every_row(address)
        except (Rejected, AuthFailed):
            return None
        mine = _mine(rows, url)
        if mine is None:
            return None
        return _place(f"organisation {owner}", names, hook=mine, listing=address)

    async def _of_repository(self, name: str, url: str) -> HookPlace:
        address = f"/repos/{name}/hooks"
        try:
            client = await self._client_of(name.partition("/")[0])
            rows = await client.every_row(address)
        except (Rejected, AuthFailed):
            return HookPlace(
                where=name, state=HookState.CLOSED, covers=(name,), problems=(_CLOSED,)
            )
        return _place(name, [name], hook=_mine(rows, url), listing=address)

    async def register(self, place: HookPlace, url: str, secret: SecretStr) -> None:
        """Add the webhook, or set its address, secret and events; others' events stay."""
        owner = place.covers[0].partition("/")[0]
        config = {
            "url": url,
            "content_type": "json",
            "insecure_ssl": "0",
            "secret": secret.get_secret_value(),
        }
        http = (await self._client_of(owner)).http
        told: dict[str, Any] = {"active": True, "config": config}
        if place.state is HookState.MISSING:
            new = {"name": "web", "events": list(EVENTS), **told}
            await http.change("POST", place.address, new)
        else:
            await http.change("PATCH", place.address, {"add_events": list(EVENTS), **told})


def _mine(rows: Sequence[Any], url: str) -> Mapping[str, Any] | None:
    """The webhook to our address; of several the first that is active."""
    mine = [row for row in rows if isinstance(row, dict) and _config(row).get("url") == url]
    return min(mine, key=lambda row: not row.get("active"), default=None)


def _config(row: Mapping[str, Any]) -> Mapping[str, Any]:
    config = row.get("config")
    return config if isinstance(config, dict) else {}


def _place(
    where: str, covers: Sequence[str], *, hook: Mapping[str, Any] | None, listing: str
) -> HookPlace:
    if hook is None:
        return HookPlace(
            where=where, state=HookState.MISSING, covers=tuple(covers), address=listing
        )
    state, problems = judged(_problems(hook))
    return HookPlace(
        where=where,
        state=state,
        covers=tuple(covers),
        address=f"{listing}/{hook.get('id')}",
        problems=problems,
        secret_set="secret" in _config(hook),
        last_result=_last_result(hook),
    )


def _problems(hook: Mapping[str, Any]) -> Iterator[str]:
    if not hook.get("active"):
        yield "it is switched off"
    if "secret" not in _config(hook):
        yield "it has no secret"
    if str(_config(hook).get("insecure_ssl", "0")) != "0":
        yield "it does not verify our certificate"
    events = hook.get("events")
    told = events if isinstance(events, list) else []
    missing = [] if "*" in told else [event for event in EVENTS if event not in told]
    if missing:
        yield f"it does not send {', '.join(missing)}"


def _last_result(hook: Mapping[str, Any]) -> str:
    last = hook.get("last_response")
    if not isinstance(last, dict) or last.get("code") is None:
        return ""
    return clean_line(f"{last.get('code')} {last.get('message') or ''}", limit=100)
