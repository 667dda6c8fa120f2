"""What the ids in histories are called: users, states, labels and teams."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.linear.mapping.people import handle
from connectors.linear.mapping.site import is_id
from connectors.linear.wire import History, Label, State, Team, User
from syncer.domain.text import clean_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What is known. An id that Linear does not show any more is known to be nobody's: None."""

    users: dict[str, User | None] = field(default_factory=dict)
    states: dict[str, State | None] = field(default_factory=dict)
    labels: dict[str, Label | None] = field(default_factory=dict)
    teams: dict[str, Team | None] = field(default_factory=dict)

    def user(self, id_: str | None) -> str:
        """Whom an id means; the id itself where nothing else is known, empty for nobody."""
        if not id_:
            return ""
        return handle(self.users.get(id_)) or clean_line(id_)

    def is_app(self, id_: str | None) -> bool:
        """Whether it was an app that did it, or an automation, which has no account."""
        user = self.users.get(id_ or "")
        return not id_ or bool(user and user.app)

    def state(self, id_: str | None) -> tuple[str, str]:
        """A status: its name and type, both empty where it is gone."""
        state = self.states.get(id_ or "")
        return (state.name or "", state.type or "") if state else ("", "")

    def label(self, id_: str) -> str:
        """A label's name; the id itself where the label is gone."""
        label = self.labels.get(id_)
        return clean_line((label.name if label else "") or id_)

    def team(self, id_: str | None) -> str:
        """A team's key, empty where it is not shown."""
        team = self.teams.get(id_ or "")
        return clean_line((team.key if team else "") or "")

    def unknown(self, entries: Iterable[History]) -> dict[str, list[str]]:
        """The ids of which nothing is known yet, by what they are of."""
        return {
            what: sorted(ids - self.known(what).keys()) for what, ids in ids_in(entries).items()
        }

    def known(self, what: str) -> dict[str, Any]:
        """What is known of users, states, labels or teams."""
        held: Mapping[str, dict[str, Any]] = {
            "users": self.users,
            "states": self.states,
            "labels": self.labels,
            "teams": self.teams,
        }
        return held[what]


def ids_in(entries: Iterable[History]) -> dict[str, set[str]]:
    """The ids of which histories speak."""
    found: dict[str, set[str]] = {"users": set(), "states": set(), "labels": set(), "teams": set()}
    for one in entries:
        found["users"] |= {x for x in (one.actor_id, one.from_assignee_id, one.to_assignee_id) if x}
        found["states"] |= {x for x in (one.from_state_id, one.to_state_id) if x}
        found["labels"] |= {*(one.added_label_ids or ()), *(one.removed_label_ids or ())}
        found["teams"] |= {x for x in (one.from_team_id, one.to_team_id) if x}
    return {what: {id_ for id_ in ids if is_id(id_)} for what, ids in found.items()}
