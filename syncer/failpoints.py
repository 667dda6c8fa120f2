"""Named edges of the program at which a test may end, stop or break a process.

A promise such as "nothing that was acknowledged is lost" is only shown by ending processes between
any two steps (spec/reliability.md section 4). Code calls `reach` where a commit or an irrevocable
step has just been made or is about to be. Without an armed handler that costs one comparison.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Final

VARIABLE: Final = "SYNCER_TEST_FAILPOINTS"
"""The environment variable that names the control file of a process under test."""


class Edge(StrEnum):
    """The edges, each named `<part>.<what has just happened or is about to>`."""

    PULL_PAGE_READ = "pull.page_read"
    PULL_BEFORE_COMMIT = "pull.before_commit"
    PULL_COMMITTED = "pull.committed"
    PULL_BEFORE_FINISH = "pull.before_finish"
    CENSUS_READ = "census.read"
    CENSUS_BEFORE_COMMIT = "census.before_commit"
    CENSUS_COMMITTED = "census.committed"
    HOOK_BEFORE_COMMIT = "hook.before_commit"
    HOOK_COMMITTED = "hook.committed"
    INBOX_CLAIMED = "inbox.claimed"
    INBOX_FETCHED = "inbox.fetched"
    INBOX_BEFORE_COMMIT = "inbox.before_commit"
    INBOX_COMMITTED = "inbox.committed"
    PUBLISH_BEFORE_COMMIT = "publish.before_commit"
    PUBLISH_COMMITTED = "publish.committed"
    DISPATCH_CLAIMED = "dispatch.claimed"
    DISPATCH_PREPARED = "dispatch.prepared"
    DISPATCH_INTENDED = "dispatch.intended"
    DISPATCH_DOT_SENT = "dispatch.dot_sent"
    DISPATCH_ANSWERED = "dispatch.answered"
    DISPATCH_RECORDED = "dispatch.recorded"


Handler = Callable[[Edge], None]
"""What happens at an edge; it may raise, or not return at all."""


class Crash(BaseException):
    """The death of a process, played within a test's own: nothing of the program catches it."""


class _Process:
    """What is armed in this process: one for all of it, as the death that it stands for."""

    handler: Handler | None = None


def reach(edge: Edge) -> None:
    """Pass an edge. A no-op unless a test has armed a handler."""
    if _Process.handler is not None:
        _Process.handler(edge)


@contextmanager
def armed(handler: Handler) -> Generator[None]:
    """Let `handler` decide at every edge, until the end of the block."""
    before, _Process.handler = _Process.handler, handler
    try:
        yield
    finally:
        _Process.handler = before


def arm_from_environment(environment: Mapping[str, str] = os.environ) -> None:
    """Arm what the control file says, where `SYNCER_TEST_FAILPOINTS` names one.

    The file holds a JSON object from edges to `[action, passes]`: at the edge's pass of that number
    the process ends itself (`kill`) or stops itself (`stop`). Each edge reached at which something
    was done is noted in `<file>.hits`, a line each: edge, action, process id.
    """
    name = environment.get(VARIABLE)
    if name:
        _Process.handler = _Script(Path(name))


class _Script:
    """A control file at work; counts the passes of this process."""

    _SIGNALS: Final = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}

    def __init__(self, file: Path) -> None:
        told = json.loads(file.read_text(encoding="utf-8"))
        self._actions = {
            Edge(edge): (self._SIGNALS[do], int(at)) for edge, (do, at) in told.items()
        }
        self._hits = file.with_name(f"{file.name}.hits")
        self._passes: dict[Edge, int] = {}

    def __call__(self, edge: Edge) -> None:
        if edge not in self._actions:
            return
        number, at = self._actions[edge]
        self._passes[edge] = self._passes.get(edge, 0) + 1
        if self._passes[edge] == at:
            with self._hits.open("a", encoding="utf-8") as hits:
                hits.write(f"{edge} {number.name} {os.getpid()}\n")
            os.kill(os.getpid(), number)
