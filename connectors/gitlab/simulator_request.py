"""Requests as GitLab reads them, and answers in its wrappings: pages, errors, limits."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import urlencode

import orjson
from aiohttp import web

from connectors.gitlab.mapping.place import Place
from syncer.clock import Clock
from syncer.connect.testing.server import Handler

Json = dict[str, Any]

_DEFAULT_PAGE: Final = 20
_LARGEST_PAGE: Final = 100
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,8}")
_WINDOW: Final = timedelta(minutes=1)


class Refusal(Exception):
    """An answer that is no content: its status and message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def not_found(what: str = "Not Found") -> Refusal:
    """What does not exist and what may not be seen look alike."""
    return Refusal(404, f"404 {what}")


@dataclass(frozen=True, slots=True)
class Request:
    """One request: its address with the names in it, its query and JSON body."""

    origin: str
    path: str
    names: Mapping[str, str]
    query: Mapping[str, str]
    body: Any = None

    @property
    def place(self) -> Place:
        """The item in the path; 404 where it is none."""
        number = self.names["iid"]
        if not _NUMBER.fullmatch(number):
            raise not_found()
        return Place(self.names["id"], int(number), "/epics/" in self.path)

    def count(self, name: str, default: int) -> int:
        """A parameter that is a positive number; the default for anything else."""
        text = self.query.get(name, "")
        return int(text) if _NUMBER.fullmatch(text) else default

    def instant(self, name: str) -> datetime | None:
        """A parameter that is an instant; None without one, 400 where it cannot be read."""
        text = self.query.get(name)
        if not text:
            return None
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            raise Refusal(400, f"{name} is invalid") from None
        if at.tzinfo is None:
            raise Refusal(400, f"{name} is invalid")
        return at


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of which a page is shown; each shown entry is rendered by `show`.

    With a `key` it can be paged by keys: the key of an entry says where it stands.
    """

    entries: Sequence[Any]
    show: Callable[[Any], Json] = lambda entry: entry
    key: Callable[[Any], str] | None = None


@dataclass(slots=True)
class Counter:
    """Who counts requests and answers them, `limit` of them a minute."""

    clock: Clock
    limit: int = 2000
    used: int = 0
    reset_at: datetime | None = None

    def answering(self, make: Callable[[Request], Json | list[Json] | Listing]) -> Handler:
        """Wrap a function from request to content as a handler with GitLab's manners."""

        async def handler(request: web.Request) -> web.StreamResponse:
            left = self._spend()
            try:
                _admit(left=left)
                read = await _read(request)
                answer = _content(make(read), read)
            except Refusal as refusal:
                answer = _json({"message": str(refusal)}, status=refusal.status)
            answer.headers.update(self._headers(limited=not left))
            return answer

        return handler

    def _spend(self) -> bool:
        now = self.clock.now()
        if self.reset_at is None or now >= self.reset_at:
            self.used, self.reset_at = 0, now + _WINDOW
        self.used += 1
        return self.used <= self.limit

    def _headers(self, *, limited: bool) -> dict[str, str]:
        """Names as in docs.gitlab.com/administration/settings/user_and_ip_rate_limits."""
        now = self.clock.now()
        reset = self.reset_at or now
        told = {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Observed": str(self.used),
            "RateLimit-Remaining": str(max(self.limit - self.used, 0)),
            "RateLimit-Reset": str(math.ceil(reset.timestamp())),
            "RateLimit-ResetTime": format_datetime(reset, usegmt=True),
        }
        wait = math.ceil((reset - now).total_seconds())
        return told | ({"Retry-After": str(max(wait, 1))} if limited else {})


def _admit(*, left: bool) -> None:
    if not left:
        raise Refusal(429, "Retry later")


async def _read(request: web.Request) -> Request:
    raw = await request.read()
    try:
        body = orjson.loads(raw) if raw else None
    except orjson.JSONDecodeError:
        raise Refusal(400, "Invalid JSON") from None
    return Request(
        origin=f"{request.scheme}://{request.host}",
        path=request.rel_url.raw_path,
        names=dict(request.match_info),
        query=dict(request.query),
        body=body,
    )


def _content(made: Json | list[Json] | Listing, request: Request) -> web.Response:
    if not isinstance(made, Listing):
        return _json(made)
    if request.query.get("pagination") == "keyset":
        if made.key is None:
            raise Refusal(405, "Keyset pagination is not yet available for this type of request")
        return _by_keys(made, made.key, request)
    return _by_pages(made, request)


def _by_pages(listing: Listing, request: Request) -> web.Response:
    size = min(request.count("per_page", _DEFAULT_PAGE), _LARGEST_PAGE)
    page = request.count("page", 1)
    shown = listing.entries[(page - 1) * size : page * size]
    more = page * size < len(listing.entries)
    return _shown(listing, shown, request, following={"page": str(page + 1)} if more else {})


def _by_keys(listing: Listing, key: Callable[[Any], str], request: Request) -> web.Response:
    size = min(request.count("per_page", _DEFAULT_PAGE), _LARGEST_PAGE)
    cursor = request.query.get("cursor", "")
    left = [entry for entry in listing.entries if key(entry) > cursor]
    shown = left[:size]
    more = {"cursor": key(shown[-1])} if len(left) > size else {}
    return _shown(listing, shown, request, following=more)


def _shown(
    listing: Listing, shown: Sequence[Any], request: Request, *, following: Mapping[str, str]
) -> web.Response:
    answer = _json([listing.show(entry) for entry in shown])
    if following:
        address = f"{request.origin}{request.path}?{urlencode({**request.query, **following})}"
        answer.headers["Link"] = f'<{address}>; rel="next"'
    return answer


def _json(content: Json | list[Json], *, status: int = 200) -> web.Response:
    return web.Response(
        body=orjson.dumps(content), status=status, content_type="application/json", charset="utf-8"
    )
