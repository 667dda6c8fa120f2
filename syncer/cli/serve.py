"""`syncer serve`: the daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from syncer.cli.context import options
from syncer.errors import ConfigError

if TYPE_CHECKING:
    from syncer.log import QueuedStream

_DRAIN_SECONDS = 1.0


def serve(
    ctx: typer.Context,
    hooks_listen: Annotated[
        str,
        typer.Option(
            "--hooks-listen",
            metavar="HOST:PORT",
            help="Where webhooks come in, instead of service.hooks.listen; port 0 takes any.",
            show_default=False,
        ),
    ] = "",
    pages_listen: Annotated[
        str,
        typer.Option(
            "--pages-listen",
            metavar="HOST:PORT",
            help="Where pages are read, instead of service.pages.listen; port 0 takes any.",
            show_default=False,
        ),
    ] = "",
) -> None:
    """Run as a daemon: receive webhooks, pull, publish on schedule, show pages.

    Prints READY with both addresses once it serves. SIGTERM ends it within ten seconds, SIGHUP
    reads the configuration anew; another listener or database needs a restart.
    """
    import asyncio
    import os
    from functools import partial

    from syncer.clock import clock_from
    from syncer.service.daemon import Daemon
    from syncer.service.daemon_doors import Addresses
    from syncer.settings.load import load_settings

    path = options(ctx).config
    addresses = Addresses(
        hooks=_address("--hooks-listen", hooks_listen),
        pages=_address("--pages-listen", pages_listen),
    )
    sink = _log_to_stderr(verbose=options(ctx).verbose)
    daemon = Daemon(
        lambda: load_settings(path, os.environ),
        clock=clock_from(os.environ),
        addresses=addresses,
        tell=partial(_say, sink),
    )
    asyncio.run(daemon.run())
    sink.drain(_DRAIN_SECONDS)


def _say(sink: QueuedStream, line: str) -> None:
    sink.write(f"{line}\n")


def _address(option: str, text: str) -> str | None:
    host, colon, port = text.rpartition(":")
    if text and not (host and colon and port.isdigit() and int(port) < 2**16):
        raise ConfigError(
            f"{option} {text!r} is no address.",
            fix="Write it like 127.0.0.1:8080; port 0 takes any.",
        )
    return text or None


def _log_to_stderr(*, verbose: bool) -> QueuedStream:
    """Log to standard error, as JSON where nobody reads along, and never wait for its reader."""
    import logging
    import sys

    from syncer.log import QueuedStream, configure

    sink = QueuedStream(sys.stderr)
    configure(
        form="console" if sys.stderr.isatty() else "json",
        level=logging.DEBUG if verbose else logging.INFO,
        stream=sink,
    )
    return sink
