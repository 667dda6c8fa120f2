"""What must be registered at a tracker so that its webhooks come, and how it stands: values.

A connector whose tracker can be asked about its webhooks, and told to send them, is a
`RegistersHooks`; one that cannot may at least tell a person what to do (`TellsHookSteps`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from pydantic import SecretStr


class HookState(StrEnum):
    """How a webhook stands at one place of a tracker."""

    GOOD = "good"
    """It is there, as far as the tracker shows."""
    MISSING = "missing"
    """No webhook with our address is there."""
    WRONG = "wrong"
    """It is there and will not send all that it should: see `problems`."""
    CLOSED = "closed"
    """Our account may not look or may not change it: a person has to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HookPlace:
    """One place where a webhook is, or should be, registered.

    `where` is for people: a repository, a group, the site. `covers` are the containers whose
    changes come from here. `address` is what the connector needs to find it again: of the webhook
    where there is one, else of the list that it belongs into. `problems` say what is wrong and, of
    a `CLOSED` place, why it is closed. `secret_set` None: the tracker does not tell. `last_result`
    is the tracker's own word on its last delivery. It ends at `expires_at` (UTC) where it does.
    """

    where: str
    state: HookState
    covers: tuple[str, ...]
    address: str = ""
    problems: tuple[str, ...] = ()
    secret_set: bool | None = None
    last_result: str = ""
    expires_at: datetime | None = None


@runtime_checkable
class RegistersHooks(Protocol):
    """What a connector may offer besides: to register webhooks at its tracker.

    Ask `isinstance(connector, RegistersHooks)`.
    """

    async def hook_places(self, containers: Sequence[str], url: str) -> Sequence[HookPlace]:
        """Where webhooks to `url` are, or should be, so that they tell of all these containers.

        Changes nothing. A place that may not be looked at is `CLOSED`; errors are those of the
        tracker as a whole.
        """
        ...

    async def register_hook(self, place: HookPlace, url: str, secret: SecretStr) -> None:
        """Make one place as it should be, with this address and secret; twice is as good as once.

        What else a person has switched on there stays. `Rejected` where the tracker refuses.
        """
        ...


@runtime_checkable
class TellsHookSteps(Protocol):
    """What a connector may offer besides: what a person does at the tracker, step by step.

    Ask `isinstance(connector, TellsHookSteps)`.
    """

    def hook_steps(self) -> Sequence[str]:
        """Sentences, in their order; the address is told before them, a secret never."""
        ...


def judged(problems: Iterable[str]) -> tuple[HookState, tuple[str, ...]]:
    """Of a webhook that is there: good, or wrong for these reasons."""
    found = tuple(problems)
    return (HookState.WRONG if found else HookState.GOOD), found
