"""Errors, named by how one recovers from them.

Every error carries two sentences for people: the message says what happened, `fix` says what to do
about it. Neither may hold a secret or unescaped text from a tracker; where such text is needed it
is passed through `repr` first. The command line maps errors to exit codes with `exit_code`.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar


class SyncerError(Exception):
    """Something went wrong that a person can understand.

    `message` is one sentence that says what happened; `fix` is one that says what to do, or empty
    where nothing can be done but wait.
    """

    exit_code: ClassVar[int] = 1
    """1 where the command ran and something failed, 2 for usage and configuration."""

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message} {self.fix}".strip()


class ConfigError(SyncerError):
    """The configuration or the command is wrong: only a person can change it.

    Also raised where a tracker shows that the configuration cannot be right, such as a URL that
    answers with somebody else's page.
    """

    exit_code = 2


class AuthFailed(SyncerError):
    """The tracker or channel refused the credentials or a scope is missing (401, 403).

    Trying again does not help: the connection stops until its credentials change.
    """


class RateLimited(SyncerError):
    """The tracker asked for a pause (429, or a limit told in headers of another status).

    `retry_at` is the instant from which a new request may be made; `ValueError` if it is naive.
    """

    def __init__(self, message: str, *, retry_at: datetime, fix: str = "") -> None:
        if retry_at.utcoffset() is None:
            raise ValueError(f"a time without a zone: {retry_at.isoformat()}")
        super().__init__(message, fix=fix)
        self.retry_at = retry_at


class Unreachable(SyncerError):
    """No usable answer came: network, DNS, TLS, time-out, 5xx. Trying again later may help."""


class Rejected(SyncerError):
    """The tracker understood the request and refused it (400, 404, 410, 422 …).

    The same request will be refused again. `status` is the HTTP status, None where there is none.
    """

    def __init__(self, message: str, *, status: int | None = None, fix: str = "") -> None:
        super().__init__(message, fix=fix)
        self.status = status


class BadPayload(SyncerError):
    """An answer or a delivery cannot be read: truncated, wrong type, a promised field missing.

    The payload goes to quarantine; the rest of the work goes on.
    """


class TooLong(BadPayload):
    """An answer is longer than anybody may send: ask for less at a time."""


class CursorExpired(SyncerError):
    """The tracker no longer accepts a saved cursor: begin the container anew from a look-back."""


class DispatchFailed(SyncerError):
    """A channel did not take an outbound message. `permanent` tells whether to give up."""

    def __init__(self, message: str, *, permanent: bool = False, fix: str = "") -> None:
        super().__init__(message, fix=fix)
        self.permanent = permanent


class NotFound(SyncerError):
    """A scope, item, edition or record that was named does not exist in the store."""

    exit_code = 2


class Busy(SyncerError):
    """Another process holds what this one needs. `holder` names it, such as `serve (pid 4711)`."""

    def __init__(self, message: str, *, holder: str = "", fix: str = "") -> None:
        super().__init__(message, fix=fix)
        self.holder = holder
