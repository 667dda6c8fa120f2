"""What came back over HTTP, turned into data or into an error that says how to recover."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import orjson

from syncer.connect.decoding import Decode, loaded
from syncer.errors import AuthFailed, BadPayload, TooLong
from syncer.log import redact

JsonObject = dict[str, Any]
"""A decoded JSON object."""

_REQUEST_IDS: Final = ("X-Request-Id", "X-AREQUESTID", "Atl-Traceid", "Request-Id")
_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_CHARSETS: Final = frozenset({
    "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "iso8859-1", "iso8859-15", "cp1252",
})  # fmt: skip
_EXPLAINED: Final = 200
_DEEPEST: Final = 10
_MOST_VALUES: Final = 1_000_000
"""So many values take about 200 MB once they are read, however few bytes they came in."""

_NOT_DATA: Final = "If it stays so, check the address and ask the tracker's administrator."


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer: status, headers (names in any case) and the raw body, which `decode` reads."""

    label: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    charset: str = "utf-8"
    content_type: str = ""
    decode: Decode = loaded

    @cached_property
    def data(self) -> Any:  # noqa: ANN401  JSON is any value
        """The body as JSON.

        `AuthFailed` for a web page, which is what a login form, a proxy or a wrong address sends
        with status 200. `BadPayload` for everything else that is not JSON of reasonable depth
        with finite numbers.
        """
        text = _as_utf8(self).strip()
        if _is_page(self.content_type, text):
            raise AuthFailed(
                f"{self.label} answered with a web page instead of data: login needed.",
                fix="Check the address and the credentials of this connection.",
            )
        if _values(text) > _MOST_VALUES:
            raise TooLong(
                f"{self.label} answered with more than {_MOST_VALUES} values.", fix=_NOT_DATA
            )
        try:
            return self.decode(text)
        except ValueError as error:
            raise BadPayload(
                f"{self.label} answered with something that is no JSON ({error})"
                f"{self._request_id()}.",
                fix=_NOT_DATA,
            ) from None

    def object(self) -> JsonObject:
        """The body as a JSON object; errors as in `data`."""
        value = self.data
        if not isinstance(value, dict):
            raise BadPayload(
                f"{self.label} did not answer with an object{self._request_id()}.", fix=_NOT_DATA
            )
        return value

    def array(self) -> list[Any]:
        """The body as a JSON array; errors as in `data`."""
        value = self.data
        if not isinstance(value, list):
            raise BadPayload(
                f"{self.label} did not answer with a list{self._request_id()}.", fix=_NOT_DATA
            )
        return value

    def explanation(self) -> str:
        """What a refusing tracker says in its body, shortened and escaped; may be empty.

        Some trackers repeat the credentials that they refuse: those are masked.
        """
        try:
            text = _as_utf8(self)
            value = orjson.loads(text) if _values(text) <= _MOST_VALUES else None
        except (BadPayload, orjson.JSONDecodeError):
            return ""
        said = redact(_said(value))[:_EXPLAINED]
        return f" It says {said!r}." if said else ""

    def _request_id(self) -> str:
        found = next((self.headers[name] for name in _REQUEST_IDS if name in self.headers), "")
        return f", request {redact(found)[:80]!r}" if found else ""


def _values(text: bytes) -> int:
    """How many values the JSON may hold at most; marks within texts count too."""
    if len(text) <= _MOST_VALUES:
        return len(text)
    return text.count(b",") + text.count(b"[") + text.count(b"{")


def _said(value: object, depth: int = 0) -> str:
    if depth > _DEEPEST:
        return ""
    if isinstance(value, list):
        return " ".join(filter(None, (_said(part, depth + 1) for part in value)))
    if not isinstance(value, dict):
        return value if isinstance(value, str) else ""
    parts = (value.get(key) for key in ("errorMessages", "message", "error", "errors"))
    return " ".join(filter(None, (_said(part, depth + 1) for part in parts)))


def _as_utf8(answer: Answer) -> bytes:
    encoding = next((name for mark, name in _MARKS if answer.body.startswith(mark)), answer.charset)
    try:
        name = codecs.lookup(encoding).name
        if name in {"utf-8", "ascii"}:
            return answer.body
        # Python knows codecs that take the square of the text's length: they are none of ours.
        return answer.body.decode(name if name in _CHARSETS else "").encode()
    except (LookupError, ValueError):
        raise BadPayload(
            f"{answer.label} answered in a charset that cannot be read: {encoding[:40]!r}."
        ) from None


def _is_page(content_type: str, text: bytes) -> bool:
    start = text[:200].lower()
    return "html" in content_type.lower() or start.startswith((b"<!doctype html", b"<html"))
