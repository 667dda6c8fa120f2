"""The webhooks that are registered at a simulated Linear; their secrets are never shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.linear.simulator_gql import Refused

Json = dict[str, Any]


@dataclass(slots=True)
class Hooks:
    """What is registered; `closed` to an account that is no administrator's."""

    closed: bool = False
    kept: list[Json] = field(default_factory=list)

    def listed(self) -> list[Json]:
        """What an administrator sees."""
        self._admit()
        return [{k: v for k, v in one.items() if k != "secret"} for one in self.kept]

    def add(self, told: Json, teams: Sequence[Json]) -> Json:
        """Register one, for all public teams or for one of these teams."""
        self._admit()
        made = dict(told["input"])
        wanted = made.pop("teamId", None)
        team = next((one for one in teams if one["id"] == wanted), None)
        if team is None and not made.get("allPublicTeams"):
            raise Refused("INPUT_ERROR", "Entity not found: Team")
        id_ = f"webhook-{len(self.kept) + 1}"
        self.kept.append({"id": id_, "enabled": True, "allPublicTeams": False, "team": team} | made)
        return {"success": True}

    def change(self, told: Json) -> Json:
        """Change one."""
        self._admit()
        found = next((one for one in self.kept if one["id"] == told["id"]), None)
        if found is None:
            raise Refused("INPUT_ERROR", "Entity not found: Webhook")
        found |= told["input"]
        return {"success": True}

    def _admit(self) -> None:
        if self.closed:
            raise Refused("FORBIDDEN", "You need to be an admin to do that.", 200)
