"""Linear's one address: every query is a POST to it, and what went wrong stands in the answer.

linear.app/developers/graphql: errors come with status 200 or 400, a wrong token with 401.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final, TypeVar

import msgspec

from connectors.linear.limits import asked_pause, codes_of, errors_of, is_limit, messages_of
from connectors.linear.queries import Query
from syncer.connect.answers import Answer
from syncer.connect.decoding import loaded
from syncer.connect.http import HttpClient
from syncer.errors import AuthFailed, BadPayload, RateLimited, Rejected, TooLong

PATH: Final = "/graphql"
_ATTEMPTS: Final = 5
_LONGEST_TOLD: Final = 200
_COMPLEX: Final = ("too complex", "complexity")
_UNAUTHENTICATED: Final = frozenset({"AUTHENTICATION_ERROR", "UNAUTHENTICATED"})
_INPUT: Final = frozenset({"INPUT_ERROR", "INVALID_INPUT", "BAD_USER_INPUT"})
_FORBIDDEN: Final = frozenset({"FORBIDDEN", "FEATURE_NOT_ACCESSIBLE"})

T = TypeVar("T", bound=msgspec.Struct)


class BadInput(Rejected):
    """Linear finds something odd in the variables of a query, such as an id that is none."""


class _Limited(Exception):
    """An answer that asks for patience, whatever its status."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.label)
        self.answer = answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One page of a list: raw rows, what leads on, Linear's clock as told."""

    rows: tuple[Any, ...]
    next: str | None
    date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a query brought, and Linear's clock as told."""

    data: Mapping[str, Any]
    date: str

    def page(self, field: str) -> Found:
        """A list in the answer; `BadPayload` where there is none."""
        page = self.data.get(field)
        rows = page.get("nodes") if isinstance(page, dict) else None
        if not isinstance(page, dict) or not isinstance(rows, list):
            raise BadPayload(f"Linear told no {field} where they were asked for.")
        info = page.get("pageInfo")
        goes_on = isinstance(info, dict) and info.get("hasNextPage")
        end = info.get("endCursor") if isinstance(info, dict) and goes_on else None
        if goes_on and not isinstance(end, str):
            raise BadPayload(f"Linear has more {field} and does not tell where.")
        return Found(rows=tuple(rows), next=end, date=self.date)


class LinearClient:
    """Linear over the kit's client, which must `examine` answers with `look`."""

    def __init__(self, http: HttpClient) -> None:
        self.http = http

    async def ask(self, query: Query) -> Told:
        """The answer to a query.

        `RateLimited` where Linear wants a longer pause, `AuthFailed` for a wrong token, `TooLong`
        for a query that is too heavy, `Rejected` for what is refused otherwise.
        """
        for left in reversed(range(_ATTEMPTS)):
            try:
                answer = await self.http.post(
                    PATH, {"query": query.text, "variables": query.variables}, local=True
                )
            except _Limited as limited:
                told = await self._told_limit(limited.answer)
                if not left:
                    raise told from None
            else:
                return _told(answer)
        raise AssertionError("the last attempt ends")

    async def change(self, query: Query) -> Told:
        """The answer to a mutation, which is made once; errors as of `ask`."""
        body = {"query": query.text, "variables": query.variables}
        try:
            answer = await self.http.change("POST", PATH, body)
        except _Limited as limited:
            raise await self._told_limit(limited.answer) from None
        return _told(replace(answer, decode=loaded))

    async def _told_limit(self, answer: Answer) -> RateLimited:
        """Note the pause that Linear's own headers ask for, and give the error that tells it."""
        pause = asked_pause(answer.headers, now=self.http.traffic.clock.now())
        if pause is None or "Retry-After" in answer.headers:
            return await self.http.told_limit(answer)
        headers = {**answer.headers, "Retry-After": str(math.ceil(pause.total_seconds()))}
        return await self.http.told_limit(replace(answer, headers=headers))


def look(answer: Answer) -> None:
    """What the kit does not see in an answer: errors that stand in its body.

    A wrong token may come with any status, as may a limit; a query that is too heavy is `TooLong`,
    one with odd variables `BadInput`.
    """
    if answer.status not in (HTTPStatus.OK, HTTPStatus.BAD_REQUEST, HTTPStatus.TOO_MANY_REQUESTS):
        return
    try:
        data = answer.data
        errors = errors_of(loaded(data) if isinstance(data, bytes) else data)
    except (BadPayload, AuthFailed, ValueError):
        return  # the kit says what is wrong with it
    if not errors:
        return
    if is_limit(errors):
        raise _Limited(answer)
    if codes_of(errors) & _UNAUTHENTICATED:
        raise AuthFailed(
            f"{answer.label} refused the credentials.",
            fix="Give this connection a valid API key or OAuth token.",
        )
    said = " ".join(messages_of(errors))
    if any(word in said.casefold() for word in _COMPLEX):
        raise TooLong(f"Linear finds a query too complex: {said[:_LONGEST_TOLD]!r}.")
    if codes_of(errors) & _INPUT:
        raise BadInput(f"Linear refused a query's input: {said[:_LONGEST_TOLD]!r}.", status=400)


def _told(answer: Answer) -> Told:
    body = answer.object()
    errors, data = errors_of(body), body.get("data")
    if errors:
        said = "; ".join(messages_of(errors))[:_LONGEST_TOLD]
        forbidden = bool(codes_of(errors) & _FORBIDDEN)
        raise Rejected(
            f"Linear refused a query: {said!r}.",
            status=HTTPStatus.FORBIDDEN if forbidden else HTTPStatus.BAD_REQUEST,
        )
    if not isinstance(data, dict):
        raise BadPayload("Linear answered without data.")
    return Told(data=data, date=answer.headers.get("Date", ""))


def shaped(model: type[T], value: object) -> T:
    """The value as a model; `msgspec.ValidationError` tells where it is another."""
    return msgspec.convert(value, model)


def read(model: type[T], value: object, label: str) -> T:
    """The value as a model; `BadPayload` where it is another."""
    try:
        return shaped(model, value)
    except msgspec.ValidationError as error:
        raise BadPayload(f"{label} has another shape than promised: {error}.") from None


def each(model: type[T], rows: object) -> list[T]:
    """Every entry that can be read; one odd entry must not cost a whole list."""
    found = []
    for row in rows if isinstance(rows, list | tuple) else ():
        try:
            found.append(shaped(model, row))
        except msgspec.ValidationError:
            continue
    return found
