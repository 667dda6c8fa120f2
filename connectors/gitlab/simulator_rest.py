"""Items of a simulated GitLab in the shapes of the REST API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from connectors.gitlab.simulator_index import Row, stamp_ms
from connectors.gitlab.simulator_notes import Moment, label_number
from connectors.gitlab.simulator_site import Site

Json = dict[str, Any]

_STATES: Final = {"upcoming": 1, "current": 2, "closed": 3}


def item(site: Site, row: Row) -> Json:
    """An issue, or an epic."""
    state = row.state
    shown = {
        "id": row.id,
        "iid": row.place.number,
        "title": state.title,
        "description": state.body,
        "state": "closed" if row.closed else "opened",
        "created_at": stamp_ms(row.created),
        "updated_at": site.rest_time(row),
        "closed_at": stamp_ms(row.closed) if row.closed else None,
        "labels": list(site.index.labels_of(state)),
        "author": site.user(site.index.world.item(row.item_id).reporter),
        "confidential": state.restricted,
        "web_url": site.page(row),
        "references": {"full": row.place.locator},
        "due_date": state.due.isoformat() if state.due else None,
    }
    return shown | (_epic(site, row) if row.place.in_group else _issue(site, row))


def _issue(site: Site, row: Row) -> Json:
    assignee = site.user(row.state.assignee)
    parent = site.index.parent(row)
    epic = parent if parent and parent.place.in_group else None
    return {
        "project_id": _container_id(site, row),
        "issue_type": site.index.type_name(row).casefold(),
        "assignees": [assignee] if assignee else [],
        "milestone": _milestone(site, row),
        "iteration": _iteration(site, row),
        "weight": None if row.state.estimate is None else int(row.state.estimate),
        "health_status": _snake(site.health_of(row)),
        "moved_to_id": row.moved_to or None,
        "epic": epic and _of_issue(site, epic),
    }


def _epic(site: Site, row: Row) -> Json:
    start = row.state.start
    parent = site.index.parent(row)
    return {
        "id": site.epic_id(row),
        "work_item_id": row.id,
        "group_id": _container_id(site, row),
        "start_date": start.isoformat() if start else None,
        "start_date_is_fixed": True,
        "due_date_is_fixed": True,
        "parent_iid": parent.place.number if parent else None,
    }


def _of_issue(site: Site, row: Row) -> Json:
    url = f"/{row.place.page}"
    return {"id": site.epic_id(row), "iid": row.place.number, "url": url}


def _container_id(site: Site, row: Row) -> int:
    return int(site.index.world.container_named(row.place.path).id)


def _milestone(site: Site, row: Row) -> Json | None:
    version, shown = site.version(row), site.milestone(row)
    if version is None or shown is None:
        return None
    return {
        "id": int(version.id),
        "iid": int(version.id),
        "title": version.name,
        "state": shown["state"],
        "due_date": shown["dueDate"],
    }


def _iteration(site: Site, row: Row) -> Json | None:
    shown = site.iteration(row.state.sprint)
    if shown is None:
        return None
    return {
        "id": int(shown["id"].rpartition("/")[2]),
        "title": shown["title"],
        "state": _STATES[shown["state"]],
        "start_date": shown["startDate"],
        "due_date": shown["dueDate"],
    }


def _snake(health: str | None) -> str | None:
    """`onTrack` of GraphQL is `on_track` of REST."""
    return health and "".join(f"_{c.lower()}" if c.isupper() else c for c in health)


# --- details --------------------------------------------------------------------------------------


def links(site: Site, row: Row) -> list[Json]:
    """The links of an item, each in the shape of the other end."""
    return [
        item(site, other) | {"link_type": word, "link_created_at": since}
        for word, other, since in site.linked(row)
    ]


def notes(site: Site, row: Row) -> list[Json]:
    """The notes that REST shows: not those that are resource events."""
    return [
        {
            "id": one.id,
            "body": one.body,
            "system": one.system,
            "created_at": stamp_ms(one.at),
            "author": site.user(one.actor),
        }
        for one in site.moments(row)
        if not one.event
    ]


def events(site: Site, row: Row, kind: str) -> list[Json]:
    """The resource events of one kind: state, label, milestone, iteration."""
    found = [one for one in site.moments(row) if one.event == kind]
    return [event for one in found for event in _events(site, one)]


def _events(site: Site, one: Moment) -> Iterator[Json]:
    shared = {"user": site.user(one.actor), "created_at": stamp_ms(one.at)}
    if one.event == "state":
        yield {"id": one.id, **shared, "state": one.about["state"]}
    elif one.event == "milestone":
        name = one.about["name"]
        action = "add" if name else "remove"
        yield {"id": one.id, **shared, "action": action, "milestone": {"id": 1, "title": name}}
    for number, (action, names) in enumerate((("add", "added"), ("remove", "removed"))):
        for place, name in enumerate(one.about.get(names, ())):
            label = {"id": label_number(name), "name": name}
            id_ = one.id * 100 + number * 50 + place
            yield {"id": id_, **shared, "action": action, "label": label}
