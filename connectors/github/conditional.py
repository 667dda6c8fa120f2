"""Listings asked for again only if they have changed.

A 304 does not count against the primary limit if the request was made with credentials:
docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api, "Use conditional
requests if appropriate". So what idle repositories cost is time, not quota. Another token gets
other tags, so one client's are of no use to another.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from syncer.connect.answers import Answer
from syncer.connect.http import HttpClient

_LONGEST: Final = 64 * 1024
_MOST_BYTES: Final = 8 * 1024 * 1024

_Key = tuple[str, tuple[tuple[str, str], ...]]


class Conditional:
    """Remembers answers with their tags, the latest first, up to a few megabytes in all.

    Long ones are not remembered: they are pages of first readings, which nobody asks for again.
    """

    def __init__(self, http: HttpClient) -> None:
        self._http = http
        self._known: OrderedDict[_Key, Answer] = OrderedDict()
        self._bytes = 0

    async def get(self, path: str, params: Mapping[str, str] | None) -> Answer:
        """The answer to GET; where it has not changed, the one before under the present date."""
        key = path, tuple(sorted((params or {}).items()))
        known = self._known.get(key)
        tagged = {"If-None-Match": known.headers["ETag"]} if known else None
        answer = await self._http.get(path, params, local=True, headers=tagged)
        if known is not None and answer.status == HTTPStatus.NOT_MODIFIED:
            self._known.move_to_end(key)
            return replace(known, headers={**known.headers, "Date": _date(answer, known)})
        self._keep(key, answer)
        return answer

    def _keep(self, key: _Key, answer: Answer) -> None:
        before = self._known.pop(key, None)
        self._bytes -= len(before.body) if before else 0
        if not answer.headers.get("ETag") or len(answer.body) > _LONGEST:
            return
        # A copy: what was read of it is many times as large.
        self._known[key] = replace(answer, headers=_kept(answer.headers))
        self._bytes += len(answer.body)
        while self._bytes > _MOST_BYTES:
            _, oldest = self._known.popitem(last=False)
            self._bytes -= len(oldest.body)


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in ("ETag", "Link", "Date") if name in headers}


def _date(answer: Answer, known: Answer) -> str:
    return answer.headers.get("Date", known.headers.get("Date", ""))
