"""Azure DevOps' service hooks: which are there, and registering them.

Addresses: learn.microsoft.com/rest/api/azure/devops/hooks/subscriptions; what they hold:
learn.microsoft.com/azure/devops/service-hooks/consumers, "Web Hooks". There is one subscription for
each project and event. A password is never shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
from pydantic import SecretStr

from connectors.azure_devops.client import AzureDevOpsClient
from connectors.azure_devops.config import AzureDevOpsConfig
from connectors.azure_devops.wire import Project, Subscription
from syncer.connect.hooking import HookPlace, HookState, judged
from syncer.domain.text import clean_line
from syncer.errors import AuthFailed, Rejected

EVENTS: Final = (
    "workitem.created",
    "workitem.updated",
    "workitem.commented",
    "workitem.deleted",
    "workitem.restored",
)
STEPS: Final = (
    "For each project: Project settings, Service hooks, Create subscription, Web Hooks.",
    (
        "Make one subscription for each trigger, without filters: Work item created, updated, "
        "commented on, deleted, restored."
    ),
    (
        "Action: the address, any Basic authentication username, the secret as its password; "
        "Resource details to send: Minimal or All; messages may be None."
    ),
)
_USER: Final = "syncer"
_CONSUMER: Final = {
    "publisherId": "tfs",
    "consumerId": "webHooks",
    "consumerActionId": "httpRequest",
}
_SENT: Final = {
    "resourceDetailsToSend": "minimal",
    "messagesToSend": "none",
    "detailedMessagesToSend": "none",
}
_GOOD: Final = frozenset({"", "enabled"})
_CLOSED: Final = (
    "the account may not see service hooks: it needs the permission View and Edit subscriptions, "
    "which Project Administrators have"
)
_NO_PROJECTS: Final = "the token may not list projects: it needs the scope Project and Team (Read)"


class HookRegister:
    """The service hooks of the projects of one organisation."""

    def __init__(self, client: AzureDevOpsClient, config: AzureDevOpsConfig) -> None:
        self._client = client
        self._config = config

    async def places(self, url: str) -> list[HookPlace]:
        """One place for each project that is wanted; one closed place where nobody may look."""
        try:
            mine = await self._mine(url)
        except (AuthFailed, Rejected):
            return [self._closed(_CLOSED)]
        try:
            projects = await self._client.projects()
        except (AuthFailed, Rejected):
            return [self._closed(_NO_PROJECTS)]
        return [
            self._told(one, [x for x in mine if x.project == one.id])
            for one in projects
            if one.id and one.name and self._config.takes(one.name)
        ]

    async def register(self, place: HookPlace, url: str, secret: SecretStr) -> None:
        """Make or set the subscription of each event of a project; those of others stay."""
        known = {x.event_type: x for x in await self._mine(url) if x.project == place.address}
        for event in EVENTS:
            body = {
                **_CONSUMER,
                "eventType": event,
                "resourceVersion": "1.0",
                "publisherInputs": {"projectId": place.address},
                "consumerInputs": {"url": url, **_SENT, **_signed_in(secret)},
            }
            found = known.get(event)
            if found is not None:
                body |= {"id": found.id, "status": "enabled"}
            await self._client.subscribe(body, id_=found.id if found else None)

    async def _mine(self, url: str) -> list[Subscription]:
        """The subscriptions to our address; one that cannot be read is none of ours."""
        found = []
        for row in await self._client.subscriptions(_CONSUMER):
            try:
                one = msgspec.convert(row, Subscription)
            except msgspec.ValidationError:
                continue
            if one.url == url:
                found.append(one)
        return found

    def _closed(self, why: str) -> HookPlace:
        organisation = self._config.organisation
        return HookPlace(
            where=organisation, state=HookState.CLOSED, covers=(organisation,), problems=(why,)
        )

    def _told(self, project: Project, mine: Sequence[Subscription]) -> HookPlace:
        state, problems = judged(_problems(mine)) if mine else (HookState.MISSING, ())
        troubled = next((one for one in mine if one.status not in _GOOD), None)
        return HookPlace(
            where=clean_line(project.name or ""),
            state=state,
            covers=(self._config.organisation,),
            address=project.id or "",
            problems=problems,
            secret_set=all(one.has_password for one in mine) if mine else None,
            last_result=clean_line(troubled.status, limit=100) if troubled else "",
        )


def _problems(mine: Sequence[Subscription]) -> Iterator[str]:
    missing = [event for event in EVENTS if event not in {one.event_type for one in mine}]
    if missing:
        yield f"it does not send {', '.join(missing)}"
    for one in mine:
        if one.status not in _GOOD:
            yield f"{one.event_type} is {clean_line(one.status, limit=100)}"
    if not all(one.has_password for one in mine):
        yield "it has no secret"


def _signed_in(secret: SecretStr) -> dict[str, Any]:
    """The user and password of a secret, which may be both or the password alone."""
    user, colon, password = secret.get_secret_value().partition(":")
    return {
        "basicAuthUsername": user if colon else _USER,
        "basicAuthPassword": password if colon else user,
    }
