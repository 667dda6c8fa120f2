"""Logging: one event, one line, on standard error, without secrets.

`configure` is called once by the process; everyone else calls `get_logger`. Secret values are
registered as soon as they are read and are replaced by `***` wherever they appear in an event,
however deep. Control characters are escaped, so that text from a tracker can neither forge a line
nor drive a terminal.
"""

from __future__ import annotations

import logging
import queue
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, Literal, Protocol, TextIO, cast
from urllib.parse import quote

import orjson
import structlog
from pydantic import SecretBytes, SecretStr
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

MASK: Final = "***"
"""What stands in a log where a secret would have stood."""

_SHORTEST_SECRET: Final = 4
_SECRETS: Final[set[str]] = set()


class Sink(Protocol):
    """Where lines go: a text stream, or what stands before one."""

    def write(self, text: str, /) -> int:
        """Take text in."""
        ...

    def flush(self) -> None:
        """Pass on what was taken in."""
        ...


def register_secret(value: str | SecretStr) -> None:
    """Never let this value appear in a log, alone or inside other text, plain, quoted or in a URL.

    A header that encodes a secret, such as that of basic authentication, is a secret of its own.
    Values of fewer than four characters are refused with `ValueError`: masking them would blank
    out ordinary words and tell the secret by its gaps.
    """
    plain = value.get_secret_value() if isinstance(value, SecretStr) else value
    if len(plain) < _SHORTEST_SECRET:
        raise ValueError("a secret of fewer than four characters cannot be kept out of logs")
    _SECRETS.update({plain, repr(plain)[1:-1], quote(plain, safe="")})


def redact(text: str) -> str:
    """The text with every registered secret replaced by `***`, longest secrets first."""
    for secret in sorted(_SECRETS, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def one_line(text: str) -> str:
    """The text with everything that could break or redirect a line written as an escape.

    That is: control characters, line and paragraph separators, and the marks that change the
    direction of writing.
    """
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def get_logger(name: str) -> FilteringBoundLogger:
    """A logger for one module; `name` is its `__name__`."""
    logger: FilteringBoundLogger = structlog.get_logger(module=name)
    return logger


def configure(
    *,
    form: Literal["console", "json"] = "console",
    level: int = logging.INFO,
    stream: Sink | None = None,
) -> None:
    """Send events of `level` and above to `stream` (default: standard error), one line each.

    The standard library's loggers, which the libraries use, come out in the same form; below
    WARNING they are dropped unless `level` is DEBUG.
    """
    target: Sink = stream if stream is not None else sys.stderr
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _clean_event,
            _as_json if form == "json" else _as_console,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=cast("TextIO", target)),
        cache_logger_on_first_use=False,
    )
    _route_standard_logging(level)


class QueuedStream:
    """A text stream that never makes its writer wait: a thread of its own writes to `target`.

    While the reader of the log stands still (a pipe that is full) at most `limit` lines are kept;
    later ones are dropped and counted in `dropped`.
    """

    def __init__(self, target: TextIO, *, limit: int = 10_000) -> None:
        self.dropped = 0
        self._target = target
        self._begun = ""
        self._lines: queue.Queue[str] = queue.Queue(limit)
        threading.Thread(target=self._carry, name="log", daemon=True).start()

    def write(self, text: str) -> int:
        """Take text in; whole lines are on their way to the target."""
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            try:
                self._lines.put_nowait(line)
            except queue.Full:
                self.dropped += 1
        return len(text)

    def flush(self) -> None:
        """Nothing: what is taken in is written as soon as the target takes it."""

    def drain(self, seconds: float) -> None:
        """Wait until all is written, at most for a while."""
        until = time.monotonic() + seconds
        while self._lines.unfinished_tasks and time.monotonic() < until:
            time.sleep(0.01)

    def _carry(self) -> None:
        while True:
            line = self._lines.get()
            with suppress(OSError, ValueError):  # nobody reads any more
                self._target.write(f"{line}\n")
                self._target.flush()
            self._lines.task_done()


class _ToStructlog(logging.Handler):
    """Hands a record of the standard library's logging on as an event."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log the record under its own logger's name."""
        get_logger(record.name).log(
            record.levelno, record.getMessage(), exc_info=record.exc_info or None
        )


def _route_standard_logging(level: int) -> None:
    root = logging.getLogger()
    root.handlers[:] = [_ToStructlog()]
    root.setLevel(level if level <= logging.DEBUG else max(level, logging.WARNING))


def _clean_event(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return {_text(key): _clean(value) for key, value in event.items()}


def _clean(value: object) -> Any:  # noqa: ANN401  an event holds any JSON value
    match value:
        case None | bool() | int() | float():
            return value
        case SecretStr() | SecretBytes():
            return MASK
        case Mapping():
            return {_text(key): _clean(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_clean(inner) for inner in value]
        case _:
            return _text(value)


def _text(value: object) -> str:
    return one_line(redact(str(value)))


def _as_json(_: WrappedLogger, __: str, event: EventDict) -> str:
    return orjson.dumps(event, option=orjson.OPT_SORT_KEYS).decode()


def _as_console(_: WrappedLogger, __: str, event: EventDict) -> str:
    rest = dict(event)
    head = [rest.pop("timestamp", ""), f"{rest.pop('level', ''):<8}", rest.pop("event", "")]
    rest.pop("module", None)
    return " ".join([*head, *(f"{key}={value!r}" for key, value in sorted(rest.items()))])
