"""The drafts from which issues are rendered: made-up work with holes for what differs."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Final

DRAFTS: Final = 48
HISTORIES: Final = 10

Json = dict[str, Any]
_Users = Callable[[int], Json]

_WORDS: Final = (
    "antenna", "cabinet", "mast", "cable", "router", "tariff", "permit", "site", "trench",
    "radio", "billing", "order", "portal", "gate", "fibre", "supplier", "contract", "review",
    "plan", "test", "field", "team", "north", "south", "upgrade", "migrate", "deliver", "check",
    "measure", "approve", "install", "replace", "train", "report", "budget", "risk", "window",
    "night", "crew", "drawing", "power",
)  # fmt: skip
_PEOPLE: Final = ("Okafor", "Roth", "Silva", "Brandt", "Ito", "Novak", "Haddad", "Lund")
_STATUSES: Final = (
    ("10000", "To Do", "new", 2),
    ("3", "In Progress", "indeterminate", 4),
    ("10001", "In Review", "indeterminate", 4),
    ("10002", "Done", "done", 3),
)
_TYPES: Final = (("10101", "Epic", 1), ("10102", "Story", 0), ("10103", "Task", 0))
_PRIORITIES: Final = (("2", "High"), ("3", "Medium"), ("4", "Low"))
_EPIC_EVERY: Final = 20
BASE: Final = "https://jira.example.com"


def draft(style: str, number: int) -> Json:
    """Draft `number` in the shapes of `dc` or `cloud`, the same each time."""
    chance = random.Random(number)
    users: _Users = _cloud_user if style == "cloud" else _dc_user
    status = _STATUSES[number % len(_STATUSES)]
    fields = _fields(chance, users, style=style, status=status)
    return {
        "expand": "operations,versionedRepresentations,editmeta,changelog,renderedFields",
        "id": "@id@",
        "self": f"{BASE}/rest/api/2/issue/@id@",
        "key": "@key@",
        "fields": fields,
        "changelog": _changelog(chance, users),
    }


def status_of(status: tuple[str, str, str, int]) -> Json:
    """A status as issues and the table of statuses show it."""
    id_, name, category, number = status
    return {
        "self": f"{BASE}/rest/api/2/status/{id_}",
        "name": name,
        "id": id_,
        "statusCategory": {
            "self": f"{BASE}/rest/api/2/statuscategory/{number}",
            "id": number,
            "key": category,
            "name": name,
        },
    }


def type_of(kind: tuple[str, str, int]) -> Json:
    """An issue type as issues and the table of types show it."""
    id_, name, level = kind
    return {
        "self": f"{BASE}/rest/api/2/issuetype/{id_}",
        "id": id_,
        "description": f"A {name.lower()} as this site uses it.",
        "name": name,
        "subtask": False,
        "hierarchyLevel": level,
    }


def priority_of(priority: tuple[str, str]) -> Json:
    """A priority as issues and the table of priorities show it."""
    id_, name = priority
    return {
        "self": f"{BASE}/rest/api/2/priority/{id_}",
        "name": name,
        "id": id_,
    }


def statuses() -> list[Json]:
    """The table of statuses."""
    return [status_of(one) for one in _STATUSES]


def types() -> list[Json]:
    """The table of issue types."""
    return [type_of(one) for one in _TYPES]


def priorities() -> list[Json]:
    """The table of priorities, highest first."""
    return [priority_of(one) for one in _PRIORITIES]


LINK_TYPE: Final = {
    "id": "10000",
    "name": "Blocks",
    "inward": "is blocked by",
    "outward": "blocks",
    "self": f"{BASE}/rest/api/2/issueLinkType/10000",
}


def _fields(
    chance: random.Random, users: _Users, *, style: str, status: tuple[str, str, str, int]
) -> Json:
    kind = _TYPES[1 + chance.randrange(2)]
    done = status[2] == "done"
    return {
        "project": _project(),
        "summary": _sentence(chance, 8),
        "description": _description(chance, style),
        "issuetype": type_of(kind),
        "status": status_of(status),
        "resolution": {"id": "10000", "name": "Done", "description": ""} if done else None,
        "resolutiondate": _at(chance, 70) if done else None,
        "priority": priority_of(_PRIORITIES[chance.randrange(3)]),
        "labels": ["prog:north", f"team-{chance.choice(_WORDS)}"],
        "components": [{"id": "10300", "name": "Radio", "self": f"{BASE}/component/10300"}],
        "fixVersions": [_version()],
        "assignee": users(chance.randrange(len(_PEOPLE))),
        "reporter": users(chance.randrange(len(_PEOPLE))),
        "parent": _mention("@parentid@", "@parentkey@", chance),
        "issuelinks": [
            {
                "id": "@num@",
                "type": LINK_TYPE,
                "outwardIssue": _mention("@otherid@", "@otherkey@", chance),
            }
        ],
        "duedate": f"2026-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}",
        "created": _at(chance, 1),
        "updated": "@updated@",
        "timeoriginalestimate": 3600 * chance.randint(1, 40),
        "comment": {"comments": [], "maxResults": 0, "total": 0, "startAt": 0},
        "customfield_10015": "2026-02-02",
        "customfield_10016": float(chance.randint(1, 13)),
        "customfield_10021": None,
    }


def _project() -> Json:
    return {
        "self": f"{BASE}/rest/api/2/project/@projectid@",
        "id": "@projectid@",
        "key": "@project@",
        "name": "Project @project@",
        "projectTypeKey": "software",
        "simplified": False,
    }


def _version() -> Json:
    return {
        "self": f"{BASE}/rest/api/2/version/10400",
        "id": "10400",
        "name": "2026.2",
        "archived": False,
        "released": False,
        "releaseDate": "2026-12-01",
    }


def _mention(id_: str, key: str, chance: random.Random) -> Json:
    return {
        "id": id_,
        "key": key,
        "self": f"{BASE}/rest/api/2/issue/{id_}",
        "fields": {"summary": _sentence(chance, 5), "issuetype": {"id": "10101", "name": "Epic"}},
    }


def _dc_user(number: int) -> Json:
    name = _PEOPLE[number]
    return {
        "self": f"{BASE}/rest/api/2/user?username={name.lower()}",
        "name": name.lower(),
        "key": f"JIRAUSER1000{number}",
        "displayName": f"{name} {name[:1]}.",
        "active": True,
        "timeZone": "Europe/Berlin",
    }


def _cloud_user(number: int) -> Json:
    account = f"5b10a2844c20165700ed{number:04d}"
    return {
        "self": f"{BASE}/rest/api/3/user?accountId={account}",
        "accountId": account,
        "displayName": f"{_PEOPLE[number]} {_PEOPLE[number][:1]}.",
        "active": True,
        "timeZone": "Europe/Berlin",
        "accountType": "atlassian",
    }


def _description(chance: random.Random, style: str) -> object:
    if style == "dc":
        lines = [f"h3. {_sentence(chance, 4)}", *(_sentence(chance, 14) for _ in range(3))]
        return "\r\n".join((*lines, "* " + _sentence(chance, 9)))
    return {
        "type": "doc",
        "version": 1,
        "content": [
            {"type": "paragraph", "content": [{"type": "text", "text": _sentence(chance, 16)}]}
            for _ in range(2)
        ],
    }


def _sentence(chance: random.Random, words: int) -> str:
    return " ".join(chance.choice(_WORDS) for _ in range(words)).capitalize() + "."


def _at(chance: random.Random, day: int) -> str:
    hour, minute, second = chance.randint(6, 18), chance.randint(0, 59), chance.randint(0, 59)
    month, of_month = divmod(day, 28)
    return f"2025-{month + 1:02d}-{of_month + 1:02d}T{hour:02d}:{minute:02d}:{second:02d}.000+0000"


def _changelog(chance: random.Random, users: _Users) -> Json:
    histories = [_history(chance, users, place) for place in range(HISTORIES)]
    return {"startAt": 0, "maxResults": HISTORIES, "total": HISTORIES, "histories": histories}


def _history(chance: random.Random, users: _Users, place: int) -> Json:
    author = users(chance.randrange(len(_PEOPLE)))
    return {
        "id": f"@num@{place}",
        "author": {k: v for k, v in author.items() if k not in {"timeZone", "active", "self"}},
        "created": _at(chance, 2 + 6 * place),
        "items": [_ITEMS[place % len(_ITEMS)](chance)],
    }


def _row(field: str, before: tuple[str | None, str], after: tuple[str | None, str]) -> Json:
    return {
        "field": field,
        "fieldtype": "jira",
        "fieldId": field,
        "from": before[0],
        "fromString": before[1],
        "to": after[0],
        "toString": after[1],
    }


def _moved(place: int) -> Callable[[random.Random], Json]:
    before, after = _STATUSES[place], _STATUSES[place + 1]
    return lambda _: _row("status", before[:2], after[:2])


def _due(chance: random.Random) -> Json:
    first, second = (f"2026-{chance.randint(1, 12):02d}-11" for _ in range(2))
    return _row("duedate", (first, f"{first} 00:00:00.0"), (second, f"{second} 00:00:00.0"))


def _handed(chance: random.Random) -> Json:
    first, second = (chance.choice(_PEOPLE) for _ in range(2))
    return _row("assignee", (first.lower(), first), (second.lower(), second))


def _labelled(chance: random.Random) -> Json:
    return _row("labels", (None, "prog:north"), (None, f"prog:north {chance.choice(_WORDS)}"))


def _retitled(chance: random.Random) -> Json:
    return _row("summary", (None, _sentence(chance, 6)), (None, _sentence(chance, 6)))


def _pressed(_: random.Random) -> Json:
    return _row("priority", ("4", "Low"), ("3", "Medium"))


_ITEMS: Final = (
    _labelled, _moved(0), _handed, _due, _retitled, _moved(1), _pressed, _due, _handed, _moved(2),
)  # fmt: skip
