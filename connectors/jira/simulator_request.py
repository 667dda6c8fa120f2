"""Requests as Jira reads them, and answers in its wrappings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from aiohttp import web

from connectors.jira.simulator_answers import ALL_FIELDS, NAVIGABLE_FIELDS
from connectors.jira.simulator_catalogue import Json
from connectors.jira.simulator_index import Index
from connectors.jira.simulator_query import JqlError
from syncer.connect.testing.server import Handler

NO_ISSUE: Final = "Issue does not exist or you do not have permission to see it."
_DEFAULT_WINDOW: Final = 50


class Missing(Exception):
    """Answered with 404."""


class Removed(Exception):
    """Answered with 410."""


_STATUS_OF: Final[dict[type[Exception], int]] = {JqlError: 400, Missing: 404, Removed: 410}


@dataclass(frozen=True, slots=True)
class Request:
    """One request: the key in its path, and its parameters from the query or the JSON body."""

    path: str
    key: str
    values: Mapping[str, Any]

    def text(self, name: str) -> str:
        """A parameter as text, empty without one."""
        return str(self.values.get(name) or "")

    def names(self, name: str) -> list[str]:
        """A parameter that is a list or is separated by commas."""
        value = self.values.get(name) or []
        parts = value if isinstance(value, list) else [value]
        split = (piece.strip() for part in parts for piece in str(part).split(","))
        return [piece for piece in split if piece]

    def number(self, name: str, default: int) -> int:
        """A parameter that is a number, refused with 400 where it is none."""
        text = self.text(name)
        if text and not text.isdigit():
            raise JqlError(f"The value '{text}' of '{name}' is not a number.")
        return int(text) if text else default

    def jql(self) -> str:
        """The query."""
        return self.text("jql")


Maker = Callable[[Request], bytes | Json | list[Any]]
"""Makes the content of an answer, or raises what is answered with an error."""


def answering(make: Maker) -> Handler:
    """Wrap a function from request to content as a handler with Jira's error answers."""

    async def handler(request: web.Request) -> web.StreamResponse:
        try:
            content = make(await _read(request))
        except tuple(_STATUS_OF) as error:
            body = orjson.dumps({"errorMessages": [str(error)], "errors": {}})
            return _json(body, status=_STATUS_OF[type(error)])
        return _json(content if isinstance(content, bytes) else orjson.dumps(content))

    return handler


async def _read(request: web.Request) -> Request:
    values: dict[str, Any] = {
        name: found if len(found := request.query.getall(name)) > 1 else found[0]
        for name in request.query
    }
    if request.method == "POST":
        values |= _body(await request.read())
    return Request(request.path, request.match_info.get("key", ""), values)


def _body(raw: bytes) -> dict[str, Any]:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise JqlError("Invalid request payload. Refer to the documentation.") from error
    if not isinstance(body, dict):
        raise JqlError("Invalid request payload. Refer to the documentation.")
    return body


def _json(body: bytes, *, status: int = 200) -> web.Response:
    return web.Response(body=body, status=status, content_type="application/json", charset="utf-8")


def field_names(asked: Sequence[str]) -> tuple[str, ...]:
    """The fields that a list such as `*all,-comment` or `summary,status` names."""
    chosen: list[str] = []
    for name in asked:
        chosen += {"*all": ALL_FIELDS, "*navigable": NAVIGABLE_FIELDS}.get(name, (name,))
    dropped = {name.removeprefix("-") for name in asked if name.startswith("-")}
    if all(name.startswith("-") for name in asked):
        chosen = list(NAVIGABLE_FIELDS)
    return tuple(dict.fromkeys(name for name in chosen if name not in dropped))


def resolved(index: Index, identity: str) -> str:
    """The id of a visible issue; `Missing` for what does not exist or may not be seen."""
    item_id = index.resolve(identity)
    if item_id is None:
        raise Missing(NO_ISSUE)
    return item_id


def page_answer(shown: Sequence[bytes], *, token: str | None, last: bool) -> bytes:
    """A page of the search: there is no total, and no token on the last page."""
    issues = [orjson.Fragment(issue) for issue in shown]
    more = {"nextPageToken": token} if token is not None else {}
    return orjson.dumps({"issues": issues, **more, "isLast": last})


def window(values: Sequence[Json], request: Request, *, cap: int, link: str) -> Json:
    """A page by `startAt` and `maxResults`, which is silently cut to the cap."""
    start = request.number("startAt", 0)
    size = min(request.number("maxResults", _DEFAULT_WINDOW), cap)
    last = start + size >= len(values)
    following = f"{link}?startAt={start + size}&maxResults={size}"
    return {
        "self": f"{link}?startAt={start}&maxResults={size}",
        **({} if last else {"nextPage": following}),
        "startAt": start,
        "maxResults": size,
        "total": len(values),
        "isLast": last,
        "values": list(values[start : start + size]),
    }
