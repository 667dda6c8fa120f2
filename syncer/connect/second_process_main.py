"""What a second process runs: it reads a job after another, and answers each.

Jobs and answers come as their size and then their bytes. The first answer, an empty one, says that
it is ready; an empty one later that a job could not be done. What a job raises ends the process:
its caller does the job itself then, and meets the same error where it can be told.
"""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from typing import BinaryIO, Final

SIZE_BYTES: Final = 4
_SEARCH: Final = (20_000, 20, 50)
"""When cyclic garbage is searched: jobs make next to none, and by default a third of their time
went into looking for it."""


def serve(work: Callable[[bytes], bytes], jobs: BinaryIO, answers: BinaryIO) -> None:
    """Do jobs until there are no more."""
    _tell(answers, b"")
    while len(size := jobs.read(SIZE_BYTES)) == SIZE_BYTES:
        _tell(answers, work(jobs.read(int.from_bytes(size, "big"))))


def _tell(answers: BinaryIO, answer: bytes) -> None:
    answers.write(len(answer).to_bytes(SIZE_BYTES, "big") + answer)
    answers.flush()


def main() -> None:
    """Serve the function that the command line names, as `module:function`."""
    # Ctrl-C at a terminal reaches the whole group: when to end is the parent's to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    module, _, name = sys.argv[1].partition(":")
    work = getattr(import_module(module), name)
    gc.freeze()
    gc.set_threshold(*_SEARCH)
    serve(work, sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
