"""Processes that are asked by a line of JSON and answer with one."""

from __future__ import annotations

import subprocess
import sys
from types import TracebackType
from typing import Any, Self

import orjson


class Worker:
    """A module of these benches as a process: `with Worker("bench.sync_worker", "ours") as ask:`.

    It ends with the block.
    """

    def __init__(self, module: str, *arguments: str) -> None:
        self._command = [sys.executable, "-m", module, *arguments]
        self._process: subprocess.Popen[bytes] | None = None

    def __call__(self, job: dict[str, Any]) -> dict[str, Any]:
        """The answer to a job; `RuntimeError` where the process ended instead."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise RuntimeError("the process is not running")
        process.stdin.write(orjson.dumps(job) + b"\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"{' '.join(self._command[1:])} ended by itself")
        answer: dict[str, Any] = orjson.loads(line)
        return answer

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603  our own module by our own interpreter
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.communicate()
