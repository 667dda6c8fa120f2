"""Linear's webhooks: which are there, and registering them.

`Webhook`, `webhookCreate` and `webhookUpdate` of the schema. A webhook is for all public teams, of
which one is enough, or for one team, which a private one needs. Only administrators of the
workspace, and OAuth tokens with the scope `admin`, may look (linear.app/developers/webhooks).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import SecretStr

from connectors.linear import queries
from connectors.linear.client import LinearClient, read
from connectors.linear.mapping.site import is_id
from connectors.linear.queries import Json
from connectors.linear.wire import Team
from syncer.connect.hooking import HookPlace, HookState, judged
from syncer.connect.paging import TokenChain
from syncer.errors import AuthFailed, Rejected

RESOURCES: Final = (
    "Issue",
    "Comment",
    "Attachment",
    "Project",
    "ProjectUpdate",
    "Initiative",
    "InitiativeUpdate",
)
"""What to be told of; more does no harm."""

STEPS: Final = (
    (
        "As an administrator of the workspace: Settings, API, Webhooks, New webhook; the address, "
        "and all public teams. A private team needs a webhook of its own."
    ),
    (
        "Data change events: Issues, Issue comments, Issue attachments, Projects, Project updates, "
        "Initiatives, Initiative updates."
    ),
    "Copy the signing secret that Linear shows to where webhook_secret_env reads it.",
)
_EVERYWHERE: Final = "all public teams"
_PRIVATE: Final = "private"
_TEAM: Final = "team:"
_HOOK: Final = "hook:"
_LABEL: Final = "syncer"
_CLOSED: Final = "only an administrator of the workspace may see its webhooks"


class HookRegister:
    """The webhooks of one workspace."""

    def __init__(self, client: LinearClient) -> None:
        self._client = client

    async def places(self, containers: Sequence[str], url: str) -> list[HookPlace]:
        """One place for all that is public and the workspace, and one for each private team."""
        private = await self._private(containers)
        public = tuple(key for key in containers if key not in private)
        try:
            hooks = [one for one in await self._hooks() if one.get("url") == url]
        except (Rejected, AuthFailed):
            return [
                HookPlace(
                    where=_EVERYWHERE,
                    state=HookState.CLOSED,
                    covers=tuple(containers),
                    problems=(_CLOSED,),
                )
            ]
        found = [_place(_EVERYWHERE, public, hooks, address=_EVERYWHERE)] if public else []
        for key, id_ in private.items():
            mine = [one for one in hooks if (one.get("team") or {}).get("key") == key]
            found.append(_place(f"team {key}", (key,), mine, address=f"{_TEAM}{id_}"))
        return found

    async def register(self, place: HookPlace, url: str, secret: SecretStr) -> None:
        """Add the webhook, or set its address, secret and events; other events stay."""
        told: Json = {"url": url, "secret": secret.get_secret_value(), "enabled": True}
        if place.address.startswith(_HOOK):
            id_ = place.address.removeprefix(_HOOK)
            kept = [
                one for hook in await self._hooks() if hook.get("id") == id_ for one in _of(hook)
            ]
            resources = sorted({*kept, *RESOURCES})
            query = queries.change_webhook(id_, {**told, "resourceTypes": resources})
        else:
            team = place.address.removeprefix(_TEAM)
            scope = {"allPublicTeams": True} if place.address == _EVERYWHERE else {"teamId": team}
            made = {**told, **scope, "label": _LABEL, "resourceTypes": list(RESOURCES)}
            query = queries.add_webhook(made)
        answer = await self._client.change(query)
        if not any(isinstance(one, dict) and one.get("success") for one in answer.data.values()):
            raise Rejected("Linear did not take the webhook.", fix="Register it by hand.")

    async def _private(self, containers: Sequence[str]) -> dict[str, str]:
        """The private teams among the containers, with their ids."""
        found: dict[str, str] = {}
        chain, after = TokenChain(label="teams"), None
        while True:
            page = (await self._client.ask(queries.teams(after, containers))).page("teams")
            for team in (read(Team, row, "a team") for row in page.rows):
                if team.visibility == _PRIVATE and team.key and is_id(team.id):
                    found[team.key] = team.id or ""
            after = chain.take(page.next, empty=not page.rows)
            if after is None:
                return found

    async def _hooks(self) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        chain, after = TokenChain(label="webhooks"), None
        while True:
            page = (await self._client.ask(queries.webhooks(after))).page("webhooks")
            found += [row for row in page.rows if isinstance(row, dict) and is_id(row.get("id"))]
            after = chain.take(page.next, empty=not page.rows)
            if after is None:
                return found


def _place(
    where: str, covers: tuple[str, ...], hooks: Sequence[Mapping[str, Any]], *, address: str
) -> HookPlace:
    """How it stands with one place; a webhook for all public teams is better than one for some."""
    best = sorted(hooks, key=lambda one: not one.get("allPublicTeams"))
    if not best:
        return HookPlace(where=where, state=HookState.MISSING, covers=covers, address=address)
    state, problems = judged(_problems(best[0], everywhere=where == _EVERYWHERE))
    return HookPlace(
        where=where,
        state=state,
        covers=covers,
        address=f"{_HOOK}{best[0]['id']}",
        problems=problems,
    )


def _problems(hook: Mapping[str, Any], *, everywhere: bool) -> Iterator[str]:
    if hook.get("enabled") is False:
        yield "Linear has disabled it, as it does after failures"
    if everywhere and not hook.get("allPublicTeams"):
        yield "it is for one team alone: remove it, and let one be made for all public teams"
    missing = [one for one in RESOURCES if one not in _of(hook)]
    if missing:
        yield f"it does not send {', '.join(missing)}"


def _of(hook: Mapping[str, Any]) -> list[str]:
    told = hook.get("resourceTypes")
    return [one for one in told if isinstance(one, str)] if isinstance(told, list) else []
