"""The GraphQL API of a simulated GitLab: the part of its schema that tells of work items."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from connectors.gitlab.simulator_gql import Answering
from connectors.gitlab.simulator_index import Row
from connectors.gitlab.simulator_request import Request
from connectors.gitlab.simulator_site import Site
from syncer.connect.testing.graphql import Schema

Json = dict[str, Any]

_HIDDEN: Final = (
    "The resource that you are attempting to access does not exist or you don't have permission to "
    "perform this action"
)
_ITEMS: Final = "after first iids sort types updatedAfter"
_SCALARS: Final = (
    "id iid title description state createdAt updatedAt closedAt webUrl confidential reference "
    "movedToWorkItemUrl duplicatedToWorkItemUrl promotedToEpicUrl"
)

SCHEMA: Final[Schema] = {
    "Query": {"project": "Project", "group": "Group", "workItem": "WorkItem"},
    "Project": {"id": "", "fullPath": "", "workItems": "WorkItem*", "workItems()": _ITEMS},
    "Group": {"id": "", "fullPath": "", "workItems": "WorkItem*", "workItems()": _ITEMS},
    "WorkItem": {
        **dict.fromkeys(_SCALARS.split(), ""),
        "author": "UserCore",
        "namespace": "Namespace",
        "workItemType": "WorkItemType",
        "widgets": "[WorkItemWidget]",
    },
    "UserCore": {"username": "", "name": "", "bot": ""},
    "Namespace": {"id": "", "fullPath": ""},
    "WorkItemType": {"id": "", "name": ""},
    "WorkItemWidget": {"type": ""},
    "WorkItemWidgetAssignees": {"assignees": "UserCore*"},
    "WorkItemWidgetLabels": {"labels": "Label*"},
    "Label": {"id": "", "title": ""},
    "WorkItemWidgetMilestone": {"milestone": "Milestone"},
    "Milestone": {"id": "", "iid": "", "title": "", "state": "", "dueDate": ""},
    "WorkItemWidgetIteration": {"iteration": "Iteration"},
    "Iteration": {"id": "", "title": "", "state": "", "startDate": "", "dueDate": ""},
    "WorkItemWidgetWeight": {"weight": ""},
    "WorkItemWidgetHealthStatus": {"healthStatus": ""},
    "WorkItemWidgetStatus": {"status": "WorkItemStatus"},
    "WorkItemStatus": {"id": "", "name": "", "category": ""},
    "WorkItemWidgetStartAndDueDate": {
        "startDate": "", "dueDate": "", "isFixed": "", "rollUp": "",
    },
    "WorkItemWidgetHierarchy": {
        "parent": "WorkItem", "rolledUpCountsByType": "[WorkItemTypeCountsByState]",
    },
    "WorkItemTypeCountsByState": {
        "workItemType": "WorkItemType", "countsByState": "WorkItemStateCountsType",
    },
    "WorkItemStateCountsType": {"all": "", "closed": "", "opened": ""},
    "WorkItemWidgetLinkedItems": {"linkedItems": "LinkedWorkItemType*"},
    "LinkedWorkItemType": {"linkType": "", "linkCreatedAt": "", "workItem": "WorkItem"},
    "WorkItemWidgetNotes": {"discussions": "Discussion*"},
    "Discussion": {"id": "", "notes": "Note*"},
    "Note": {"id": "", "body": "", "createdAt": "", "author": "UserCore"},
}  # fmt: skip


def without(unknown: Collection[str]) -> Schema:
    """The schema of a server that does not know some types, fields or arguments.

    `WorkItemWidgetStatus` is a type, `WorkItem.promotedToEpicUrl` a field,
    `workItems(updatedAfter)` an argument.
    """
    arguments = {one.split("(")[1].rstrip(")") for one in unknown if "(" in one}
    kept = {}
    for name, fields in SCHEMA.items():
        if name not in unknown:
            shown = {f: t for f, t in fields.items() if f"{name}.{f}" not in unknown}
            if "workItems()" in shown:
                known = (a for a in shown["workItems()"].split() if a not in arguments)
                shown["workItems()"] = " ".join(known)
            kept[name] = shown
    return kept


def answer(site: Site, request: Request, *, unknown: Collection[str] = ()) -> Json:
    """The answer to one request."""
    body = request.body if isinstance(request.body, dict) else {}
    variables = body.get("variables")
    return answering(site, variables if isinstance(variables, dict) else {}, unknown=unknown).told(
        str(body.get("query", ""))
    )


def answering(
    site: Site, variables: Mapping[str, Any], *, unknown: Collection[str] = ()
) -> _Answering:
    """Who answers queries with these variables."""
    return _Answering(site, variables, unknown)


class _Answering:
    """Answers one query, and notes what is asked for in vain."""

    def __init__(self, site: Site, variables: Mapping[str, Any], unknown: Collection[str]) -> None:
        self._site = site
        self._hidden = False
        self.answering = Answering(
            schema=without(unknown) if unknown else SCHEMA,
            root={
                "project": lambda arguments: self._owner(arguments, groups=False),
                "group": lambda arguments: self._owner(arguments, groups=True),
                "workItem": self._single,
            },
            variables=variables,
        )

    def told(self, query: str) -> Json:
        """The whole answer."""
        told = self.answering.answer(query)
        if self._hidden:
            told.setdefault("errors", []).append({"message": _HIDDEN})
        return told

    def _owner(self, arguments: Json, *, groups: bool) -> Json | None:
        path = str(arguments.get("fullPath", "")).casefold()
        found = (c for c in self._site.containers(groups=groups) if c.key.casefold() == path)
        container = next(found, None)
        if container is None:
            return None
        return {
            "id": container.id,
            "fullPath": container.key,
            "workItems": lambda wanted: self._items(container.key, wanted),
        }

    def _items(self, path: str, wanted: Json) -> list[Json]:
        index = self._site.index
        rows = index.ordered(path, by_update=wanted.get("sort") == "UPDATED_ASC")
        if wanted.get("iids") is not None:
            rows = [row for row in rows if str(row.place.number) in wanted["iids"]]
        if wanted.get("types"):
            rows = [row for row in rows if index.type_name(row).upper() in wanted["types"]]
        if wanted.get("updatedAfter"):
            since = datetime.fromisoformat(wanted["updatedAfter"])
            rows = [row for row in rows if row.updated >= since]
        by_update = wanted.get("sort") == "UPDATED_ASC"
        return [
            self._site.node(row) | {"__cursor": row.cursor if by_update else f"{row.id:020}"}
            for row in rows
        ]

    def _single(self, arguments: Json) -> Json | None:
        number = str(arguments.get("id", "")).rpartition("/")[2]
        row: Row | None = self._site.index.by_id.get(int(number)) if number.isdigit() else None
        if row is None:
            self._hidden = True
            return None
        return self._site.node(row)
