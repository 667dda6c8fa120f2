"""Cloud's answers turned into those of a Data Center: the same facts in the older shapes.

People have a name and a key and no account id; texts are wiki markup; sprints are printed lines;
types have no level; a parent is one of sub-tasks only, all others name an epic by its key.
"""

from __future__ import annotations

from typing import Any, Final

from connectors.jira.simulator_catalogue import SPRINT_FIELD, Json

_CLOUD_ONLY: Final = frozenset({
    "hierarchyLevel", "untranslatedName", "fieldId", "accountType", "jsdPublic", "simplified",
    "style", "isPrivate", "insight",
})  # fmt: skip
VERSION: Final = "10.3.0"


def as_server(value: Any) -> Any:  # noqa: ANN401  any piece of JSON
    """A piece of a Cloud answer as a Data Center would send it."""
    if isinstance(value, list):
        return [as_server(one) for one in value]
    if isinstance(value, str):
        return value.replace("/rest/api/3/", "/rest/api/2/") if "/rest/api/3/" in value else value
    if not isinstance(value, dict):
        return value
    if value.get("type") == "doc":
        return markup(value)
    if "accountId" in value:
        return _user(value)
    shown = {name: as_server(one) for name, one in value.items() if name not in _CLOUD_ONLY}
    return _issue(shown, value) if isinstance(value.get("fields"), dict) else shown


def _user(user: Json) -> Json:
    id_ = user["accountId"]
    address = str(user["self"]).partition("/rest/")[0]
    return {
        "self": f"{address}/rest/api/2/user?username={id_}",
        "name": id_,
        "key": id_,
        **{name: user.get(name) for name in ("emailAddress", "displayName", "active", "timeZone")},
    }


def _issue(shown: Json, raw: Json) -> Json:
    fields = shown["fields"]
    if fields.get(SPRINT_FIELD):
        fields[SPRINT_FIELD] = [_printed(one) for one in raw["fields"][SPRINT_FIELD]]
    if not ((raw["fields"].get("issuetype") or {}).get("subtask")):
        fields.pop("parent", None)
    return shown


def _printed(sprint: Json) -> str:
    told = {
        "id": sprint["id"],
        "rapidViewId": sprint["boardId"],
        "state": str(sprint["state"]).upper(),
        "name": sprint["name"],
        "startDate": sprint["startDate"],
        "endDate": sprint["endDate"],
        "completeDate": sprint.get("completeDate", "<null>"),
        "sequence": sprint["id"],
        "goal": "",
    }
    inside = ",".join(f"{name}={value}" for name, value in told.items())
    return f"com.atlassian.greenhopper.service.sprint.Sprint@1f2e3d[{inside}]"


def markup(document: Json) -> str:
    """A document as wiki markup: a line a paragraph, list items with a star."""
    return "\n".join(_lines(document))


def _lines(node: Json, star: str = "") -> list[str]:
    if node["type"] == "paragraph":
        return [star + "".join(part["text"] for part in node["content"])]
    inner = "* " if node["type"] == "listItem" else star
    return [line for child in node.get("content", []) for line in _lines(child, inner)]


def server_info(info: Json) -> Json:
    """The answer of `/serverInfo`."""
    return {
        "baseUrl": info["baseUrl"],
        "version": VERSION,
        "versionNumbers": [int(part) for part in VERSION.split(".")],
        "deploymentType": "Server",
        "buildNumber": 1030000,
        "serverTime": info["serverTime"],
        "serverTitle": "Jira",
    }
