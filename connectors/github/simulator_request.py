"""Requests as GitHub reads them, and answers in its wrappings: pages, errors, limits, ETags."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import orjson
from aiohttp import web

from syncer.clock import Clock
from syncer.connect.testing.server import Handler

Json = dict[str, Any]

_DEFAULT_PAGE: Final = 30
_LARGEST_PAGE: Final = 100
_DOCUMENTATION: Final = "https://docs.github.com/rest"
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,8}")
_WINDOW: Final = timedelta(hours=1)
SECONDARY_LIMIT: Final = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
)


class Refusal(Exception):
    """An answer that is no content: its status, message and, for a redirect, where to."""

    def __init__(self, status: int, message: str, *, location: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.location = location


def not_found() -> Refusal:
    """What does not exist and what may not be seen look alike."""
    return Refusal(404, "Not Found")


@dataclass(frozen=True, slots=True)
class Request:
    """One request: its address with the names in it, its query, headers and JSON body."""

    origin: str
    path: str
    names: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any = None

    @property
    def repository(self) -> str:
        """The `owner/name` in the path."""
        return f"{self.names['owner']}/{self.names['repo']}"

    @property
    def number(self) -> int:
        """The issue number in the path; 404 where it is none."""
        if not _NUMBER.fullmatch(self.names["number"]):
            raise not_found()
        return int(self.names["number"])

    def count(self, name: str, default: int) -> int:
        """A parameter that is a positive number; the default for anything else, as GitHub does."""
        text = self.query.get(name, "")
        return int(text) if _NUMBER.fullmatch(text) else default

    def instant(self, name: str) -> datetime | None:
        """A parameter that is an instant; None without one, 422 where it cannot be read."""
        text = self.query.get(name)
        if not text:
            return None
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            raise Refusal(422, "Validation Failed") from None
        if at.tzinfo is None:
            raise Refusal(422, "Validation Failed")
        return at


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of which a page is shown; each shown entry is rendered by `show`.

    With a `wrapper` the page is a member of an object that also tells the total.
    """

    entries: Sequence[Any]
    show: Callable[[Any], Json] = lambda entry: entry
    wrapper: str = ""


@dataclass(slots=True)
class Allowance:
    """The requests that the account has left in this hour, told with every answer."""

    clock: Clock
    limit: int = 5000
    used: int = 0
    reset_at: datetime | None = None

    def spend(self) -> bool:
        """Take one request; False where none is left."""
        now = self.clock.now()
        if self.reset_at is None or now >= self.reset_at:
            self.used, self.reset_at = 0, now + _WINDOW
        if self.used >= self.limit:
            return False
        self.used += 1
        return True

    def figures(self) -> dict[str, int]:
        """The allowance as `/rate_limit` tells it."""
        reset = self.reset_at or self.clock.now() + _WINDOW
        return {
            "limit": self.limit,
            "remaining": self.limit - self.used,
            "reset": math.ceil(reset.timestamp()),
            "used": self.used,
        }

    def headers(self, resource: str) -> dict[str, str]:
        """The allowance as headers."""
        told = {f"X-RateLimit-{name.title()}": str(n) for name, n in self.figures().items()}
        return told | {"X-RateLimit-Resource": resource}


@dataclass(slots=True)
class Counter:
    """Who counts requests and answers them: an allowance for each resource.

    The next `secondary_limits` requests run into the secondary limit. `headers` come with all
    answers.
    """

    clock: Clock
    headers: dict[str, str] = field(default_factory=dict)
    secondary_limits: int = 0
    allowances: dict[str, Allowance] = field(default_factory=dict)

    def allowance(self, resource: str) -> Allowance:
        """The allowance of a resource: `core` or `graphql`."""
        return self.allowances.setdefault(resource, Allowance(self.clock))

    def answering(
        self,
        make: Callable[[Request], Json | list[Json] | Listing],
        *,
        resource: str = "core",
        status: int = 200,
    ) -> Handler:
        """Wrap a function from request to content as a handler with GitHub's manners."""

        async def handler(request: web.Request) -> web.StreamResponse:
            allowance = self.allowance(resource)
            try:
                self._admit(allowance)
                read = await _read(request)
                answer = _content(make(read), read, status)
            except Refusal as refusal:
                answer = _refused(refusal)
            answer.headers.update(allowance.headers(resource) | self.headers)
            return answer

        return handler

    def _admit(self, allowance: Allowance) -> None:
        if self.secondary_limits:
            self.secondary_limits -= 1
            raise Refusal(403, SECONDARY_LIMIT)
        if not allowance.spend():
            raise Refusal(403, "API rate limit exceeded for user ID 1.")


async def _read(request: web.Request) -> Request:
    raw = await request.read()
    try:
        body = orjson.loads(raw) if raw else None
    except orjson.JSONDecodeError:
        raise Refusal(400, "Problems parsing JSON") from None
    return Request(
        origin=f"{request.scheme}://{request.host}",
        path=request.path,
        names=dict(request.match_info),
        query=dict(request.query),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
    )


def _content(made: Json | list[Json] | Listing, request: Request, status: int) -> web.Response:
    headers: dict[str, str] = {}
    if isinstance(made, Listing):
        made, headers = _page(made, request)
    body = orjson.dumps(made)
    tag = f'W/"{hashlib.sha256(body).hexdigest()}"'
    if request.headers.get("if-none-match") == tag:
        return web.Response(status=304, headers={"ETag": tag})
    return _json(body, status=status, headers={"ETag": tag, **headers})


def _page(listing: Listing, request: Request) -> tuple[Json | list[Json], dict[str, str]]:
    size = min(request.count("per_page", _DEFAULT_PAGE), _LARGEST_PAGE)
    page = request.count("page", 1)
    last = max(math.ceil(len(listing.entries) / size), 1)
    shown = [listing.show(entry) for entry in listing.entries[(page - 1) * size : page * size]]
    body = {"total_count": len(listing.entries), listing.wrapper: shown}
    links = _links(request, page, last)
    return body if listing.wrapper else shown, {"Link": links} if links else {}


def _links(request: Request, page: int, last: int) -> str:
    """The Link header; empty where everything is on one page."""
    ahead = {"next": page + 1, "last": last} if page < last else {}
    behind = {"prev": page - 1, "first": 1} if page > 1 else {}
    address = f"{request.origin}{request.path}"
    return ", ".join(
        f'<{address}?{urlencode({**request.query, "page": number})}>; rel="{relation}"'
        for relation, number in (ahead | behind).items()
    )


def _refused(refusal: Refusal) -> web.Response:
    body = {
        "message": str(refusal),
        "documentation_url": _DOCUMENTATION,
        "status": str(refusal.status),
    }
    if refusal.location:
        body["url"] = refusal.location
    headers = {"Location": refusal.location} if refusal.location else {}
    return _json(orjson.dumps(body), status=refusal.status, headers=headers)


def _json(body: bytes, *, status: int, headers: Mapping[str, str]) -> web.Response:
    return web.Response(
        body=body,
        status=status,
        headers=headers,
        content_type="application/json",
        charset="utf-8",
    )
