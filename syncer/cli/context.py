"""What all commands share: global options, running a job, telling errors."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from traceback import format_exception
from types import TracebackType
from typing import TYPE_CHECKING, Final, TypeVar

import typer

from syncer.errors import ConfigError, SyncerError

if TYPE_CHECKING:  # the service is heavy, and `--help` must answer at once
    from syncer.service.core import Service
    from syncer.settings.root import Settings

T = TypeVar("T")

_WITH_VALUE: Final = "--config"
VERBOSE: Final = frozenset({"-v", "--verbose"})


@dataclass(frozen=True, slots=True)
class Options:
    """The global options."""

    config: Path = Path("syncer.toml")
    verbose: bool = False


def globals_first(arguments: Sequence[str]) -> list[str]:
    """The arguments with the global options in front, wherever they were written.

    What follows a bare `--` stays where it is.
    """
    end = arguments.index("--") if "--" in arguments else len(arguments)
    front: list[str] = []
    rest: list[str] = []
    waiting = False
    for argument in arguments[:end]:
        is_global = waiting or argument in VERBOSE or argument.partition("=")[0] == _WITH_VALUE
        (front if is_global else rest).append(argument)
        waiting = argument == _WITH_VALUE and not waiting
    return [*front, *rest, *arguments[end:]]


def options(ctx: typer.Context) -> Options:
    """The global options of this run."""
    return ctx.ensure_object(Options)


def load(ctx: typer.Context) -> Settings:
    """The settings of the file that `--config` names."""
    import os

    from syncer.settings.load import load_settings

    return load_settings(options(ctx).config, os.environ)


def run(ctx: typer.Context, job: Callable[[Service], Awaitable[T]]) -> T:
    """Open the service, run the job with it, close it."""
    import asyncio

    from syncer.clock import SystemClock
    from syncer.service.core import Service

    configure_log(verbose=options(ctx).verbose)
    settings = load(ctx)

    async def with_service() -> T:
        async with Service(settings, clock=SystemClock()) as service:
            return await job(service)

    return asyncio.run(with_service())


def configure_log(*, verbose: bool) -> None:
    """Send warnings, or with `verbose` every event, to standard error."""
    import logging

    from syncer.log import configure

    configure(level=logging.INFO if verbose else logging.WARNING)


def author_or_user(author: str) -> str:
    """The named author, else the name of the account that runs the command."""
    import getpass

    if author:
        return author
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise ConfigError(
            "This account has no name.", fix="Say who you are with --author."
        ) from None


def guarded(command: Callable[[], object], *, verbose: bool) -> None:
    """Run the command; tell a failure in one message, with `verbose` its traceback too.

    Ends the process with the error's exit code. What nobody expected is told in one line as well.
    """
    sys.excepthook = partial(_tell, verbose=verbose)
    try:
        command()
    except SyncerError as error:
        _tell(type(error), error, error.__traceback__, verbose=verbose)
        sys.exit(error.exit_code)


def _tell(
    kind: type[BaseException],
    error: BaseException,
    traceback: TracebackType | None,
    *,
    verbose: bool,
) -> None:
    from syncer.log import one_line, redact

    lines = format_exception(kind, error, traceback) if verbose else []
    told = redact("".join(lines) + message_of(error))
    # An error may quote what a tracker sent: nothing in it may drive the terminal.
    sys.stderr.write("".join(f"{one_line(line)}\n" for line in told.split("\n")))


def message_of(error: BaseException) -> str:
    """The error in words for people: what happened, then on a line of its own what to do."""
    faults = getattr(error, "faults", None)
    if faults:
        counted = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        return "\n".join([f"syncer: {counted} in the configuration:", *map(str, faults)])
    match error:
        case SyncerError():
            return "\n".join(filter(None, [f"syncer: {error.message}", error.fix]))
        case OSError():
            return f"syncer: {error.filename or 'the system'}: {error.strerror or error}"
        case _ if getattr(error, "orig", None) is not None:  # the driver's error in SQLAlchemy's
            return f"syncer: the database failed: {getattr(error, 'orig', '')}"
        case _:
            return (
                f"syncer: an error that nobody foresaw ({type(error).__name__}).\n"
                "Run the command again with -v, and report what it prints."
            )
