"""One daemon a SQLite file: a lock that the operating system drops when its holder dies."""

from __future__ import annotations

import fcntl
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from syncer.errors import Busy


@contextmanager
def hold_file(file: Path, owner: str) -> Generator[None]:
    """Hold the database file as its one daemon, called `owner` (`serve (pid 4711)`).

    The lock is a file beside it, which stays and holds the name of its last holder. `Busy`, with
    that name, where another process has it.
    """
    with _open(file) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            other = lock.read().strip() or "another process"
            raise Busy(
                f"{file} is in use by {other}.",
                holder=other,
                fix="Stop it first, or use another database.",
            ) from None
        lock.seek(0)
        lock.truncate()
        lock.write(owner)
        lock.flush()
        yield


def file_holder(file: Path) -> str | None:
    """Who holds the database file as its daemon; None where nobody does."""
    try:
        with hold_file(file, ""):
            return None
    except Busy as busy:
        return busy.holder


def _open(file: Path) -> IO[str]:
    return file.with_name(f"{file.name}.lock").open("a+", encoding="utf-8")
