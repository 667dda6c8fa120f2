"""The service hooks that are registered at a simulated organisation.

Shapes: learn.microsoft.com/rest/api/azure/devops/hooks/subscriptions. Passwords are masked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

from connectors.azure_devops.simulator_request import Json, Refusal, Request, listed

_MASK: Final = "********"
_FILTERS: Final = ("publisherId", "consumerId", "consumerActionId")


@dataclass(slots=True)
class Subscriptions:
    """What is registered, by id, passwords included."""

    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def list(self, request: Request) -> Json:
        """Those that the query asks for."""
        wanted = {name: request.query[name] for name in _FILTERS if name in request.query}
        found = [
            one
            for one in self.kept.values()
            if all(one.get(name) == value for name, value in wanted.items())
        ]
        return listed([_masked(one) for one in found])

    def add(self, request: Request) -> Json:
        """A new one."""
        id_ = f"30000000-0000-4000-8000-{next(self._numbers):012}"
        return self._keep(id_, request)

    def change(self, request: Request) -> Json:
        """One anew; 404 for one that is not there."""
        id_ = request.names["id"]
        if id_ not in self.kept:
            raise Refusal(404, "The subscription does not exist.")
        return self._keep(id_, request)

    def _keep(self, id_: str, request: Request) -> Json:
        if not isinstance(request.body, dict) or not request.body.get("eventType"):
            raise Refusal(400, "The subscription is not valid.")
        self.kept[id_] = {"status": "enabled", **request.body, "id": id_}
        return _masked(self.kept[id_])


def _masked(one: dict[str, Any]) -> Json:
    inputs = dict(one.get("consumerInputs", {}))
    if "basicAuthPassword" in inputs:
        inputs["basicAuthPassword"] = _MASK
    return {**one, "consumerInputs": inputs}
